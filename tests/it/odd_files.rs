//! Where a text is expected there may be anything: the server names it, waits for nothing and fills no memory.

use std::{
    fs::{self, File, Permissions},
    os::unix::{
        fs::{PermissionsExt, symlink},
        net::UnixListener,
    },
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};

use crate::support::{
    home::{Home, config_for},
    provider::{Answer, Double, Wire},
};

/// Bytes of memory that a server with nothing but odd files around it may have: a few of their texts.
const ENOUGH: u64 = 64 * 1024 * 1024;

/// What may stand in the place of a file.
type Oddity = (&'static str, fn(&Path));

const ODDITIES: [Oddity; 7] = [
    ("a pipe", |path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success())),
    ("a folder", |path| fs::create_dir(path).unwrap()),
    ("a gigabyte", |path| File::create(path).unwrap().set_len(1 << 30).unwrap()),
    ("a device", |path| symlink("/dev/zero", path).unwrap()),
    ("a link to itself", |path| symlink(path, path).unwrap()),
    ("a socket", |path| drop(UnixListener::bind(path).unwrap())),
    ("a file that nobody may read", |path| {
        fs::write(path, "---\ndescription: x\n---\n").unwrap();
        fs::set_permissions(path, Permissions::from_mode(0o000)).unwrap();
    }),
];

/// Every place that texts are read from, of the user and of the project, but the user's configuration.
fn places(home: &Home) -> Vec<PathBuf> {
    let (own, project) = (home.config_dir(), home.workspace());
    let mut places = vec![own.join("AGENTS.md"), project.join("AGENTS.md")];
    for root in [own, project.join(".agentls")] {
        places
            .extend(["agents/odd.md", "commands/odd.md", "skills/odd/SKILL.md"].map(|name| root.join(name)));
    }
    places.extend([".agentls/config.jsonc", ".claude/skills/odd/SKILL.md"].map(|name| project.join(name)));
    places
}

fn mistakes(listed: &Value) -> Vec<String> {
    let all = listed.as_array().unwrap().iter().filter_map(|it| it["mistakes"].as_array()).flatten();
    all.map(|mistake| mistake.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn whatever_stands_where_a_text_is_expected_is_named_and_the_rest_goes_on() {
    for (name, make) in ODDITIES {
        let double = Double::start(Wire::Responses, vec![Answer::new().text("Done.")]).await;
        let home = Home::new(&config_for(&double));
        for place in places(&home) {
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            make(&place);
        }
        if name.contains("nobody") && File::open(home.workspace().join("AGENTS.md")).is_ok() {
            eprintln!("skipped: {name}: this user may read everything");
            continue;
        }
        let server = home.start().await;
        server.allow_all();
        let cwd = json!({"cwd": home.workspace()});
        let config = server.call("config/get", cwd.clone()).await;
        assert!(config["mistakes"].to_string().contains(".agentls/config.jsonc"), "{name}: {config}");
        for (method, key) in
            [("agent/list", "agents"), ("command/list", "commands"), ("skill/list", "skills")]
        {
            let listed = server.call(method, cwd.clone()).await[key].take();
            assert!(!mistakes(&listed).is_empty(), "{name}: {method}: {listed}");
        }
        let trusted = json!({"cwd": home.workspace(), "trust": "trusted"});
        assert_eq!(server.call("project/trust", trusted).await["project"]["trust"], "trusted", "{name}");
        let session = server.session().await;
        assert_eq!(server.prompt(&session, "Go.").await["stopReason"], "endTurn", "{name}");
        let used = server.call("server/status", json!({})).await["rssBytes"].as_u64().unwrap();
        assert!(used < ENOUGH, "{name}: {used} bytes");
    }
}
