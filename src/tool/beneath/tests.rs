//! What is opened and what is not, by the kernel's way and name by name.

use std::{
    fs,
    os::unix::{fs::symlink, net::UnixListener},
};

use rustix::fs::{CWD, mknodat};

use super::*;

fn place() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let root = fs::canonicalize(dir.path()).unwrap().join("root");
    fs::create_dir_all(root.join("sub/deep")).unwrap();
    fs::write(root.join("sub/file"), "inside").unwrap();
    fs::write(dir.path().join("secret"), "outside").unwrap();
    (dir, root)
}

fn pipe(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
}

type Reach = fn(BorrowedFd<'_>, &Path, OFlags) -> Result<OwnedFd, Errno>;

#[cfg(target_os = "linux")]
const WAYS: [Reach; 2] = [by_kernel, by_name];
#[cfg(not(target_os = "linux"))]
const WAYS: [Reach; 1] = [by_name];

#[test]
fn neither_way_follows_a_link_or_leaves_the_folder() {
    let (_dir, root) = place();
    symlink("sub", root.join("link")).unwrap();
    symlink("file", root.join("sub/to-file")).unwrap();
    symlink("..", root.join("up")).unwrap();
    symlink("/", root.join("top")).unwrap();
    let folder = Folder::open(&root).unwrap();
    for reach in WAYS {
        let reach = |below: &str, flags| reach(folder.as_fd(), Path::new(below), flags);
        for below in ["", "sub", "sub/file", "sub/deep"] {
            reach(below, READ).unwrap();
        }
        for below in ["link", "link/file", "sub/to-file", "up", "up/secret", "top/etc"] {
            assert_eq!(reach(below, READ).unwrap_err(), Errno::LOOP, "{below}");
            assert_eq!(reach(below, FOLDER).unwrap_err(), Errno::LOOP, "{below}");
        }
        for below in ["..", "../secret", "sub/../../secret", "/etc"] {
            assert_eq!(reach(below, READ).unwrap_err(), Errno::XDEV, "{below}");
        }
        assert_eq!(reach("sub/none", READ).unwrap_err(), Errno::NOENT);
        assert_eq!(reach("sub/file/x", READ).unwrap_err(), Errno::NOTDIR);
    }
}

#[test]
fn pipes_sockets_and_devices_are_refused_without_waiting() {
    let (_dir, root) = place();
    pipe(&root.join("pipe"));
    let _listens = UnixListener::bind(root.join("socket")).unwrap();
    let folder = Folder::open(&root).unwrap();
    for name in ["pipe", "socket"] {
        assert!(matches!(open(&root.join(name)), Err(OpenError::Special(_))), "{name}");
        assert!(matches!(folder.file(Path::new(name)), Err(OpenError::Special(_))), "{name}");
    }
    assert!(matches!(open(Path::new("/dev/zero")), Err(OpenError::Special(_))));
    assert!(matches!(folder.file(Path::new("sub")), Err(OpenError::Io { .. })));
}

#[test]
fn a_folder_stays_the_same_when_its_path_is_put_elsewhere() {
    let (dir, root) = place();
    let folder = Folder::open(&root.join("sub")).unwrap();
    fs::rename(root.join("sub"), root.join("moved")).unwrap();
    symlink(dir.path(), root.join("sub")).unwrap();
    folder.replace(OsStr::new("new"), &[b"a", b"b"]).unwrap();
    assert_eq!(fs::read_to_string(root.join("moved/new")).unwrap(), "ab");
    assert!(!dir.path().join("new").exists());
    assert!(matches!(Folder::open(&root.join("sub")), Err(OpenError::Changed(_))));
    assert!(matches!(Folder::create(&root.join("sub/x")), Err(OpenError::Changed(_))));
    assert!(matches!(open(&root.join("sub/secret")), Err(OpenError::Changed(_))));
}

#[test]
fn a_link_at_the_place_of_a_file_is_replaced_and_its_target_left() {
    let (dir, root) = place();
    symlink("../secret", root.join("file")).unwrap();
    Folder::open(&root).unwrap().replace(OsStr::new("file"), &[b"new"]).unwrap();
    assert_eq!(fs::read_to_string(dir.path().join("secret")).unwrap(), "outside");
    assert_eq!(fs::read_to_string(root.join("file")).unwrap(), "new");
    assert_eq!(fs::read_dir(&root).unwrap().count(), 2, "nothing is left behind");
}

#[test]
fn folders_are_made_where_they_are_missing() {
    let (_dir, root) = place();
    Folder::create(&root.join("a/b")).unwrap().replace(OsStr::new("c"), &[b""]).unwrap();
    assert!(root.join("a/b/c").is_file());
    assert!(matches!(Folder::create(&root.join("sub/file/x")), Err(OpenError::Io { .. })));
}

#[test]
fn entries_are_held_only_without_a_link_on_the_way() {
    let (dir, root) = place();
    symlink(dir.path(), root.join("out")).unwrap();
    let folder = Folder::open(&root).unwrap();
    for (below, held) in
        [("sub/file", true), ("out", true), ("out/secret", false), ("none", false), ("..", false)]
    {
        assert_eq!(folder.holds(Path::new(below)), held, "{below}");
    }
    let mut names: Vec<_> = folder.names().collect();
    names.sort();
    assert_eq!(names, ["out", "sub"]);
}
