//! turn (being written).
