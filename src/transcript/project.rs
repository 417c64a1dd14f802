//! A project as clients get it, and what trusting one is bound to.
//!
//! A [`Project`] is a plain copy: it is changed by messages and never by sharing. A [`Footprint`] names what a project
//! brings that would count once it is trusted, each file with a digest of its content.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ProjectId, Timestamp};

/// A project: a folder that sessions work in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Project {
    /// Its id.
    pub id: ProjectId,
    /// Its real path: the nearest repository upward from where sessions work, else that folder itself.
    pub root: String,
    /// What it is called.
    pub name: String,
    /// What stands before its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon: Option<Icon>,
    /// What keeps its history.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vcs: Option<Vcs>,
    /// Its linked worktrees. Each of them is a project of its own, trusted on its own.
    pub sandboxes: Vec<Sandbox>,
    /// Whether what it brings counts, and whether anything may be changed or run in it.
    pub trust: Trust,
    /// What it brings that counts once it is trusted.
    pub would_run: Vec<Brought>,
    /// When it was first seen.
    pub created_at: Timestamp,
    /// When its name, its icon or its trust were last changed.
    pub updated_at: Timestamp,
    /// When a session was last begun in it.
    pub opened_at: Timestamp,
}

/// What stands before a project's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Icon {
    /// What it is.
    pub kind: IconKind,
    /// An emoji, a `data:` URL of an image, or a colour as `#rrggbb`.
    pub value: String,
}

/// What an icon is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the words say it")]
pub enum IconKind {
    Emoji,
    Image,
    Color,
}

/// What keeps a project's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the word says it")]
pub enum Vcs {
    Git,
}

/// A linked worktree of a repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Sandbox {
    /// Where it is.
    pub path: String,
    /// The branch that is checked out there; missing where it is a commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
}

/// Whether a project is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Trust {
    /// The person, or the client for them, vouches for it.
    Trusted,
    /// Nobody does: it is read, and nothing else.
    Untrusted,
    /// The person did, and what it brings is another now. As untrusted until it is confirmed.
    Changed,
}

/// Something that a project brings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Brought {
    /// The file, relative to the root.
    pub path: String,
    /// What it would be used as.
    pub what: Use,
    /// How it differs from what was trusted; missing where it does not, and where nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<Edit>,
}

/// What a file of a project is used as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the words say it")]
pub enum Use {
    Configuration,
    Agent,
    Command,
}

impl Use {
    /// The word for a person.
    pub fn word(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Agent => "agent",
            Self::Command => "command",
        }
    }
}

/// How a file differs from what was trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the words say it")]
pub enum Edit {
    Added,
    Changed,
    Removed,
}

impl Edit {
    /// The word for a person.
    pub fn word(self) -> &'static str {
        match self {
            Self::Added => "new",
            Self::Changed => "changed",
            Self::Removed => "removed",
        }
    }
}

/// What a project brings, in the order of its paths.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Footprint(pub Vec<Mark>);

/// A file of a [`Footprint`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Relative to the root.
    pub path: String,
    /// What it is used as.
    pub what: Use,
    /// SHA-256 of its content in hexadecimal digits.
    pub digest: String,
}

impl Footprint {
    /// What is brought now, each with how it differs from `self`, which was trusted; what is gone comes last.
    pub fn compare(&self, now: &Self) -> Vec<Brought> {
        let of = |marks: &Self, path: &str| marks.0.iter().find(|mark| mark.path == path).cloned();
        let brought = |mark: &Mark, change| Brought { path: mark.path.clone(), what: mark.what, change };
        let mut all: Vec<Brought> = now
            .0
            .iter()
            .map(|mark| {
                let change = match of(self, &mark.path) {
                    None => Some(Edit::Added),
                    Some(before) => (before != *mark).then_some(Edit::Changed),
                };
                brought(mark, change)
            })
            .collect();
        let gone = self.0.iter().filter(|mark| of(now, &mark.path).is_none());
        all.extend(gone.map(|mark| brought(mark, Some(Edit::Removed))));
        all
    }

    /// What is brought, compared with nothing.
    pub fn brought(&self) -> Vec<Brought> {
        let plain = |mark: &Mark| Brought { path: mark.path.clone(), what: mark.what, change: None };
        self.0.iter().map(plain).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn footprint(files: &[(&str, &str)]) -> Footprint {
        let mark = |(path, digest): &(&str, &str)| Mark {
            path: (*path).to_owned(),
            what: Use::Agent,
            digest: (*digest).to_owned(),
        };
        Footprint(files.iter().map(mark).collect())
    }

    #[test]
    fn each_way_of_differing_is_named_and_the_same_is_not() {
        let trusted = footprint(&[("a", "1"), ("b", "1"), ("c", "1")]);
        let now = footprint(&[("a", "1"), ("b", "2"), ("d", "1")]);
        let named: Vec<_> =
            trusted.compare(&now).into_iter().map(|brought| (brought.path, brought.change)).collect();
        let expected = [
            ("a".to_owned(), None),
            ("b".to_owned(), Some(Edit::Changed)),
            ("d".to_owned(), Some(Edit::Added)),
            ("c".to_owned(), Some(Edit::Removed)),
        ];
        assert_eq!(named, expected);
    }
}
