//! Which variables of this environment commands do not get: their names, never their values (invariant 13).

use std::collections::BTreeMap;

use agentls::{engine::secrets, workspace::config::Config};

use super::Finding;

pub(super) fn environment(config: &Config) -> Vec<Finding> {
    let kept = secrets::environment(config, &BTreeMap::new()).kept_back();
    let mut findings = vec![Finding::plain(if kept.is_empty() {
        "commands get every variable of this environment".to_owned()
    } else {
        format!("kept back from commands: {}", kept.join(", "))
    })];
    if !config.environment.pass.is_empty() {
        findings.push(Finding::plain(format!("handed on: {}", config.environment.pass.join(", "))));
    }
    findings
}
