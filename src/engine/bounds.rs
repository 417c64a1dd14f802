//! What is bounded of the product's API: prompts, pages, ranges.

use super::{export, intake, projects, reading, review};
use crate::bounds::Bound;

/// This layer's rows of the table.
pub const BOUNDS: &[Bound] = &[
    Bound::bytes(
        "a prompt",
        "engine/intake.rs: LARGEST_PROMPT",
        intake::LARGEST_PROMPT as u64,
        "it is refused with −32602",
    ),
    Bound::bytes(
        "a file that a prompt names",
        "engine/intake.rs: LARGEST_FILE",
        intake::LARGEST_FILE,
        "the prompt is refused with −32602",
    ),
    Bound::bytes(
        "a title that a person gives",
        "engine/intake.rs: LONGEST_TITLE",
        intake::LONGEST_TITLE as u64,
        "it is refused with −32602",
    ),
    Bound::bytes(
        "a body in a page of previews",
        "engine/reading.rs: PREVIEW_BYTES",
        reading::PREVIEW_BYTES as u64,
        "its beginning is shown as `truncated`",
    ),
    Bound::bytes(
        "the bodies of a page of whole ones",
        "engine/reading.rs: PAGE_BYTES",
        reading::PAGE_BYTES as u64,
        "those that come after are previews, `truncated`",
    ),
    Bound::bytes(
        "one range of a part",
        "engine/reading.rs: MOST_READ",
        reading::MOST_READ,
        "the range ends there",
    ),
    Bound::count(
        "messages in memory while a session is exported",
        "engine/export.rs: PAGE",
        export::PAGE as u64,
        "they are written before the next ones are read",
    ),
    Bound::with(
        "sessions that prompts are coming into",
        "engine/arrivals.rs: doors",
        "requests in flight",
        "one for each prompt that is being read; those without are forgotten with the next",
    ),
    Bound::with(
        "the settings of a connection",
        "engine/settings.rs: client",
        "an incoming message",
        "one `initialize` is accepted, and it is one message; of those that join later, see the workspace folders",
    ),
    Bound::with(
        "the folders that a client vouches for",
        "engine/trust.rs: word",
        "an incoming message",
        "one `initialize` is accepted, and it is one message",
    ),
    Bound::bytes(
        "a project's name",
        "engine/projects.rs: LONGEST_NAME",
        projects::LONGEST_NAME as u64,
        "it is refused with −32602",
    ),
    Bound::bytes(
        "an emoji of a project",
        "engine/projects.rs: LONGEST_EMOJI",
        projects::LONGEST_EMOJI as u64,
        "it is refused with −32602",
    ),
    Bound::bytes(
        "an image of a project",
        "engine/projects.rs: LARGEST_ICON",
        projects::LARGEST_ICON as u64,
        "it is refused with −32602",
    ),
    Bound::bytes(
        "the hunks of one answer about changes",
        "engine/review.rs: MOST_SHOWN",
        review::MOST_SHOWN as u64,
        "further files are named without them; each can be asked for alone",
    ),
];
