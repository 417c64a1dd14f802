//! The analysis of a command line: what a person is shown is readable, what may be remembered is understood, and no line
//! hides what follows it.

use agentls::permission::shell::analyze;

/// What is put behind the line.
const NEXT: &str = "rm -rf canary";

pub fn holds(bytes: &[u8]) {
    let [line] = super::texts(bytes);
    let analysis = analyze(&line);
    assert!(!analysis.commands.is_empty());
    assert_eq!(analyze(&line), analysis, "the same every time");
    for command in &analysis.commands {
        let hidden = |char: char| char.is_control() && !matches!(char, '\n' | '\t');
        assert!(!command.label.contains(hidden), "control characters in {:?}", command.label);
        assert!(analysis.doubt.is_none() || command.rule.is_empty(), "remembered in spite of a doubt");
    }
    if analysis.doubt.is_some() {
        return;
    }
    // A comment goes on to the end of its line, and a backslash there joins the next one.
    let between: &[&str] = match (line.contains('#'), line.ends_with('\\')) {
        (false, false) => &["\n", " ; ", " && "],
        (true, false) => &["\n"],
        (_, true) => &[],
    };
    for between in between {
        let longer = analyze(&format!("{line}{between}{NEXT}"));
        let listed = longer.commands.iter().any(|command| command.label == NEXT);
        assert!(listed || longer.doubt.is_some(), "{line:?} hides what follows it");
    }
}
