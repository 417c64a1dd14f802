//! What is bounded of the agent loop: attempts, waits, calls at once, who waits for whom.

use super::{desk::takeover, follow, retry, room, step, stream, summarise, title, tools};
use crate::bounds::Bound;

/// This layer's rows of the table.
pub const BOUNDS: &[Bound] = &[
    Bound::with(
        "sessions with an actor",
        "turn/desk.rs: state, live, actors",
        "requests in flight",
        "one for each session with a prompt or a compaction under way",
    ),
    Bound::with(
        "output of a running call that may be the beginning of a key",
        "turn/tools.rs: output",
        "an incoming message",
        "it is shorter than the longest key, which a variable, a configuration or such a message has brought",
    ),
    Bound::with(
        "who waits for a prompt or a compaction",
        "turn/desk.rs: waiting, wishes",
        "requests in flight",
        "each is a request",
    ),
    Bound::with(
        "prompts given up while their turn begins",
        "turn/desk.rs: answering, abandoned, spawn",
        "requests in flight",
        "forgotten at the turn's end",
    ),
    Bound::count(
        "calls of a provider for one answer",
        "turn/retry.rs: MOST_ATTEMPTS",
        retry::MOST_ATTEMPTS as u64,
        "the turn fails with the last error",
    ),
    Bound::time(
        "the waits between them, together",
        "turn/retry.rs: MOST_WAITING",
        retry::MOST_WAITING,
        "the turn fails with the last error",
    ),
    Bound::count(
        "answers in a row that broke off and are continued",
        "turn/step.rs: MOST_CONTINUATIONS",
        step::MOST_CONTINUATIONS as u64,
        "the turn fails with the last error",
    ),
    Bound::bytes(
        "streamed text that is not stored",
        "turn/stream.rs: FLUSH_BYTES",
        stream::FLUSH_BYTES as u64,
        "it is stored, at most every 50 ms",
    ),
    Bound::time(
        "the time it is not stored for",
        "turn/step.rs: FLUSH_AFTER",
        step::FLUSH_AFTER,
        "it is stored",
    ),
    Bound::count(
        "calls of one answer that run at once",
        "turn/tools.rs: AT_ONCE, spawn",
        tools::AT_ONCE as u64,
        "the others wait for their place",
    ),
    Bound::count(
        "the same call in a row",
        "turn/tools.rs: last, SAME_CALL_LIMIT",
        tools::SAME_CALL_LIMIT as u64,
        "a person is asked",
    ),
    Bound::time(
        "the end of a tool that was stopped",
        "turn/tools.rs: GRACE",
        tools::GRACE,
        "it is dropped; its processes are killed",
    ),
    Bound::count(
        "calls of the model for one summary",
        "turn/summarise.rs: MOST_CALLS",
        summarise::MOST_CALLS as u64,
        "the compaction failed",
    ),
    Bound::count(
        "attempts at one compaction",
        "turn/room.rs: MOST_ATTEMPTS",
        room::MOST_ATTEMPTS as u64,
        "the compaction failed",
    ),
    Bound::bytes(
        "what a title is made from",
        "turn/title.rs: READ",
        title::READ as u64,
        "the rest is not read",
    ),
    Bound::bytes("a title that a model gives", "turn/title.rs: LONGEST", title::LONGEST as u64, "it is cut"),
    Bound::count(
        "sessions that are followed",
        "turn/follow.rs: state, opened, MOST_FOLLOWED",
        follow::MOST_FOLLOWED as u64,
        "the one opened longest ago is forgotten",
    ),
    Bound::with(
        "sessions whose turn has ended since the last look",
        "turn/follow.rs: released",
        "requests in flight",
        "one for each session with a turn; the next look takes them all",
    ),
    Bound::time(
        "how long a living owner may take to let go",
        "turn/desk/takeover.rs: PATIENCE",
        takeover::PATIENCE,
        "its turn is ended for it, and it can write no more",
    ),
    Bound::time(
        "how long a silent owner is watched",
        "turn/desk/takeover.rs: WATCH",
        takeover::WATCH,
        "its turn is ended for it, and it can write no more",
    ),
    Bound::count(
        "hands that a session goes through while a prompt waits for it",
        "turn/desk/takeover.rs: MOST_HANDS",
        takeover::MOST_HANDS as u64,
        "`sessionBusy`, with who had it last",
    ),
];
