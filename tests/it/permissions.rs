//! Nothing runs before it may (invariant 12), and a permission never waits for nobody.

use serde_json::{Value, json};

use crate::support::{
    home::{Home, config_for},
    look::{body, output, parts, results},
    provider::{Answer, Double, Wire},
    server::Client,
};

const PERMISSION: &str = "session/requestPermission";

/// A home whose writes are asked for, and a provider that writes `n.txt` in each turn.
async fn asking(turns: usize) -> (Double, Home) {
    let double = Double::start(Wire::Responses, Vec::new()).await;
    for turn in 0..turns {
        let write = json!({"path": "n.txt", "content": format!("turn {turn}")});
        double.then(Answer::new().call(&format!("call_{turn}"), "write", &write));
        double.then(Answer::new().text("Done."));
    }
    let mut config = config_for(&double);
    config["permission"] = json!({"*": "ask"});
    let home = Home::new(&config);
    (double, home)
}

fn option(params: &Value, scope: &str) -> Value {
    let options = params["options"].as_array().expect("there are options");
    let option = options.iter().find(|option| option["scope"] == scope);
    option.unwrap_or_else(|| panic!("no {scope} in {options:?}"))["id"].clone()
}

#[tokio::test]
async fn what_a_person_allows_is_done() {
    let (_double, home) = asking(1).await;
    let server = home.start().await;
    let session = server.session().await;
    let prompt = server.start_prompt(&session, "Write.");
    let question = server.question(PERMISSION).await;
    server.update(&session, "waiting", |update| update["status"] == "waiting").await;
    assert!(!home.workspace().join("n.txt").exists(), "not before it may");
    assert_eq!(question.params["tool"], "write");
    server.answer(&question, json!({"optionId": option(&question.params, "once")}));
    assert_eq!(prompt.result().await["stopReason"], "endTurn");
    assert_eq!(home.read("n.txt"), "turn 0");
}

#[tokio::test]
async fn a_refusal_with_words_is_read_by_the_model_and_the_turn_goes_on() {
    let (double, home) = asking(1).await;
    let server = home.start().await;
    server.always_answer(
        PERMISSION,
        |params| json!({"optionId": option(params, "never"), "feedback": "Put it into m.txt."}),
    );
    let session = server.session().await;
    let end = server.prompt(&session, "Write.").await;
    assert_eq!(end["stopReason"], "endTurn");
    assert!(results(&body(&double, 1))[0].contains("Put it into m.txt."));
    assert!(!home.workspace().join("n.txt").exists());
}

#[tokio::test]
async fn a_refusal_without_words_ends_the_turn() {
    let (double, home) = asking(1).await;
    let server = home.start().await;
    server.always_answer(PERMISSION, |params| json!({"optionId": option(params, "never")}));
    let session = server.session().await;
    let end = server.prompt(&session, "Write.").await;
    assert_eq!(end["stopReason"], "permissionRejected");
    assert_eq!(double.requests().len(), 1);
    let messages = server.messages(&session).await;
    assert_eq!(parts(&messages, "tool")[0]["status"], "error");
    assert_eq!(server.prompt(&session, "Go on.").await["stopReason"], "endTurn");
}

#[tokio::test]
async fn where_nobody_can_be_asked_the_answer_is_no() {
    let (_double, home) = asking(1).await;
    let server = Client::headless().start(&home).await;
    let session = server.session().await;
    let end = server.prompt(&session, "Write.").await;
    assert_eq!(end["stopReason"], "permissionRejected");
    assert_eq!(server.questions_asked(PERMISSION), 0);
    assert!(!home.workspace().join("n.txt").exists());
}

#[tokio::test]
async fn an_approval_for_the_session_holds_in_it_and_not_in_another() {
    let (_double, home) = asking(3).await;
    let server = home.start().await;
    server.always_answer(PERMISSION, |params| json!({"optionId": option(params, "session")}));
    let session = server.session().await;
    server.prompt(&session, "Write.").await;
    server.prompt(&session, "Again.").await;
    assert_eq!(server.questions_asked(PERMISSION), 1);
    let another = server.session().await;
    server.prompt(&another, "Write.").await;
    assert_eq!(server.questions_asked(PERMISSION), 2);
    assert_eq!(home.read("n.txt"), "turn 2");
}

#[tokio::test]
async fn an_approval_for_the_project_holds_in_every_session_and_after_a_restart() {
    let (_double, home) = asking(2).await;
    let server = home.start().await;
    server.always_answer(PERMISSION, |params| json!({"optionId": option(params, "project")}));
    let session = server.session().await;
    server.prompt(&session, "Write.").await;
    assert_eq!(server.shut_down().await, Some(0));

    let server = home.start().await;
    let another = server.session().await;
    server.prompt(&another, "Write.").await;
    assert_eq!(server.questions_asked(PERMISSION), 0);
    assert_eq!(home.read("n.txt"), "turn 1");
}

#[tokio::test]
async fn a_question_goes_away_with_its_turn() {
    let (double, home) = asking(1).await;
    let server = home.start().await;
    let session = server.session().await;
    let prompt = server.start_prompt(&session, "Write.");
    let question = server.question(PERMISSION).await;
    server.call("session/cancel", json!({"sessionId": session})).await;
    assert_eq!(prompt.result().await["stopReason"], "cancelled");
    let withdrawn = |it: &Value| it["method"] == "$/cancelRequest" && it["params"]["id"] == question.id;
    server.wait_for("$/cancelRequest of the question", withdrawn).await;
    // An answer that comes too late changes nothing.
    server.answer(&question, json!({"optionId": option(&question.params, "once")}));
    double.take_violations();
    assert_eq!(server.prompt(&session, "Go on.").await["stopReason"], "endTurn");
    assert!(!home.workspace().join("n.txt").exists());
}

#[tokio::test]
async fn a_configured_deny_is_not_asked_about() {
    let (double, home) = asking(1).await;
    let mut config = config_for(&double);
    config["permission"] = json!({"*": "allow", "write": "deny"});
    home.configure(&config);
    let server = home.start().await;
    let session = server.session().await;
    assert_eq!(server.prompt(&session, "Write.").await["stopReason"], "endTurn");
    assert_eq!(server.questions_asked(PERMISSION), 0);
    let messages = server.messages(&session).await;
    assert!(output(parts(&messages, "tool")[0]).contains("write"));
}

#[tokio::test]
async fn the_third_identical_call_in_a_row_asks_the_person() {
    let double = Double::start(Wire::Responses, Vec::new()).await;
    for step in 0..3 {
        double.then(Answer::new().call(&format!("call_{step}"), "list", &json!({})));
    }
    double.then(Answer::new().text("Enough."));
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    let session = server.session().await;
    let prompt = server.start_prompt(&session, "List.");
    let question = server.question(PERMISSION).await;
    assert_eq!(double.requests().len(), 3);
    let refusal = json!({"optionId": option(&question.params, "never"), "feedback": "You have seen it."});
    server.answer(&question, refusal);
    assert_eq!(prompt.result().await["stopReason"], "endTurn");
    assert!(results(&body(&double, 3))[2].contains("You have seen it."));
}

#[tokio::test]
async fn the_model_can_ask_and_reads_the_answer() {
    let questions = json!({"questions": [{"question": "Which colour?", "options": ["red", "blue"]}]});
    let script =
        vec![Answer::new().call("call_1", "question", &questions), Answer::new().text("Blue it is.")];
    let double = Double::start(Wire::Responses, script).await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    server.always_answer("session/askQuestion", |params| {
        assert_eq!(params["questions"][0]["options"], json!(["red", "blue"]));
        json!({"answers": ["blue"]})
    });
    let session = server.session().await;
    server.prompt(&session, "Paint it.").await;
    assert!(results(&body(&double, 1))[0].contains("blue"));
}

#[tokio::test]
async fn answers_that_cannot_be_read_are_logged_and_the_model_is_told_so() {
    let questions = json!({"questions": [{"question": "Which colour?", "options": ["red", "blue"]}]});
    let script = vec![Answer::new().call("call_1", "question", &questions), Answer::new().text("Well.")];
    let double = Double::start(Wire::Responses, script).await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    server.always_answer("session/askQuestion", |_| json!({"answers": ["red", "blue"]}));
    let session = server.session().await;
    server.prompt(&session, "Paint it.").await;
    let told = &results(&body(&double, 1))[0];
    assert!(told.contains("could not be read") && !told.contains("nobody"), "{told}");
    assert_eq!(server.shut_down().await, Some(0));
    let log = std::fs::read_to_string(home.data().join("agentls.log")).unwrap();
    assert!(log.contains("2 answers to 1 questions"), "{log}");
}

#[tokio::test]
async fn a_call_began_when_it_was_shown_to_begin() {
    let script = vec![Answer::new().call("call_1", "list", &json!({})), Answer::new().text("Well.")];
    let double = Double::start(Wire::Responses, script).await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    let session = server.session().await;
    server.prompt(&session, "List.").await;
    let stored = parts(&server.messages(&session).await, "tool")[0]["startedAt"].clone();
    let shown: Vec<Value> = server
        .updates(&session)
        .into_iter()
        .flat_map(|update| {
            let message = update["message"]["parts"].as_array().cloned().unwrap_or_default();
            message.into_iter().chain([update["part"].clone()])
        })
        .filter(|part| part["type"] == "tool" && !part["startedAt"].is_null())
        .collect();
    assert!(stored.is_i64() && shown.iter().any(|part| part["status"] == "running"), "{shown:?}");
    assert!(shown.iter().all(|part| part["startedAt"] == stored), "{stored}: {shown:?}");
}

#[tokio::test]
async fn a_steering_prompt_behind_a_refusal_is_answered_in_the_next_turn() {
    let (double, home) = asking(1).await;
    let server = home.start().await;
    let session = server.session().await;
    let first = server.start_prompt(&session, "Write.");
    let question = server.question(PERMISSION).await;
    let second = server.start_prompt_with(&session, "Do not.", json!({"delivery": "steer"}));
    let waits = |update: &Value| update["prompts"][0]["text"] == "Do not.";
    server.update(&session, "queue with the prompt in it", waits).await;
    server.answer(&question, json!({"optionId": option(&question.params, "never")}));
    assert_eq!(first.result().await["stopReason"], "permissionRejected");
    assert_eq!(second.result().await["stopReason"], "endTurn");
    assert!(body(&double, 1).to_string().contains("Do not."));
}

#[tokio::test]
async fn what_was_allowed_for_longer_is_listed_and_taken_back() {
    let (_double, home) = asking(3).await;
    let server = home.start().await;
    let asked = || server.questions_asked(PERMISSION);
    server.always_answer(PERMISSION, |params| json!({"optionId": option(params, "session")}));
    let session = server.session().await;
    server.prompt(&session, "Write.").await;
    server.prompt(&session, "Write.").await;
    assert_eq!(asked(), 1, "it holds for the session");

    let listed = server.call("permission/list", json!({"sessionId": session})).await;
    let approvals = listed["approvals"].as_array().unwrap();
    assert_eq!(approvals.len(), 1, "{listed}");
    let expected = json!({"tool": "write", "rule": "n.txt", "scope": "session"});
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(approvals[0][name], *value);
    }
    let other = server.session().await;
    let revoke = async |session: &str| {
        let params = json!({"sessionId": session, "approvalId": approvals[0]["approvalId"]});
        server.call("permission/revoke", params).await["revoked"].clone()
    };
    assert_eq!(revoke(&other).await, false, "it is not another session's to take back");
    assert_eq!((revoke(&session).await, revoke(&session).await), (json!(true), json!(false)));
    let listed = server.call("permission/list", json!({"sessionId": session})).await;
    assert_eq!(listed, json!({"approvals": []}));
    server.prompt(&session, "Write.").await;
    assert_eq!(asked(), 2, "and is asked for again");
}
