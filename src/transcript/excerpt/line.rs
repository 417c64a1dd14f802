//! What a line of a tool's output may be worth to a later step, by what stands in it. One pass over its bytes.

use std::sync::LazyLock;

use super::super::text;

/// What a line looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Look {
    /// How much it counts by itself; it may be negative.
    pub(super) score: i32,
    /// The same for lines that differ in their particulars only.
    pub(super) shape: u64,
    /// Whether something is wrong.
    pub(super) trouble: bool,
    /// Whether it names a place in a file.
    pub(super) place: bool,
}

/// Something that a line names: a path, a number, a word.
#[derive(Clone, Copy, Debug)]
pub(super) struct Name {
    pub(super) hash: u64,
    /// How much it adds where it was not named before.
    pub(super) weight: i32,
}

/// What a word at the beginning of a word tells about its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tells {
    Trouble,
    Warning,
    Sum,
}

/// Beginnings of words, in lower case.
const TROUBLE: &str = "abort assert broken cannot can't conflict couldn't crash denied error exception expected fail \
    fatal illegal invalid killed mismatch missing panic refused rejected timeout traceback unable undefined unexpected \
    unresolved violates";
const TROUBLE_PHRASES: [&str; 7] =
    ["caused by", "could not", "does not", "no such", "not found", "not ok", "timed out"];
const WARNING: &str = "warn deprecated note: help:";
const SUM: &str = "added collected finished generated passed passing pending problems removed skipped status succeeded \
    summary tests total upgraded version rows)";
const SUM_PHRASES: [&str; 5] = ["exit code", "files changed", "found ", "ran ", "test result"];

/// How definitions and headings begin, in code, in Markdown and in a diff.
const HEADINGS: [&str; 22] = [
    "async fn",
    "class ",
    "commit ",
    "const ",
    "CREATE ",
    "def ",
    "enum ",
    "fn ",
    "func ",
    "function ",
    "impl ",
    "interface ",
    "pub ",
    "pub(",
    "+++ ",
    "struct ",
    "trait ",
    "type ",
    "# ",
    "## ",
    "### ",
    "@@ ",
];

/// Classes of characters that make a shape, at most.
const SHAPE: usize = 24;

/// The words by their first letter, with a bit for each second letter that there is.
static WORDS: LazyLock<[Initial; 26]> = LazyLock::new(|| {
    let mut initials: [Initial; 26] = Default::default();
    let trouble = TROUBLE.split_whitespace().chain(TROUBLE_PHRASES).map(|word| (word, Tells::Trouble));
    let sums = SUM.split_whitespace().chain(SUM_PHRASES).map(|word| (word, Tells::Sum));
    let warnings = WARNING.split_whitespace().map(|word| (word, Tells::Warning));
    for (word, tells) in trouble.chain(sums).chain(warnings) {
        if let [first, second, ..] = word.as_bytes()
            && let Some(initial) = initials.get_mut(letter(*first))
        {
            initial.seconds |= 1 << letter(*second);
            initial.words.push((word.as_bytes(), tells));
        }
    }
    initials
});

/// The words that begin with one letter.
#[derive(Default)]
struct Initial {
    seconds: u32,
    words: Vec<(&'static [u8], Tells)>,
}

/// The number of a letter; what is none gives some number below 32.
fn letter(byte: u8) -> usize {
    usize::from((byte | 0x20).wrapping_sub(b'a') & 31)
}

/// What was counted in a line.
#[derive(Default)]
struct Marks {
    /// Words of trouble as a tool reports it: `error:`, `FAILED`, at the line's beginning, a whole phrase.
    reported: i32,
    /// Other words of trouble, as they stand in prose and in code.
    mentioned: i32,
    warnings: i32,
    sums: i32,
    digit: bool,
    place: bool,
    slash: bool,
}

/// The line behind the number that `cat -n`, our `read` or a compiler's picture of the code put before it.
fn unnumbered(line: &str) -> Option<&str> {
    let bytes = line.as_bytes();
    let blanks = bytes.iter().take_while(|byte| **byte == b' ').count();
    let digits = bytes.iter().skip(blanks).take_while(|byte| byte.is_ascii_digit()).count();
    let (_, rest) = text::split(line, blanks + digits);
    if digits == 0 {
        return None;
    }
    rest.strip_prefix('\t').or_else(|| rest.trim_start().strip_prefix('|'))
}

/// Looks at a line; `None` when there is no more in it than braces, rules and its number.
pub(super) fn look(line: &str) -> Option<Look> {
    let unnumbered = unnumbered(line);
    let text = unnumbered.unwrap_or(line);
    let start = text.trim_start();
    if !start.bytes().any(|byte| byte.is_ascii_alphanumeric()) && !start.chars().any(char::is_alphanumeric) {
        return None;
    }
    let marks = read(line.as_bytes(), line.len() - line.trim_start().len());
    // Code, comments and JSON speak of errors without any having happened.
    let quoted = unnumbered.is_some() || start.starts_with(['"', '*']) || start.starts_with("//");
    let trouble = marks.reported + marks.mentioned > 0 && !quoted;
    let place = marks.place || marks.digit && line.contains("line ");
    let told = told(&marks);
    let mut score = 1 + if quoted { told / 3 } else { told };
    if is_heading(start) {
        score += 9;
    }
    score += i32::from(place) * 3 + i32::from(marks.slash) + i32::from(marks.digit);
    if is_passed(line.trim()) {
        score -= 14;
    }
    if !trouble && !place {
        let indent = text.len() - start.len();
        score -= i32::try_from(indent / 2).unwrap_or(i32::MAX).min(4);
    }
    // Members of JSON objects are alike by their names.
    let key = start.strip_prefix('"').and_then(|rest| rest.split_once('"'));
    let shape = key.map_or_else(|| shape(line.as_bytes()), |(key, _)| hash(key));
    Some(Look { score, shape, trouble, place })
}

/// What the words of a line count.
fn told(marks: &Marks) -> i32 {
    let trouble = match (marks.reported, marks.mentioned) {
        (0, 0) => 0,
        (0, more) => 4 + (more - 1).min(2),
        (some, more) => 12 + (some + more - 1).min(2),
    };
    let sums = if marks.sums > 0 { 6 + 2 * (marks.sums - 1).min(2) } else { 0 };
    trouble + sums + if marks.warnings > 0 { 4 } else { 0 }
}

fn is_heading(start: &str) -> bool {
    let code = if start.starts_with("+++ ") { start } else { start.trim_start_matches(['+', '-']) };
    HEADINGS.iter().any(|word| code.starts_with(word)) || start.ends_with("() {")
}

/// Whether it says that something passed, as test runners do for each test.
fn is_passed(line: &str) -> bool {
    line.ends_with(" ok")
        || line.ends_with("PASSED")
        || line.starts_with("ok ")
        || line.starts_with("# Subtest")
}

/// The marks of a line that begins at `indent`.
fn read(line: &[u8], indent: usize) -> Marks {
    let (words, mut marks) = (&*WORDS, Marks::default());
    let mut before = b' ';
    for (at, &byte) in line.iter().enumerate() {
        if byte.is_ascii_lowercase() {
            if !before.is_ascii_alphabetic() {
                marks.word(words, line, at, indent);
            }
        } else if byte.is_ascii_uppercase() {
            if !before.is_ascii_uppercase() {
                marks.word(words, line, at, indent);
            }
        } else if byte.is_ascii_digit() {
            marks.digit = true;
            marks.place |= at > 2 && matches!(before, b':' | b'(');
        } else if matches!(byte, b'/' | b'\\') {
            marks.slash = true;
        }
        before = byte;
    }
    marks
}

impl Marks {
    /// A word begins at `at`.
    fn word(&mut self, words: &[Initial; 26], line: &[u8], at: usize, indent: usize) {
        let Some([first, second, ..]) = line.get(at..) else { return };
        let Some(initial) = words.get(letter(*first)).filter(|it| it.seconds >> letter(*second) & 1 == 1)
        else {
            return;
        };
        let Some((word, tells)) = initial.words.iter().find(|(word, _)| begins(line, at, word)) else {
            return;
        };
        match tells {
            Tells::Warning => self.warnings += 1,
            Tells::Sum => self.sums += 1,
            Tells::Trouble if at == indent || word.contains(&b' ') || is_reported(line, at) => {
                self.reported += 1
            }
            Tells::Trouble => self.mentioned += 1,
        }
    }
}

/// Whether the word at `at` stands as a tool writes it: in capitals, or before a colon or a code in brackets.
fn is_reported(line: &[u8], at: usize) -> bool {
    let word = line.get(at..).unwrap_or_default();
    let end = word.iter().position(|byte| !byte.is_ascii_alphabetic());
    let next = end.and_then(|end| word.get(end));
    matches!(next, Some(b':' | b'['))
        || word.get(..3).is_some_and(|first| first.iter().all(u8::is_ascii_uppercase))
}

/// Whether `word`, in lower case, stands at `at` in any case.
fn begins(line: &[u8], at: usize, word: &[u8]) -> bool {
    line.get(at..at + word.len()).is_some_and(|there| there.eq_ignore_ascii_case(word))
}

/// A hash of the classes of a line's characters, runs of names, numbers and blanks as one.
fn shape(line: &[u8]) -> u64 {
    let (mut hash, mut last, mut classes) = (FNV_BASIS, 0, 0);
    for &byte in line {
        let class = match byte {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | 0x80.. | b'_' | b'/' | b'.' | b'-' => b'a',
            other => other,
        };
        if class == last && matches!(class, b'a' | b' ') {
            continue;
        }
        if classes == SHAPE {
            break;
        }
        (hash, last, classes) = (fnv(hash, class), class, classes + 1);
    }
    hash
}

/// FNV-1a, 64 bits: fast on short texts and the same in every build.
/// <http://www.isthe.com/chongo/tech/comp/fnv/>
const FNV_BASIS: u64 = 0xcbf2_9ce4_8422_2325;

fn fnv(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
}

fn hash(word: &str) -> u64 {
    word.bytes().fold(FNV_BASIS, fnv)
}

/// What a line names.
pub(super) fn names(line: &str) -> Vec<Name> {
    let separates = |char: char| char.is_whitespace() || "\"'`()[]{},;=<>|│‘’“”".contains(char);
    line.split(separates)
        .map(|word| word.trim_matches(['.', ':', '-', '─']))
        .filter(|word| !word.is_empty())
        .map(|word| Name { hash: hash(word), weight: weight(word) })
        .collect()
}

fn weight(word: &str) -> i32 {
    let digit = word.bytes().any(|byte| byte.is_ascii_digit());
    let path = word.contains(['/', '\\', '.']) || word.contains("::");
    match (path, digit) {
        (true, true) => 8,
        (true, false) => 6,
        (false, true) if word.bytes().any(|byte| byte.is_ascii_alphabetic()) => 4,
        (false, true) => 3,
        (false, false) if word.len() > 3 => 2,
        (false, false) => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(line: &str) -> i32 {
        look(line).map_or(0, |look| look.score)
    }

    #[test]
    fn reported_trouble_counts_most_and_what_passed_nothing() {
        let lines = [
            "error[E0599]: no method named `x`",
            "Found 205 errors in 14 files",
            "src/main.rs:12:5",
            "a sentence that says little",
            "test tests::fails_on_error ... ok",
        ];
        let scores = lines.map(score);
        assert!(scores.is_sorted_by(|more, less| more > less), "{scores:?}");
        assert!(scores[4] <= 0);
    }

    #[test]
    fn code_that_speaks_of_errors_is_no_trouble() {
        assert!(look("error: x").unwrap().trouble);
        for code in ["  12\terror: x", "  12 | error: x", "// error: x", "\"error\": \"string\""] {
            assert!(!look(code).unwrap().trouble, "{code}");
        }
    }

    #[test]
    fn braces_rules_and_bare_numbers_say_nothing() {
        for line in ["}", "  ],", "-----", "   12\t", "   12 |", "━━━━", "^^^^"] {
            assert_eq!(look(line), None, "{line}");
        }
        assert!(look("好").is_some() && look("7").is_some());
    }

    #[test]
    fn lines_that_differ_in_particulars_only_have_one_shape() {
        let shape = |line: &str| look(line).unwrap().shape;
        assert_eq!(shape("src/a.rs:1: error: x"), shape("lib/b_c.js:977: warning: y"));
        assert_ne!(shape("src/a.rs:1: error: x"), shape("src/a.rs(1): error: x"));
    }
}
