//! What is bounded of tools: outputs, files, searches, processes.

use super::{
    bash, descendants,
    edit::matching,
    grep, list, new_session, place, process, question, read,
    recall::{self, answer, history},
    textfile, todo, webfetch,
};
use crate::bounds::Bound;

/// This layer's rows of the table.
pub const BOUNDS: &[Bound] = &[
    Bound::bytes(
        "the output of a command",
        "tool/terminal.rs: end, end_bytes",
        bash::MAX_OUTPUT as u64,
        "beginning and end are kept, with a line that says how much is missing",
    ),
    Bound::bytes("the title of a command", "tool/bash.rs: MAX_TITLE", bash::MAX_TITLE as u64, "it is cut"),
    Bound::time(
        "reading on after a command's end",
        "tool/bash.rs: DRAIN",
        bash::DRAIN,
        "it returns and says what still runs",
    ),
    Bound::time("a stopped command", "tool/process.rs: GRACE", process::GRACE, "its group is killed"),
    Bound::with(
        "shells that are waited for",
        "tool/descendants.rs: OWNED",
        "calls of one answer that run at once",
        "one for each call, in each running turn",
    ),
    Bound::with(
        "files that are held while they are changed",
        "tool/holds.rs: HELD",
        "calls of one answer that run at once",
        "one for each file of a call; those that nobody holds any more are forgotten with the next",
    ),
    Bound::time(
        "the wait for killed processes at the end",
        "tool/descendants.rs: PATIENCE",
        descendants::PATIENCE,
        "they are killed once more and left to the kernel",
    ),
    #[cfg(target_os = "linux")]
    Bound::time(
        "killing what is left by a killed process",
        "tool/guardian.rs: PATIENCE",
        super::guardian::PATIENCE,
        "what has been started since goes on",
    ),
    Bound::count(
        "paths outside the working directory that the reason of a question names",
        "tool/place.rs: MOST_SHOWN",
        place::MOST_SHOWN as u64,
        "`more`; each is one of the question's items",
    ),
    Bound::bytes(
        "a file that is edited",
        "tool/textfile.rs: MAX_EDITED",
        textfile::MAX_EDITED,
        "the call fails and says so",
    ),
    Bound::count(
        "comparisons for a nearest place",
        "tool/edit/matching.rs: MAX_COMPARISONS",
        matching::MAX_COMPARISONS as u64,
        "no nearest place is shown",
    ),
    Bound::count(
        "places that are listed",
        "tool/edit/matching.rs: MAX_LISTED",
        matching::MAX_LISTED as u64,
        "`more`",
    ),
    Bound::bytes("a line that is read", "tool/read.rs: LINE_BYTES", read::LINE_BYTES as u64, "it is cut"),
    Bound::count(
        "entries of a list",
        "tool/list.rs: MAX_ENTRIES",
        list::MAX_ENTRIES as u64,
        "a line says how to see more",
    ),
    Bound::bytes(
        "a compiled pattern of `grep`",
        "tool/grep.rs: MAX_REGEX",
        grep::MAX_REGEX as u64,
        "the call fails and says so",
    ),
    Bound::bytes(
        "a line that `grep` searches",
        "tool/grep.rs: unsaved, MAX_LINE_HEAP",
        grep::MAX_LINE_HEAP as u64,
        "the file is not searched further",
    ),
    Bound::bytes(
        "a compiled pattern of `recall`",
        "tool/recall.rs: PATTERN_SIZE",
        recall::PATTERN_SIZE as u64,
        "the call fails and says so",
    ),
    Bound::count(
        "lines of a `recall`",
        "tool/recall/answer.rs: MOST_LINES",
        answer::MOST_LINES as u64,
        "it says where to go on",
    ),
    Bound::bytes(
        "a `recall`",
        "tool/recall/answer.rs: MOST_BYTES",
        answer::MOST_BYTES as u64,
        "it says where to go on",
    ),
    Bound::bytes(
        "what a `recall` of a history searches",
        "tool/recall/history.rs: MOST_READ",
        history::MOST_READ,
        "it says where to go on",
    ),
    Bound::count(
        "questions in one call",
        "tool/question.rs: MAX_QUESTIONS",
        question::MAX_QUESTIONS as u64,
        "the call fails and says so",
    ),
    Bound::count(
        "items of a todo list",
        "tool/todo.rs: MOST_ITEMS",
        todo::MOST_ITEMS as u64,
        "the others are left out, and the model is told",
    ),
    Bound::bytes(
        "an item of a todo list",
        "tool/todo.rs: LONGEST_ITEM",
        todo::LONGEST_ITEM as u64,
        "it is cut",
    ),
    Bound::bytes(
        "a URL that is fetched",
        "tool/webfetch/target.rs: LONGEST_URL",
        webfetch::LONGEST_URL as u64,
        "the call fails and says so",
    ),
    Bound::count(
        "redirects of a fetch",
        "tool/webfetch.rs: MOST_REDIRECTS",
        webfetch::MOST_REDIRECTS as u64,
        "the call fails and names the last one",
    ),
    Bound::time(
        "a fetch, whatever is configured",
        "tool/webfetch.rs: LONGEST_FETCH",
        webfetch::LONGEST_FETCH,
        "the call fails and says so",
    ),
    Bound::bytes(
        "what is read of an answer of the web, whatever is configured",
        "tool/webfetch.rs: MOST_BYTES",
        webfetch::MOST_BYTES,
        "the rest is left out, and the model is told",
    ),
    Bound::bytes(
        "a page that becomes Markdown",
        "tool/webfetch/simple.rs: LONGEST",
        webfetch::LONGEST as u64,
        "the rest is left out, and the model is told",
    ),
    Bound::count(
        "elements of a page that becomes Markdown",
        "tool/webfetch/simple.rs: MOST_ELEMENTS",
        webfetch::MOST_ELEMENTS as u64,
        "only the words of further ones are shown",
    ),
    Bound::count(
        "elements of a page within each other",
        "tool/webfetch/simple.rs: DEEPEST",
        webfetch::DEEPEST as u64,
        "only the words of further ones are shown",
    ),
    Bound::count(
        "lists and quotes of a page within each other",
        "tool/webfetch/simple.rs: MOST_INDENTS",
        webfetch::MOST_INDENTS as u64,
        "further ones are not indented",
    ),
    Bound::bytes(
        "an attribute of a page that becomes Markdown",
        "tool/webfetch/simple.rs: LONGEST_ATTRIBUTE",
        webfetch::LONGEST_ATTRIBUTE as u64,
        "it is left out",
    ),
    Bound::bytes(
        "the title of a session that a model proposes",
        "tool/new_session.rs: LONGEST_TITLE",
        new_session::LONGEST_TITLE as u64,
        "the call fails and says so",
    ),
    Bound::bytes(
        "the note for a session that a model proposes",
        "tool/new_session.rs: LONGEST_NOTE",
        new_session::LONGEST_NOTE as u64,
        "the call fails and says so",
    ),
];
