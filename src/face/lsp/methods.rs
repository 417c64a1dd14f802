//! The contents page of our API: every method with its parameters, its result and its handler.
//!
//! What is registered with tower-lsp, announced in `initialize`, reached by commands and written to the
//! schema comes from the table at the end of this file and from nowhere else.

use schemars::SchemaGenerator;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use tower_lsp::{
    LspServiceBuilder,
    jsonrpc::{Error, Result},
};

use super::{
    params::{
        ConfigGet, InWorkspace, Nothing, PartParams, PartRead, ProjectParams, ProjectTrust, ProjectUpdate,
        SessionArchive, SessionCompact, SessionExport, SessionFork, SessionList, SessionMessages, SessionNew,
        SessionNextRequest, SessionParams, SessionPrompt, SessionRename, SessionSteps, SessionUnqueue, read,
    },
    permissions::{ApprovalList, PermissionRevoke, Revoked},
    results::{
        Cancelled, Compacted, ConfigResult, ContextReport, Deleted, EvidenceResult, Exported, MessagePage,
        ModelList, NextRequest, OpenedSession, PartRange, ProjectList, ProjectResult, PromptResult,
        QueueResult, Removed, ServerStatus, SessionPage, SessionResult, SkillList, StepsResult, ToolList,
    },
    review::{ChangeRead, ChangeText, ChangesResult, SessionChanges, SessionReview},
    roster::{AgentList, CommandList},
    server::Server,
};
use crate::{engine::EngineError, face::failure, failpoint};

/// A method as the schema describes it.
pub struct Described {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub about: &'static str,
    /// Schema of its parameters.
    pub params: schemars::Schema,
    /// Schema of its result.
    pub result: schemars::Schema,
}

/// Reads the parameters, calls the handler, renders the failure.
async fn answer<P, R, F>(params: Value, handler: impl FnOnce(P) -> F) -> Result<R>
where
    P: DeserializeOwned,
    F: Future<Output = std::result::Result<R, EngineError>>,
{
    handler(read(params)?).await.map_err(failure::to_jsonrpc)
}

fn to_value(result: &impl Serialize) -> Result<Value> {
    serde_json::to_value(result)
        .map_err(|problem| Error { data: Some(problem.to_string().into()), ..Error::internal_error() })
}

macro_rules! methods {
    ($($name:literal: $params:ty => $result:ty, $handler:ident, $about:literal;)*) => {
        /// The names of all methods.
        pub const NAMES: &[&str] = &[$($name),*];

        /// Registers every method.
        pub fn register(builder: LspServiceBuilder<Server>) -> LspServiceBuilder<Server> {
            $(
                let builder = {
                    async fn handle(server: &Server, params: Value) -> Result<$result> {
                        failpoint::reach($name).await;
                        answer(params, |params| server.$handler(params)).await
                    }
                    builder.custom_method($name, handle)
                };
            )*
            builder
        }

        /// Calls the method of that name as a request would.
        pub async fn call(server: &Server, name: &str, params: Value) -> Result<Value> {
            failpoint::reach(name).await;
            match name {
                $($name => to_value(&answer(params, |params| server.$handler(params)).await?),)*
                _ => Err(Error::method_not_found()),
            }
        }

        /// Describes every method.
        pub fn describe(generator: &mut SchemaGenerator) -> Vec<Described> {
            vec![$(Described {
                name: $name,
                about: $about,
                params: generator.subschema_for::<$params>(),
                result: generator.subschema_for::<$result>(),
            }),*]
        }
    };
}

methods! {
    "session/new":      SessionNew => SessionResult,      session_new,      "Makes a session.";
    "session/list":     SessionList => SessionPage,       session_list,     "Lists sessions, newest activity first.";
    "session/get":      SessionParams => OpenedSession,   session_get,      "Reads a session and its todo list.";
    "session/messages": SessionMessages => MessagePage,   session_messages, "Reads a page of messages; the newest one without `before` and `after`.";
    "session/prompt":   SessionPrompt => PromptResult,    session_prompt,   "Prompts; answers when the prompt's turn has ended.";
    "session/cancel":   SessionParams => Cancelled,       session_cancel,   "Stops the turn; its prompt answers `cancelled`.";
    "session/queue":    SessionParams => QueueResult,     session_queue,    "Lists the prompts that wait.";
    "session/unqueue":  SessionUnqueue => Removed,        session_unqueue,  "Withdraws a prompt that waits.";
    "session/compact":  SessionCompact => Compacted,      session_compact,  "Summarises the history; what is won is told before and after, in tokens.";
    "session/context":  SessionParams => ContextReport,   session_context,  "Tells what the model still sees: each piece with its size and its fate.";
    "session/nextRequest": SessionNextRequest => NextRequest, session_next_request, "Shows the request that would be sent next, with a prompt or as the session stands; secrets redacted.";
    "session/steps":    SessionSteps => StepsResult,      session_steps,    "Reads the ledger: one row for each provider call.";
    "session/rename":   SessionRename => SessionResult,   session_rename,   "Gives a session another title.";
    "session/archive":  SessionArchive => SessionResult,  session_archive,  "Puts a session away, or brings it back.";
    "session/delete":   SessionParams => Deleted,         session_delete,   "Deletes a session with all it holds.";
    "session/fork":     SessionFork => SessionResult,     session_fork,     "Makes a session with the same history, whole or up to a message.";
    "session/export":   SessionExport => Exported,        session_export,   "Writes a session as JSON or Markdown.";
    "session/changes":  SessionChanges => ChangesResult,  session_changes,  "Tells what a turn changed in files: each hunk, what a person said of it, whether it can be taken back.";
    "session/review":   SessionReview => ChangesResult,   session_review,   "Accepts hunks or takes them back; what is taken back waits until no turn of the session runs.";
    "change/read":      ChangeRead => ChangeText,         change_read,      "Reads a changed file as it was before a turn, or after it.";
    "part/read":        PartRead => PartRange,            part_read,        "Reads a range of a part's field.";
    "part/evidence":    PartParams => EvidenceResult,     part_evidence,    "Reads what stays of a tool call when it is compacted.";
    "permission/list":  SessionParams => ApprovalList,    permission_list,  "Lists what a person allowed for the session or its project.";
    "permission/revoke": PermissionRevoke => Revoked,     permission_revoke, "Takes back what a person allowed; the next call is asked for.";
    "project/list":     Nothing => ProjectList,           project_list,     "Lists the projects, newest activity first.";
    "project/get":      ProjectParams => ProjectResult,   project_get,      "Reads a project: what it is called, whether it is trusted, what it brings.";
    "project/update":   ProjectUpdate => ProjectResult,   project_update,   "Gives a project another name or icon.";
    "project/trust":    ProjectTrust => ProjectResult,    project_trust,    "Trusts a project as it is now, or no longer.";
    "model/list":       InWorkspace => ModelList,         model_list,       "Lists the models that can be chosen.";
    "tool/list":        InWorkspace => ToolList,          tool_list,        "Lists the tools that the model is offered.";
    "agent/list":       InWorkspace => AgentList,         agent_list,       "Lists the agents that can answer, with what is wrong with their definitions.";
    "command/list":     InWorkspace => CommandList,       command_list,     "Lists the commands that a prompt can call with `/name`.";
    "skill/list":       InWorkspace => SkillList,           skill_list,       "Lists the skills that the model can load, with what is wrong with them.";
    "config/get":       ConfigGet => ConfigResult,        config_get,       "Reads the merged configuration and where it came from.";
    "server/status":    Nothing => ServerStatus,          server_status,    "What the server knows of itself.";
}
