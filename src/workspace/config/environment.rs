//! `{env:NAME}` inside values, replaced after parsing. Pure: variables are looked up by whoever loads.

use serde_json::Value;

use super::mistake::{Findings, KeyPath};

/// What stands before the name of a variable.
const BEGIN: &str = "{env:";

/// Replaces the variables in the texts of a layer. One that is not set costs the value it is in. The places where
/// something was replaced.
pub(super) fn substitute(
    value: &mut Value,
    env: &dyn Fn(&str) -> Option<String>,
    findings: &mut Findings,
) -> Vec<KeyPath> {
    let mut replaced = Vec::new();
    visit(value, &mut Vec::new(), &mut |text, path| match with_env(text, env) {
        Ok(substituted) => {
            if *text != substituted {
                replaced.push(path.clone());
                *text = substituted;
            }
            true
        }
        Err(name) => {
            let problem = format!("needs the environment variable {name}, which is not set");
            findings.error(path, problem, format!("Set {name} where agentls is started."));
            false
        }
    });
    replaced
}

/// Leaves out texts with variables: a project does not read its person's environment.
pub(super) fn refuse(value: &mut Value, findings: &mut Findings) {
    visit(value, &mut Vec::new(), &mut |text, path| {
        let asks = text.split_once(BEGIN).is_some_and(|(_, rest)| rest.contains('}'));
        if asks {
            let cure = "Put it into your own configuration.";
            findings.error(path, "needs the environment, which a project cannot read", cure);
        }
        !asks
    });
}

/// Visits every text at any depth; those for which `keep` says no are taken out.
fn visit(
    value: &mut Value,
    path: &mut KeyPath,
    keep: &mut impl FnMut(&mut String, &KeyPath) -> bool,
) -> bool {
    match value {
        Value::String(text) => return keep(text, path),
        Value::Array(list) => {
            let mut at = 0_usize;
            list.retain_mut(|element| {
                path.push(at.to_string());
                let kept = visit(element, path, keep);
                path.pop();
                at += 1;
                kept
            });
        }
        Value::Object(object) => object.retain(|key, value| {
            path.push(key.clone());
            let kept = visit(value, path, keep);
            path.pop();
            kept
        }),
        _ => {}
    }
    true
}

fn with_env(text: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(BEGIN) {
        let Some((name, tail)) = after.split_once('}') else { break };
        out.push_str(before);
        out.push_str(&env(name).ok_or(name)?);
        rest = tail;
    }
    out.push_str(rest);
    Ok(out)
}
