//! How full the window is, for the tool that asks: the report that a person gets, made when it is asked for.

use std::sync::Arc;

use futures::future::BoxFuture;

use super::TurnContext;
use crate::{
    context::report::{self, Fate, Report},
    store::{Store, StoreError},
    tool::context_usage::{ContextUsage, Gauge, Piece, Summary},
    transcript::SessionId,
};

/// Measures one session's window as a turn sees it.
pub(super) struct StoredGauge {
    pub(super) store: Store,
    pub(super) session: SessionId,
    pub(super) context: Arc<TurnContext>,
}

impl TurnContext {
    /// What the next request of a session would hold.
    pub async fn report(&self, store: &Store, session: &SessionId) -> Result<Report, StoreError> {
        let frame = report::frame(&self.fragments, self.tool_bytes());
        report::make(store, session, self.asked(), self.overflow(), frame).await
    }
}

impl StoredGauge {
    async fn measure(&self) -> Result<ContextUsage, StoreError> {
        let context = &self.context;
        let report = context.report(&self.store, &self.session).await?;
        let (window, budget) = (&report.window, report.window.budget());
        let summary = window.live().boundary.as_ref().map(|boundary| Summary {
            seq: boundary.seq,
            before: boundary.compaction.before,
            after: boundary.compaction.after,
        });
        let framed = report.fragments.iter().map(|fragment| Piece {
            what: fragment.name.clone(),
            part: None,
            tokens: fragment.tokens,
            evidence: false,
        });
        let first = window.place().first;
        // Evidence behind the summary stands in the summary's own message.
        let shown = report.pieces.iter().filter(|piece| {
            matches!(piece.fate, Fate::Full) || (piece.fate == Fate::Evidence && piece.seq >= first)
        });
        Ok(ContextUsage {
            used: window.used(),
            estimated: window.estimated(),
            usable: budget.usable,
            limit: budget.limit,
            summarises: context.compaction.auto,
            pieces: framed.chain(shown.map(piece)).collect(),
            summary,
            hidden: window.place().hidden,
        })
    }
}

fn piece(piece: &report::Piece) -> Piece {
    let what = match (&piece.tool, &piece.title) {
        (Some(tool), Some(title)) => format!("{tool} {title}"),
        (Some(tool), None) => tool.clone(),
        (None, _) => format!("{} in message {}", piece.kind, piece.seq.0),
    };
    Piece {
        what,
        part: piece.part_id.clone().filter(|_| piece.tool.is_some()),
        tokens: piece.tokens,
        evidence: piece.fate == Fate::Evidence,
    }
}

impl Gauge for StoredGauge {
    fn usage(&self) -> BoxFuture<'_, Result<ContextUsage, String>> {
        Box::pin(async move { self.measure().await.map_err(|error| error.to_string()) })
    }
}
