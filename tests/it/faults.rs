//! The fault matrix: a test for each row, its name beginning with the row's id. INV is checked after each fault.

mod crashes;
mod disk;
mod images;
mod life;
mod mend;
mod power;
mod rows;
mod upgrade;
mod windows;
