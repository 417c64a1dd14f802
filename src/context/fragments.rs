//! The instructions that stand before the conversation: the agent's prompt, its surroundings, the project's own.
//!
//! They are frozen into a [`Baseline`] until a compaction, or until another model or agent answers (invariant 4). What
//! changes in between (an edited file, the date) is told in a message of its own, on the very next step.

use std::path::Path;

pub use crate::store::Fragment;
use crate::{
    store::{Baseline, Live},
    transcript::{ModelRef, Seq},
    workspace::{
        agents::{
            Agent,
            builtin::{BUILD_PROMPT, HOUSE_RULES},
        },
        instructions::{Instruction, Scope},
        skills::Skill,
    },
};

/// The pieces of a system prompt as they are now, in order. `date` is the day as a person writes it.
pub fn fragments(
    agent: &Agent,
    cwd: &Path,
    date: &str,
    files: &[Instruction],
    skills: &[Skill],
) -> Vec<Fragment> {
    let fixed = |name: &str, text: String| Fragment { name: name.to_owned(), text, changed_at: None };
    let environment = format!(
        "<environment>\nworking directory: {}\nplatform: {}\ndate: {date}\n</environment>",
        cwd.display(),
        std::env::consts::OS
    );
    let own = agent.prompt.as_deref().unwrap_or(BUILD_PROMPT);
    let prompt = fixed(&format!("agent {}", agent.name), format!("{own}\n\n{HOUSE_RULES}"));
    let mut fragments = vec![prompt, fixed("environment", environment)];
    fragments.extend(files.iter().map(|file| Fragment {
        name: file.path.display().to_string(),
        text: instruction(file),
        changed_at: file.changed_at,
    }));
    if !skills.is_empty() {
        let lines: Vec<String> =
            skills.iter().map(|skill| format!("- {}: {}", skill.name, skill.description)).collect();
        let text = format!(
            "<skills>\nLoad one with the tool `skill` when its description fits the task.\n{}\n</skills>",
            lines.join("\n")
        );
        fragments.push(fixed("skills", text));
    }
    fragments
}

/// An instruction file, with what has to be known of it in its header.
fn instruction(file: &Instruction) -> String {
    let mut header = format!("path=\"{}\"", attribute(&file.path));
    let tag = match &file.scope {
        Scope::User => "user-instructions",
        Scope::Project => "project-instructions",
        Scope::Below(folder) => {
            header.push_str(&format!(" for=\"what lies in {}\"", attribute(folder)));
            "project-instructions"
        }
    };
    if file.hidden > 0 {
        header.push_str(&format!(
            " warning=\"{} invisible or bidirectional characters taken out\"",
            file.hidden
        ));
    }
    if file.truncated {
        header.push_str(" note=\"only its beginning\"");
    }
    format!("<{tag} {header}>\n{}\n</{tag}>", file.text.trim_end())
}

/// A path that cannot end its attribute or its tag.
fn attribute(path: &Path) -> String {
    path.display().to_string().replace(['"', '<', '>'], "_")
}

/// The system prompt that the fragments make.
pub fn instructions(fragments: &[Fragment]) -> String {
    fragments.iter().map(|fragment| fragment.text.as_str()).collect::<Vec<_>>().join("\n\n")
}

/// The baseline for this agent and model: the one that holds, or a new one of what is there now.
pub fn baseline(
    stored: Option<Baseline>,
    agent: &str,
    model: &ModelRef,
    live: &Live,
    now: &[Fragment],
) -> Baseline {
    let boundary = live.boundary.as_ref().map_or(Seq(0), |boundary| boundary.seq);
    let holds =
        |stored: &Baseline| stored.agent == agent && stored.model == *model && stored.boundary == boundary;
    stored.filter(holds).unwrap_or_else(|| Baseline {
        agent: agent.to_owned(),
        model: model.clone(),
        boundary,
        fragments: now.to_vec(),
        told: now.to_vec(),
    })
}

/// What the model has to be told because it is not as it knows it: a note for each fragment that is new, changed or
/// gone, in the order of the prompt.
pub fn news(told: &[Fragment], now: &[Fragment]) -> Vec<String> {
    let known = |name: &str| told.iter().find(|fragment| fragment.name == name);
    let fresh = now.iter().filter_map(|fragment| match known(&fragment.name) {
        Some(before) if before.text == fragment.text => None,
        Some(_) => Some(format!(
            "[agentls] {} has changed. From now on this holds in its place:\n\n{}",
            fragment.name, fragment.text
        )),
        None => {
            Some(format!("[agentls] {} is new. From now on this holds:\n\n{}", fragment.name, fragment.text))
        }
    });
    let gone = told
        .iter()
        .filter(|fragment| now.iter().all(|other| other.name != fragment.name))
        .map(|fragment| format!("[agentls] {} is gone. What it said no longer holds.", fragment.name));
    fresh.chain(gone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fragment(name: &str, text: &str) -> Fragment {
        Fragment { name: name.into(), text: text.into(), changed_at: None }
    }

    #[test]
    fn an_instruction_file_says_in_its_header_what_has_to_be_known_of_it() {
        let file = |path: &str, scope, hidden, truncated| {
            let (path, text) = (path.into(), "Be brief.\n".to_owned());
            instruction(&Instruction { path, scope, text, truncated, hidden, changed_at: None })
        };
        let files = [
            file("/u/AGENTS.md", Scope::User, 0, false),
            file("/p/AGENTS.md", Scope::Project, 2, true),
            file("/p/a\"><b>/AGENTS.md", Scope::Below("/p/a\"><b>".into()), 0, false),
        ];
        insta::assert_snapshot!(files.join("\n"), @r#"
        <user-instructions path="/u/AGENTS.md">
        Be brief.
        </user-instructions>
        <project-instructions path="/p/AGENTS.md" warning="2 invisible or bidirectional characters taken out" note="only its beginning">
        Be brief.
        </project-instructions>
        <project-instructions path="/p/a___b_/AGENTS.md" for="what lies in /p/a___b_">
        Be brief.
        </project-instructions>
        "#);
    }

    #[test]
    fn what_is_new_changed_or_gone_is_told_once_and_nothing_else() {
        let told = [fragment("agent", "a"), fragment("A.md", "one"), fragment("B.md", "two")];
        let now = [fragment("agent", "a"), fragment("A.md", "other"), fragment("C.md", "three")];
        insta::assert_snapshot!(news(&told, &now).join("\n----\n"), @r"
        [agentls] A.md has changed. From now on this holds in its place:

        other
        ----
        [agentls] C.md is new. From now on this holds:

        three
        ----
        [agentls] B.md is gone. What it said no longer holds.
        ");
        assert!(news(&now, &now).is_empty());
    }

    #[test]
    fn a_baseline_holds_until_a_boundary_a_model_or_an_agent_switch() {
        let model = |id: &str| ModelRef { provider: "p".into(), id: id.into() };
        let live = |boundary: Option<i64>| Live {
            last: Seq(9),
            boundary: boundary.map(|seq| crate::store::Boundary {
                seq: Seq(seq),
                compaction: crate::transcript::Compaction::default(),
            }),
            start: None,
            reshaped: Seq(0),
            reason: String::new(),
            failures: 0,
            answered: true,
            counted: None,
        };
        let (before, now) = ([fragment("A.md", "old")], [fragment("A.md", "new")]);
        let stored = baseline(None, "build", &model("m"), &live(None), &before);
        let again = |agent: &str, id: &str, boundary| {
            baseline(Some(stored.clone()), agent, &model(id), &live(boundary), &now).fragments == before
        };
        assert!(again("build", "m", None));
        assert!(!again("plan", "m", None) && !again("build", "n", None) && !again("build", "m", Some(4)));
    }

    proptest! {
        #[test]
        fn once_told_nothing_is_news(
            told in prop::collection::btree_map("[a-d]", "[x-z]{0,2}", 0..4),
            now in prop::collection::btree_map("[a-d]", "[x-z]{0,2}", 0..4)
        ) {
            let list = |map: &std::collections::BTreeMap<String, String>| -> Vec<Fragment> {
                map.iter().map(|(name, text)| fragment(name, text)).collect()
            };
            let notes = news(&list(&told), &list(&now));
            let differing = told.keys().chain(now.keys()).collect::<std::collections::BTreeSet<_>>().into_iter()
                .filter(|name| told.get(*name) != now.get(*name)).count();
            prop_assert_eq!(notes.len(), differing);
            prop_assert!(news(&list(&now), &list(&now)).is_empty());
        }
    }
}
