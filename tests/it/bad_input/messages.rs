//! Rows about JSON-RPC and LSP: ids, methods, the shape of parameters, answers, notifications.

use serde_json::{Value, json};

use super::{Row, frame};

const INVALID: i64 = -32600;
const UNKNOWN: i64 = -32601;
const PARAMS: i64 = -32602;

pub fn rows() -> Vec<Row> {
    [versions(), ids(), methods(), params(), answers(), notifications(), documents(), commands()]
        .into_iter()
        .flatten()
        .collect()
}

fn message(value: &Value) -> Vec<u8> {
    frame(value.to_string())
}

fn versions() -> Vec<Row> {
    let of = |version: Value| message(&json!({"jsonrpc": version, "id": 1, "method": "server/status"}));
    vec![
        Row::refused("no version", frame(r#"{"id":1,"method":"server/status"}"#), 1, INVALID),
        Row::refused("version 1", of(json!("1.0")), 1, INVALID),
        Row::refused("version as a number", of(json!(2.0)), 1, INVALID),
        Row::refused("version null", of(Value::Null), 1, INVALID),
    ]
}

fn ids() -> Vec<Row> {
    let with = |id: &str| frame(format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"server/status"}}"#));
    let taken = |name: &str, id: &str| Row::taken(name, with(id), serde_json::from_str::<Value>(id).unwrap());
    let refused = |name: &str, id: &str| Row::refused(name, with(id), Value::Null, INVALID);
    let huge = json!("x".repeat(1_000_000)).to_string();
    vec![
        taken("id zero", "0"),
        taken("id negative", "-1"),
        taken("id fraction", "1.5"),
        taken("id empty", r#""""#),
        taken("id of 1 MB", &huge),
        taken("id with quotes and a line end", r#""a\"b\n\u00fc""#),
        taken("id above 64 bits", "123456789012345678901234567890"),
        refused("id null", "null"),
        refused("id true", "true"),
        refused("id list", "[1]"),
        refused("id object", r#"{"n":1}"#),
    ]
}

fn methods() -> Vec<Row> {
    let refused = |name: &str, method: Value, code| {
        Row::refused(name, message(&json!({"jsonrpc": "2.0", "id": 2, "method": method})), 2, code)
    };
    let place = json!({"textDocument": {"uri": "file:///a"}, "position": {"line": 0, "character": 0}});
    let hover = super::request("hover", "textDocument/hover", &place);
    vec![
        Row::refused("method missing", frame(r#"{"jsonrpc":"2.0","id":2}"#), 2, INVALID),
        refused("method number", json!(5), INVALID),
        refused("method null", Value::Null, INVALID),
        refused("method list", json!(["server/status"]), INVALID),
        refused("method empty", json!(""), UNKNOWN),
        refused("method unknown", json!("session/smell"), UNKNOWN),
        refused("method in another case", json!("Server/Status"), UNKNOWN),
        refused("method with a NUL", json!("server/status\u{0}"), UNKNOWN),
        refused("method of 1 MB", json!("m".repeat(1_000_000)), UNKNOWN),
        refused("method of the protocol", json!("$/unknown"), UNKNOWN),
        Row::refused("method of another language server", hover, "hover", UNKNOWN),
        refused("method of ours to the client", json!("session/requestPermission"), UNKNOWN),
        refused("a notification's name as a request", json!("exit"), INVALID),
        refused("cancel as a request", json!("$/cancelRequest"), INVALID),
        refused("initialize again", json!("initialize"), INVALID),
    ]
}

fn params() -> Vec<Row> {
    let with = |method: &str, params: Value| {
        message(&json!({"jsonrpc": "2.0", "id": 3, "method": method, "params": params}))
    };
    let refused =
        |name: &str, method: &str, params: Value| Row::refused(name, with(method, params), 3, PARAMS);
    vec![
        Row::taken("params null", with("server/status", Value::Null), 3),
        Row::taken("params null, all of them optional", with("session/list", Value::Null), 3),
        refused("params list", "server/status", json!([])),
        refused("params list with the right object", "session/list", json!([{}])),
        refused("params string", "server/status", json!("{}")),
        refused("params number", "server/status", json!(1)),
        refused("params false", "session/list", json!(false)),
        Row::taken("params unknown", with("server/status", json!({"verbose": true})), 3),
        refused("params missing", "session/get", Value::Null),
        Row::taken("params of 1 MB unknown", with("session/list", json!({"m".repeat(1_000_000): 1})), 3),
    ]
}

/// Answers to questions that nobody asked.
fn answers() -> Vec<Row> {
    let ignored = |name: &str, text: &str| Row::ignored(name, frame(text));
    vec![
        ignored("a result for nobody", r#"{"jsonrpc":"2.0","id":99,"result":{}}"#),
        ignored(
            "a result for a question of another name",
            r#"{"jsonrpc":"2.0","id":"agentls-99","result":null}"#,
        ),
        ignored("an error for nobody", r#"{"jsonrpc":"2.0","id":99,"error":{"code":-1,"message":"no"}}"#),
        ignored("an error in no shape", r#"{"jsonrpc":"2.0","id":99,"error":"no"}"#),
        ignored(
            "result and error",
            r#"{"jsonrpc":"2.0","id":99,"result":1,"error":{"code":1,"message":""}}"#,
        ),
        // "I could not read what you sent": to answer that would never end.
        ignored(
            "an error without an id",
            r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"what?"}}"#,
        ),
        Row::refused(
            "a result without an id",
            frame(r#"{"jsonrpc":"2.0","result":{}}"#),
            Value::Null,
            INVALID,
        ),
    ]
}

fn notifications() -> Vec<Row> {
    let ignored = |name: &str, method: &str, params: Value| {
        Row::ignored(name, message(&json!({"jsonrpc": "2.0", "method": method, "params": params})))
    };
    vec![
        ignored("cancel of an unknown request", "$/cancelRequest", json!({"id": 424_242})),
        ignored("cancel of a finished request", "$/cancelRequest", json!({"id": "good 0"})),
        ignored("cancel without an id", "$/cancelRequest", json!({})),
        ignored("cancel by a list", "$/cancelRequest", json!({"id": [1]})),
        ignored("cancel of everything", "$/cancelRequest", Value::Null),
        ignored("an unknown notification", "session/didSmell", json!({})),
        ignored("an unknown one of the protocol", "$/unknown", json!({})),
        ignored("a request's name without an id", "server/status", json!({})),
        ignored("a change without an id", "session/new", json!({"cwd": "/"})),
        ignored("initialize without an id", "initialize", json!({"capabilities": {}})),
        ignored("shutdown without an id", "shutdown", Value::Null),
        ignored("initialized again", "initialized", json!({})),
        ignored("initialized with a list", "initialized", json!([1])),
    ]
}

/// LSP's own notifications, with something wrong in each.
fn documents() -> Vec<Row> {
    let ignored = |name: &str, method: &str, params: Value| {
        Row::ignored(name, message(&json!({"jsonrpc": "2.0", "method": method, "params": params})))
    };
    let uri = "file:///nowhere/a.txt";
    let change = |range: Value| json!([{"range": range, "text": "x"}]);
    let at = |line: u32, character: u32| json!({"line": line, "character": character});
    let changed =
        |changes: Value| json!({"textDocument": {"uri": uri, "version": 2}, "contentChanges": changes});
    vec![
        ignored("open without anything", "textDocument/didOpen", json!({})),
        ignored(
            "open with a number for a text",
            "textDocument/didOpen",
            json!({"textDocument": {"uri": uri, "languageId": "x", "version": 1, "text": 5}}),
        ),
        ignored(
            "open of no URI",
            "textDocument/didOpen",
            json!({"textDocument": {"uri": "::", "languageId": "x", "version": 1, "text": ""}}),
        ),
        ignored("change of what is not open", "textDocument/didChange", changed(json!([{"text": "x"}]))),
        ignored(
            "open",
            "textDocument/didOpen",
            json!({"textDocument": {"uri": uri, "languageId": "x", "version": 1, "text": "ab\nc\u{1f600}d"}}),
        ),
        ignored(
            "change far behind the end",
            "textDocument/didChange",
            changed(change(json!({"start": at(u32::MAX, u32::MAX), "end": at(u32::MAX, u32::MAX)}))),
        ),
        ignored(
            "change that ends before it begins",
            "textDocument/didChange",
            changed(change(json!({"start": at(1, 1), "end": at(0, 0)}))),
        ),
        ignored(
            "change within a character",
            "textDocument/didChange",
            changed(change(json!({"start": at(1, 2), "end": at(1, 2)}))),
        ),
        ignored(
            "change at a negative line",
            "textDocument/didChange",
            changed(change(json!({"start": {"line": -1, "character": 0}, "end": at(0, 0)}))),
        ),
        ignored("close twice", "textDocument/didClose", json!({"textDocument": {"uri": uri}})),
        ignored("close again", "textDocument/didClose", json!({"textDocument": {"uri": uri}})),
        ignored("save of what is not open", "textDocument/didSave", json!({"textDocument": {"uri": uri}})),
    ]
}

fn commands() -> Vec<Row> {
    let refused = |name: &str, params: Value| Row::invalid(name, "workspace/executeCommand", &params);
    let status = "agentls.server.status";
    vec![
        refused("no command", json!({})),
        refused("an unknown command", json!({"command": "agentls.explode", "arguments": []})),
        refused("a command that is a number", json!({"command": 7})),
        refused("two arguments", json!({"command": status, "arguments": [{}, {}]})),
        refused("an argument that is no object", json!({"command": status, "arguments": ["x"]})),
        refused(
            "a wrong member in the argument",
            json!({"command": "agentls.session.list", "arguments": [{"limit": 0}]}),
        ),
        Row::failed(
            "a command about nothing",
            "workspace/executeCommand",
            &json!({"command": "agentls.session.cancel", "arguments": [{"sessionId": "ses_nowhere"}]}),
            "sessionNotFound",
        ),
        Row::works("no arguments", "workspace/executeCommand", &json!({"command": status})),
    ]
}
