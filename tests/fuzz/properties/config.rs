//! The configuration: whatever its layers say there is one, each mistake names its place, a project widens nothing, and
//! what was loaded can be written and is read the same.
//!
//! The input is three texts: the user's file, the project's file, what the client says.

use std::{fs, path::Path};

use agentls::workspace::config::{Config, Inputs, Loaded, load};
use serde_json::Value;
use tempfile::TempDir;

thread_local! {
    /// Where the files are.
    static PLACE: TempDir = {
        let place = tempfile::tempdir().unwrap();
        fs::create_dir_all(place.path().join("project/.agentls")).unwrap();
        place
    };
}

pub fn holds(bytes: &[u8]) {
    let [user, project, client] = super::texts(bytes);
    PLACE
        .with(|place| with_files(place.path(), &user, &project, serde_json::from_str(&client).ok().as_ref()));
}

fn with_files(place: &Path, user: &str, project: &str, client: Option<&Value>) {
    fs::write(place.join("config.jsonc"), user).unwrap();
    fs::write(place.join("project/.agentls/config.jsonc"), project).unwrap();
    let of = |project: bool, trusted: bool| {
        let root = place.join("project");
        load(&Inputs {
            config_dir: place,
            project: project.then_some(root.as_path()),
            trusted,
            client,
            command_line: None,
            env: &|name| (name.len() < 5).then(|| format!("value of {name}")),
            watch: None,
        })
    };
    let (alone, untrusted, trusted) = (of(false, false), of(true, false), of(true, true));
    for loaded in [&alone, &untrusted, &trusted] {
        is_sound(loaded);
    }
    assert_eq!(of(true, true), trusted, "the same every time");
    let by_others = |config: &Config| Config { model: String::new(), agent: String::new(), ..config.clone() };
    assert_eq!(by_others(&untrusted.config), by_others(&alone.config), "an untrusted project is not read");
    let wide = |loaded: &Loaded| {
        loaded.config.permission.iter().filter(|layer| !layer.narrows_only).cloned().collect::<Vec<_>>()
    };
    assert_eq!(wide(&trusted), wide(&alone), "a project only narrows");
}

fn is_sound(loaded: &Loaded) {
    for mistake in loaded.warnings.iter().chain(&loaded.errors) {
        assert!(!mistake.source_name.is_empty() && !mistake.message.is_empty(), "{mistake:?}");
        assert!(!mistake.cure.is_empty(), "{mistake:?}");
        let counted = mistake.at.is_none_or(|at| at.line > 0 && at.column > 0);
        assert!(counted, "lines and columns begin at 1: {mistake:?}");
    }
    let config = Config { permission: Vec::new(), ..loaded.config.clone() };
    let written = serde_json::to_string(&config).unwrap();
    let read: Config = serde_json::from_str(&written).unwrap();
    let again = serde_json::to_string(&Config { permission: Vec::new(), ..read }).unwrap();
    assert_eq!(fractions_aside(&again), fractions_aside(&written));
}

/// The last digit of a fraction may differ: JSON does not promise to keep it.
fn fractions_aside(json: &str) -> Vec<&str> {
    json.split(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | 'e')).collect()
}
