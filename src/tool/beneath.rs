//! Opening the place that a permission was given for, and no other.
//!
//! Between the look at a path ([`crate::permission::path`]) and its opening anybody may put a link, a pipe or a device
//! in its way. So a place is opened from the root of the file system downward without following a single link: what was
//! found free of links, shown and allowed is opened, or nothing is. The kernel does that in one step where it can
//! (`openat2(2)`, Linux 5.6), else each name is opened in the folder before it. What is opened is looked at again: only
//! files and folders are handed out, and a pipe cannot make anybody wait (invariant 12).

use std::{
    ffi::{OsStr, OsString},
    fs::File,
    io::{self, Write},
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    path::{Component, Path, PathBuf},
};

use rustix::{
    fs::{AtFlags, Dir, FileType, Mode, OFlags, fstat, mkdirat, openat, renameat, statat, unlinkat},
    io::Errno,
};

use super::ToolError;
use crate::transcript::PartId;

/// Why a place was not opened. The texts name it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// What was allowed is no longer what stands there.
    #[error(
        "{} has become a link, or lies behind one that was not there a moment ago; nothing was opened",
        .0.display()
    )]
    Changed(PathBuf),
    /// Neither a file nor a folder.
    #[error("{} is a device, a pipe or a socket, not a file or a folder", .0.display())]
    Special(PathBuf),
    /// There is nothing.
    #[error("{} does not exist", .0.display())]
    Missing(PathBuf),
    /// The system has another reason.
    #[error("{} cannot be opened: {source}", path.display())]
    Io {
        /// What was to be opened.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
}

impl OpenError {
    fn new(path: &Path, errno: Errno) -> Self {
        let path = path.to_owned();
        match errno {
            Errno::LOOP => Self::Changed(path),
            Errno::NOENT => Self::Missing(path),
            // A socket, or a device without a driver.
            Errno::NXIO | Errno::NODEV => Self::Special(path),
            errno => Self::Io { path, source: errno.into() },
        }
    }
}

impl From<OpenError> for ToolError {
    fn from(error: OpenError) -> Self {
        Self::Failed(error.to_string())
    }
}

/// What was opened.
#[derive(Debug)]
pub(crate) enum Opened {
    /// A file, for reading.
    File(File),
    /// A folder.
    Folder(Folder),
}

/// Opens what stands at `path`, which is absolute and free of links, for reading.
pub(crate) fn open(path: &Path) -> Result<Opened, OpenError> {
    let fd = reach(top(path)?.as_fd(), below_top(path), READ).map_err(|errno| OpenError::new(path, errno))?;
    match kind(&fd) {
        Ok(FileType::RegularFile) => Ok(Opened::File(File::from(fd))),
        Ok(FileType::Directory) => Ok(Opened::Folder(Folder { fd, path: path.to_owned() })),
        Ok(_) => Err(OpenError::Special(path.to_owned())),
        Err(errno) => Err(OpenError::new(path, errno)),
    }
}

/// A folder that was reached without following a link. It stays the same folder whatever happens to its path.
#[derive(Debug)]
pub(crate) struct Folder {
    fd: OwnedFd,
    path: PathBuf,
}

impl Folder {
    /// The folder at `path`, which is absolute and free of links.
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        let fd = reach(top(path)?.as_fd(), below_top(path), FOLDER)
            .map_err(|errno| OpenError::new(path, errno))?;
        Ok(Self { fd, path: path.to_owned() })
    }

    /// The folder at `path`, made with those above it where they are missing.
    pub(super) fn create(path: &Path) -> Result<Self, OpenError> {
        match Self::open(path) {
            Err(OpenError::Missing(_)) => {}
            opened => return opened,
        }
        let mut at = top(path)?;
        let mut made = PathBuf::from("/");
        for name in below_top(path) {
            made.push(name);
            at = enter(&at, name).map_err(|errno| OpenError::new(&made, errno))?;
        }
        Ok(Self { fd: at, path: path.to_owned() })
    }

    /// The file at `below`, a path in this folder without links, for reading.
    pub(super) fn file(&self, below: &Path) -> Result<File, OpenError> {
        let path = || self.path.join(below);
        let fd = reach(self.fd.as_fd(), below, READ).map_err(|errno| OpenError::new(&path(), errno))?;
        match kind(&fd) {
            Ok(FileType::RegularFile) => Ok(File::from(fd)),
            Ok(FileType::Directory) => Err(OpenError::new(&path(), Errno::ISDIR)),
            Ok(_) => Err(OpenError::Special(path())),
            Err(errno) => Err(OpenError::new(&path(), errno)),
        }
    }

    /// Whether an entry is at `below` without a link on the way; the entry itself may be one.
    pub(super) fn holds(&self, below: &Path) -> bool {
        let (Some(name), Some(above)) = (below.file_name(), below.parent()) else { return false };
        reach(self.fd.as_fd(), above, FOLDER)
            .and_then(|folder| statat(folder, name, AtFlags::SYMLINK_NOFOLLOW))
            .is_ok()
    }

    /// The names in it, in the order of the file system; those that cannot be read are left out.
    pub(super) fn names(&self) -> impl Iterator<Item = OsString> {
        let entries = openat(&self.fd, ".", READ, Mode::empty()).and_then(Dir::new).ok();
        entries.into_iter().flatten().filter_map(Result::ok).filter_map(|entry| {
            let name = entry.file_name().to_bytes();
            (name != b"." && name != b"..").then(|| OsStr::from_bytes(name).to_owned())
        })
    }

    /// Puts a file with this content at `name` in one step: a reader sees what was there or the new file, never a half.
    /// A file that was there gives it its mode; a link that is put there meanwhile is replaced, not followed.
    pub(super) fn replace(&self, name: &OsStr, content: &[&[u8]]) -> io::Result<()> {
        // Any name that nobody else can have will do.
        let temporary = format!(".{}.agentls", PartId::random());
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(openat(&self.fd, &temporary, flags, Mode::from_raw_mode(0o666))?);
        let written = (|| {
            for piece in content {
                file.write_all(piece)?;
            }
            if let Ok(old) = self.file(Path::new(name)) {
                file.set_permissions(old.metadata()?.permissions())?;
            }
            file.sync_all()?;
            Ok(renameat(&self.fd, &temporary, &self.fd, name)?)
        })();
        if written.is_err()
            && let Err(error) = unlinkat(&self.fd, &temporary, AtFlags::empty())
        {
            tracing::warn!(%error, "a temporary file was left behind");
        }
        written
    }

    /// Removes the file or link at `name`.
    pub(super) fn remove(&self, name: &OsStr) -> io::Result<()> {
        Ok(unlinkat(&self.fd, name, AtFlags::empty())?)
    }
}

impl From<Folder> for OwnedFd {
    fn from(folder: Folder) -> Self {
        folder.fd
    }
}

impl AsFd for Folder {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// For reading, without waiting for whoever writes into a pipe and without becoming a terminal's process.
const READ: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

/// To go on from there; a folder that may be entered need not be readable, where the system has a flag for that.
#[cfg(target_os = "linux")]
const FOLDER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
#[cfg(not(target_os = "linux"))]
const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// The root of the file system, where every absolute path begins.
fn top(path: &Path) -> Result<OwnedFd, OpenError> {
    rustix::fs::open("/", FOLDER, Mode::empty()).map_err(|errno| OpenError::new(path, errno))
}

fn below_top(path: &Path) -> &Path {
    path.strip_prefix("/").unwrap_or(path)
}

/// The folder `name` in `folder`; made if there is none.
fn enter(folder: &OwnedFd, name: &OsStr) -> Result<OwnedFd, Errno> {
    let opened = reach(folder.as_fd(), Path::new(name), FOLDER);
    if opened.as_ref().err() != Some(&Errno::NOENT) {
        return opened;
    }
    match mkdirat(folder, name, Mode::from_raw_mode(0o777)) {
        Ok(()) | Err(Errno::EXIST) => reach(folder.as_fd(), Path::new(name), FOLDER),
        Err(errno) => Err(errno),
    }
}

fn kind(fd: &OwnedFd) -> Result<FileType, Errno> {
    Ok(FileType::from_raw_mode(fstat(fd)?.st_mode))
}

/// Opens `below`, relative to `base`, without leaving it and without following a link.
#[cfg(target_os = "linux")]
fn reach(base: BorrowedFd<'_>, below: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
    match by_kernel(base, below, flags) {
        // The kernel is older, or a filter of system calls does not know this one.
        Err(Errno::NOSYS | Errno::PERM) => by_name(base, below, flags),
        opened => opened,
    }
}

#[cfg(not(target_os = "linux"))]
fn reach(base: BorrowedFd<'_>, below: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
    by_name(base, below, flags)
}

#[cfg(target_os = "linux")]
fn by_kernel(base: BorrowedFd<'_>, below: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
    use rustix::fs::{ResolveFlags, openat2};
    let below = if below.as_os_str().is_empty() { Path::new(".") } else { below };
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    rustix::io::retry_on_intr(|| openat2(base, below, flags, Mode::empty(), resolve))
}

/// Name by name, each in the folder that was opened before it.
fn by_name(base: BorrowedFd<'_>, below: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
    let flags = flags | OFlags::NOFOLLOW;
    let mut at: Option<OwnedFd> = None;
    let mut names = below.components().peekable();
    while let Some(part) = names.next() {
        let Component::Normal(name) = part else { return Err(Errno::XDEV) };
        let folder = at.as_ref().map_or(base, AsFd::as_fd);
        if names.peek().is_none() {
            return open_name(folder, name, flags);
        }
        at = Some(open_name(folder, name, FOLDER | OFlags::NOFOLLOW)?);
    }
    openat(base, ".", flags, Mode::empty())
}

/// One name. A link that is not followed is "not a directory" to some calls: it is told as what it is.
fn open_name(folder: BorrowedFd<'_>, name: &OsStr, flags: OFlags) -> Result<OwnedFd, Errno> {
    let is_link = || {
        let about = statat(folder, name, AtFlags::SYMLINK_NOFOLLOW);
        about.is_ok_and(|about| FileType::from_raw_mode(about.st_mode) == FileType::Symlink)
    };
    openat(folder, name, flags, Mode::empty())
        .map_err(|errno| if errno == Errno::NOTDIR && is_link() { Errno::LOOP } else { errno })
}

#[cfg(test)]
mod tests;
