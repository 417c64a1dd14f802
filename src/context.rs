//! Turns what is stored into the next request, and keeps it inside the model's window.
//!
//! Knows `store`, `provider`, `picture` and `workspace`. Rendering is pure: the same stored messages give the same bytes
//! (invariant 4), every call has exactly one result (invariant 5), and what does not fit is refused with numbers
//! before it is sent (invariant 6). What is live of a history is found by index (invariant 2).

pub mod anchor;
pub mod bounds;
pub mod budget;
pub mod cache;
pub mod compaction;
pub mod fragments;
pub mod gallery;
pub mod history;
pub mod item;
pub mod marks;
pub mod render;
pub mod report;
pub mod validate;
pub mod window;

#[cfg(test)]
mod tests;
