//! Evidence: what stays of a tool result in what the model sees once the result itself is compacted.
//!
//! Invariant 3: a pure function of stored facts, written when the tool completes, at most [`MOST_BYTES`] whatever
//! the input, the same bytes on every replay. The whole result stays in the store; the last line says how to read it.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{PartId, ToolPart, excerpt, text};

/// The most that a digest has, in bytes.
pub const MOST_BYTES: usize = 1_024;

/// The version of [`Record`] that this program writes.
const VERSION: u32 = 1;

/// Caps of the single fields, in bytes. Together with the labels they leave room for an excerpt.
const TOOL: usize = 40;
const TITLE: usize = 120;
const INPUT: usize = 240;
const PATH: usize = 200;
const ATTACHMENTS: usize = 100;
const HANDLE: usize = 64;

/// Attachments that are named.
const NAMED: usize = 3;

/// What tools call the file that they are about: ours, and those of opencode.
const PATH_PARAMETERS: [&str; 2] = ["path", "filePath"];

/// What is kept of a result when its tool completes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Record {
    /// The form of this record.
    pub version: u32,
    /// SHA-256 of the whole result, in hexadecimal.
    pub sha256: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its lines.
    pub lines: u64,
    /// The file that the call was about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Its lines that matter most.
    pub excerpt: String,
}

impl Record {
    /// The record of a call whose result is `output`.
    pub fn of(part: &PartId, tool: &ToolPart, output: &str) -> Self {
        let hash = Sha256::digest(output);
        let mut record = Self {
            version: VERSION,
            sha256: hash.iter().map(|byte| format!("{byte:02x}")).collect(),
            bytes: output.len() as u64,
            lines: output.lines().count() as u64,
            path: path(&tool.input.text),
            excerpt: String::new(),
        };
        let room = MOST_BYTES.saturating_sub(digest(part, tool, Some(&record)).len());
        record.excerpt = excerpt::choose(output, room.saturating_sub("excerpt:\n\n".len()));
        record
    }

    /// A stored record; `None` when it is of another version or shape.
    pub fn read(stored: &str) -> Option<Self> {
        serde_json::from_str(stored).ok().filter(Self::is_sound)
    }

    /// Whether this program could have written it: a longer one would push the excerpt or the handle out.
    fn is_sound(&self) -> bool {
        self.version == VERSION
            && self.sha256.len() == 64
            && self.sha256.bytes().all(|byte| byte.is_ascii_hexdigit())
            && self.path.as_ref().is_none_or(|path| path.len() <= PATH)
            && self.excerpt.len() <= MOST_BYTES
    }
}

/// The parameter of a call that says which file it is about, by our name or by that of imported tools.
fn path(input: &str) -> Option<String> {
    let input: serde_json::Value = serde_json::from_str(input).ok()?;
    let path = PATH_PARAMETERS.iter().find_map(|name| input.get(name)?.as_str())?;
    Some(text::ellipsis(&one_line(path), PATH))
}

/// What the model sees instead of the result. Without a record the result is gone, and the digest says so.
pub fn digest(part: &PartId, tool: &ToolPart, record: Option<&Record>) -> String {
    let title = tool.title.as_deref().unwrap_or(&tool.tool);
    let mut digest = format!(
        "[Compacted tool result]\ntool: {}\ntitle: {}\ninput: {}\n",
        field(&tool.tool, TOOL),
        field(title, TITLE),
        field(&input(&tool.input.text), INPUT)
    );
    match record {
        None => digest.push_str("proof: unavailable\n"),
        Some(record) => {
            let Record { sha256, bytes, lines, .. } = record;
            digest.push_str(&format!(
                "proof: sha256={}, bytes={bytes}, lines={lines}\n",
                text::head(sha256, 64)
            ));
        }
    }
    if let Some(path) = record.and_then(|record| record.path.as_deref()) {
        digest.push_str(&format!("path: {}\n", field(path, PATH)));
    }
    if !tool.attachments.is_empty() {
        digest.push_str(&format!("attachments: {}\n", attachments(tool)));
    }
    let end = format!("recall: {}", text::head(part.as_str(), HANDLE));
    if let Some(excerpt) = record.map(|record| record.excerpt.as_str()).filter(|excerpt| !excerpt.is_empty())
    {
        let room = MOST_BYTES.saturating_sub(digest.len() + end.len() + "excerpt:\n\n".len());
        digest.push_str(&format!("excerpt:\n{}\n", text::ellipsis(excerpt, room)));
    }
    digest + &end
}

/// The arguments as compact JSON; as they were written when they are none.
fn input(written: &str) -> String {
    match serde_json::from_str::<serde_json::Value>(written) {
        Ok(value) => value.to_string(),
        Err(_) => written.to_owned(),
    }
}

fn attachments(tool: &ToolPart) -> String {
    let names: Vec<&str> =
        tool.attachments.iter().take(NAMED).map(|file| file.name.as_deref().unwrap_or(&file.mime)).collect();
    let more = tool.attachments.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(", +{more} more") } else { String::new() };
    field(&names.join(", "), ATTACHMENTS - more.len()) + &more
}

/// A value on one line, within `most` bytes.
fn field(value: &str, most: usize) -> String {
    text::ellipsis(&one_line(text::head(value, most * 4)), most)
}

/// Control characters would end the line or hide what stands there.
fn one_line(value: &str) -> String {
    value.chars().map(|char| if char.is_control() { ' ' } else { char }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::{Attachment, Body, Timestamp, ToolState};
    use proptest::prelude::*;

    fn tool(tool: &str, title: &str, input: &str, names: &[String]) -> ToolPart {
        ToolPart {
            call_id: "c".into(),
            tool: tool.into(),
            title: Some(title.into()),
            input: Body::whole(input),
            state: ToolState::Running { started_at: Timestamp(0) },
            compacted_at: None,
            attachments: names
                .iter()
                .map(|name| Attachment {
                    mime: "image/png".into(),
                    name: Some(name.clone()),
                    bytes: 1,
                    shown: None,
                })
                .collect(),
        }
    }

    #[test]
    fn a_digest_begins_with_what_was_asked_and_ends_with_the_way_back() {
        let (part, tool) = (PartId::from("prt_1"), tool("bash", "Bash", r#"{"cmd":"pwd"}"#, &[]));
        let digest = digest(&part, &tool, Some(&Record::of(&part, &tool, "/home/dev\n")));
        insta::assert_snapshot!(digest, @r#"
        [Compacted tool result]
        tool: bash
        title: Bash
        input: {"cmd":"pwd"}
        proof: sha256=601f40206a1b2a6e3b32c85cfb604466c25db24792a2e8de12c962600246384e, bytes=10, lines=1
        excerpt:
        /home/dev
        recall: prt_1
        "#);
    }

    #[test]
    fn a_result_that_is_gone_is_said_to_be_gone() {
        let digest = digest(&PartId::from("prt_1"), &tool("read", "a.rs", "{}", &[]), None);
        assert!(digest.contains("\nproof: unavailable\n") && digest.ends_with("\nrecall: prt_1"));
    }

    #[test]
    fn a_record_of_another_version_or_shape_is_none() {
        let part = PartId::from("prt_1");
        let record = Record::of(&part, &tool("bash", "b", "{}", &[]), "x");
        let stored = serde_json::to_string(&record).unwrap();
        assert_eq!(Record::read(&stored), Some(record));
        for other in
            [stored.replace("\"version\":1", "\"version\":2"), "{}".into(), "[".into(), "null".into()]
        {
            assert_eq!(Record::read(&other), None, "{other}");
        }
    }

    #[test]
    fn a_record_that_is_too_large_or_no_proof_is_none() {
        let (part, call) = (PartId::from("prt_1"), tool("read", "r", r#"{"path":"a"}"#, &[]));
        let sound = Record::of(&part, &call, "x");
        let others = [
            Record { sha256: "0".repeat(63) + "\n", ..sound.clone() },
            Record { sha256: "0".repeat(1 << 20), ..sound.clone() },
            Record { path: Some("p".repeat(PATH + 1)), ..sound.clone() },
            Record { excerpt: "e".repeat(MOST_BYTES + 1), ..sound },
        ];
        for other in others {
            assert_eq!(Record::read(&serde_json::to_string(&other).unwrap()), None);
        }
    }

    #[test]
    fn the_path_is_found_by_our_name_and_by_that_of_imported_tools() {
        let record = |input: &str| Record::of(&PartId::from("prt_1"), &tool("read", "r", input, &[]), "x");
        for input in [r#"{"path":"/a/b.rs"}"#, r#"{"filePath":"/a/b.rs","offset":3}"#] {
            assert_eq!(record(input).path.as_deref(), Some("/a/b.rs"));
        }
        for input in [r#"{"filePath":7}"#, r#"["path"]"#, "\"path\"", "{", ""] {
            assert_eq!(record(input).path, None, "{input}");
        }
    }

    /// Text as nobody should write it: long runs, control characters, line ends, the widest characters, cut JSON.
    fn hostile(longest: usize) -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            any::<char>().prop_map(String::from),
            "[ -~]{0,40}",
            Just("\n".to_owned()),
            Just("\u{0}\u{1b}[31m\r".to_owned()),
            Just("\u{10ffff}\u{202e}\u{feff}e\u{301}👩‍👩‍👧".to_owned()),
            Just("error: src/main.rs:7:1 expected `{\"".to_owned()),
            (1_usize..longest.max(2)).prop_map(|count| "€".repeat(count)),
        ];
        prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(crate::cases::cases())]

        #[test]
        fn a_digest_is_bounded_whole_and_the_same_on_every_replay(
            name in hostile(30), title in hostile(200), path in hostile(300), input in hostile(300),
            output in hostile(400), lines in 1_usize..20, names in prop::collection::vec(hostile(60), 0..6),
            parameter in prop::option::of(prop::sample::select(PATH_PARAMETERS.to_vec()))
        ) {
            let input = match parameter {
                Some(parameter) => serde_json::json!({parameter: path, "text": input}).to_string(),
                None => input,
            };
            let output = format!("{output}\n").repeat(lines);
            let (part, tool) = (PartId::random(), tool(&name, &title, &input, &names));
            let record = Record::of(&part, &tool, &output);
            let text = digest(&part, &tool, Some(&record));
            prop_assert!(text.len() <= MOST_BYTES, "{} bytes", text.len());
            prop_assert_eq!(&text, &digest(&part, &tool, Some(&record)));
            prop_assert!(text.starts_with("[Compacted tool result]\ntool: "));
            let last = format!("recall: {part}");
            prop_assert_eq!(text.lines().last(), Some(last.as_str()));
            prop_assert_eq!(Record::read(&serde_json::to_string(&record).unwrap()), Some(record));
        }
    }
}
