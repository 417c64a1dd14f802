//! What a name is really called: some file systems find `Secret` under `secret`, and `é` under either of its spellings.
//!
//! Rules speak about names, so a denied `secret/*` has to hold for `SECRET/x` as well where both are the same folder
//! (macOS; ext4, F2FS and tmpfs on request). A file system that folds shows itself: the same entry answers to another
//! spelling. Only then the folder is read to see which spelling is its own.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, Metadata},
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::Path,
};

/// The entries of a folder that are looked through, at most.
pub(in crate::permission) const MOST_ENTRIES: usize = 100_000;

/// The spelling that the folder itself has of the entry that `name` leads to; `about` is that entry. `name` when the
/// folder tells spellings apart, or does not show what it holds.
pub(super) fn as_it_is(folder: &Path, name: &OsStr, about: &Metadata) -> OsString {
    let same = |other: &Metadata| (other.dev(), other.ino()) == (about.dev(), about.ino());
    let answers_to =
        |other: OsString| fs::symlink_metadata(folder.join(other)).is_ok_and(|other| same(&other));
    if name.is_ascii() && !respelled(name).is_some_and(answers_to) {
        return name.to_owned();
    }
    let entries = || fs::read_dir(folder).into_iter().flatten().take(MOST_ENTRIES).filter_map(Result::ok);
    if entries().any(|entry| entry.file_name() == name) {
        return name.to_owned();
    }
    let of_it = entries().filter(|entry| entry.metadata().is_ok_and(|other| same(&other)));
    let folded = |name: &OsStr| name.to_string_lossy().to_lowercase();
    // An entry may have other names besides, which mean something else to a rule.
    of_it
        .map(|entry| entry.file_name())
        .min_by_key(|its| folded(its) != folded(name))
        .unwrap_or_else(|| name.to_owned())
}

/// It with its first letter in the other case; `None` where there is no letter.
fn respelled(name: &OsStr) -> Option<OsString> {
    let mut bytes = name.as_bytes().to_owned();
    let letter = bytes.iter_mut().find(|byte| byte.is_ascii_alphabetic())?;
    *letter =
        if letter.is_ascii_lowercase() { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() };
    Some(OsStr::from_bytes(&bytes).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder in which an entry answers to two spellings, as where the file system folds; its own is `secret`.
    #[test]
    fn a_folder_that_folds_gives_its_own_spelling() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("secret");
        fs::write(&file, "").unwrap();
        fs::hard_link(&file, dir.path().join("sECRET")).unwrap();
        fs::hard_link(&file, dir.path().join("another")).unwrap();
        let about = fs::metadata(&file).unwrap();
        let it = |name: &str| as_it_is(dir.path(), OsStr::new(name), &about).into_string().unwrap();
        assert_eq!(it("SECRET").to_lowercase(), "secret");
        assert_ne!(it("SECRET"), "SECRET");
        // Accents that are written apart are found by the entry, too.
        assert_ne!(it("se\u{301}cret"), "se\u{301}cret");
    }

    #[test]
    fn elsewhere_a_name_is_as_it_was_asked_for() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["secret", "Secret", "123", "é"] {
            fs::write(dir.path().join(name), "").unwrap();
            let about = fs::metadata(dir.path().join(name)).unwrap();
            assert_eq!(as_it_is(dir.path(), OsStr::new(name), &about), name);
        }
    }
}
