//! Reading a configuration file: whatever lies there, it ends, and what is wrong has a name.
//!
//! A project's file is somebody else's: a pipe or a device in its place is refused and never waited for.

use std::{
    io::{self, ErrorKind},
    path::Path,
};

use crate::workspace::regular;

/// The largest file that is read, in bytes.
pub(in crate::workspace) const MAX_FILE: u64 = 1024 * 1024;

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreadable {
    #[error("is a folder")]
    Folder,
    #[error("is not an ordinary file")]
    Special,
    #[error("is larger than {MAX_FILE} bytes")]
    TooLarge,
    #[error("is UTF-16")]
    Utf16,
    #[error("is not UTF-8 from byte {0} on")]
    NotUtf8(usize),
    #[error("cannot be read: {0}")]
    System(#[from] io::Error),
}

impl Unreadable {
    /// What to do about it.
    pub(super) fn cure(&self) -> &'static str {
        match self {
            Self::Folder | Self::Special => "Put a file with your settings in its place.",
            Self::TooLarge => "Take out what is no configuration.",
            Self::Utf16 | Self::NotUtf8(_) => "Save it as UTF-8.",
            Self::System(_) => "Give yourself the right to read it (`agentls doctor` shows the modes).",
        }
    }
}

/// The text of a file; `None` when it is not there.
pub(super) fn read(path: &Path) -> Result<Option<String>, Unreadable> {
    match regular::read(path, MAX_FILE) {
        Ok((_, size)) if size > MAX_FILE => Err(Unreadable::TooLarge),
        Ok((bytes, _)) => decode(bytes).map(Some),
        Err(error) => match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => Ok(None),
            ErrorKind::InvalidInput if path.is_dir() => Err(Unreadable::Folder),
            ErrorKind::InvalidInput => Err(Unreadable::Special),
            _ => Err(error.into()),
        },
    }
}

fn decode(bytes: Vec<u8>) -> Result<String, Unreadable> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(Unreadable::Utf16);
    }
    String::from_utf8(bytes).map_err(|error| Unreadable::NotUtf8(error.utf8_error().valid_up_to()))
}
