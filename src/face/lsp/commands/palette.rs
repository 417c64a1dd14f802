//! What a person at a palette leaves out: most editors send a command without arguments, or with one text.
//!
//! The directory is the client's workspace; the session is the one that was last active there.

use serde_json::{Map, Value, json};
use tower_lsp::jsonrpc::{Error, Result};

use crate::{
    engine::ListQuery,
    face::{failure, lsp::server::Server},
};

/// The parameters of `method`, with what is missing filled in.
pub(super) async fn complete(server: &Server, method: &str, argument: Value) -> Result<Value> {
    let mut argument = match argument {
        Value::String(text) if method == "session/prompt" => {
            Map::from_iter([("text".to_owned(), text.into())])
        }
        Value::Object(members) => members,
        _ => return Err(Error::invalid_params("arguments: a command takes one object")),
    };
    // As in a request, `null` is what is left out.
    argument.retain(|_, value| !value.is_null());
    match method {
        "session/new" => cwd(server, &mut argument),
        "session/list" | "server/status" => {}
        _ => session(server, method, &mut argument).await?,
    }
    match method {
        "session/prompt" => parts(&mut argument),
        "session/export" => drop(argument.entry("format").or_insert_with(|| "markdown".into())),
        _ => {}
    }
    Ok(Value::Object(argument))
}

fn cwd(server: &Server, argument: &mut Map<String, Value>) {
    if let Some(workspace) = server.client.workspace() {
        argument.entry("cwd").or_insert_with(|| workspace.into());
    }
}

/// A text is a prompt's only part.
fn parts(argument: &mut Map<String, Value>) {
    if let Some(text) = argument.remove("text") {
        argument.entry("parts").or_insert_with(|| json!([{"type": "text", "text": text}]));
    }
}

async fn session(server: &Server, method: &str, argument: &mut Map<String, Value>) -> Result<()> {
    if argument.contains_key("sessionId") {
        return Ok(());
    }
    let Some(workspace) = server.client.workspace() else {
        return Err(Error::invalid_params("sessionId: is missing, and the client has no workspace"));
    };
    let query = ListQuery { cwd: Some(workspace.clone()), limit: 1, ..ListQuery::default() };
    let newest = server.engine.list_sessions(query).await.map_err(failure::to_jsonrpc)?.sessions;
    let id = match newest.into_iter().next() {
        Some(session) => session.id,
        None if method == "session/prompt" => super::new_session(server, workspace).await?,
        None => {
            return Err(Error::invalid_params(format!("sessionId: there is no session in {workspace} yet")));
        }
    };
    argument.insert("sessionId".to_owned(), id.as_str().into());
    Ok(())
}
