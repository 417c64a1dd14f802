//! The process and its children: a client that dies, a turn that is stopped, code that panics.

mod cancel;
mod client_death;
mod panics;
