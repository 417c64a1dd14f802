//! Results of commands as Markdown for a person, in files of the person's own (mode 0600) until the process
//! ends.

mod context;

use std::{
    fs::{DirBuilder, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use serde_json::Value;
use tower_lsp::lsp_types::Url;

use crate::transcript::Timestamp;

/// Pages that are kept at once; the oldest goes when one more is written.
pub(in crate::face) const MOST_PAGES: u32 = 100;

/// The page for a method's result; `None` where there is nothing to read.
pub fn page(method: &str, result: &Value) -> Option<String> {
    match method {
        "session/list" => Some(sessions(result)),
        "session/export" => result.get("text").and_then(Value::as_str).map(str::to_owned),
        "session/context" => context::report(result),
        "session/compact" => Some(context::compacted(result)),
        "permission/list" => Some(approvals(result)),
        "server/status" => Some(status(result)),
        _ => None,
    }
}

fn sessions(result: &Value) -> String {
    let sessions = result.get("sessions").and_then(Value::as_array).into_iter().flatten().map(|session| {
        let cells = ["/title", "/status", "/counts/messages", "/cwd", "/id"];
        let cells = cells.map(|place| cell(session.pointer(place).unwrap_or(&Value::Null)));
        format!("| {} |\n", cells.join(" | "))
    });
    let rows = sessions.collect::<Vec<_>>().concat();
    format!(
        "# Sessions\n\n| title | status | messages | directory | id |\n| --- | --- | ---: | --- | --- |\n{rows}"
    )
}

fn approvals(result: &Value) -> String {
    let approvals = result.get("approvals").and_then(Value::as_array).into_iter().flatten();
    let rows: Vec<String> = approvals
        .map(|approval| {
            let cells = ["tool", "rule", "scope", "approvalId"];
            let cells = cells.map(|name| format!("`{}`", cell(approval.get(name).unwrap_or(&Value::Null))));
            format!("| {} |\n", cells.join(" | "))
        })
        .collect();
    if rows.is_empty() {
        return "# What you allowed\n\nNothing for longer than once.\n".to_owned();
    }
    format!(
        "# What you allowed\n\n| tool | rule | for the | id |\n| --- | --- | --- | --- |\n{}",
        rows.concat()
    )
}

fn status(result: &Value) -> String {
    let members = result.as_object().into_iter().flatten();
    let rows: Vec<String> = members.map(|(name, value)| format!("| {name} | {} |", cell(value))).collect();
    format!("# agentls\n\n| | |\n| --- | --- |\n{}\n", rows.join("\n"))
}

/// A value in one cell of a table.
fn cell(value: &Value) -> String {
    line(&value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

/// A text in one cell of a table.
fn line(text: &str) -> String {
    text.replace('|', "\\|").replace(['\n', '\r'], " ")
}

/// What was answered: the texts of the assistant's messages at the beginning of a page of messages.
pub fn answer(messages: &Value) -> Option<String> {
    let is = |value: &Value, name: &str, word: &str| value.get(name).and_then(Value::as_str) == Some(word);
    let messages = messages.get("messages")?.as_array()?.iter();
    let said = messages.take_while(|message| is(message, "role", "assistant"));
    let parts = said.filter_map(|message| message.get("parts")?.as_array()).flatten();
    let texts = parts.filter(|part| is(part, "type", "text"));
    let texts: Vec<&str> = texts.filter_map(|part| part.pointer("/text/text")?.as_str()).collect();
    (!texts.is_empty()).then(|| texts.join("\n\n"))
}

/// Pages written by this process. They go with it.
#[derive(Debug, Default)]
pub struct Pages(Mutex<Written>);

#[derive(Debug, Default)]
struct Written {
    dir: Option<PathBuf>,
    count: u32,
}

impl Pages {
    /// Writes a page and gives its URI.
    pub fn write(&self, page: &str) -> io::Result<Url> {
        let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let dir = match written.dir.take() {
            Some(dir) => dir,
            None => make_dir()?,
        };
        written.count += 1;
        let page_at = |number: u32| dir.join(format!("page-{number}.md"));
        let path = page_at(written.count);
        let oldest = written.count.checked_sub(MOST_PAGES).map(page_at);
        written.dir = Some(dir);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        file.write_all(page.as_bytes())?;
        if let Some(oldest) = oldest
            && let Err(problem) = std::fs::remove_file(oldest)
        {
            tracing::debug!(%problem, "an old page stays");
        }
        Url::from_file_path(&path).map_err(|()| io::Error::other("the temporary directory is not absolute"))
    }
}

/// A directory that was not there before and is the person's alone.
fn make_dir() -> io::Result<PathBuf> {
    let name = format!("agentls-{}-{}", std::process::id(), Timestamp::now().0);
    let dir = std::env::temp_dir().join(name);
    DirBuilder::new().mode(0o700).create(&dir)?;
    Ok(dir)
}

impl Drop for Pages {
    fn drop(&mut self) {
        let written = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(dir) = written.dir.take()
            && let Err(problem) = std::fs::remove_dir_all(&dir)
        {
            tracing::debug!(%problem, "pages were left behind");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_is_a_table_that_no_title_can_break() {
        let session = json!({"id": "ses_1", "title": "a|b\nc", "status": "idle", "cwd": "/w", "counts": {"messages": 3}});
        let page = page("session/list", &json!({"sessions": [session]})).unwrap();
        assert!(page.ends_with("| a\\|b c | idle | 3 | /w | ses_1 |\n"), "{page}");
    }

    #[test]
    fn an_answer_is_what_the_model_said_before_anybody_else_spoke() {
        let text = |text: &str| json!({"type": "text", "text": {"text": text}});
        let messages = json!({"messages": [
            {"role": "assistant", "parts": [text("one"), {"type": "tool"}]},
            {"role": "assistant", "parts": [text("two")]},
            {"role": "user", "parts": [text("later")]},
            {"role": "assistant", "parts": [text("later still")]},
        ]});
        assert_eq!(answer(&messages).unwrap(), "one\n\ntwo");
        assert_eq!(answer(&json!({"messages": []})), None);
    }

    #[test]
    fn pages_are_the_persons_alone_and_go_with_the_process() {
        let pages = Pages::default();
        let path = pages.write("# x").unwrap().to_file_path().unwrap();
        assert_ne!(pages.write("# y").unwrap().to_file_path().unwrap(), path);
        let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        drop(pages);
        assert!(!path.exists());
    }

    #[test]
    fn the_oldest_page_goes_when_there_are_too_many() {
        let pages = Pages::default();
        let paths: Vec<_> =
            (0..=MOST_PAGES).map(|_| pages.write("# x").unwrap().to_file_path().unwrap()).collect();
        assert!(!paths[0].exists() && paths[1..].iter().all(|path| path.exists()));
    }
}
