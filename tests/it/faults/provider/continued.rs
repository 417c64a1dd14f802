//! F-05: the response that a request continues is lost, in any wording; the provider keeps nothing; the model changes.

use serde_json::json;

use crate::{
    support::{
        home::Home,
        invariants::{self, Acknowledged},
        matrix,
        provider::{Answer, Double, Wire},
    },
    threading::{echo, items, keeping, threading},
};

#[tokio::test]
async fn f_05_a_lost_response_in_any_wording_costs_one_whole_request_and_runs_nothing_twice() {
    let wordings = [
        (
            404,
            json!({"code": "previous_response_not_found", "message": "Previous response with id 'resp_0' not found."}),
        ),
        (400, json!({"message": "Previous response with id 'resp_0' not found."})),
        (400, json!({"message": "Invalid `previous_response_id`."})),
        (400, json!({"message": "No tool output found for function call c1."})),
        (
            400,
            json!({"message": "Responses cannot be continued for organizations with Zero Data Retention; store is off."}),
        ),
        (403, json!({"message": "You have insufficient permissions for this operation."})),
        (404, json!({"message": "Response not found or expired.", "type": "not_found_error"})),
        (409, json!({"message": "The response is still in progress in another region."})),
        (422, json!({"message": "unknown field: previous_response_id"})),
        (400, json!({"message": "The model of the previous response is another one."})),
    ];
    let cases = wordings.len() * 3;
    for (status, error) in wordings {
        // At the first continued request, in the middle, and at the last.
        for at in [1, 2, 3] {
            let mut script = vec![echo(1), echo(2), echo(3), Answer::new().text("Done.")];
            script.insert(at, Answer::status(status).body(&json!({"error": error}).to_string()).aside());
            let double = Double::start(Wire::Responses, script).await;
            let home = Home::new(&keeping(&double));
            let server = home.start().await;
            let session = server.session().await;
            assert_eq!(server.prompt(&session, "Go.").await["stopReason"], "endTurn", "{error} at {at}");
            let requests = double.requests();
            assert_eq!(requests.len(), 5, "{error} at {at}");
            assert!(requests[at + 1].body["previous_response_id"].is_null());
            assert_eq!(items(&requests[at + 1].body).len(), 1 + 2 * at, "everything is sent again");
            let ledger = threading(&server, &session).await;
            assert_eq!(ledger[at], ("full".to_owned(), "expired".to_owned()), "{error} at {at}");
            let messages = server.messages(&session).await;
            assert_eq!(messages.len(), 5, "nothing is shown twice");
            assert_eq!(server.shut_down().await, Some(0));
            invariants::hold(&home, &[Acknowledged { session, text: "Go.".into() }]).await;
        }
    }
    matrix::held(
        "F-05",
        "the previous response is lost, at the first, a middle and the last request",
        cases,
        "one full resend, 0 loops",
    );
}

#[tokio::test]
async fn f_05_a_provider_that_keeps_nothing_is_not_asked_to_continue_for_ever() {
    let refuse =
        || Answer::status(400).body(r#"{"error":{"message":"Previous response not found."}}"#).aside();
    let mut script = vec![echo(1), refuse(), echo(2), refuse()];
    script.extend((3..8).map(echo));
    script.push(Answer::new().text("Done."));
    let double = Double::start(Wire::Responses, script).await;
    let home = Home::new(&keeping(&double));
    let server = home.start().await;
    let session = server.session().await;
    assert_eq!(server.prompt(&session, "Go.").await["stopReason"], "endTurn");
    let reasons: Vec<_> = threading(&server, &session).await.into_iter().map(|(_, reason)| reason).collect();
    assert_eq!(reasons[..3], ["first", "expired", "expired"]);
    assert!(reasons[3..].iter().all(|reason| reason == "refused"), "{reasons:?}");
    matrix::held(
        "F-05",
        "a provider that keeps nothing",
        reasons.len(),
        "asked to continue twice, then never again",
    );
}

#[tokio::test]
async fn f_05_another_model_or_store_off_sends_everything_without_being_refused_first() {
    let other = json!({"model": {"provider": "double", "id": "gpt-5-mini"}});
    for switched in [true, false] {
        let mut last = Answer::new().text("Here.");
        if switched {
            last = last.new_prefix();
        }
        let double = Double::start(Wire::Responses, vec![echo(1), Answer::new().text("Done."), last]).await;
        let home = Home::new(&keeping(&double));
        let server = home.start().await;
        let session = server.session().await;
        server.prompt(&session, "Go.").await;
        if !switched {
            let mut config = keeping(&double);
            config["providers"]["double"]["store"] = json!(false);
            home.configure(&config);
        }
        let more = if switched { other.clone() } else { json!({}) };
        let end = server.start_prompt_with(&session, "And now?", more).result().await;
        assert_eq!(end["stopReason"], "endTurn");
        let requests = double.requests();
        assert_eq!(requests.len(), 3);
        assert!(requests[2].body["previous_response_id"].is_null());
        let reason = if switched { "model" } else { "off" };
        assert_eq!(threading(&server, &session).await[2], ("full".to_owned(), reason.to_owned()));
    }
    matrix::held("F-05", "another model, store switched off", 2, "one full request, 0 refused");
}
