//! The most that a turn may do, whatever rules, approvals and people say: frozen when the turn begins.
//!
//! Invariant 12: what looks is a list of what is known to look, for tools as for commands of a shell; what is not on
//! it changes something.

use super::{Ask, rules};

/// The most that may happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ceiling {
    /// Rules and people decide.
    #[default]
    Everything,
    /// Only what looks: nothing that changes files or runs what may change them. Rules and people decide within it.
    LooksOnly,
}

impl Ceiling {
    /// Whether it leaves this to rules and people.
    pub fn admits(self, ask: &Ask) -> bool {
        match self {
            Self::Everything => true,
            Self::LooksOnly => {
                rules::only_looks(&ask.tool)
                    || (!ask.items.is_empty() && ask.items.iter().all(|item| item.looks))
            }
        }
    }

    /// Whether any call of this tool can be admitted: what a model need not be offered.
    pub fn admits_tool(self, tool: &str) -> bool {
        self == Self::Everything || matches!(tool, "bash" | "webfetch") || rules::only_looks(tool)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::permission::{Item, shell};

    fn ask(tool: &str, items: Vec<Item>) -> Ask {
        Ask {
            tool: tool.to_owned(),
            title: String::new(),
            reason: String::new(),
            items,
            path: None,
            diff: None,
            must_ask: false,
        }
    }

    fn bash(line: &str) -> Ask {
        ask("bash", shell::analyze(line).commands)
    }

    #[test]
    fn what_looks_passes_below_the_ceiling_and_all_else_does_not() {
        let low = Ceiling::LooksOnly;
        for line in ["ls -la src", "git status && git diff | head -5", "cat a.txt", "rg -n x src"] {
            assert!(low.admits(&bash(line)), "{line}");
        }
        for line in
            ["make", "rm x", "ls; rm x", "ls > out", "sed -i s/a/b/ x", "find . -delete", "git push", "$X"]
        {
            assert!(!low.admits(&bash(line)), "{line}");
            assert!(Ceiling::Everything.admits(&bash(line)), "{line}");
        }
        for (tool, looks) in
            [("read", true), ("grep", true), ("write", false), ("edit", false), ("new", false)]
        {
            assert_eq!(low.admits(&ask(tool, vec![Item::new("x", "x")])), looks, "{tool}");
            assert_eq!(low.admits_tool(tool), looks, "{tool}");
        }
        assert!(!low.admits(&ask("bash", Vec::new())), "nothing is known of it");
    }
}
