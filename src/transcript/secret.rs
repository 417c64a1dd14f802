//! What of a configuration is a secret, by its name, and what stands in its place where it is shown (invariant 13).
//!
//! Pure. Names are a guess, and guess rather too much.

use serde_json::{Map, Value};

use super::text;

/// Stands in place of a secret.
pub const HIDDEN: &str = "[redacted]";

/// Parts of names whose values are secrets.
const WORDS: [&str; 8] = ["auth", "key", "token", "secret", "password", "cookie", "credential", "signature"];

/// Whether a name says that its value is a secret.
pub fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    WORDS.iter().any(|word| name.contains(word))
}

/// Values that must not appear in any text.
#[derive(Clone, Default)]
pub struct Secrets(Vec<String>);

impl Secrets {
    /// Empty values and those too short to tell from ordinary words are left out.
    pub fn new(values: impl IntoIterator<Item = String>) -> Self {
        const SHORTEST: usize = 6;
        Self(values.into_iter().filter(|value| value.len() >= SHORTEST).collect())
    }

    /// `text` without them.
    pub fn hide(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), HIDDEN))
    }

    /// The length of the longest end of `text` with which one of them begins, in bytes.
    fn begun_at_the_end_of(&self, text: &str) -> usize {
        let longest = |secret: &String| {
            let beginnings = secret.char_indices().map(|(at, _)| at).filter(|at| *at <= text.len());
            beginnings.filter(|at| text.ends_with(text::head(secret, *at))).max()
        };
        self.0.iter().filter_map(longest).max().unwrap_or_default()
    }

    /// Whether `text` holds any of them.
    pub fn are_in(&self, text: &str) -> bool {
        self.0.iter().any(|secret| text.contains(secret.as_str()))
    }
}

/// Hides secrets in a text that comes in pieces: what may be the beginning of one waits for what follows. What waits at
/// the end is never told here; the whole text is, elsewhere. Holds less than the longest secret.
#[derive(Debug, Default)]
pub struct Redactor {
    secrets: Secrets,
    waiting: String,
}

impl Redactor {
    /// Nothing has come yet.
    pub fn new(secrets: Secrets) -> Self {
        Self { secrets, waiting: String::new() }
    }

    /// What can be told now that `piece` has come.
    pub fn push(&mut self, piece: &str) -> String {
        self.waiting.push_str(piece);
        let clean = self.secrets.hide(&self.waiting);
        let (told, waits) = text::split(&clean, clean.len() - self.secrets.begun_at_the_end_of(&clean));
        waits.clone_into(&mut self.waiting);
        told.to_owned()
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} secrets", self.0.len())
    }
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
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// A configuration in which every text below a name that speaks of a secret is the canary.
    fn configuration() -> impl Strategy<Value = Value> {
        let name = prop_oneof![
            "[a-z]{1,6}",
            prop::sample::select(WORDS.to_vec()).prop_map(|word| format!("x-{}_1", word.to_uppercase())),
        ];
        let leaf = prop_oneof![any::<u32>().prop_map(Value::from), "[a-z]{0,8}".prop_map(Value::from)];
        leaf.prop_recursive(3, 24, 4, move |inner| {
            prop::collection::vec((name.clone(), inner), 0..4).prop_map(|members| {
                let member = |(name, value): (String, Value)| match value {
                    Value::Object(_) => (name, value),
                    _ if is_secret(&name) => (name, json!(["canary", 7, {"token": "canary"}])),
                    _ => (name, value),
                };
                members.into_iter().map(member).collect::<Map<_, _>>().into()
            })
        })
    }

    proptest! {
        #![proptest_config(crate::cases::cases())]

        #[test]
        fn p_04_no_text_below_a_secret_name_is_shown_and_every_other_value_stays(value in configuration()) {
            let mut object = Map::new();
            object.insert("all".to_owned(), value.clone());
            redact(&mut object);
            let shown = Value::Object(object).to_string();
            prop_assert!(!shown.contains("canary"), "{}", shown);
            prop_assert_eq!(shown.replace(HIDDEN, "canary"), json!({"all": value}).to_string());
        }
    }

    proptest! {
        #[test]
        fn a_secret_in_pieces_is_never_told_and_all_else_is_but_what_may_begin_one(
            pieces in prop::collection::vec("(se|cret|-key|secret-key|s|é| x){0,3}", 0..12),
        ) {
            let secrets = Secrets::new(["secret-key".to_owned()]);
            let mut redactor = Redactor::new(secrets.clone());
            let mut told: String = pieces.iter().map(|piece| redactor.push(piece)).collect();
            prop_assert!(!secrets.are_in(&told));
            prop_assert!("secret-key".starts_with(&redactor.waiting));
            told.push_str(&redactor.waiting);
            prop_assert_eq!(told, secrets.hide(&pieces.concat()));
        }
    }

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
