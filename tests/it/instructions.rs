//! The system prompt is frozen; what changes reaches the model on the very next step, behind all that was sent.

use serde_json::{Value, json};

use super::compaction::{shown, summary};
use crate::support::{
    home::{Home, config_for},
    provider::{Answer, Double, Wire},
    server::Client,
};

fn run(n: usize, command: &str) -> Answer {
    Answer::new().call(&format!("c{n}"), "bash", &json!({"command": command}))
}

/// What stands before the conversation of a request.
fn system(body: &Value) -> String {
    match body.get("messages") {
        Some(messages) if messages[0]["role"] == "system" => messages[0]["content"].to_string(),
        Some(_) => body["system"].to_string(),
        None => body["instructions"].to_string(),
    }
}

#[tokio::test]
async fn an_instruction_file_made_edited_and_deleted_within_a_turn_is_told_on_the_next_step() {
    for wire in [Wire::Responses, Wire::Chat, Wire::Anthropic] {
        let script = vec![
            run(1, "printf 'Speak French.' > AGENTS.md"),
            run(2, "printf 'Speak Latin, and briefly.' > AGENTS.md"),
            run(3, "rm AGENTS.md"),
            run(4, "true"),
            Answer::new().text("Fini."),
            Answer::new().text("Encore."),
        ];
        let double = Double::start(wire, script).await;
        let home = Home::new(&config_for(&double));
        let server = home.start().await;
        server.allow_all();
        let session = server.session().await;
        server.prompt(&session, "Go.").await;
        server.shut_down().await;
        let server = home.start().await;
        server.prompt(&session, "Again.").await;

        // The double has seen that the prefix is frozen, over the restart too.
        let requests: Vec<_> = double.requests().into_iter().map(|request| request.body).collect();
        assert!(requests.iter().all(|body| system(body) == system(&requests[0])), "{wire:?}");
        let told = |request: usize, words: &str| shown(&requests[request]).matches(words).count();
        assert_eq!((told(1, "is new"), told(1, "Speak French.\n</project")), (1, 1), "{wire:?}");
        assert_eq!(
            (told(2, "has changed"), told(2, "Speak Latin, and briefly.\n</project")),
            (1, 1),
            "{wire:?}"
        );
        assert_eq!((told(3, "is gone"), told(4, "is gone"), told(5, "is gone")), (1, 1, 1), "{wire:?}");
    }
}

#[tokio::test]
async fn an_edit_between_two_turns_is_told_once_and_a_compaction_begins_anew() {
    let double = Double::start(Wire::Responses, Vec::new()).await;
    let mut config = config_for(&double);
    config["compaction"] = json!({"keepTokens": 100});
    let home = Home::new(&config);
    home.write("AGENTS.md", "Count in tens.");
    let server = home.start().await;
    let session = server.session().await;
    double.then(run(1, "seq -f 'line number %g' 1 900"));
    for words in ["Ten.", "Twenty."] {
        double.then(Answer::new().text(words));
        server.prompt(&session, "Count.").await;
        home.write("AGENTS.md", "Count in hundreds.");
    }
    let requests = || double.requests().into_iter().map(|request| request.body).collect::<Vec<_>>();
    let last = requests().pop().unwrap();
    assert!(system(&last).contains("tens") && shown(&last).contains("Count in hundreds."));

    double.then(Answer::new().text(&summary("counted")).aside());
    server.call("session/compact", json!({"sessionId": session})).await;
    double.then(Answer::new().text("Hundred.").new_prefix());
    server.prompt(&session, "Count.").await;
    let last = requests().pop().unwrap();
    assert!(system(&last).contains("Count in hundreds.") && !system(&last).contains("tens"));
    let report = server.call("session/context", json!({"sessionId": session})).await;
    let changed = report["fragments"].as_array().unwrap().iter().find(|one| one["changedAt"].is_i64());
    assert!(changed.is_some_and(|one| one["name"].as_str().unwrap().ends_with("AGENTS.md")));
}

#[tokio::test]
async fn midnight_passes_and_the_prefix_stays() {
    let double = Double::start(Wire::Responses, Vec::new()).await;
    let mut config = config_for(&double);
    config["providers"]["double"]["store"] = json!(true);
    let home = Home::new(&config);
    let day = home.write("today", "Sat, 21 Nov 2026");
    let server = Client::default().env("AGENTLS_TODAY", &day.to_string_lossy()).start(&home).await;
    server.allow_all();
    let session = server.session().await;
    double.then(run(1, "printf 'Sun, 22 Nov 2026' > today"));
    double.then(Answer::new().text("A new day."));
    server.prompt(&session, "Stay up.").await;
    let requests: Vec<_> = double.requests().into_iter().map(|request| request.body).collect();
    assert!(system(&requests[0]).contains("Sat, 21 Nov 2026 (UTC)"));
    assert_eq!(system(&requests[1]), system(&requests[0]));
    assert!(shown(&requests[1]).contains("date: Sun, 22 Nov 2026 (UTC)"));
    assert_eq!(requests[1]["previous_response_id"], "resp_0", "a note does not break the thread");
}

#[tokio::test]
async fn a_skill_that_is_added_is_told_in_the_next_turn_and_can_be_loaded() {
    let double = Double::start(Wire::Responses, Vec::new()).await;
    let home = Home::new(&config_for(&double));
    let server = home.start().await;
    server.allow_all();
    let session = server.session().await;
    let skill = "---\nname: tides\ndescription: For questions about the tides\n---\nLook at the moon.\n";
    home.write("new/SKILL.md", skill);
    double.then(run(1, "mkdir -p .agentls/skills && mv new .agentls/skills/tides"));
    double.then(Answer::new().text("Moved."));
    server.prompt(&session, "Add the skill.").await;
    double.then(Answer::new().call("c2", "skill", &json!({"name": "tides"})));
    double.then(Answer::new().call("c3", "skill", &json!({"name": "winds"})));
    double.then(Answer::new().text("I looked."));
    server.prompt(&session, "When is high tide?").await;
    let requests: Vec<_> = double.requests().into_iter().map(|request| request.body).collect();
    assert!(!shown(&requests[1]).contains("- tides: For"), "the running turn is untouched");
    assert!(shown(&requests[2]).contains("- tides: For questions about the tides"));
    assert_eq!(system(&requests[2]), system(&requests[0]));
    assert!(shown(&requests[3]).contains("Look at the moon."));
    assert!(shown(&requests[4]).contains("There is no skill `winds`. Skills: tides."));
    let listed = server.call("skill/list", json!({"cwd": home.workspace()})).await;
    assert_eq!(listed["skills"][0]["name"], "tides");

    let untrusted = Client::headless().options(json!({"trust": "untrusted"})).start(&home).await;
    let listed = untrusted.call("skill/list", json!({"cwd": home.workspace()})).await;
    assert_eq!(listed["skills"], json!([]), "a project that nobody trusts brings none");
}

#[tokio::test]
async fn instructions_below_join_when_something_there_is_read_and_stay_over_a_restart() {
    let double = Double::start(Wire::Responses, Vec::new()).await;
    let home = Home::new(&config_for(&double));
    home.write("lib/AGENTS.md", "In lib, count\u{202e} in tens.");
    home.write("lib/deep/a.rs", "fn a() {}");
    home.write("other/AGENTS.md", "Nobody reads this.");
    let server = home.start().await;
    let session = server.session().await;
    double.then(Answer::new().call("c1", "read", &json!({"path": "lib/deep/a.rs"})));
    double.then(Answer::new().text("Read."));
    server.prompt(&session, "Read it.").await;
    server.shut_down().await;
    let server = home.start().await;
    double.then(Answer::new().text("Again."));
    server.prompt(&session, "Go on.").await;
    let requests: Vec<_> = double.requests().into_iter().map(|request| request.body).collect();
    let told = |request: usize, words: &str| shown(&requests[request]).matches(words).count();
    assert_eq!(
        (told(0, "in tens"), told(1, "In lib, count in tens."), told(2, "In lib, count in tens.")),
        (0, 1, 1)
    );
    assert!(
        told(1, "1 invisible or bidirectional characters taken out") == 1 && told(1, "what lies in") == 1
    );
    assert_eq!((told(2, "is gone"), told(2, "Nobody reads this")), (0, 0));
    double.then(Answer::new().text("Planned.").new_prefix());
    server.start_prompt_with(&session, "Plan.", json!({"agent": "plan"})).result().await;
    let last = double.requests().pop().unwrap().body;
    assert!(system(&last).contains("In lib, count in tens."), "another agent has it from the beginning");
}

#[tokio::test]
async fn the_users_own_instructions_come_first_and_patterns_bring_more() {
    let double = Double::start(Wire::Responses, vec![Answer::new().text("Yes.")]).await;
    let mut config = config_for(&double);
    config["instructions"] = json!(["docs/*.md"]);
    let home = Home::new(&config);
    std::fs::write(home.config_dir().join("AGENTS.md"), "Be kind.").unwrap();
    home.write("AGENTS.md", "Be brief.");
    home.write("docs/style.md", "Be exact.");
    std::os::unix::fs::symlink("/etc/passwd", home.workspace().join("CLAUDE.md")).unwrap();
    let server = home.start().await;
    let session = server.session().await;
    server.prompt(&session, "Are you?").await;
    let sent = system(&double.requests()[0].body);
    let places: Vec<_> =
        ["Be kind.", "Be brief.", "Be exact."].iter().map(|words| sent.find(words)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?}");
    let report = server.call("session/context", json!({"sessionId": session})).await;
    let names: Vec<_> =
        report["fragments"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(names[0], "agent build");
    for (place, end) in [(2, "config/AGENTS.md"), (3, "workspace/AGENTS.md"), (4, "docs/style.md")] {
        assert!(names[place].ends_with(end), "{names:?}");
    }
}

#[tokio::test]
async fn a_link_out_of_the_project_is_no_instruction() {
    let double = Double::start(Wire::Responses, vec![Answer::new().text("Yes.")]).await;
    let home = Home::new(&config_for(&double));
    std::fs::write(home.workspace().join("../secret.md"), "a secret of the user").unwrap();
    std::os::unix::fs::symlink("../secret.md", home.workspace().join("AGENTS.md")).unwrap();
    let server = home.start().await;
    let session = server.session().await;
    server.prompt(&session, "Hello.").await;
    assert!(!double.requests()[0].body.to_string().contains("a secret"));
}
