//! The server as its clients meet it: real sockets, real files, every route.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed set-up fails the test"
)]

mod audio;
mod client;
mod faces;
mod features;
#[path = "../../../vibelux/tests/fer2013/mod.rs"]
mod fer2013;
mod home;
#[path = "../json_schema/mod.rs"]
mod json_schema;
mod lan;
mod live;
mod page;
mod recommend;
mod scan;
mod security;
mod shapes;
mod songs;
mod stand;
mod subsonic;
mod taste;
