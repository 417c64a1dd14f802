//! INV: what holds of a home after every fault, whatever it was.
//!
//! The database is sound and its foreign keys hold; every acknowledged prompt is there byte for byte; `seq` has no gaps;
//! every session is listed once; no dead process holds a lease; each session's next request can be built, which
//! includes that it passes the validator.

use std::collections::HashMap;

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use super::{home::Home, server::Server};

/// A prompt whose user message was announced, or whose request was answered.
#[derive(Clone, Debug)]
pub struct Acknowledged {
    pub session: String,
    pub text: String,
}

/// Fails unless INV holds. Starts a server of its own, so that recovery has run.
pub async fn hold(home: &Home, acknowledged: &[Acknowledged]) {
    let server = home.start().await;
    hold_on(home, &server, acknowledged).await;
    assert_eq!(server.shut_down().await, Some(0));
}

/// As [`hold`], with a server that runs already and has recovered what there was.
pub async fn hold_on(home: &Home, server: &Server, acknowledged: &[Acknowledged]) {
    let sessions = listed_once(server).await;
    for session in &sessions {
        let params = json!({"sessionId": session, "text": "And now?"});
        let next = server.call("session/nextRequest", params).await;
        assert!(next["bytes"].as_u64() > Some(0), "the next request of {session}: {next}");
    }
    for prompt in acknowledged {
        assert!(sessions.contains(&prompt.session), "session {} is gone", prompt.session);
    }
    let database = open(home);
    sound(&database);
    gapless(&database);
    owned_by_the_living(&database);
    prompts_are_there(&database, acknowledged);
}

/// The ids of all sessions, archived ones too.
async fn listed_once(server: &Server) -> Vec<String> {
    let mut seen = Vec::new();
    for archived in [false, true] {
        let mut cursor = Value::Null;
        loop {
            let params = json!({"archived": archived, "limit": 200, "cursor": cursor});
            let page = server.call("session/list", params).await;
            for session in page["sessions"].as_array().expect("a page has sessions") {
                let id = session["id"].as_str().expect("a session has an id").to_owned();
                if !(archived && session["archivedAt"].is_null()) {
                    assert!(!seen.contains(&id), "{id} is listed twice");
                    seen.push(id);
                }
            }
            cursor = page["nextCursor"].clone();
            if cursor.is_null() {
                break;
            }
        }
    }
    seen
}

fn open(home: &Home) -> Connection {
    let path = home.data().join("agentls.db");
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("the database opens")
}

fn sound(database: &Connection) {
    let verdict: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(verdict, "ok");
    let mut orphans = database.prepare("PRAGMA foreign_key_check").unwrap();
    assert!(!orphans.exists([]).unwrap(), "a foreign key leads nowhere");
}

fn gapless(database: &Connection) {
    let sql = "SELECT session, count(*), min(seq), max(seq) FROM message GROUP BY session";
    let mut statement = database.prepare(sql).unwrap();
    let rows = statement
        .query_map([], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?, row.get::<_, i64>(3)?))
        })
        .unwrap();
    for row in rows {
        let (session, messages, first, last) = row.unwrap();
        assert_eq!((first, last), (1, messages), "seq of session {session} has a gap");
    }
}

fn owned_by_the_living(database: &Connection) {
    let mut statement = database.prepare("SELECT pid FROM lease").unwrap();
    for pid in statement.query_map([], |row| row.get::<_, u32>(0)).unwrap() {
        let pid = pid.unwrap();
        assert!(
            std::path::Path::new(&format!("/proc/{pid}")).exists(),
            "the dead process {pid} holds a lease"
        );
    }
}

/// Each acknowledged prompt is in the log or waits in the inbox, as often as it was acknowledged.
fn prompts_are_there(database: &Connection, acknowledged: &[Acknowledged]) {
    let mut wanted: HashMap<&str, HashMap<&str, usize>> = HashMap::new();
    for prompt in acknowledged {
        *wanted.entry(&prompt.session).or_default().entry(&prompt.text).or_default() += 1;
    }
    for (session, texts) in wanted {
        let there = asked(database, session);
        for (text, times) in texts {
            let found = there.iter().filter(|asked| *asked == text).count();
            assert!(found >= times, "{session}: acknowledged {times} times, there {found} times: {text:.80}");
        }
    }
}

/// What a person asked in a session: the texts of its user messages, and of the prompts that wait.
fn asked(database: &Connection, session: &str) -> Vec<String> {
    let mut texts: Vec<(i64, Vec<u8>)> = Vec::new();
    let mut chunks = database
        .prepare(
            "SELECT m.seq, b.data FROM session s JOIN message m ON m.session = s.key
             JOIN part p ON p.session = m.session AND p.seq = m.seq JOIN body b ON b.part = p.key
             WHERE s.id = ?1 AND m.role = 'user' AND p.type = 'text' ORDER BY m.seq, p.idx, b.start",
        )
        .unwrap();
    for chunk in chunks.query_map([session], |row| Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?))).unwrap() {
        let (seq, data) = chunk.unwrap();
        match texts.last_mut() {
            Some((last, text)) if *last == seq => text.extend(data),
            _ => texts.push((seq, data)),
        }
    }
    let mut waiting = database
        .prepare(
            "SELECT p.text FROM prompt p JOIN session s ON s.key = p.session
             WHERE s.id = ?1 AND p.state = 'waiting'",
        )
        .unwrap();
    let waiting = waiting.query_map([session], |row| row.get::<_, String>(0)).unwrap();
    let said = texts.into_iter().map(|(_, text)| String::from_utf8(text).expect("a text is UTF-8"));
    said.chain(waiting.map(Result::unwrap)).collect()
}
