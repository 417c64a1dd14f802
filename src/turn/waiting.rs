//! Says that a session waits for a person: while any question of its turn is open, whichever tool or gate asks it.

use std::sync::{Arc, Mutex, PoisonError};

use futures::future::BoxFuture;

use super::run::SetStatus;
use crate::{
    permission::{PermissionAnswer, PermissionQuestion, Person, Question},
    transcript::{SessionId, Status},
};

/// The open questions of a turn.
pub(super) struct Waiting {
    /// How many there are. Held while the status is set, so that the last word is the right one.
    open: Mutex<usize>,
    set_status: SetStatus,
}

impl Waiting {
    /// None is open.
    pub(super) fn new(set_status: SetStatus) -> Arc<Self> {
        Arc::new(Self { open: Mutex::new(0), set_status })
    }

    /// One more is open, or one less.
    pub(super) fn on_wait(&self, waits: bool) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let before = *open;
        *open = if waits { before + 1 } else { before.saturating_sub(1) };
        match (before, *open) {
            (0, 1) => (self.set_status)(Status::Waiting, None, None),
            (1, 0) => (self.set_status)(Status::Running, None, None),
            _ => {}
        }
    }
}

/// A question that is open until this is dropped.
struct Open<'a>(&'a Waiting);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.on_wait(false);
    }
}

/// The person whom tools ask, who is then waited for. Gates say themselves that they wait.
pub(super) struct AwaitedPerson {
    pub(super) person: Arc<dyn Person>,
    pub(super) waiting: Arc<Waiting>,
}

impl Person for AwaitedPerson {
    fn permission(&self, question: PermissionQuestion) -> BoxFuture<'_, Option<PermissionAnswer>> {
        self.person.permission(question)
    }

    fn questions(&self, session: &SessionId, questions: Vec<Question>) -> BoxFuture<'_, Option<Vec<String>>> {
        let asking = self.person.questions(session, questions);
        Box::pin(async move {
            self.waiting.on_wait(true);
            let _open = Open(&self.waiting);
            asking.await
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_open_questions_the_first_and_the_last_are_told() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&told);
        let waiting = Waiting::new(Arc::new(move |status, _, _| heard.lock().unwrap().push(status)));
        for waits in [true, true, false, true, false, false] {
            waiting.on_wait(waits);
        }
        assert_eq!(*told.lock().unwrap(), [Status::Waiting, Status::Running]);
    }
}
