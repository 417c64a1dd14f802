//! What is bounded of the database: queues, connections, caches, transactions, what an import takes in at once.

use std::time::Duration;

use super::{
    JOURNAL_LIMIT, backlog, backup, body, busy, changes, claims, damage,
    follow::{self, growth},
    import::{
        opencode::{connection, database, message, part},
        taking,
    },
    leases, lines, live,
    mend::{oddities, walk},
    messages, migrate, notices, parts, reader, recovery, sessions, transfer, writer,
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
        "store/recovery/closing.rs: messages",
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
    Bound::bytes(
        "what waits for a disk that takes nothing",
        "store/backlog.rs: sessions, state, MOST_BYTES",
        backlog::MOST_BYTES as u64,
        "what comes beyond is given up; its turn ends as interrupted",
    ),
    Bound::count(
        "backups of a database",
        "store/backup.rs: KEPT",
        backup::KEPT as u64,
        "the oldest is removed",
    ),
    Bound::bytes(
        "the page cache of the connection that makes a backup",
        "store/backup.rs: CACHE_KIB",
        backup::CACHE_KIB as u64 * 1024,
        "SQLite throws the oldest pages out",
    ),
    Bound::count(
        "changes of the list of sessions that other processes can be told of",
        "store/notices.rs: KEPT",
        notices::KEPT.unsigned_abs(),
        "the oldest is forgotten; a client that is told of a later one reads the list again",
    ),
    Bound::time(
        "the life of a claim on a session",
        "store/claims.rs: LIFE_MS",
        Duration::from_millis(claims::LIFE_MS),
        "it is void",
    ),
    Bound::count(
        "damaged rows that the log remembers having named",
        "store/damage.rs: LOGGED, MOST_REMEMBERED",
        damage::MOST_REMEMBERED as u64,
        "further ones are named each time",
    ),
    Bound::count(
        "flaws of a message that are told one by one",
        "store/damage.rs: MOST_TOLD",
        damage::MOST_TOLD as u64,
        "the others are counted",
    ),
    Bound::bytes(
        "the page cache of the connection that follows",
        "store/follow.rs: CACHE_KIB",
        follow::CACHE_KIB as u64 * 1024,
        "SQLite throws the oldest pages out",
    ),
    Bound::bytes(
        "a body that is told to a second window",
        "store/follow.rs: MOST_BODY",
        follow::MOST_BODY as u64,
        "its beginning is told as `truncated`",
    ),
    Bound::bytes(
        "the text of one look at a followed session",
        "store/follow.rs: MOST_TEXT",
        follow::MOST_TEXT as u64,
        "the next look goes on; a message is never parted",
    ),
    Bound::count(
        "messages of one look at a followed session",
        "store/follow.rs: MOST_MESSAGES",
        follow::MOST_MESSAGES as u64,
        "the next look goes on",
    ),
    Bound::bytes(
        "the growth of one text in one look",
        "store/follow/growth.rs: MOST_GROWTH",
        growth::MOST_GROWTH,
        "the next look goes on",
    ),
    Bound::with(
        "parts of a followed message that may still change",
        "store/follow/growth.rs: parts",
        "blocks of an answer",
        "they go once it is complete",
    ),
    Bound::with(
        "turns whose end a second window is to be told",
        "store/follow/cursor.rs: turns",
        "messages of one look at a followed session",
        "each look tells those that have ended",
    ),
    Bound::count(
        "tokens of a part that are believed",
        "store/live.rs: MOST_TOKENS",
        live::MOST_TOKENS.unsigned_abs(),
        "the part counts as so many",
    ),
    Bound::count(
        "how far a message's place lies beyond the number of messages",
        "store/messages.rs: MOST_LOST",
        messages::MOST_LOST.unsigned_abs(),
        "it is damage: the newest place that can be believed holds",
    ),
    Bound::count(
        "open calls that a note of recovery names",
        "store/recovery.rs: MOST_NAMED",
        recovery::MOST_NAMED as u64,
        "the others are counted",
    ),
    Bound::bytes(
        "the title of a call in a note of recovery",
        "store/recovery.rs: TITLE",
        recovery::TITLE as u64,
        "it is cut",
    ),
    Bound::count(
        "files that are listed of a turn",
        "store/changes.rs: MOST_LISTED",
        changes::MOST_LISTED as u64,
        "the others are not listed",
    ),
    Bound::count(
        "wrong rows of a table that a repair tells one by one",
        "store/mend/oddities.rs: MOST_TOLD",
        oddities::MOST_TOLD as u64,
        "the others are counted",
    ),
    Bound::count(
        "keys that a repair looks up in one gap",
        "store/mend/walk.rs: MOST_PROBES",
        walk::MOST_PROBES.unsigned_abs(),
        "further ones are not looked for; the gap is told as lost",
    ),
    Bound::count(
        "keys that a repair looks up behind a damaged end",
        "store/mend/walk.rs: BEYOND",
        walk::BEYOND.unsigned_abs(),
        "further ones are not looked for; the loss is told without its end",
    ),
];
