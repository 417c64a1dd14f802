//! Where paths lead.

use std::os::unix::fs::symlink;

use super::*;

fn place() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let root = fs::canonicalize(dir.path()).unwrap().join("root");
    fs::create_dir_all(root.join("src")).unwrap();
    fs::write(root.join("src/a.rs"), "a").unwrap();
    fs::write(dir.path().join("secret"), "s").unwrap();
    (dir, root)
}

#[test]
fn a_path_in_the_root_is_named_relative_to_it() {
    let (_dir, root) = place();
    for path in ["src/a.rs", "./src/../src/a.rs", root.join("src/a.rs").to_str().unwrap()] {
        let resolved = resolve(&root, path).unwrap();
        assert!(resolved.inside && resolved.exists && resolved.question().is_none(), "{path}");
        assert_eq!(resolved.subject(), "src/a.rs");
    }
    assert_eq!(resolve(&root, ".").unwrap().subject(), ".");
}

#[test]
fn a_new_file_in_a_new_folder_is_inside() {
    let (_dir, root) = place();
    let resolved = resolve(&root, "new/deep/x.txt").unwrap();
    assert!(resolved.inside && !resolved.exists);
}

#[test]
fn every_way_out_is_seen() {
    let (_dir, root) = place();
    symlink("..", root.join("up")).unwrap();
    symlink("up", root.join("chain")).unwrap();
    symlink("/etc", root.join("absolute")).unwrap();
    symlink("../secret", root.join("file")).unwrap();
    symlink("../not-there", root.join("dangling")).unwrap();
    for path in
        ["../secret", "src/../../secret", "up/secret", "chain/secret", "absolute/hosts", "file", "/etc"]
    {
        let resolved = resolve(&root, path).unwrap();
        assert!(!resolved.inside, "{path} → {:?}", resolved.target);
        assert!(resolved.question().is_some());
    }
    let dangling = resolve(&root, "dangling").unwrap();
    assert!(!dangling.inside && !dangling.exists);
}

#[test]
fn dotdot_after_a_link_leaves_from_the_links_target() {
    let (dir, root) = place();
    fs::create_dir_all(dir.path().join("other/inner")).unwrap();
    symlink("../other/inner", root.join("link")).unwrap();
    let resolved = resolve(&root, "link/../x").unwrap();
    assert_eq!(resolved.target, root.parent().unwrap().join("other/x"));
    assert!(!resolved.inside);
}

#[test]
fn a_link_inside_the_root_is_shown_with_its_target() {
    let (_dir, root) = place();
    symlink("src", root.join("s")).unwrap();
    let resolved = resolve(&root, "s/a.rs").unwrap();
    assert!(resolved.inside);
    assert_eq!(resolved.question().unwrap().target, root.join("src/a.rs"));
    assert_eq!(resolved.item().aliases.last().unwrap(), "s/a.rs");
}

#[test]
fn paths_that_make_no_sense_are_named() {
    let (_dir, root) = place();
    symlink("loop", root.join("loop")).unwrap();
    let long = "x/".repeat(2_500);
    let name = "n".repeat(256);
    for (path, words) in [
        ("", "empty"),
        ("a\0b", "NUL"),
        (long.as_str(), "too long"),
        (name.as_str(), "too long"),
        ("loop", "links"),
        ("none/../x", "does not exist"),
        ("src/a.rs/b", "not a folder"),
        ("/dev/zero", "device"),
        #[cfg(target_os = "linux")]
        ("/proc/self/environ", "running process"),
        #[cfg(target_os = "linux")]
        ("/proc/1/environ", "running process"),
    ] {
        let error = resolve(&root, path).unwrap_err().to_string();
        assert!(error.contains(words), "{words}: {error}");
    }
}
