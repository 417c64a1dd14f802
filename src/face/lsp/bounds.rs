//! What is bounded of the LSP face: pages, documents, what is shown, threads.

use super::{actions, client, commands::pages, dialog, documents, handlers, person, render, serve};
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
    Bound::count(
        "workspace folders that join a client's",
        "face/lsp/client.rs: MOST_FOLDERS",
        client::MOST_FOLDERS as u64,
        "further ones are left out",
    ),
    Bound::count(
        "diagnostics that are offered to be fixed at one place",
        "face/lsp/actions.rs: MOST_FIXES",
        actions::MOST_FIXES as u64,
        "the others are not offered",
    ),
    Bound::bytes(
        "a diagnostic in the title of an action",
        "face/lsp/actions.rs: SHOWN_MESSAGE",
        actions::SHOWN_MESSAGE as u64,
        "it is cut",
    ),
    Bound::bytes(
        "the message of a dialog",
        "face/lsp/dialog.rs: LONGEST",
        dialog::LONGEST as u64,
        "it is cut",
    ),
    Bound::count(
        "lines of a difference in a dialog",
        "face/lsp/dialog.rs: SHOWN_DIFF",
        dialog::SHOWN_DIFF as u64,
        "the others are counted",
    ),
    Bound::bytes(
        "a client's choice in the log",
        "face/lsp/person.rs: LONGEST_LOGGED",
        person::LONGEST_LOGGED as u64,
        "it is cut",
    ),
];
