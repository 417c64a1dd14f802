//! Everything that grows, waits or repeats, with its cap and what happens there: invariant 9 as one table.
//!
//! Each layer lists its own beside the constants that hold (`<layer>/bounds.rs`); this is where they come together, for
//! `agentls schema bounds`. `tests/it/bounds.rs` finds containers, tasks and constants in the code that no row names.

use std::time::Duration;

use crate::{
    context, engine, face, permission, picture, provider, store, tool, transcript, turn, wire, workspace,
};

/// Something that is bounded.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    /// What grows, waits or repeats. Unique in the table.
    pub what: &'static str,
    /// Where: a file below `src/`, and the names of the fields or constants there that are bounded so.
    pub place: &'static str,
    /// How far.
    pub cap: Cap,
    /// What happens then.
    pub at_cap: &'static str,
}

/// How far something may grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cap {
    /// In bytes.
    Bytes(u64),
    /// In things.
    Count(u64),
    /// In time.
    Time(Duration),
    /// As far as something else that is in the table by this name.
    With(&'static str),
}

impl Bound {
    /// At most so many bytes.
    pub(crate) const fn bytes(
        what: &'static str,
        place: &'static str,
        bytes: u64,
        at_cap: &'static str,
    ) -> Self {
        Self { what, place, cap: Cap::Bytes(bytes), at_cap }
    }

    /// At most so many.
    pub(crate) const fn count(
        what: &'static str,
        place: &'static str,
        count: u64,
        at_cap: &'static str,
    ) -> Self {
        Self { what, place, cap: Cap::Count(count), at_cap }
    }

    /// At most so long.
    pub(crate) const fn time(
        what: &'static str,
        place: &'static str,
        time: Duration,
        at_cap: &'static str,
    ) -> Self {
        Self { what, place, cap: Cap::Time(time), at_cap }
    }

    /// As many as there are of something else in the table.
    pub(crate) const fn with(
        what: &'static str,
        place: &'static str,
        other: &'static str,
        at_cap: &'static str,
    ) -> Self {
        Self { what, place, cap: Cap::With(other), at_cap }
    }
}

impl std::fmt::Display for Cap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bytes(bytes) if bytes % (1 << 20) == 0 => write!(f, "{} MiB", bytes >> 20),
            Self::Bytes(bytes) if bytes % (1 << 10) == 0 => write!(f, "{} KiB", bytes >> 10),
            Self::Bytes(bytes) => write!(f, "{bytes} bytes"),
            Self::Count(count) => write!(f, "{count}"),
            Self::Time(time) if time.subsec_millis() == 0 => write!(f, "{} s", time.as_secs()),
            Self::Time(time) => write!(f, "{} ms", time.as_millis()),
            Self::With(other) => write!(f, "with: {other}"),
        }
    }
}

/// The whole table, layer by layer, as data flows.
pub fn all() -> impl Iterator<Item = &'static Bound> {
    [
        wire::bounds::BOUNDS,
        face::lsp::bounds::BOUNDS,
        engine::bounds::BOUNDS,
        turn::bounds::BOUNDS,
        context::bounds::BOUNDS,
        tool::bounds::BOUNDS,
        permission::bounds::BOUNDS,
        workspace::bounds::BOUNDS,
        picture::bounds::BOUNDS,
        provider::bounds::BOUNDS,
        store::bounds::BOUNDS,
        transcript::bounds::BOUNDS,
    ]
    .into_iter()
    .flatten()
}

/// The table as Markdown.
pub fn markdown() -> String {
    let rows = all()
        .map(|bound| format!("| {} | {} | {} | `{}` |\n", bound.what, bound.cap, bound.at_cap, bound.place));
    format!("| what | cap | at the cap | where |\n| --- | --- | --- | --- |\n{}", rows.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cap_is_said_in_the_largest_unit_that_is_whole() {
        let said = [
            Cap::Bytes(8 << 20),
            Cap::Bytes(64 << 10),
            Cap::Bytes(1_500),
            Cap::Count(3),
            Cap::Time(Duration::from_millis(2_300)),
            Cap::Time(Duration::from_mins(5)),
            Cap::With("requests"),
        ];
        let said = said.map(|cap| cap.to_string());
        assert_eq!(said, ["8 MiB", "64 KiB", "1500 bytes", "3", "2300 ms", "300 s", "with: requests"]);
    }
}
