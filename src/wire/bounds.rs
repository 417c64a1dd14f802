//! What is bounded of the pipe: frames in, frames out, requests and questions under way, the end of the process.

use super::{
    calls, ending, frame, message,
    outbox::{self, queue},
    pump,
};
use crate::bounds::Bound;

/// This layer's rows of the table.
pub const BOUNDS: &[Bound] = &[
    Bound::bytes(
        "an incoming message",
        "wire/frame.rs: buffer, DEFAULT_LIMIT",
        frame::DEFAULT_LIMIT as u64,
        "it is drained and refused as `frameTooLarge` (`limits.frameBytes` sets another cap)",
    ),
    Bound::count(
        "times the cap that a refused message may announce",
        "wire/frame.rs: DRAIN_FACTOR",
        frame::DRAIN_FACTOR as u64,
        "its length is not believed: −32700, and the bytes behind it are read as messages",
    ),
    Bound::bytes(
        "a header line, or junk in its place",
        "wire/frame.rs: MAX_LINE",
        frame::MAX_LINE as u64,
        "it is thrown away but for its end",
    ),
    Bound::bytes(
        "what is kept of a message that is drained",
        "wire/frame.rs: left, head, KEPT_HEAD",
        frame::KEPT_HEAD as u64,
        "the rest is not looked at for its id",
    ),
    Bound::bytes("one read of the input", "wire/pump.rs: CHUNK", pump::CHUNK as u64, "the rest is read next"),
    Bound::count(
        "requests in flight",
        "wire/pump.rs: open, handlers, MAX_IN_FLIGHT",
        pump::MAX_IN_FLIGHT as u64,
        "a further one waits for a place, then it is refused with −32001",
    ),
    Bound::time(
        "the wait of a request for a place",
        "wire/pump.rs: PATIENCE",
        pump::PATIENCE,
        "nobody waits until one is answered: −32001 at once",
    ),
    Bound::with(
        "what waits for one request's reply",
        "wire/reply.rs: AfterReply",
        "requests in flight",
        "each request leaves one action at most",
    ),
    Bound::bytes(
        "replies and questions that wait for the client",
        "wire/outbox/queue.rs: entries, held, READ_PAUSE",
        outbox::READ_PAUSE as u64,
        "no further request is read until some are written",
    ),
    Bound::bytes(
        "growth of texts that waits for the client, with all else",
        "wire/outbox/queue.rs: open, lost, DELTA_PAUSE",
        queue::DELTA_PAUSE as u64,
        "growth is left out until the part's state, which follows",
    ),
    Bound::bytes(
        "states that wait for the client, with all else",
        "wire/outbox/queue.rs: latest, STATE_PAUSE",
        queue::STATE_PAUSE as u64,
        "the newest of each session is kept, the others are left out: a gap in `eventSeq`",
    ),
    Bound::bytes(
        "growth in one frame",
        "wire/outbox/queue.rs: DELTA_FRAME",
        queue::DELTA_FRAME as u64,
        "a further frame is begun",
    ),
    Bound::count(
        "paces of texts that are remembered",
        "wire/outbox/queue.rs: paces, PACES",
        queue::PACES as u64,
        "those that are not due are forgotten; as many stay as texts grew within 40 ms",
    ),
    Bound::count(
        "sessions whose `eventSeq` is remembered",
        "wire/outbox/queue.rs: numbers, STREAMS",
        queue::STREAMS as u64,
        "all are forgotten, and every number goes on above them",
    ),
    Bound::bytes(
        "frames written at once",
        "wire/outbox.rs: queue, BATCH",
        outbox::BATCH as u64,
        "the rest is written next",
    ),
    Bound::count(
        "questions to the client that are open",
        "wire/calls.rs: open, waiting, MOST_OPEN",
        calls::MOST_OPEN as u64,
        "a further one is not asked: as if the client had refused",
    ),
    Bound::bytes(
        "the message of a JSON error",
        "wire/message.rs: LONGEST_ERROR",
        message::LONGEST_ERROR as u64,
        "it is cut",
    ),
    Bound::time(
        "the end of the process",
        "wire/ending.rs: GRACE",
        ending::GRACE,
        "it ends by force; what was not stored is settled at the next start",
    ),
    Bound::time(
        "what is left of it for storing",
        "wire/ending.rs: LAST_CHANCE",
        ending::LAST_CHANCE,
        "every process that tools have started is killed",
    ),
    Bound::time(
        "the notice of the client's death",
        "wire/ending.rs: PARENT_CHECK",
        ending::PARENT_CHECK,
        "it is looked for again",
    ),
];
