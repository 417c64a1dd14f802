//! The sample project that the demo works on: a small to-do program with one spelling mistake.

use std::{fs, io, path::Path};

/// Path and content of each file.
const FILES: [(&str, &str); 5] = [
    ("README.md", include_str!("sample/README.md")),
    (STORE, include_str!("sample/todo/store.py")),
    (CLI, include_str!("sample/todo/cli.py")),
    ("check.sh", include_str!("sample/check.sh")),
    ("stock.sh", include_str!("sample/stock.sh")),
];

/// Where [`FUNCTION`] is defined.
const STORE: &str = "todo/store.py";

/// The file with the mistake.
pub(super) const CLI: &str = "todo/cli.py";

/// What the demo asks for.
pub(super) const FUNCTION: &str = "add_task";

/// The mistake.
pub(super) const WRONG: &str = "recieved";

/// What it should be.
pub(super) const RIGHT: &str = "received";

/// Finds the mistake; fails while it is there.
pub(super) const CHECK: &str = "sh check.sh";

/// Prints a long result; takes a number.
pub(super) const STOCK: &str = "sh stock.sh";

/// Writes the project into `directory`.
pub(super) fn write(directory: &Path) -> io::Result<()> {
    for (path, content) in FILES {
        let path = directory.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, content)?;
    }
    Ok(())
}

/// Where [`FUNCTION`] is defined, as `path:line`.
pub(super) fn definition() -> Option<String> {
    let (path, content) = FILES.into_iter().find(|(path, _)| *path == STORE)?;
    let line = content.lines().position(|line| line.starts_with(&format!("def {FUNCTION}(")))?;
    Some(format!("{path}:{}", line + 1))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn the_check_finds_the_mistake_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        write(directory.path()).unwrap();
        let check = || Command::new("sh").arg("check.sh").current_dir(directory.path()).output().unwrap();
        assert!(!check().status.success());
        let path = directory.path().join(CLI);
        let corrected = fs::read_to_string(&path).unwrap().replace(WRONG, RIGHT);
        fs::write(&path, corrected).unwrap();
        let checked = check();
        assert!(checked.status.success());
        assert_eq!(String::from_utf8_lossy(&checked.stdout), "ok: 3 files checked\n");
    }

    #[test]
    fn the_definition_is_where_it_is() {
        let place = definition().unwrap();
        let line: usize = place.strip_prefix("todo/store.py:").unwrap().parse().unwrap();
        let (_, content) = FILES[1];
        assert!(content.lines().nth(line - 1).unwrap().contains("def add_task"));
    }
}
