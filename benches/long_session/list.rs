//! The list of very many sessions, small ones, brought in by the import.

use serde_json::{Value, json};

use crate::{
    harness::{client::Client, figures::megabytes, place::Place},
    history,
    imported::take_over,
    matrix::Column,
};

/// Pages that are asked for, each behind the one before.
const PAGES: usize = 20;

pub(crate) fn measure(sessions: usize) -> Column {
    let mut column = Column::new(&format!("{sessions} sessions"));
    let place = Place::new(None);
    take_over(&place, &mut column, |path, project| history::many(path, project, sessions));
    let (mut client, _) = Client::start(&place);
    let (first, _) = client.timed("session/list", &json!({}));
    column.put("session/list, database not yet open", first);
    let first_pages = (0..PAGES).map(|_| client.timed("session/list", &json!({})).0).collect();
    column.extend("session/list, first page", first_pages);
    column.extend("session/list, each page of 50", walk(&mut client));
    let search = (0..PAGES).map(|_| client.timed("session/list", &json!({"search": "compact"})).0).collect();
    column.extend("session/list, search", search);
    column.put("session/list: peak memory", megabytes(client.memory().peak));
    column
}

/// One page after the other.
fn walk(client: &mut Client) -> Vec<f64> {
    let mut cursor = Value::Null;
    let page = |_| {
        let params = if cursor.is_null() { json!({}) } else { json!({"cursor": cursor}) };
        let (taken, listed) = client.timed("session/list", &params);
        cursor = listed["nextCursor"].clone();
        assert!(cursor.is_string(), "there are more sessions: {cursor}");
        taken
    };
    (0..PAGES - 1).map(page).collect()
}
