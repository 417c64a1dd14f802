//! Messages as the model sees them. Pure: stored facts in, [`Entry`] values out.
//!
//! Invariant 4: what is rendered of a message depends on that message alone and never changes once the message is
//! complete. Invariant 5: each call is followed by exactly one result; a call without one in the log gets an honest
//! one here, the log is never patched.

use std::collections::HashMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{
    provider::{CallResult, Content, Entry, Image, Said, Seal},
    store::Field,
    transcript::{
        Attachment, Body, FailureKind, FilePart, Message, Part, PartId, PartKind, Role, ToolPart, ToolState,
        image::Shown, text,
    },
};

/// What the model reads as the result of a call that has none.
const NO_RESULT: &str = "Interrupted before it finished.";

/// Added in the user's role after an answer that broke off.
const BROKE_OFF: &str = "[The answer above was interrupted at this point.]";

/// What stands before a summary.
const SUMMARY: &str =
    "[agentls] The conversation before this point was compacted. What it was about and what came of it:";

/// What rendering needs beside the message: further bodies (file contents, images, seals), and what is shown as the
/// result of a call where that is not its output: a digest, or the ends.
#[derive(Debug, Default)]
pub struct Contents {
    bodies: HashMap<(PartId, Field), Vec<u8>>,
    results: HashMap<PartId, String>,
}

impl Contents {
    /// As the store has read them.
    pub fn new(bodies: Vec<(PartId, Field, Vec<u8>)>, results: Vec<(PartId, String)>) -> Self {
        let bodies = bodies.into_iter().map(|(part, field, data)| ((part, field), data)).collect();
        Self { bodies, results: results.into_iter().collect() }
    }

    /// Adds a body.
    pub fn insert(&mut self, part: PartId, field: Field, data: Vec<u8>) {
        self.bodies.insert((part, field), data);
    }

    fn bytes(&self, part: &PartId, field: Field) -> &[u8] {
        self.bodies.get(&(part.clone(), field)).map_or(&[], Vec::as_slice)
    }
}

/// What the model sees of a message. `images` says whether it takes images; if not, a note stands for each.
pub fn entries(message: &Message, contents: &Contents, images: bool) -> Vec<Entry> {
    if message.summary {
        return summary(message);
    }
    match message.role {
        Role::User => user(message, contents, images),
        Role::Assistant => assistant(message, contents, images),
    }
}

/// A summary speaks in the user's role: a request begins with it.
fn summary(message: &Message) -> Vec<Entry> {
    let texts = message.parts.iter().filter_map(|part| match &part.kind {
        PartKind::Text(body) if !body.text.trim().is_empty() => Some(Content::Text(body.text.clone())),
        _ => None,
    });
    vec![Entry::User(std::iter::once(Content::Text(SUMMARY.to_owned())).chain(texts).collect())]
}

fn user(message: &Message, contents: &Contents, images: bool) -> Vec<Entry> {
    let content: Vec<Content> = message
        .parts
        .iter()
        .enumerate()
        .filter_map(|(index, part)| match &part.kind {
            PartKind::Text(_) if message.is_replaced(index) => None,
            PartKind::Text(body) => Some(Content::Text(body.text.clone())),
            PartKind::Command(command) => Some(Content::Text(command.text.text.clone())),
            PartKind::File(file) => Some(file_content(&part.id, file, contents, images)),
            _ => None,
        })
        .filter(|content| !matches!(content, Content::Text(text) if text.trim().is_empty()))
        .collect();
    if content.is_empty() { Vec::new() } else { vec![Entry::User(content)] }
}

fn file_content(part: &PartId, file: &FilePart, contents: &Contents, images: bool) -> Content {
    let name = file.name.as_deref().or(file.uri.as_deref()).unwrap_or("file");
    let place = file.uri.as_deref().unwrap_or(name);
    if file.is_image() {
        let (shown, original) = (file.shown.as_ref(), Field::Data);
        let shown = shown_image(part, shown, original, 0, contents)
            .and_then(|image| if images { Ok(image) } else { Err("this model takes no images".to_owned()) });
        return match shown {
            Ok(image) => Content::Image(image),
            Err(why) => Content::Text(image_note(name, file.bytes, &why)),
        };
    }
    let data = contents.bytes(part, Field::Data);
    // An imported file may be no text, or only named while the text beside it says what is in it.
    if data.is_empty() || data.contains(&0) {
        return Content::Text(format!("[file {place}, {} bytes]", file.bytes));
    }
    let shown = text::cap_output(&String::from_utf8_lossy(data), None);
    Content::Text(format!("<file uri=\"{place}\">\n{shown}\n</file>"))
}

/// What stands in the place of an image that is not sent.
fn image_note(name: &str, bytes: u64, why: &str) -> String {
    format!("[image {name}, {bytes} bytes: {why}]")
}

/// The image that is sent, or why none is.
fn shown_image(
    part: &PartId,
    shown: Option<&Shown>,
    original: Field,
    index: u8,
    contents: &Contents,
) -> Result<Image, String> {
    match shown {
        None => Err("nobody has looked at it".to_owned()),
        Some(Shown::Note(why)) => Err(why.clone()),
        Some(Shown::Image(image)) => {
            let data = contents.bytes(part, if image.copy { Field::Copy(index) } else { original });
            if data.is_empty() {
                return Err("its data are gone".to_owned());
            }
            let (mime, width, height) = (image.mime.clone(), image.width, image.height);
            Ok(Image { mime, base64: STANDARD.encode(data), width, height })
        }
    }
}

fn assistant(message: &Message, contents: &Contents, images: bool) -> Vec<Entry> {
    let (mut said, mut results) = (Vec::new(), Vec::<CallResult>::new());
    for part in &message.parts {
        match &part.kind {
            PartKind::Text(body) if !body.text.trim().is_empty() => said.push(Said::Text(body.text.clone())),
            PartKind::Reasoning(reasoning) => {
                let seal = Seal::from_stored(contents.bytes(&part.id, Field::Seal));
                said.push(Said::Reasoning { text: reasoning.text.text.clone(), seal });
            }
            PartKind::Tool(tool) => {
                // An imported message may use an id twice, a damaged one none; each result must find its own call.
                let used =
                    tool.call_id.is_empty() || results.iter().any(|result| result.call_id == tool.call_id);
                let call_id = if used { part.id.to_string() } else { tool.call_id.clone() };
                said.push(Said::Call {
                    call_id: call_id.clone(),
                    tool: callable(&tool.tool).to_owned(),
                    arguments: tool.input.text.clone(),
                });
                results.push(result(&part.id, call_id, tool, contents, images));
            }
            _ => {}
        }
    }
    let mut entries = Vec::new();
    if said.iter().all(|piece| matches!(piece, Said::Reasoning { .. })) {
        return entries;
    }
    entries.push(Entry::Assistant(said));
    if !results.is_empty() {
        entries.push(Entry::Results(results));
    }
    if message.error.as_ref().is_some_and(|error| error.kind != FailureKind::StorageDamaged) {
        entries.push(Entry::User(vec![Content::Text(BROKE_OFF.to_owned())]));
    }
    entries
}

/// A tool's name as every provider takes it: letters, digits, `_` and `-`, at most 64. A damaged or imported one may be
/// anything.
fn callable(name: &str) -> &str {
    let allowed = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if allowed && (1..=64).contains(&name.len()) { name } else { "unknown" }
}

/// How many bytes of text a part shows the model, about: for telling a message's size by part.
pub fn shown_bytes(part: &Part, contents: &Contents) -> u64 {
    let result = |output: &Body| match contents.results.get(&part.id) {
        Some(shown) => shown.len() as u64,
        None => output.text.len() as u64,
    };
    match &part.kind {
        PartKind::Text(body) => body.text.len() as u64,
        PartKind::Command(command) => command.text.text.len() as u64,
        PartKind::Reasoning(_) => contents.bytes(&part.id, Field::Seal).len() as u64,
        PartKind::File(file) => file.bytes.min(text::SHOWN_BYTES as u64),
        PartKind::Tool(tool) => {
            let output = match &tool.state {
                ToolState::Completed { output, .. } => result(output),
                ToolState::Error { message, .. } => message.len() as u64,
                ToolState::Pending | ToolState::Running { .. } => NO_RESULT.len() as u64,
            };
            tool.input.bytes + output
        }
        PartKind::StepStart
        | PartKind::StepFinish { .. }
        | PartKind::Patch { .. }
        | PartKind::Compaction(_)
        | PartKind::Subtask { .. } => 0,
    }
}

fn result(part: &PartId, call_id: String, tool: &ToolPart, contents: &Contents, images: bool) -> CallResult {
    let (text, failed) = match &tool.state {
        ToolState::Completed { output, .. } => match contents.results.get(part) {
            Some(shown) => (shown.clone(), false),
            None => (text::cap_output(&output.text, Some(part.as_str())), false),
        },
        ToolState::Error { message, .. } => (text::cap_output(message, Some(part.as_str())), true),
        ToolState::Pending | ToolState::Running { .. } => (NO_RESULT.to_owned(), true),
    };
    // A digest says itself what was attached.
    let is_digest = contents.results.contains_key(part);
    let (mut text, mut shown) = (text, Vec::new());
    for (index, file) in (0_u8..).zip(&tool.attachments).filter(|(_, file)| images && file.is_image()) {
        match shown_image(part, file.shown.as_ref(), Field::Attachment(index), index, contents) {
            Ok(image) => shown.push(image),
            Err(why) if !is_digest => text.push_str(&attachment_note(file, &why)),
            Err(_) => {}
        }
    }
    CallResult { call_id, text, images: shown, failed }
}

fn attachment_note(file: &Attachment, why: &str) -> String {
    format!("\n{}", image_note(file.name.as_deref().unwrap_or("file"), file.bytes, why))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::{
        Body, CommandPart, Failure, MessageId, Seq, SessionId, Timestamp, image::Outgoing,
    };

    fn message(role: Role, kinds: Vec<PartKind>) -> Message {
        let id = MessageId::from("msg_1");
        let parts = (0_u32..)
            .zip(kinds)
            .map(|(index, kind)| Part {
                id: PartId::from(format!("prt_{index}")),
                message_id: id.clone(),
                index,
                kind,
            })
            .collect();
        Message {
            id,
            session_id: SessionId::from("ses_1"),
            seq: Seq(1),
            role,
            parent_id: None,
            created_at: Timestamp(0),
            completed_at: None,
            agent: None,
            model: None,
            summary: false,
            finish: None,
            error: None,
            usage: None,
            parts,
        }
    }

    fn call(state: ToolState) -> PartKind {
        PartKind::Tool(ToolPart {
            call_id: "c1".to_owned(),
            tool: "read".to_owned(),
            title: None,
            input: Body::whole(r#"{"path":"a"}"#),
            state,
            compacted_at: None,
            attachments: Vec::new(),
        })
    }

    #[test]
    fn an_open_call_gets_an_honest_result() {
        let entries =
            entries(&message(Role::Assistant, vec![call(ToolState::Pending)]), &Contents::default(), true);
        let [Entry::Assistant(_), Entry::Results(results)] = entries.as_slice() else {
            panic!("{entries:?}")
        };
        assert_eq!(
            (results[0].call_id.as_str(), results[0].text.as_str(), results[0].failed),
            ("c1", NO_RESULT, true)
        );
    }

    #[test]
    fn what_a_command_became_stands_in_place_of_what_was_typed_once_it_is_there() {
        let command =
            |text: &str| PartKind::Command(CommandPart { name: "fix".into(), text: Body::whole(text) });
        let typed = || PartKind::Text(Body::whole("/fix it"));
        let read = |parts| match entries(&message(Role::User, parts), &Contents::default(), true).as_slice() {
            [Entry::User(content)] => content.clone(),
            other => panic!("{other:?}"),
        };
        let text = |text: &str| Content::Text(text.to_owned());
        let behind = PartKind::Text(Body::whole("please"));
        assert_eq!(read(vec![typed(), command("Fix it."), behind]), [text("Fix it."), text("please")]);
        assert_eq!(
            read(vec![typed(), command("")]),
            [text("/fix it")],
            "it was interrupted before it was run"
        );
    }

    #[test]
    fn an_answer_of_reasoning_alone_is_not_sent_again() {
        let reasoning = PartKind::Reasoning(Body::whole("hm").into());
        assert!(entries(&message(Role::Assistant, vec![reasoning]), &Contents::default(), true).is_empty());
    }

    #[test]
    fn an_answer_that_broke_off_says_so() {
        let mut broken = message(Role::Assistant, vec![PartKind::Text(Body::whole("half an ans"))]);
        broken.error = Some(Failure::internal("cut"));
        let entries = entries(&broken, &Contents::default(), true);
        assert_eq!(entries.last(), Some(&Entry::User(vec![Content::Text(BROKE_OFF.to_owned())])));
    }

    fn file(mime: &str, shown: Option<Shown>) -> FilePart {
        FilePart { mime: mime.into(), name: Some("a".into()), uri: None, bytes: 5, shown }
    }

    fn sent(mime: &str, copy: bool) -> Shown {
        Shown::Image(Outgoing { mime: mime.into(), width: 3, height: 2, bytes: 3, copy })
    }

    #[test]
    fn an_image_is_what_it_really_is_its_copy_or_a_note() {
        let part = PartId::from("prt_0");
        let mut contents = Contents::default();
        contents.insert(part.clone(), Field::Data, vec![0, 0, 0]);
        contents.insert(part.clone(), Field::Copy(0), vec![255, 255, 255]);
        let shown = |shown, images| match file_content(&part, &file("image/png", shown), &contents, images) {
            Content::Text(text) => text,
            Content::Image(image) => format!("{} {}", image.mime, image.base64),
        };
        assert_eq!(shown(Some(sent("image/jpeg", false)), true), "image/jpeg AAAA");
        assert_eq!(shown(Some(sent("image/jpeg", true)), true), "image/jpeg ////");
        assert_eq!(
            shown(Some(sent("image/png", false)), false),
            "[image a, 5 bytes: this model takes no images]"
        );
        let note = Some(Shown::Note("it is empty".into()));
        assert_eq!(shown(note, true), "[image a, 5 bytes: it is empty]");
        assert_eq!(shown(None, true), "[image a, 5 bytes: nobody has looked at it]");
    }

    #[test]
    fn a_file_that_is_no_text_is_named() {
        for (mime, data, shown) in [
            ("application/pdf", &b"%PDF\0"[..], "[file a, 5 bytes]"),
            ("text/plain", b"", "[file a, 5 bytes]"),
            ("text/plain", b"hi", "<file uri=\"a\">\nhi\n</file>"),
        ] {
            let part = PartId::from("prt_0");
            let mut contents = Contents::default();
            contents.insert(part.clone(), Field::Data, data.to_vec());
            let content = file_content(&part, &file(mime, None), &contents, true);
            assert_eq!(content, Content::Text(shown.to_owned()), "{mime}");
        }
    }

    #[test]
    fn an_image_that_a_tool_returned_and_that_is_not_sent_is_named_behind_its_output() {
        let attached = Attachment {
            mime: "image/png".into(),
            name: Some("a.png".into()),
            bytes: 9,
            shown: Some(Shown::Note("it is empty".into())),
        };
        let (now, output) = (Timestamp(0), Body::whole("done"));
        let state = ToolState::Completed { started_at: now, ended_at: now, output };
        let PartKind::Tool(tool) = call(state) else { panic!("a call is one") };
        let tool = PartKind::Tool(ToolPart { attachments: vec![attached], ..tool });
        let entries = entries(&message(Role::Assistant, vec![tool]), &Contents::default(), true);
        let [_, Entry::Results(results)] = entries.as_slice() else { panic!("{entries:?}") };
        assert_eq!(results[0].text, "done\n[image a.png, 9 bytes: it is empty]");
    }
}
