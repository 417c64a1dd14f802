//! What comes in with a prompt: checked, files read, images looked at, before anything is stored.

use std::{
    io::{Cursor, Read as _, Seek as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

use super::{EngineError, PromptRequest, calls::Caller, settings::Settings};
use crate::{
    picture::{self, Kind},
    store::NewPrompt,
    tool::{
        beneath::{self, Opened},
        buffers::Editor,
    },
    transcript::{MessageId, PromptPart, Session, image::TYPES as IMAGE_TYPES, prompt::LineRange, text},
    turn::inbox::{AcceptedPart, to_inbox},
};

/// The longest title that a person may give, in bytes.
pub(in crate::engine) const LONGEST_TITLE: usize = 500;

/// A whole prompt at most, in bytes.
pub const LARGEST_PROMPT: usize = 32 * 1024 * 1024;

/// A file that comes with a prompt at most, in bytes.
pub(in crate::engine) const LARGEST_FILE: u64 = 4 * 1024 * 1024;

fn invalid(message: impl Into<String>) -> EngineError {
    EngineError::InvalidParams(message.into())
}

/// A working directory: absolute, there, links followed.
pub(super) fn directory(cwd: &str) -> Result<PathBuf, EngineError> {
    let path = Path::new(cwd);
    if !path.is_absolute() {
        return Err(invalid(format!("cwd: `{}` is not an absolute path", text::ellipsis(cwd, 200))));
    }
    let real = path
        .canonicalize()
        .map_err(|error| invalid(format!("cwd: {}: {error}", text::ellipsis(cwd, 200))))?;
    if real.is_dir() { Ok(real) } else { Err(invalid(format!("cwd: {} is not a directory", real.display()))) }
}

/// A working directory as sessions have it stored; as written where it is not there (any more).
pub(super) fn stored_directory(cwd: String) -> String {
    directory(&cwd).map_or(cwd, |real| real.to_string_lossy().into_owned())
}

/// A session's title without the white space around it; `None` when nothing is left.
pub(super) fn title(given: &str) -> Result<Option<String>, EngineError> {
    let title = given.trim();
    if title.len() > LONGEST_TITLE {
        return Err(invalid(format!("title: {} bytes; at most {LONGEST_TITLE}", title.len())));
    }
    Ok((!title.is_empty()).then(|| title.to_owned()))
}

/// A prompt that is one text.
pub(super) fn text_alone(text: String) -> Result<AcceptedPart, EngineError> {
    match text.len() {
        _ if text.trim().is_empty() => Err(invalid("text: is empty")),
        size if size > LARGEST_PROMPT => {
            Err(invalid(format!("text: {size} bytes; at most {LARGEST_PROMPT}")))
        }
        _ => Ok(AcceptedPart::Text(text)),
    }
}

/// Checks a prompt and reads what it names. With `settings`, commands that a person calls in it become what they stand
/// for, and keys that are known are hidden in it (invariant 13): it will be stored.
pub(super) async fn accept(
    prompt: PromptRequest,
    session: &Session,
    editor: Arc<dyn Editor>,
    settings: Option<Arc<Settings>>,
) -> Result<NewPrompt, EngineError> {
    if prompt.client_id.as_deref() == Some("") {
        return Err(invalid("clientId: is empty; leave it out, or give each prompt one of its own"));
    }
    // Of what was asked, not of what the session's defaults make of it: they may change before it is sent again.
    let chosen = [
        prompt.agent.clone().unwrap_or_default(),
        prompt.model.as_ref().map(ToString::to_string).unwrap_or_default(),
    ];
    let asked = prompt.parts;
    let known = settings.clone();
    let mut caller =
        settings.map(|settings| Caller::new(settings, session, prompt.agent.clone(), prompt.model.clone()));
    let cwd = PathBuf::from(&session.cwd);
    // Off the runtime's threads: files are read, and a prompt may be large.
    let (parts, digest, called) = tokio::task::spawn_blocking(move || {
        check_size(&asked)?;
        let digest = digest(&asked, &chosen);
        let mut parts = read_parts(asked, editor.as_ref(), caller.as_mut())?;
        if let Some(settings) = known {
            let secrets = settings.secrets(&cwd);
            for part in &mut parts {
                part.hide(&secrets);
            }
        }
        Ok::<_, EngineError>((parts, digest, caller.map(Caller::answers).unwrap_or_default()))
    })
    .await
    .map_err(|error| crate::transcript::Failure::internal(error.to_string()))??;
    let agent = called.0.or(prompt.agent).unwrap_or_else(|| session.agent.clone());
    let model = called.1.or(prompt.model).unwrap_or_else(|| session.model.clone());
    let said: Vec<&str> = parts
        .iter()
        .filter_map(|part| match part {
            AcceptedPart::Text(text) | AcceptedPart::Command { typed: text, .. } => Some(text.as_str()),
            _ => None,
        })
        .collect();
    Ok(NewPrompt {
        message_id: MessageId::random(),
        client_id: prompt.client_id,
        digest,
        delivery: prompt.delivery,
        text: text::ellipsis(&said.join("\n"), 4_000),
        parts: to_inbox(&parts),
        agent,
        model,
    })
}

/// Tells a prompt, with the agent and the model chosen for it, from any other.
fn digest(parts: &[PromptPart], chosen: &[String]) -> String {
    let mut hash = Sha256::new();
    for field in chosen.iter().chain(&serde_json::to_string(parts)) {
        hash.update((field.len() as u64).to_le_bytes());
        hash.update(field);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn check_size(parts: &[PromptPart]) -> Result<(), EngineError> {
    let size: usize = parts
        .iter()
        .map(|part| match part {
            PromptPart::Text { text } => text.len(),
            PromptPart::File { text, .. } => text.as_ref().map_or(0, String::len),
            PromptPart::Image { base64, .. } => base64.len(),
        })
        .sum();
    if size > LARGEST_PROMPT {
        return Err(invalid(format!("parts: {size} bytes; at most {LARGEST_PROMPT}")));
    }
    Ok(())
}

fn read_parts(
    parts: Vec<PromptPart>,
    editor: &dyn Editor,
    mut caller: Option<&mut Caller>,
) -> Result<Vec<AcceptedPart>, EngineError> {
    let empty = |part: &PromptPart| matches!(part, PromptPart::Text { text } if text.trim().is_empty());
    if parts.iter().all(empty) {
        return Err(invalid("parts: the prompt is empty"));
    }
    let mut accepted = Vec::new();
    for (index, part) in parts.into_iter().enumerate() {
        let wrong = |problem| invalid(format!("parts[{index}]: {problem}"));
        match (&part, &mut caller) {
            (PromptPart::Text { text }, Some(caller)) => match caller.call(text, editor)? {
                Some(parts) => accepted.extend(parts),
                None => accepted.push(AcceptedPart::Text(text.clone())),
            },
            _ => accepted.push(read_part(part, editor).map_err(wrong)?),
        }
    }
    Ok(accepted)
}

fn read_part(part: PromptPart, editor: &dyn Editor) -> Result<AcceptedPart, String> {
    match part {
        PromptPart::Text { text } => Ok(AcceptedPart::Text(text)),
        PromptPart::Image { mime, base64 } => image(&mime, base64),
        PromptPart::File { uri, range, text } => file(&uri, range, text, editor),
    }
}

fn image(mime: &str, base64: String) -> Result<AcceptedPart, String> {
    if !IMAGE_TYPES.contains(&mime) {
        return Err(format!("`{}` is not one of {}", text::ellipsis(mime, 60), IMAGE_TYPES.join(", ")));
    }
    let data = STANDARD.decode(&base64).map_err(|error| format!("base64: {error}"))?;
    // What it really is counts, not what it is called.
    let picture = picture::fit(Cursor::new(&data), &picture::OUTGOING).map_err(|flaw| unfit(&flaw))?;
    drop(data);
    let base64 = picture.made.map_or(base64, |made| STANDARD.encode(made));
    let (mime, size) = (picture.kind.mime().to_owned(), Some((picture.width, picture.height)));
    Ok(AcceptedPart::Image { mime, uri: None, name: None, base64, size })
}

fn unfit(flaw: &picture::Flaw) -> String {
    format!("the image cannot be sent: {flaw}")
}

/// An image that lies in a file. `None` when the file is something else.
fn image_file(path: &Path, uri: &str, name: &str) -> Result<Option<AcceptedPart>, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    let Opened::File(mut file) = open(&path.canonicalize().map_err(failed)?)? else { return Ok(None) };
    let mut start = Vec::new();
    file.by_ref().take(16).read_to_end(&mut start).map_err(failed)?;
    if Kind::of(&start).is_none() {
        return Ok(None);
    }
    let picture = picture::fit(&file, &picture::OUTGOING).map_err(|flaw| unfit(&flaw))?;
    let data = match picture.made {
        Some(made) => made,
        None => {
            let mut data = Vec::new();
            file.rewind().map_err(failed)?;
            file.take(picture::OUTGOING.bytes).read_to_end(&mut data).map_err(failed)?;
            data
        }
    };
    Ok(Some(AcceptedPart::Image {
        mime: picture.kind.mime().to_owned(),
        uri: Some(uri.to_owned()),
        name: Some(name.to_owned()),
        base64: STANDARD.encode(data),
        size: Some((picture.width, picture.height)),
    }))
}

/// A file that a prompt names, whole or some of its lines.
pub(super) fn file(
    uri: &str,
    range: Option<LineRange>,
    given: Option<String>,
    editor: &dyn Editor,
) -> Result<AcceptedPart, String> {
    let url = reqwest::Url::parse(uri).map_err(|error| format!("uri: {error}"))?;
    let name = url.path_segments().and_then(Iterator::last).unwrap_or_default().to_owned();
    let text = match given {
        Some(text) => text,
        None => {
            let path = url.to_file_path().map_err(|()| "uri: not a file of this machine".to_owned())?;
            if let Some(image) = image_file(&path, uri, &name)? {
                return Ok(image);
            }
            contents(&path, editor)?
        }
    };
    let (uri, text) = match range {
        Some(range) => {
            (format!("{uri}#L{}-L{}", range.start.line + 1, last_line(range)), lines(&text, range))
        }
        None => (uri.to_owned(), text),
    };
    Ok(AcceptedPart::File { uri, name, text })
}

/// Opens a real path: never a pipe, which would wait for its writer.
fn open(real: &Path) -> Result<Opened, String> {
    beneath::open(real).map_err(|error| error.to_string())
}

/// The last line that a range touches, from 1.
fn last_line(range: LineRange) -> u32 {
    let end = if range.end.character.unwrap_or_default() == 0 && range.end.line > range.start.line {
        range.end.line
    } else {
        range.end.line + 1
    };
    end.max(range.start.line + 1)
}

fn lines(text: &str, range: LineRange) -> String {
    let (first, last) = (range.start.line as usize, last_line(range) as usize);
    text.split_inclusive('\n').skip(first).take(last - first).collect()
}

/// The text of a file as the person sees it: unsaved text first.
fn contents(path: &Path, editor: &dyn Editor) -> Result<String, String> {
    let real = path.canonicalize().map_err(|error| format!("{}: {error}", path.display()))?;
    if let Some(text) = editor.unsaved_text(&real) {
        return Ok(text.to_string());
    }
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    let Opened::File(file) = open(&real)? else { return Err(format!("{} is not a file", path.display())) };
    let size = file.metadata().map_err(failed)?.len();
    if size > LARGEST_FILE {
        return Err(format!("{} has {size} bytes; at most {LARGEST_FILE}", path.display()));
    }
    let mut bytes = Vec::new();
    file.take(LARGEST_FILE).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.contains(&0) {
        return Err(format!("{} is not a text file", path.display()));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{tool::buffers::NoEditor, transcript::prompt::LinePosition};

    #[test]
    fn a_range_gives_its_lines_and_names_them() {
        let position = |line, character| LinePosition { line, character: Some(character) };
        let range = LineRange { start: position(1, 0), end: position(3, 0) };
        let part = file("file:///x/a.rs", Some(range), Some("a\nb\nc\nd\n".to_owned()), &NoEditor).unwrap();
        assert_eq!(
            part,
            AcceptedPart::File {
                uri: "file:///x/a.rs#L2-L3".into(),
                name: "a.rs".into(),
                text: "b\nc\n".into()
            }
        );
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let text = |text: &str| PromptPart::Text { text: text.to_owned() };
        let problem = |parts| read_parts(parts, &NoEditor, None).unwrap_err().to_string();
        assert_eq!(problem(vec![]), "parts: the prompt is empty");
        assert_eq!(problem(vec![text(" \n")]), "parts: the prompt is empty");
        let image = PromptPart::Image { mime: "image/tiff".into(), base64: String::new() };
        assert!(problem(vec![image]).starts_with("parts[0]: `image/tiff` is not one of"));
        let gone = PromptPart::File { uri: "file:///no/such/file".into(), range: None, text: None };
        assert!(problem(vec![text("x"), gone]).starts_with("parts[1]: /no/such/file: "));
    }
}
