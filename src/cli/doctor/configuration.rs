//! The configuration as it holds here: its files, what is wrong in them, and where each value came from.
//!
//! Invariant 13: what may be a secret is not shown.

use std::{collections::BTreeMap, path::Path};

use agentls::{
    transcript::text::ellipsis,
    workspace::{
        config::{self, Inputs, Loaded, Mistake, Origin},
        paths::Directories,
    },
};
use serde_json::Value;

use super::Finding;

/// The most of a value that is shown, in bytes.
const SHOWN: usize = 80;

/// The configuration as it holds in the project at `root`, for who brings none of their own.
pub(super) fn load(directories: &Directories, root: &Path, trusted: bool) -> Loaded {
    config::load(&Inputs {
        config_dir: &directories.config,
        project: Some(root),
        trusted,
        client: None,
        command_line: None,
        env: &|name| std::env::var(name).ok(),
        watch: None,
    })
}

/// What is wrong, then each value that is no default with its place.
pub(super) fn configuration(loaded: &Loaded) -> Vec<Finding> {
    let what = |mistake: &Mistake| format!("{}: {}", mistake.place(), mistake.problem());
    let mut findings: Vec<Finding> =
        loaded.errors.iter().map(|mistake| Finding::broken(what(mistake), mistake.cure.clone())).collect();
    let doubtful =
        loaded.warnings.iter().map(|mistake| Finding::doubtful(what(mistake), mistake.cure.clone()));
    findings.extend(doubtful);
    if findings.is_empty() {
        findings.push(Finding::fine(match loaded.layers.len() {
            0 => "there is no configuration file: the defaults hold".to_owned(),
            _ => format!("no mistakes in {}", loaded.layers.join(", ")),
        }));
    }
    findings.extend(values(loaded));
    findings
}

/// Each value that is no default, with the place it came from.
fn values(loaded: &Loaded) -> Vec<Finding> {
    let shown = serde_json::to_value(config::redacted(&loaded.config)).unwrap_or_default();
    let mut values = BTreeMap::new();
    flatten(&shown, String::new(), &mut values);
    let line = |(key, origin): (&String, &Origin)| {
        let value = values.get(key)?;
        let place = match origin.line {
            Some(line) => format!("{}:{line}", origin.source_name),
            None => origin.source_name.clone(),
        };
        Some(Finding::plain(format!("{key} = {} ({place})", ellipsis(&value.to_string(), SHOWN))))
    };
    loaded.sources.iter().filter_map(line).collect()
}

/// Dotted keys with their values, as sources have them.
fn flatten(value: &Value, key: String, values: &mut BTreeMap<String, Value>) {
    match value.as_object().filter(|members| !members.is_empty()) {
        Some(members) => members.iter().for_each(|(name, member)| {
            let key = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
            flatten(member, key, values);
        }),
        None => drop(values.insert(key, value.clone())),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{super::Weight, *};

    #[test]
    fn a_mistake_stands_with_its_place_and_cure_before_the_values_with_theirs() {
        let root = tempfile::tempdir().unwrap();
        let directories = Directories { data: root.path().join("data"), config: root.path().to_owned() };
        let text = "{\n  \"limits\": {\"maxStep\": 5, \"maxSteps\": \"6\"},\n  \"model\": \"a/b\",\n\
                    \"providers\": {\"p\": {\"headers\": {\"X-Api-Key\": \"canary\"}}}}";
        fs::write(root.path().join("config.jsonc"), text).unwrap();
        let findings = configuration(&load(&directories, root.path(), false));
        let shown: Vec<_> =
            findings.iter().map(|it| (it.weight, it.what.as_str(), it.cure.as_deref())).collect();
        let file = root.path().join("config.jsonc").display().to_string();
        assert_eq!(shown[0].0, Weight::Broken);
        assert!(shown[0].1.starts_with(&format!("{file}:2:28: `limits.maxSteps` must be")), "{shown:?}");
        assert_eq!(shown[0].2, Some("Write 6 without quotes."));
        assert_eq!(shown[1].2, Some("Did you mean `maxSteps`?"));
        assert!(shown.contains(&(Weight::Plain, &format!("model = \"a/b\" ({file}:3)"), None)), "{shown:?}");
        assert!(!format!("{shown:?}").contains("canary"));
    }
}
