//! Each wire format against the double, through `connect`: what streams and what is sent.

mod failures;

use std::{sync::Arc, time::Duration};

use agentls::{
    provider::{
        Api, BlockKind, CallResult, Content, Deadlines, Entry, Envelope, Event, Key, Model, Outgoing,
        Provider, ProviderError, Said, Seal, Settings, ToolChoice, ToolSpec, connect,
    },
    transcript::FinishReason,
};
use bytes::Bytes;
use futures::StreamExt;
use serde_json::{Map, json};

use crate::support::provider::{Answer, Double, Wire, script::Tokens};

pub(crate) const WIRES: [(Wire, Api); 3] =
    [(Wire::Responses, Api::Responses), (Wire::Chat, Api::Chat), (Wire::Anthropic, Api::Anthropic)];

const KEY: &str = "sk-canary-0123456789";

pub(crate) fn settings(api: Api, base_url: &str) -> Settings {
    Settings {
        name: "double".into(),
        api,
        base_url: base_url.into(),
        key: Key::Secret(KEY.into()),
        headers: Vec::new(),
        secret_headers: Vec::new(),
        store: false,
        options: Map::new(),
    }
}

pub(crate) fn model() -> Model {
    Model {
        id: "gpt-5".into(),
        context: 100_000,
        max_output: 4_000,
        images: true,
        cost: agentls::provider::Cost::default(),
        options: Map::new(),
    }
}

pub(crate) fn tools() -> Vec<ToolSpec> {
    let parameters =
        json!({"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]});
    vec![ToolSpec { name: "read".into(), description: "Reads a file.".into(), parameters }]
}

pub(crate) fn user(text: &str) -> Entry {
    Entry::User(vec![Content::Text(text.into())])
}

fn soon() -> Deadlines {
    let long = Duration::from_secs(5);
    Deadlines { connect: long, first_event: long, idle: long }
}

pub(crate) fn outgoing(provider: &Arc<dyn Provider>, entries: &[Entry], tool_choice: ToolChoice) -> Outgoing {
    let (model, tools) = (model(), tools());
    let encoded: Vec<_> = entries.iter().map(|entry| provider.encode(&model, entry)).collect();
    let envelope = Envelope {
        model: &model,
        instructions: "Be brief.",
        tools: &tools,
        tool_choice,
        cache_key: "ses_1",
        previous_response_id: None,
    };
    provider.request(&envelope, &encoded, &[])
}

type Heard = (Vec<Event>, Option<ProviderError>);

async fn ask(provider: &Arc<dyn Provider>, entries: &[Entry], deadlines: Deadlines) -> Heard {
    let mut stream = match provider.open(outgoing(provider, entries, ToolChoice::Auto), deadlines).await {
        Ok(stream) => stream,
        Err(error) => return (Vec::new(), Some(error)),
    };
    let mut events = Vec::new();
    while let Some(event) = stream.next().await {
        match event {
            Ok(event) => events.push(event),
            Err(error) => {
                assert!(stream.next().await.is_none(), "nothing follows an error");
                return (events, Some(error));
            }
        }
    }
    (events, None)
}

/// One answer of a fresh double to one question.
async fn hear(wire: Wire, api: Api, answer: Answer) -> Heard {
    let double = Double::start(wire, vec![answer]).await;
    ask(&connect(settings(api, &double.base_url())), &[user("hi")], soon()).await
}

/// Blocks in order: kind, whole text, seal.
fn blocks(events: &[Event]) -> Vec<(BlockKind, String, Option<Seal>)> {
    let mut blocks: Vec<(BlockKind, String, Option<Seal>)> = Vec::new();
    let mut closed = 0;
    for event in events {
        match event {
            Event::Open { block, kind } => {
                assert_eq!(usize::try_from(*block).unwrap(), blocks.len(), "numbered as they open");
                blocks.push((kind.clone(), String::new(), None));
            }
            Event::Delta { block, text } => blocks[usize::try_from(*block).unwrap()].1.push_str(text),
            Event::Close { block, seal } => {
                closed += 1;
                blocks[usize::try_from(*block).unwrap()].2.clone_from(seal);
            }
            Event::Finish { .. } => assert_eq!(closed, blocks.len(), "every block is closed before the end"),
        }
    }
    blocks
}

fn finish(events: &[Event]) -> (FinishReason, agentls::transcript::Usage) {
    match events.last() {
        Some(Event::Finish { reason, usage, .. }) => (*reason, *usage),
        last => panic!("no end but {last:?}"),
    }
}

const TOKENS: Tokens = Tokens { input: 70, cache_read: 20, cache_write: 10, output: 5, reasoning: 3 };

fn rich_answer() -> Answer {
    Answer::new()
        .reasoning("Let me look.")
        .text("Grüße 🦀, I read.")
        .call("call_1", "read", &json!({"path": "a"}))
        .raw_call("call_2", "read", "")
        .tokens(TOKENS)
}

fn check_rich(events: &[Event], wire: Wire) {
    let blocks = blocks(events);
    let texts: Vec<_> = blocks.iter().map(|(_, text, _)| text.as_str()).collect();
    assert_eq!(texts, ["Let me look.", "Grüße 🦀, I read.", r#"{"path":"a"}"#, "{}"], "{wire:?}");
    let call = |id: &str| BlockKind::Call { call_id: id.into(), tool: "read".into() };
    let kinds: Vec<_> = blocks.iter().map(|(kind, ..)| kind.clone()).collect();
    assert_eq!(kinds, [BlockKind::Reasoning, BlockKind::Text, call("call_1"), call("call_2")]);
    let seal = blocks[0].2.as_ref().expect("reasoning is sealed");
    assert_eq!((seal.provider.as_str(), seal.model.as_str()), ("double", "gpt-5"));
    let (reason, usage) = finish(events);
    assert_eq!(reason, FinishReason::ToolCalls);
    let counts = (usage.input, usage.cache_read, usage.cache_write, usage.output, usage.reasoning);
    assert_eq!(counts, (70, 20, 10, 5, 3), "{wire:?}");
}

#[tokio::test]
async fn text_reasoning_calls_and_usage_arrive_the_same_over_every_wire() {
    for (wire, api) in WIRES {
        for answer in [rich_answer(), rich_answer().crlf()] {
            let (events, error) = hear(wire, api, answer).await;
            assert_eq!(error, None);
            check_rich(&events, wire);
        }
    }
}

#[tokio::test]
async fn what_the_model_said_is_accepted_when_it_is_sent_again() {
    for (wire, api) in WIRES {
        let double = Double::start(wire, vec![rich_answer(), Answer::new().text("done")]).await;
        let provider = connect(settings(api, &double.base_url()));
        let mut entries = vec![user("hi")];
        let (events, _) = ask(&provider, &entries, soon()).await;
        let said = blocks(&events).into_iter().map(|(kind, text, seal)| match kind {
            BlockKind::Text => Said::Text(text),
            BlockKind::Reasoning => Said::Reasoning { text, seal },
            BlockKind::Call { call_id, tool } => Said::Call { call_id, tool, arguments: text },
        });
        entries.push(Entry::Assistant(said.collect()));
        let result =
            |id: &str| CallResult { call_id: id.into(), text: "x".into(), images: Vec::new(), failed: false };
        entries.push(Entry::Results(vec![result("call_1"), result("call_2")]));
        let (events, error) = ask(&provider, &entries, soon()).await;
        assert_eq!((blocks(&events)[0].1.as_str(), error), ("done", None));
        let again = double.requests()[1].body.to_string();
        let sealed = ["sealed 0", "signed 0", "reasoning_content"].iter().any(|proof| again.contains(proof));
        assert!(sealed, "{wire:?}: {again}");
    }
}

#[tokio::test]
async fn an_answer_at_the_output_limit_says_so() {
    for (wire, api) in WIRES {
        let (events, _) = hear(wire, api, Answer::new().text("half").cut_short()).await;
        assert_eq!(finish(&events).0, FinishReason::MaxTokens);
    }
}

#[tokio::test]
async fn the_key_is_sent_where_the_format_wants_it_and_is_in_no_request_that_can_be_shown() {
    for (wire, api) in WIRES {
        let double = Double::start(wire, vec![Answer::new().text("x")]).await;
        let mut settings = settings(api, &double.base_url());
        settings.headers = vec![("x-team".into(), "blue".into())];
        settings.secret_headers = vec![("x-gateway-token".into(), "canary-2".into())];
        let provider = connect(settings);
        let shown = format!("{:?} {provider:?}", outgoing(&provider, &[user("hi")], ToolChoice::Auto));
        assert!(shown.contains("blue") && !shown.contains("canary"), "{shown}");
        ask(&provider, &[user("hi")], soon()).await;
        let headers = &double.requests()[0].headers;
        let (name, value) = match wire {
            Wire::Anthropic => ("x-api-key", KEY.to_owned()),
            _ => ("authorization", format!("Bearer {KEY}")),
        };
        assert_eq!(headers.get(name), Some(&value));
        assert_eq!(headers.get("x-gateway-token").map(String::as_str), Some("canary-2"));
    }
}

#[tokio::test]
async fn unknown_events_are_passed_over() {
    for (wire, api) in WIRES {
        let mut answer = rich_answer();
        answer.response_id = "resp_1".into();
        answer.render(wire);
        let mut writes = answer.frames;
        writes.insert(1, Bytes::from("event: news\ndata: {\"type\":\"response.news\",\"x\":[1]}\n\n"));
        let (events, error) = hear(wire, api, Answer::raw(writes)).await;
        assert_eq!(error, None);
        check_rich(&events, wire);
    }
}

#[tokio::test]
async fn it_does_not_matter_where_the_network_cuts_the_bytes() {
    for (wire, api) in WIRES {
        let mut answer = Answer::new().text("é🦀").crlf();
        answer.render(wire);
        let bytes = answer.frames.concat();
        let expected = hear(wire, api, Answer::raw(vec![Bytes::from(bytes.clone())])).await.0;
        let double = Double::start(wire, Vec::new()).await;
        let provider = connect(settings(api, &double.base_url()));
        for at in (1..bytes.len()).step_by(7) {
            let (first, second) = bytes.split_at(at);
            let writes = vec![Bytes::copy_from_slice(first), Bytes::copy_from_slice(second)];
            double.then(Answer::raw(writes).delay(Duration::from_millis(1)));
            assert_eq!(
                ask(&provider, &[user("hi")], soon()).await,
                (expected.clone(), None),
                "{wire:?} at {at}"
            );
        }
    }
}

#[tokio::test]
async fn the_double_refuses_what_providers_refuse() {
    let call = |id: &str| Said::Call { call_id: id.into(), tool: "read".into(), arguments: "{}".into() };
    let result =
        |id: &str| CallResult { call_id: id.into(), text: "x".into(), images: Vec::new(), failed: false };
    let wrong = [
        vec![user("hi"), Entry::Assistant(vec![call("a")])],
        vec![user("hi"), Entry::Results(vec![result("a")])],
        vec![
            user("hi"),
            Entry::Assistant(vec![call("a"), call("b")]),
            Entry::Results(vec![result("b"), result("a")]),
        ],
        vec![user("hi"), Entry::Assistant(vec![call("a")]), user("well?")],
        vec![user("hi"), Entry::Assistant(vec![Said::Text("so".into())])],
        vec![],
    ];
    for (wire, api) in WIRES {
        for entries in &wrong {
            let double = Double::start(wire, vec![Answer::new().text("x")]).await;
            let (_, error) = ask(&connect(settings(api, &double.base_url())), entries, soon()).await;
            assert!(
                matches!(error, Some(ProviderError::Rejected { status: 400, .. })),
                "{wire:?} {entries:?}"
            );
            assert_eq!(double.take_violations().len(), 1);
        }
        let double = Double::start(wire, vec![Answer::new().text("x"); 2]).await;
        let provider = connect(settings(api, &double.base_url()));
        ask(&provider, &[user("hi")], soon()).await;
        ask(&provider, &[user("ho")], soon()).await;
        assert!(double.take_violations()[0].contains("prefix changed"), "{wire:?}");
    }
}

#[tokio::test]
async fn a_kept_response_is_continued_and_a_lost_one_refused() {
    let double = Double::start(Wire::Responses, vec![rich_answer(), Answer::new().text("done")]).await;
    let provider = connect(Settings { store: true, ..settings(Api::Responses, &double.base_url()) });
    let (events, _) = ask(&provider, &[user("hi")], soon()).await;
    let Some(Event::Finish { response_id: Some(id), .. }) = events.last() else { panic!("{events:?}") };
    let result =
        |id: &str| CallResult { call_id: id.into(), text: "x".into(), images: Vec::new(), failed: false };
    let results = provider.encode(&model(), &Entry::Results(vec![result("call_1"), result("call_2")]));
    let (model, tools) = (model(), tools());
    for (id, known) in [(id.as_str(), true), ("resp_gone", false)] {
        let envelope = Envelope {
            model: &model,
            instructions: "Be brief.",
            tools: &tools,
            tool_choice: ToolChoice::Auto,
            cache_key: "ses_1",
            previous_response_id: Some(id),
        };
        let opened =
            provider.open(provider.request(&envelope, std::slice::from_ref(&results), &[]), soon()).await;
        match opened.map(|_| ()) {
            Ok(()) => assert!(known),
            Err(error) => assert!(!known && error.to_string().contains("not found"), "{error}"),
        }
    }
}

#[tokio::test]
async fn one_connection_serves_step_after_step() {
    for (wire, api) in WIRES {
        let double = Double::start(wire, vec![Answer::new().text("x"); 5]).await;
        let provider = connect(settings(api, &double.base_url()));
        for _ in 0..5 {
            assert_eq!(ask(&provider, &[user("hi")], soon()).await.1, None);
            // What follows the last event is read in the background.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(double.connections(), 1, "{wire:?}");
    }
}

#[tokio::test]
async fn the_double_measures_without_keeping_bodies_and_lets_a_boundary_pass() {
    let answers = vec![Answer::new().text("x"), Answer::new().text("y").new_prefix()];
    let double = Double::start(Wire::Chat, answers).await;
    double.forget_bodies();
    let provider = connect(settings(Api::Chat, &double.base_url()));
    ask(&provider, &[user("hi")], soon()).await;
    ask(&provider, &[user("ho")], soon()).await;
    let requests = double.requests();
    assert!(requests.iter().all(|request| request.body.is_null() && request.bytes > 100));
    assert!(requests.iter().all(|request| request.path == "/v1/chat/completions"));
    assert!(requests[0].answered.is_some_and(|answered| answered <= requests[1].arrived));
}
