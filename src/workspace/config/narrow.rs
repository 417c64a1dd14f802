//! What a project's file may say: before the workspace is trusted next to nothing, and never what widens. Pure.
//!
//! Invariant 12: a project only narrows. Invariant 13: a project does not say where keys go, nor reads the environment.

use serde_json::{Map, Value, json};

use super::mistake::{Findings, shown_key};

/// Keys that an untrusted project may set.
const UNTRUSTED: [&str; 2] = ["model", "agent"];

/// Keys that only a person's own layers may set, and why.
const PERSONAL: [(&str, &str); 6] = [
    ("providers", "says where keys are sent"),
    ("sandbox.writable", "opens the sandbox"),
    ("environment.pass", "hands on what may be a secret"),
    ("webfetch.allow", "opens private addresses"),
    ("limits.frameBytes", "holds for the whole process"),
    ("log", "holds for the whole process"),
];

/// Keys that a project may only set to one value.
const NARROW: [(&str, &str); 3] =
    [("headlessPermission", "deny"), ("sandbox.enabled", "true"), ("sandbox.network", "false")];

/// Lists of places, which a project may name below itself only.
const PLACES: [&str; 2] = ["instructions", "skills.paths"];

/// Leaves what an untrusted project may say.
pub(super) fn untrusted(layer: &mut Map<String, Value>, findings: &mut Findings) {
    let mut unread = Vec::new();
    layer.retain(|key, _| {
        let read = UNTRUSTED.contains(&key.as_str()) || key == "$schema";
        if !read {
            unread.push(shown_key(std::slice::from_ref(key)));
        }
        read
    });
    if !unread.is_empty() {
        let cure = "Trust the workspace, in your editor or with `agentls trust`.";
        findings.warning(&[], format!("{} not read until the workspace is trusted", list(&unread)), cure);
    }
}

fn list(keys: &[String]) -> String {
    const NAMED: usize = 8;
    let named: Vec<String> = keys.iter().take(NAMED).map(|key| format!("`{key}`")).collect();
    match keys.len().saturating_sub(NAMED) {
        0 => format!("{} {}", named.join(", "), if keys.len() == 1 { "is" } else { "are" }),
        more => format!("{} and {more} more are", named.join(", ")),
    }
}

/// Leaves what a trusted project may say.
pub(super) fn trusted(layer: &mut Map<String, Value>, findings: &mut Findings) {
    for (key, why) in PERSONAL {
        if take(layer, key, |_| true).is_some() {
            let problem = format!("is not read from a project: it {why}");
            findings.warning(&path(key), problem, "Put it into your own configuration.");
        }
    }
    for (key, only) in NARROW {
        let only_value = only.parse().map_or_else(|_| json!(only), Value::Bool);
        let widens = |value: &Value| *value != only_value;
        if take(layer, key, widens).is_some() {
            let problem = format!("is without effect: a project can only set it to {only}");
            findings.warning(&path(key), problem, "Put it into your own configuration.");
        }
    }
    for key in PLACES {
        outside(layer, key, findings);
    }
}

/// Takes out the places that lead out of the project.
fn outside(layer: &mut Map<String, Value>, key: &str, findings: &mut Findings) {
    let Some(places) = get(layer, key).and_then(Value::as_array_mut) else { return };
    let mut at = 0_usize;
    places.retain(|place| {
        let leads_out = place.as_str().is_some_and(leads_out);
        if leads_out {
            let mut path = path(key);
            path.push(at.to_string());
            let problem = "leads out of the project, where a project cannot read";
            findings.warning(&path, problem, "Put it into your own configuration.");
        }
        at += 1;
        !leads_out
    });
}

/// Whether a path is no way down. A link on the way is for whoever opens it.
fn leads_out(place: &str) -> bool {
    place.starts_with(['/', '~']) || place.split(['/', '\\']).any(|step| step == "..")
}

fn path(key: &str) -> Vec<String> {
    key.split('.').map(str::to_owned).collect()
}

fn get<'l>(layer: &'l mut Map<String, Value>, key: &str) -> Option<&'l mut Value> {
    match key.split_once('.') {
        Some((section, key)) => layer.get_mut(section)?.as_object_mut()?.get_mut(key),
        None => layer.get_mut(key),
    }
}

fn take(layer: &mut Map<String, Value>, key: &str, widens: impl Fn(&Value) -> bool) -> Option<Value> {
    if !widens(get(layer, key)?) {
        return None;
    }
    match key.split_once('.') {
        Some((section, key)) => layer.get_mut(section)?.as_object_mut()?.shift_remove(key),
        None => layer.shift_remove(key),
    }
}
