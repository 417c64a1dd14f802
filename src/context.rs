//! Turns what is stored into the next request, and keeps it inside the model's window.
//!
//! Knows `store` and `provider`. Rendering is pure: the same stored messages give the same bytes (invariant 4),
//! every call has exactly one result (invariant 5), and what does not fit is refused with numbers before it is
//! sent (invariant 6).

pub mod fragments;
pub mod render;
pub mod validate;
pub mod window;
