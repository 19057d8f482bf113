//! Players of a desktop on a bus of the test's own, told what to play; and players that are not as they should be.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

mod faults;
mod follow;
mod one_by_one;
mod player;
mod real;
mod songs;
