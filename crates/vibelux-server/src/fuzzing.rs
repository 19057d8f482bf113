//! What fuzz targets reach of the server: the code that reads what a browser sends, without the sockets.
//! Only with the feature `fuzzing`; no part of the interface.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Instant;

use vibelux::model::FaceModel;

use crate::live::{ClientMessage, Frame, LiveError, Session, decode};
use crate::media::{Requested, requested};

/// Frames of more pixels are decoded but not searched: that takes longer than a fuzzer should wait.
const SEARCHED_PIXELS: u32 = 96 * 96;

/// One live camera, as a socket holds it.
#[derive(Debug)]
pub struct Camera(Session);

impl Camera {
    /// A camera that has shown nothing yet.
    ///
    /// # Panics
    /// If the program was built with a broken model or detector.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "it loads a model")]
    #[allow(
        clippy::expect_used,
        reason = "what is built in works, or nothing can be tested"
    )]
    pub fn new() -> Self {
        let model = FaceModel::shipped().expect("the shipped model");
        Self(Session::new(Arc::new(model), Instant::now()).expect("the shipped detector"))
    }

    /// A text message: obeyed or refused; whether it was obeyed.
    pub fn text(&mut self, text: &str) -> bool {
        match ClientMessage::parse(text) {
            Ok(order) => {
                self.0.obey(&order);
                true
            }
            Err(error) => {
                check(&error);
                false
            }
        }
    }

    /// A binary message: a frame is looked at, or refused.
    pub fn frame(&mut self, message: Vec<u8>) {
        match Frame::parse(message.into()) {
            Ok(frame) => match decode(&frame) {
                Ok(image) if image.width * image.height <= SEARCHED_PIXELS => {
                    if let Err(error) = self.0.look(&frame, Instant::now()) {
                        check(&error);
                    }
                }
                Ok(_) => {}
                Err(error) => check(&error),
            },
            Err(error) => check(&error),
        }
    }
}

/// An error can be sent, and says something.
fn check(error: &LiveError) {
    let sent = serde_json::to_string(error).is_ok();
    assert!(sent && !error.error.code.is_empty() && !error.error.message.is_empty());
}

/// The bytes that a `Range` header asks for of a file this long; `None` for all and for none.
#[must_use]
pub fn byte_range(header: &str, length_bytes: u64) -> Option<RangeInclusive<u64>> {
    match requested(Some(header), length_bytes) {
        Requested::Part(part) => Some(part),
        Requested::Whole | Requested::Nothing => None,
    }
}
