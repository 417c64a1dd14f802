//! Text files as tools edit them: read from the open document or the disk, written whole.
//!
//! On disk by a temporary file beside the target and a rename, so that a reader sees the old text or the
//! new one. The paths here are targets, free of links: one that has become a link is neither read nor written
//! (invariant 12). Mode, byte order mark and line ends are kept.

use std::{
    ffi::OsStr,
    io::Read,
    path::{Path, PathBuf},
};

use super::{
    ToolError,
    beneath::{self, Folder, OpenError, Opened},
    buffers::{Applied, Editor, OpenDocument},
    holds,
    place::{blocking, io_failure},
};
use crate::transcript::FileChange;

/// The largest file that is edited, in bytes.
pub(in crate::tool) const MAX_EDITED: u64 = 16 * 1024 * 1024;

/// The byte order mark.
const BOM: char = '\u{feff}';

/// It in UTF-8.
const BOM_BYTES: &[u8] = "\u{feff}".as_bytes();

/// A text as it was when an edit of it was computed.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    /// Where.
    pub(super) path: PathBuf,
    /// The text without byte order mark; `None` when there is no file.
    pub(crate) content: Option<String>,
    /// The open document, if it is open.
    open: Option<OpenDocument>,
}

impl Text {
    /// What an edit made of it, when it has been carried out.
    pub(super) fn changed_to(&self, after: Option<&str>) -> FileChange {
        let path = self.path.to_string_lossy().into_owned();
        FileChange { path, before: self.content.clone(), after: after.map(ToOwned::to_owned) }
    }
}

/// Reads what an edit of `path` starts from.
pub(crate) async fn load(editor: &dyn Editor, path: &Path) -> Result<Text, ToolError> {
    let open = editor.open(path);
    let text = if let Some(document) = open.as_ref().filter(|document| document.unsaved) {
        Some(document.text.to_string())
    } else {
        let path = path.to_owned();
        blocking(move || read_disk(&path)).await?
    };
    let without_bom = |text: String| text.strip_prefix(BOM).map(ToOwned::to_owned).unwrap_or(text);
    Ok(Text { path: path.to_owned(), content: text.map(without_bom), open })
}

/// Writes `new` where `text` was read, if that has not changed since.
pub(crate) async fn store(editor: &dyn Editor, text: &Text, new: &str) -> Result<(), ToolError> {
    let _hold = holds::for_writing(text.path.clone()).await;
    if let Some(document) = load_again(editor, text).await?.open {
        match editor.apply(&text.path, new).await {
            Applied::Yes => return Ok(()),
            Applied::Refused(reason) => {
                return Err(ToolError::Failed(format!("the editor refused the edit: {reason}")));
            }
            Applied::CannotApply if document.unsaved => {
                return Err(ToolError::Failed(format!(
                    "{} has unsaved changes in an editor that cannot apply edits; ask the person to save it first",
                    text.path.to_string_lossy()
                )));
            }
            Applied::CannotApply => {}
        }
    }
    let (path, new) = (text.path.clone(), new.to_owned());
    blocking(move || write_disk(&path, &new)).await
}

/// Removes a file, if it has not changed since `text` was read.
pub(crate) async fn remove(editor: &dyn Editor, text: &Text) -> Result<(), ToolError> {
    let _hold = holds::for_writing(text.path.clone()).await;
    if load_again(editor, text).await?.open.is_some_and(|document| document.unsaved) {
        let path = text.path.to_string_lossy();
        return Err(ToolError::Failed(format!("{path} is open with unsaved changes and was not deleted")));
    }
    let path = text.path.clone();
    blocking(move || {
        let (folder, name) = parts(&path)?;
        Folder::open(folder)?.remove(name).map_err(|error| io_failure("cannot delete", &path, &error))
    })
    .await
}

/// A question may have stood open for long: what was computed holds only for the text it was computed from.
async fn load_again(editor: &dyn Editor, text: &Text) -> Result<Text, ToolError> {
    let now = load(editor, &text.path).await?;
    if now.content == text.content {
        return Ok(now);
    }
    let path = text.path.to_string_lossy();
    Err(ToolError::Failed(format!("{path} was changed while the edit waited; read it again")))
}

/// Whether the file of a document holds this text, apart from how its lines end. Where there is no file, an empty text
/// is what it holds; one that is no text, or too large to be edited, is not compared. Blocks.
pub(crate) fn holds(path: &Path, text: &str) -> bool {
    match read_disk(path) {
        Ok(on_disk) => on_disk
            .unwrap_or_default()
            .trim_start_matches(BOM)
            .lines()
            .eq(text.trim_start_matches(BOM).lines()),
        Err(_) => true,
    }
}

fn read_disk(path: &Path) -> Result<Option<String>, ToolError> {
    let named = || path.to_string_lossy();
    let failed = |error| io_failure("cannot read", path, &error);
    let file = match beneath::open(path) {
        Ok(Opened::File(file)) => file,
        Ok(Opened::Folder(_)) => return Err(ToolError::Failed(format!("{} is not a file", named()))),
        Err(OpenError::Missing(_)) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let size = file.metadata().map_err(failed)?.len();
    let mut bytes = Vec::new();
    file.take(MAX_EDITED + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_EDITED {
        let size = size.max(MAX_EDITED + 1);
        return Err(ToolError::Failed(format!(
            "{} has {size} bytes; at most {MAX_EDITED} can be edited",
            named()
        )));
    }
    String::from_utf8(bytes)
        .map(Some)
        .map_err(|_| ToolError::Failed(format!("{} is not UTF-8 text", named())))
}

fn write_disk(path: &Path, text: &str) -> Result<(), ToolError> {
    let (folder, name) = parts(path)?;
    let folder = Folder::create(folder)?;
    let mark = if !text.starts_with(BOM) && starts_with_bom(&folder, name) { BOM_BYTES } else { b"" };
    folder.replace(name, &[mark, text.as_bytes()]).map_err(|error| io_failure("cannot write", path, &error))
}

/// The folder that a file lies in, and its name there.
fn parts(path: &Path) -> Result<(&Path, &OsStr), ToolError> {
    path.parent()
        .zip(path.file_name())
        .ok_or_else(|| ToolError::Failed(format!("{} is not a file", path.to_string_lossy())))
}

fn starts_with_bom(folder: &Folder, name: &OsStr) -> bool {
    let mut start = [0_u8; BOM_BYTES.len()];
    let read = folder.file(Path::new(name)).map(|mut file| file.read_exact(&mut start));
    matches!(read, Ok(Ok(()))) && start == BOM_BYTES
}

/// How the lines of a text end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LineEnds {
    /// All with a line feed.
    Lf,
    /// All with carriage return and line feed.
    CrLf,
    /// Some with one, some with the other: left as they are.
    Mixed,
}

/// How the lines of `text` end.
pub(super) fn line_ends(text: &str) -> LineEnds {
    let (all, crlf) = (text.matches('\n').count(), text.matches("\r\n").count());
    match (crlf, text.matches('\r').count()) {
        (0, 0) => LineEnds::Lf,
        (pairs, returns) if pairs == all && returns == pairs => LineEnds::CrLf,
        _ => LineEnds::Mixed,
    }
}

/// `text` with plain line feeds, unless its line ends are mixed.
pub(super) fn to_lf(text: &str, ends: LineEnds) -> String {
    if ends == LineEnds::Mixed { text.to_owned() } else { text.replace("\r\n", "\n") }
}

/// The inverse of [`to_lf`].
pub(super) fn from_lf(text: &str, ends: LineEnds) -> String {
    if ends == LineEnds::CrLf { text.replace("\r\n", "\n").replace('\n', "\r\n") } else { text.to_owned() }
}

/// The difference of two texts as a unified diff with three lines of context; empty when there is none.
pub(super) fn unified_diff(path: &str, old: Option<&str>, new: Option<&str>) -> String {
    // A header is one line, and an absolute path is told as it is.
    let path = path.replace('\n', "\\n");
    let name = |side: &str, text: Option<&str>| match text {
        None => "/dev/null".to_owned(),
        Some(_) if path.starts_with('/') => path.clone(),
        Some(_) => format!("{side}/{path}"),
    };
    let mut config = similar::TextDiff::configure();
    config.timeout(std::time::Duration::from_secs(2));
    let diff = config.diff_lines(old.unwrap_or_default(), new.unwrap_or_default());
    diff.unified_diff().context_radius(3).header(&name("a", old), &name("b", new)).to_string()
}
