//! A request as it may be shown: byte for byte what is sent, but for secrets (invariant 13). Pure.
//!
//! Credentials are named without their values. In the body only the values of options whose names speak of a secret
//! are hidden, and credentials wherever somebody has written them into the conversation.

use bytes::Bytes;
use serde_json::{Map, Value};

use super::{Outgoing, body::json, http::Credential};
use crate::transcript::secret::{HIDDEN, Secrets, is_secret, redacted_url};

/// Speaks of a key and is none: the provider's prompt cache goes by it.
const CACHE_KEY: &str = "prompt_cache_key";

/// `outgoing` without secrets. `options` are those merged into it.
pub(super) fn shown(
    outgoing: &Outgoing,
    credentials: &[Credential],
    secrets: &Secrets,
    options: [&Map<String, Value>; 2],
) -> Outgoing {
    let named = credentials.iter().map(|(name, _)| (name.clone(), HIDDEN.to_owned()));
    let plain = outgoing.headers.iter().map(|(name, value)| (name.clone(), secrets.hide(value)));
    let body = String::from_utf8_lossy(&outgoing.body);
    let body = options.into_iter().fold(body.into_owned(), hide_options);
    Outgoing {
        model: outgoing.model.clone(),
        url: secrets.hide(&redacted_url(&outgoing.url)),
        headers: plain.chain(named).collect(),
        body: Bytes::from(secrets.hide(&body)),
    }
}

/// Hides options in a body that was written without white space.
fn hide_options(mut body: String, options: &Map<String, Value>) -> String {
    let member = |name: &str, value: &Value| {
        let (name, value) = (json(name), json(value));
        format!("{}:{}", String::from_utf8_lossy(&name), String::from_utf8_lossy(&value))
    };
    for (name, value) in options {
        match value {
            Value::String(_) | Value::Array(_) if is_secret(name) && name != CACHE_KEY => {
                body = body.replace(&member(name, value), &member(name, &HIDDEN.into()));
            }
            Value::Object(inner) => body = hide_options(body, inner),
            Value::Array(list) => {
                body = list.iter().filter_map(Value::as_object).fold(body, hide_options);
            }
            _ => {}
        }
    }
    body
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn secrets_are_hidden_and_every_other_byte_stays() {
        let options = map(json!({
            "max_tokens": 7, "metadata": {"apiKey": "canary-1", "team": "a"},
            "tokens": ["canary-2"], "servers": [{"authorization": "canary-3"}],
            "prompt_cache_key": "mine",
        }));
        let mut sent = options.clone();
        sent.insert("input".to_owned(), json!(["apiKey is canary-1x", "my key: sk-canary-4", "ü"]));
        let sent = Value::Object(sent).to_string();
        let outgoing = Outgoing {
            model: "m".into(),
            url: "https://me:canary-5@host/v1".into(),
            headers: vec![("x-title".into(), "t".into())],
            body: Bytes::from(sent.clone()),
        };
        let credentials = [("authorization".to_owned(), "Bearer sk-canary-4".to_owned())];
        let secrets = Secrets::new(["sk-canary-4".to_owned()]);
        let seen = shown(&outgoing, &credentials, &secrets, [&options, &Map::new()]);
        let expected = sent
            .replace(r#":"canary-1""#, r#":"[redacted]""#)
            .replace(r#"["canary-2"]"#, r#""[redacted]""#)
            .replace("canary-3", "[redacted]")
            .replace("sk-canary-4", "[redacted]");
        assert_eq!(String::from_utf8_lossy(&seen.body), expected);
        assert_eq!(seen.url, "https://[redacted]@host/v1");
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(seen.headers, [header("x-title", "t"), header("authorization", "[redacted]")]);
        let nothing = shown(&outgoing, &[], &Secrets::default(), [&Map::new(), &Map::new()]);
        assert_eq!(nothing.body, outgoing.body, "without secrets it is what is sent");
    }
}
