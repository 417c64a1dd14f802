//! Building the next body of a full window, through the library as a step does it: the rules are checked, the marks
//! chosen, the kept bytes joined.

use std::{hint::black_box, time::Instant};

use agentls::{
    context::{gallery::Load, item::Item, validate::Shape, window::compose},
    provider::{
        Api, CallResult, Content, Cost, Entry, Envelope, Key, Model, Provider, Said, Settings, ToolChoice,
        ToolSpec, connect,
    },
    transcript::{PartId, Seq, text},
};
use serde_json::{Map, json};

use crate::harness::figures::{Goal, Table, megabytes, millis};

/// Tokens of the window, at four bytes each.
const TOKENS: u64 = 200_000;

const OUTPUT_BYTES: usize = 3_000;

const TOOLS: usize = 15;

const RUNS: usize = 100;

pub(crate) fn measure(table: &mut Table) {
    for api in [Api::Responses, Api::Chat, Api::Anthropic] {
        let provider = connect(settings(api));
        let (model, tools) = (model(), tools());
        let items = items(&*provider, &model);
        let envelope = Envelope {
            model: &model,
            instructions: &"Work carefully. ".repeat(300),
            tools: &tools,
            tool_choice: ToolChoice::Auto,
            cache_key: "ses_1",
            previous_response_id: None,
        };
        let (mut times, mut bytes) = (Vec::new(), 0);
        for _ in 0..RUNS {
            let began = Instant::now();
            let outgoing = black_box(compose(&*provider, &envelope, black_box(&items)));
            times.push(millis(began.elapsed()));
            bytes = outgoing.expect("the items keep the rules").body.len();
        }
        let name = format!("the next body of a window of {TOKENS} tokens, {api:?}");
        table.row(&name, "ms", Goal::AtMost(2.0), times);
        table.row("… its size", "MB", Goal::None, vec![megabytes(bytes as u64)]);
    }
}

/// A tool loop, as a window keeps it.
fn items(provider: &dyn Provider, model: &Model) -> Vec<Item> {
    let (mut items, mut tokens) = (Vec::new(), 0);
    let mut push = |entry: &Entry, seq| {
        let encoded = provider.encode(model, entry);
        let estimate = text::estimate_tokens(encoded.len() as u64);
        let outputs = match entry {
            Entry::Results(_) => vec![(PartId::from("prt_1"), estimate)],
            _ => Vec::new(),
        };
        let shape = Shape::of(entry);
        let (summary, images) = (false, Load::default());
        items.push(Item { seq: Seq(seq), shape, encoded, tokens: estimate, outputs, summary, images });
        tokens += estimate;
        tokens
    };
    push(&Entry::User(vec![Content::Text("Look at everything.".to_owned())]), 1);
    for seq in 2.. {
        let call_id = format!("call_{seq}");
        let arguments = json!({"path": format!("src/file_{seq}.rs")}).to_string();
        let call = Said::Call { call_id: call_id.clone(), tool: "read".to_owned(), arguments };
        push(&Entry::Assistant(vec![Said::Text("The next one.".to_owned()), call]), seq);
        let output = "let line = \"of a file\";\n".repeat(OUTPUT_BYTES / 24);
        let result = CallResult { call_id, text: output, images: Vec::new(), failed: false };
        if push(&Entry::Results(vec![result]), seq) >= TOKENS {
            break;
        }
    }
    items
}

fn settings(api: Api) -> Settings {
    Settings {
        name: "bench".to_owned(),
        api,
        base_url: "http://localhost".to_owned(),
        key: Key::NotNeeded,
        headers: Vec::new(),
        secret_headers: Vec::new(),
        store: false,
        options: Map::new(),
    }
}

fn model() -> Model {
    Model {
        id: "model".to_owned(),
        context: TOKENS,
        max_output: 8_000,
        images: false,
        cost: Cost::default(),
        options: Map::new(),
    }
}

fn tools() -> Vec<ToolSpec> {
    let parameters =
        json!({"type": "object", "properties": {"path": {"type": "string", "description": "A file."}}});
    let tool = |n: usize| ToolSpec {
        name: format!("tool_{n}"),
        description: "Does what its name says. ".repeat(10),
        parameters: parameters.clone(),
    };
    (0..TOOLS).map(tool).collect()
}
