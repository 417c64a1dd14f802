//! Parameters of our methods.
//!
//! Wrong types and missing members are −32602 and name the member; unknown ones are left alone, since a newer
//! client may send them. A member that may be missing is an `Option`, so that `null` means the same. A `limit`
//! of 0 is refused; one above the maximum means the maximum.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;
use tower_lsp::jsonrpc::{Error, Result};

use crate::{
    engine::ExportFormat,
    transcript::{Delivery, MessageId, ModelRef, PartId, ProjectId, PromptPart, SessionId, project::Icon},
};

/// Reads parameters: an object whose members are right.
pub fn read<P: DeserializeOwned>(params: Value) -> Result<P> {
    if !params.is_object() {
        return Err(Error::invalid_params("the parameters are not an object"));
    }
    serde_path_to_error::deserialize(params).map_err(|problem| {
        let path = problem.path().to_string();
        let problem = problem.into_inner();
        // The path of a missing member is its parent; the message names it.
        Error::invalid_params(if path == "." { problem.to_string() } else { format!("{path}: {problem}") })
    })
}

/// A model as `{provider, id}` or as `provider/id`.
fn model<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Option<ModelRef>, D::Error> {
    match Option::<ModelParam>::deserialize(deserializer)? {
        None => Ok(None),
        Some(ModelParam::Apart(model)) => Ok(Some(model)),
        Some(ModelParam::Joined(text)) => text.parse().map(Some).map_err(serde::de::Error::custom),
    }
}

/// A member that may be `null`, told from one that is missing.
#[expect(clippy::option_option, reason = "`null` takes something away, and a missing member leaves it")]
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> std::result::Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

/// A model as `{provider, id}` or as `provider/id`.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected {provider, id} or \"provider/id\"")]
enum ModelParam {
    /// In two members.
    Apart(ModelRef),
    /// In one text.
    Joined(String),
}

/// Defines parameters, read from camelCase.
macro_rules! params {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase")]
        pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }
    )*};
}

params! {
    /// No parameters.
    Nothing {}
    /// Parameters of `session/new`.
    SessionNew {
        /// Absolute working directory.
        cwd: String,
        /// Made from the first prompt when missing.
        title: Option<String>,
        /// The configured one when missing.
        agent: Option<String>,
        /// The configured one when missing.
        #[serde(default, deserialize_with = "model")]
        #[schemars(with = "Option<ModelParam>")]
        model: Option<ModelRef>,
        /// The session that it is started from.
        parent_id: Option<SessionId>,
    }
    /// Parameters of `session/list`.
    SessionList {
        /// Only sessions that work here.
        cwd: Option<String>,
        /// Only sessions whose title has this in it.
        search: Option<String>,
        /// Archived sessions instead of the others; `false` when missing.
        archived: Option<bool>,
        /// 1 to 500; 50 when missing.
        limit: Option<u64>,
        /// From a page before.
        cursor: Option<String>,
    }
    /// A session.
    SessionParams {
        /// Which.
        session_id: SessionId,
    }
    /// Parameters of `session/messages`.
    SessionMessages {
        /// Which session.
        session_id: SessionId,
        /// Only messages before this message.
        before: Option<String>,
        /// Only messages after this message.
        after: Option<String>,
        /// 1 to 500; 50 when missing.
        limit: Option<u64>,
        /// Whole texts or their beginnings; `preview` when missing.
        bodies: Option<Bodies>,
    }
    /// Parameters about one part.
    PartParams {
        /// Which part.
        part_id: PartId,
    }
    /// Parameters of `part/read`.
    PartRead {
        /// Which part.
        part_id: PartId,
        /// `text`, `input`, `output`, `error`, `data`, `attachment:N` or `copy:N`. When missing: `output` of a tool call, `text` of a
        /// text, `data` of a file.
        field: Option<String>,
        /// Where to begin, in bytes; 0 when missing.
        offset: Option<u64>,
        /// How much, in bytes: 1 to 4 MiB; 64 KiB when missing.
        limit: Option<u64>,
    }
    /// Parameters of `session/prompt`.
    SessionPrompt {
        /// Which session.
        session_id: SessionId,
        /// What is said.
        parts: Vec<PromptPart>,
        /// Makes the prompt idempotent.
        client_id: Option<String>,
        /// When it is answered if a turn runs; `queue` when missing.
        delivery: Option<Delivery>,
        /// Answers this prompt and later ones.
        agent: Option<String>,
        /// Answers this prompt and later ones.
        #[serde(default, deserialize_with = "model")]
        #[schemars(with = "Option<ModelParam>")]
        model: Option<ModelRef>,
    }
    /// Parameters of `session/unqueue`.
    SessionUnqueue {
        /// Which session.
        session_id: SessionId,
        /// Which prompt.
        message_id: MessageId,
    }
    /// Parameters of `session/steps`.
    SessionSteps {
        /// Which session.
        session_id: SessionId,
        /// The newest so many: 1 to 1,000; 100 when missing.
        limit: Option<u64>,
    }
    /// Parameters of `session/nextRequest`.
    SessionNextRequest {
        /// Which session.
        session_id: SessionId,
        /// A prompt to see it with; without one it is shown as the session stands.
        text: Option<String>,
    }
    /// Parameters of `session/compact`.
    SessionCompact {
        /// Which session.
        session_id: SessionId,
        /// What the summary is to look after in particular.
        instructions: Option<String>,
        /// Only tell what would be won: nothing is changed, and no model is called; `false` when missing.
        dry_run: Option<bool>,
    }
    /// Parameters of `session/rename`.
    SessionRename {
        /// Which session.
        session_id: SessionId,
        /// What lists show from now on.
        title: String,
    }
    /// Parameters of `session/archive`.
    SessionArchive {
        /// Which session.
        session_id: SessionId,
        /// `false` brings it back; `true` when missing.
        archived: Option<bool>,
    }
    /// Parameters of `session/fork`.
    SessionFork {
        /// Which session.
        session_id: SessionId,
        /// The last message that the new one has; all of them when missing.
        message_id: Option<MessageId>,
    }
    /// Parameters of `session/export`.
    SessionExport {
        /// Which session.
        session_id: SessionId,
        /// In which format.
        format: ExportFormat,
        /// Absolute path of the file to write; the text is in the result when missing.
        path: Option<String>,
    }
    /// A project.
    ProjectParams {
        /// Which.
        project_id: ProjectId,
    }
    /// Parameters of `project/update`. What is missing stays.
    ProjectUpdate {
        /// Which project.
        project_id: ProjectId,
        /// What it is called from now on; without hidden characters.
        name: Option<String>,
        /// What stands before its name from now on; `null` takes it away.
        #[serde(default, deserialize_with = "given")]
        #[schemars(with = "Option<Icon>")]
        icon: Option<Option<Icon>>,
    }
    /// Parameters of `project/trust`: one of `projectId` and `cwd`.
    ProjectTrust {
        /// Which project.
        project_id: Option<ProjectId>,
        /// The project of this folder: an absolute path.
        cwd: Option<String>,
        /// Whether it is trusted, as it is now.
        trust: Wish,
    }
    /// Parameters of lists that depend on a workspace.
    InWorkspace {
        /// Absolute working directory.
        cwd: Option<String>,
    }
    /// Parameters of `config/get`.
    ConfigGet {
        /// Absolute working directory.
        cwd: String,
    }
}

/// What becomes of trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Wish {
    /// The project is trusted, as it is now.
    Trusted,
    /// It is not, or no longer.
    Untrusted,
}

/// Whole texts or their beginnings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Bodies {
    /// The first 2 KiB of each.
    Preview,
    /// All of each.
    Full,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refusal<P: DeserializeOwned + std::fmt::Debug>(params: Value) -> String {
        let error = read::<P>(params).unwrap_err();
        assert_eq!(error.code.code(), -32602);
        error.message.into_owned()
    }

    #[test]
    fn what_is_wrong_with_parameters_is_named() {
        for (params, named) in [
            (json!([]), "not an object"),
            (json!({}), "`sessionId`"),
            (json!({"sessionId": 5}), "sessionId: "),
            (json!({"sessionId": "s", "parts": [{"type": "text", "text": 5}]}), "parts[0]"),
            (json!({"sessionId": "s", "parts": [{"type": "smell"}]}), "parts[0]"),
            (json!({"sessionId": "s", "parts": [], "delivery": "now"}), "delivery"),
            (json!({"sessionId": "s", "parts": [], "model": "gpt"}), "model: `gpt`"),
            (json!({"sessionId": "s", "parts": [], "model": 5}), "model: expected {provider, id}"),
        ] {
            let message = refusal::<SessionPrompt>(params.clone());
            assert!(message.contains(named), "{params}: {message}");
        }
        assert!(read::<SessionParams>(json!({"sessionId": "s", "ofANewerClient": 1})).is_ok());
        assert!(refusal::<SessionList>(json!({"limit": -1})).contains("limit: "));
        assert!(refusal::<SessionList>(json!({"limit": 1e30})).contains("limit: "));
    }

    #[test]
    fn null_is_what_is_left_out() {
        let list = read::<SessionList>(json!({"archived": null, "limit": null, "cwd": null})).unwrap();
        assert_eq!((list.archived, list.limit, list.cwd), (None, None, None));
        let session = json!({"sessionId": "s", "bodies": null, "dryRun": null});
        assert_eq!(read::<SessionMessages>(session.clone()).unwrap().bodies, None);
        assert_eq!(read::<SessionCompact>(session).unwrap().dry_run, None);
        assert_eq!(read::<PartRead>(json!({"partId": "p", "offset": null})).unwrap().offset, None);
        let position = json!({"line": 1, "character": null});
        let file = json!({"type": "file", "uri": "file:///a", "text": null, "range": {"start": position, "end": position}});
        let prompt = json!({"sessionId": "s", "parts": [file], "delivery": null, "model": null});
        assert_eq!(read::<SessionPrompt>(prompt).unwrap().delivery, None);
    }

    #[test]
    fn of_a_project_only_what_is_known_is_read() {
        let icon = json!({"kind": "emoji", "value": "🦀", "__proto__": {"a": 1}, "more": [1]});
        let hostile = json!({"projectId": "p", "icon": icon, "__proto__": {"trust": "trusted"}, "root": "/"});
        let read_in = read::<ProjectUpdate>(hostile).unwrap();
        assert_eq!(read_in.icon.unwrap().unwrap().value, "🦀");
        assert!(read::<ProjectUpdate>(json!({"projectId": "p"})).unwrap().icon.is_none());
        assert!(matches!(
            read::<ProjectUpdate>(json!({"projectId": "p", "icon": null})).unwrap().icon,
            Some(None)
        ));
        for (params, named) in [
            (json!({"projectId": "p", "icon": {"kind": "emoji", "value": {"a": 1}}}), "icon.value"),
            (json!({"projectId": "p", "icon": {"kind": "script", "value": "x"}}), "icon.kind"),
            (json!({"projectId": "p", "icon": "x"}), "icon"),
            (json!({"projectId": "p", "name": {"toString": "x"}}), "name"),
            (json!({"projectId": {"__proto__": null}}), "projectId"),
        ] {
            let message = refusal::<ProjectUpdate>(params.clone());
            assert!(message.contains(named), "{params}: {message}");
        }
    }

    #[test]
    fn a_model_is_written_in_one_text_or_two() {
        for model in [json!("openai/gpt/5"), json!({"provider": "openai", "id": "gpt/5"})] {
            let params: SessionNew = read(json!({"cwd": "/", "model": model})).unwrap();
            assert_eq!(params.model.unwrap().to_string(), "openai/gpt/5");
        }
    }
}
