//! Skills: instructions for a kind of task, in `SKILL.md` files, listed to the model and loaded when it asks.
//!
//! Read, never run; they change no permission (invariant 12). Each is read up to a cap (invariant 9). They are looked at
//! once, for one turn: what is edited meanwhile counts for the next. The form, front matter with `name` and
//! `description` before Markdown, is that of <https://agentskills.io/specification>.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    front_matter::{self, Fields},
    names,
    reading::{self, Document},
};
use crate::transcript::text;

/// The name of a skill's file; its folder lies in one of the places.
const FILE: &str = "SKILL.md";

/// Bytes of a skill that are read.
pub(in crate::workspace) const MOST_BYTES: u64 = 256 * 1024;

/// Skills of one place that are listed.
pub(in crate::workspace) const MOST_LISTED: usize = 100;

/// Bytes of texts that are kept for a turn; a skill beyond them is read when it is loaded.
pub(in crate::workspace) const MOST_KEPT: usize = 1024 * 1024;

/// A skill as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skill {
    /// What the model calls it.
    pub name: String,
    /// When it fits.
    pub description: String,
    /// Its file.
    pub path: PathBuf,
    /// What is wrong with it, a line for each.
    pub mistakes: Vec<String>,
}

/// A folder that skills are looked for in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The folder.
    pub folder: PathBuf,
    /// The project that they have to lie in, links followed, where a project brings them.
    pub within: Option<PathBuf>,
}

/// The skills of a turn, as they were when it began.
#[derive(Debug, Default)]
pub struct Skills {
    listed: Vec<Skill>,
    /// What they say, by place in the list; `None` beyond [`MOST_KEPT`].
    texts: Vec<Option<Arc<str>>>,
    /// Those that cannot be loaded, with their mistakes.
    broken: Vec<Skill>,
}

impl Skills {
    /// Looks into the folders, in their order; of two skills with the same name the one of the earlier folder holds.
    pub fn look(places: &[Place]) -> Self {
        let (mut skills, mut kept) = (Self::default(), 0);
        for path in places.iter().flat_map(files) {
            let (skill, content) = match read(&path) {
                Reading::Missing => continue,
                Reading::Broken(skill) => {
                    skills.broken.push(skill);
                    continue;
                }
                Reading::Fine(skill, content) => (skill, content),
            };
            if skills.listed.iter().any(|other| other.name == skill.name) {
                continue;
            }
            let keeps = kept + content.len() <= MOST_KEPT;
            kept += if keeps { content.len() } else { 0 };
            skills.listed.push(skill);
            skills.texts.push(keeps.then(|| content.into()));
        }
        skills
    }

    /// All that there are, also those that cannot be loaded.
    pub fn all(&self) -> impl Iterator<Item = &Skill> {
        self.listed.iter().chain(&self.broken)
    }

    /// The skills that can be loaded, by place and name.
    pub fn list(&self) -> &[Skill] {
        &self.listed
    }

    /// The whole text of a skill; the names that there are, when there is none of that name.
    pub fn load(&self, name: &str) -> Result<(Skill, String), Vec<String>> {
        let found = self.listed.iter().zip(&self.texts).find(|(skill, _)| skill.name == name);
        let loaded = found.and_then(|(skill, text)| {
            let text = text.as_ref().map_or_else(|| reread(&skill.path), |kept| Some(kept.to_string()));
            Some((skill.clone(), text?))
        });
        loaded.ok_or_else(|| self.listed.iter().map(|skill| skill.name.clone()).collect())
    }
}

/// The skills' files in a place, by name.
fn files(place: &Place) -> Vec<PathBuf> {
    let entries = fs::read_dir(&place.folder).into_iter().flatten().flatten();
    let mut files = reading::first(entries.map(|entry| entry.path().join(FILE)), MOST_LISTED);
    files.retain(|path| place.within.as_ref().is_none_or(|root| reading::lies_in(path, root)));
    files
}

/// What became of a file that may be a skill.
enum Reading {
    /// There is none.
    Missing,
    /// It cannot be loaded.
    Broken(Skill),
    /// It, and what it says.
    Fine(Skill, String),
}

/// Reads a skill. Without a name it is called like its folder.
fn read(path: &Path) -> Reading {
    let folder = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    let mut skill = Skill {
        name: shown_name(&folder),
        description: String::new(),
        path: path.to_owned(),
        mistakes: Vec::new(),
    };
    let document = match reading::read(path, MOST_BYTES) {
        Ok(document) => document,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Reading::Missing;
        }
        Err(error) => {
            skill.mistakes.push(format!("it cannot be read: {error}"));
            return Reading::Broken(skill);
        }
    };
    if document.truncated {
        skill.mistakes.push(format!("it is longer than {MOST_BYTES} bytes: its beginning counts"));
    }
    if document.hidden > 0 {
        skill.mistakes.push(reading::hidden_note(document.hidden));
    }
    let Some((matter, _)) = front_matter::split(&document.text) else {
        skill
            .mistakes
            .push("it has no front matter: begin it with `---`, `description: …`, `---`".to_owned());
        return Reading::Broken(skill);
    };
    let mut fields = Fields::read(matter);
    let (name, description) = (fields.text("name"), fields.text("description"));
    skill.mistakes.append(&mut fields.mistakes);
    if let Some(name) = name {
        skill.name = shown_name(&name);
    }
    if fields.broken {
        return Reading::Broken(skill);
    }
    match description {
        Some(description) => skill.description = names::description(&description),
        None => skill.mistakes.push("`description` is missing: nothing tells when to load it".to_owned()),
    }
    Reading::Fine(skill, content(&document))
}

/// What a skill says now, as long as it is one.
fn reread(path: &Path) -> Option<String> {
    match read(path) {
        Reading::Fine(_, content) => Some(content),
        Reading::Missing | Reading::Broken(_) => None,
    }
}

/// What a skill says, with a line behind it where hidden characters were taken out.
fn content(document: &Document) -> String {
    match document.hidden {
        0 => document.text.clone(),
        hidden => format!("{}\n[{}]\n", document.text.trim_end(), reading::hidden_note(hidden)),
    }
}

fn shown_name(name: &str) -> String {
    text::ellipsis(text::first_line(name), names::NAME)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(place: &Path, folder: &str, content: &str) {
        fs::create_dir_all(place.join(folder)).unwrap();
        fs::write(place.join(folder).join(FILE), content).unwrap();
    }

    fn look(folders: &[&Path]) -> Skills {
        let place = |folder: &&Path| Place { folder: (*folder).to_owned(), within: None };
        Skills::look(&folders.iter().map(place).collect::<Vec<_>>())
    }

    #[test]
    fn skills_are_listed_by_place_and_name_and_the_first_of_a_name_holds() {
        let dir = tempfile::tempdir().unwrap();
        let (own, project) = (dir.path().join("own"), dir.path().join("project"));
        write(
            &own,
            "review",
            "---\nname: review\ndescription: >\n  For reviews,\n  of any kind.\n---\nLook closely.\n",
        );
        write(&project, "review", "---\nname: review\ndescription: another\n---\n");
        write(&project, "deploy", "---\ndescription: \"For deployments\"\n---\nPush.\n");
        write(&project, "broken", "---\nname: [\n---\n");
        write(&project, "plain", "no front matter");
        let skills = look(&[&own, &project, &dir.path().join("missing")]);
        let listed: Vec<_> =
            skills.list().iter().map(|skill| format!("{}: {}", skill.name, skill.description)).collect();
        assert_eq!(listed, ["review: For reviews, of any kind.", "deploy: For deployments"]);
        let wrong: Vec<_> =
            skills.all().skip(2).map(|it| (it.name.as_str(), it.mistakes[0].as_str())).collect();
        assert!(wrong[0].0 == "broken" && wrong[0].1.starts_with("line "), "{wrong:?}");
        assert!(wrong[1].0 == "plain" && wrong[1].1.starts_with("it has no front matter"), "{wrong:?}");
        assert!(skills.load("review").unwrap().1.ends_with("Look closely.\n"));
        assert_eq!(skills.load("none").unwrap_err(), ["review", "deploy"]);
    }

    #[test]
    fn what_a_turn_has_looked_at_stays_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), "a", "---\ndescription: one\n---\nOne.");
        let skills = look(&[dir.path()]);
        write(dir.path(), "a", "---\ndescription: another\n---\nAnother.");
        write(dir.path(), "b", "---\ndescription: new\n---\nNew.");
        assert_eq!((skills.list().len(), skills.list()[0].description.as_str()), (1, "one"));
        assert!(skills.load("a").unwrap().1.ends_with("One."));
        assert_eq!(look(&[dir.path()]).list().len(), 2);
    }

    #[test]
    fn a_project_brings_what_lies_in_it_and_hidden_characters_are_taken_out() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        write(&root, "secret", "---\nname: secret\n---\n");
        write(&root.join("project"), "own", "---\nname: own\n---\nLook\u{200b} up.");
        std::os::unix::fs::symlink(root.join("secret"), root.join("project/linked")).unwrap();
        let place = |within| [Place { folder: root.join("project"), within }];
        assert_eq!(Skills::look(&place(None)).list().len(), 2);
        let inside = Skills::look(&place(Some(root.join("project"))));
        assert_eq!(inside.list().len(), 1);
        assert!(inside.load("own").unwrap().1.contains("Look up.\n[1 invisible"));
    }

    #[test]
    fn texts_beyond_what_is_kept_are_read_when_they_are_loaded() {
        let dir = tempfile::tempdir().unwrap();
        let long = format!("---\nx: y\n---\n{}", "t".repeat(200 * 1024));
        (0..6).for_each(|n| write(dir.path(), &format!("{n}"), &long));
        let skills = look(&[dir.path()]);
        assert_eq!(skills.texts.iter().flatten().count(), MOST_KEPT / long.len());
        write(dir.path(), "5", "---\nx: y\n---\nnew");
        assert!(skills.load("5").unwrap().1.ends_with("new"));
    }

    #[test]
    fn too_many_skills_too_long_names_and_too_long_texts_are_cut() {
        let dir = tempfile::tempdir().unwrap();
        for number in 0..MOST_LISTED + 5 {
            let (name, about) = (format!("{number:03}{}", "n".repeat(100)), "d".repeat(2_000));
            let text = "t".repeat(300 * 1024);
            write(
                dir.path(),
                &format!("{number:03}"),
                &format!("---\nname: {name}\ndescription: {about}\n---\n{text}"),
            );
        }
        let skills = look(&[dir.path()]);
        let listed = skills.list();
        assert_eq!(listed.len(), MOST_LISTED);
        assert!(
            listed
                .iter()
                .all(|it| it.name.len() <= names::NAME && it.description.len() <= names::DESCRIPTION)
        );
        let (_, text) = skills.load(&listed[0].name).unwrap();
        assert_eq!(text.len() as u64, MOST_BYTES);
    }
}
