//! [`Square`]: the part of a picture that is cut out and turned upright.

/// A square of a picture, which may be turned and may stick out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Square {
    /// The middle, in pixels from the left and the top.
    pub centre: (f64, f64),
    /// In pixels.
    pub side: f64,
    /// How far its upper side is turned clockwise, in radians: 0 is upright.
    pub tilt: f64,
}
