//! A session as Markdown, for people. Pure.
//!
//! What somebody else wrote stays in its place: it steers no terminal, breaks out of no heading, and a code block that
//! it leaves open ends with it. Where something is left out, that is said.

use crate::transcript::{
    Message, Part, PartKind, Role, Session, ToolPart, ToolState,
    hidden::{printable, printable_line},
    text::{ellipsis, first_line, from, head},
};

/// How much of a tool's output is shown, in bytes.
const SHOWN: usize = 4_000;

/// The longest line that tells what a call did, in bytes.
const LONGEST_TITLE: usize = 200;

/// What stands above a session's messages.
pub(super) fn heading(session: &Session) -> String {
    let Session { title, cwd, model, id, .. } = session;
    format!(
        "# {}\n\n{} · {} · {id}\n",
        printable_line(title),
        printable_line(cwd),
        printable_line(&model.to_string())
    )
}

/// A message, as far as a person reads it.
pub(super) fn message(message: &Message) -> String {
    let mut shown = speaker(message);
    for part in &message.parts {
        shown += &of_part(part);
    }
    if let Some(error) = &message.error {
        shown += &format!("\n> {}\n", printable(&error.to_string()).replace('\n', "\n> "));
    }
    shown
}

fn speaker(message: &Message) -> String {
    let said = |part: &Part| matches!(part.kind, PartKind::Text(_) | PartKind::Tool(_));
    if message.summary {
        "\n## Summary of what came before (compaction)\n".to_owned()
    } else if message.role == Role::User {
        "\n## You\n".to_owned()
    } else if message.parts.iter().any(said) {
        format!("\n## {}\n", printable_line(message.agent.as_deref().unwrap_or("Agent")))
    } else {
        String::new()
    }
}

fn of_part(part: &Part) -> String {
    match &part.kind {
        PartKind::Text(body) => format!("\n{}\n", closed(printable(&body.text).trim_end())),
        PartKind::File(file) => {
            let name = file.uri.as_deref().or(file.name.as_deref()).unwrap_or("file");
            format!("\n*{} ({} bytes)*\n", printable_line(name), file.bytes)
        }
        PartKind::Tool(tool) => call(tool),
        _ => String::new(),
    }
}

fn call(tool: &ToolPart) -> String {
    let (mark, output) = match &tool.state {
        ToolState::Completed { output, .. } => ("", output.text.as_str()),
        ToolState::Error { message, .. } => (" (failed)", message.as_str()),
        ToolState::Pending | ToolState::Running { .. } => (" (open)", ""),
    };
    let title = printable(tool.title.as_deref().unwrap_or(&tool.input.text)).into_owned();
    let title = ellipsis(first_line(&title), LONGEST_TITLE);
    format!("\n**{}**{mark} {title}\n{}", printable_line(&tool.tool), fenced(&printable(output)))
}

/// A code block whose fence is longer than any in the text, which ends at a line's end where it is too long.
fn fenced(text: &str) -> String {
    let mut shown = head(text, SHOWN);
    if shown.len() < text.len() && !from(text, shown.len()).starts_with('\n') {
        shown = shown.rsplit_once('\n').map_or(shown, |(lines, _)| lines);
    }
    if shown.is_empty() {
        return String::new();
    }
    let left = text.len() - shown.len();
    let more = if left > 0 && !from(text, shown.len()).trim().is_empty() {
        format!("\n*{left} more bytes are left out here; the JSON export has them.*\n")
    } else {
        String::new()
    };
    let longest = shown.split(|char| char != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("\n{fence}\n{}\n{fence}\n{more}", shown.trim_end())
}

/// A text that leaves no code block open: what comes behind it would be read as code.
/// <https://spec.commonmark.org/0.31.2/#fenced-code-blocks>
fn closed(text: &str) -> String {
    let mut open: Option<(char, usize)> = None;
    for line in text.lines() {
        let Some((mark, length, rest)) = fence(line) else { continue };
        open = match open {
            // A line of words behind backticks opens nothing; behind any fence they keep it from closing.
            None if mark == '`' && rest.contains('`') => None,
            None => Some((mark, length)),
            Some((of, least)) if mark == of && length >= least && rest.trim().is_empty() => None,
            still => still,
        };
    }
    match open {
        Some((mark, length)) => format!("{text}\n{}", mark.to_string().repeat(length)),
        None => text.to_owned(),
    }
}

/// The character of a fence, how many of it there are, and what stands behind them on the line.
fn fence(line: &str) -> Option<(char, usize, &str)> {
    let inner = line.trim_start_matches(' ');
    let mark = inner.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
    let rest = inner.trim_start_matches(mark);
    let length = inner.len() - rest.len();
    (line.len() - inner.len() <= 3 && length >= 3).then_some((mark, length, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::{Body, MessageId, PartId, Seq};

    fn says(text: &str, summary: bool) -> String {
        let kind = PartKind::Text(Body::whole(text));
        let id = MessageId::from("msg_1");
        let part = Part { id: PartId::from("prt_1"), message_id: id.clone(), index: 0, kind };
        let draft = Message::draft(id, "ses_1".into(), Seq(1), Role::Assistant, vec![part]);
        message(&Message { summary, ..draft })
    }

    #[test]
    fn an_answer_steers_no_terminal_and_a_summary_is_called_one() {
        assert_eq!(says("a\x1b[2J\u{202e}b\n", false), "\n## Agent\n\na[2Jb\n");
        assert!(says("a", true).starts_with("\n## Summary of what came before"));
    }

    #[test]
    fn a_code_block_that_is_left_open_ends_with_its_text() {
        assert_eq!(closed("a\n```rust\nb"), "a\n```rust\nb\n```");
        assert_eq!(closed("~~~~\n```\n~~~"), "~~~~\n```\n~~~\n~~~~");
        for whole in ["```\na\n```", "`` ` ``", "```a``` b", "    ```", "```\na\n````  "] {
            assert_eq!(closed(whole), whole);
        }
    }

    #[test]
    fn an_output_is_cut_at_a_line_and_says_how_much_is_left_out() {
        let line = "x".repeat(99);
        let text = vec![line.as_str(); 50].join("\n");
        let shown = fenced(&text);
        let lines: Vec<_> = shown.lines().collect();
        assert_eq!(lines.iter().filter(|shown| **shown == line).count(), 40);
        assert_eq!(lines.last(), Some(&"*1000 more bytes are left out here; the JSON export has them.*"));
        assert_eq!(fenced("a\n"), "\n```\na\n```\n");
        assert_eq!(fenced("a\n```\n"), "\n````\na\n```\n````\n");
    }

    #[test]
    fn a_title_stays_on_its_line() {
        assert_eq!(printable_line("a\n# b\x07"), "a # b");
    }
}
