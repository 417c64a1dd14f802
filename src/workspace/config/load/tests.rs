//! Layers in a temporary directory; a table of mistakes.

use std::{fs, path::PathBuf};

use serde_json::json;

use super::*;

struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    fn new(user: &str, project: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("project/.agentls")).unwrap();
        for (path, text) in [("config.jsonc", user), ("project/.agentls/config.jsonc", project)] {
            if !text.is_empty() {
                fs::write(dir.path().join(path), text).unwrap();
            }
        }
        Self { dir }
    }

    fn load(&self, trusted: bool, client: Option<&Value>, command_line: Option<&Value>) -> Loaded {
        let project: PathBuf = self.dir.path().join("project");
        let env = |name: &str| (name == "SET").then(|| "from-env".to_owned());
        let project = Some(project.as_path());
        load(&Inputs { config_dir: self.dir.path(), project, trusted, client, command_line, env: &env })
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
        r#"{"model": "a/1", "limits": {"maxSteps": 5}, "instructions": ["x"],}"#,
        r#"{"model": "b/2", "limits": {"frameBytes": 9}}"#,
    );
    let client = json!({"agent": "plan", "instructions": []});
    let loaded = place.load(true, Some(&client), Some(&json!({"model": "c/3/x"})));
    assert_eq!((loaded.config.model.as_str(), loaded.config.agent.as_str()), ("c/3/x", "plan"));
    assert_eq!((loaded.config.limits.max_steps, loaded.config.limits.frame_bytes), (5, 9));
    assert!(loaded.config.instructions.is_empty());
    assert_eq!(loaded.sources["model"], "commandLine");
    assert!(loaded.sources["limits.maxSteps"].ends_with("config.jsonc"));
    assert_eq!(loaded.sources["agent"], "client");
    assert_eq!((loaded.warnings, loaded.errors), (Vec::new(), Vec::new()));
}

#[test]
fn a_file_beyond_the_cap_is_named_and_the_other_layers_hold() {
    let large = format!(r#"{{"agent": "plan"}} // {}"#, "x".repeat(1024 * 1024));
    let loaded = Place::new(&large, r#"{"model": "b/2"}"#).load(true, None, None);
    assert_eq!((loaded.config.model.as_str(), loaded.config.agent), ("b/2", Loaded::default().config.agent));
    assert_eq!(loaded.errors.len(), 1);
    assert!(loaded.errors[0].to_string().contains("larger than 1048576 bytes"), "{}", loaded.errors[0]);
}

#[test]
fn an_untrusted_project_sets_model_and_agent_only() {
    let project = r#"{"model": "b/2", "agent": "x", "permission": {"*": "allow"}, "providers": {"p": {}}}"#;
    let loaded = Place::new("", project).load(false, None, None);
    assert_eq!(loaded.config.model, "b/2");
    assert!(loaded.config.permission.is_empty() && loaded.config.providers.is_empty());
    assert_eq!(loaded.warnings.len(), 2);
    assert!(loaded.warnings[0].message.contains("trusted"));
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
}

#[test]
fn the_environment_is_put_into_values_after_parsing() {
    let user = r#"{"providers": {"p": {"headers": {"a": "x-{env:SET}-y"}, "baseUrl": "{env:SET"}}}"#;
    let loaded = Place::new(user, "").load(false, None, None);
    assert_eq!(loaded.config.providers["p"].headers["a"], "x-from-env-y");
    assert_eq!(loaded.config.providers["p"].base_url.as_deref(), Some("{env:SET"));
}

#[test]
fn each_mistake_is_named_with_its_line_and_costs_only_itself() {
    let table: &[(&str, u32, &str, &str)] = &[
        ("{\n \"model\": 7}", 2, "model", "must be text"),
        ("{\n\n\"model\": \"gpt\"}", 3, "model", "provider/model"),
        ("{\"limits\": {\n\"maxSteps\": \"many\"}}", 2, "limits.maxSteps", "whole number"),
        ("{\"limits\": {\n\"maxSteps\": -1}}", 2, "limits.maxSteps", "whole number"),
        ("{\"limits\": {\n\"maxSteps\": 99999999999}}", 2, "limits.maxSteps", "whole number"),
        ("{\"limits\": {\n\"maxSteps\": 1.5}}", 2, "limits.maxSteps", "whole number"),
        ("{\"limits\": []}", 1, "limits", "an object"),
        ("{\n\"compaction\": {\"auto\": \"yes\"}}", 2, "compaction.auto", "true or false"),
        ("{\"instructions\": \"x\"}", 1, "instructions", "a list"),
        ("{\"instructions\": [\"a\",\n 7]}", 2, "instructions.1", "must be text"),
        ("{\"headlessPermission\": \"maybe\"}", 1, "headlessPermission", "one of deny, allow"),
        (
            "{\"providers\": {\"p\": {\"api\": \"soap\"}}}",
            1,
            "providers.p.api",
            "one of responses, chat, anthropic",
        ),
        ("{\"providers\": {\"p\": 7}}", 1, "providers.p", "an object"),
        ("{\"providers\": {\"p\": {\"headers\": {\"a\": 1}}}}", 1, "providers.p.headers.a", "must be text"),
        ("{\"permission\": {\n\"bash\": \"alow\"}}", 2, "permission.bash", "allow, ask or deny"),
        ("{\"permission\": {\"bash\": {\n\"rm *\": 7}}}", 2, "permission.bash.rm *", "allow, ask or deny"),
        ("{\"permission\": \"deny\"}", 1, "permission", "an object"),
        ("{\"model\": \"{env:UNSET}\"}", 1, "model", "UNSET"),
        ("[]", 1, "", "an object"),
        ("{\n\"model\": \"a/b\"\n", 1, "", ""),
        ("{\"a\": 1 \"b\": 2}", 1, "", ""),
        ("{'model': 'a/b'}", 1, "", ""),
        ("{\"agent\": \"a\",\n\"agent\": \"b\"}", 2, "", "twice"),
    ];
    for (text, line, key, words) in table {
        let loaded = Place::new(text, r#"{"agent": "kept"}"#).load(true, None, None);
        assert_eq!(loaded.errors.len(), 1, "{text}: {:?}", loaded.errors);
        let error = &loaded.errors[0];
        assert_eq!((error.line, error.key.as_str()), (Some(*line), *key), "{text}: {error}");
        assert!(
            error.message.contains(words) && error.source_name.ends_with("config.jsonc"),
            "{text}: {error}"
        );
        assert_eq!(loaded.config.agent, "kept", "{text}");
    }
}

#[test]
fn unknown_keys_are_warnings_with_path_and_line() {
    let loaded =
        Place::new("{\n\"modell\": \"a/b\",\n\"log\": {\"levle\": \"info\"}}", "").load(false, None, None);
    let places: Vec<_> = loaded.warnings.iter().map(|warning| (warning.key.as_str(), warning.line)).collect();
    assert_eq!(places, [("modell", Some(2)), ("log.levle", Some(3))]);
    assert!(loaded.errors.is_empty());
}

#[test]
fn a_mistaken_client_value_has_no_line() {
    let loaded = Place::new("", "").load(false, Some(&json!({"model": []})), None);
    assert_eq!(loaded.errors[0].to_string(), "client: `model` must be text, not a list");
}
