//! What the explorer does, step by step, without tools: a table of outputs stands for them.

use futures::{FutureExt, StreamExt};
use serde_json::{Value, json};

use super::*;
use crate::provider::{CallResult, Content, Said, ToolChoice, ToolSpec, catalog};

/// A session with canned tools: what each call returns, in order.
struct Session {
    entries: Vec<Entry>,
    calls: Vec<String>,
    answer: String,
}

fn deadlines() -> Deadlines {
    let long = std::time::Duration::from_secs(9);
    Deadlines { connect: long, first_event: long, idle: long }
}

fn step(entries: &[Entry], tool_choice: ToolChoice) -> Vec<Event> {
    let model = catalog::model(OFFLINE, "explorer").unwrap();
    let tools: Vec<_> = ["list", "glob", "grep", "read", "edit", "bash", "recall"]
        .map(|name| ToolSpec {
            name: name.into(),
            description: String::new(),
            parameters: json!({"type": "object"}),
        })
        .into();
    let envelope = Envelope {
        model: &model,
        instructions: "",
        tools: &tools,
        tool_choice,
        cache_key: "ses_1",
        previous_response_id: None,
    };
    let explorer = Explorer::default();
    let encoded: Vec<_> = entries.iter().map(|entry| explorer.encode(&model, entry)).collect();
    let answered = async {
        let stream = explorer.open(explorer.request(&envelope, &encoded, &[]), deadlines()).await.unwrap();
        stream.map(Result::unwrap).collect().await
    };
    answered.now_or_never().unwrap()
}

fn said(events: &[Event]) -> (String, Option<(String, String)>) {
    let (mut kinds, mut texts) = (Vec::new(), vec![String::new(); 2]);
    for event in events {
        match event {
            Event::Open { kind, .. } => kinds.push(kind.clone()),
            Event::Delta { block, text } => texts[usize::try_from(*block).unwrap()].push_str(text),
            Event::Close { .. } | Event::Finish { .. } => {}
        }
    }
    let call = match kinds.last() {
        Some(BlockKind::Call { call_id, tool }) => Some((call_id.clone(), tool.clone())),
        _ => None,
    };
    (texts.swap_remove(kinds.len() - 1), call)
}

/// Runs a prompt to its end; `tools` gives text and failure for tool and arguments.
fn run(prompt: &str, tools: impl Fn(&str, &Value) -> (String, bool)) -> Session {
    let entries = vec![Entry::User(vec![Content::Text(prompt.into())])];
    let mut session = Session { entries, calls: Vec::new(), answer: String::new() };
    for _ in 0..30 {
        let (words, call) = said(&step(&session.entries, ToolChoice::Auto));
        let Some((call_id, tool)) = call else {
            session.answer = words;
            return session;
        };
        let (text, failed) = tools(&tool, &serde_json::from_str(&words).unwrap());
        session.calls.push(format!("{tool} {words}"));
        session.entries.push(Entry::Assistant(vec![Said::Call {
            call_id: call_id.clone(),
            tool,
            arguments: words,
        }]));
        session.entries.push(Entry::Results(vec![CallResult { call_id, text, images: Vec::new(), failed }]));
    }
    panic!("{prompt:?} never ends: {:?}", session.calls);
}

fn project(tool: &str, input: &Value) -> (String, bool) {
    let pattern = input["pattern"].as_str().unwrap_or_default();
    let text = match tool {
        "list" => "src/\nREADME.md",
        "grep" if pattern.contains("struct") && pattern.contains("Widget") => {
            "tests/w.rs:2:struct Widget;\nsrc/w.rs:7:pub struct Widget {"
        }
        "grep" if pattern.contains("retry") => {
            "README.md:3:We retry.\nsrc/net.rs:9:fn retry_with_backoff() {"
        }
        "read" => "    7\tpub struct Widget {\n    8\t}",
        "bash" => "ok\n2 passed",
        "edit" => "done",
        _ => "",
    };
    (text.to_owned(), false)
}

#[test]
fn a_definition_is_found_read_and_shown_with_its_place() {
    for prompt in ["where is `Widget` defined?", "Where is Widget defined", "what does Widget do?"] {
        let session = run(prompt, project);
        assert_eq!(session.calls.len(), 2, "{:?}", session.calls);
        assert!(session.calls[0].starts_with("grep "));
        assert_eq!(session.calls[1], r#"read {"path":"src/w.rs","offset":5,"limit":24}"#);
        assert!(session.answer.starts_with("`Widget` is defined here: src/w.rs:7\n```rs\n    7\tpub struct"));
        assert!(session.answer.contains("- tests/w.rs:2"));
    }
}

#[test]
fn a_name_without_definition_is_looked_for_as_it_is() {
    let session = run("where is nothing_here defined?", project);
    let tools: Vec<_> = session.calls.iter().map(|call| call.split(' ').next().unwrap()).collect();
    assert_eq!(tools, ["grep", "grep"]);
    assert!(session.answer.contains("nowhere"));
}

#[test]
fn free_words_are_searched_and_the_line_with_most_of_them_comes_first() {
    let session = run("how does the retry backoff work?", project);
    let tools: Vec<_> = session.calls.iter().map(|call| call.split(' ').next().unwrap()).collect();
    assert_eq!(tools, ["list", "grep", "read"]);
    assert!(session.answer.starts_with("These places speak of retry, backoff: src/net.rs:9"));
}

#[test]
fn acts_are_done_in_the_order_in_which_they_are_asked_for() {
    let session =
        run("Find Widget, then replace \"a b\" with \"c\" in src/w.rs and run `cargo test`.", project);
    assert_eq!(session.calls[2], r#"edit {"path":"src/w.rs","oldText":"a b","newText":"c"}"#);
    assert_eq!(session.calls[3], r#"bash {"command":"cargo test"}"#);
    assert!(session.answer.contains("src/w.rs:7") && session.answer.ends_with("2 passed\n```"));
}

#[test]
fn commands_are_taken_with_and_without_quotes() {
    assert_eq!(run("run the tests with `make check`", project).calls, [r#"bash {"command":"make check"}"#]);
    assert_eq!(run("run cargo test --lib", project).calls, [r#"bash {"command":"cargo test --lib"}"#]);
    assert!(run("run the tests", project).calls.is_empty());
}

#[test]
fn what_is_repeated_in_an_answer_stays_one_piece_of_code() {
    let done = |prompt: &str| run(prompt, |_, _| ("done".into(), false)).answer;
    let replaced = done("replace \"fn a() {\n    one\n}\" with \"say `b`\" in x.rs");
    assert_eq!(replaced, "I replaced `fn a() { …` with `` say `b` `` in `x.rs`.");
    assert_eq!(done("replace \"old\" with \"\" in x.rs"), "I removed `old` from `x.rs`.");
}

#[test]
fn a_file_that_is_handed_in_is_no_words_to_look_for() {
    let file = "<file uri=\"file:///w/a%20b.rs\">\nfn zebra() {}\n</file>";
    let read = r#"read {"path":"/w/a b.rs","limit":24}"#;
    assert_eq!(run(&format!("Explain this.\n{file}"), project).calls, [read]);
    let searched = run(&format!("{file} where is lion?"), project).calls;
    assert!(
        searched.iter().all(|call| !call.contains("zebra")) && searched[1].contains("lion"),
        "{searched:?}"
    );
}

#[test]
fn a_refused_act_is_reported_and_nothing_follows() {
    let session = run("replace 'a' by 'b' in x.txt, then run `ls`", |_, _| ("denied".into(), true));
    assert_eq!(session.calls.len(), 1);
    assert_eq!(session.answer, "`edit` did not do it: denied");
}

#[test]
fn a_greeting_gets_an_honest_introduction() {
    for prompt in ["hello!", "", "hi, can you help me?", "???"] {
        let session = run(prompt, project);
        assert!(session.calls.is_empty() && session.answer.contains("not a language model"), "{prompt}");
    }
}

#[test]
fn notes_in_the_users_role_do_not_change_the_task() {
    let mut session = run("run `ls`", project);
    session
        .entries
        .push(Entry::User(vec![Content::Text("<update>\nThe date is another.\n</update>".into())]));
    let (answer, call) = said(&step(&session.entries, ToolChoice::Auto));
    assert!(call.is_none() && answer == session.answer);
}

#[test]
fn a_stored_result_is_recalled_whole_or_where_it_has_some_words() {
    let stored = |_: &str, _: &Value| ("     7\tbin 7: 3 crates".to_owned(), false);
    let session = run("Recall `prt_1`, then recall prt_2 for `bin (7)`.", stored);
    assert_eq!(
        session.calls,
        [r#"recall {"ref":"prt_1","limit":24}"#, r#"recall {"ref":"prt_2","pattern":"bin \\(7\\)"}"#]
    );
    assert!(session.answer.contains("`bin (7)` stands in prt_2:\n```\n     7\tbin 7: 3 crates\n```"));
}

#[test]
fn without_permission_to_call_it_answers_in_words() {
    let asked = [Entry::User(vec![Content::Text("run `ls`".into())])];
    assert!(said(&step(&asked, ToolChoice::None)).1.is_none());
    let summary = [
        asked[0].clone(),
        Entry::User(vec![Content::Text("[agentls] Write the summary.\n## Goal\n## Next".into())]),
    ];
    let (answer, _) = said(&step(&summary, ToolChoice::None));
    assert_eq!(answer, "## Goal\n- asked: run `ls`\n\n## Next\nNone.");
}

#[test]
fn the_stream_tells_what_comes_next_and_what_it_cost() {
    let events = step(&[Entry::User(vec![Content::Text("run `ls`".into())])], ToolChoice::Auto);
    assert!(matches!(&events[0], Event::Open { block: 0, kind: BlockKind::Reasoning }));
    let Some(Event::Finish { reason, usage, .. }) = events.last() else { panic!("no end") };
    assert_eq!(*reason, FinishReason::ToolCalls);
    assert!(usage.input > 10 && usage.output > 0 && usage.reasoning > 0);
}

proptest::proptest! {
    #[test]
    fn no_prompt_makes_it_panic_or_loop(prompt in "\\PC{0,60}") {
        run(&prompt, project);
    }

    #[test]
    fn nor_does_one_made_of_its_own_words(
        words in proptest::collection::vec("find|replace|with|in|run|where|is|and|then|list|recall|prt_1|\"a|b\"|`|src/x.rs|,|Foo", 0..14)
    ) {
        run(&words.join(" "), project);
    }
}

#[test]
fn a_plan_of_too_many_calls_ends_with_what_was_found() {
    let commands: Vec<String> = (0..=plan::MAX_CALLS).map(|number| format!("run `echo {number}`")).collect();
    let session = run(&commands.join(" and "), project);
    assert_eq!(session.calls.len(), plan::MAX_CALLS, "{}", session.answer);
}

#[test]
fn of_very_many_places_a_few_are_named_and_the_others_counted() {
    let found: String =
        (0..plan::MAX_PLACES + 10).map(|number| format!("src/{number}.rs:7:struct Widget;\n")).collect();
    let session = run("where is `Widget` defined?", |tool, input| match tool {
        "grep" => (found.clone(), false),
        _ => project(tool, input),
    });
    assert_eq!(session.answer.matches("\n- src/").count(), plan::MAX_PLACES, "{}", session.answer);
}
