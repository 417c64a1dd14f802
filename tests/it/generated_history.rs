//! The histories that benchmarks are run over: what they promise, and that they are like those of the real program.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    fs,
    path::Path,
};

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

#[path = "../../benches/history/history.rs"]
pub(crate) mod history;

use history::{Ending, Extent, FOUNDING};

/// Keys of rows by kind (role and mode of a message, type, tool and state of a part): each shape that occurs.
type Shapes = BTreeMap<String, HashSet<BTreeSet<String>>>;

/// What the real program wrote; see the page beside it.
const GENUINE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/opencode/opencode-1.18.db");

/// Keys that the real program adds for some providers or later on.
const OPTIONAL: &[&str] = &["state.time.compacted", "metadata", "metadata.openai", "metadata.openai.itemId"];

fn open(path: &Path) -> Connection {
    // The fixture lies where nothing may be written beside it.
    let uri = format!("file:{}?immutable=1", path.display());
    Connection::open_with_flags(uri, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI).unwrap()
}

fn rows(database: &Connection, table: &str) -> Vec<Value> {
    let mut statement = database.prepare(&format!("SELECT data FROM {table}")).unwrap();
    let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    rows.map(|row| serde_json::from_str(&row.unwrap()).unwrap()).collect()
}

fn shapes(database: &Connection) -> Shapes {
    let mut shapes = Shapes::new();
    for row in rows(database, "message").into_iter().chain(rows(database, "part")) {
        let kind: Vec<&str> =
            ["role", "mode", "type", "tool"].iter().filter_map(|key| row[*key].as_str()).collect();
        let kind = format!("{} {}", kind.join(" "), row["state"]["status"].as_str().unwrap_or_default());
        let mut keys = BTreeSet::new();
        collect(&row, "", &mut keys);
        keys.retain(|key| !OPTIONAL.contains(&key.as_str()));
        shapes.entry(kind).or_default().insert(keys);
    }
    shapes
}

fn collect(value: &Value, prefix: &str, keys: &mut BTreeSet<String>) {
    for (key, inner) in value.as_object().into_iter().flatten() {
        let name = format!("{prefix}{key}");
        collect(inner, &format!("{name}."), keys);
        keys.insert(name);
    }
}

fn made(ending: Ending, extent: Extent) -> (tempfile::TempDir, Connection, Extent) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("opencode.db");
    let written = history::long(&path, Path::new("/home/dev/project"), extent, ending);
    let database = open(&path);
    (directory, database, written)
}

#[test]
fn a_history_has_the_messages_and_parts_it_is_to_have_and_its_bytes_within_a_hundredth() {
    for ending in [Ending::Compacted, Ending::NeverCompacted] {
        let wanted = FOUNDING.percent(20);
        let (_directory, database, written) = made(ending, wanted);
        assert_eq!((written.messages, written.parts), (wanted.messages, wanted.parts));
        assert!(written.bytes.abs_diff(wanted.bytes) <= wanted.bytes / 100, "{written:?} for {wanted:?}");
        let stored = ["message", "part"].map(|table| rows(&database, table).len());
        assert_eq!(stored, [wanted.messages, wanted.parts]);
    }
}

#[test]
fn the_same_history_is_the_same_bytes() {
    let file = || {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("opencode.db");
        history::window_alone(&path, Path::new("/home/dev/project"));
        fs::read(path).unwrap()
    };
    assert!(file() == file());
}

#[test]
fn rows_of_a_made_history_have_the_keys_of_genuine_rows() {
    let genuine = shapes(&open(Path::new(GENUINE)));
    let (_directory, database, _) = made(Ending::Compacted, FOUNDING.percent(5));
    for (kind, made) in shapes(&database) {
        let known = genuine.get(&kind).unwrap_or_else(|| panic!("opencode writes no `{kind}`"));
        for shape in made {
            assert!(
                known.contains(&shape),
                "opencode writes `{kind}` otherwise: {shape:?} is none of {known:?}"
            );
        }
    }
}

#[test]
fn tables_of_a_made_history_have_the_columns_of_the_genuine_ones() {
    let columns = |database: &Connection, table: &str| {
        let mut statement = database.prepare("SELECT name, type FROM pragma_table_info(?1)").unwrap();
        let rows = statement.query_map([table], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect::<Vec<(String, String)>>()
    };
    let genuine = open(Path::new(GENUINE));
    let (_directory, made, _) = made(Ending::Compacted, FOUNDING.percent(5));
    for table in ["project", "session", "message", "part", "todo"] {
        assert_eq!(columns(&made, table), columns(&genuine, table), "{table}");
    }
}

#[test]
fn the_live_window_is_the_same_whatever_stands_before_it() {
    let tools = |database: &Connection| -> Vec<Value> {
        let mut tools = rows(database, "part");
        tools.retain(|part| part["type"] == "tool");
        tools.iter().map(|part| json!([part["state"]["input"], part["state"]["output"]])).collect()
    };
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("opencode.db");
    history::window_alone(&path, Path::new("/home/dev/project"));
    let window = tools(&open(&path));
    for percent in [5, 8] {
        let (_directory, database, _) = made(Ending::Compacted, FOUNDING.percent(percent));
        let all = tools(&database);
        assert!(all.ends_with(&window), "{percent} %: another window");
    }
}
