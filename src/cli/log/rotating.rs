//! A file that is set aside when it is full. Several processes may write the same one.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use agentls::workspace::paths;

/// Size at which the file is set aside, in bytes.
const LIMIT: u64 = 10 * 1024 * 1024;

/// Files that are kept: `log`, `log.1` and `log.2`.
const KEPT: u32 = 3;

/// Opened with the first line, mode 0600.
pub(super) struct RotatingFile {
    path: PathBuf,
    limit: u64,
    file: Option<File>,
}

impl RotatingFile {
    /// Touches nothing yet.
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, limit: LIMIT, file: None }
    }

    /// The file to write `more` bytes to.
    fn ready(&mut self, more: u64) -> io::Result<&mut File> {
        let file = match self.file.take() {
            Some(file) => file,
            None => open(&self.path)?,
        };
        // The file's own size counts: other processes write to it too.
        let full = file.metadata()?.len() + more > self.limit;
        let file = if full { self.next_file(more)? } else { file };
        Ok(self.file.insert(file))
    }

    /// Sets the full file aside, unless another process has done so already.
    fn next_file(&self, more: u64) -> io::Result<File> {
        let current = fs::metadata(&self.path).map_or(0, |meta| meta.len());
        if current > 0 && current + more > self.limit {
            for number in (1..KEPT).rev() {
                let older = numbered(&self.path, number);
                match fs::rename(numbered(&self.path, number - 1), older) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
        }
        open(&self.path)
    }
}

impl Write for RotatingFile {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.ready(line.len() as u64)?.write(line)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(directory) = path.parent() {
        paths::create_private(directory)?;
    }
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

/// `log` for 0, `log.1` for 1 and so on.
fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    if number > 0 {
        name.push(format!(".{number}"));
    }
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn small(path: &Path) -> RotatingFile {
        RotatingFile { limit: 10, ..RotatingFile::new(path.to_owned()) }
    }

    #[test]
    fn three_files_are_kept_and_no_line_is_split() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("new/log");
        let mut log = small(&path);
        for line in ["one111\n", "two222\n", "three3\n", "four44\n"] {
            log.write_all(line.as_bytes()).unwrap();
        }
        let read = |number| fs::read_to_string(numbered(&path, number)).unwrap();
        assert_eq!([read(0), read(1), read(2)], ["four44\n", "three3\n", "two222\n"]);
        assert!(!numbered(&path, 3).exists());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn two_writers_set_a_full_file_aside_once() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let (mut one, mut other) = (small(&path), small(&path));
        one.write_all(b"11111111\n").unwrap();
        other.write_all(b"22222222\n").unwrap();
        one.write_all(b"3\n").unwrap();
        other.write_all(b"444\n").unwrap();
        let read = |number| fs::read_to_string(numbered(&path, number)).unwrap();
        assert_eq!([read(0), read(1), read(2)], ["3\n444\n", "22222222\n", "11111111\n"]);
    }
}
