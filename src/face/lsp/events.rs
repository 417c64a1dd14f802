//! What happens in the engine, as frames in the outbox: the [`Listener`] of this face.
//!
//! Invariant 10: everything leaves through the outbox, which also numbers a session's updates as they are
//! written.

use serde::Serialize;
use serde_json::json;
use tower_lsp::lsp_types::MessageType;

use super::{
    client::Declared,
    progress::Progress,
    render,
    updates::{self, ProjectDidChange, SessionDidChange},
};
use crate::{
    engine::{Change, Listener},
    transcript::{DeltaField, Project, SessionEvent, SessionId, Update},
    wire::{
        frame::Limit,
        message::notification,
        outbox::{Delta, Event, Outbox},
        reply::after_reply,
    },
    workspace::config::{Config, LogLevel},
};

/// The notification of what happens in a session.
pub const UPDATE: &str = "session/update";

/// The notification that a session list changed.
pub const DID_CHANGE: &str = "session/didChange";

/// Sets how much is logged.
pub type SetLogLevel = fn(LogLevel);

/// The notification that a project is another than before.
pub const PROJECT_DID_CHANGE: &str = "project/didChange";

/// Turns events into frames.
pub struct Events {
    outbox: Outbox,
    progress: Progress,
    client: Declared,
    process: ProcessWide,
}

/// What configuration says of the whole process.
pub struct ProcessWide {
    /// The size of an incoming frame.
    pub frame_limit: Limit,
    /// How much is logged.
    pub set_log_level: SetLogLevel,
}

impl Events {
    /// Into `outbox`; running turns are also shown through `progress`. Configuration counts for `process`.
    pub fn new(outbox: Outbox, progress: Progress, client: Declared, process: ProcessWide) -> Self {
        Self { outbox, progress, client, process }
    }

    /// Tells a person, where the client has a window; else it goes into the client's log.
    fn tell(&self, message: &str) {
        let method = if self.client.get().window { "window/showMessage" } else { "window/logMessage" };
        match notification(method, &json!({"type": MessageType::WARNING, "message": message})) {
            Ok(body) => self.outbox.send(body),
            Err(problem) => tracing::error!(%problem, "a warning cannot be written as JSON"),
        }
    }
}

impl Listener for Events {
    fn session_event(&self, event: SessionEvent) {
        if let Update::Status { status, detail, .. } = &event.update {
            self.progress.status(&event.session_id, *status, detail.as_deref());
        }
        let sent = match delta_key(&event.update) {
            Some((part, field)) => delta(event, part, field).map(|delta| self.outbox.delta(delta)),
            None => whole(event).map(|event| self.outbox.event(event)),
        };
        if let Err(problem) = sent {
            tracing::error!(%problem, "an update cannot be written as JSON");
        }
    }

    fn session_changed(&self, session: &SessionId, change: Change) {
        if change == Change::Created {
            self.outbox.began(session.as_str());
        }
        match notification(DID_CHANGE, &SessionDidChange { session_id: session.clone(), change }) {
            Ok(body) => self.outbox.send_about(session.as_str(), body),
            Err(problem) => tracing::error!(%problem, "a change cannot be written as JSON"),
        }
    }

    fn configured(&self, config: &Config, news: &[String]) {
        self.process.frame_limit.set(usize::try_from(config.limits.frame_bytes).unwrap_or(usize::MAX));
        (self.process.set_log_level)(config.log.level);
        for mistake in news {
            self.tell(&format!("configuration: {mistake}"));
        }
    }

    fn project_changed(&self, project: &Project) {
        match notification(PROJECT_DID_CHANGE, &ProjectDidChange { project: project.clone() }) {
            Ok(body) => {
                let outbox = self.outbox.clone();
                after_reply(move || outbox.send(body));
            }
            Err(problem) => tracing::error!(%problem, "a project cannot be written as JSON"),
        }
    }
}

/// The part and the text that grew, if that is what happened.
fn delta_key(update: &Update) -> Option<(String, &'static str)> {
    let Update::PartDelta { part_id, field, .. } = update else { return None };
    let field = match field {
        DeltaField::Text => "text",
        DeltaField::Input => "input",
        DeltaField::Output => "output",
    };
    Some((part_id.to_string(), field))
}

/// The parts whose state an update says.
fn parts(update: &Update) -> Vec<String> {
    match update {
        Update::Part(part) => vec![part.id.to_string()],
        Update::Message(message) => message.parts.iter().map(|part| part.id.to_string()).collect(),
        _ => Vec::new(),
    }
}

fn whole(event: SessionEvent) -> serde_json::Result<Event> {
    let parts = parts(&event.update);
    let Halves { stream, before, after } = Halves::of(event)?;
    Ok(Event { stream, parts, before, after })
}

fn delta(mut event: SessionEvent, part: String, field: &'static str) -> serde_json::Result<Delta> {
    /// Behind the text, which is the last member of the update.
    const TAIL: &str = "}}}";
    let text = match &mut event.update {
        Update::PartDelta { text, .. } => std::mem::take(text),
        _ => String::new(),
    };
    let Halves { stream, before, mut after } = Halves::of(event)?;
    let empty_text = r#""""#.len() + TAIL.len();
    after.truncate(after.len().saturating_sub(empty_text));
    Ok(Delta { stream, part, field, before, after, text, tail: TAIL })
}

/// The JSON of an update's message on both sides of its number.
struct Halves {
    stream: String,
    before: String,
    after: String,
}

impl Halves {
    fn of(event: SessionEvent) -> serde_json::Result<Self> {
        /// [`updates::SessionUpdate`] behind its number.
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Rest {
            #[serde(skip_serializing_if = "Option::is_none")]
            turn_id: Option<crate::transcript::TurnId>,
            update: updates::Update,
        }
        let stream = event.session_id.to_string();
        let session = serde_json::to_string(&event.session_id)?;
        let rest =
            serde_json::to_string(&Rest { turn_id: event.turn_id, update: render::update(event.update) })?;
        let before =
            format!(r#"{{"jsonrpc":"2.0","method":"{UPDATE}","params":{{"sessionId":{session},"eventSeq":"#);
        let after = format!(",{}}}", rest.trim_start_matches('{'));
        Ok(Self { stream, before, after })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::transcript::Status;

    fn event(update: Update) -> SessionEvent {
        SessionEvent { session_id: "ses_\"1".into(), turn_id: Some("trn_1".into()), update }
    }

    fn grown(text: &str) -> Update {
        Update::PartDelta {
            message_id: "msg_1".into(),
            part_id: "prt_1".into(),
            field: DeltaField::Text,
            text: text.into(),
        }
    }

    async fn params_of(updates: Vec<Update>) -> Vec<Value> {
        let outbox = Outbox::default();
        let process = ProcessWide { frame_limit: Limit::default(), set_log_level: |_| {} };
        let events = Events::new(outbox.clone(), Progress::default(), Declared::default(), process);
        for update in updates {
            events.session_event(event(update));
        }
        outbox.close();
        let mut bytes = Vec::new();
        outbox.write_to(&mut bytes).await.unwrap();
        let mut decoder = crate::wire::frame::Decoder::default();
        decoder.feed(&bytes);
        std::iter::from_fn(|| decoder.decode())
            .map(|decoded| match decoded {
                crate::wire::frame::Decoded::Body(body) => serde_json::from_slice::<Value>(&body).unwrap(),
                other => panic!("{other:?}"),
            })
            .map(|message| {
                assert_eq!((&message["jsonrpc"], &message["method"]), (&json!("2.0"), &json!(UPDATE)));
                message["params"].clone()
            })
            .collect()
    }

    #[tokio::test]
    async fn frames_written_in_halves_are_what_the_types_say() {
        let status = Update::Status { status: Status::Running, detail: Some("x".into()), retry_at: None };
        let updates = vec![status, grown("a\"\n"), grown("ü"), Update::Title("t".into()), grown("")];
        let merged = [updates[0].clone(), grown("a\"\nü"), updates[3].clone(), grown("")];
        let typed = |(number, update): (usize, &Update)| {
            serde_json::to_value(updates::SessionUpdate {
                session_id: "ses_\"1".into(),
                event_seq: number as u64 + 1,
                turn_id: Some("trn_1".into()),
                update: render::update(update.clone()),
            })
            .unwrap()
        };
        let expected: Vec<_> = merged.iter().enumerate().map(typed).collect();
        assert_eq!(params_of(updates).await, expected);
    }
}
