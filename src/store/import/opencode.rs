//! What opencode's sessions say, in our words.
//!
//! Reads opencode 1.18: its database and the JSON of `opencode export`. Both readers hand on the same rows, in order
//! (messages by time, then id; parts by id), as JSON text; `message` and `part` translate one row each and are pure.

pub(in crate::store) mod connection;
mod data_url;
pub(in crate::store) mod database;
pub(super) mod export;
pub(in crate::store) mod message;
pub(in crate::store) mod part;
mod shape;

use std::path::Path;

pub(super) use shape::Unreadable;

use crate::transcript::{ModelRef, Timestamp, TodoItem, TodoStatus, Usage};

/// What opencode calls a session until a model has named it; a time follows.
const UNTITLED: [&str; 2] = ["New session - ", "Child session - "];

/// A session without its messages.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SessionFacts {
    pub id: String,
    /// The session that started it.
    pub parent: Option<String>,
    pub title: String,
    /// Where it worked.
    pub directory: String,
    /// Root of its project, where that is known.
    pub worktree: Option<String>,
    pub agent: Option<String>,
    pub model: Option<ModelRef>,
    /// What it consumed; `None` where only its messages say so.
    pub usage: Option<Usage>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub archived_at: Option<Timestamp>,
}

impl SessionFacts {
    /// Whether somebody or a model gave it its title.
    pub(super) fn is_titled(&self) -> bool {
        !self.title.trim().is_empty() && !UNTITLED.iter().any(|start| self.title.starts_with(start))
    }

    /// The absolute directory that it works in.
    pub(super) fn cwd(&self) -> &str {
        let absolute = |path: &&str| Path::new(path).is_absolute();
        [Some(self.directory.as_str()), self.worktree.as_deref()]
            .into_iter()
            .flatten()
            .find(absolute)
            .unwrap_or("/")
    }

    /// The root of its project: outside of repositories opencode has one project for everything, at `/`.
    pub(super) fn root(&self) -> &str {
        let usable = |root: &&str| Path::new(root).is_absolute() && *root != "/";
        self.worktree.as_deref().filter(usable).unwrap_or_else(|| self.cwd())
    }
}

/// An item of opencode's todo list.
pub(super) fn todo(text: String, status: &str) -> TodoItem {
    let status = match status {
        "in_progress" => TodoStatus::Active,
        "completed" => TodoStatus::Done,
        "cancelled" => TodoStatus::Dropped,
        _ => TodoStatus::Pending,
    };
    TodoItem { text, status }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(directory: &str, worktree: Option<&str>) -> SessionFacts {
        SessionFacts {
            id: "ses_1".into(),
            parent: None,
            title: String::new(),
            directory: directory.into(),
            worktree: worktree.map(Into::into),
            agent: None,
            model: None,
            usage: None,
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
            archived_at: None,
        }
    }

    #[test]
    fn a_session_has_an_absolute_directory_and_the_root_of_its_project() {
        for (directory, worktree, cwd, root) in [
            ("/a/b", Some("/a"), "/a/b", "/a"),
            ("/a/b", Some("/"), "/a/b", "/a/b"),
            ("/a/b", None, "/a/b", "/a/b"),
            ("", Some("/a"), "/a", "/a"),
            ("b", Some("a"), "/", "/"),
        ] {
            let session = session(directory, worktree);
            assert_eq!((session.cwd(), session.root()), (cwd, root), "{directory} {worktree:?}");
        }
    }

    #[test]
    fn a_session_that_nobody_named_is_named_by_its_next_prompt() {
        let named = |title: &str| SessionFacts { title: title.into(), ..session("/", None) }.is_titled();
        assert!(named("Looking at the files"));
        assert!(
            !named("New session - 2026-11-21T01:27:12.081Z") && !named("Child session - 2026") && !named(" ")
        );
    }

    #[test]
    fn a_todo_stands_where_it_stood() {
        let statuses = ["pending", "in_progress", "completed", "cancelled", "dancing"];
        let expected = [
            TodoStatus::Pending,
            TodoStatus::Active,
            TodoStatus::Done,
            TodoStatus::Dropped,
            TodoStatus::Pending,
        ];
        assert_eq!(statuses.map(|status| todo(String::new(), status).status), expected);
    }
}
