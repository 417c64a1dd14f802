//! The configuration through the real program: what is wrong in it, what an edit changes, where each value is from.

mod live;
mod mistakes;
mod reference;
