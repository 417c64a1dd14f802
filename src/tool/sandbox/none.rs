//! Where the system has nothing that could hold a command.

use std::{convert::Infallible, io, path::PathBuf};

/// There is none.
pub(in crate::tool) struct Ruleset(Infallible);

impl Ruleset {
    pub(super) fn new(_roots: &[PathBuf], _shared: &[PathBuf], _network: bool) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Holds the calling process from now on.
    pub(in crate::tool) fn enforce(self) -> io::Result<()> {
        match self.0 {}
    }
}

/// Why there is none.
pub(super) fn abi() -> Result<u32, &'static str> {
    Err("only Linux has one that agentls knows")
}
