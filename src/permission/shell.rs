//! What a command line would run: its simple commands, each with a label and a rule, or the reason why that
//! is not known.
//!
//! A list of what is understood, never a list of what is dangerous: every node of the syntax tree that is not
//! known here is a doubt, and a doubt makes the gate ask whatever the rules say (invariant 12). Commands
//! inside what is not understood are still listed as far as they can be seen, so that a rule may deny them.
//! Pure.

mod known;
mod words;

use tree_sitter::{Node, Parser};

use self::words::Word;
use super::Item;
use crate::transcript::{
    hidden,
    text::{ellipsis, range},
};

/// The longest command line that is analysed, in bytes.
pub(in crate::permission) const MAX_LINE: usize = 10 * 1024;

/// The deepest syntax tree that is walked, so that nesting cannot exhaust the stack.
pub(in crate::permission) const MAX_DEPTH: usize = 200;

/// Words before a command that may run it.
pub(in crate::permission) const MAX_PREFIX: usize = 20;

/// Bytes that are shown of a line in which no command was found.
pub(in crate::permission) const MAX_LABEL: usize = 2_000;

/// What a command line would run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Analysis {
    /// Its simple commands in the order in which they are written. Never empty.
    pub commands: Vec<Item>,
    /// Why a person has to see it, if one has to.
    pub doubt: Option<String>,
}

/// Analyses a command line as bash would read it.
pub fn analyze(line: &str) -> Analysis {
    let mut reader = Reader { source: line, commands: Vec::new(), doubt: unreadable(line) };
    if line.len() <= MAX_LINE {
        reader.read();
    }
    if reader.commands.is_empty() {
        reader.doubt("there is no command in it");
        reader.commands.push(Item::new(ellipsis(&visible(line), MAX_LABEL), ""));
    }
    let Reader { mut commands, doubt, .. } = reader;
    if doubt.is_some() {
        for command in &mut commands {
            command.rule.clear();
            command.looks = false;
        }
    }
    Analysis { commands, doubt }
}

/// What the characters alone give away, before any parsing.
fn unreadable(line: &str) -> Option<String> {
    if line.len() > MAX_LINE {
        return Some(format!("it is longer than {MAX_LINE} bytes"));
    }
    if line.contains(|char| hidden::is_hidden(char) || char == '\r') {
        return Some("it contains control or invisible characters".to_owned());
    }
    None
}

/// `text` as a person may safely be shown it: hidden characters become their escapes.
fn visible(text: &str) -> String {
    hidden::visible(text).trim().to_owned()
}

struct Reader<'s> {
    source: &'s str,
    commands: Vec<Item>,
    doubt: Option<String>,
}

impl<'s> Reader<'s> {
    /// The first reason is the one that is shown.
    fn doubt(&mut self, reason: impl Into<String>) {
        self.doubt.get_or_insert_with(|| reason.into());
    }

    fn text(&self, node: Node<'_>) -> &'s str {
        range(self.source, node.start_byte(), node.end_byte())
    }

    fn read(&mut self) {
        let mut parser = Parser::new();
        if parser.set_language(&tree_sitter_bash::LANGUAGE.into()).is_err() {
            return self.doubt("the shell grammar is not available");
        }
        let Some(tree) = parser.parse(self.source, None) else {
            return self.doubt("it could not be parsed");
        };
        let root = tree.root_node();
        if root.has_error() {
            self.doubt("its syntax is not understood");
        }
        let outside = [(0, root.start_byte()), (root.end_byte(), self.source.len())];
        if outside.iter().any(|&(start, end)| !self.is_blank(start, end)) {
            self.doubt("parts of it are not understood");
        }
        self.statement(root, 0);
    }

    /// A statement, or a sequence of them joined by operators.
    fn statement(&mut self, node: Node<'_>, depth: usize) {
        if depth > MAX_DEPTH {
            return self.doubt("it is nested too deeply");
        }
        match node.kind() {
            "program" | "list" | "pipeline" => self.sequence(node, depth),
            "redirected_statement" => self.redirected(node, depth),
            "command" => self.command(node, depth),
            "comment" => self.comment(node),
            kind => {
                self.doubt(format!("it uses {}", known::construct(kind)));
                self.look_inside(node, depth);
            }
        }
    }

    fn sequence(&mut self, node: Node<'_>, depth: usize) {
        self.check_gaps(node);
        for child in children(node) {
            if child.is_named() {
                self.statement(child, depth + 1);
            } else if !matches!(child.kind(), "&&" | "||" | "|" | "|&" | ";" | "&" | "\n") {
                self.doubt(format!("it uses `{}`", self.text(child)));
            }
        }
    }

    fn redirected(&mut self, node: Node<'_>, depth: usize) {
        self.check_gaps(node);
        for child in children(node) {
            match child.kind() {
                "file_redirect" => self.redirect(child, depth),
                "heredoc_redirect" | "herestring_redirect" => {
                    self.doubt("it uses a here-document");
                    self.look_inside(child, depth);
                }
                _ => self.statement(child, depth + 1),
            }
        }
    }

    /// Joining streams and throwing them away are harmless; every other redirection touches a file.
    fn redirect(&mut self, node: Node<'_>, depth: usize) {
        let text: String = self.text(node).chars().filter(|char| !char.is_whitespace()).collect();
        if !known::is_harmless_redirect(&text) {
            self.doubt(format!("it redirects: `{}`", visible(self.text(node))));
            self.look_inside(node, depth);
        }
    }

    /// Only a comment on a line of its own: elsewhere this grammar and bash might disagree about its
    /// beginning.
    fn comment(&mut self, node: Node<'_>) {
        let before = range(self.source, 0, node.start_byte());
        if !before.trim_end_matches([' ', '\t']).is_empty()
            && !before.trim_end_matches([' ', '\t']).ends_with('\n')
        {
            self.doubt("it has a comment after a command");
        }
    }

    fn command(&mut self, node: Node<'_>, depth: usize) {
        self.check_gaps(node);
        let mut words = Vec::new();
        let mut shown = Vec::new();
        let mut understood = true;
        for child in children(node) {
            let part = if child.kind() == "command_name" { child.child(0) } else { Some(child) };
            let word = part.ok_or("an empty name".to_owned()).and_then(|part| words::read(part, self.source));
            match word {
                Ok(word) => {
                    shown.push(word.shown.clone());
                    words.push(word);
                }
                Err(construct) => {
                    understood = false;
                    shown.push(visible(self.text(child)));
                    self.doubt(format!("it uses {construct}"));
                    self.look_inside(child, depth);
                }
            }
        }
        let reason = if understood { known::doubt_about(&words) } else { None };
        let runs_others = !understood || reason.is_some();
        let mut item = Item::new(
            visible(&shown.join(" ")),
            if runs_others { String::new() } else { known::rule_for(&words) },
        );
        item.looks = !runs_others && known::only_looks(&words);
        item.aliases = if runs_others { inner_commands(&shown, &words) } else { Vec::new() };
        item.aliases.extend(without_folder(&item.label));
        self.commands.push(item);
        if let Some(reason) = reason {
            self.doubt(reason);
        }
    }

    /// Finds the commands inside of something that is not understood.
    fn look_inside(&mut self, node: Node<'_>, depth: usize) {
        for child in children(node) {
            match child.kind() {
                _ if depth > MAX_DEPTH => return,
                "command" => self.command(child, depth + 1),
                _ => self.look_inside(child, depth + 1),
            }
        }
    }

    /// Between the children of a node there may be nothing but blanks: text that the tree does not show might
    /// mean something to bash.
    fn check_gaps(&mut self, node: Node<'_>) {
        let mut at = node.start_byte();
        for child in children(node) {
            if !self.is_blank(at, child.start_byte()) {
                self.doubt("parts of it are not understood");
            }
            at = child.end_byte();
        }
        if !self.is_blank(at, node.end_byte()) {
            self.doubt("parts of it are not understood");
        }
    }

    /// A line that goes on after ` \` is blank, too; without the space before it bash would join two words.
    fn is_blank(&self, start: usize, end: usize) -> bool {
        let gap = range(self.source, start, end);
        let joined = gap.replace(" \\\n", " ").replace("\t\\\n", " ");
        joined.chars().all(|char| matches!(char, ' ' | '\t' | '\n'))
    }
}

fn children(node: Node<'_>) -> Vec<Node<'_>> {
    (0..node.child_count()).filter_map(|at| node.child(at)).collect()
}

/// What a command may run that is put before another (`sudo rm x`, `A=b rm x`, `sh -c 'rm x'`): for denials
/// only.
fn inner_commands(shown: &[String], words: &[Word]) -> Vec<String> {
    let suffixes = (1..shown.len().min(MAX_PREFIX)).filter_map(|from| shown.get(from..));
    let mut inner: Vec<String> = suffixes.map(|words| words.join(" ")).collect();
    let quoted = words.iter().filter(|word| word.text.contains(' ')).take(MAX_PREFIX);
    inner.extend(quoted.map(|word| word.text.clone()));
    let bare: Vec<String> = inner.iter().filter_map(|inner| without_folder(inner)).collect();
    inner.extend(bare);
    inner
}

/// `/bin/rm -rf x` → `rm -rf x`.
fn without_folder(label: &str) -> Option<String> {
    let (name, rest) = label.split_once(' ').map_or((label, None), |(name, rest)| (name, Some(rest)));
    let (_, base) = name.rsplit_once('/')?;
    Some(rest.map_or_else(|| base.to_owned(), |rest| format!("{base} {rest}")))
}

#[cfg(test)]
mod tests;
