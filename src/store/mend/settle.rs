//! Making a whole of what was saved: rows that are pointed to are there, `seq` has no gaps, words are known, counts are
//! true. What had to be made up is said to be that, in its place.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, params};

use super::{Result, loss::Losses, shape::new_id, walk};
use crate::{
    store::{damage, messages::MOST_LOST, rows},
    transcript::{MessageId, PartId, ProjectId, Role, Timestamp},
};

pub(super) mod bodies;

/// Settles the new database.
pub(super) fn settle(source: &Connection, new: &Connection, losses: &mut Losses) -> Result<()> {
    places(new, losses)?;
    sessions(source, new, losses)?;
    projects(new)?;
    messages(new, losses)?;
    bodies::orphans(new, losses)?;
    bodies::types(new, losses)?;
    bodies::holes(new, losses)?;
    roles(new)?;
    strays(new, losses)?;
    new.execute_batch(
        "UPDATE turn SET error = '{\"kind\":\"interrupted\",\"message\":\"how this turn ended was lost\"}'
         WHERE ended_at IS NOT NULL AND stop_reason IS NULL AND error IS NULL;
         UPDATE session SET
           messages = (SELECT count(*) FROM message WHERE session = key),
           last_seq = (SELECT coalesce(max(seq), 0) FROM message WHERE session = key),
           parts = (SELECT count(*) FROM part WHERE part.session = session.key),
           bytes = (SELECT coalesce(sum(length(data)), 0) FROM body JOIN part ON part.key = body.part
                    WHERE part.session = session.key);
         UPDATE activity SET last = (SELECT coalesce(max(activity), 0) FROM session);
         DELETE FROM anchor WHERE message > (SELECT last_seq FROM session WHERE key = session);
         UPDATE import SET last_seq = min(last_seq, (SELECT last_seq FROM session WHERE key = session));",
    )?;
    Ok(())
}

/// Drops rows whose place cannot be a place: filling the gap before them would take more than there ever was.
fn places(new: &Connection, losses: &mut Losses) -> Result<()> {
    for table in ["message", "part"] {
        let far = format!(
            "SELECT session, seq FROM {table} AS it WHERE seq < 1
             OR seq > {MOST_LOST} + (SELECT count(*) FROM message WHERE session = it.session)"
        );
        let found = pairs(new, &far)?;
        for (session, seq) in found {
            losses.of(session, format!("{table} {seq}: dropped, it has no place in the session"));
            new.execute(&format!("DELETE FROM {table} WHERE session = ?1 AND seq = ?2"), [session, seq])?;
        }
    }
    Ok(())
}

fn pairs(new: &Connection, sql: &str) -> Result<Vec<(i64, i64)>> {
    let mut select = new.prepare(sql)?;
    let found = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// Makes a row for every session that something belongs to.
fn sessions(source: &Connection, new: &Connection, losses: &mut Losses) -> Result<()> {
    let mut missing = new.prepare(
        "SELECT session FROM message UNION SELECT session FROM part UNION
         SELECT session FROM prompt WHERE state = 'waiting' EXCEPT SELECT key FROM session",
    )?;
    let missing = missing.query_map([], |row| row.get::<_, i64>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
    for key in missing {
        let id = new_id(crate::transcript::SessionId::PREFIX);
        new.execute(
            "INSERT INTO session (key, id, project, title, cwd, agent, model_provider, model_id, created_at,
                                  updated_at, activity) VALUES (?1, ?2, '', '', '', '', '', '', 0, 0, 0)",
            params![key, id],
        )?;
        losses.of(
            key,
            format!("session {id}: its row and its id are lost; it was made again from what belongs to it"),
        );
    }
    directories(source, new)?;
    new.execute(
        "UPDATE session SET
           title = CASE WHEN title = '' THEN 'Recovered session' ELSE title END,
           agent = CASE WHEN agent = '' THEN coalesce((SELECT agent FROM message WHERE session = key AND agent <> ''
                                                       ORDER BY seq DESC LIMIT 1), 'build') ELSE agent END,
           created_at = CASE WHEN created_at = 0 THEN ?1 ELSE created_at END,
           updated_at = CASE WHEN updated_at = 0 THEN ?1 ELSE updated_at END,
           usage = CASE WHEN usage = '' THEN '{}' ELSE usage END",
        [Timestamp::now().0],
    )?;
    for column in ["model_provider", "model_id"] {
        new.execute_batch(&format!(
            "UPDATE session SET {column} = coalesce((SELECT {column} FROM message WHERE session = key AND {column} <> ''
                                                     ORDER BY seq DESC LIMIT 1), '') WHERE {column} = ''"
        ))?;
    }
    Ok(())
}

/// Working directories that only an index knows any more; else that of another session, else the root.
fn directories(source: &Connection, new: &Connection) -> Result<()> {
    let mut known = Vec::new();
    walk::from_both_ends(
        source,
        "SELECT key, cwd FROM session INDEXED BY session_by_cwd",
        "cwd, activity",
        &mut |row| {
            if let (Ok(key), Ok(rows::Lossy(cwd))) = (row.get::<_, i64>(0), row.get(1)) {
                known.push((key, cwd));
            }
        },
    );
    for (key, cwd) in known {
        new.execute("UPDATE session SET cwd = ?2 WHERE key = ?1 AND cwd = ''", params![key, cwd])?;
    }
    new.execute_batch(
        "UPDATE session SET cwd = coalesce((SELECT cwd FROM session AS other WHERE cwd <> '' LIMIT 1), '/')
         WHERE cwd = ''",
    )?;
    Ok(())
}

/// Makes a project for every session whose own is gone: the one of its working directory.
fn projects(new: &Connection) -> Result<()> {
    let sql = "SELECT key, cwd FROM session WHERE project NOT IN (SELECT id FROM project)";
    let lost = new
        .prepare(sql)?
        .query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    for (key, cwd) in lost {
        let find =
            || new.query_row("SELECT id FROM project WHERE root = ?1", [&cwd], |row| row.get::<_, String>(0));
        let id = match find().optional()? {
            Some(id) => id,
            None => {
                let id = new_id(ProjectId::PREFIX);
                let name =
                    Path::new(&cwd).file_name().map_or(cwd.as_str().into(), |name| name.to_string_lossy());
                new.execute(
                    "INSERT INTO project (id, root, name, created_at) VALUES (?1, ?2, ?3, ?4)",
                    params![id, cwd, name, Timestamp::now().0],
                )?;
                id
            }
        };
        new.execute("UPDATE session SET project = ?2 WHERE key = ?1", params![key, id])?;
    }
    Ok(())
}

/// Makes a message for every place before a session's last one that has none: that of its parts, or one that says that
/// it was lost.
fn messages(new: &Connection, losses: &mut Losses) -> Result<()> {
    let ends = pairs(
        new,
        "SELECT session, max(seq) FROM (SELECT session, seq FROM message UNION SELECT session, seq FROM part)
         GROUP BY session",
    )?;
    for (session, end) in ends {
        let there: std::collections::BTreeSet<i64> = new
            .prepare_cached("SELECT seq FROM message WHERE session = ?1")?
            .query_map([session], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        for seq in (1..=end).filter(|seq| !there.contains(seq)) {
            lost_message(new, session, seq)?;
            losses.of(session, format!("message {seq}: its row is lost"));
        }
        beyond(new, (session, end), losses)?;
    }
    Ok(())
}

/// Messages behind the last one that is left.
fn beyond(new: &Connection, (session, end): (i64, i64), losses: &mut Losses) -> Result<()> {
    let told: i64 =
        new.query_row("SELECT last_seq FROM session WHERE key = ?1", [session], |row| row.get(0))?;
    if told > end && told - end <= MOST_LOST {
        losses.of(session, format!("messages {} to {told}: lost with all that was in them", end + 1));
    }
    Ok(())
}

fn lost_message(new: &Connection, session: i64, seq: i64) -> Result<()> {
    let flaw = format!("message {seq} was lost");
    let error = rows::json(&damage::failure(&[flaw]))?;
    new.execute(
        "INSERT INTO message (session, seq, id, role, created_at, completed_at, error) VALUES (?1, ?2, ?3, '', ?4, ?4, ?5)",
        params![session, seq, new_id(MessageId::PREFIX), Timestamp::now().0, error],
    )?;
    let parts: i64 =
        new.query_row("SELECT count(*) FROM part WHERE session = ?1 AND seq = ?2", [session, seq], |row| {
            row.get(0)
        })?;
    if parts == 0 {
        note(new, session, seq, "[agentls: a message that stood here was lost in the database]")?;
    }
    Ok(())
}

/// Writes a text part that stands for something lost.
fn note(new: &Connection, session: i64, seq: i64, text: &str) -> Result<()> {
    let size = rows::signed(text.len() as u64);
    new.execute(
        "INSERT INTO part (id, session, seq, idx, type, bytes, tokens) VALUES (?1, ?2, ?3, 0, 'text', ?4, ?4 / 4)",
        params![new_id(PartId::PREFIX), session, seq, size],
    )?;
    new.execute(
        "INSERT INTO body (part, field, start, data) VALUES (?1, 0, 0, ?2)",
        params![new.last_insert_rowid(), text.as_bytes()],
    )?;
    Ok(())
}

/// Who spoke, where the row no longer says: the model, if there is what only an answer has.
fn roles(new: &Connection) -> Result<()> {
    let (user, assistant) = (rows::word(&Role::User)?, rows::word(&Role::Assistant)?);
    new.execute(
        "UPDATE message SET role = CASE
           WHEN parent IS NOT NULL OR finish IS NOT NULL OR usage IS NOT NULL OR EXISTS
             (SELECT 1 FROM part WHERE part.session = message.session AND part.seq = message.seq
              AND type NOT IN ('text', 'file')) THEN ?1 ELSE ?2 END
         WHERE role = ''",
        [assistant, user],
    )?;
    Ok(())
}

/// Drops what belongs to sessions and projects that are not there.
fn strays(new: &Connection, losses: &mut Losses) -> Result<()> {
    let tables =
        ["prompt", "turn", "step", "todo", "approval", "live_window", "import", "anchor", "baseline"];
    for table in tables {
        let dropped = new.execute(
            &format!(
                "DELETE FROM {table} WHERE session IS NOT NULL AND session NOT IN (SELECT key FROM session)"
            ),
            [],
        )?;
        if dropped > 0 {
            losses.note(format!("{table}: {dropped} rows dropped, their sessions are not there"));
        }
    }
    let rules = new.execute("DELETE FROM approval WHERE project NOT IN (SELECT id FROM project)", [])?;
    if rules > 0 {
        losses.note(format!("approval: {rules} rows dropped, their projects are not there"));
    }
    Ok(())
}

/// Says in each session that something of it was lost.
pub(super) fn tell(new: &Connection, losses: &Losses, report: &Path) -> Result<()> {
    for (session, count) in losses.by_session() {
        let rows = if count == 1 { "1 row".to_owned() } else { format!("{count} rows") };
        let note = format!(
            "The database was repaired: {rows} of this session lost or changed; see {}.",
            report.display()
        );
        new.execute("UPDATE session SET recovered = ?2 WHERE key = ?1", params![session, note])?;
    }
    Ok(())
}

/// Sessions, messages and parts.
pub(super) fn counts(new: &Connection) -> Result<(u64, u64, u64)> {
    let count = |table: &str| -> Result<u64> {
        let count =
            new.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0))?;
        Ok(u64::try_from(count).unwrap_or(0))
    };
    Ok((count("session")?, count("message")?, count("part")?))
}
