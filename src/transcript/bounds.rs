//! What is bounded of the words of the domain: what is shown of an output, and what stays of it.

use super::{Usage, change, evidence, excerpt, text};
use crate::bounds::Bound;

/// This layer's rows of the table.
pub const BOUNDS: &[Bound] = &[
    Bound::bytes(
        "evidence of a call",
        "transcript/evidence.rs: MOST_BYTES",
        evidence::MOST_BYTES as u64,
        "each field has a share, and is cut",
    ),
    Bound::count(
        "lines that evidence chooses from",
        "transcript/excerpt.rs: alike, shapes, names, CANDIDATES",
        excerpt::CANDIDATES as u64,
        "the least telling one goes",
    ),
    Bound::count(
        "lines of an output that the model sees",
        "transcript/text.rs: SHOWN_LINES",
        text::SHOWN_LINES as u64,
        "head, tail and how to `recall` the rest",
    ),
    Bound::bytes(
        "an output that the model sees",
        "transcript/text.rs: SHOWN_BYTES",
        text::SHOWN_BYTES as u64,
        "head, tail and how to `recall` the rest",
    ),
    Bound::bytes(
        "a text of a changed file that is kept for review",
        "transcript/change.rs: LONGEST_KEPT",
        change::LONGEST_KEPT as u64,
        "the change is named without its text",
    ),
    Bound::time(
        "the search for the smallest difference",
        "transcript/change.rs: PATIENCE",
        change::PATIENCE,
        "a larger one will do",
    ),
    Bound::count(
        "changed lines that are merged with what somebody else changed",
        "transcript/change.rs: MOST_MERGED",
        change::MOST_MERGED as u64,
        "the change cannot be taken back: the file was changed since",
    ),
    Bound::count(
        "tokens of one call that are believed",
        "transcript/usage.rs: MOST",
        Usage::MOST,
        "the figure counts as so many",
    ),
];
