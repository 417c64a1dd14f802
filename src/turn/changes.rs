//! What the tools of a turn changed in files: kept for review, told to clients, named in the log.
//!
//! A file's change runs from before the turn's first change of it to after the last one, whatever came between.

use super::run::{Broken, Turn};
use crate::{
    store::{Change, ChangedTurn, NewChange, NewPart, Store, StoreError, StoredChange},
    transcript::{Failure, FileChange, Message, Part, PartId, PartKind, SessionId, Update, secret::Secrets},
};

impl Turn {
    /// The changes of one call as they are stored. One that cannot be told from what stood there before is left out of
    /// the review: the call's result matters more.
    pub(super) async fn changes(&self, files: Vec<FileChange>) -> Vec<Change> {
        let mut changes = Vec::with_capacity(files.len());
        for file in files {
            let path = file.path.clone();
            match self.change(file).await {
                Ok(change) => changes.push(Change::Changed(change)),
                Err(failure) => tracing::warn!(path, %failure, "a change cannot be reviewed"),
            }
        }
        changes
    }

    async fn change(&self, file: FileChange) -> Result<NewChange, Failure> {
        let earlier = self.shared.store.change(&self.id, &file.path).await?;
        let secrets = self.context.secrets.clone();
        let counted = tokio::task::spawn_blocking(move || since_the_beginning(file, earlier, &secrets));
        let (file, kept, counts) = counted.await.map_err(|error| Failure::internal(error.to_string()))?;
        Ok(NewChange { turn: self.id.clone(), file, kept, counts })
    }

    /// Tells the model which of its changes a person took back.
    pub(super) async fn tell_rejections(&mut self) -> Result<(), Broken> {
        if let Some(note) = rejections(&self.shared.store, &self.session).await? {
            self.add_note(note).await?;
            self.shared.store.rejections_told(&self.session).await?;
        }
        Ok(())
    }

    /// Adds a part that names the files which the tools of this step changed, and tells what the turn has changed so
    /// far.
    pub(super) async fn note_changed_files(
        &self,
        message: &mut Message,
        mut files: Vec<String>,
    ) -> Result<(), Broken> {
        if files.is_empty() {
            return Ok(());
        }
        files.sort();
        files.dedup();
        let part = Part {
            id: PartId::random(),
            message_id: message.id.clone(),
            index: u32::try_from(message.parts.len()).unwrap_or(u32::MAX),
            kind: PartKind::Patch { files },
        };
        let change = Change::Part(message.seq, NewPart::from(part.clone()));
        self.shared.store.apply(&self.session, vec![change]).await?;
        self.emit(Update::Part(part.clone()));
        message.parts.push(part);
        let ChangedTurn { message, files, .. } =
            self.shared.store.changes_of(&self.session, &self.id).await?;
        self.emit(Update::Changes { message_id: message, files });
        Ok(())
    }
}

/// What the model has to be told of changes that a person took back; `None` when there are none.
pub(super) async fn rejections(store: &Store, session: &SessionId) -> Result<Option<String>, StoreError> {
    let rejected = store.untold_rejections(session).await?;
    if rejected.is_empty() {
        return Ok(None);
    }
    let lines = rejected.iter().map(|(path, hunks)| {
        let places = if *hunks == 1 { "1 place".to_owned() } else { format!("{hunks} places") };
        format!("\n- {path} ({places})")
    });
    let note = "[agentls] The person took back changes that you made, so the old text stands there again. \
                Read a file before you change it again:";
    Ok(Some(format!("{note}{}", lines.collect::<String>())))
}

/// The change of a file since the turn began, whether its texts are kept, and how many lines it added and removed.
///
/// Texts that hold a key that we know are not kept (invariant 13): what is taken back is written to disk as it is kept,
/// so that nothing can be hidden in it.
fn since_the_beginning(
    file: FileChange,
    earlier: Option<StoredChange>,
    secrets: &Secrets,
) -> (FileChange, bool, (u64, u64)) {
    let (before, was_kept) = match earlier {
        Some(earlier) if earlier.kept => (earlier.file.before, true),
        Some(_) => (file.before, false),
        None => (file.before, true),
    };
    let file = FileChange { before, ..file };
    let secret = [&file.before, &file.after].into_iter().flatten().any(|text| secrets.are_in(text));
    let kept = was_kept && file.is_kept() && !secret;
    let (added, removed) = if kept { file.counts() } else { (0, 0) };
    (file, kept, (added as u64, removed as u64))
}
