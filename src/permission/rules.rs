//! Configured rules: a pure function from a tool and a subject to a decision.
//!
//! Among `allow` and `ask` the last rule that matches decides; a `deny` that matches decides whatever else
//! matches (invariant 12). A layer that may only narrow (a project's file) can turn an allow into an ask or a
//! deny and nothing else. Every name of a thing is tested against denials, only its label against the rest.

use serde_json::{Map, Value};

use super::Item;

/// What rules say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It may happen.
    Allow,
    /// A person has to be asked.
    Ask,
    /// It may not happen.
    Deny {
        /// The rule that says so, as `tool: pattern`.
        rule: String,
    },
}

/// Tools that look and do not touch: allowed unless a rule says otherwise.
const ALLOWED_BY_DEFAULT: [&str; 9] =
    ["read", "grep", "glob", "list", "todo", "question", "recall", "contextUsage", "skill"];

/// Tools that change nothing here and are asked for all the same.
const ASKED_LOOKERS: [&str; 2] = ["webfetch", "newSession"];

/// Whether a tool changes no file and runs nothing, whatever its parameters.
pub(super) fn only_looks(tool: &str) -> bool {
    ALLOWED_BY_DEFAULT.contains(&tool) || ASKED_LOOKERS.contains(&tool)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Allow,
    Ask,
    Deny,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    tool: String,
    pattern: String,
    word: Word,
}

impl Rule {
    fn speaks_of(&self, tool: &str, subject: &str) -> bool {
        matches(&self.tool, tool) && matches(&self.pattern, subject)
    }
}

/// The rules of all layers, ready to decide.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// The user's own, in order.
    own: Vec<Rule>,
    /// Those of layers that may only narrow, a list for each layer.
    narrowing: Vec<Vec<Rule>>,
}

impl Rules {
    /// No rules but the defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a `permission` section of the user's own, over what is there. An entry that makes no sense is an
    /// `ask`: a mistake never allows.
    pub fn add(&mut self, section: &Map<String, Value>) {
        self.own.extend(parse(section));
    }

    /// Adds a section that can only narrow.
    pub fn add_narrowing(&mut self, section: &Map<String, Value>) {
        self.narrowing.push(parse(section));
    }

    /// Decides about one item of an ask.
    pub fn decide_item(&self, tool: &str, item: &Item) -> Decision {
        let denied = item.aliases.iter().find_map(|name| self.denied(tool, name));
        denied.unwrap_or_else(|| self.decide(tool, &item.label))
    }

    /// Decides about one subject: a path relative to the working directory, a simple command.
    pub fn decide(&self, tool: &str, subject: &str) -> Decision {
        if let Some(denial) = self.denied(tool, subject) {
            return denial;
        }
        let narrowed = self.narrowing.iter().any(|layer| last_word(layer, tool, subject) == Some(Word::Ask));
        let default = if ALLOWED_BY_DEFAULT.contains(&tool) { Word::Allow } else { Word::Ask };
        match last_word(&self.own, tool, subject).unwrap_or(default) {
            Word::Allow if !narrowed => Decision::Allow,
            _ => Decision::Ask,
        }
    }

    fn denied(&self, tool: &str, subject: &str) -> Option<Decision> {
        self.own
            .iter()
            .chain(self.narrowing.iter().flatten())
            .find(|rule| rule.word == Word::Deny && rule.speaks_of(tool, subject))
            .map(|rule| Decision::Deny { rule: format!("{}: {}", rule.tool, rule.pattern) })
    }
}

fn last_word(rules: &[Rule], tool: &str, subject: &str) -> Option<Word> {
    rules.iter().rev().find(|rule| rule.speaks_of(tool, subject)).map(|rule| rule.word)
}

fn parse(section: &Map<String, Value>) -> Vec<Rule> {
    let mut rules = Vec::new();
    for (tool, value) in section {
        let mut push = |pattern: &str, value: &Value| {
            rules.push(Rule { tool: tool.clone(), pattern: pattern.to_owned(), word: word(value) });
        };
        match value {
            Value::Object(patterns) => patterns.iter().for_each(|(pattern, value)| push(pattern, value)),
            value => push("*", value),
        }
    }
    rules
}

fn word(value: &Value) -> Word {
    match value.as_str() {
        Some("allow") => Word::Allow,
        Some("deny") => Word::Deny,
        _ => Word::Ask,
    }
}

/// One piece of a pattern.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Piece {
    Any,
    Exactly(char),
}

/// Whether `pattern` matches the whole of `subject`. `*` stands for any text, `/` and spaces included; `\*`
/// and `\\` stand for themselves; a pattern that ends in ` *` also matches without anything after it.
///
/// Takes at most pattern × subject steps.
pub fn matches(pattern: &str, subject: &str) -> bool {
    pattern.strip_suffix(" *").is_some_and(|bare| glob(&pieces(bare), subject))
        || glob(&pieces(pattern), subject)
}

/// `text` as a pattern that matches itself and nothing else.
pub fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('*', "\\*")
}

fn pieces(pattern: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut chars = pattern.chars().peekable();
    while let Some(char) = chars.next() {
        pieces.push(match (char, chars.peek()) {
            ('*', _) => Piece::Any,
            ('\\', Some(&next @ ('*' | '\\'))) => {
                chars.next();
                Piece::Exactly(next)
            }
            _ => Piece::Exactly(char),
        });
    }
    pieces
}

/// Greedy matching that goes back to the last `*` only.
fn glob(pieces: &[Piece], subject: &str) -> bool {
    let subject: Vec<char> = subject.chars().collect();
    let (mut piece, mut at) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while let Some(char) = subject.get(at) {
        match pieces.get(piece) {
            Some(Piece::Any) => {
                retry = Some((piece + 1, at));
                piece += 1;
            }
            Some(Piece::Exactly(wanted)) if wanted == char => {
                piece += 1;
                at += 1;
            }
            _ => {
                let Some((after_star, from)) = retry else { return false };
                retry = Some((after_star, from + 1));
                (piece, at) = (after_star, from + 1);
            }
        }
    }
    pieces.get(piece..).is_some_and(|rest| rest.iter().all(|piece| *piece == Piece::Any))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn rules(section: &Value) -> Rules {
        let mut rules = Rules::new();
        rules.add(section.as_object().unwrap());
        rules
    }

    #[test]
    fn without_configuration_looking_is_allowed_and_the_rest_asks() {
        let rules = Rules::new();
        assert_eq!(rules.decide("read", "src/lib.rs"), Decision::Allow);
        assert_eq!(rules.decide("bash", "ls"), Decision::Ask);
        assert_eq!(rules.decide("unheardOf", ""), Decision::Ask);
    }

    #[test]
    fn the_later_rule_wins_among_allow_and_ask() {
        let rules = rules(&json!({"*": "ask", "bash": {"git *": "allow", "git push *": "ask"}}));
        assert_eq!(rules.decide("bash", "git status"), Decision::Allow);
        assert_eq!(rules.decide("bash", "git push origin"), Decision::Ask);
        assert_eq!(rules.decide("read", "a"), Decision::Ask);
    }

    #[test]
    fn a_mistaken_word_never_allows() {
        let rules = rules(&json!({"bash": "allowed", "read": 7, "grep": {"*": null}}));
        for tool in ["bash", "read", "grep"] {
            assert_eq!(rules.decide(tool, "x"), Decision::Ask);
        }
    }

    #[test]
    fn a_narrowing_layer_cannot_allow() {
        let mut rules = rules(&json!({"bash": {"make *": "allow", "ls": "allow"}}));
        let project = json!({"*": "allow", "bash": {"make *": "ask", "ls": "deny", "rm *": "allow"}});
        rules.add_narrowing(project.as_object().unwrap());
        assert_eq!(rules.decide("bash", "make all"), Decision::Ask);
        assert_eq!(rules.decide("bash", "rm -rf x"), Decision::Ask);
        assert_eq!(rules.decide("bash", "ls"), Decision::Deny { rule: "bash: ls".to_owned() });
    }

    #[test]
    fn a_denied_other_name_denies_the_item() {
        let rules = rules(&json!({"bash": {"*": "allow", "rm *": "deny"}}));
        let item = Item { aliases: vec!["rm -rf x".to_owned()], ..Item::new("/bin/rm -rf x", "") };
        assert_eq!(rules.decide_item("bash", &item), Decision::Deny { rule: "bash: rm *".to_owned() });
    }

    #[test]
    fn a_star_crosses_folders_and_a_trailing_one_may_stand_for_nothing() {
        for (pattern, subject, expected) in [
            ("*.env", "deploy/prod.env", true),
            ("*.env", "x.envy", false),
            ("git status *", "git status", true),
            ("git status *", "git statusx", false),
            ("a*b*c", "aXbYbZc", true),
            ("", "", true),
            ("", "x", false),
            (r"echo \*", "echo *", true),
            (r"echo \*", "echo x", false),
        ] {
            assert_eq!(matches(pattern, subject), expected, "{pattern} {subject}");
        }
    }

    proptest! {
        #[test]
        fn a_deny_wins_whatever_the_order(
            mut words in prop::collection::vec(("[ab*]{1,3}", prop::sample::select(vec!["allow", "ask"])), 0..6),
            at in 0_usize..6,
        ) {
            let place = at.min(words.len());
            words.insert(place, ("a*".to_owned(), "deny"));
            let rules = Rules {
                own: words.iter().map(|(pattern, word)| Rule {
                    tool: "bash".to_owned(), pattern: pattern.clone(), word: super::word(&json!(word)),
                }).collect(),
                narrowing: Vec::new(),
            };
            let denied = matches!(rules.decide("bash", "ab"), Decision::Deny { .. });
            prop_assert!(denied);
        }

        #[test]
        fn an_escaped_text_matches_itself_only(text in "[a*\\\\ ]{0,8}", other in "[a*\\\\ ]{0,8}") {
            prop_assert!(matches(&escape(&text), &text));
            prop_assert_eq!(matches(&escape(&text), &other), text == other);
        }
    }
}
