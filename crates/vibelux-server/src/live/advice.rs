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
    /// The head is turned away.
    LookHere,
}

/// How well a face can be seen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Quality {
    /// Whether it is read into the mood.
    pub ok: bool,
    /// The measures.
    #[serde(flatten)]
    pub measured: FaceQuality,
    /// What would help, if it is not or counts less.
    pub advice: Option<Advice>,
}

impl Quality {
    /// How much of a reading counts, 0..=1.
    pub fn weight(&self) -> f64 {
        self.measured.weight().into()
    }
}

impl From<FaceQuality> for Quality {
    /// The first of several faults: light and distance change the sharpness too.
    fn from(measured: FaceQuality) -> Self {
        let weight = measured.weight();
        let advice = if measured.side_px < LEAST_SIDE_PX {
            Some(Advice::Closer)
        } else if measured.brightness < LEAST_BRIGHTNESS {
            Some(Advice::MoreLight)
        } else if measured.brightness > MOST_BRIGHTNESS {
            Some(Advice::LessLight)
        } else if measured.sharpness < LEAST_SHARPNESS {
            Some(Advice::HoldStill)
        } else if weight < 1.0 {
            Some(Advice::LookHere)
        } else {
            None
        };
        Self {
            ok: match advice {
                None => true,
                Some(Advice::LookHere) => weight > 0.0,
                Some(_) => false,
            },
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
                tilt_degrees: 30.0,
                turn_degrees: -20.0,
            };
            Quality::from(measured).advice
        };
        assert_eq!(of(120.0, 120.0, 500.0), None);
        assert_eq!(of(50.0, 10.0, 0.0), Some(Advice::Closer));
        assert_eq!(of(120.0, 10.0, 0.0), Some(Advice::MoreLight));
        assert_eq!(of(120.0, 240.0, 0.0), Some(Advice::LessLight));
        assert_eq!(of(120.0, 120.0, 5.0), Some(Advice::HoldStill));
    }

    #[test]
    fn a_head_that_is_turned_away_counts_less() {
        let of = |turn_degrees| {
            Quality::from(FaceQuality {
                side_px: 120.0,
                sharpness: 500.0,
                brightness: 120.0,
                tilt_degrees: 0.0,
                turn_degrees,
            })
        };
        assert_eq!((of(24.0).advice, of(24.0).weight()), (None, 1.0));
        let half = of(-42.5);
        assert!(half.ok && half.advice == Some(Advice::LookHere));
        assert_eq!(half.weight(), 0.5);
        let away = of(75.0);
        assert!(!away.ok && away.weight() == 0.0);
    }
}
