//! SQLite (being written).

/// The database.
#[derive(Clone, Debug)]
pub struct Store;
