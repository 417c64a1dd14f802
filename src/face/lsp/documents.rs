//! The client's open documents: an overlay over the disk for the tools, and the way back for their edits.

mod positions;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use futures::future::BoxFuture;
use serde_json::{Value, json};
use tower_lsp::lsp_types::{TextDocumentContentChangeEvent, Url};

use super::client::Declared;
use crate::{
    tool::{
        buffers::{Applied, Editor, OpenDocument},
        textfile::holds,
    },
    wire::calls::Calls,
};

/// What the texts of all open documents may weigh, in bytes.
pub(in crate::face) const MOST_BYTES: usize = 64 * 1024 * 1024;

/// What a document costs beside its text. Bytes, a guess.
const DOCUMENT: usize = 512;

/// A document as the client has it.
struct Document {
    uri: Url,
    version: i32,
    text: String,
    unsaved: bool,
}

/// The open documents, by real path.
pub struct Documents {
    open: Mutex<HashMap<PathBuf, Document>>,
    calls: Calls,
    client: Declared,
}

impl Documents {
    /// None yet. Edits go out through `calls`, as far as `client` can.
    pub fn new(calls: Calls, client: Declared) -> Self {
        Self { open: Mutex::default(), calls, client }
    }

    /// The client has opened a document. An editor that brings unsaved text back, or that comes late, opens it with that
    /// text. Blocks while it is compared with the file.
    pub fn opened(&self, uri: Url, version: i32, text: String) {
        if let Some(path) = real_path(&uri) {
            let unsaved = !holds(&path, &text);
            let mut open = self.lock();
            open.insert(path.clone(), Document { uri, version, text, unsaved });
            bound(&mut open, &path);
        }
    }

    /// The client has changed a document.
    pub fn changed(&self, uri: &Url, version: i32, changes: Vec<TextDocumentContentChangeEvent>) {
        self.with(uri, |document| {
            for change in changes {
                positions::apply(&mut document.text, change.range, &change.text);
            }
            document.version = version;
            document.unsaved = true;
        });
    }

    /// The client has saved a document.
    pub fn saved(&self, uri: &Url) {
        self.with(uri, |document| document.unsaved = false);
    }

    /// The client has closed a document.
    pub fn closed(&self, uri: &Url) {
        if let Some(path) = real_path(uri) {
            self.lock().remove(&path);
        }
    }

    fn with(&self, uri: &Url, change: impl FnOnce(&mut Document)) {
        let Some(path) = real_path(uri) else { return };
        let mut open = self.lock();
        if let Some(document) = open.get_mut(&path) {
            change(document);
            bound(&mut open, &path);
        } else {
            tracing::warn!(%uri, "a document that is not open");
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<PathBuf, Document>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The edit that makes the document's text `new_text`; `None` when it is not open.
    fn edit(&self, path: &Path, new_text: &str) -> Option<Value> {
        let open = self.lock();
        let document = open.get(path)?;
        let (range, text) = positions::difference(&document.text, new_text);
        let edits = json!([{"range": range, "newText": text}]);
        let edit = if self.client.get().document_changes {
            let versioned = json!({"uri": document.uri, "version": document.version});
            json!({"documentChanges": [{"textDocument": versioned, "edits": edits}]})
        } else {
            json!({"changes": {document.uri.as_str(): edits}})
        };
        Some(json!({"label": "agentls", "edit": edit}))
    }
}

impl Document {
    fn shown(&self) -> OpenDocument {
        OpenDocument { text: self.text.as_str().into(), unsaved: self.unsaved }
    }
}

impl Editor for Documents {
    fn open(&self, path: &Path) -> Option<OpenDocument> {
        self.lock().get(path).map(Document::shown)
    }

    fn unsaved(&self) -> Vec<(PathBuf, OpenDocument)> {
        let open = self.lock();
        open.iter().filter(|(_, it)| it.unsaved).map(|(path, it)| (path.clone(), it.shown())).collect()
    }

    fn apply<'a>(&'a self, path: &'a Path, new_text: &'a str) -> BoxFuture<'a, Applied> {
        Box::pin(async move {
            if !self.client.get().apply_edit {
                return Applied::CannotApply;
            }
            let Some(edit) = self.edit(path, new_text) else {
                return Applied::Refused("the document was closed".to_owned());
            };
            match self.calls.ask("workspace/applyEdit", &edit).await {
                Ok(answer) => applied(&answer),
                Err(problem) => Applied::Refused(problem.to_string()),
            }
        })
    }
}

/// Lets go of a document that has just grown when all of them are too large together: tools see the disk in its place.
fn bound(open: &mut HashMap<PathBuf, Document>, grown: &Path) {
    let weight: usize = open.values().map(|document| document.text.len() + DOCUMENT).sum();
    if weight > MOST_BYTES && open.remove(grown).is_some() {
        tracing::warn!(document = %grown.display(), "open documents weigh too much; this one is not followed");
    }
}

/// What the client says became of an edit.
fn applied(answer: &Value) -> Applied {
    if answer.get("applied").and_then(Value::as_bool) == Some(true) {
        return Applied::Yes;
    }
    let reason = answer.get("failureReason").and_then(Value::as_str);
    Applied::Refused(reason.unwrap_or("the editor did not apply it").to_owned())
}

/// The path of a `file:` URI with links followed; as it is where it does not exist yet.
fn real_path(uri: &Url) -> Option<PathBuf> {
    let path = uri.to_file_path().ok()?;
    if let Ok(real) = path.canonicalize() {
        return Some(real);
    }
    match (path.parent().map(Path::canonicalize), path.file_name()) {
        (Some(Ok(parent)), Some(name)) => Some(parent.join(name)),
        _ => Some(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        face::lsp::client::Abilities,
        wire::{message::RequestId, outbox::Outbox},
    };

    fn documents(abilities: Abilities) -> (Documents, Calls) {
        let calls = Calls::new(Outbox::default());
        let client = Declared::default();
        client.set(abilities);
        (Documents::new(calls.clone(), client), calls)
    }

    #[test]
    fn the_overlay_follows_the_client() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().canonicalize().unwrap().join("new.txt");
        let uri = Url::from_file_path(&path).unwrap();
        let (documents, _) = documents(Abilities::default());
        std::fs::write(&path, "a\r\n").unwrap();
        documents.opened(uri.clone(), 1, "a\n".into());
        assert_eq!((documents.unsaved(), documents.open(&path).unwrap().unsaved), (Vec::new(), false));
        let change = TextDocumentContentChangeEvent { range: None, range_length: None, text: "b\n".into() };
        documents.changed(&uri, 2, vec![change]);
        let expected = OpenDocument { text: "b\n".into(), unsaved: true };
        assert_eq!(documents.unsaved(), [(path.clone(), expected)]);
        documents.saved(&uri);
        assert!(!documents.open(&path).unwrap().unsaved);
        documents.closed(&uri);
        assert_eq!(documents.open(&path), None);
    }

    #[test]
    fn a_document_that_is_opened_with_other_text_than_its_file_has_is_unsaved() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().canonicalize().unwrap().join("a.txt");
        let uri = Url::from_file_path(&path).unwrap();
        let (documents, _) = documents(Abilities::default());
        let unsaved = |text: &str| {
            documents.opened(uri.clone(), 1, text.into());
            documents.open(&path).unwrap().unsaved
        };
        assert_eq!((unsaved(""), unsaved("typed\n")), (false, true));
        std::fs::write(&path, "on disk\n").unwrap();
        assert_eq!((unsaved("on disk\n"), unsaved(""), unsaved("typed\n")), (false, true, true));
    }

    #[test]
    fn documents_that_weigh_too_much_together_are_not_followed() {
        let (documents, _) = documents(Abilities::default());
        let uri = |name: &str| Url::from_file_path(Path::new("/nowhere").join(name)).unwrap();
        let third = "x".repeat(MOST_BYTES / 3);
        for name in ["a", "b", "c"] {
            documents.opened(uri(name), 1, third.clone());
        }
        let followed = |name: &str| documents.open(&Path::new("/nowhere").join(name)).is_some();
        assert_eq!(["a", "b", "c"].map(followed), [true, true, false]);
        let grow =
            || TextDocumentContentChangeEvent { range: None, range_length: None, text: third.repeat(3) };
        documents.changed(&uri("a"), 2, vec![grow()]);
        assert_eq!(["a", "b"].map(followed), [false, true]);
    }

    #[tokio::test]
    async fn an_edit_goes_through_the_client_or_says_why_not() {
        let path = Path::new("/nowhere/a.txt");
        let uri = Url::from_file_path(path).unwrap();
        let able = Abilities { apply_edit: true, document_changes: true, ..Abilities::default() };
        for (abilities, answer, expected) in [
            (Abilities::default(), Value::Null, Applied::CannotApply),
            (able.clone(), json!({"applied": true}), Applied::Yes),
            (
                able.clone(),
                json!({"applied": false, "failureReason": "locked"}),
                Applied::Refused("locked".into()),
            ),
            (able, Value::Null, Applied::Refused("the editor did not apply it".into())),
        ] {
            let (documents, calls) = documents(abilities);
            documents.opened(uri.clone(), 1, "a\n".into());
            let answered = async { calls.answer(&RequestId::from("agentls-1"), Ok(answer)) };
            assert_eq!(futures::join!(documents.apply(path, "b\n"), answered).0, expected);
        }
    }

    #[test]
    fn an_edit_names_the_version_it_was_made_for() {
        let path = Path::new("/nowhere/a.txt");
        let (documents, _) = documents(Abilities { document_changes: true, ..Abilities::default() });
        documents.opened(Url::from_file_path(path).unwrap(), 7, "a\nb\nc\n".into());
        let edit = documents.edit(path, "a\nx\nc\n").unwrap();
        let change = &edit["edit"]["documentChanges"][0];
        assert_eq!(change["textDocument"]["version"], 7);
        let range = json!({"start": {"line": 1, "character": 0}, "end": {"line": 2, "character": 0}});
        assert_eq!(change["edits"], json!([{"range": range, "newText": "x\n"}]));
    }
}
