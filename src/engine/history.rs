//! What the model still sees of a session and what it will be sent, and compacting the history.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use super::{
    Compacted, ContextReport, Engine, EngineError, NextRequest, Threading,
    calls::{self, Caller},
    intake,
};
use crate::{
    context::{anchor, report::Report},
    transcript::{Failure, Seq, SessionId},
    turn::inbox::AcceptedPart,
};

impl Engine {
    /// What the next request will hold, piece by piece.
    pub async fn context(&self, id: &SessionId) -> Result<ContextReport, EngineError> {
        let open = self.open().await?;
        let context = open.desk.context(id).await?;
        let made = context.report(&open.store, id).await;
        let Report { pieces, fragments, window } = made.map_err(Failure::from)?;
        let threading = open.desk.threading(id, &context, &window).await?;
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
            threading: shown(&threading),
        })
    }

    /// The request that would be sent next, with a prompt of this text or as the session stands. Nothing is changed.
    pub async fn next_request(
        &self,
        id: &SessionId,
        text: Option<String>,
    ) -> Result<NextRequest, EngineError> {
        let prompt = match text {
            Some(text) => self.as_it_would_be_sent(id, text).await?,
            None => Vec::new(),
        };
        let preview = self.open().await?.desk.preview(id, &prompt).await?;
        let mut headers = BTreeMap::new();
        for (name, value) in preview.outgoing.headers {
            // Two of one name are one list, as HTTP has it.
            let list: &mut String = headers.entry(name.to_lowercase()).or_default();
            if !list.is_empty() {
                list.push_str(", ");
            }
            list.push_str(&value);
        }
        Ok(NextRequest {
            method: "POST".to_owned(),
            url: preview.outgoing.url,
            headers,
            body: String::from_utf8_lossy(&preview.outgoing.body).into_owned(),
            bytes: preview.bytes,
            threading: shown(&preview.threading),
            forecast: preview.forecast,
            first: preview.first,
            notes: preview.notes,
        })
    }

    /// A prompt of one text. Of a command that it calls, the snippets are shown and not run.
    async fn as_it_would_be_sent(
        &self,
        id: &SessionId,
        text: String,
    ) -> Result<Vec<AcceptedPart>, EngineError> {
        let alone = intake::text_alone(text.clone())?;
        let session = self.open().await?.store.session(id).await.map_err(Failure::from)?;
        let (editor, settings) = (Arc::clone(&self.inner.editor), Arc::clone(&self.inner.settings));
        let called = super::blocking(move || {
            let secrets = settings.secrets(Path::new(&session.cwd));
            let called = Caller::new(settings, &session, None, None).call(&text, editor.as_ref())?;
            let mut parts = called.unwrap_or_else(|| vec![alone]);
            for part in &mut parts {
                part.hide(&secrets);
            }
            Ok::<_, EngineError>(parts)
        });
        Ok(called.await??.into_iter().map(calls::unrun).collect())
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

fn shown(threading: &anchor::Threading) -> Threading {
    let anchor_seq = match threading {
        anchor::Threading::Full { .. } => None,
        anchor::Threading::Delta { anchor, .. } => Some(*anchor),
    };
    Threading { mode: threading.mode().to_owned(), reason: threading.reason().to_owned(), anchor_seq }
}
