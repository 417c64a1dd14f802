//! What happens as lines of JSON: `session/update`'s parameters for each event, then `{result}` or `{error}`.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex, PoisonError},
};

use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::Notify;

use agentls::{
    engine::{Change, EngineError, Listener},
    face::{
        failure,
        lsp::{render, updates::SessionUpdate},
    },
    transcript::{SessionEvent, SessionId},
};

use super::{Answered, Screen};
use crate::cli::failure::cure;

/// Prints lines of JSON. A reader that is slow slows the turn down: as in any pipe of programs.
pub(super) struct JsonScreen {
    reader_gone: Arc<Notify>,
    /// The number of the last event. Held while an event is printed, so that they are in order.
    printed: Mutex<u64>,
}

impl JsonScreen {
    /// `reader_gone` is told when stdout takes no more.
    pub(super) fn new(reader_gone: Arc<Notify>) -> Self {
        Self { reader_gone, printed: Mutex::new(0) }
    }
}

fn print(value: &impl Serialize) -> io::Result<()> {
    let line = serde_json::to_string(value)?;
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}

impl Listener for JsonScreen {
    fn session_event(&self, event: SessionEvent) {
        let mut printed = self.printed.lock().unwrap_or_else(PoisonError::into_inner);
        *printed += 1;
        let update = SessionUpdate {
            session_id: event.session_id,
            event_seq: *printed,
            turn_id: event.turn_id,
            update: render::update(event.update),
        };
        if print(&update).is_err() {
            self.reader_gone.notify_one();
        }
    }

    fn session_changed(&self, _: &SessionId, _: Change) {}
}

impl Screen for JsonScreen {
    fn recovered(&self, _: Option<&str>) -> io::Result<()> {
        // It is an event like any other, and was printed as one.
        Ok(())
    }

    fn end(&self, answered: &Result<Answered, EngineError>) -> io::Result<()> {
        print(&match answered {
            Ok(Answered { session, outcome, .. }) => json!({"result": {
                "sessionId": session,
                "messageId": outcome.message_id,
                "stopReason": outcome.stop_reason,
                "steps": outcome.steps,
                "usage": outcome.usage,
            }}),
            Err(error) => json!({"error": described(error)}),
        })
    }
}

/// An error with its kind and its cure, where it has them.
fn described(error: &EngineError) -> Value {
    let mut described = match error {
        EngineError::Failed(failed) => {
            let mut data = failure::data(failed);
            data.insert("cure".to_owned(), cure(failed).into());
            data
        }
        EngineError::InvalidParams(_) => serde_json::Map::new(),
    };
    described.insert("message".to_owned(), error.to_string().into());
    Value::Object(described)
}

#[cfg(test)]
mod tests {
    use agentls::transcript::{Failure, FailureKind};

    use super::*;

    #[test]
    fn an_error_has_its_kind_and_its_cure() {
        let error = described(&Failure::new(FailureKind::ProviderAuth, "no key").into());
        assert_eq!((&error["kind"], &error["message"]), (&json!("providerAuth"), &json!("no key")));
        assert_eq!(error["cure"], FailureKind::ProviderAuth.cure());
    }
}
