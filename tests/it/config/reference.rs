//! The schema of a configuration file is what is checked, and the README's reference is made from it.

use std::{fs, path::Path, process::Command};

use agentls::{provider::catalog, tool::Registry, workspace::config};
use serde_json::{Value, json};

const BEGIN: &str = "<!-- made by `agentls schema config --markdown` -->\n";
const END: &str = "<!-- end of what is made -->\n";

fn schema(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_agentls")).arg("schema").args(arguments).output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

/// `AGENTLS_UPDATE_SCHEMA=1` writes the section anew.
#[test]
fn the_readmes_reference_is_the_one_of_the_types() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let made = format!("{before}{BEGIN}\n{}\n{END}{after}", schema(&["config", "--markdown"]));
    if std::env::var_os("AGENTLS_UPDATE_SCHEMA").is_some() {
        fs::write(&path, &made).unwrap();
    }
    let readme = fs::read_to_string(path).unwrap();
    assert!(readme == made, "run: AGENTLS_UPDATE_SCHEMA=1 cargo test --test it reference");
}

#[test]
fn editors_are_told_the_words_the_limits_and_the_defaults() {
    let schema: Value = serde_json::from_str(&schema(&["config"])).unwrap();
    let of = |path: &str| {
        schema.pointer(&path.split('.').map(|key| format!("/properties/{key}")).collect::<String>()).unwrap()
    };
    let words = &of("permission")["additionalProperties"]["anyOf"][0]["enum"];
    assert_eq!(*words, json!(["allow", "ask", "deny"]));
    assert_eq!(
        (&of("limits.maxSteps")["default"], &of("limits.maxSteps")["maximum"]),
        (&json!(200), &json!(10_000))
    );
    assert!(of("model")["pattern"].is_string() && of("model")["description"].is_string());
    assert_eq!(schema["additionalProperties"], false, "a misspelt key is seen");
    assert!(schema.get("required").is_none(), "everything is optional");
}

#[test]
fn rules_know_the_tools_that_there_are() {
    for tool in Registry::standard().specs().iter() {
        assert!(config::TOOLS.contains(&tool.name.as_str()), "{}", tool.name);
    }
}

#[test]
fn the_configuration_of_the_readme_holds_as_it_stands() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let (_, section) = readme.split_once("\n## Configuration\n").unwrap();
    let (_, code) = section.split_once("```jsonc\n").unwrap();
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("config.jsonc"), code.split_once("```").unwrap().0).unwrap();
    let loaded = config::load(&config::Inputs {
        config_dir: dir.path(),
        project: None,
        trusted: false,
        client: None,
        command_line: None,
        env: &|_| None,
        watch: None,
    });
    assert_eq!((loaded.errors, loaded.warnings), (Vec::new(), Vec::new()));
    assert!(catalog::preset("openai").is_some() && loaded.config.providers.len() == 3);
}
