//! Providers that break: an answer that is cut, silent, refused, nonsense, endless; responses that are lost; histories that
//! do not fit.

mod continued;
mod cuts;
mod endless;
mod nonsense;
mod overflow;
mod refusals;
mod silence;

use std::{collections::HashMap, fs};

use serde_json::{Value, json};

use crate::support::{
    home::{Home, config_with},
    invariants::Acknowledged,
    provider::{Answer, Double, Wire},
    server::Server,
};

const WIRES: [Wire; 3] = [Wire::Responses, Wire::Chat, Wire::Anthropic];

/// Stands before the number of a case in the prompt that asks for it.
const CASE: &str = "CASE-";

/// What a model says when nothing is to go wrong any more.
const DONE: &str = "Done.";

/// The prompt of a case.
fn prompt_of(case: usize) -> String {
    format!("{CASE}{case} please.")
}

/// A model that answers the first request of each case with what `first` says, and each later one in words.
fn model(first: impl Fn(usize) -> Answer + Send + 'static) -> impl FnMut(&Value) -> Answer + Send + 'static {
    repeating(move |case, asked| (asked == 1).then(|| first(case)))
}

/// A model that is told how often it was asked for a case; where nothing is said, it answers in words.
fn repeating(
    answer: impl Fn(usize, usize) -> Option<Answer> + Send + 'static,
) -> impl FnMut(&Value) -> Answer + Send + 'static {
    let mut asked: HashMap<usize, usize> = HashMap::new();
    move |body| {
        let case = newest_case(body);
        let times = asked.entry(case).or_default();
        *times += 1;
        // Sessions are not told apart on every wire: their prefixes are compared in other tests.
        answer(case, *times).unwrap_or_else(|| Answer::new().text(DONE)).new_prefix()
    }
}

/// The case that a request is about.
fn newest_case(body: &Value) -> usize {
    let body = body.to_string();
    let (_, behind) = body.rsplit_once(CASE).expect("each prompt names its case");
    let digits: String = behind.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().expect("a case has a number")
}

/// A home with a provider for each double, whose timeouts are these.
fn home_with(doubles: &[&Double], timeouts: Value) -> Home {
    let mut config = config_with(doubles);
    config["timeouts"] = timeouts;
    Home::new(&config)
}

/// A session that is answered by the double of this number, from 0.
async fn session_by(server: &Server, double: usize) -> String {
    let provider = if double == 0 { "double".to_owned() } else { format!("double{}", double + 1) };
    server.session_with(json!({"model": {"provider": provider, "id": "gpt-5"}})).await
}

/// A prompt whose turn has ended was acknowledged, however it ended.
fn acknowledged(session: &str, case: usize) -> Acknowledged {
    Acknowledged { session: session.to_owned(), text: prompt_of(case) }
}

/// The most memory that a process has used since the last call, in bytes; counting begins anew.
fn peak_memory(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the process lives");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the system tells");
    fs::write(format!("/proc/{pid}/clear_refs"), "5").expect("the mark can be reset");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1_024
}
