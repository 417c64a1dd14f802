//! What a prompt asks for, as far as its words say so.
//!
//! No grammar, only habits: verbs that begin a clause, words in quotes or backticks, words that look like a path.

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// Find where a name is defined.
    Define(String),
    /// Find the places that speak of these words.
    Find(Vec<String>),
    /// Show a file.
    Read(String),
    /// Show a directory.
    List(String),
    /// Replace a text by another; without a path, in the only file that has it.
    Replace { old: String, new: String, path: Option<String> },
    /// Run a command.
    Run(String),
    /// Read an earlier tool result again, whole or where it has these words.
    Recall { handle: String, words: Option<String> },
}

/// A word, or all that stands in quotes.
#[derive(Clone, Debug)]
struct Token {
    text: String,
    quoted: bool,
    /// Whether a comma, a full stop or the like follows.
    pause: bool,
}

impl Token {
    fn is(&self, words: &[&str]) -> bool {
        !self.quoted && words.contains(&self.text.to_lowercase().as_str())
    }
}

const REPLACE: &[&str] = &["replace", "change", "substitute"];
const RUN: &[&str] = &["run", "execute"];
const LIST: &[&str] = &["list"];
const RECALL: &[&str] = &["recall"];
const ASK: &[&str] = &[
    "find", "search", "where", "where's", "what", "what's", "show", "locate", "read", "look", "explain",
    "how", "which",
];
const CONNECTORS: &[&str] =
    &["and", "then", "also", "please", "now", "afterwards", "finally", "first", "next"];

/// Words that say nothing about what is looked for.
const EMPTY_WORDS: &[&str] = &[
    "a",
    "about",
    "all",
    "an",
    "any",
    "are",
    "at",
    "be",
    "by",
    "can",
    "code",
    "could",
    "declared",
    "defined",
    "definition",
    "do",
    "does",
    "every",
    "everything",
    "file",
    "files",
    "for",
    "from",
    "function",
    "get",
    "give",
    "goodbye",
    "have",
    "hello",
    "help",
    "hey",
    "hi",
    "i",
    "implemented",
    "in",
    "inside",
    "into",
    "is",
    "it",
    "its",
    "me",
    "my",
    "of",
    "on",
    "our",
    "project",
    "say",
    "tell",
    "thank",
    "thanks",
    "that",
    "the",
    "their",
    "there",
    "these",
    "this",
    "to",
    "type",
    "us",
    "use",
    "used",
    "uses",
    "want",
    "we",
    "when",
    "who",
    "why",
    "with",
    "work",
    "works",
    "would",
    "you",
    "your",
];

/// The tasks of a prompt, in order; none when it asks for nothing that can be looked for. Of a file that is handed in with
/// words that ask for nothing else, the file is what they are about.
pub(super) fn tasks(prompt: &str) -> Vec<Task> {
    let (asked, file) = without_files(prompt);
    let tokens = tokens(&asked);
    let tasks: Vec<Task> = clauses(&tokens).into_iter().filter_map(task).collect();
    if tasks.is_empty() { file.map(Task::Read).into_iter().collect() } else { tasks }
}

/// What a person wrote, without the files that stand in it, and the path of the first of those.
fn without_files(prompt: &str) -> (String, Option<String>) {
    const BEGIN: &str = "<file uri=\"";
    const END: &str = "\n</file>";
    let (mut asked, mut first, mut rest) = (String::new(), None, prompt);
    while let Some((before, file)) = rest.split_once(BEGIN) {
        let Some((uri, behind)) = file.split_once("\">\n") else { break };
        let Some((_, after)) = behind.split_once(END) else { break };
        let path = reqwest::Url::parse(uri).ok().and_then(|uri| uri.to_file_path().ok());
        first = first.or_else(|| path.map(|path| path.to_string_lossy().into_owned()));
        asked.push_str(before);
        rest = after;
    }
    asked.push_str(rest);
    (asked, first)
}

fn tokens(prompt: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut word = String::new();
    let mut closing = None;
    for c in prompt.chars() {
        match closing {
            Some(end) if c == end => {
                tokens.push(Token { text: std::mem::take(&mut word), quoted: true, pause: false });
                closing = None;
            }
            None if word.is_empty() && closing_of(c).is_some() => closing = closing_of(c),
            None if c.is_whitespace() => push_word(&mut tokens, &mut word),
            _ => word.push(c),
        }
    }
    push_word(&mut tokens, &mut word);
    tokens
}

fn closing_of(opening: char) -> Option<char> {
    match opening {
        '"' | '`' | '\'' => Some(opening),
        '“' => Some('”'),
        _ => None,
    }
}

fn push_word(tokens: &mut Vec<Token>, word: &mut String) {
    const PUNCTUATION: &[char] = &[',', '.', ';', ':', '?', '!'];
    let written = std::mem::take(word);
    let text = written.trim_end_matches(PUNCTUATION);
    let pause = text.len() < written.len();
    if !text.is_empty() {
        tokens.push(Token { text: text.to_owned(), quoted: false, pause });
    } else if let (true, Some(last)) = (pause, tokens.last_mut()) {
        last.pause = true;
    }
}

/// A clause begins at a verb that stands first, behind a pause, or behind a connecting word.
fn clauses(tokens: &[Token]) -> Vec<&[Token]> {
    let begins = |at: usize, token: &Token| {
        [REPLACE, RUN, LIST, RECALL, ASK].iter().any(|verbs| token.is(verbs))
            && at
                .checked_sub(1)
                .and_then(|before| tokens.get(before))
                .is_none_or(|before| before.pause || before.is(CONNECTORS))
    };
    let mut starts: Vec<usize> =
        tokens.iter().enumerate().filter(|(at, token)| begins(*at, token)).map(|(at, _)| at).collect();
    if starts.first() != Some(&0) {
        starts.insert(0, 0);
    }
    let ends = starts.iter().skip(1).copied().chain([tokens.len()]);
    starts.iter().zip(ends).filter_map(|(start, end)| tokens.get(*start..end)).collect()
}

fn task(clause: &[Token]) -> Option<Task> {
    let clause = match clause.iter().rposition(|token| !token.is(CONNECTORS)) {
        Some(last) => clause.get(..=last)?,
        None => return None,
    };
    let (head, rest) = clause.split_first()?;
    if head.is(REPLACE) {
        return replace(rest).or_else(|| search(rest));
    }
    if head.is(RUN) {
        return run(rest);
    }
    if head.is(LIST) {
        let path = rest.iter().find(|token| token.quoted || looks_like_path(&token.text));
        return Some(Task::List(path.map_or_else(|| ".".to_owned(), |token| token.text.clone())));
    }
    if head.is(RECALL) {
        return recall(rest).or_else(|| search(rest));
    }
    search(if head.is(ASK) { rest } else { clause })
}

fn joined(tokens: &[Token]) -> String {
    tokens.iter().map(|token| token.text.as_str()).collect::<Vec<_>>().join(" ")
}

/// `"a" with "b" in file`.
fn replace(rest: &[Token]) -> Option<Task> {
    let middle = rest.iter().position(|token| token.is(&["with", "by", "to"]))?;
    let (old, behind) = (rest.get(..middle)?, rest.get(middle + 1..)?);
    let end = behind.iter().rposition(|token| token.is(&["in", "inside"])).unwrap_or(behind.len());
    let new = joined(behind.get(..end)?);
    let place = behind.get(end..).unwrap_or_default();
    let path = place.iter().skip(1).find(|token| !token.is(EMPTY_WORDS)).map(|token| token.text.clone());
    let old = joined(old);
    (!old.is_empty()).then_some(Task::Replace { old, new, path })
}

/// What stands in quotes, else the words themselves unless they only describe a command ("the tests").
fn run(rest: &[Token]) -> Option<Task> {
    if let Some(command) = rest.iter().find(|token| token.quoted) {
        return Some(Task::Run(command.text.clone()));
    }
    let described = rest.first().is_none_or(|token| token.is(&["the", "all", "my", "our", "it"]));
    (!described).then(|| Task::Run(joined(rest)))
}

/// A handle, and what else stands in quotes.
fn recall(rest: &[Token]) -> Option<Task> {
    let handle = rest.iter().position(|token| token.text.starts_with("prt_"))?;
    let words = rest.iter().skip(handle + 1).find(|token| token.quoted).map(|token| token.text.clone());
    Some(Task::Recall { handle: rest.get(handle)?.text.clone(), words })
}

fn search(tokens: &[Token]) -> Option<Task> {
    let defines = tokens.iter().any(|token| token.is(&["defined", "declared", "implemented", "definition"]));
    let quoted = || tokens.iter().filter(|token| token.quoted && !token.text.trim().is_empty());
    let plain = || tokens.iter().filter(|token| !token.is(EMPTY_WORDS) && !token.is(CONNECTORS));
    let mut words: Vec<String> =
        if quoted().next().is_some() { quoted().collect::<Vec<_>>() } else { plain().collect() }
            .into_iter()
            .map(|token| token.text.trim_end_matches("()").to_owned())
            .filter(|word| word.chars().any(char::is_alphanumeric))
            .collect();
    words.dedup();
    match words.as_slice() {
        [] => None,
        [path] if looks_like_path(path) => Some(Task::Read(path.clone())),
        [name] if defines || looks_like_name(name) => Some(Task::Define(name.clone())),
        [name, ..] if defines => Some(Task::Define(name.clone())),
        _ => Some(Task::Find(words.into_iter().take(5).collect())),
    }
}

fn looks_like_path(word: &str) -> bool {
    let extension = word.rsplit_once('.').is_some_and(|(stem, extension)| {
        !stem.is_empty() && (1..=5).contains(&extension.len()) && extension.chars().all(char::is_alphanumeric)
    });
    word == "." || word.contains('/') || extension
}

/// `snake_case`, `CamelCase`, `a::b`: what people name things in code.
fn looks_like_name(word: &str) -> bool {
    let inner_capital = word.chars().skip(1).any(char::is_uppercase) || word.starts_with(char::is_uppercase);
    word.contains('_') || word.contains("::") || inner_capital
}
