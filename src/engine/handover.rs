//! Going on in another session: it begins with a note that the model of the first one wrote.

use std::sync::Weak;

use futures::future::BoxFuture;

use super::{Engine, Inner, intake};
use crate::{
    store::{NewMessage, NewPart, NewSessionRow, Store, StoreError},
    tool::new_session::{Handover, Sessions},
    transcript::{
        Body, Delivery, Failure, Message, MessageId, Part, PartId, PartKind, PromptPart, Role, Session,
        SessionId, StopReason, Update,
    },
    turn::events::Change,
    workspace::project,
};

/// The engine as its tools see it: they do not keep it alive.
pub(super) struct Successors(pub(super) Weak<Inner>);

impl Sessions for Successors {
    fn hand_over<'a>(
        &'a self,
        parent: &'a SessionId,
        handover: Handover,
    ) -> BoxFuture<'a, Result<SessionId, String>> {
        Box::pin(async move {
            let Some(inner) = self.0.upgrade() else { return Err("the server is ending".to_owned()) };
            let made = Engine { inner }.hand_over(parent, handover).await;
            made.map_err(|error| format!("no session was made: {error}"))
        })
    }
}

impl Engine {
    async fn hand_over(
        &self,
        parent: &SessionId,
        handover: Handover,
    ) -> Result<SessionId, super::EngineError> {
        let Handover { title, note, start } = handover;
        let open = self.open().await?;
        let from = open.store.session(parent).await.map_err(Failure::from)?;
        let session =
            open.store.create_session(child_of(from, title)).await.map_err(Failure::from)?.into_inner();
        self.inner.events.changed(&session.id, Change::Created);
        if start {
            self.begin(&session, note).await?;
        } else {
            let message = store_note(&open.store, &session, note).await.map_err(Failure::from)?;
            self.inner.events.emit(&session.id, None, Update::Message(message));
            self.inner.events.changed(&session.id, Change::Updated);
        }
        Ok(session.id)
    }

    /// Lets the note be answered. Nobody waits for that here.
    async fn begin(&self, session: &Session, note: String) -> Result<(), super::EngineError> {
        let open = self.open().await?;
        let prompt = super::PromptRequest {
            session_id: session.id.clone(),
            parts: vec![PromptPart::Text { text: note }],
            client_id: None,
            delivery: Delivery::Queue,
            agent: None,
            model: None,
        };
        let accepted =
            intake::accept(prompt, session, std::sync::Arc::clone(&self.inner.editor), None).await?;
        let ticket = open.desk.submit(&session.id, accepted).await?;
        tokio::spawn(async move {
            if let Err(failure) = ticket.answer().await {
                tracing::info!(%failure, "a session that was handed over could not go on");
            }
        });
        Ok(())
    }
}

/// A session that comes from another one, and works where it does.
pub(super) fn child_of(parent: Session, title: String) -> NewSessionRow {
    let root = project::find(std::path::Path::new(&parent.cwd));
    NewSessionRow {
        id: SessionId::random(),
        root: root.path.to_string_lossy().into_owned(),
        project_name: root.name,
        parent_id: Some(parent.id),
        title: Some(title),
        cwd: parent.cwd,
        agent: parent.agent,
        model: parent.model,
    }
}

/// Stores the note as the session's first message, as work on the history: the next prompt comes behind it.
async fn store_note(store: &Store, session: &Session, note: String) -> Result<Message, StoreError> {
    let (turn, _) = store.begin_upkeep(&session.id).await?.into_inner();
    let id = MessageId::random();
    let text = Part {
        id: PartId::random(),
        message_id: id.clone(),
        index: 0,
        kind: PartKind::Text(Body::whole(note)),
    };
    let message = NewMessage {
        id,
        role: Role::User,
        parent_id: None,
        turn: turn.clone(),
        agent: session.agent.clone(),
        model: session.model.clone(),
        complete: true,
        parts: vec![NewPart::from(text)],
    };
    let stored = store.add_message(&session.id, message).await;
    store.end_turn(&session.id, &turn, Some(StopReason::EndTurn), None).await?;
    Ok(stored?.into_inner())
}
