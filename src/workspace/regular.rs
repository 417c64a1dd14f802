//! Reading files that a repository brings: regular files only, a beginning of known size, never a wait.
//!
//! A repository may put a pipe, a device or a folder where a file is expected. Opening such a thing must not make
//! anything wait, and reading it must not fill memory (invariant 9).

use std::{
    fs::{File, Metadata, OpenOptions},
    io::{self, Read},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use rustix::fs::OFlags;

/// The first `most` bytes of a regular file, and the file's size in bytes. Links are followed; what is no regular file
/// is an error of the kind `InvalidInput`.
pub(super) fn read(path: &Path, most: u64) -> io::Result<(Vec<u8>, u64)> {
    let (file, about) = open(path)?;
    let mut content = Vec::new();
    file.take(most).read_to_end(&mut content)?;
    Ok((content, about.len()))
}

/// A regular file, and what the system says of it.
pub(super) fn open(path: &Path) -> io::Result<(File, Metadata)> {
    // A pipe opens at once like this, and is recognised before anything is read from it.
    let file =
        OpenOptions::new().read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path)?;
    let about = file.metadata()?;
    if about.is_file() {
        Ok((file, about))
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_file_is_read_up_to_the_cap_and_nothing_else_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::write(at("file"), "content").unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, at("pipe"), rustix::fs::Mode::RUSR).unwrap();
        symlink("/dev/zero", at("endless")).unwrap();
        assert_eq!(read(&at("file"), 4).unwrap(), (b"cont".to_vec(), 7));
        for path in [at("pipe"), at("endless"), dir.path().to_owned()] {
            assert_eq!(read(&path, 4).unwrap_err().kind(), io::ErrorKind::InvalidInput, "{}", path.display());
        }
        assert_eq!(read(&at("none"), 4).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
