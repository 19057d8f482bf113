//! Servers for the tests of the other crates, real but for [`StubServer`]: each test starts its own on a free port of this machine, and it
//! ends with the test. What a machine lacks is said aloud, and the test that needs it is skipped.

mod bucket;
mod dbus;
mod mosquitto;
mod mpd;
mod postgres;
mod process;
mod silence;
mod stub;
mod supysonic;
mod tagged;
mod web;

pub use bucket::BucketServer;
pub use dbus::DbusDaemon;
pub use mosquitto::{HeardMessage, MosquittoListener, MosquittoServer, MosquittoSetup};
pub use mpd::MpdServer;
pub use postgres::PostgresServer;
pub use silence::silent_wav;
pub use stub::{HttpRequest, HttpResponse, StubServer};
pub use supysonic::SubsonicServer;
pub use tagged::{tagged_flac, tagged_mp3};
pub use web::{WebRequest, WebServer};
