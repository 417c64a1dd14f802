//! Agents: who answers, with which prompt, tools and limits, and what none of them may do.

use std::fs;

use serde_json::{Value, json};

use crate::support::{
    home::{Home, config_for},
    look::{body, output, parts},
    provider::{Answer, Double, Wire},
    server::Client,
};

/// A file of the user's configuration.
pub fn write_own(home: &Home, path: &str, content: &str) {
    let path = home.config_dir().join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

fn named<'a>(listed: &'a Value, list: &str, name: &str) -> &'a Value {
    let all = listed[list].as_array().unwrap();
    all.iter().find(|one| one["name"] == name).unwrap_or_else(|| panic!("no {name} in {all:?}"))
}

fn tools(request: &Value) -> Vec<&str> {
    request["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap()).collect()
}

fn call(id: &str, tool: &str, input: Value) -> Answer {
    Answer::new().call(id, tool, &input)
}

#[tokio::test]
async fn agents_are_listed_with_where_they_come_from_and_what_is_wrong_with_them() {
    let double = Double::start(Wire::Responses, Vec::new()).await;
    let mut config = config_for(&double);
    config["agents"] = json!({"quick": {"model": "double/gpt-5-mini", "tools": ["read", "grpe"]}});
    let home = Home::new(&config);
    write_own(&home, "agents/reviewer.md", "---\ndescription: Reviews\ntools: [read]\n---\nReview.");
    write_own(&home, "agents/broken.md", "---\nmaxSteps: many\n---\nx");
    home.write(".agentls/agents/local.md", "---\nmodel: double/none\n---\nOf the project.");
    let server = home.start().await;
    let listed = server.call("agent/list", json!({"cwd": home.workspace()})).await;
    let names: Vec<_> =
        listed["agents"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["build", "plan", "explore", "broken", "local", "quick", "reviewer"]);
    let read_only: Vec<_> =
        listed["agents"].as_array().unwrap().iter().map(|it| it["readOnly"] == true).collect();
    assert_eq!(read_only, [false, true, true, false, false, true, true]);
    let said =
        |name: &str| named(&listed, "agents", name)["mistakes"][0].as_str().unwrap_or_default().to_owned();
    assert!(said("broken").contains("broken.md: line 2: `maxSteps` must be"), "{}", said("broken"));
    assert!(said("quick").contains("did you mean `grep`?") && said("local").contains("double/none"));
    assert!(named(&listed, "agents", "reviewer")["source"].as_str().unwrap().ends_with("agents/reviewer.md"));
    assert!(named(&listed, "agents", "quick")["source"].as_str().unwrap().ends_with("config.jsonc"));
    assert_eq!(named(&listed, "agents", "plan")["source"], "builtIn");

    let untrusted = Client::headless().options(json!({"trust": "untrusted"})).start(&home).await;
    let listed = untrusted.call("agent/list", json!({"cwd": home.workspace()})).await;
    assert!(listed["agents"].as_array().unwrap().iter().all(|it| it["name"] != "local"));
    for (agent, said) in [("reviwer", "did you mean `reviewer`?"), ("broken", "cannot be used")] {
        let new = json!({"cwd": home.workspace(), "agent": agent});
        let error = server.start("session/new", new).error().await;
        assert_eq!(error["code"], -32602);
        assert!(error["message"].as_str().unwrap().contains(said), "{error}");
    }
}

#[tokio::test]
async fn the_plan_agent_changes_nothing_whatever_rules_and_people_say() {
    let script = vec![
        call("c1", "bash", json!({"command": "touch made"})),
        call("c2", "write", json!({"path": "made", "content": "x"})),
        call("c3", "bash", json!({"command": "ls f.txt"})),
        Answer::new().text("A plan."),
    ];
    let double = Double::start(Wire::Responses, script).await;
    let home = Home::new(&config_for(&double));
    home.write("f.txt", "here");
    let server = home.start().await;
    server.allow_all();
    let session = server.session_with(json!({"agent": "plan"})).await;
    assert_eq!(server.prompt(&session, "Plan.").await["stopReason"], "endTurn");
    assert!(!home.workspace().join("made").exists());
    let messages = server.messages(&session).await;
    let said: Vec<&str> = parts(&messages, "tool").into_iter().map(output).collect();
    assert!(said[0].contains("may only look"), "{said:?}");
    assert!(said[1].contains("There is no tool `write`"), "{said:?}");
    assert_eq!(said[2], "f.txt\n", "a command that looks runs");
    assert!(body(&double, 0)["instructions"].as_str().unwrap().contains("plans a change"));
    assert!(tools(&body(&double, 0)).iter().all(|tool| !["edit", "write", "patch"].contains(tool)));
    assert_eq!(messages.last().unwrap()["agent"], "plan");
}

#[tokio::test]
async fn an_agent_of_ones_own_brings_its_prompt_model_tools_rules_and_limit() {
    let double = Double::start(Wire::Responses, Vec::new()).await;
    let home = Home::new(&config_for(&double));
    let file = "---\nmodel: double/gpt-5-mini\ntools: [read, bash]\nmaxSteps: 2\n\
                permission: {bash: {\"cat *\": deny}}\n---\nYou count.";
    write_own(&home, "agents/counter.md", file);
    let server = home.start().await;
    let session = server.session_with(json!({"agent": "counter"})).await;
    double.then(call("c1", "bash", json!({"command": "cat f.txt"})));
    double.then(Answer::new().text("That was all."));
    let end = server.prompt(&session, "Count.").await;
    assert_eq!((&end["stopReason"], &end["steps"]), (&json!("maxSteps"), &json!(2)));
    let request = body(&double, 0);
    assert!(request["instructions"].as_str().unwrap().starts_with("You count."));
    assert!(request["instructions"].as_str().unwrap().contains("[agentls]"), "the rules of the house hold");
    assert_eq!((tools(&request), &request["model"]), (vec!["read", "bash"], &json!("gpt-5-mini")));
    assert!(output(parts(&server.messages(&session).await, "tool")[0]).contains("denied by the rule"));
}

#[tokio::test]
async fn what_is_chosen_for_a_prompt_answers_the_later_ones_and_an_agent_that_is_gone_is_replaced() {
    let double = Double::start(Wire::Responses, Vec::new()).await;
    let home = Home::new(&config_for(&double));
    write_own(&home, "agents/own.md", "Mine.");
    let server = home.start().await;
    let session = server.session().await;
    for answer in ["One.", "Two.", "Three."] {
        double.then(Answer::new().text(answer).new_prefix());
    }
    let chosen = server.start_prompt_with(&session, "Go.", json!({"agent": "own"}));
    chosen.result().await;
    server.prompt(&session, "Go on.").await;
    let agent =
        |request: usize| body(&double, request)["instructions"].as_str().unwrap().starts_with("Mine.");
    assert!(agent(0) && agent(1));
    let shown = server.call("session/get", json!({"sessionId": session})).await;
    assert_eq!(shown["session"]["agent"], "own");

    fs::remove_file(home.config_dir().join("agents/own.md")).unwrap();
    server.prompt(&session, "And now?").await;
    assert!(!agent(2));
    let told = server.update(&session, "a notice", |update| {
        update["detail"]
            .as_str()
            .is_some_and(|detail| detail.contains("no agent `own`") && detail.contains("build answers"))
    });
    told.await;
}

#[tokio::test]
async fn edits_while_a_turn_runs_count_for_the_next_one() {
    let double = Double::start(Wire::Responses, Vec::new()).await;
    let mut config = config_for(&double);
    config["permission"] = json!({"*": "allow"});
    let home = Home::new(&config);
    write_own(&home, "agents/own.md", "The old prompt.");
    write_own(&home, "skills/tides/SKILL.md", "---\nname: tides\ndescription: old words\n---\nOld tides.");
    write_own(&home, "commands/go.md", "The old way.");
    let server = home.start().await;
    let session = server.session_with(json!({"agent": "own"})).await;
    let wait = "until [ -e edited ]; do sleep 0.02; done";
    double.then(call("c1", "bash", json!({"command": wait, "timeoutMs": 20_000})));
    double.then(call("c2", "skill", json!({"name": "tides"})));
    double.then(call("c3", "bash", json!({"command": "ls"})));
    double.then(Answer::new().text("Done."));
    server.allow_all();
    let prompt = server.start_prompt(&session, "/go now");
    server.update(&session, "a running call", |update| update["part"]["tool"] == "bash").await;

    config["permission"] = json!({"*": "allow", "bash": "deny"});
    home.configure(&config);
    write_own(&home, "agents/own.md", "---\nmaxSteps: 1\n---\nThe new prompt.");
    write_own(&home, "skills/tides/SKILL.md", "---\nname: tides\ndescription: new words\n---\nNew tides.");
    write_own(&home, "commands/go.md", "The new way.");
    home.write("AGENTS.md", "Speak French.");
    home.write("edited", "");
    assert_eq!(prompt.result().await["stopReason"], "endTurn");
    let sent = |request: usize| body(&double, request).to_string();
    assert!(
        sent(0).contains("The old prompt.")
            && sent(0).contains("old words")
            && sent(0).contains("The old way.")
    );
    for new in ["The new prompt.", "new words", "The new way.", "New tides."] {
        assert!(!sent(3).contains(new), "the running turn is untouched: {new}");
    }
    assert!(
        sent(3).contains("Old tides.") && sent(1).contains("Speak French."),
        "but instructions are told at once"
    );
    let messages = server.messages(&session).await;
    assert_eq!(parts(&messages, "tool")[2]["status"], "completed", "the old rules held");

    double.then(call("c4", "bash", json!({"command": "ls"})));
    let end = server.prompt(&session, "/go again").await;
    assert_eq!(end["steps"], 1, "the new limit holds");
    for new in ["The new prompt.", "new words", "The new way."] {
        assert!(sent(4).contains(new), "the next turn has it: {new}");
    }
    let messages = server.messages(&session).await;
    assert!(output(parts(&messages, "tool")[3]).contains("denied by the rule `bash: *`"));
}
