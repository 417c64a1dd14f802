//! What is bounded of what the model sees: windows, evidence, summaries, and the loops around them.

use super::{anchor, compaction, gallery, history, report};
use crate::bounds::Bound;

/// This layer's rows of the table.
pub const BOUNDS: &[Bound] = &[
    Bound::count(
        "the live window in memory, in windows of the model",
        "context/history.rs: MOST_WINDOWS",
        history::MOST_WINDOWS,
        "a history beyond it is windowed at a user message",
    ),
    Bound::with(
        "bodies and results of the live window",
        "context/render.rs: bodies, results",
        "the live window in memory, in windows of the model",
        "they go with its messages",
    ),
    Bound::count(
        "messages of a history read at once",
        "context/history.rs: PAGE",
        history::PAGE as u64,
        "the next ones are read when these are weighed",
    ),
    Bound::count(
        "continued requests in a row that are refused",
        "context/anchor.rs: MOST_REFUSALS",
        anchor::MOST_REFUSALS as u64,
        "everything is sent from then on",
    ),
    Bound::count(
        "compactions in a row that win nothing",
        "context/compaction.rs: MOST_FAILURES",
        compaction::MOST_FAILURES as u64,
        "`compactionStuck`, with numbers; stored, so that a restart does not begin anew",
    ),
    Bound::count(
        "calls whose evidence stands behind a boundary",
        "context/compaction.rs: MOST_EVIDENCE",
        compaction::MOST_EVIDENCE as u64,
        "older ones are left to the summary",
    ),
    Bound::count(
        "tokens of that evidence",
        "context/compaction.rs: EVIDENCE_TOKENS",
        compaction::EVIDENCE_TOKENS,
        "older ones are left to the summary",
    ),
    Bound::count(
        "tokens of a summary",
        "context/compaction.rs: SUMMARY_TOKENS",
        compaction::SUMMARY_TOKENS,
        "the model is told so",
    ),
    Bound::count(
        "pieces that a history is summarised in",
        "context/compaction.rs: MOST_CHUNKS",
        compaction::MOST_CHUNKS as u64,
        "the history cannot be compacted: `contextFloor`",
    ),
    Bound::bytes(
        "the request in work, behind a boundary",
        "context/compaction.rs: REQUEST_BYTES",
        compaction::REQUEST_BYTES as u64,
        "it is cut",
    ),
    Bound::count(
        "pieces that a report lists",
        "context/report.rs: LISTED",
        report::LISTED as u64,
        "older ones are summed up",
    ),
    Bound::bytes(
        "the images of a request, in base64",
        "context/gallery.rs: MOST_BYTES",
        gallery::MOST_BYTES,
        "the oldest make room, half of them at once; notes stand for them",
    ),
    Bound::bytes(
        "what is in memory of a stored image while it is looked at",
        "context/gallery/reader.rs: WINDOW",
        gallery::reader::WINDOW,
        "the rest is read when it is needed",
    ),
];
