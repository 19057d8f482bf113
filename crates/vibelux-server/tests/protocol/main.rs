//! The server as its clients meet it: real sockets, real files, every route.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed set-up fails the test"
)]

mod audio;
mod client;
mod faces;
#[path = "../json_schema/mod.rs"]
mod json_schema;
mod live;
mod page;
mod recommend;
mod scan;
mod security;
mod shapes;
mod songs;
mod stand;
mod taste;
