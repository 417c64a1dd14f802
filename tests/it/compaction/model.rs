//! A scripted model that works through long turns: it reads on, plants facts, sums up what it sees when asked, and
//! recalls what it has not seen for long.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};

use crate::support::provider::{Answer, script::Tokens};

/// What the model saw and did.
#[derive(Default)]
pub struct Log {
    /// Facts that were planted in tool calls until now.
    planted: BTreeSet<String>,
    pub summaries: Vec<Summary>,
    /// The line that `recall` brought back.
    pub recalled: Option<String>,
}

/// A compaction as the model saw it.
#[derive(Default)]
pub struct Summary {
    /// What the model wrote.
    pub text: String,
    /// The facts of all steps before it.
    pub planted: BTreeSet<String>,
    /// The first request behind it.
    pub behind: String,
}

#[derive(Default)]
pub struct Worker(Arc<Mutex<Log>>);

impl Worker {
    pub fn log(&self) -> Arc<Mutex<Log>> {
        Arc::clone(&self.0)
    }

    /// Answers with `steps` calls in each turn, then with words. The first call of all reads `facts.txt`; the last of
    /// each turn recalls it.
    pub fn model(&self, steps: usize) -> impl FnMut(&Value) -> Answer + Send + 'static {
        let log = self.log();
        let (mut calls, mut in_turn, mut compacted, mut handle) = (0, 0, false, None);
        move |body| {
            let mut log = log.lock().unwrap();
            let sent = shown(body);
            // A model that counts three bytes a token, and tells.
            let tokens = Tokens { input: body.to_string().len() as u64 / 3, ..Tokens::default() };
            if asks_for_summary(body) {
                compacted = true;
                let text = summary(&facts(&sent).into_iter().collect::<Vec<_>>().join(" "));
                let planted = log.planted.clone();
                log.summaries.push(Summary { text: text.clone(), planted, behind: String::new() });
                return Answer::new().text(&text).tokens(tokens).aside();
            }
            let mut answer = Answer::new().tokens(tokens);
            if std::mem::take(&mut compacted) {
                answer = answer.new_prefix();
                log.summaries.last_mut().unwrap().behind.clone_from(&sent);
                handle = handle.take().or_else(|| handle_of(&sent, "facts.txt"));
            }
            if let Some(line) = sent.lines().find(|line| line.contains("\tline 333 of many")) {
                log.recalled = line.split('\t').next_back().map(str::to_owned);
            }
            in_turn += 1;
            calls += 1;
            let id = format!("call_{calls}");
            if calls == 1 {
                return answer.call(&id, "read", &json!({"path": "facts.txt"}));
            }
            if in_turn > steps {
                in_turn = 0;
                return answer.text("That was it.");
            }
            if let (true, Some(handle)) = (in_turn == steps, &handle) {
                return answer.call(&id, "recall", &json!({"ref": handle, "pattern": "line 333 of"}));
            }
            let fact = format!("FACT-{calls:03}");
            log.planted.insert(fact.clone());
            answer.call(&id, "bash", &json!({"command": format!("echo {fact}; seq {calls} 700")}))
        }
    }
}

/// The handle in the digest of the call that has `words` in its input.
fn handle_of(sent: &str, words: &str) -> Option<String> {
    let (_, behind) = sent.split_once("[Compacted tool result]")?;
    let digest = behind.split("[Compacted tool result]").find(|digest| digest.contains(words))?;
    let (_, handle) = digest.split_once("recall: ")?;
    Some(handle.chars().take_while(|char| char.is_ascii_alphanumeric() || *char == '_').collect())
}

/// A summary under the headings that are asked for.
pub fn summary(words: &str) -> String {
    let headings = ["Goal", "Done", "State", "Decisions", "Files", "Next"];
    headings.map(|heading| format!("## {heading}\n{words}\n")).join("\n")
}

/// All texts of a request's conversation, in order, as the model reads them.
pub fn shown(body: &Value) -> String {
    let mut texts = Vec::new();
    collect(body.get("input").or(body.get("messages")).unwrap_or(&Value::Null), &mut texts);
    texts.join("\n")
}

fn collect(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| collect(value, texts)),
        Value::Object(fields) => fields.values().for_each(|value| collect(value, texts)),
        _ => {}
    }
}

/// Whether the last thing that a request says asks for a summary.
pub fn asks_for_summary(body: &Value) -> bool {
    let items = body.get("input").or(body.get("messages")).and_then(Value::as_array);
    items
        .and_then(|items| items.last())
        .is_some_and(|last| last.to_string().contains("Write the summary with which"))
}

/// The facts in a text.
pub fn facts(text: &str) -> BTreeSet<String> {
    let word = |rest: &str| {
        let tail: String =
            rest.chars().take_while(|char| char.is_ascii_alphanumeric() || *char == '-').collect();
        format!("FACT-{tail}")
    };
    text.split("FACT-").skip(1).map(word).collect()
}
