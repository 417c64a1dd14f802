//! The layer itself: a VFS that asks for [`Orders`](super::Orders) before it passes a call on to the usual one.
//! <https://www.sqlite.org/vfs.html>
#![expect(unsafe_code, reason = "a VFS is a table of C functions over memory that SQLite allocates")]

use std::{
    ffi::{CStr, c_char, c_int, c_void},
    path::Path,
    ptr, slice,
    sync::OnceLock,
};

use rusqlite::ffi;

use super::{Operation, orders};

/// The usual VFS.
struct Usual(*mut ffi::sqlite3_vfs);

// SAFETY: SQLite's own VFS lives as long as the process and may be called from any thread.
unsafe impl Send for Usual {}
// SAFETY: as above.
unsafe impl Sync for Usual {}

static USUAL: OnceLock<Usual> = OnceLock::new();

fn usual() -> *mut ffi::sqlite3_vfs {
    USUAL.get().map_or(ptr::null_mut(), |usual| usual.0)
}

/// Makes the layer the default of all connections to come.
pub(super) fn register() -> bool {
    // SAFETY: the usual VFS is copied, with room for our part of a file; the copy is never freed.
    unsafe {
        let below = ffi::sqlite3_vfs_find(ptr::null());
        if below.is_null() || USUAL.set(Usual(below)).is_err() {
            return false;
        }
        let mut ours = ptr::read(below);
        ours.szOsFile += c_int::try_from(size_of::<Watched>()).unwrap_or(c_int::MAX);
        ours.zName = c"watched".as_ptr();
        ours.xOpen = Some(open);
        ours.xDelete = Some(delete);
        ffi::sqlite3_vfs_register(Box::leak(Box::new(ours)), 1) == ffi::SQLITE_OK
    }
}

/// An open file of ours; the usual VFS's file follows it in memory.
#[repr(C)]
struct Watched {
    base: ffi::sqlite3_file,
    /// Its name where it is one of ours, on the heap; null for others, which are passed on only.
    name: *mut String,
}

/// The usual VFS's file.
fn below(file: *mut ffi::sqlite3_file) -> *mut ffi::sqlite3_file {
    // SAFETY: SQLite allocates `szOsFile` bytes for each file, ours first.
    unsafe { file.cast::<Watched>().add(1).cast() }
}

/// The name of a file that is one of ours.
fn name<'a>(file: *mut ffi::sqlite3_file) -> Option<&'a str> {
    // SAFETY: `open` wrote the name, and `close` frees it as the last call for this file.
    unsafe { (*file.cast::<Watched>()).name.as_ref().map(String::as_str) }
}

/// The last component of a path, where it is our database or stands beside it.
fn ours(path: *const c_char) -> Option<String> {
    if path.is_null() {
        return None;
    }
    // SAFETY: SQLite's file names end with a zero.
    let path = unsafe { CStr::from_ptr(path) }.to_str().ok()?;
    let name = Path::new(path).file_name()?.to_str()?;
    name.starts_with("agentls.db").then(|| name.to_owned())
}

unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    path: *const c_char,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    let name = ours(path);
    // SAFETY: the memory is large enough (`szOsFile`), and SQLite calls no method before this returns.
    unsafe {
        (*file).pMethods = ptr::null();
        if let Some(code) = name.as_ref().and_then(|name| orders().strikes(Operation::Open, name)) {
            return code;
        }
        let Some(call) = (*usual()).xOpen else { return ffi::SQLITE_CANTOPEN };
        let code = call(usual(), path, below(file), flags, out);
        if code == ffi::SQLITE_OK {
            (*file.cast::<Watched>()).name =
                name.map_or(ptr::null_mut(), |name| Box::into_raw(Box::new(name)));
            (*file).pMethods = &raw const METHODS;
        }
        code
    }
}

unsafe extern "C" fn delete(_: *mut ffi::sqlite3_vfs, path: *const c_char, sync: c_int) -> c_int {
    let name = ours(path);
    if let Some(code) = name.as_ref().and_then(|name| orders().strikes(Operation::Delete, name)) {
        return code;
    }
    // SAFETY: passed on as it came.
    let code = unsafe {
        let Some(call) = (*usual()).xDelete else { return ffi::SQLITE_IOERR_DELETE };
        call(usual(), path, sync)
    };
    if let (ffi::SQLITE_OK, Some(name)) = (code, name) {
        orders().record(b'D', &name, i64::from(sync), &[]);
    }
    code
}

/// Passes a call on to the usual VFS's file.
macro_rules! pass_on {
    ($file:expr, $method:ident $(, $argument:expr)*) => {{
        let below = below($file);
        // SAFETY: the file is open, and the arguments are passed on as they came.
        unsafe {
            match (*below).pMethods.as_ref().and_then(|methods| methods.$method) {
                Some(call) => call(below $(, $argument)*),
                None => ffi::SQLITE_IOERR,
            }
        }
    }};
}

/// Functions that only pass on.
macro_rules! transparent {
    ($($function:ident = $method:ident($($argument:ident: $kind:ty),*);)*) => {$(
        unsafe extern "C" fn $function(file: *mut ffi::sqlite3_file $(, $argument: $kind)*) -> c_int {
            pass_on!(file, $method $(, $argument)*)
        }
    )*};
}

transparent! {
    file_size = xFileSize(size: *mut i64);
    lock = xLock(level: c_int);
    unlock = xUnlock(level: c_int);
    check_reserved_lock = xCheckReservedLock(out: *mut c_int);
    file_control = xFileControl(operation: c_int, argument: *mut c_void);
    sector_size = xSectorSize();
    device_characteristics = xDeviceCharacteristics();
    shm_lock = xShmLock(offset: c_int, count: c_int, flags: c_int);
    shm_unmap = xShmUnmap(delete: c_int);
}

/// The failure that was ordered for this operation on this file.
fn struck(file: *mut ffi::sqlite3_file, operation: Operation) -> Option<c_int> {
    name(file).and_then(|name| orders().strikes(operation, name))
}

/// Records a change that was made.
fn recorded(file: *mut ffi::sqlite3_file, code: c_int, letter: u8, number: i64, bytes: &[u8]) -> c_int {
    if let (ffi::SQLITE_OK, Some(name)) = (code, name(file)) {
        orders().record(letter, name, number, bytes);
    }
    code
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    let code = pass_on!(file, xClose);
    // SAFETY: the name was made by `open`, and nothing follows `close`.
    unsafe {
        let name = std::mem::replace(&mut (*file.cast::<Watched>()).name, ptr::null_mut());
        if !name.is_null() {
            drop(Box::from_raw(name));
        }
    }
    code
}

unsafe extern "C" fn read(
    file: *mut ffi::sqlite3_file,
    to: *mut c_void,
    amount: c_int,
    offset: i64,
) -> c_int {
    struck(file, Operation::Read).unwrap_or_else(|| pass_on!(file, xRead, to, amount, offset))
}

/// A write that finds the disk full has written the half of it.
unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    from: *const c_void,
    amount: c_int,
    offset: i64,
) -> c_int {
    if let Some(code) = struck(file, Operation::Write) {
        if code == ffi::SQLITE_FULL {
            pass_on!(file, xWrite, from, amount / 2, offset);
        }
        return code;
    }
    let code = pass_on!(file, xWrite, from, amount, offset);
    // SAFETY: SQLite hands over so many bytes.
    let bytes = unsafe { slice::from_raw_parts(from.cast::<u8>(), usize::try_from(amount).unwrap_or(0)) };
    recorded(file, code, b'W', offset, bytes)
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, size: i64) -> c_int {
    struck(file, Operation::Truncate)
        .unwrap_or_else(|| recorded(file, pass_on!(file, xTruncate, size), b'T', size, &[]))
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, flags: c_int) -> c_int {
    struck(file, Operation::Sync)
        .unwrap_or_else(|| recorded(file, pass_on!(file, xSync, flags), b'S', 0, &[]))
}

unsafe extern "C" fn shm_map(
    file: *mut ffi::sqlite3_file,
    page: c_int,
    size: c_int,
    extend: c_int,
    out: *mut *mut c_void,
) -> c_int {
    struck(file, Operation::Map).unwrap_or_else(|| pass_on!(file, xShmMap, page, size, extend, out.cast()))
}

unsafe extern "C" fn shm_barrier(file: *mut ffi::sqlite3_file) {
    let below = below(file);
    // SAFETY: the file is open.
    unsafe {
        if let Some(call) = (*below).pMethods.as_ref().and_then(|methods| methods.xShmBarrier) {
            call(below);
        }
    }
}

/// Version 2: with shared memory, without memory mapping, which we do not use.
static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};
