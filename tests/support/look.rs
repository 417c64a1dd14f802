//! Reading what the server answers and what the provider was sent.

use serde_json::Value;

use super::provider::Double;

/// The parts of one type, over all messages.
pub fn parts<'a>(messages: &'a [Value], kind: &str) -> Vec<&'a Value> {
    let all = messages.iter().flat_map(|message| message["parts"].as_array().into_iter().flatten());
    all.filter(|part| part["type"] == kind).collect()
}

/// The texts of all messages' parts of one type: `text` or `reasoning`.
pub fn texts<'a>(messages: &'a [Value], kind: &str) -> Vec<&'a str> {
    parts(messages, kind).into_iter().filter_map(|part| part["text"]["text"].as_str()).collect()
}

/// The texts that the person said.
pub fn said(messages: &[Value]) -> Vec<&str> {
    let by_person = messages.iter().filter(|message| message["role"] == "user");
    by_person.flat_map(|message| texts(std::slice::from_ref(message), "text")).collect()
}

/// The output of a finished call, or its error.
pub fn output(call: &Value) -> &str {
    call["output"]["text"].as_str().or(call["error"].as_str()).unwrap_or_default()
}

/// What the model was told of each call in a request of the Responses wire, in order.
pub fn results(request: &Value) -> Vec<String> {
    let items = request["input"].as_array().into_iter().flatten();
    items
        .filter(|item| item["type"] == "function_call_output")
        .map(|item| item["output"].as_str().map_or_else(|| item["output"].to_string(), str::to_owned))
        .collect()
}

/// The body of a request, counted from 0.
pub fn body(double: &Double, request: usize) -> Value {
    let requests = double.requests();
    requests.get(request).unwrap_or_else(|| panic!("there were {} requests", requests.len())).body.clone()
}
