//! What the model still sees of a session, and compacting it.

use super::{Compacted, ContextReport, Engine, EngineError, Threading};
use crate::{
    context::report,
    transcript::{Failure, Seq, SessionId},
};

impl Engine {
    /// What the next request will hold, piece by piece.
    pub async fn context(&self, id: &SessionId) -> Result<ContextReport, EngineError> {
        let open = self.open().await?;
        let row = open.store.session(id).await.map_err(Failure::from)?;
        let context = open.desk.context(id).await?;
        let frame = report::frame(&context.fragments, context.tool_bytes());
        let (asked, overflow) = (context.asked(), context.overflow());
        let made = report::make(&open.store, id, row.counts, asked, overflow, frame).await;
        let report::Report { pieces, fragments, window } = made.map_err(Failure::from)?;
        let (budget, live, ratio) = (*window.budget(), window.live(), window.calibration());
        Ok(ContextReport {
            model: context.model,
            limit: budget.limit,
            reserved: budget.reserved,
            usable: budget.usable,
            used: window.used(),
            estimated: window.estimated(),
            counted_tokens: ratio.counted,
            counted_estimate: ratio.estimated,
            boundary_seq: live.boundary.as_ref().map_or(Seq(0), |boundary| boundary.seq),
            window_start_seq: window.place().first,
            items: pieces,
            fragments,
            threading: Threading { mode: "full".to_owned(), reason: "off".to_owned(), anchor_seq: None },
        })
    }

    /// Summarises a session's history: in its running turn at the next safe boundary, else now. Dropped before the
    /// end, it stops a compaction that runs by itself.
    pub async fn compact(
        &self,
        id: &SessionId,
        instructions: Option<String>,
    ) -> Result<Compacted, EngineError> {
        Ok(self.open().await?.desk.compact(id, instructions).await?)
    }

    /// What [`Self::compact`] would do, without calling the model.
    pub async fn plan_compaction(&self, id: &SessionId) -> Result<Compacted, EngineError> {
        Ok(self.open().await?.desk.plan_compaction(id).await?)
    }
}
