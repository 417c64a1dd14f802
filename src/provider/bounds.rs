//! What is bounded of providers: answers, errors, connections. Deadlines of a call are configuration: `timeouts`.

use super::{
    anthropic::marks,
    entries, failure, http, incoming,
    offline::{kept, plan, summary},
    probe, remote, sse,
};
use crate::bounds::Bound;

/// This layer's rows of the table.
pub const BOUNDS: &[Bound] = &[
    Bound::bytes(
        "an event of an answer",
        "provider/sse.rs: line, data, MAX_EVENT_BYTES",
        sse::MAX_EVENT_BYTES as u64,
        "the answer fails; what came before is kept",
    ),
    Bound::bytes(
        "what an answer writes",
        "provider/incoming.rs: ready, MOST_WRITTEN",
        incoming::MOST_WRITTEN as u64,
        "it fails as `providerRejected`; what came before is kept",
    ),
    Bound::count(
        "blocks of an answer",
        "provider/incoming.rs: MOST_BLOCKS",
        incoming::MOST_BLOCKS as u64,
        "it fails as `providerRejected`; what came before is kept",
    ),
    Bound::count(
        "tool calls of an answer",
        "provider/incoming.rs: MOST_CALLS",
        incoming::MOST_CALLS as u64,
        "it fails as `providerRejected`; what came before is kept",
    ),
    Bound::bytes(
        "an id or a tool's name in an answer",
        "provider/incoming.rs: LONGEST_NAME",
        incoming::LONGEST_NAME as u64,
        "it fails as `providerRejected`; what came before is kept",
    ),
    Bound::with(
        "the pieces of an answer that is being read",
        "provider/anthropic/stream.rs: blocks",
        "blocks of an answer",
        "they go with it",
    ),
    Bound::with(
        "the items of an answer that is being read",
        "provider/responses/stream.rs: items",
        "blocks of an answer",
        "they go with it",
    ),
    Bound::bytes(
        "the body of an error",
        "provider/http.rs: MAX_ERROR_BYTES",
        http::MAX_ERROR_BYTES as u64,
        "the rest is not read",
    ),
    Bound::bytes(
        "what is said of an error",
        "provider/failure.rs: MAX_MESSAGE_BYTES",
        failure::MAX_MESSAGE_BYTES as u64,
        "it is cut",
    ),
    Bound::count(
        "connections to one host that are kept",
        "provider/http.rs: CLIENT, MOST_IDLE",
        http::MOST_IDLE as u64,
        "a further one is closed after its answer",
    ),
    Bound::time("the time that they are kept", "provider/http.rs: IDLE", http::IDLE, "they are closed"),
    Bound::time(
        "the wait for the end of a complete answer",
        "provider/http.rs: DRAIN, spawn",
        http::DRAIN,
        "its connection is closed",
    ),
    Bound::bytes(
        "the id of a call",
        "provider/entries.rs: MAX_ID_BYTES",
        entries::MAX_ID_BYTES as u64,
        "another stands for it",
    ),
    Bound::count(
        "cache marks in one request (Anthropic's limit)",
        "provider/anthropic/marks.rs: MOST",
        marks::MOST as u64,
        "no further ones are set",
    ),
    Bound::count(
        "answers that the offline model keeps",
        "provider/offline/kept.rs: KEPT, MOST_KEPT",
        kept::MOST_KEPT as u64,
        "the oldest is forgotten: a request that continues it is refused, and everything is sent",
    ),
    Bound::count(
        "calls of one plan of the offline model",
        "provider/offline/plan.rs: MAX_CALLS",
        plan::MAX_CALLS as u64,
        "the plan ends",
    ),
    Bound::count(
        "places that it names",
        "provider/offline/plan.rs: MAX_PLACES",
        plan::MAX_PLACES as u64,
        "the others are left out",
    ),
    Bound::count(
        "facts that it sums up",
        "provider/offline/summary.rs: MAX_FACTS",
        summary::MAX_FACTS as u64,
        "the others are left out",
    ),
    Bound::bytes(
        "a fact that it sums up",
        "provider/offline/summary.rs: MAX_FACT_BYTES",
        summary::MAX_FACT_BYTES as u64,
        "it is cut",
    ),
    Bound::time(
        "the wait for the body of an error",
        "provider/http.rs: ERROR_BODY",
        http::ERROR_BODY,
        "the error is told by its status and what came",
    ),
    Bound::bytes(
        "the name of a tool that is sent",
        "provider/entries.rs: MAX_NAME_BYTES",
        entries::MAX_NAME_BYTES as u64,
        "it is cut",
    ),
    Bound::count(
        "images of a request",
        "provider/remote.rs: MOST_IMAGES",
        remote::MOST_IMAGES as u64,
        "the oldest make room, half of them at once; notes stand for them",
    ),
    Bound::time(
        "the answer to a probe",
        "provider/probe.rs: ANSWER",
        probe::ANSWER,
        "it is told as unreached",
    ),
    Bound::time(
        "the name and the connection of a probe that failed",
        "provider/probe.rs: STEP",
        probe::STEP,
        "it is told which of the two took too long",
    ),
];
