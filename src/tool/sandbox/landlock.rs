//! Landlock: a process restricts itself, and whatever it starts, for good.
//!
//! <https://docs.kernel.org/userspace-api/landlock.html>. Access that the kernel does not know yet is not held, which
//! [`super::Status`] says by its interface version. What is built here is the version that this was tested with.

use std::{
    io,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, PathBeneath, RestrictSelf, RestrictSelfAttr,
    RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};
use rustix::{
    fs::{Mode, OFlags},
    io::Errno,
};

use crate::tool::beneath::Folder;

/// What is asked of the kernel: later versions need a look at what they would deny.
const TESTED: ABI = ABI::V7;

/// Devices that belong to no one: where output is thrown away, and terminals. Only for writing into.
const DEVICES: [&str; 8] = [
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/tty",
    "/dev/ptmx",
    "/dev/pts",
];

/// What will hold a process, known to the kernel.
pub(in crate::tool) struct Ruleset(RulesetCreated);

impl Ruleset {
    /// Roots that are gone, or have become links, are left out: nothing can be written there then. So are shared places
    /// that are not there.
    pub(super) fn new(roots: &[PathBuf], shared: &[PathBuf], network: bool) -> io::Result<Self> {
        let roots = roots.iter().filter_map(|root| match Folder::open(root) {
            Ok(folder) => Some(OwnedFd::from(folder)),
            Err(error) => {
                tracing::debug!(%error, "a place is not writable in the sandbox");
                None
            }
        });
        let shared = shared.iter().filter_map(|path| point_to(path));
        let whole: Vec<OwnedFd> = roots.chain(shared).collect();
        build(whole, network).map(Self).map_err(io::Error::other)
    }

    /// Holds the calling process from now on. Runs between fork and exec: system calls only, no memory is taken.
    pub(in crate::tool) fn enforce(self) -> io::Result<()> {
        match self.0.restrict_self() {
            Ok(status) if status.ruleset != RulesetStatus::NotEnforced => Ok(()),
            _ => Err(Errno::PERM.into()),
        }
    }
}

fn build(whole: Vec<OwnedFd>, network: bool) -> Result<RulesetCreated, RulesetError> {
    let write = AccessFs::from_write(TESTED);
    let mut rules = landlock::Ruleset::default().handle_access(write)?;
    if !network {
        rules = rules.handle_access(AccessNet::from_all(TESTED))?.scope(Scope::AbstractUnixSocket)?;
    }
    let mut created = rules.create()?;
    for place in whole {
        created = created.add_rule(PathBeneath::new(place, write))?;
    }
    for device in DEVICES.iter().filter_map(|path| point_to(Path::new(path))) {
        created = created.add_rule(PathBeneath::new(device, write & AccessFs::from_file(TESTED)))?;
    }
    Ok(created)
}

/// Names a file or folder without opening it; `None` when it is not there.
fn point_to(path: &Path) -> Option<OwnedFd> {
    rustix::fs::open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).ok()
}

/// The kernel's interface version, up to the one that this was tested with; else why there is none. Asked once.
pub(super) fn abi() -> Result<u32, &'static str> {
    static FOUND: OnceLock<u32> = OnceLock::new();
    match *FOUND.get_or_init(highest) {
        0 => Err("this kernel has no Landlock, or it was not enabled at its start"),
        abi => Ok(abi),
    }
}

/// By what the kernel takes: each version added something.
fn highest() -> u32 {
    let takes = |ask: fn(landlock::Ruleset) -> Result<landlock::Ruleset, RulesetError>| {
        ask(landlock::Ruleset::default().set_compatibility(CompatLevel::HardRequirement)).is_ok()
    };
    let silent =
        || RestrictSelf::default().set_compatibility(CompatLevel::HardRequirement).log_subdomains(false);
    let added = [
        takes(|rules| rules.handle_access(AccessFs::from_write(ABI::V1))),
        takes(|rules| rules.handle_access(AccessFs::Refer)),
        takes(|rules| rules.handle_access(AccessFs::Truncate)),
        takes(|rules| rules.handle_access(AccessNet::from_all(ABI::V4))),
        takes(|rules| rules.handle_access(AccessFs::IoctlDev)),
        takes(|rules| rules.scope(Scope::AbstractUnixSocket)),
        silent().is_ok(),
    ];
    (1..).zip(added).take_while(|(_, taken)| *taken).last().map_or(0, |(version, _)| version)
}
