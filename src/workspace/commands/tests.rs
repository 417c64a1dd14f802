use std::fs;

use super::*;
use crate::workspace::config::Config;

/// A configuration directory and a project, with these files.
fn listed(config: &Config, user: &[(&str, &str)], project: &[(&str, &str)]) -> Vec<Command> {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap();
    let folders = [(root.join("config/commands"), user), (root.join("project/.agentls/commands"), project)];
    for (folder, files) in folders {
        fs::create_dir_all(&folder).unwrap();
        for (name, content) in files {
            fs::write(folder.join(name), content).unwrap();
        }
    }
    list(&Places {
        config_dir: &root.join("config"),
        config,
        source: &|key| Some(format!("the layer of {key}")),
        project: Some(&root.join("project")),
    })
}

#[test]
fn a_command_is_read_from_its_file() {
    let file = "---\ndescription: Reviews\nargumentHint: <path>\nagent: plan\nmodel: p/m\n---\nReview $1.\n";
    let commands = listed(&Config::default(), &[("review.md", file), ("note.txt", "no")], &[]);
    let [review] = commands.as_slice() else { panic!("{commands:?}") };
    assert_eq!((review.name.as_str(), review.description.as_str()), ("review", "Reviews"));
    assert_eq!((review.argument_hint.as_deref(), review.agent.as_deref()), (Some("<path>"), Some("plan")));
    assert_eq!(review.model.as_ref().unwrap().to_string(), "p/m");
    assert_eq!((review.template.as_str(), review.usable, review.own), ("Review $1.", true, true));
    assert!(review.mistakes.is_empty() && review.origin.name().ends_with("config/commands/review.md"));
}

#[test]
fn a_later_layer_replaces_a_command_unless_it_cannot_be_used() {
    let config: Config =
        serde_json::from_value(serde_json::json!({"commands": {"b": {"template": "config b"}}})).unwrap();
    let commands = listed(
        &config,
        &[("a.md", "user a"), ("b.md", "user b"), ("c.md", "user c")],
        &[("c.md", "project c"), ("a.md", "---\nmodel: [\n---\nproject a")],
    );
    let shown: Vec<_> = commands.iter().map(|it| (it.template.as_str(), it.own, it.mistakes.len())).collect();
    assert_eq!(shown, [("user a", true, 1), ("config b", true, 0), ("project c", false, 0)]);
    assert_eq!(commands[1].origin.name(), "the layer of commands.b");
    assert!(commands[0].mistakes[0].contains(".agentls/commands/a.md: line "), "{:?}", commands[0].mistakes);
}

#[test]
fn what_cannot_be_used_is_listed_with_the_reason() {
    let many = "!`true` ".repeat(MOST_SNIPPETS + 1);
    let long = "x".repeat(70_000);
    for (name, content, said) in [
        ("a.md", "", "its template is empty"),
        ("two words.md", "text", "its name must be"),
        ("a.md", &many, "more than 20 shell snippets"),
        ("a.md", &long, "longer than 65536 bytes"),
        ("a.md", "---\ndescription: []\n---\ntext", "line 2: `description` must be a text"),
    ] {
        let commands = listed(&Config::default(), &[(name, content)], &[]);
        assert!(!commands[0].usable && commands[0].mistakes[0].contains(said), "{name}: {commands:?}");
    }
    let commands = listed(&Config::default(), &[("a.md", "---\nmodel: x\nagnet: b\n---\nte\u{202e}xt")], &[]);
    assert!(commands[0].usable && commands[0].mistakes.len() == 3, "{commands:?}");
    assert_eq!((commands[0].template.as_str(), commands[0].description.as_str()), ("text", "text"));
}

#[test]
fn a_command_is_called_by_its_name_at_the_very_beginning() {
    for (text, expected) in [
        ("/review", Some(("review", ""))),
        ("/review  a b ", Some(("review", "a b"))),
        ("/review\nmore\nlines", Some(("review", "more\nlines"))),
        ("/usr/bin is full", None),
        (" /review", None),
        ("/", None),
        ("review", None),
    ] {
        assert_eq!(called(text), expected, "{text}");
    }
}
