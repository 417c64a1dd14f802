//! Our methods as commands, for the palette of any LSP client without a plugin.
//!
//! A command takes one JSON object, the method's parameters, and gives the method's result. What a person
//! should read is also shown as a Markdown document, where the client can.

pub mod pages;
mod palette;

use serde_json::{Map, Value, json};
use tower_lsp::{
    jsonrpc::{Error, Result},
    lsp_types::ExecuteCommandParams,
};

use super::{actions, methods, server::Server};
use crate::{engine::NewSession, face::failure, transcript::SessionId, wire::reply::after_reply};

/// Each command with its method.
const COMMANDS: &[(&str, &str)] = &[
    ("agentls.session.new", "session/new"),
    ("agentls.session.list", "session/list"),
    ("agentls.session.prompt", "session/prompt"),
    ("agentls.session.cancel", "session/cancel"),
    ("agentls.session.compact", "session/compact"),
    ("agentls.context.show", "session/context"),
    ("agentls.session.fork", "session/fork"),
    ("agentls.session.export", "session/export"),
    ("agentls.permission.list", "permission/list"),
    ("agentls.server.status", "server/status"),
];

/// The names of all commands.
pub fn names() -> Vec<String> {
    let ours = COMMANDS.iter().map(|(command, _)| *command);
    ours.chain([actions::EXPLAIN, actions::ASK, actions::FIX]).map(str::to_owned).collect()
}

/// Executes a command.
pub async fn execute(server: &Server, params: ExecuteCommandParams) -> Result<Value> {
    let argument = argument(params.arguments)?;
    if [actions::EXPLAIN, actions::ASK, actions::FIX].contains(&params.command.as_str()) {
        return act(server, &params.command, argument).await;
    }
    let (_, method) = COMMANDS
        .iter()
        .find(|(command, _)| *command == params.command)
        .ok_or_else(|| Error::invalid_params(format!("command: `{}` is not known", params.command)))?;
    let argument = palette::complete(server, method, argument).await?;
    let session = argument.get("sessionId").cloned();
    let result = methods::call(server, method, argument).await?;
    let page = match *method {
        "session/prompt" => answer_of(server, session, &result).await,
        _ => pages::page(method, &result),
    };
    show(server, page);
    Ok(result)
}

/// Does what a code action says, in a session of its own.
async fn act(server: &Server, command: &str, argument: Value) -> Result<Value> {
    let Some(parts) = actions::prompt(server, command, argument).await? else { return Ok(Value::Null) };
    let Some(workspace) = server.client.workspace() else {
        return Err(Error::invalid_params("the client has no workspace"));
    };
    let session = Value::from(new_session(server, workspace).await?.as_str());
    let prompt = json!({"sessionId": session, "parts": parts});
    let mut result = methods::call(server, "session/prompt", prompt).await?;
    let page = answer_of(server, Some(session.clone()), &result).await;
    show(server, page);
    if let Some(result) = result.as_object_mut() {
        result.insert("sessionId".to_owned(), session);
    }
    Ok(result)
}

/// A session in the client's workspace.
async fn new_session(server: &Server, cwd: String) -> Result<SessionId> {
    let new = NewSession { cwd, ..NewSession::default() };
    Ok(server.engine.new_session(new).await.map_err(failure::to_jsonrpc)?.id)
}

/// The one object, or the one text, that a command takes.
fn argument(mut arguments: Vec<Value>) -> Result<Value> {
    if arguments.len() > 1 {
        return Err(Error::invalid_params("arguments: a command takes one object"));
    }
    let argument = arguments.pop().filter(|argument| !argument.is_null());
    Ok(argument.unwrap_or_else(|| Value::Object(Map::new())))
}

/// What the model answered to a prompt, for a person.
async fn answer_of(server: &Server, session: Option<Value>, result: &Value) -> Option<String> {
    let behind =
        json!({"sessionId": session, "after": result.get("messageId"), "limit": 500, "bodies": "full"});
    pages::answer(&methods::call(server, "session/messages", behind).await.ok()?)
}

/// Shows a page, where there is one and the client can, once the command has its reply; the client may take its time.
fn show(server: &Server, page: Option<String>) {
    let Some(page) = page.filter(|_| server.client.get().show_document) else { return };
    let (pages, calls) = (server.pages.clone(), server.calls.clone());
    after_reply(move || {
        tokio::spawn(async move {
            let uri = match pages.write(&page) {
                Ok(uri) => uri,
                Err(problem) => return tracing::warn!(%problem, "a page cannot be written"),
            };
            let shown = calls.ask("window/showDocument", &json!({"uri": uri, "takeFocus": true})).await;
            if let Err(problem) = shown {
                tracing::warn!(%problem, "the client did not show a page");
            }
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_method_that_exists() {
        for (command, method) in COMMANDS {
            assert!(methods::NAMES.contains(method), "{command}");
        }
    }

    #[test]
    fn a_command_takes_one_object_or_nothing() {
        assert_eq!(argument(Vec::new()).unwrap(), json!({}));
        assert_eq!(argument(vec![Value::Null]).unwrap(), json!({}));
        assert_eq!(argument(vec![json!({"a": 1})]).unwrap(), json!({"a": 1}));
        assert_eq!(argument(vec![json!({}), json!({})]).unwrap_err().code.code(), -32602);
    }
}
