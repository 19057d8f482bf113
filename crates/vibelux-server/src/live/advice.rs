//! Whether a face can be seen well enough to be read, and what would help.

use serde::Serialize;
use vibelux::face::FaceQuality;

/// Smaller faces are mostly made up by the enlarging, in pixels of the frame.
const LEAST_SIDE_PX: f32 = 60.0;

/// Mean grey value of the crop. Of FER2013's validation faces, 1 % are darker than 52 and 1 % brighter
/// than 198, so the models know faces up to about there.
const LEAST_BRIGHTNESS: f32 = 45.0;
const MOST_BRIGHTNESS: f32 = 215.0;

/// Variance of the Laplacian of the crop. Half of the same faces fall below 17 when they are blurred
/// by 2 px of their 48; none falls below 44 when by 1 px, which is what a usual webcam does.
const LEAST_SHARPNESS: f32 = 20.0;

/// What the person could do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Advice {
    /// The face is too small.
    Closer,
    /// It is too dark.
    MoreLight,
    /// It is too bright.
    LessLight,
    /// It is blurred.
    HoldStill,
}

/// How well a face can be seen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Quality {
    /// Whether it is read into the mood.
    pub ok: bool,
    /// The measures.
    #[serde(flatten)]
    pub measured: FaceQuality,
    /// What would help, if not.
    pub advice: Option<Advice>,
}

impl From<FaceQuality> for Quality {
    /// The first of several faults: light and distance change the sharpness too.
    fn from(measured: FaceQuality) -> Self {
        let advice = if measured.side_px < LEAST_SIDE_PX {
            Some(Advice::Closer)
        } else if measured.brightness < LEAST_BRIGHTNESS {
            Some(Advice::MoreLight)
        } else if measured.brightness > MOST_BRIGHTNESS {
            Some(Advice::LessLight)
        } else if measured.sharpness < LEAST_SHARPNESS {
            Some(Advice::HoldStill)
        } else {
            None
        };
        Self {
            ok: advice.is_none(),
            measured,
            advice,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_advice_fits_the_fault() {
        let of = |side_px, brightness, sharpness| {
            let measured = FaceQuality {
                side_px,
                sharpness,
                brightness,
            };
            Quality::from(measured).advice
        };
        assert_eq!(of(120.0, 120.0, 500.0), None);
        assert_eq!(of(50.0, 10.0, 0.0), Some(Advice::Closer));
        assert_eq!(of(120.0, 10.0, 0.0), Some(Advice::MoreLight));
        assert_eq!(of(120.0, 240.0, 0.0), Some(Advice::LessLight));
        assert_eq!(of(120.0, 120.0, 5.0), Some(Advice::HoldStill));
    }
}
