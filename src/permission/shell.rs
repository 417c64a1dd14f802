//! What a command line would run: its simple commands, each with a label and a rule, or the reason why that
//! is not known.
//!
//! A list of what is understood, never a list of what is dangerous: every node of the syntax tree that is not
//! known here is a doubt, and a doubt makes the gate ask whatever the rules say (invariant 12). Commands
//! inside what is not understood are still listed as far as they can be seen, so that a rule may deny them.
//! Pure.

mod characters;
mod folders;
mod git;
mod known;
mod links;
mod named;
mod programs;
mod scripts;
mod words;
mod wrappers;

use tree_sitter::{Node, Parser};

use self::{folders::Folders, words::Word};
use super::Item;
use crate::transcript::{
    hidden::visible,
    text::{ellipsis, range},
};

pub use self::named::Named;
pub(in crate::permission) use self::{folders::MAX_FOLDERS, named::MAX_PLACES, wrappers::MAX_WRAPPERS};

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
    /// The places that the words of understood commands may name.
    pub places: Vec<Named>,
}

/// A command line as a person may safely be shown it: hidden characters as their escapes, the end of a long one cut.
pub fn shown(line: &str) -> String {
    ellipsis(&visible(line.trim()), MAX_LABEL)
}

/// Analyses a command line as bash would read it.
pub fn analyze(line: &str) -> Analysis {
    let doubt = if line.len() > MAX_LINE {
        Some(format!("it is longer than {MAX_LINE} bytes"))
    } else {
        characters::doubt_about(line)
    };
    let mut reader = Reader {
        source: line,
        commands: Vec::new(),
        doubt,
        places: Vec::new(),
        folders: Folders::new(),
        made_links: false,
    };
    if line.len() <= MAX_LINE {
        reader.read();
    }
    if reader.commands.is_empty() {
        reader.doubt("there is no command in it");
        reader.commands.push(Item::new(shown(line), ""));
    }
    let Reader { mut commands, doubt, places, .. } = reader;
    if doubt.is_some() {
        for command in &mut commands {
            command.rule.clear();
            command.looks = false;
        }
    }
    Analysis { commands, doubt, places }
}

struct Reader<'s> {
    source: &'s str,
    commands: Vec<Item>,
    doubt: Option<String>,
    places: Vec<Named>,
    /// Where the next command may run.
    folders: Folders,
    /// Whether a command before may have made links.
    made_links: bool,
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
        if node.kind() == "compound_statement"
            && !self.text(node).get(1..).is_some_and(|inner| inner.starts_with([' ', '\t', '\n']))
        {
            self.doubt("a brace does not stand alone");
        }
        match node.kind() {
            "program" | "list" => self.sequence(node, depth),
            "pipeline" | "subshell" | "compound_statement" | "negated_command" => {
                let before = self.folders.clone();
                self.sequence(node, depth);
                self.folders.or(&before);
            }
            "redirected_statement" => self.redirected(node, depth),
            "command" | "test_command" => self.command(node, depth),
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
            match child.kind() {
                _ if child.is_named() => self.statement(child, depth + 1),
                "&&" => {}
                "||" | "|" | "|&" | ";" | "&" | "\n" | "(" | ")" | "{" | "}" | "!" => {
                    self.folders.also_after_failure();
                }
                _ => self.doubt(format!("it uses `{}`", self.text(child))),
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
        if !known::is_harmless_redirect(self.text(node)) {
            self.doubt(format!("it redirects: `{}`", visible(self.text(node))));
            self.look_inside(node, depth);
        }
    }

    /// A comment begins behind a blank, a `;` or a line's end: elsewhere this grammar and bash might disagree.
    fn comment(&mut self, node: Node<'_>) {
        let before = range(self.source, 0, node.start_byte());
        if !before.is_empty() && !before.ends_with([' ', '\t', '\n', ';']) {
            self.doubt("it has a comment right after a word");
        }
    }

    fn command(&mut self, node: Node<'_>, depth: usize) {
        if node.kind() == "test_command" && !has_brackets_apart(self.text(node)) {
            self.doubt("its brackets do not stand alone");
        }
        self.check_gaps(node);
        let mut words = Vec::new();
        let mut shown = Vec::new();
        let mut understood = true;
        let mut end = None;
        for part in leaves(node) {
            // This grammar parts `'a'\b` where bash does not: what is another's option there would be a command here.
            if end.replace(part.end_byte()) == Some(part.start_byte()) {
                self.doubt("words in it are not parted");
            }
            match words::read(part, self.source) {
                Ok(word) => {
                    shown.push(word.shown.clone());
                    words.push(word);
                }
                Err(construct) => {
                    understood = false;
                    shown.push(visible(self.text(part)));
                    self.doubt(format!("it uses {construct}"));
                    self.look_inside(part, depth);
                }
            }
        }
        let wrapped = if understood { wrappers::length(&words) } else { 0 };
        let (words, shown) = (words.get(wrapped..).unwrap_or(&[]), shown.get(wrapped..).unwrap_or(&[]));
        let reason = if understood { known::doubt_about(words) } else { None };
        self.commands.push(item(shown, words, understood && reason.is_none()));
        match reason {
            Some(reason) => self.doubt(reason),
            None if understood => self.go(words),
            None => {}
        }
    }

    /// Notes what an understood command names, and where it goes.
    fn go(&mut self, words: &[Word]) {
        match named::places(words, self.commands.len().saturating_sub(1), self.folders.here()) {
            Some(places) => self.places.extend(places),
            None => self.doubt("it names more places than are looked at"),
        }
        if let Some(word) = links::goes_through(words).filter(|_| self.made_links) {
            self.doubt(format!(
                "`{}` may be a link by then, which this line itself makes",
                visible(&word.text)
            ));
        }
        self.made_links |= links::may_make(words);
        if words.first().is_none_or(|word| word.text != "cd") {
            return;
        }
        match words.get(1..) {
            Some([folder])
                if !folder.expands() && !folder.text.is_empty() && !folder.text.starts_with('-') =>
            {
                if !self.folders.enter(&folder.text) {
                    self.doubt("it changes its folder too often");
                }
            }
            _ => self.doubt("it is not known to which folder `cd` goes"),
        }
    }

    /// Finds the commands inside of something that is not understood.
    fn look_inside(&mut self, node: Node<'_>, depth: usize) {
        for child in children(node) {
            match child.kind() {
                _ if depth > MAX_DEPTH => return,
                "command" | "test_command" => self.command(child, depth + 1),
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

/// Whether bash, too, takes the brackets for words of their own.
fn has_brackets_apart(text: &str) -> bool {
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    inner.is_some_and(|inner| {
        inner.starts_with([' ', '\t']) && inner.ends_with([' ', '\t']) && !inner.trim_end().ends_with('\\')
    })
}

fn children(node: Node<'_>) -> Vec<Node<'_>> {
    (0..node.child_count()).filter_map(|at| node.child(at)).collect()
}

/// The words of a command as nodes: its name is a node around its word, a test has its own below operators.
fn leaves(node: Node<'_>) -> Vec<Node<'_>> {
    let mut leaves = Vec::new();
    for child in children(node) {
        match child.kind() {
            "command_name" => leaves.extend(child.child(0).or(Some(child))),
            "unary_expression" | "binary_expression" => leaves.extend(self::leaves(child)),
            _ => leaves.push(child),
        }
    }
    leaves
}

/// A command as an item; `plain` when it may be allowed by a rule.
fn item(shown: &[String], words: &[Word], plain: bool) -> Item {
    let rule = if plain { known::rule_for(words) } else { String::new() };
    let mut item = Item::new(visible(shown.join(" ").trim()), rule);
    item.looks = plain && known::only_looks(words);
    if !plain {
        item.aliases = inner_commands(shown, words);
    }
    item.aliases.extend(without_folder(&item.label));
    // Where file names have no case, programs have none.
    let lower: Vec<String> =
        item.aliases.iter().chain([&item.label]).map(|name| name.to_lowercase()).collect();
    item.aliases.extend(lower);
    item
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
