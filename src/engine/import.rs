//! Taking over sessions from other programs, and what is said when that fails.

use std::sync::Arc;

use super::{Change, Engine, EngineError};
pub use crate::store::{Fate, ImportEvent, ImportSummary, Outcome, Source};
use crate::{
    store::ImportError,
    transcript::{Failure, FailureKind},
};

impl Engine {
    /// Takes over sessions from another program. `heard` is told what happens, on another thread. What was taken before
    /// a failure stays, and the next import goes on behind it.
    pub async fn import(
        &self,
        source: Source,
        mut heard: impl FnMut(ImportEvent) + Send + 'static,
    ) -> Result<ImportSummary, EngineError> {
        let events = Arc::clone(&self.inner.events);
        let tell = move |event: ImportEvent| {
            if let ImportEvent::Session(Outcome { session, fate, .. }) = &event {
                match fate {
                    Fate::Imported => events.changed(session, Change::Created),
                    Fate::Grown => events.changed(session, Change::Updated),
                    Fate::Unchanged | Fate::Continued | Fate::Occupied | Fate::Busy(_) => {}
                }
            }
            heard(event);
        };
        Ok(self.store().await?.import(source, tell).await.map_err(Failure::from)?)
    }
}

impl From<ImportError> for Failure {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::Store(error) => error.into(),
            error => Self::new(FailureKind::ImportFailed { row: error.row() }, error.to_string()),
        }
    }
}
