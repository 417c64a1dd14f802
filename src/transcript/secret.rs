//! What of a configuration is a secret, by its name, and what stands in its place where it is shown (invariant 13).
//!
//! Pure. Names are a guess, and guess rather too much.

use serde_json::{Map, Value};

/// Stands in place of a secret.
pub const HIDDEN: &str = "[redacted]";

/// Parts of names whose values are secrets.
const WORDS: [&str; 8] = ["auth", "key", "token", "secret", "password", "cookie", "credential", "signature"];

/// Whether a name says that its value is a secret.
pub fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    WORDS.iter().any(|word| name.contains(word))
}

/// Replaces, at any depth, texts and lists of texts whose names speak of a secret. Numbers are none (`max_tokens`).
pub fn redact(object: &mut Map<String, Value>) {
    for (name, value) in object {
        match value {
            Value::Object(inner) => redact(inner),
            Value::String(text) if is_secret(name) => HIDDEN.clone_into(text),
            Value::Array(list) => list.iter_mut().for_each(|element| match element {
                Value::Object(inner) => redact(inner),
                Value::String(text) if is_secret(name) => HIDDEN.clone_into(text),
                _ => {}
            }),
            _ => {}
        }
    }
}

/// A URL without its password and without the values of secret parameters:
/// `https://user:password@host/path?key=1` → `https://[redacted]@host/path?key=[redacted]`.
pub fn redacted_url(url: &str) -> String {
    let (place, query) = url.split_once('?').map_or((url, None), |(place, query)| (place, Some(query)));
    let mut shown = without_password(place);
    if let Some(query) = query {
        let pairs = query.split('&').map(|pair| match pair.split_once('=') {
            Some((name, _)) if is_secret(name) => format!("{name}={HIDDEN}"),
            _ => pair.to_owned(),
        });
        shown = format!("{shown}?{}", pairs.collect::<Vec<_>>().join("&"));
    }
    shown
}

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
    use super::*;

    #[test]
    fn a_url_keeps_its_place_and_loses_its_secrets() {
        for (url, shown) in [
            ("https://host/v1", "https://host/v1"),
            ("https://me:canary@host/v1", "https://[redacted]@host/v1"),
            ("https://me:canary@host", "https://[redacted]@host"),
            ("https://host/v1?api-key=canary&v=2", "https://host/v1?api-key=[redacted]&v=2"),
            ("builtin:explorer", "builtin:explorer"),
        ] {
            assert_eq!(redacted_url(url), shown);
        }
    }
}
