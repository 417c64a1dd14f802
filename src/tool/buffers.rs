//! The client's open documents: unsaved text is what tools see, and edits go through the editor.

use std::{path::Path, sync::Arc};

use futures::future::BoxFuture;

/// A document that is open in the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenDocument {
    /// Its text as the client has it.
    pub text: Arc<str>,
    /// Whether the client has not saved it. Else the file is what counts: it may be newer than what the client has read.
    pub unsaved: bool,
}

/// What became of an edit that was handed to the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    /// The client applied it.
    Yes,
    /// The client cannot apply edits; the disk may be written if the document has no unsaved text.
    CannotApply,
    /// The client refused, for this reason.
    Refused(String),
}

/// The client's side of editing. Paths are absolute, with links followed.
pub trait Editor: Send + Sync {
    /// The open document of that path.
    fn open(&self, path: &Path) -> Option<OpenDocument>;

    /// The text of the document of that path, if it is open and not saved.
    fn unsaved_text(&self, path: &Path) -> Option<Arc<str>> {
        self.open(path).filter(|document| document.unsaved).map(|document| document.text)
    }

    /// Every open document with unsaved text.
    fn unsaved(&self) -> Vec<(std::path::PathBuf, OpenDocument)>;

    /// Replaces the text of an open document, as one undoable edit.
    fn apply<'a>(&'a self, path: &'a Path, new_text: &'a str) -> BoxFuture<'a, Applied>;
}

/// An editor without open documents: what a headless client is.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoEditor;

impl Editor for NoEditor {
    fn open(&self, _path: &Path) -> Option<OpenDocument> {
        None
    }

    fn unsaved(&self) -> Vec<(std::path::PathBuf, OpenDocument)> {
        Vec::new()
    }

    fn apply<'a>(&'a self, _path: &'a Path, _new_text: &'a str) -> BoxFuture<'a, Applied> {
        Box::pin(std::future::ready(Applied::CannotApply))
    }
}
