//! The rows of the tables, and the goals of the issue "Long sessions at constant cost".
//!
//! What others need was measured beside each other on two shared cores in November 2026, over the same histories:
//! opencode 1.18.33 and Codex app-server 0.169. Their absolute figures drift with the machine.

use crate::matrix::Row;

/// A history with a compaction near its end.
pub(crate) const COMPACTED: &[Row] = &[
    Row::new("messages", ""),
    Row::new("parts", ""),
    Row::new("their JSON at opencode", "MB"),
    Row::new("import", "s").at_most(20.0),
    Row::new("import: processor", "s"),
    Row::new("import: peak memory", "MB").at_most(64.0),
    Row::new("database after the import", "MB"),
    Row::new("overhead of a step", "ms").at_most(8.0).to_founding(1.1).peers("3,060 (4 ×: 11,100); 83–99"),
    Row::new("overhead by the ledger", "ms"),
    Row::new("peak memory", "MB")
        .at_most(32.0)
        .to_fresh(1.1)
        .to_founding(1.1)
        .peers("2,470–2,680 (4 ×: 5,440); 441–466 (4 ×: 1,295)"),
    Row::new("processor for 50 steps", "s"),
    Row::new("prompt → first request", "ms").peers("–; 8 s of resuming (4 ×: 23 s)"),
    Row::new("a request", "MB"),
    Row::new("overhead of a step, read", "ms").at_most(8.0).to_founding(1.1),
    Row::new("peak memory, read", "MB").at_most(32.0).to_fresh(1.1).to_founding(1.1),
    Row::new("overhead of a step, Chat", "ms").at_most(8.0),
    Row::new("peak memory, Chat", "MB").at_most(32.0),
    Row::new("overhead of a step, Anthropic", "ms").at_most(8.0),
    Row::new("peak memory, Anthropic", "MB").at_most(32.0),
    Row::new("first page, database not yet open", "ms"),
    Row::new("first page", "ms").at_most(10.0),
    Row::new("first page: peak memory", "MB"),
    Row::new("session/context, database not yet open", "ms"),
    Row::new("session/context", "ms").at_most(30.0),
    Row::new("session/context: peak memory", "MB"),
    Row::new("compaction", "ms"),
    Row::new("compaction: provider calls", ""),
    Row::new("compaction: largest request", "MB"),
    Row::new("compaction: tokens before", "thousand"),
    Row::new("compaction: tokens after", "thousand"),
    Row::new("compaction: peak memory", "MB"),
];

/// A history that no compaction has shortened: what is sent of it is a window at its end.
pub(crate) const NEVER_COMPACTED: &[Row] = &[
    Row::new("their JSON at opencode", "MB"),
    Row::new("import", "s").at_most(20.0),
    Row::new("import: peak memory", "MB").at_most(64.0),
    Row::new("overhead of a step", "ms").at_most(12.0).to_founding(1.1).peers("12,000; 441"),
    Row::new("overhead by the ledger", "ms"),
    Row::new("peak memory", "MB").to_founding(1.1),
    Row::new("processor for 50 steps", "s"),
    Row::new("prompt → first request", "ms"),
    Row::new("a request", "MB").peers("63; 48"),
    Row::new("overhead of a step, read", "ms").at_most(12.0).to_founding(1.1),
    Row::new("first page", "ms").at_most(10.0),
    Row::new("session/context, database not yet open", "ms"),
    Row::new("session/context", "ms").at_most(30.0),
    Row::new("session/context: peak memory", "MB"),
    Row::new("compaction", "ms"),
    Row::new("compaction: provider calls", "").to_founding(1.1),
    Row::new("compaction: largest request", "MB"),
    Row::new("compaction: tokens before", "thousand"),
    Row::new("compaction: tokens after", "thousand"),
    Row::new("compaction: peak memory", "MB").to_founding(1.1),
];

/// Very many sessions.
pub(crate) const LIST: &[Row] = &[
    Row::new("messages", ""),
    Row::new("import", "s"),
    Row::new("import: peak memory", "MB").at_most(64.0),
    Row::new("session/list, database not yet open", "ms"),
    Row::new("session/list, first page", "ms").at_most(20.0),
    Row::new("session/list, each page of 50", "ms").at_most(20.0),
    Row::new("session/list, search", "ms"),
    Row::new("session/list: peak memory", "MB"),
];
