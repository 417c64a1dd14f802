//! What is bounded of the database: queues, connections, caches, transactions, what an import takes in at once.

use std::time::Duration;

use super::{
    JOURNAL_LIMIT, body, busy,
    import::{
        opencode::{connection, database, message, part},
        taking,
    },
    leases, lines, migrate, parts, reader, sessions, transfer, writer,
};
use crate::bounds::Bound;

/// This layer's rows of the table.
pub const BOUNDS: &[Bound] = &[
    Bound::with(
        "writes that wait",
        "store/writer.rs: jobs, waiting, thread",
        "requests in flight",
        "each request and each running turn awaits one before it asks for the next",
    ),
    Bound::time(
        "a transaction that takes further writes",
        "store/writer.rs: LONGEST_TRANSACTION",
        writer::LONGEST_TRANSACTION,
        "it is committed; the next ones get their own",
    ),
    Bound::time(
        "the wait for a database that is locked",
        "store/busy.rs: PATIENCE",
        busy::PATIENCE,
        "the write fails as `storageBusy`",
    ),
    Bound::count(
        "connections that read",
        "store/reader.rs: idle, places, MOST",
        reader::MOST as u64,
        "further queries wait for one",
    ),
    Bound::bytes(
        "the page cache of a connection that reads",
        "store/reader.rs: CACHE_KIB",
        reader::CACHE_KIB as u64 * 1024,
        "SQLite throws the oldest pages out",
    ),
    Bound::bytes(
        "the page cache of the one that writes",
        "store/migrate.rs: CACHE_KIB",
        migrate::CACHE_KIB as u64 * 1024,
        "SQLite throws the oldest pages out",
    ),
    Bound::bytes(
        "the WAL between two checkpoints that found nobody reading",
        "store.rs: JOURNAL_LIMIT",
        JOURNAL_LIMIT as u64,
        "it is cut to that",
    ),
    Bound::bytes("a piece of a body", "store/body.rs: CHUNK", body::CHUNK as u64, "a further piece is begun"),
    Bound::bytes(
        "a line that is looked for",
        "store/lines.rs: LONGEST",
        lines::LONGEST as u64,
        "it is looked at in pieces",
    ),
    Bound::bytes(
        "a body of a page that is full",
        "store/parts.rs: LEAST",
        parts::LEAST as u64,
        "its beginning is read",
    ),
    Bound::with(
        "messages that the end of a turn closes",
        "store/turns.rs: messages",
        "calls of one answer that run at once",
        "a turn leaves its last messages open",
    ),
    Bound::count(
        "rows that are deleted in one transaction",
        "store/sessions.rs: DELETE_STEP",
        sessions::DELETE_STEP as u64,
        "the rest is deleted in the next ones",
    ),
    Bound::count(
        "messages that a fork copies in one transaction",
        "store/transfer.rs: STEP",
        transfer::STEP as u64,
        "the rest is copied in the next ones",
    ),
    Bound::time(
        "the life of a lease without a sign",
        "store/leases.rs: SILENT_MS",
        Duration::from_millis(leases::SILENT_MS),
        "another process may watch it, and take the session over",
    ),
    Bound::time(
        "the life of a lease whose process cannot be looked at, without a sign",
        "store/leases.rs: DEAD_MS",
        Duration::from_millis(leases::DEAD_MS),
        "another process takes the session over",
    ),
    Bound::bytes(
        "what an import holds before it is written",
        "store/import/taking.rs: calls, BATCH_BYTES",
        taking::BATCH_BYTES as u64,
        "it is written",
    ),
    Bound::count(
        "rows that an import holds before they are written",
        "store/import/taking.rs: BATCH_ROWS",
        taking::BATCH_ROWS as u64,
        "they are written",
    ),
    Bound::count(
        "rows of another program's database read at once",
        "store/import/opencode/database.rs: PAGE",
        database::PAGE as u64,
        "the next ones are read when these are written",
    ),
    Bound::bytes(
        "a row of another program's database",
        "store/import/opencode/database.rs: LARGEST_ROW",
        database::LARGEST_ROW.unsigned_abs(),
        "it is left out and named",
    ),
    Bound::count(
        "attachments of an imported part",
        "store/import/opencode/part.rs: MOST_ATTACHMENTS",
        part::MOST_ATTACHMENTS as u64,
        "the others are left out",
    ),
    Bound::bytes(
        "why an imported answer failed",
        "store/import/opencode/message.rs: LONGEST_REASON",
        message::LONGEST_REASON as u64,
        "it is cut",
    ),
    Bound::time(
        "the wait for another program's database",
        "store/import/opencode/connection.rs: PATIENCE",
        connection::PATIENCE,
        "the import fails and says so",
    ),
];
