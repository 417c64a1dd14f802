//! A disk that fails, and one that can be asked what was written to it when, below our database, its WAL and its journal.
//!
//! SQLite's own table of replaceable system calls has no `fsync`, so this is a layer ([`vfs`]) that passes everything on
//! to the usual one. It is put in place only when the environment asks for it:
//!
//! * `AGENTLS_DISK="write:7:ENOSPC"`: the seventh write fails; `"sync:3:EIO:<file>"`: from the third on all do, for as
//!   long as `<file>` is there. `AGENTLS_DISK_FAILED` names a file that gets a line for each failure.
//! * `AGENTLS_DISK_TRACE` names a file that gets a [`record`](Trace::record) of each change.

mod vfs;

use std::{
    fs::{File, OpenOptions},
    io::Write,
    path::PathBuf,
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use rusqlite::ffi;

/// What is done to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Read,
    Write,
    Sync,
    Truncate,
    Open,
    Delete,
    /// Sharing the WAL's index between processes.
    Map,
}

impl Operation {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "read" => Self::Read,
            "write" => Self::Write,
            "sync" => Self::Sync,
            "truncate" => Self::Truncate,
            "open" => Self::Open,
            "delete" => Self::Delete,
            "map" => Self::Map,
            _ => return None,
        })
    }

    /// What SQLite's file layer says of a failure. <https://www.sqlite.org/rescode.html>
    fn failure(self, full: bool) -> std::ffi::c_int {
        match (self, full) {
            (Self::Read, true) => ffi::SQLITE_IOERR_READ,
            (Self::Read, false) => ffi::SQLITE_IOERR_CORRUPTFS,
            (Self::Write, true) => ffi::SQLITE_FULL,
            (Self::Write, false) => ffi::SQLITE_IOERR_WRITE,
            (Self::Sync, _) => ffi::SQLITE_IOERR_FSYNC,
            (Self::Truncate, _) => ffi::SQLITE_IOERR_TRUNCATE,
            (Self::Open, _) => ffi::SQLITE_CANTOPEN,
            (Self::Delete, _) => ffi::SQLITE_IOERR_DELETE,
            (Self::Map, true) => ffi::SQLITE_IOERR_SHMSIZE,
            (Self::Map, false) => ffi::SQLITE_IOERR_SHMMAP,
        }
    }
}

/// A failure that was ordered.
struct Fault {
    operation: Operation,
    /// The first one that fails, counted from 1.
    first: u64,
    /// ENOSPC, else EIO.
    full: bool,
    /// All later ones fail too while this file is there.
    lasts_while: Option<PathBuf>,
    report: Option<PathBuf>,
    passed: AtomicU64,
}

impl Fault {
    fn ordered(order: &str, report: Option<PathBuf>) -> Option<Self> {
        let mut words = order.splitn(4, ':');
        let fault = Self {
            operation: Operation::named(words.next()?)?,
            first: words.next()?.parse().ok()?,
            full: words.next()? == "ENOSPC",
            lasts_while: words.next().map(PathBuf::from),
            report,
            passed: AtomicU64::new(0),
        };
        Some(fault)
    }

    /// Whether this operation fails, and with what.
    fn strikes(&self, operation: Operation, file: &str) -> Option<std::ffi::c_int> {
        if operation != self.operation {
            return None;
        }
        let number = self.passed.fetch_add(1, Ordering::SeqCst) + 1;
        let strikes = match &self.lasts_while {
            None => number == self.first,
            Some(path) => number >= self.first && path.exists(),
        };
        if !strikes {
            return None;
        }
        if let Some(report) = &self.report {
            let line = format!("{operation:?} {number} of {file}\n");
            let written = OpenOptions::new().create(true).append(true).open(report);
            if let Err(error) = written.and_then(|mut report| report.write_all(line.as_bytes())) {
                tracing::error!(%error, "a failure of the disk is not reported");
            }
        }
        Some(operation.failure(self.full))
    }
}

/// What was changed on the disk, in order.
struct Trace(Mutex<File>);

impl Trace {
    fn into(path: PathBuf) -> Option<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path);
        file.inspect_err(|error| tracing::error!(%error, "the disk's trace")).ok().map(Mutex::new).map(Self)
    }

    /// Appends a record: a letter for the operation (`W`rite, `S`ync, `T`runcate, `D`elete), the length of the file's
    /// name (one byte), the name, an offset or a size (u64), the number of bytes (u64), the bytes. Numbers are
    /// little-endian.
    fn record(&self, letter: u8, file: &str, number: u64, bytes: &[u8]) {
        let mut record = vec![letter, u8::try_from(file.len()).unwrap_or(u8::MAX)];
        record.extend(file.bytes().take(usize::from(u8::MAX)));
        record.extend(number.to_le_bytes());
        record.extend((bytes.len() as u64).to_le_bytes());
        record.extend(bytes);
        if let Err(error) = self.0.lock().unwrap_or_else(PoisonError::into_inner).write_all(&record) {
            tracing::error!(%error, "the disk's trace");
        }
    }
}

/// What the environment asks for.
#[derive(Default)]
struct Orders {
    fault: Option<Fault>,
    trace: Option<Trace>,
}

impl Orders {
    fn of_the_environment() -> Self {
        let path = |name: &str| std::env::var_os(name).map(PathBuf::from);
        let order = std::env::var("AGENTLS_DISK").unwrap_or_default();
        Self {
            fault: Fault::ordered(&order, path("AGENTLS_DISK_FAILED")),
            trace: path("AGENTLS_DISK_TRACE").and_then(Trace::into),
        }
    }

    fn strikes(&self, operation: Operation, file: &str) -> Option<std::ffi::c_int> {
        self.fault.as_ref()?.strikes(operation, file)
    }

    fn record(&self, letter: u8, file: &str, number: i64, bytes: &[u8]) {
        if let Some(trace) = &self.trace {
            trace.record(letter, file, u64::try_from(number).unwrap_or(0), bytes);
        }
    }
}

static ORDERS: OnceLock<Orders> = OnceLock::new();

/// The orders, once the layer is in place.
fn orders() -> &'static Orders {
    ORDERS.get_or_init(Orders::default)
}

/// Puts the layer in place for all connections that are opened from now on, if the environment asks for it.
pub fn install() {
    if ORDERS.get().is_some() {
        return;
    }
    let orders = Orders::of_the_environment();
    let wanted = orders.fault.is_some() || orders.trace.is_some();
    if ORDERS.set(orders).is_ok() && wanted && !vfs::register() {
        tracing::error!("the failing disk is not in place");
    }
}
