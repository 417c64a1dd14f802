//! A database as schema version 1 left it: its own SQL, and rows as it wrote them (`tests/fixtures/version_one.sql`).

use rusqlite::Connection;

use super::{home::Home, invariants::Acknowledged};

const SCHEMA: &str = include_str!("../../src/store/schema.sql");
const ROWS: &str = include_str!("../fixtures/version_one.sql");

/// Prompts of the long session.
pub const PROMPTS: usize = 200;

/// Makes it in a home that has no database yet.
pub fn make(home: &Home) {
    let database = Connection::open(home.data().join("agentls.db")).expect("it can be made");
    let rows = ROWS.replace("{cwd}", &home.workspace().to_string_lossy());
    let all = format!(
        "PRAGMA journal_mode = WAL; BEGIN; {SCHEMA}; {rows};
         PRAGMA application_id = 0x61676c73; PRAGMA user_version = 1; COMMIT"
    );
    database.execute_batch(&all).expect("the rows are of version 1");
}

/// The prompts in it.
pub fn acknowledged() -> Vec<Acknowledged> {
    let long = (1..=PROMPTS).map(|number| ("ses_long", format!("Question {number}: wie geht's? ✅")));
    let died = ["Run it.", "And then?"].map(|text| ("ses_died", text.to_owned()));
    long.chain(died).map(|(session, text)| Acknowledged { session: session.into(), text }).collect()
}
