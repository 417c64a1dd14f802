//! `session/compact` of a history that nobody has prompted since it was imported.

use serde_json::{Value, json};

use crate::{
    harness::{
        client::Client,
        figures::megabytes,
        place::Provider,
        support::provider::{Answer, Wire},
    },
    imported::Imported,
    steps,
};

pub(crate) fn measure(history: &mut Imported) {
    let provider = Provider::start(Wire::Responses, Vec::new());
    provider.double.always(Answer::new().new_prefix().adapted(summarize));
    let place = history.place.copy();
    place.configure(&steps::configuration(&provider, &json!({})));
    let (mut client, _) = Client::start(&place);
    let (taken, outcome) = client.timed("session/compact", &json!({"sessionId": history.session}));
    let column = &mut history.column;
    column.put("compaction", taken);
    let tokens = |name: &str| outcome[name].as_f64().unwrap_or_else(|| panic!("no {name} in {outcome}"));
    column.put("compaction: tokens before", tokens("before") / 1e3);
    column.put("compaction: tokens after", tokens("after") / 1e3);
    column.put("compaction: peak memory", megabytes(client.memory().peak));
    steps::calls(column, &provider);
}

/// A summary with a few sentences below each heading that the last entry of the request asks for.
fn summarize(answer: Answer, request: &Value, bytes: usize) -> Answer {
    let last = request["input"].as_array().and_then(|items| items.last()).map(texts).unwrap_or_default();
    let headings = last.lines().filter_map(|line| line.trim_start().strip_prefix("## "));
    let sections: String = headings
        .map(|heading| {
            format!(
                "## {heading}\n\nThe store keeps each window as it was sent; src/store/window.rs:120 is where it is \
                 read. The tests passed (312 of 312) after the last edit, and `cargo check` is clean.\n\n"
            )
        })
        .collect();
    let words = if sections.is_empty() { "Done.".to_owned() } else { sections };
    steps::count_tokens(answer.text(&words), request, bytes)
}

/// All texts of an item.
fn texts(item: &Value) -> String {
    match &item["content"] {
        Value::String(text) => text.clone(),
        content => content
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|piece| piece["text"].as_str())
            .collect::<Vec<_>>()
            .join("\n"),
    }
}
