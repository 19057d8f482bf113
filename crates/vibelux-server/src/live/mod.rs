//! The live camera: frames come in over a WebSocket, faces, moods and timings go back.
//!
//! ```text
//! socket (messages) -> frame (JPEG to grey) -> finder (detect, or look where the face was)
//!                   <- session (answer) <- face model <- tracks (which face is which, its filter)
//! ```
//!
//! A frame lives in memory from its message to its answer and goes nowhere else.

mod advice;
mod finder;
mod frame;
mod message;
mod session;
mod socket;
#[cfg(test)]
mod steadiness_tests;
mod tracks;

#[cfg(feature = "fuzzing")]
pub use frame::decode;
#[cfg(feature = "fuzzing")]
pub use message::{ClientMessage, Frame, LiveError};
#[cfg(feature = "fuzzing")]
pub use session::Session;
pub use socket::live;
