//! The next step: the tasks of the prompt are done again from the beginning with the results that are there, until
//! one is missing. That call is the next step; when none is missing, the answer is complete.
//!
//! So there is no state but the conversation. A call is made once: its result is found by tool and arguments.

use serde_json::{Value, json};

use super::{
    intent::{Task, tasks},
    summary,
    wire::{Call, Request, Returned, Turn},
};
use crate::transcript::text;

/// What the explorer says of itself.
const WHO: &str = "I am the offline explorer: a small built-in program, not a language model. I need no key and \
no network, and I work on your real files with the ordinary tools. Ask me, for example:\n\
- where is `name` defined?\n\
- find the places that speak of some words\n\
- replace \"old text\" with \"new text\" in path/to/file\n\
- run `a command`\n\
- recall `prt_…` for `some words`\n\
For everything else, configure a model of a provider.";

/// How agentls begins what it says in the user's role.
const NOTE: &str = "[agentls]";

/// What a request for a summary says.
const SUMMARY_WANTED: &str = "Write the summary";

/// What the request in work stands behind after a compaction.
const REQUEST: &str = "[agentls] The request that is being worked on:";

/// After so many calls for one prompt the answer is what was found.
pub(in crate::provider) const MAX_CALLS: usize = 24;

/// Places that an answer lists.
pub(in crate::provider) const MAX_PLACES: usize = 12;

/// Lines of a file, or of a command's output, that an answer shows.
const SHOWN_LINES: usize = 24;

/// Bytes of a line that an answer repeats in a sentence.
const REPEATED: usize = 160;

/// The next step.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    /// Call a tool.
    Call { tool: &'static str, arguments: Value, thought: String },
    /// Say something; the turn is over.
    Answer(String),
}

/// The next step of this conversation.
pub(super) fn next(request: &Request) -> Step {
    let Some((at, prompt)) = request.entries.iter().enumerate().rev().find_map(prompt_of) else {
        return Step::Answer(WHO.to_owned());
    };
    let (before, since) = request.entries.split_at(at);
    let headings = summary::headings(prompt);
    if prompt.starts_with(NOTE) && !headings.is_empty() {
        return Step::Answer(summary::write(&headings, before));
    }
    let tasks = tasks(prompt);
    if tasks.is_empty() {
        return Step::Answer(WHO.to_owned());
    }
    let work = Work { request, done: done(since) };
    let mut paragraphs = Vec::new();
    for task in &tasks {
        match work.task(task) {
            Ok(paragraph) => paragraphs.push(paragraph),
            Err(Stop::Call(step)) => return step,
            Err(Stop::Failed(why)) => {
                paragraphs.push(why);
                break;
            }
        }
    }
    Step::Answer(paragraphs.join("\n\n"))
}

/// What a person asked. Notes in tags and those with a name, which agentls adds in the user's role, are no prompts,
/// but for one that asks for a summary, and one that repeats the request in work.
fn prompt_of((at, turn): (usize, &Turn)) -> Option<(usize, &str)> {
    let Turn::User { text } = turn else { return None };
    if text.trim_start().starts_with('<') && text.trim_end().ends_with('>') {
        return None;
    }
    if !text.starts_with(NOTE) || text.contains(SUMMARY_WANTED) {
        return Some((at, text));
    }
    let (_, request) = text.split_once(REQUEST)?;
    let (request, _) = request.split_once(NOTE).unwrap_or((request, ""));
    Some((at, request.trim()))
}

/// Calls with their results.
fn done(entries: &[Turn]) -> Vec<(&Call, &Returned)> {
    let results = || {
        entries
            .iter()
            .flat_map(|turn| if let Turn::Tool { results } = turn { results.as_slice() } else { &[] })
    };
    entries
        .iter()
        .flat_map(|turn| if let Turn::Assistant { calls, .. } = turn { calls.as_slice() } else { &[] })
        .filter_map(|call| Some((call, results().find(|result| result.id == call.id)?)))
        .collect()
}

/// Why a task is not complete.
enum Stop {
    /// A result is missing.
    Call(Step),
    /// It cannot be done; the words say why.
    Failed(String),
}

struct Work<'a> {
    request: &'a Request,
    done: Vec<(&'a Call, &'a Returned)>,
}

impl<'a> Work<'a> {
    fn task(&self, task: &Task) -> Result<String, Stop> {
        match task {
            Task::Define(name) => self.define(name),
            Task::Find(words) => self.find(words),
            Task::Read(path) => self.show(path),
            Task::List(path) => {
                let thought = format!("I list `{path}`.");
                let names = self.call("list", json!({"path": path}), thought)?;
                Ok(format!("`{path}` holds:\n{}", fenced(names, "")))
            }
            Task::Replace { old, new, path } => self.replace(old, new, path.as_deref()),
            Task::Run(command) => {
                let output =
                    self.call("bash", json!({"command": command}), format!("I run {}.", code(command)))?;
                Ok(format!("{} ran and said:\n{}", code(command), fenced(&last_lines(output), "")))
            }
            Task::Recall { handle, words } => self.recall(handle, words.as_deref()),
        }
    }

    /// The output of a call: at hand, or the next step.
    fn call(&self, tool: &'static str, arguments: Value, thought: String) -> Result<&'a str, Stop> {
        let made = self.done.iter().find(|(call, _)| call.tool == tool && call.arguments == arguments);
        if let Some((_, result)) = made {
            let said = &result.text;
            return if result.failed {
                Err(Stop::Failed(format!("`{tool}` did not do it: {said}")))
            } else {
                Ok(said)
            };
        }
        if !self.request.may_call || self.done.len() >= MAX_CALLS {
            return Err(Stop::Failed(format!(
                "I stop here: the next step would be `{tool}` with `{arguments}`."
            )));
        }
        if !self.request.tools.iter().any(|offered| offered.name == tool) {
            return Err(Stop::Failed(format!(
                "I would need the tool `{tool}`, which this session does not have."
            )));
        }
        Err(Stop::Call(Step::Call { tool, arguments, thought }))
    }

    fn recall(&self, handle: &str, words: Option<&str>) -> Result<String, Stop> {
        let thought = format!("I read the stored result {handle} again.");
        let (arguments, what) = match words {
            Some(words) => (
                json!({"ref": handle, "pattern": escape(words)}),
                format!("{} stands in {handle}", code(words)),
            ),
            None => (json!({"ref": handle, "limit": SHOWN_LINES}), format!("{handle} begins")),
        };
        let lines = self.call("recall", arguments, thought)?;
        Ok(format!("{what}:\n{}", fenced(&last_lines(lines), "")))
    }

    fn grep(&self, pattern: &str, thought: String) -> Result<Vec<Hit<'a>>, Stop> {
        Ok(hits(self.call("grep", json!({"pattern": pattern, "limit": 100}), thought)?))
    }

    fn define(&self, name: &str) -> Result<String, Stop> {
        let last = name.rsplit("::").next().unwrap_or(name);
        let escaped = escape(last);
        let definition = format!(
            r"\b(fn|struct|enum|trait|type|const|static|mod|macro_rules!|class|def|func|function|interface|impl|let|var)\s+{escaped}\b"
        );
        let found = self.grep(&definition, format!("I look for a definition of `{last}`."))?;
        if !found.is_empty() {
            return self.places(&format!("`{last}` is defined here"), found);
        }
        let found =
            self.grep(&escaped, format!("There is no definition of `{last}`; I look for the name itself."))?;
        self.places(&format!("I found no definition of `{last}`, but the name stands here"), found)
    }

    fn find(&self, words: &[String]) -> Result<String, Stop> {
        self.call("list", json!({"path": "."}), "I look at what is here.".to_owned())?;
        let pattern = words.iter().map(|word| escape(word)).collect::<Vec<_>>().join("|");
        let shown = words.join(", ");
        let mut found = self.grep(&format!("(?i){pattern}"), format!("I search for {shown}."))?;
        // Lines that hold more of the words come first; within that the order of the search stays.
        let rank = |hit: &Hit<'_>| {
            let line = hit.text.to_lowercase();
            words.iter().filter(|word| line.contains(&word.to_lowercase())).count()
        };
        found.sort_by_key(|hit| std::cmp::Reverse(rank(hit)));
        self.places(&format!("These places speak of {shown}"), found)
    }

    /// The best place with the lines around it, and the other places.
    fn places(&self, what: &str, mut found: Vec<Hit<'a>>) -> Result<String, Stop> {
        found.sort_by_key(|hit| hit.path.to_lowercase().contains("test"));
        let Some(best) = found.first() else {
            return Ok(format!("{what}: nowhere that I can see. Try another spelling."));
        };
        let from = best.line.saturating_sub(2).max(1);
        let thought =
            format!("The best of {} places is {}:{}; I read it.", found.len(), best.path, best.line);
        let lines =
            self.call("read", json!({"path": best.path, "offset": from, "limit": SHOWN_LINES}), thought)?;
        let mut answer = vec![format!("{what}: {}:{}", best.path, best.line), fenced(lines, best.path)];
        if found.len() > 1 {
            answer.push("Other places:".to_owned());
        }
        for Hit { path, line, text } in found.iter().skip(1).take(MAX_PLACES) {
            answer.push(format!("- {path}:{line}: {}", code(text)));
        }
        if let Some(more) = found.len().checked_sub(MAX_PLACES + 1).filter(|more| *more > 0) {
            answer.push(format!("- and {more} more"));
        }
        Ok(answer.join("\n"))
    }

    fn show(&self, path: &str) -> Result<String, Stop> {
        let lines =
            self.call("read", json!({"path": path, "limit": SHOWN_LINES}), format!("I read `{path}`."))?;
        Ok(format!("{path}:1 and on:\n{}", fenced(lines, path)))
    }

    fn replace(&self, old: &str, new: &str, path: Option<&str>) -> Result<String, Stop> {
        let path = match path {
            Some(path) => path,
            None => self.only_file_with(old)?,
        };
        let arguments = json!({"path": path, "oldText": old, "newText": new});
        self.call("edit", arguments, format!("I replace the text in `{path}`."))?;
        let path = code(path);
        Ok(if new.trim().is_empty() {
            format!("I removed {} from {path}.", code(old))
        } else {
            format!("I replaced {} with {} in {path}.", code(old), code(new))
        })
    }

    fn only_file_with(&self, old: &str) -> Result<&'a str, Stop> {
        let found = self.grep(&escape(old), "No file is named; I look for the text.".to_owned())?;
        match found.as_slice() {
            [first, rest @ ..] if rest.iter().all(|hit| hit.path == first.path) => Ok(first.path),
            [] => Err(Stop::Failed(format!("I found {} in no file.", code(old)))),
            _ => Err(Stop::Failed(format!(
                "{} stands in several files; name the one: `… in path/to/file`.",
                code(old)
            ))),
        }
    }
}

/// A line of grep's output: `path:line:text`.
struct Hit<'a> {
    path: &'a str,
    line: u64,
    text: &'a str,
}

fn hits(output: &str) -> Vec<Hit<'_>> {
    output
        .lines()
        .filter_map(|line| {
            let mut fields = line.splitn(3, ':');
            let (path, number, text) = (fields.next()?, fields.next()?, fields.next()?);
            Some(Hit { path, line: number.trim().parse().ok()?, text })
        })
        .collect()
}

/// `text` as a regular expression that matches it and nothing else.
fn escape(text: &str) -> String {
    let special = |c: char| c.is_ascii_punctuation() && c != '_';
    text.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

fn last_lines(output: &str) -> String {
    let lines: Vec<_> = output.lines().collect();
    lines.iter().skip(lines.len().saturating_sub(SHOWN_LINES)).copied().collect::<Vec<_>>().join("\n")
}

/// The first line of `words` within a sentence; the fence is longer than any within.
/// <https://spec.commonmark.org/0.31.2/#code-spans>
fn code(words: &str) -> String {
    let mut lines = words.trim().lines();
    let mut line = text::ellipsis(lines.next().unwrap_or_default(), REPEATED);
    if lines.next().is_some() {
        line.push_str(" …");
    }
    let mut fence = "`".to_owned();
    while line.contains(&fence) {
        fence.push('`');
    }
    let space = if line.starts_with('`') || line.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{line}{space}{fence}")
}

/// A code block; the fence is longer than any within.
fn fenced(lines: &str, path: &str) -> String {
    let mut fence = "```".to_owned();
    while lines.contains(&fence) {
        fence.push('`');
    }
    let language = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    format!("{fence}{language}\n{}\n{fence}", lines.trim_end())
}
