//! The configuration as it may be shown: without what looks like a secret (invariant 13). Pure.

use serde_json::{Map, Value};

use super::Config;

/// Stands in place of a secret.
const HIDDEN: &str = "[redacted]";

/// Parts of names whose values are secrets.
const SECRET_WORDS: [&str; 8] =
    ["auth", "key", "token", "secret", "password", "cookie", "credential", "signature"];

/// A copy without secrets: values of headers and options whose names speak of one, and passwords in URLs.
pub fn redacted(config: &Config) -> Config {
    let mut copy = config.clone();
    for provider in copy.providers.values_mut() {
        for (name, value) in &mut provider.headers {
            if is_secret(name) {
                HIDDEN.clone_into(value);
            }
        }
        provider.base_url = provider.base_url.take().map(|url| without_password(&url));
        redact(&mut provider.options);
        provider.models.values_mut().for_each(|model| redact(&mut model.options));
    }
    for own in [&mut copy.agents, &mut copy.commands] {
        redact(own);
    }
    copy
}

fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    SECRET_WORDS.iter().any(|word| name.contains(word))
}

fn redact(object: &mut Map<String, Value>) {
    for (name, value) in object {
        match value {
            Value::Object(inner) => redact(inner),
            Value::Array(list) => list.iter_mut().filter_map(Value::as_object_mut).for_each(redact),
            Value::String(text) if is_secret(name) => HIDDEN.clone_into(text),
            _ => {}
        }
    }
}

/// `https://user:password@host` → `https://[redacted]@host`.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (host, path) = rest.split_once('/').map_or((rest, None), |(host, path)| (host, Some(path)));
    match (host.rsplit_once('@'), path) {
        (Some((_, host)), Some(path)) => format!("{scheme}://{HIDDEN}@{host}/{path}"),
        (Some((_, host)), None) => format!("{scheme}://{HIDDEN}@{host}"),
        (None, _) => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_that_looks_like_a_secret_is_shown() {
        let config: Config = serde_json::from_value(json!({"providers": {"p": {
            "baseUrl": "https://me:canary@host/v1",
            "headers": {"Authorization": "Bearer canary", "X-Api-Key": "canary", "X-Title": "shown"},
            "options": {"apiToken": "canary", "nested": [{"password": "canary"}], "seed": 7},
            "models": {"m": {"options": {"secret": "canary"}}},
        }}}))
        .unwrap();
        let shown = serde_json::to_string(&redacted(&config)).unwrap();
        assert!(!shown.contains("canary"), "{shown}");
        assert!(shown.contains("shown") && shown.contains("host/v1") && shown.contains("\"seed\":7"));
    }
}
