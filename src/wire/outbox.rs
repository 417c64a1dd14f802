//! The one door out (invariant 10): replies, requests and notifications leave in the order they came in.
//!
//! Producers never wait and memory is bounded all the same (invariant 9): a growing text merges into its own
//! queued frame, and is left out when far too much waits, because the state that replaces it follows; states are left
//! out when even more waits, but for the newest of each stream; and while much waits, the pump reads no further
//! requests. Numbers of a stream's events are given as they are written, so that neither merging nor left-out growth
//! makes a gap. Left-out states do: who sees one reads the session again.

pub(in crate::wire) mod queue;

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    sync::Notify,
};
use tokio_util::sync::CancellationToken;

use self::queue::{Entry, Next, Queue};
use super::reply::after_reply;

/// While more than this waits beside growing texts, no further requests are read. Bytes.
pub(in crate::wire) const READ_PAUSE: usize = 4 * 1024 * 1024;

/// Frames are written together up to this size. Bytes.
pub(in crate::wire) const BATCH: usize = 64 * 1024;

/// A message about a stream (a session) that carries the stream's next number.
#[derive(Clone, Debug)]
pub struct Event {
    /// The stream.
    pub stream: String,
    /// The parts of the stream whose state this says: growth of them that was left out is made good by it.
    pub parts: Vec<String>,
    /// The message's JSON up to the number.
    pub before: String,
    /// The message's JSON behind the number.
    pub after: String,
}

/// A message about a text that grew. Its JSON is `before`, the number, `after`, the text, `tail`.
#[derive(Clone, Debug)]
pub struct Delta {
    /// The stream.
    pub stream: String,
    /// The part that grew.
    pub part: String,
    /// Which text of the part, when it has several.
    pub field: &'static str,
    /// The message's JSON up to the number.
    pub before: String,
    /// The message's JSON between number and text.
    pub after: String,
    /// What was added.
    pub text: String,
    /// The message's JSON behind the text.
    pub tail: &'static str,
}

/// The queue. Clones are the same queue.
#[derive(Clone, Default)]
pub struct Outbox(Arc<Shared>);

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    /// Something is there to write.
    filled: Notify,
    /// Something was written.
    drained: Notify,
    /// Nobody reads any more.
    broken: CancellationToken,
}

impl Outbox {
    /// Sends a message that belongs to no stream.
    pub fn send(&self, body: Vec<u8>) {
        self.change(|queue| queue.say(body));
    }

    /// Sends a message about a stream, without a number.
    pub fn send_about(&self, stream: &str, body: Vec<u8>) {
        self.change(|queue| queue.push_about(stream, Entry::Plain(body)));
    }

    /// Sends a stream's event.
    pub fn event(&self, event: Event) {
        self.change(|queue| queue.event(event));
    }

    /// Sends a growing text: merged with what of it still waits.
    pub fn delta(&self, delta: Delta) {
        self.change(|queue| queue.delta(delta));
    }

    /// A stream has begun to exist. If a request may be waiting for exactly this, what is said about the
    /// stream waits for the reply.
    pub fn began(&self, stream: &str) {
        self.lock().hold(stream);
    }

    /// A request that makes a stream is being handled.
    pub fn creation(&self) -> Creation {
        self.lock().creations += 1;
        Creation(self.clone())
    }

    /// Bytes that wait.
    pub fn waiting(&self) -> usize {
        self.lock().bytes()
    }

    /// Resolves when so little waits that further requests may be read.
    pub async fn room(&self) {
        loop {
            let drained = self.0.drained.notified();
            if self.lock().owed() <= READ_PAUSE {
                return;
            }
            drained.await;
        }
    }

    /// Resolves when nobody reads any more.
    pub async fn broken(&self) {
        self.0.broken.cancelled().await;
    }

    /// Nothing follows; [`Outbox::write_to`] ends when what waits is written.
    pub fn close(&self) {
        self.change(|queue| queue.closed = true);
    }

    /// Writes what is sent until the queue is closed and empty. When `writer` fails, what is sent from then
    /// on is thrown away.
    pub async fn write_to(&self, writer: impl AsyncWrite + Unpin) -> io::Result<()> {
        let outcome = self.drain(writer).await;
        if outcome.is_err() {
            self.change(|queue| *queue = Queue::discarding());
            self.0.broken.cancel();
        }
        outcome
    }

    async fn drain(&self, mut writer: impl AsyncWrite + Unpin) -> io::Result<()> {
        let mut batch = Vec::new();
        loop {
            let filled = self.0.filled.notified();
            let next = self.lock().next(Instant::now());
            if let Next::Body(body) = &next {
                batch.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
                batch.extend_from_slice(body);
            }
            let more = matches!(next, Next::Body(_)) && batch.len() < BATCH;
            if !more && !batch.is_empty() {
                writer.write_all(&batch).await?;
                writer.flush().await?;
                batch.clear();
                batch.shrink_to(BATCH);
                self.0.drained.notify_waiters();
            }
            match next {
                Next::Body(_) => {}
                Next::At(due) => {
                    // Either way the queue is looked at again.
                    tokio::select! {
                        () = filled => {}
                        () = tokio::time::sleep_until(due.into()) => {}
                    }
                }
                Next::Nothing => filled.await,
                Next::Closed => return Ok(()),
            }
        }
    }

    fn change(&self, change: impl FnOnce(&mut Queue)) {
        change(&mut self.lock());
        self.0.filled.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// While this lives, what is said about streams that begin waits.
pub struct Creation(Outbox);

impl Creation {
    /// The request has made this stream: what waits is sent right behind the reply.
    pub fn made(self, stream: &str) {
        let stream = stream.to_owned();
        after_reply(move || {
            self.0.change(|queue| queue.release(&stream));
            drop(self);
        });
    }
}

impl Drop for Creation {
    fn drop(&mut self) {
        self.0.change(Queue::creation_ended);
    }
}

#[cfg(test)]
mod tests;
