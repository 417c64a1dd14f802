//! How the allocator of the process keeps memory: what a large tool output needed goes back to the system.
//!
//! By itself glibc gives each thread a heap of its own and learns to keep large blocks in them, so that a process that
//! lives for days ends up with the largest output that each of its threads ever held. Elsewhere there is nothing to set.

/// Heaps of the process. The threads share them; they allocate little at the same moment.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const HEAPS: libc::c_int = 2;

/// A block of so many bytes has a mapping of its own, and the end of a heap goes back when so much of it is free.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE: libc::c_int = 128 * 1024;

/// Sets it. Called before any thread is started.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(unsafe_code)]
pub(crate) fn keep_little() {
    // SAFETY: it sets numbers of the allocator and touches no memory of ours. One that is refused stays as it was.
    // <https://man7.org/linux/man-pages/man3/mallopt.3.html>
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, HEAPS);
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE);
        libc::mallopt(libc::M_TRIM_THRESHOLD, LARGE);
    }
}

/// Nothing to set here.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn keep_little() {}
