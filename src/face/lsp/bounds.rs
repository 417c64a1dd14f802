//! What is bounded of the LSP face: pages, documents, what is shown, threads.

use super::{commands::pages, documents, handlers, render, serve};
use crate::bounds::Bound;

/// This layer's rows of the table.
pub const BOUNDS: &[Bound] = &[
    Bound::count(
        "rows of one page",
        "face/lsp/handlers.rs: MAX_PAGE",
        handlers::MAX_PAGE,
        "a page has no more",
    ),
    Bound::count(
        "rows of one page of the ledger",
        "face/lsp/handlers.rs: MAX_STEPS",
        handlers::MAX_STEPS,
        "a page has no more",
    ),
    Bound::bytes(
        "one `part/read`",
        "face/lsp/handlers.rs: MAX_RANGE",
        handlers::MAX_RANGE,
        "the range ends there",
    ),
    Bound::bytes(
        "a text in an update",
        "face/lsp/render.rs: SHOWN_BYTES",
        render::SHOWN_BYTES as u64,
        "its beginning is shown as `truncated`; `part/read` has the rest",
    ),
    Bound::bytes(
        "texts of open documents",
        "face/lsp/documents.rs: open, MOST_BYTES",
        documents::MOST_BYTES as u64,
        "the document that would pass it is not followed: tools see the disk",
    ),
    Bound::count(
        "pages for a person, in files",
        "face/lsp/commands/pages.rs: MOST_PAGES",
        pages::MOST_PAGES as u64,
        "the oldest is removed",
    ),
    Bound::with(
        "turns shown as progress",
        "face/lsp/progress.rs: turns, shown",
        "requests in flight",
        "one for each running turn, told its newest state only; it goes with the turn",
    ),
    Bound::with(
        "commands that go on behind their reply",
        "face/lsp/commands.rs: spawn",
        "requests in flight",
        "each was a request, and shows one page",
    ),
    Bound::count("threads of the runtime", "face/lsp/serve.rs: THREADS", serve::THREADS as u64, "tasks wait"),
    Bound::count(
        "threads for what blocks",
        "face/lsp/serve.rs: BLOCKING_THREADS",
        serve::BLOCKING_THREADS as u64,
        "what blocks waits for one that is free",
    ),
    Bound::time(
        "the last moments in which nothing more is begun",
        "face/lsp/serve.rs: MARGIN",
        serve::MARGIN,
        "what waits for the client is not written",
    ),
];
