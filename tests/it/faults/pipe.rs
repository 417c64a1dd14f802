//! The pipe: many sessions at once, a reader that stops, frames of any bytes.

mod flood;
mod frames;
mod random;
mod slow_reader;
