//! Layers in a temporary directory. (The table of mistakes is `tests/it/config/mistakes.rs`.)

use std::{fs, path::PathBuf};

use super::{super::mistake::MOST, *};

struct Place {
    dir: tempfile::TempDir,
    watch: Watch,
}

impl Place {
    fn new(user: &str, project: &str) -> Self {
        let place = Self { dir: tempfile::tempdir().unwrap(), watch: Watch::default() };
        fs::create_dir_all(place.dir.path().join("project/.agentls")).unwrap();
        for (path, text) in [("config.jsonc", user), ("project/.agentls/config.jsonc", project)] {
            if !text.is_empty() {
                place.write(path, text);
            }
        }
        place
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.dir.path().join(path), text).unwrap();
    }

    fn load(&self, trusted: bool, client: Option<&Value>, command_line: Option<&Value>) -> Loaded {
        let project: PathBuf = self.dir.path().join("project");
        let env = |name: &str| (name == "SET").then(|| "from-env".to_owned());
        load(&Inputs {
            config_dir: self.dir.path(),
            project: Some(&project),
            trusted,
            client,
            command_line,
            env: &env,
            watch: Some(&self.watch),
        })
    }
}

#[test]
fn without_any_layer_there_are_the_defaults() {
    let loaded = Place::new("", "").load(false, None, None);
    assert_eq!(loaded, Loaded::default());
}

#[test]
fn later_layers_win_key_by_key_and_say_where_they_are() {
    let place = Place::new(
        "{\"model\": \"a/1\",\n\"limits\": {\"maxSteps\": 5}, \"instructions\": [\"x\"],}",
        r#"{"model": "b/2", "timeouts": {"idleMs": 9}}"#,
    );
    let client = json!({"agent": "plan", "instructions": []});
    let loaded = place.load(true, Some(&client), Some(&json!({"model": "c/3/x"})));
    assert_eq!((loaded.config.model.as_str(), loaded.config.agent.as_str()), ("c/3/x", "plan"));
    assert_eq!((loaded.config.limits.max_steps, loaded.config.timeouts.idle_ms), (5, 9));
    assert!(loaded.config.instructions.is_empty());
    assert_eq!(loaded.sources["model"].source_name, "commandLine");
    assert_eq!(loaded.sources["limits.maxSteps"].line, Some(2));
    assert!(loaded.sources["limits.maxSteps"].source_name.ends_with("config.jsonc"));
    assert_eq!(loaded.sources["agent"], Origin { source_name: "client".to_owned(), line: None });
    assert_eq!((loaded.warnings, loaded.errors), (Vec::new(), Vec::new()));
}

#[test]
fn an_untrusted_project_sets_model_and_agent_only() {
    let project = r#"{"model": "b/2", "agent": "plan", "permission": {"*": "allow"}, "skills": {}}"#;
    let loaded = Place::new("", project).load(false, None, None);
    assert_eq!((loaded.config.model.as_str(), loaded.config.agent.as_str()), ("b/2", "plan"));
    assert!(loaded.config.permission.is_empty());
    assert_eq!(loaded.warnings.len(), 1, "{:?}", loaded.warnings);
    assert!(loaded.warnings[0].message.starts_with("`permission`, `skills` are not read until"));
}

#[test]
fn a_trusted_project_narrows_and_never_widens() {
    let project = json!({
        "providers": {"openai": {"baseUrl": "https://elsewhere"}}, "headlessPermission": "allow",
        "sandbox": {"enabled": false, "network": true, "writable": ["/"]},
        "environment": {"pass": ["TOKEN"], "remove": ["CI"]},
        "webfetch": {"allow": ["*"], "deny": ["example.com"]},
        "limits": {"frameBytes": 70000, "maxSteps": 3}, "log": {"level": "trace"},
        "instructions": ["docs/a.md", "../b.md", "/etc/passwd", "{env:SET}"], "skills": {"paths": ["~/x"]},
        "permission": {"bash": "allow", "write": "deny"},
    });
    let loaded = Place::new(r#"{"headlessPermission": "deny"}"#, &project.to_string()).load(true, None, None);
    let mut expected = Config::default();
    expected.environment.remove = vec!["CI".to_owned()];
    expected.webfetch.deny = vec!["example.com".to_owned()];
    expected.limits.max_steps = 3;
    expected.instructions = vec!["docs/a.md".to_owned()];
    let config = Config { permission: Vec::new(), ..loaded.config.clone() };
    assert_eq!(config, expected);
    assert!(loaded.config.permission.iter().all(|layer| layer.narrows_only));
    assert_eq!((loaded.warnings.len(), loaded.errors.len()), (13, 1), "{:#?}", loaded.warnings);
}

#[test]
fn a_projects_permissions_stay_apart_and_only_narrow() {
    let place = Place::new(
        r#"{"permission": {"bash": "allow"}}"#,
        r#"{"permission": {"bash": "ask", "read": "allow"}}"#,
    );
    let loaded = place.load(true, None, None);
    let narrows: Vec<_> = loaded.config.permission.iter().map(|layer| layer.narrows_only).collect();
    assert_eq!(narrows, [false, true]);
    assert!(loaded.warnings[0].message.contains("cannot allow"));
    assert!(loaded.sources["permission.bash"].source_name.ends_with("project/.agentls/config.jsonc"));
}

#[test]
fn the_environment_is_put_into_values_after_parsing() {
    let user =
        r#"{"providers": {"p": {"headers": {"a": "x-{env:SET}-y"}, "baseUrl": "https://{env:SET}/"}}}"#;
    let loaded = Place::new(user, "").load(false, None, None);
    assert_eq!(loaded.config.providers["p"].headers["a"], "x-from-env-y");
    assert_eq!(loaded.config.providers["p"].base_url.as_deref(), Some("https://from-env/"));
}

#[test]
fn a_header_that_came_from_the_environment_is_a_secret_whatever_its_name() {
    let user = r#"{"providers": {"p": {"headers": {"X-Team": "{env:SET}", "X-Title": "shown"}}}}"#;
    let loaded = Place::new(user, "").load(false, None, None);
    let provider = &loaded.config.providers["p"];
    assert!(provider.is_secret_header("X-Team") && !provider.is_secret_header("X-Title"));
    let shown = super::super::redacted(&loaded.config).providers.remove("p").unwrap().headers;
    assert_eq!((shown["X-Team"].as_str(), shown["X-Title"].as_str()), ("[redacted]", "shown"));
}

#[test]
fn a_file_that_breaks_means_what_it_meant_before_and_is_forgotten_when_it_goes() {
    let place = Place::new(r#"{"permission": {"read": "deny"}, "limits": {"maxSteps": 5}}"#, "");
    let before = place.load(true, None, None).config;
    place.write("config.jsonc", "{\"limits\": {\"maxSteps\": 6");
    let broken = place.load(true, None, None);
    assert_eq!(broken.config, before);
    assert!(broken.errors[0].message.ends_with("what it said before holds"), "{}", broken.errors[0]);
    fs::remove_file(place.dir.path().join("config.jsonc")).unwrap();
    assert_eq!(place.load(true, None, None), Loaded::default());
}

#[test]
fn a_file_that_never_could_be_read_may_have_denied_anything() {
    let loaded = Place::new("{\"permission\": {\"read\": ", "").load(true, None, None);
    let [layer] = loaded.config.permission.as_slice() else { panic!("{:?}", loaded.config.permission) };
    assert!(layer.narrows_only && layer.rules["*"] == "ask");
}

#[test]
fn news_are_told_once_and_again_when_they_come_back() {
    let place = Place::new(r#"{"modell": 1}"#, "");
    let news = || {
        let loaded = place.load(true, None, None);
        place.watch.news(&loaded).into_iter().map(|mistake| mistake.key.clone()).collect::<Vec<_>>()
    };
    assert_eq!((news(), news()), (vec!["modell".to_owned()], Vec::new()));
    place.write("config.jsonc", r#"{"modell": 1, "agant": 2}"#);
    assert_eq!((news(), news()), (vec!["agant".to_owned()], Vec::new()));
    place.write("config.jsonc", "{}");
    assert_eq!(news(), Vec::<String>::new());
    place.write("config.jsonc", r#"{"modell": 1}"#);
    assert_eq!(news(), ["modell"]);
}

#[test]
fn thousands_of_mistakes_are_counted_and_not_listed() {
    let keys: Map<String, Value> = (0..5_000).map(|n| (format!("key{n}"), Value::Null)).collect();
    let loaded = Place::new(&Value::Object(keys).to_string(), "").load(true, None, None);
    assert_eq!(loaded.warnings.len(), MOST + 1);
    assert_eq!(loaded.warnings[MOST].message, "has 4960 more mistakes");
}
