//! Skills: instructions for a kind of task, in `SKILL.md` files, listed to the model and loaded when it asks.
//!
//! Read, never run; they change no permission (invariant 12). Each is read up to a cap (invariant 9). The form, front
//! matter with `name` and `description` before Markdown, is that of <https://agentskills.io/specification>.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use serde::Deserialize;

use crate::transcript::text;

/// The name of a skill's file; its folder lies in one of the places.
const FILE: &str = "SKILL.md";

/// Bytes of a skill that are read.
pub(in crate::workspace) const MOST_BYTES: u64 = 256 * 1024;

/// Skills of one place that are listed.
pub(in crate::workspace) const MOST_LISTED: usize = 100;

/// Bytes of a name and of a description.
pub(in crate::workspace) const NAME: usize = 64;
pub(in crate::workspace) const DESCRIPTION: usize = 1_024;

/// A skill as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skill {
    /// What the model calls it.
    pub name: String,
    /// When it fits.
    pub description: String,
    /// Its file.
    pub path: PathBuf,
}

#[derive(Deserialize)]
struct FrontMatter {
    name: Option<String>,
    #[serde(default)]
    description: String,
}

/// The places where a session's skills are, looked at again and again: a file is read only when it has changed.
#[derive(Debug)]
pub struct Skills {
    places: Vec<PathBuf>,
    seen: Mutex<Vec<Seen>>,
}

#[derive(Clone, Debug)]
struct Seen {
    path: PathBuf,
    modified: Option<SystemTime>,
    len: u64,
    skill: Option<Skill>,
}

impl Skills {
    /// The skills in these folders; of two with the same name the one of the earlier folder holds.
    pub fn new(places: Vec<PathBuf>) -> Self {
        Self { places, seen: Mutex::default() }
    }

    /// The skills that are there now, by place and name.
    pub fn list(&self) -> Vec<Skill> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let files = self.places.iter().flat_map(|place| files(place));
        let looked = files.filter_map(|path| {
            let about = fs::metadata(&path).ok().filter(fs::Metadata::is_file)?;
            let (modified, len) = (about.modified().ok(), about.len());
            let known =
                seen.iter().find(|one| one.path == path && one.modified == modified && one.len == len);
            Some(known.cloned().unwrap_or_else(|| Seen { skill: read(&path), modified, len, path }))
        });
        *seen = looked.collect();
        let mut skills: Vec<Skill> = Vec::new();
        for skill in seen.iter().filter_map(|one| one.skill.clone()) {
            if skills.iter().all(|other| other.name != skill.name) {
                skills.push(skill);
            }
        }
        skills
    }

    /// The whole text of a skill; the names that there are, when there is none of that name.
    pub fn load(&self, name: &str) -> Result<(Skill, String), Vec<String>> {
        let skills = self.list();
        let found = skills.iter().find(|skill| skill.name == name);
        let loaded = found.and_then(|skill| Some((skill.clone(), content(&skill.path)?)));
        loaded.ok_or_else(|| skills.into_iter().map(|skill| skill.name).collect())
    }
}

/// The skills' files in a place, by name.
fn files(place: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(place).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path().join(FILE)).collect();
    files.sort();
    files.truncate(MOST_LISTED);
    files
}

fn content(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    fs::File::open(path).ok()?.take(MOST_BYTES).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// A skill whose front matter can be read. Without a name it is called like its folder.
fn read(path: &Path) -> Option<Skill> {
    let content = content(path)?;
    let (matter, _) = content.strip_prefix("---")?.split_once("\n---")?;
    let matter: FrontMatter = serde_yaml_ng::from_str(matter).ok()?;
    let folder = || path.parent()?.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = matter.name.filter(|name| !name.trim().is_empty()).or_else(folder)?;
    Some(Skill {
        name: text::ellipsis(text::first_line(name.trim()), NAME),
        description: text::ellipsis(
            &matter.description.split_whitespace().collect::<Vec<_>>().join(" "),
            DESCRIPTION,
        ),
        path: path.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(place: &Path, folder: &str, content: &str) {
        fs::create_dir_all(place.join(folder)).unwrap();
        fs::write(place.join(folder).join(FILE), content).unwrap();
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
        let skills = Skills::new(vec![own, project, dir.path().join("missing")]);
        let listed: Vec<_> =
            skills.list().into_iter().map(|skill| format!("{}: {}", skill.name, skill.description)).collect();
        assert_eq!(listed, ["review: For reviews, of any kind.", "deploy: For deployments"]);
        assert!(skills.load("review").unwrap().1.ends_with("Look closely.\n"));
        assert_eq!(skills.load("none").unwrap_err(), ["review", "deploy"]);
    }

    #[test]
    fn a_skill_that_is_changed_or_removed_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), "a", "---\nname: a\ndescription: one\n---\n");
        let skills = Skills::new(vec![dir.path().to_owned()]);
        assert_eq!(skills.list()[0].description, "one");
        write(dir.path(), "a", "---\nname: a\ndescription: another\n---\n");
        assert_eq!(skills.list()[0].description, "another");
        fs::remove_dir_all(dir.path().join("a")).unwrap();
        assert!(skills.list().is_empty());
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
        let skills = Skills::new(vec![dir.path().to_owned()]);
        let listed = skills.list();
        assert_eq!(listed.len(), MOST_LISTED);
        assert!(listed.iter().all(|it| it.name.len() <= NAME && it.description.len() <= DESCRIPTION));
        let (_, text) = skills.load(&listed[0].name).unwrap();
        assert_eq!(text.len() as u64, MOST_BYTES);
    }
}
