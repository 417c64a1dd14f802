//! Where a path of a tool call really leads, found component by component.
//!
//! Links are followed knowingly: the path as written and its target are both reported, so that a person can
//! be shown them and rules can see both. Names are those of the file system, also where it does not tell `a` from
//! `A` (`names`), so that a rule for one spelling holds for all. No file is opened. Invariant 12: what lies outside
//! the root is known as such before anything touches it; that the same is opened afterwards, `tool/beneath.rs` sees to.

pub(in crate::permission) mod names;

use std::{
    collections::VecDeque,
    ffi::OsString,
    fs, io,
    os::unix::ffi::OsStrExt,
    path::{Component, Path, PathBuf},
};

use super::{Item, PathQuestion, rules};
use crate::transcript::text::ellipsis;

/// The longest path in bytes, Linux's own limit.
pub(in crate::permission) const MAX_PATH: usize = 4_096;

/// The longest component in bytes.
pub(in crate::permission) const MAX_NAME: usize = 255;

/// Links followed before it is called a loop, Linux's own limit.
pub(in crate::permission) const MAX_LINKS: usize = 40;

/// Why a path cannot be used. The texts name the path.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the texts say it")]
pub enum PathError {
    #[error("the path is empty")]
    Empty,
    #[error("the path `{0}` contains a NUL character")]
    Nul(String),
    #[error(
        "the path `{path}` is too long ({bytes} bytes; at most {MAX_PATH}, and {MAX_NAME} for each name)"
    )]
    TooLong { path: String, bytes: usize },
    #[error("`{path}` leads nowhere: `{missing}` does not exist, so there is no `..` of it")]
    NoParent { path: String, missing: String },
    #[error("`{path}` is not usable: `{file}` is not a folder")]
    NotAFolder { path: String, file: String },
    #[error("`{0}` follows more than {MAX_LINKS} links")]
    LinkLoop(String),
    #[error("`{0}` is a device, a pipe or a socket, not a file or a folder")]
    Special(String),
    #[error("`{0}` is the inside of a running process, where its secrets are; tools do not go there")]
    Process(String),
    #[error("`{path}` cannot be looked at: {source}")]
    Io { path: String, source: io::Error },
}

/// A path and where it leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// As written, made absolute, `.` removed; `..` and links are as they were.
    pub written: PathBuf,
    /// With every link followed. Its last names may not exist yet.
    pub target: PathBuf,
    /// The root with every link followed.
    pub root: PathBuf,
    /// Whether the target lies in the root.
    pub inside: bool,
    /// Whether the target exists.
    pub exists: bool,
    /// Whether a link was followed below the root.
    pub linked: bool,
}

impl Resolved {
    /// How rules and people name it: the target relative to the root, else absolute. The root itself is `.`.
    pub fn subject(&self) -> String {
        match self.target.strip_prefix(&self.root) {
            Ok(relative) if relative.as_os_str().is_empty() => ".".to_owned(),
            Ok(relative) => relative.to_string_lossy().into_owned(),
            Err(_) => self.target.to_string_lossy().into_owned(),
        }
    }

    /// It as an item of an ask; the rule allows exactly this target.
    pub fn item(&self) -> Item {
        let subject = self.subject();
        let written = self.written.strip_prefix(&self.root).unwrap_or(&self.written);
        let aliases =
            vec![self.target.to_string_lossy().into_owned(), written.to_string_lossy().into_owned()];
        Item { aliases, ..Item::new(&subject, rules::escape(&subject)) }
    }

    /// What a person has to be shown: set when the path lies outside or a link was followed.
    pub fn question(&self) -> Option<PathQuestion> {
        (!self.inside || self.linked)
            .then(|| PathQuestion { link: self.written.clone(), target: self.target.clone() })
    }
}

/// Follows `path`, absolute or relative to `root`. Touches nothing but directory entries and links.
pub fn resolve(root: &Path, path: &str) -> Result<Resolved, PathError> {
    check_text(path)?;
    let shown = || ellipsis(path, 200);
    let root = fs::canonicalize(root)
        .map_err(|source| PathError::Io { path: root.to_string_lossy().into_owned(), source })?;
    let written: PathBuf =
        root.join(path).components().filter(|part| !matches!(part, Component::CurDir)).collect();
    let mut walk = Walk { todo: VecDeque::new(), at: PathBuf::from("/"), missing: None, links: 0 };
    if Path::new(path).is_relative() {
        walk.at.clone_from(&root);
    }
    walk.push_front(Path::new(path));
    while let Some(step) = walk.todo.pop_front() {
        walk.take(step, &shown)?;
    }
    if is_inside_process(&walk.at) {
        return Err(PathError::Process(shown()));
    }
    if let Ok(about) = fs::symlink_metadata(&walk.at)
        && !about.is_file()
        && !about.is_dir()
    {
        return Err(PathError::Special(shown()));
    }
    let inside = walk.at.starts_with(&root);
    Ok(Resolved {
        inside,
        exists: walk.missing.is_none(),
        linked: walk.links > 0 && (inside || written.starts_with(&root)),
        written,
        target: walk.at,
        root,
    })
}

/// Whether it is one of the files by which Linux shows a process (`/proc/<pid>/…`): environment, memory, open files.
fn is_inside_process(target: &Path) -> bool {
    let below = target.strip_prefix("/proc").ok().and_then(|below| below.iter().next());
    below.is_some_and(|name| name.as_bytes().iter().all(u8::is_ascii_digit))
}

fn check_text(path: &str) -> Result<(), PathError> {
    if path.is_empty() {
        return Err(PathError::Empty);
    }
    if path.contains('\0') {
        return Err(PathError::Nul(ellipsis(&path.replace('\0', "\u{2400}"), 200)));
    }
    if path.len() > MAX_PATH || path.split('/').any(|name| name.len() > MAX_NAME) {
        return Err(PathError::TooLong { path: ellipsis(path, 80), bytes: path.len() });
    }
    Ok(())
}

enum Step {
    Root,
    Up,
    Into(OsString),
}

struct Walk {
    todo: VecDeque<Step>,
    /// Where we are; no link is left in it.
    at: PathBuf,
    /// The first name that does not exist.
    missing: Option<String>,
    links: usize,
}

impl Walk {
    fn push_front(&mut self, path: &Path) {
        let steps = path.components().filter_map(|part| match part {
            Component::RootDir | Component::Prefix(_) => Some(Step::Root),
            Component::CurDir => None,
            Component::ParentDir => Some(Step::Up),
            Component::Normal(name) => Some(Step::Into(name.to_owned())),
        });
        for (at, step) in steps.enumerate() {
            self.todo.insert(at, step);
        }
    }

    fn take(&mut self, step: Step, shown: &impl Fn() -> String) -> Result<(), PathError> {
        match step {
            Step::Root => self.at = PathBuf::from("/"),
            Step::Up => {
                if let Some(missing) = self.missing.clone() {
                    return Err(PathError::NoParent { path: shown(), missing });
                }
                self.at.pop();
            }
            Step::Into(name) => self.enter(&name, shown)?,
        }
        Ok(())
    }

    fn enter(&mut self, name: &OsString, shown: &impl Fn() -> String) -> Result<(), PathError> {
        let next = self.at.join(name);
        match fs::symlink_metadata(&next) {
            Ok(about) if about.is_symlink() => {
                self.links += 1;
                if self.links > MAX_LINKS {
                    return Err(PathError::LinkLoop(shown()));
                }
                let target =
                    fs::read_link(&next).map_err(|source| PathError::Io { path: shown(), source })?;
                self.push_front(&target);
            }
            Ok(about) => self.at.push(names::as_it_is(&self.at, name, &about)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.missing.get_or_insert_with(|| next.to_string_lossy().into_owned());
                self.at = next;
            }
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                let file = self.at.to_string_lossy().into_owned();
                return Err(PathError::NotAFolder { path: shown(), file });
            }
            Err(source) => return Err(PathError::Io { path: shown(), source }),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
