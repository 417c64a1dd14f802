//! What a provider's refusal means: HTTP statuses, headers and error objects become a [`ProviderError`].
//!
//! Vendors agree on the statuses and not on much else, so that texts are searched for in the places where any
//! of them puts one. Nothing here waits or retries. Invariant 13: texts pass through [`Secrets`].

use std::time::{Duration, SystemTime};

use reqwest::{StatusCode, header::HeaderMap};
use serde_json::Value;

use super::ProviderError;
use crate::transcript::{secret::Secrets, text};

/// The most of a provider's words that is passed on, in bytes.
pub(in crate::provider) const MAX_MESSAGE_BYTES: usize = 2_000;

/// Anthropic's "overloaded".
const OVERLOADED: u16 = 529;

/// Error codes in a 429 that waiting does not cure: the account has no money or no plan.
const OUT_OF_MONEY: [&str; 3] = ["insufficient_quota", "billing_not_active", "billing_error"];

impl Secrets {
    /// `text` without secrets, bounded.
    pub(super) fn clean(&self, text: &str) -> String {
        text::ellipsis(self.hide(text).trim(), MAX_MESSAGE_BYTES)
    }

    /// `error` without secrets in its words.
    pub(super) fn clean_error(&self, error: ProviderError) -> ProviderError {
        match error {
            ProviderError::Auth(message) => ProviderError::Auth(self.clean(&message)),
            ProviderError::KeyWanted(message) => ProviderError::KeyWanted(self.clean(&message)),
            ProviderError::RateLimited { message, retry_after } => {
                ProviderError::RateLimited { message: self.clean(&message), retry_after }
            }
            ProviderError::Unavailable { message, retry_after } => {
                ProviderError::Unavailable { message: self.clean(&message), retry_after }
            }
            ProviderError::Overflow(message) => ProviderError::Overflow(self.clean(&message)),
            ProviderError::Rejected { status, message } => {
                ProviderError::Rejected { status, message: self.clean(&message) }
            }
            stalled @ ProviderError::Stalled { .. } => stalled,
        }
    }
}

/// The meaning of an HTTP status other than success. `body` may be only the beginning.
pub(super) fn of_status(status: StatusCode, headers: &HeaderMap, body: &str) -> ProviderError {
    let (code, words) = words_of(body);
    let message = format!("{status}: {words}");
    let retry_after = retry_after(headers, SystemTime::now());
    match status.as_u16() {
        401 | 403 => ProviderError::Auth(message),
        429 if code.as_deref().is_some_and(|code| OUT_OF_MONEY.contains(&code)) => {
            ProviderError::Rejected { status: 429, message }
        }
        429 => ProviderError::RateLimited { message, retry_after },
        OVERLOADED if retry_after.is_some() => ProviderError::RateLimited { message, retry_after },
        // 408: the server itself gave up waiting, and says that the request may be sent again.
        408 | 500.. => ProviderError::Unavailable { message, retry_after },
        400 | 413 | 422 if is_overflow(code.as_deref(), &message) => ProviderError::Overflow(message),
        status => ProviderError::Rejected { status, message },
    }
}

/// Whether a refusal says that the request is larger than the model's window. There is no code that all vendors
/// share; these are their words.
fn is_overflow(code: Option<&str>, message: &str) -> bool {
    const CODES: [&str; 2] = ["context_length_exceeded", "exceed_context_size_error"];
    const WORDS: [&str; 8] = [
        "context length",
        "context window",
        "context size",
        "context_length",
        "prompt is too long",
        "input is too long",
        "too many tokens",
        "maximum number of tokens",
    ];
    let message = message.to_lowercase();
    code.is_some_and(|code| CODES.contains(&code)) || WORDS.iter().any(|words| message.contains(words))
}

/// The meaning of an error that arrives inside a stream which began well.
pub(super) fn of_event(error: &Value) -> ProviderError {
    let (code, message) = fields_of(error);
    let message = message.unwrap_or_else(|| error.to_string());
    match code.as_deref().unwrap_or_default() {
        "rate_limit_exceeded" | "rate_limit_error" | "429" => {
            ProviderError::RateLimited { message, retry_after: None }
        }
        "authentication_error" | "permission_error" | "invalid_api_key" | "401" | "403" => {
            ProviderError::Auth(message)
        }
        "server_error" | "api_error" | "overloaded_error" | "timeout_error" | "server_overloaded" => {
            ProviderError::Unavailable { message, retry_after: None }
        }
        code if code.parse::<u16>().is_ok_and(|status| status >= 500) => {
            ProviderError::Unavailable { message, retry_after: None }
        }
        code if is_overflow(Some(code), &message) => ProviderError::Overflow(message),
        _ => senseless(message),
    }
}

/// The meaning of an event without any vendor's frame around it: `{"code", "message"}`, as gateways and llama.cpp
/// send it. `None` for anything else.
pub(super) fn of_bare_event(data: &str) -> Option<ProviderError> {
    let event = serde_json::from_str::<Value>(data).ok()?;
    let is_error = event.get("code").is_some() && event.get("message").is_some_and(Value::is_string);
    is_error.then(|| of_event(&event))
}

/// An answer with status 200 that makes no sense.
pub(super) fn senseless(message: impl Into<String>) -> ProviderError {
    ProviderError::Rejected { status: 200, message: message.into() }
}

/// The connection failed or broke.
pub(super) fn broken(message: impl Into<String>) -> ProviderError {
    ProviderError::Unavailable { message: message.into(), retry_after: None }
}

/// Code and message of an error body: JSON of any vendor's shape, else the text itself.
fn words_of(body: &str) -> (Option<String>, String) {
    let parsed: Option<Value> = serde_json::from_str(body).ok();
    let (code, message) = parsed.as_ref().map(fields_of).unwrap_or_default();
    let message = message.unwrap_or_else(|| match body.trim() {
        "" => "no explanation".to_owned(),
        text => text.to_owned(),
    });
    (code, message)
}

/// `{"error": {"code" | "type", "message"}}`, `{"error": "…"}`, `{"message"}`, `{"detail"}`, `{"code", "message"}`.
fn fields_of(error: &Value) -> (Option<String>, Option<String>) {
    let inner = match error.get("error") {
        Some(inner) if !inner.is_null() => inner,
        _ => error,
    };
    let code = ["code", "type"].iter().find_map(|name| match inner.get(name) {
        Some(Value::String(code)) if code != "error" => Some(code.clone()),
        Some(Value::Number(code)) => Some(code.to_string()),
        _ => None,
    });
    let message = inner
        .as_str()
        .or_else(|| ["message", "detail"].iter().find_map(|name| inner.get(name).and_then(Value::as_str)));
    (code, message.map(str::to_owned))
}

/// How long to wait: `retry-after-ms`, else `retry-after` in seconds (fractions happen) or as an HTTP date.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let number = |text: &str| text.parse::<f64>().ok().filter(|number| *number >= 0.0);
    let millis = text("retry-after-ms").and_then(number).map(|millis| millis / 1_000.0);
    let seconds = || text("retry-after").and_then(number);
    if let Some(seconds) = millis.or_else(seconds) {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let date = httpdate::parse_http_date(text("retry-after")?).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn of(status: u16, body: &str) -> ProviderError {
        of_status(StatusCode::from_u16(status).unwrap(), &HeaderMap::new(), body)
    }

    #[test]
    fn a_wait_is_read_in_each_of_its_forms() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let date = httpdate::fmt_http_date(now + Duration::from_secs(90));
        let wait = |pairs: &[(&'static str, &str)]| retry_after(&headers(pairs), now);
        assert_eq!(wait(&[("retry-after", "7")]), Some(Duration::from_secs(7)));
        assert_eq!(wait(&[("retry-after", "0")]), Some(Duration::ZERO));
        assert_eq!(
            wait(&[("retry-after", "7"), ("retry-after-ms", "250")]),
            Some(Duration::from_millis(250))
        );
        assert_eq!(wait(&[("retry-after", &date)]), Some(Duration::from_secs(90)));
        assert_eq!(wait(&[("retry-after", "soon")]), None);
        assert_eq!(wait(&[("retry-after", "-1")]), None);
        assert_eq!(wait(&[("retry-after", "1e300")]), None);
    }

    #[test]
    fn statuses_fall_into_their_classes() {
        assert!(matches!(of(401, ""), ProviderError::Auth(_)));
        assert!(matches!(of(403, ""), ProviderError::Auth(_)));
        assert!(matches!(of(429, ""), ProviderError::RateLimited { .. }));
        assert!(matches!(of(408, ""), ProviderError::Unavailable { .. }));
        assert!(matches!(of(500, ""), ProviderError::Unavailable { .. }));
        assert!(matches!(of(529, ""), ProviderError::Unavailable { .. }));
        for status in [302, 400, 404, 409, 413, 422] {
            assert!(matches!(of(status, ""), ProviderError::Rejected { status: seen, .. } if seen == status));
        }
    }

    #[test]
    fn an_empty_account_is_not_a_rate_limit() {
        let error = of(429, r#"{"error":{"code":"insufficient_quota","message":"pay"}}"#);
        assert_eq!(
            error,
            ProviderError::Rejected { status: 429, message: "429 Too Many Requests: pay".into() }
        );
    }

    #[test]
    fn words_are_found_in_every_vendors_shape() {
        for body in [
            r#"{"error":{"message":"why","type":"x"}}"#,
            r#"{"error":"why"}"#,
            r#"{"message":"why"}"#,
            r#"{"detail":"why"}"#,
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"why"}}"#,
            "why\n",
        ] {
            assert_eq!(words_of(body).1, "why", "{body}");
        }
    }

    #[test]
    fn errors_inside_a_stream_fall_into_the_same_classes() {
        let event =
            |code: &str| of_event(&serde_json::json!({"type": "error", "code": code, "message": "m"}));
        assert!(event("server_error").retryable());
        assert!(event("rate_limit_exceeded").retryable());
        assert!(event("502").retryable());
        assert!(!event("invalid_prompt").retryable());
        assert!(matches!(event("authentication_error"), ProviderError::Auth(_)));
    }

    proptest! {
        #![proptest_config(crate::cases::cases())]

        #[test]
        fn p_04_no_secret_leaves_in_the_words_of_an_error(before in "\\PC{0,60}", after in "\\PC{0,20}", key in "[!-~]{6,40}") {
            let shown = Secrets::new([key.clone()]).clean(&format!("{before}{key}{after}"));
            prop_assert!(!shown.contains(&key) || "[redacted]".contains(&key), "{}", shown);
        }
    }

    proptest! {
        #[test]
        fn no_secret_leaves_and_words_are_bounded(before in "\\PC{0,3000}", after in "\\PC{0,20}") {
            let shown = Secrets::new(["sk-canary-1".to_owned()]).clean(&format!("{before}sk-canary-1{after}"));
            prop_assert!(!shown.contains("sk-canary-1"));
            prop_assert!(shown.len() <= MAX_MESSAGE_BYTES);
        }
    }
}
