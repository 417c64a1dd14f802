//! Failures in the protocol's words: a stable kind, a sentence, a cure.
//!
//! Every layer has error types of its own; what reaches a client or a stored message is one of these. A kind has a
//! cure; where the circumstances are known and another one helps, the failure carries that.

use serde::{Deserialize, Serialize};

/// What went wrong, in a form that clients may match on. Fields are the data that the protocol promises.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[expect(missing_docs, reason = "the names are the protocol's own; `cure` says what each means")]
pub enum FailureKind {
    SessionNotFound,
    ProjectNotFound,
    MessageNotFound,
    PartNotFound,
    StaleCursor,
    SessionBusy {
        owner: super::Owner,
    },
    ClientIdConflict,
    FrameTooLarge {
        limit: u64,
    },
    UntrustedWorkspace,
    PathOutside {
        link: String,
        target: String,
    },
    PermissionDenied {
        rule: String,
    },
    StorageFull,
    StorageReadonly,
    StorageNewer {
        version: i64,
    },
    StorageDamaged,
    StorageBusy,
    StorageFailed,
    ProviderAuth,
    ProviderRateLimited {
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_at: Option<super::Timestamp>,
    },
    ProviderUnavailable,
    ProviderStalled {
        phase: String,
    },
    ProviderRejected {
        #[serde(skip_serializing_if = "Option::is_none")]
        item: Option<String>,
    },
    ModelNotFound {
        suggestions: Vec<String>,
    },
    ContextFloor {
        need: u64,
        have: u64,
    },
    CompactionStuck {
        need: u64,
        have: u64,
    },
    NetworkBlocked {
        address: String,
    },
    Interrupted,
    InvalidConfig {
        path: String,
        line: u32,
    },
    ImportFailed {
        row: String,
    },
    Internal {
        report: String,
    },
}

/// A failure: its kind and a sentence for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What went wrong.
    #[serde(flatten)]
    pub kind: FailureKind,
    /// One sentence with the particulars.
    pub message: String,
    /// What a person can do here, where that is not what the kind says.
    #[serde(rename = "cure", default, skip_serializing_if = "Option::is_none")]
    pub own_cure: Option<String>,
}

impl Failure {
    /// A failure of `kind`, described by `message`.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), own_cure: None }
    }

    /// Something that should not happen: `report` is what a bug report needs.
    pub fn internal(report: impl Into<String>) -> Self {
        let report = report.into();
        Self::new(FailureKind::Internal { report: report.clone() }, format!("internal error: {report}"))
    }

    /// With a cure that helps here better than the one of the kind.
    #[must_use]
    pub fn with_cure(self, cure: impl Into<String>) -> Self {
        Self { own_cure: Some(cure.into()), ..self }
    }

    /// What a person can do, in one line.
    pub fn cure(&self) -> &str {
        self.own_cure.as_deref().unwrap_or_else(|| self.kind.cure())
    }
}

impl FailureKind {
    /// The kind's stable name, as in the protocol's table.
    pub fn name(&self) -> String {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::Object(fields)) => {
                fields.get("kind").and_then(|kind| kind.as_str()).unwrap_or("internal").to_owned()
            }
            _ => "internal".to_owned(),
        }
    }

    /// Whether the same request may succeed later without anything else being changed.
    pub fn retryable(&self) -> bool {
        matches!(
            self,
            Self::SessionBusy { .. }
                | Self::StorageBusy
                | Self::StorageFailed
                | Self::StorageFull
                | Self::ProviderRateLimited { .. }
                | Self::ProviderUnavailable
                | Self::ProviderStalled { .. }
                | Self::Interrupted
        )
    }

    /// What a person can do as a rule, in one line.
    pub fn cure(&self) -> &'static str {
        match self {
            Self::SessionNotFound => "It may have been deleted; list the sessions (session/list).",
            Self::ProjectNotFound => "List the projects (project/list).",
            Self::MessageNotFound => "Fetch the messages again (session/messages).",
            Self::PartNotFound => "Fetch its message again (session/messages).",
            Self::StaleCursor => "Start again from the newest page.",
            Self::SessionBusy { .. } => {
                "Wait for the other window's turn, stop it (session/cancel), or take over (delivery `interrupt`)."
            }
            Self::ClientIdConflict => "Send a new clientId for a new prompt.",
            Self::FrameTooLarge { .. } => "Send less in one message, or raise limits.frameBytes.",
            Self::UntrustedWorkspace => {
                "Trust it if you know where it comes from: with `agentls trust`, or in your editor."
            }
            Self::PathOutside { .. } => "Use a path below the session's working directory.",
            Self::PermissionDenied { .. } => "Change the rule in the configuration's `permission` section.",
            Self::StorageFull => "Free disk space; what is in memory is written when there is room.",
            Self::StorageReadonly => "Make the data directory writable, or set AGENTLS_DATA_DIR.",
            Self::StorageNewer { .. } => "Update agentls: a newer version wrote this database.",
            Self::StorageDamaged => "Run `agentls doctor`; with `--repair` it salvages what can be read.",
            Self::StorageBusy => "Try again; another process is writing.",
            Self::StorageFailed => {
                "Look after the disk of the data directory; what is in memory is written when it works again."
            }
            Self::ProviderAuth => "Set the provider's API key in the variable that apiKeyEnv names.",
            Self::ProviderRateLimited { retry_at: Some(_) } => {
                "Wait until the time given, or use another model."
            }
            Self::ProviderRateLimited { retry_at: None } => "Wait a while, or use another model.",
            Self::ProviderUnavailable => "Check the network and the provider's baseUrl, then prompt again.",
            Self::ProviderStalled { .. } => "Prompt again; the timeouts are in the configuration.",
            Self::ProviderRejected { .. } => {
                "Read the provider's message; change the model, its options or the prompt."
            }
            Self::ModelNotFound { .. } => {
                "Choose another model (model/list), or add it to the configuration."
            }
            Self::ContextFloor { .. } => "Choose a model with a larger window, or start a new session.",
            Self::CompactionStuck { .. } => {
                "Compact it by hand, start a new session, or choose a model with a larger window."
            }
            Self::NetworkBlocked { .. } => "Only public addresses may be fetched.",
            Self::Interrupted => "Prompt again; nothing was re-run.",
            Self::InvalidConfig { .. } => "Correct the configuration at the place named.",
            Self::ImportFailed { .. } => {
                "Name the other program's database or export; what is here already is not taken twice."
            }
            Self::Internal { .. } => "Please report this with the log.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_named_as_in_the_protocol_and_carries_its_data() {
        let kind = FailureKind::ContextFloor { need: 9, have: 4 };
        assert_eq!(kind.name(), "contextFloor");
        assert_eq!(serde_json::to_string(&kind).unwrap(), r#"{"kind":"contextFloor","need":9,"have":4}"#);
    }

    #[test]
    fn what_is_not_known_is_left_out_and_no_cure_speaks_of_it() {
        for kind in [
            FailureKind::ProviderRateLimited { retry_at: None },
            FailureKind::ProviderRejected { item: None },
        ] {
            let json = serde_json::to_value(&kind).unwrap();
            assert_eq!(json.as_object().unwrap().len(), 1, "{json}");
            assert_eq!(serde_json::from_value::<FailureKind>(json).unwrap(), kind);
            assert!(!kind.cure().contains("time given"), "{}", kind.cure());
        }
    }

    #[test]
    fn a_cure_for_the_circumstances_stands_before_that_of_the_kind_and_is_kept() {
        let plain = Failure::new(FailureKind::ProviderAuth, "401");
        assert_eq!(plain.cure(), plain.kind.cure());
        let own = plain.with_cure("Name a variable.");
        let read = serde_json::from_str::<Failure>(&serde_json::to_string(&own).unwrap()).unwrap();
        assert_eq!((read.cure(), &read), ("Name a variable.", &own));
    }
}
