use std::fs;

use super::*;

/// A project with these files.
struct Project {
    _dir: tempfile::TempDir,
    root: PathBuf,
}

impl Project {
    fn new(files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap().join("project");
        let project = Self { _dir: dir, root };
        for (path, text) in files {
            project.write(path, text);
        }
        project
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn watch(&self, cwd: &str, configured: &[&str]) -> Watch {
        let configured = configured.iter().map(|name| (*name).to_owned()).collect();
        let own = Some(self.root.join("../AGENTS.md"));
        Watch::new(Places::new(self.root.join(cwd), self.root.clone(), own, configured, false))
    }
}

fn texts(watch: &Watch) -> Vec<String> {
    watch.look().into_iter().map(|file| file.text).collect()
}

#[test]
fn the_users_own_comes_first_then_outer_before_inner_and_agents_md_before_claude_md() {
    let project = Project::new(&[
        ("../AGENTS.md", "own"),
        ("CLAUDE.md", "root"),
        ("a/AGENTS.md", "a"),
        ("a/CLAUDE.md", "not this"),
        ("a/b/x", ""),
        ("docs.md", "docs"),
    ]);
    let watch = project.watch("a/b", &["docs.md", "missing.md", "CLAUDE.md"]);
    assert_eq!(texts(&watch), ["own", "root", "a", "docs"]);
    assert_eq!(watch.look()[0].scope, Scope::User);
}

#[test]
fn patterns_bring_files_by_name_and_nothing_from_outside() {
    let project = Project::new(&[
        ("../secret.md", "secret"),
        ("docs/b.md", "b"),
        ("docs/a.md", "a"),
        ("docs/deep/c.md", "c"),
        (".rules/d.md", "d"),
    ]);
    assert_eq!(texts(&project.watch("", &["docs/*.md"])), ["a", "b"]);
    assert_eq!(texts(&project.watch("", &["**/c.md", ".rules/*"])), ["c", "d"]);
    assert_eq!(texts(&project.watch("", &["../*.md", "../secret.md", "[", "/etc/host*"])), [""; 0]);
    let anywhere =
        Places::new(project.root.clone(), project.root.clone(), None, vec!["../s*.md".into()], true);
    assert_eq!(texts(&Watch::new(anywhere)), ["secret"]);
}

#[test]
fn what_lies_above_a_file_that_was_read_joins_and_joins_again_later() {
    let project = Project::new(&[
        ("AGENTS.md", "root"),
        ("src/AGENTS.md", "src"),
        ("lib/AGENTS.md", "lib"),
        ("lib/deep/CLAUDE.md", "deep"),
        ("lib/deep/none/x.rs", ""),
    ]);
    let watch = project.watch("src", &[]);
    assert_eq!(texts(&watch), ["root", "src"]);
    watch.visit(&project.root.join("src/main.rs"));
    watch.visit(Path::new("/etc/passwd"));
    assert_eq!(texts(&watch), ["root", "src"]);
    watch.visit(&project.root.join("lib/deep/none/x.rs"));
    assert_eq!(texts(&watch), ["root", "src", "lib", "deep"]);
    assert_eq!(watch.look()[2].scope, Scope::Below(project.root.join("lib")));

    let told: Vec<String> = watch.look().iter().map(|file| file.path.display().to_string()).collect();
    fs::remove_file(project.root.join("lib/AGENTS.md")).unwrap();
    let later = project.watch("src", &[]);
    later.resume(told.iter().map(String::as_str).chain(["environment", "/etc/passwd"]));
    assert_eq!(texts(&later), ["root", "src", "deep"]);
}

#[test]
fn a_file_is_read_again_when_it_has_changed_and_only_then() {
    let project = Project::new(&[("AGENTS.md", "one")]);
    let watch = project.watch("", &[]);
    assert_eq!(texts(&watch), ["one"]);
    project.write("AGENTS.md", "other");
    assert_eq!(texts(&watch), ["other"]);
    fs::remove_file(project.root.join("AGENTS.md")).unwrap();
    assert_eq!(texts(&watch), [""; 0]);
}

#[test]
fn long_files_are_cut_and_all_together_are() {
    let long = "x".repeat(100_000);
    let project = Project::new(&[("AGENTS.md", "short")]);
    (0..6).for_each(|n| project.write(&format!("{n}.md"), &long));
    let files = project.watch("", &["?.md"]).look();
    let sizes: Vec<usize> = files.iter().map(|file| file.text.len()).collect();
    let cap = usize::try_from(MAX_BYTES).unwrap();
    assert_eq!(sizes, [5, cap, cap, cap, cap - 5, 0, 0]);
    assert!(!files[0].truncated && files[1..].iter().all(|file| file.truncated));
}

#[test]
fn hidden_characters_are_taken_out_and_what_cannot_be_shown_is_left_out() {
    let project =
        Project::new(&[("AGENTS.md", "be\u{202e} kind\u{e0041}"), ("b\n/AGENTS.md", "newline"), ("c/x", "")]);
    std::os::unix::fs::symlink("/etc/hostname", project.root.join("c/AGENTS.md")).unwrap();
    let watch = project.watch("", &[]);
    watch.visit(&project.root.join("b\n/x"));
    watch.visit(&project.root.join("c/x"));
    let files = watch.look();
    assert_eq!((files.len(), files[0].text.as_str(), files[0].hidden), (1, "be kind", 2));
}

#[test]
fn what_is_looked_at_and_what_joins_is_bounded() {
    let project = Project::new(&[]);
    for n in 0..MOST_FOLDERS + 5 {
        project.write(&format!("d{n:03}/AGENTS.md"), "x");
    }
    for n in 0..MOST_MATCHES + 5 {
        project.write(&format!("docs/{n:03}.md"), "y");
    }
    let watch = project.watch("", &["docs/*.md"]);
    assert_eq!(watch.look().len(), MOST_MATCHES);
    (0..MOST_FOLDERS + 5).for_each(|n| watch.visit(&project.root.join(format!("d{n:03}/x"))));
    assert_eq!(watch.joined().len(), MOST_FOLDERS);
    assert_eq!(watch.look().len(), MOST_FILES);

    let many = Project::new(&[]);
    (0..MOST_WALKED / 100 + 2).for_each(|n| fs::create_dir_all(many.root.join(format!("a/{n:03}"))).unwrap());
    for entry in 0..MOST_WALKED {
        fs::File::create(many.root.join(format!("a/{:03}/{entry}.txt", entry / 100))).unwrap();
    }
    many.write("z/last.md", "z");
    assert!(many.watch("", &["**/*.md"]).look().is_empty(), "what lies behind is not looked at");
    assert_eq!(many.watch("", &["z/*.md"]).look().len(), 1);
}
