use std::fs;

use serde_json::json;

use super::*;

/// The agents that these files and this configuration define.
fn listed(config: Value, user: &[(&str, &str)], project: &[(&str, &str)]) -> Vec<Agent> {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap();
    let folders = [(root.join("config/agents"), user), (root.join("project/.agentls/agents"), project)];
    for (folder, files) in folders {
        fs::create_dir_all(&folder).unwrap();
        for (name, content) in files {
            fs::write(folder.join(name), content).unwrap();
        }
    }
    let config: Config = serde_json::from_value(config).unwrap();
    list(&Places {
        config_dir: &root.join("config"),
        config: &config,
        source: &|_| None,
        project: Some(&root.join("project")),
    })
}

fn find<'a>(agents: &'a [Agent], name: &str) -> &'a Agent {
    agents.iter().find(|agent| agent.name == name).unwrap()
}

#[test]
fn three_agents_are_always_there_and_two_of_them_only_look() {
    let agents = listed(json!({}), &[], &[]);
    let shown: Vec<_> = agents.iter().map(|it| (it.name.as_str(), it.looks_only, it.usable)).collect();
    assert_eq!(shown, [("build", false, true), ("plan", true, true), ("explore", true, true)]);
    assert!(agents.iter().all(|it| it.origin.name() == "builtIn" && it.mistakes.is_empty()));
    assert!(find(&agents, "explore").has_tool("grep") && !find(&agents, "explore").has_tool("bash"));
}

#[test]
fn an_agent_is_read_from_its_file() {
    let file = "---\ndescription: Reviews\nmodel: p/m\ntools: [read, grep]\nmaxSteps: 7\n\
                permission:\n  bash: {'git *': ask}\n---\nYou review.\n";
    let agents = listed(json!({}), &[("reviewer.md", file)], &[]);
    let agent = find(&agents, "reviewer");
    assert_eq!((agent.description.as_str(), agent.prompt.as_deref()), ("Reviews", Some("You review.")));
    assert_eq!((agent.model.as_ref().unwrap().to_string(), agent.max_steps), ("p/m".to_owned(), Some(7)));
    assert_eq!(agent.permission, [json!({"bash": {"git *": "ask"}}).as_object().unwrap().clone()]);
    assert!(agent.has_tool("read") && !agent.has_tool("bash") && agent.mistakes.is_empty());
}

#[test]
fn a_later_layer_changes_what_it_names_and_widens_nothing() {
    let user = "---\ntools: [read, bash]\npermission: {bash: ask}\n---\nThe user's prompt.";
    let project = "---\ntools: [read, edit]\npermission: {read: deny}\nmaxSteps: 3\n---\n";
    let config =
        json!({"agents": {"own": {"description": "from the configuration"}, "plan": {"prompt": "Plan!"}}});
    let agents =
        listed(config, &[("own.md", user)], &[("own.md", project), ("plan.md", "---\ntools: [edit]\n---\n")]);
    let own = find(&agents, "own");
    assert_eq!(own.tools.as_deref(), Some(&["read".to_owned()][..]), "tools only become fewer");
    assert_eq!(own.permission.len(), 2, "each section narrows");
    assert_eq!((own.prompt.as_deref(), own.max_steps), (Some("The user's prompt."), Some(3)));
    assert_eq!(own.description, "from the configuration");
    assert!(own.origin.name().ends_with(".agentls/agents/own.md"));
    let plan = find(&agents, "plan");
    assert!(plan.looks_only && plan.prompt.as_deref() == Some("Plan!"), "it stays one that only looks");
}

#[test]
fn a_definition_that_cannot_be_read_counts_for_nothing() {
    for (content, said) in [
        ("---\npermission: [\n---\nx", "line "),
        ("---\ntools: read\n---\nx", "line 2: `tools` must be a list of texts"),
        ("---\npermission: ask\n---\nx", "`permission` must be an object"),
        (&"x".repeat(70_000), "longer than 65536 bytes"),
    ] {
        let agents = listed(json!({}), &[("own.md", content)], &[("build.md", content)]);
        let (own, build) = (find(&agents, "own"), find(&agents, "build"));
        assert!(!own.usable && own.mistakes[0].contains(said), "{:?}", own.mistakes);
        assert!(build.usable && build.mistakes[0].contains(said), "what there was before holds");
        assert_eq!(build.prompt.as_deref(), Some(builtin::BUILD_PROMPT));
    }
    let agents = listed(json!({}), &[("two words.md", "x")], &[]);
    assert!(!find(&agents, "two words").usable);
}

#[test]
fn what_is_without_effect_is_said_and_the_rest_counts() {
    let file =
        "---\nmodle: p/m\npermission: {read: allow, bash: maybe}\nmodel: nothing\n---\nBe \u{200b}brief.";
    let agents = listed(json!({}), &[("own.md", file)], &[]);
    let own = find(&agents, "own");
    let said = own.mistakes.join("\n");
    for part in [
        "did you mean `model`?",
        "allows read, which is without effect",
        "taken for ask",
        "no model",
        "1 invisible",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(own.usable && own.prompt.as_deref() == Some("Be brief."));
}

#[test]
fn a_file_that_a_link_brings_into_a_project_from_outside_does_not_count() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap();
    fs::create_dir_all(root.join("project/.agentls/agents")).unwrap();
    fs::write(root.join("secret.md"), "a secret").unwrap();
    std::os::unix::fs::symlink(root.join("secret.md"), root.join("project/.agentls/agents/own.md")).unwrap();
    let (config, project) = (Config::default(), root.join("project"));
    let agents = list(&Places {
        config_dir: &root.join("config"),
        config: &config,
        source: &|_| None,
        project: Some(&project),
    });
    assert_eq!(agents.len(), 3);
}
