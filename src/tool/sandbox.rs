//! What holds the commands that `bash` runs: where they may write, and that they do not reach the network.
//!
//! Enforced by the kernel (Landlock, Linux 5.13 or later) on the shell and everything it starts; where the system has
//! nothing like it, commands run without, and that is said wherever somebody decides about them (invariant 12). Inside:
//!
//! * reading everywhere;
//! * writing below the working directory and its project, to the git directories of a linked worktree or a submodule,
//!   to temporary folders, and to what `sandbox.writable` names;
//! * no TCP, and no abstract sockets of other programs (X11, D-Bus), unless `sandbox.network` is set; with it also the
//!   caches in which package managers keep what they download: without the network they need them for reading only,
//!   and what is written there is built into other projects;
//! * no look into the processes outside, and no new privileges (`sudo`).
//!
//! Not held: UDP, sockets that are files (a container daemon's), signals.

#[cfg(target_os = "linux")]
mod landlock;
#[cfg(not(target_os = "linux"))]
mod none;
mod places;

use std::{
    ffi::OsString,
    io,
    path::{Path, PathBuf},
};

#[cfg(target_os = "linux")]
use self::landlock as kernel;
#[cfg(not(target_os = "linux"))]
use self::none as kernel;
use crate::workspace::config::SandboxConfig;

use schemars::JsonSchema;
use serde::Serialize;

pub(super) use kernel::Ruleset;

/// The sandbox of a turn's commands, or why there is none. Made when a turn begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sandbox {
    status: Status,
    network: bool,
    /// The session's own places, real paths.
    roots: Vec<PathBuf>,
    /// What everybody may write to, and what the configuration adds. Links in them are followed.
    shared: Vec<PathBuf>,
}

/// What holds commands here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Status {
    /// Landlock.
    Landlock {
        /// Version of the kernel's interface: from 4 on it holds TCP, too.
        abi: u32,
    },
    /// Nothing.
    None {
        /// Why not.
        reason: String,
    },
}

impl Status {
    /// Interface versions from this one on hold TCP.
    pub const HOLDS_TCP: u32 = 4;

    /// What holds commands under this configuration.
    pub fn of(config: &SandboxConfig) -> Self {
        if !config.enabled {
            return Self::None { reason: "`sandbox.enabled` is false".to_owned() };
        }
        match kernel::abi() {
            Ok(abi) => Self::Landlock { abi },
            Err(reason) => Self::None { reason: reason.to_owned() },
        }
    }
}

impl Sandbox {
    /// For commands of a session in `cwd`, which belongs to the project at `root`; `env` are the variables that say
    /// where the home folder, the temporary folder and caches are.
    pub fn new(
        config: &SandboxConfig,
        cwd: &Path,
        root: &Path,
        env: &dyn Fn(&str) -> Option<OsString>,
    ) -> Self {
        let home = env("HOME").map(PathBuf::from);
        let mut shared = places::temporary(home.as_deref(), env);
        if config.network {
            shared.extend(places::caches(home.as_deref(), env));
        }
        shared.extend(places::configured(&config.writable, cwd, home.as_deref()));
        Self {
            status: Status::of(config),
            network: config.network,
            roots: places::roots(cwd, root, home.as_deref()),
            shared,
        }
    }

    /// What a person who is asked about a command should know, in one line.
    pub fn line(&self) -> String {
        match &self.status {
            Status::None { reason } => {
                format!("No sandbox ({reason}): the command can do whatever you can.")
            }
            Status::Landlock { abi } => {
                let network = match (self.network, *abi >= Status::HOLDS_TCP) {
                    (true, _) => "the network is open to it",
                    (false, true) => "TCP is closed to it",
                    (false, false) => "this kernel cannot close the network to it",
                };
                format!("Sandbox (Landlock): it writes only {}; {network}.", self.writable())
            }
        }
    }

    /// What the model should know of a command that failed, as a line of its output.
    pub(super) fn note(&self) -> Option<String> {
        let Status::Landlock { abi } = &self.status else { return None };
        let network = if !self.network && *abi >= Status::HOLDS_TCP { ", no TCP" } else { "" };
        let writable = self.writable();
        Some(format!(
            "[sandbox: writes only {writable}{network}; `sandbox.writable` and `sandbox.network` in the \
             configuration change that]"
        ))
    }

    fn writable(&self) -> String {
        let root = self.roots.last().map(|root| root.to_string_lossy().into_owned()).unwrap_or_default();
        format!("below {root} and in temporary folders")
    }

    /// What the kernel is told before a command begins; `None` without a sandbox.
    pub(super) fn ruleset(&self) -> io::Result<Option<Ruleset>> {
        match self.status {
            Status::Landlock { .. } => Ruleset::new(&self.roots, &self.shared, self.network).map(Some),
            Status::None { .. } => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests;
