//! Texts of a certain form: names of models, URLs, names of variables, hosts, globs, folders. Pure.
//!
//! Each form is said twice: as a pattern for editors (in the schema) and as the check that decides here. A property
//! test holds them together.

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use crate::transcript::ModelRef;

/// A form of texts.
pub(super) struct Format {
    /// Its name in the schema.
    pub(super) name: &'static str,
    /// What texts of that form match, where a pattern can say it. What is substituted later is taken by it, too.
    pattern: Option<&'static str>,
    /// What is expected, for a person.
    pub(super) expected: &'static str,
    /// One of that form.
    pub(super) example: &'static str,
    /// Whether a text is of that form.
    pub(super) fits: fn(&str) -> bool,
}

const MODEL: Format = Format {
    name: "model",
    pattern: Some(r"^[^/]+/[\s\S]+$|\{env:[^}]*\}"),
    expected: "a model as provider/model",
    example: "openai/gpt-5",
    fits: |text| text.parse::<ModelRef>().is_ok(),
};

const URL: Format = Format {
    name: "http-url",
    pattern: Some(r"^https?://[^/?#\s][^\s]*$|\{env:[^}]*\}"),
    expected: "a URL with http:// or https://",
    example: "https://host/v1",
    fits: is_url,
};

const VARIABLE: Format = Format {
    name: "variable",
    pattern: Some("^[A-Za-z_][A-Za-z0-9_]*$"),
    expected: "the name of an environment variable",
    example: "OPENAI_API_KEY",
    fits: |text| {
        text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && text.chars().all(|char| char.is_ascii_alphanumeric() || char == '_')
    },
};

const HOST: Format = Format {
    name: "host-pattern",
    pattern: Some(r"^(\*|(\*\.)?[A-Za-z0-9_:.\[\]-]+)$"),
    expected: "a host, without scheme and path",
    example: "*.example.com",
    fits: |text| {
        let name = text.strip_prefix("*.").unwrap_or(text);
        let of_a_host = |char: char| char.is_ascii_alphanumeric() || "_:.[]-".contains(char);
        text == "*" || (!name.is_empty() && name.chars().all(of_a_host))
    },
};

const GLOB: Format = Format {
    name: "glob",
    pattern: None,
    expected: "a path or a glob",
    example: "docs/*.md",
    fits: |text| !text.trim().is_empty() && globset::Glob::new(text).is_ok(),
};

const FOLDER: Format = Format {
    name: "folder",
    pattern: Some(r"^(/[\s\S]*|~(/[\s\S]*)?)$|\{env:[^}]*\}"),
    expected: "an absolute path, or one below ~/",
    example: "~/.cache/builds",
    fits: |text| text.starts_with('/') || text == "~" || text.starts_with("~/"),
};

const HEADER: Format = Format {
    name: "header",
    pattern: Some("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"),
    expected: "the name of an HTTP header",
    example: "X-Title",
    fits: |text| {
        let of_a_token = |char: char| char.is_ascii_alphanumeric() || "!#$%&'*+.^_`|~-".contains(char);
        !text.is_empty() && text.chars().all(of_a_token)
    },
};

const FORMATS: [Format; 7] = [MODEL, URL, VARIABLE, HOST, GLOB, FOLDER, HEADER];

impl Format {
    fn schema(&self) -> Schema {
        let mut schema = json_schema!({"type": "string", "format": self.name});
        if let Some(pattern) = self.pattern {
            schema.insert("pattern".to_owned(), pattern.into());
        }
        schema
    }

    fn optional(&self) -> Schema {
        let mut schema = self.schema();
        schema.insert("type".to_owned(), json!(["string", "null"]));
        schema
    }

    fn list(&self) -> Schema {
        json_schema!({"type": "array", "items": self.schema()})
    }
}

/// The form that a schema asks for. (Numbers have formats, too, which are none of ours.)
pub(super) fn of(schema: &Value) -> Option<Format> {
    let name = schema.get("format")?.as_str()?;
    FORMATS.into_iter().find(|format| format.name == name)
}

/// A host and nothing that cannot stand in a URL. What is wrong beyond that the connection says.
fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.starts_with(['/', '?', '#']) && !rest.is_empty())
        && !text.contains(char::is_whitespace)
}

pub(super) fn model(_: &mut SchemaGenerator) -> Schema {
    MODEL.schema()
}

pub(super) fn optional_model(_: &mut SchemaGenerator) -> Schema {
    MODEL.optional()
}

pub(super) fn optional_url(_: &mut SchemaGenerator) -> Schema {
    URL.optional()
}

pub(super) fn optional_variable(_: &mut SchemaGenerator) -> Schema {
    VARIABLE.optional()
}

pub(super) fn variables(_: &mut SchemaGenerator) -> Schema {
    VARIABLE.list()
}

pub(super) fn hosts(_: &mut SchemaGenerator) -> Schema {
    HOST.list()
}

pub(super) fn globs(_: &mut SchemaGenerator) -> Schema {
    GLOB.list()
}

pub(super) fn folders(_: &mut SchemaGenerator) -> Schema {
    FOLDER.list()
}

pub(super) fn headers(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "propertyNames": HEADER.schema(),
        "additionalProperties": {"type": "string"},
    })
}

#[cfg(test)]
mod tests {
    use grep_matcher::Matcher;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_example_is_of_its_form() {
        for format in FORMATS {
            assert!((format.fits)(format.example), "{}", format.name);
        }
    }

    proptest! {
        #[test]
        fn editors_are_told_what_is_checked(text in "(https?://|~|/|\\*\\.)?[a-zA-Z_:/. *é?\\[#0-9-]{0,12}") {
            for format in FORMATS {
                let Some(pattern) = format.pattern else { continue };
                let pattern = grep_regex::RegexMatcherBuilder::new().build(pattern).unwrap();
                let matches = pattern.is_match(text.as_bytes()).unwrap();
                prop_assert_eq!((format.fits)(&text), matches, "{} {:?}", format.name, text);
            }
        }
    }
}
