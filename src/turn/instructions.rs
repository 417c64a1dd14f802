//! Keeps the system prompt frozen, and tells the model what changed, on the very next step (invariant 4).

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    TurnContext,
    run::{Broken, Turn},
    thread::Thread,
};
use crate::{
    context::{
        fragments::{self, Fragment},
        render::Contents,
    },
    store::{Baseline, Live, NewMessage, NewPart, Store, StoreError},
    transcript::{Body, MessageId, Part, PartId, PartKind, Role, SessionId, Update},
};

/// Where the pieces of the system prompt come from. Implemented above, where the configuration is known.
pub trait Sources: Send + Sync {
    /// The pieces as they are now. Reads files: called where blocking is allowed, like the others.
    fn look(&self) -> Vec<Fragment>;

    /// The model was told of these pieces in an earlier turn: files among them that joined then join again.
    fn resume(&self, told: &[Fragment]);

    /// Something at this place was read or changed: what holds there joins.
    fn visit(&self, path: &Path);
}

impl TurnContext {
    /// The pieces of the system prompt as they are now; `None` when nobody can look any more.
    pub(super) async fn look(&self) -> Option<Vec<Fragment>> {
        let sources = Arc::clone(&self.sources);
        tokio::task::spawn_blocking(move || sources.look()).await.ok()
    }

    /// Takes in the instruction files that joined in earlier turns.
    pub(super) async fn resume(&mut self, stored: Option<&Baseline>) {
        let here = |fragment: &Fragment| self.fragments.iter().any(|known| known.name == fragment.name);
        let Some(stored) = stored.filter(|stored| !stored.told.iter().all(here)) else { return };
        let (sources, told) = (Arc::clone(&self.sources), stored.told.clone());
        let looked = tokio::task::spawn_blocking(move || {
            sources.resume(&told);
            sources.look()
        });
        if let Ok(now) = looked.await {
            self.instructions = fragments::instructions(&now).into();
            self.fragments = now.into();
        }
    }

    /// Lets the session's requests begin as they did before, where that still holds. Returns what they begin with.
    pub(super) fn freeze(&mut self, stored: Option<Baseline>, live: &Live) -> Baseline {
        let baseline = fragments::baseline(stored, &self.agent, &self.model, live, &self.fragments);
        self.instructions = fragments::instructions(&baseline.fragments).into();
        self.fragments = baseline.fragments.clone().into();
        baseline
    }

    /// [`Self::freeze`] for a turn: what its requests begin with is stored.
    pub(super) async fn settle(
        &mut self,
        store: &Store,
        session: &SessionId,
    ) -> Result<Baseline, StoreError> {
        let (live, stored) = (store.live(session).await?, store.baseline(session).await?);
        self.resume(stored.as_ref()).await;
        let baseline = self.freeze(stored.clone(), &live);
        if stored.as_ref() != Some(&baseline) {
            store.set_baseline(session, baseline.clone()).await?;
        }
        Ok(baseline)
    }
}

impl Turn {
    /// Looks at the sources again, and appends a note for each piece that is not as the model knows it.
    pub(super) async fn tell_news(&mut self) -> Result<(), Broken> {
        let Some(now) = self.context.look().await else { return Ok(()) };
        let notes = fragments::news(&self.baseline.told, &now);
        if notes.is_empty() {
            return Ok(());
        }
        for note in notes {
            self.add_note(note).await?;
        }
        self.baseline.told = now;
        self.shared.store.set_baseline(&self.session, self.baseline.clone()).await?;
        Ok(())
    }

    /// Tools were at these places: the instructions that hold there join, and are told on the next step.
    pub(super) async fn visit(&self, places: Vec<PathBuf>) {
        let sources = Arc::clone(&self.context.sources);
        let looked =
            tokio::task::spawn_blocking(move || places.iter().for_each(|place| sources.visit(place)));
        if let Err(error) = looked.await {
            tracing::warn!(%error, "instructions were not looked for");
        }
    }

    /// Begins anew with the system prompt as it is now, behind a new boundary.
    pub(super) async fn renew_baseline(&mut self) -> Result<(), StoreError> {
        let mut context = TurnContext::clone(&self.context);
        if let Some(now) = context.look().await {
            context.fragments = now.into();
        }
        self.baseline = context.settle(&self.shared.store, &self.session).await?;
        self.context = Arc::new(context);
        self.thread = Thread::load(&self.shared.store, &self.session, &self.context).await?;
        Ok(())
    }

    /// A note in the user's role, stored like everything else that is sent (invariant 4).
    pub(super) async fn add_note(&mut self, text: String) -> Result<(), Broken> {
        let id = MessageId::random();
        let part = Part {
            id: PartId::random(),
            message_id: id.clone(),
            index: 0,
            kind: PartKind::Text(Body::whole(text)),
        };
        let note = NewMessage {
            id,
            role: Role::User,
            parent_id: None,
            turn: self.id.clone(),
            agent: self.context.agent.clone(),
            model: self.context.model.clone(),
            complete: true,
            parts: vec![NewPart::from(part)],
        };
        let message = self.shared.store.add_message(&self.session, note).await?.into_inner();
        self.window.push(&message, &Contents::default());
        self.emit(Update::Message(message));
        Ok(())
    }
}
