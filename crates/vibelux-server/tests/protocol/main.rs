//! The server as its clients meet it: real sockets, real files, every route.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed set-up fails the test"
)]

mod audio;
mod client;
mod faces;
mod live;
mod page;
mod recommend;
mod scan;
mod security;
mod songs;
mod stand;
