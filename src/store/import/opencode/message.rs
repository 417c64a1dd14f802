//! opencode's message rows in our words. Pure: a row's JSON in, facts out, whatever the JSON says.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::shape::{Number, Tokens, Unreadable, lenient, usage};
use crate::transcript::{
    Failure, FailureKind, FinishReason, MessageId, ModelRef, Role, Timestamp, Usage, text,
};

/// The longest message of a failure that is kept, in bytes.
pub(in crate::store) const LONGEST_REASON: usize = 1_000;

/// What an answer ended with that opencode never ended.
const UNFINISHED: &str = "opencode did not finish this answer";

/// A message without its parts.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct MessageFacts {
    /// Who speaks.
    pub role: Role,
    /// The user message that it answers.
    pub parent: Option<MessageId>,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it was complete. Nothing that is imported is still running.
    pub completed_at: Timestamp,
    /// Whether it had no end there: it may be whole at the next import.
    pub open: bool,
    /// The agent asked or answering.
    pub agent: Option<String>,
    /// The model asked or answering.
    pub model: Option<ModelRef>,
    /// Whether it is a finished summary: the live history begins with it.
    pub summary: bool,
    /// Why the provider call ended.
    pub finish: Option<FinishReason>,
    /// What went wrong.
    pub error: Option<Failure>,
    /// What its provider call consumed.
    pub usage: Option<Usage>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Times {
    #[serde(deserialize_with = "lenient")]
    created: Option<Number>,
    #[serde(deserialize_with = "lenient")]
    completed: Option<Number>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Speaker {
    User,
    Assistant,
}

#[derive(Deserialize)]
struct Row<'a> {
    role: Speaker,
    #[serde(default, deserialize_with = "lenient")]
    time: Option<Times>,
    #[serde(default, deserialize_with = "lenient")]
    agent: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    model: Option<ModelChoice>,
    #[serde(default, rename = "providerID", deserialize_with = "lenient")]
    provider_id: Option<String>,
    #[serde(default, rename = "modelID", deserialize_with = "lenient")]
    model_id: Option<String>,
    #[serde(default, rename = "parentID", deserialize_with = "lenient")]
    parent_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    tokens: Option<Tokens>,
    #[serde(default, deserialize_with = "lenient")]
    cost: Option<Number>,
    #[serde(default, deserialize_with = "lenient")]
    finish: Option<String>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
    /// `true` in a summary; in a user message an object with the turn's diffs, which is not taken over.
    #[serde(default, deserialize_with = "lenient")]
    summary: Option<bool>,
}

/// A model as user messages and sessions name it.
#[derive(Deserialize)]
pub(super) struct ModelChoice {
    #[serde(rename = "providerID")]
    provider_id: String,
    /// Sessions call it `id`.
    #[serde(rename = "modelID", alias = "id")]
    model_id: String,
}

impl From<ModelChoice> for ModelRef {
    fn from(choice: ModelChoice) -> Self {
        Self { provider: choice.provider_id, id: choice.model_id }
    }
}

/// Reads a message. `created` counts where the row's own time is missing.
pub(in super::super) fn read(json: &str, created: Timestamp) -> Result<MessageFacts, Unreadable> {
    let row: Row<'_> = serde_json::from_str(json)?;
    let times = row.time.unwrap_or_default();
    let created_at = times.created.map_or(created, Number::time);
    let completed = times.completed.map(Number::time);
    let answers = matches!(row.role, Speaker::Assistant);
    let failed = row.error.filter(|error| error.get() != "null");
    let unfinished = answers && completed.is_none() && row.finish.is_none();
    let error = match failed {
        Some(error) => Some(failure(error.get())),
        None if unfinished => Some(Failure::new(FailureKind::Interrupted, UNFINISHED)),
        None => None,
    };
    let named = row.provider_id.zip(row.model_id).map(|(provider, id)| ModelRef { provider, id });
    Ok(MessageFacts {
        role: if answers { Role::Assistant } else { Role::User },
        parent: row.parent_id.map(MessageId::from),
        created_at,
        completed_at: completed.unwrap_or(created_at),
        open: answers && completed.is_none(),
        agent: row.agent,
        model: named.or_else(|| row.model.map(ModelRef::from)),
        summary: answers && row.summary == Some(true) && row.finish.is_some() && error.is_none(),
        finish: row.finish.as_deref().and_then(finish_reason),
        error,
        usage: if answers { usage(row.tokens, row.cost) } else { None },
    })
}

/// Why a provider call ended; `None` for words that say nothing (`unknown`, `other`).
pub(super) fn finish_reason(word: &str) -> Option<FinishReason> {
    match word {
        "stop" => Some(FinishReason::EndTurn),
        "tool-calls" => Some(FinishReason::ToolCalls),
        "length" => Some(FinishReason::MaxTokens),
        "content-filter" => Some(FinishReason::Refusal),
        _ => None,
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorRow {
    #[serde(deserialize_with = "lenient")]
    name: Option<String>,
    #[serde(deserialize_with = "lenient")]
    data: Option<ErrorData>,
}

/// The provider's headers and body stand beside these and are left there: they may hold secrets.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorData {
    #[serde(deserialize_with = "lenient")]
    message: Option<String>,
    #[serde(rename = "statusCode", deserialize_with = "lenient")]
    status: Option<u16>,
    #[serde(rename = "isRetryable", deserialize_with = "lenient")]
    retryable: Option<bool>,
}

fn failure(json: &str) -> Failure {
    let ErrorRow { name, data } = serde_json::from_str(json).unwrap_or_default();
    let (name, data) = (name.unwrap_or_default(), data.unwrap_or_default());
    let kind = match (name.as_str(), data.status) {
        ("MessageAbortedError", _) => FailureKind::Interrupted,
        ("ProviderAuthError", _) | ("APIError", Some(401 | 403)) => FailureKind::ProviderAuth,
        ("APIError", Some(429)) => FailureKind::ProviderRateLimited { retry_at: None },
        ("APIError", Some(500..)) => FailureKind::ProviderUnavailable,
        ("APIError", None) if data.retryable == Some(true) => FailureKind::ProviderUnavailable,
        _ => FailureKind::ProviderRejected { item: None },
    };
    let reason = data.message.filter(|message| !message.trim().is_empty()).unwrap_or(name);
    Failure::new(kind, text::ellipsis(&format!("in opencode: {reason}"), LONGEST_REASON))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> MessageFacts {
        read(json, Timestamp(7)).unwrap()
    }

    #[test]
    fn an_answer_keeps_who_when_how_it_ended_and_what_it_cost() {
        let facts = of(
            r#"{"role":"assistant","parentID":"msg_1","agent":"build","modelID":"m","providerID":"p","cost":0.5,
               "tokens":{"total":9,"input":1,"output":2,"reasoning":3,"cache":{"read":4,"write":5}},
               "time":{"created":10,"completed":20},"finish":"tool-calls"}"#,
        );
        insta::assert_debug_snapshot!(facts);
    }

    #[test]
    fn only_a_finished_summary_is_a_boundary() {
        let summary = |more: &str| {
            of(&format!(r#"{{"role":"assistant","summary":true,"time":{{"completed":1}}{more}}}"#)).summary
        };
        assert!(summary(r#","finish":"stop""#));
        assert!(!summary(""));
        assert!(!summary(r#","finish":"stop","error":{"name":"APIError"}"#));
        assert!(!of(r#"{"role":"user","summary":{"diffs":[]}}"#).summary);
    }

    #[test]
    fn nothing_is_taken_for_running() {
        let open = of(r#"{"role":"assistant","time":{"created":5}}"#);
        assert_eq!(
            (open.completed_at, open.error.map(|error| error.kind)),
            (Timestamp(5), Some(FailureKind::Interrupted))
        );
        assert_eq!(of(r#"{"role":"assistant","time":{"completed":6}}"#).error, None);
        assert_eq!(of(r#"{"role":"user"}"#).completed_at, Timestamp(7));
    }

    #[test]
    fn failures_get_the_kind_that_fits_and_no_headers() {
        for (error, kind) in [
            (r#"{"name":"MessageAbortedError","data":{"message":"Aborted"}}"#, "interrupted"),
            (r#"{"name":"ProviderAuthError","data":{"message":"no key"}}"#, "providerAuth"),
            (r#"{"name":"APIError","data":{"message":"slow","statusCode":429}}"#, "providerRateLimited"),
            (r#"{"name":"APIError","data":{"message":"down","statusCode":503}}"#, "providerUnavailable"),
            (r#"{"name":"APIError","data":{"message":"cut","isRetryable":true}}"#, "providerUnavailable"),
            (
                r#"{"name":"APIError","data":{"message":"no","statusCode":400,"responseHeaders":{"x":"canary"}}}"#,
                "providerRejected",
            ),
            (
                r#"{"name":"ContextOverflowError","data":{"message":"long","responseBody":"canary"}}"#,
                "providerRejected",
            ),
            (r#"{"name":"MessageOutputLengthError","data":{}}"#, "providerRejected"),
            (r#""a word""#, "providerRejected"),
        ] {
            let failure = of(&format!(r#"{{"role":"assistant","error":{error}}}"#)).error.unwrap();
            assert_eq!(failure.kind.name(), kind, "{error}");
            assert!(failure.message.starts_with("in opencode: ") && !failure.message.contains("canary"));
        }
    }

    #[test]
    fn a_row_without_a_known_role_is_unreadable_and_odd_members_are_missing() {
        for json in ["", "[]", "{}", r#"{"role":"system"}"#, r#"{"role":7}"#, r#"{"role":"user""#] {
            assert!(read(json, Timestamp(0)).is_err(), "{json}");
        }
        let odd = of(
            r#"{"role":"assistant","time":"now","tokens":"many","cost":"free","finish":{},"agent":[],"error":null,"modelID":1}"#,
        );
        assert_eq!((odd.usage, odd.finish, odd.agent, odd.model), (None, None, None, None));
    }

    #[test]
    fn a_long_reason_is_kept_by_its_beginning() {
        let error = format!(r#"{{"name":"APIError","data":{{"message":"{}"}}}}"#, "é".repeat(LONGEST_REASON));
        let failure = of(&format!(r#"{{"role":"assistant","error":{error}}}"#)).error.unwrap();
        assert!(
            failure.message.len() <= LONGEST_REASON && failure.message.ends_with("é…"),
            "{}",
            failure.message
        );
    }
}
