//! Markdown with front matter: YAML between two lines of `---`, then the text. Pure.

use serde_json::{Map, Value};

use crate::transcript::text;

/// Bytes that are shown of a key that means nothing.
const SHOWN_KEY: usize = 60;

/// The front matter and the text behind it; `None` when the document does not begin with any.
pub(super) fn split(document: &str) -> Option<(&str, &str)> {
    let rest = document.strip_prefix("---")?;
    let (first, rest) = rest.split_once('\n')?;
    if !first.trim().is_empty() {
        return None;
    }
    // Empty front matter has its end at once.
    if let Some(body) = behind_fence(rest) {
        return Some(("", body));
    }
    rest.match_indices("\n---").find_map(|(at, _)| {
        let (matter, tail) = rest.split_at(at);
        Some((matter, behind_fence(tail.strip_prefix('\n')?)?))
    })
}

/// What stands behind a line of three dashes at the beginning.
fn behind_fence(text: &str) -> Option<&str> {
    let behind = text.strip_prefix("---")?;
    let (line, body) = behind.split_once('\n').unwrap_or((behind, ""));
    line.trim().is_empty().then_some(body)
}

/// The fields of front matter, taken out one by one: what is wrong with one costs that one, and is said with its line.
#[derive(Debug, Default)]
pub(super) struct Fields {
    map: Map<String, Value>,
    /// The front matter as it is written.
    matter: String,
    /// What is wrong, a line for each.
    pub(super) mistakes: Vec<String>,
    /// Whether a field that is there could not be read.
    pub(super) broken: bool,
}

impl Fields {
    /// Reads YAML. What is none leaves no fields, and a mistake.
    pub(super) fn read(matter: &str) -> Self {
        let mut fields = Self { matter: matter.to_owned(), ..Self::default() };
        match serde_yaml_ng::from_str::<Option<Map<String, Value>>>(matter) {
            Ok(map) => fields.map = map.unwrap_or_default(),
            Err(error) => {
                // The line of dashes stands before it.
                let place = error.location().map(|place| format!("line {}: ", place.line() + 1));
                let message = error.to_string();
                // The reader's own place counts from the front matter's first line.
                let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(said, _)| said);
                fields.wrong(format!("{}{message}", place.unwrap_or_default()));
            }
        }
        fields
    }

    /// A text; `None` when it is missing, or nothing but white space.
    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        match self.take(key)? {
            Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            Value::Number(number) => Some(number.to_string()),
            _ => self.wrong_type(key, "a text"),
        }
    }

    /// A list of texts.
    pub(super) fn list(&mut self, key: &str) -> Option<Vec<String>> {
        let Value::Array(values) = self.take(key)? else { return self.wrong_type(key, "a list of texts") };
        let texts: Option<Vec<String>> =
            values.iter().map(|value| Some(value.as_str()?.to_owned())).collect();
        if texts.is_none() {
            return self.wrong_type(key, "a list of texts");
        }
        texts
    }

    /// A whole number from 1 on.
    pub(super) fn number(&mut self, key: &str) -> Option<u32> {
        let value = self.take(key)?;
        let number =
            value.as_u64().and_then(|number| u32::try_from(number).ok()).filter(|number| *number > 0);
        if number.is_none() {
            return self.wrong_type(key, "a whole number from 1 on");
        }
        number
    }

    /// An object.
    pub(super) fn object(&mut self, key: &str) -> Option<Map<String, Value>> {
        match self.take(key)? {
            Value::Object(object) => Some(object),
            _ => self.wrong_type(key, "an object"),
        }
    }

    /// Says of each field that nobody took that it means nothing. `known` are those that would.
    pub(super) fn finish(&mut self, known: &[&str]) {
        for key in std::mem::take(&mut self.map).keys() {
            let near = similar::get_close_matches(key.as_str(), known, 1, 0.6);
            let cure = near.first().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            self.note(key, &format!("means nothing here{cure}"));
        }
    }

    /// Something about a field that does not keep the rest from counting.
    pub(super) fn note(&mut self, key: &str, message: &str) {
        let place = self.line_of(key).map(|line| format!("line {line}: ")).unwrap_or_default();
        self.mistakes.push(format!("{place}`{}` {message}", text::ellipsis(key, SHOWN_KEY)));
    }

    fn take(&mut self, key: &str) -> Option<Value> {
        self.map.shift_remove(key).filter(|value| !value.is_null())
    }

    fn wrong_type<T>(&mut self, key: &str, expected: &str) -> Option<T> {
        self.note(key, &format!("must be {expected}"));
        self.broken = true;
        None
    }

    fn wrong(&mut self, message: String) {
        self.mistakes.push(message);
        self.broken = true;
    }

    /// The line of a field in the document.
    fn line_of(&self, key: &str) -> Option<usize> {
        let names = |line: &str| {
            let name = line.trim_start_matches(['"', '\'']).strip_prefix(key);
            name.is_some_and(|rest| rest.trim_start_matches(['"', '\'', ' ']).starts_with(':'))
        };
        self.matter.lines().position(names).map(|at| at + 2)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn front_matter_ends_at_a_line_of_dashes() {
        for (document, expected) in [
            ("---\na: 1\n---\nbody\n---\nmore", Some(("a: 1", "body\n---\nmore"))),
            ("---\r\na: 1\r\n---\r\nbody", Some(("a: 1\r", "body"))),
            ("---\na: 1\n--- x\nb: 2\n---", Some(("a: 1\n--- x\nb: 2", ""))),
            ("---\n---\nbody", Some(("", "body"))),
            ("--- a\nbody\n---\n", None),
            ("---\nnever closed", None),
            ("body", None),
        ] {
            assert_eq!(split(document), expected, "{document:?}");
        }
    }

    fn fields(matter: &str) -> Fields {
        Fields::read(matter)
    }

    #[test]
    fn each_mistake_names_its_line_in_the_document_and_its_key() {
        for (matter, said) in [
            ("one: 1\ntwo: [\n", "line "),
            ("text: [1]\n", "line 2: `text` must be a text"),
            ("a: b\n\"list\": one\n", "line 3: `list` must be a list of texts"),
            ("list: [1, x]", "line 2: `list` must be a list of texts"),
            ("number: 0", "line 2: `number` must be a whole number from 1 on"),
            ("object: []", "line 2: `object` must be an object"),
            ("- a\n- b\n", "invalid type"),
        ] {
            let mut fields = fields(matter);
            fields.text("text");
            fields.list("list");
            fields.number("number");
            fields.object("object");
            assert!(fields.broken && fields.mistakes[0].contains(said), "{matter:?}: {:?}", fields.mistakes);
        }
    }

    #[test]
    fn what_nobody_asked_for_is_named_with_what_was_perhaps_meant() {
        let mut fields = fields("descripton: x\ncolour: red\n");
        fields.finish(&["description", "model"]);
        assert_eq!(
            fields.mistakes,
            [
                "line 2: `descripton` means nothing here; did you mean `description`?",
                "line 3: `colour` means nothing here"
            ]
        );
        assert!(!fields.broken);
    }

    #[test]
    fn fields_are_read_by_their_types() {
        let mut fields = fields("text: ' a '\nlist: [a, b]\nnumber: 7\nobject: {\"*\": ask}\nempty:\n");
        assert_eq!(fields.text("text").as_deref(), Some("a"));
        assert_eq!(fields.list("list"), Some(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(fields.number("number"), Some(7));
        assert_eq!(fields.object("object").unwrap()["*"], "ask");
        assert_eq!((fields.text("empty"), fields.text("missing")), (None, None));
        fields.finish(&[]);
        assert!(fields.mistakes.is_empty());
    }

    proptest! {
        #[test]
        fn any_text_is_split_without_harm(text in "(---|\n|\r|a: 1|é| ){0,12}") {
            if let Some((matter, body)) = split(&text) {
                prop_assert!(text.len() >= matter.len() + body.len() + 6);
                prop_assert!(text.ends_with(body));
            }
        }
    }
}
