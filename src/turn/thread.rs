//! Continuing responses that the provider keeps, so that a step uploads only what is new.
//!
//! The anchor moves with each answer that is complete; a refusal costs one whole request and is remembered.

use super::{TurnContext, request, step::Call};
use crate::{
    context::{
        anchor::{self, Fingerprint, Threading},
        window::Window,
    },
    provider::{ProviderError, ToolChoice},
    store::{Anchor, Anchoring, Change, Mooring, Store, StoreError},
    transcript::{Seq, SessionId},
};

/// What a turn knows of the answers that its provider keeps.
#[derive(Debug)]
pub(super) struct Thread {
    kept: bool,
    fingerprint: Fingerprint,
    anchoring: Anchoring,
    /// The newest answer, until its calls are settled.
    open: Option<(Anchor, bool)>,
}

impl Thread {
    /// As the store has it.
    pub(super) async fn load(
        store: &Store,
        session: &SessionId,
        context: &TurnContext,
    ) -> Result<Self, StoreError> {
        let kept = context.provider.keeps_responses(&context.limits);
        let anchoring = if kept { store.anchoring(session).await? } else { Anchoring::default() };
        Ok(Self { kept, fingerprint: fingerprint(session, context), anchoring, open: None })
    }

    /// What the turn's requests are asked with.
    pub(super) fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    /// How the next request of this window reaches the provider.
    pub(super) fn plan(&self, window: &Window) -> Threading {
        anchor::plan(window, &self.anchoring, &self.fingerprint, self.kept)
    }

    /// The id that is stored with an answer.
    pub(super) fn kept_id(&self, response: Option<&String>) -> Option<String> {
        response.filter(|_| self.kept).cloned()
    }

    /// An answer is complete. With calls it can be continued only when they are settled.
    pub(super) fn answered(
        &mut self,
        seq: Seq,
        response: Option<String>,
        call: &Call,
        calls: bool,
    ) -> Vec<Change> {
        let Some(response) = response.filter(|_| self.kept) else {
            return self.change(Mooring::Lost("unnamed"));
        };
        let continued = matches!(call.threading, Threading::Delta { .. });
        self.open = Some((Anchor { seq, response }, continued));
        if calls { self.change(Mooring::Lost("interrupted")) } else { self.settled() }
    }

    /// Every call of the newest answer has its result.
    pub(super) fn settled(&mut self) -> Vec<Change> {
        let Some((anchor, continued)) = self.open.take() else { return Vec::new() };
        self.change(Mooring::Set { anchor, fingerprint: self.fingerprint.written(), continued })
    }

    /// An answer broke off after something of it was shown.
    pub(super) fn broke_off(&mut self) -> Vec<Change> {
        self.open = None;
        self.change(Mooring::Lost("retry"))
    }

    /// Whether a refused request is to be sent once more, whole; the change is to be stored.
    pub(super) fn refused(&mut self, call: &Call, error: &ProviderError) -> Option<Vec<Change>> {
        let continued = matches!(call.threading, Threading::Delta { .. });
        (continued && may_be_about_the_response(error)).then(|| self.change(Mooring::Refused))
    }

    fn change(&mut self, mooring: Mooring) -> Vec<Change> {
        if !self.kept {
            return Vec::new();
        }
        self.anchoring = self.anchoring.after(&mooring);
        vec![Change::Moor(mooring)]
    }
}

/// What the requests of a turn of this context are asked with.
pub(super) fn fingerprint(session: &SessionId, context: &TurnContext) -> Fingerprint {
    let envelope = request::envelope(context, session, ToolChoice::Auto);
    Fingerprint::of(&context.provider.request(&envelope, &[], &[]))
}

/// Providers and proxies word it in many ways, and some hide it behind a 403: any refusal of a continued request
/// may be about the response that it continues.
fn may_be_about_the_response(error: &ProviderError) -> bool {
    match error {
        ProviderError::Rejected { status, .. } => (400..500).contains(status),
        ProviderError::Auth(message) | ProviderError::KeyWanted(message) => message.starts_with("403"),
        _ => false,
    }
}
