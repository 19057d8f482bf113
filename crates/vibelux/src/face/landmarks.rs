//! [`Face`]: a face that was found, with the five points that say how the head is held.

use super::{FaceBox, Square};

/// Side of the crop over the side of a square as large as the detector's box, and how far above the middle between the
/// box and the features its own middle lies, in its sides. Measured so that crops of FER2013's faces
/// are FER2013's pictures again (`vibelux evaluate face --detector`).
const FRAME_SCALE: f64 = 1.06;
const FRAME_RISE: f64 = 0.035;

/// A head that is tilted less is left as it is: the tilt is known to some degrees only (a standard deviation of 7 on upright
/// faces), and the pictures that models learn from are tilted as much. In radians: 10 degrees.
const LEAST_TILT: f64 = 0.175;

/// How far the nose stands out, in distances of the eyes.
const NOSE: f64 = 0.5;

/// A face in a picture.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Face {
    /// Where it is.
    pub bounds: FaceBox,
    /// Where its eyes, nose and mouth are.
    pub landmarks: Landmarks,
}

impl Face {
    /// What a face model should see: the square around the face that FER2013's pictures show, upright for the
    /// person.
    #[must_use]
    pub fn square(&self) -> Square {
        let tilt = self.landmarks.tilt();
        let tilt = tilt.signum() * (tilt.abs() - LEAST_TILT).max(0.0);
        let area = f64::from(self.bounds.width) * f64::from(self.bounds.height);
        let side = FRAME_SCALE * area.sqrt();
        let (box_x, box_y) = self.bounds.centre();
        let [x, y] = self.landmarks.middle();
        let (sin, cos) = tilt.sin_cos();
        let rise = FRAME_RISE * side;
        Square {
            centre: (
                (box_x + x) / 2.0 + rise * sin,
                (box_y + y) / 2.0 - rise * cos,
            ),
            side,
            tilt,
        }
    }

    /// The face in a picture that is so many times as wide and as high.
    #[must_use]
    pub fn scaled(&self, across: f32, down: f32) -> Self {
        let FaceBox {
            x,
            y,
            width,
            height,
            score,
        } = self.bounds;
        Self {
            bounds: FaceBox {
                x: x * across,
                y: y * down,
                width: width * across,
                height: height * down,
                score,
            },
            landmarks: self.landmarks.map(|[x, y]| [x * across, y * down]),
        }
    }
}

/// Five points of a face, across and down in pixels of the picture that was searched. Left and right are the
/// picture's, which is where the other person's right and left are.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Landmarks {
    /// Middles of the eyes: the left one, the right one.
    pub eyes: [[f32; 2]; 2],
    /// Tip of the nose.
    pub nose: [f32; 2],
    /// Corners of the mouth: the left one, the right one.
    pub mouth: [[f32; 2]; 2],
}

impl Landmarks {
    /// The five points in the order in which they are named.
    #[must_use]
    pub const fn points(&self) -> [[f32; 2]; 5] {
        let ([a, b], [c, d]) = (self.eyes, self.mouth);
        [a, b, self.nose, c, d]
    }

    /// How far the head is tilted clockwise, in radians: 0 is upright. The eyes and the way from them to the mouth
    /// say it together.
    #[must_use]
    pub fn tilt(&self) -> f64 {
        let [left, right] = self.eyes.map(|eye| eye.map(f64::from));
        let [eyes, mouth] = [self.eyes, self.mouth].map(middle);
        let down = [mouth[0] - eyes[0], mouth[1] - eyes[1]];
        // Downwards, turned back by a quarter, is across.
        let across = [right[0] - left[0] + down[1], right[1] - left[1] - down[0]];
        across[1].atan2(across[0])
    }

    /// How far the head is turned to the picture's right, in radians: 0 looks into the camera. From how far the tip
    /// of the nose, which stands out by about half the distance of the eyes, lies from the middle between them;
    /// so a rough measure.
    #[must_use]
    pub fn turn(&self) -> f64 {
        let [left, right] = self.eyes.map(|eye| eye.map(f64::from));
        let [eyes, mouth] = [self.eyes, self.mouth].map(middle);
        let tilt = self.tilt();
        let along = |from: [f64; 2], to: [f64; 2]| {
            (to[0] - from[0]) * tilt.cos() + (to[1] - from[1]) * tilt.sin()
        };
        // On the line from the eyes to the mouth, at the height of the nose.
        let nose = self.nose.map(f64::from);
        let beside = (along(eyes, nose) + along(mouth, nose)) / 2.0;
        let distance = along(left, right).max(1e-6);
        (beside / (NOSE * distance)).atan()
    }

    /// Between the middle of the eyes and that of the mouth.
    fn middle(&self) -> [f64; 2] {
        let [eyes, mouth] = [self.eyes, self.mouth].map(middle);
        [(eyes[0] + mouth[0]) / 2.0, (eyes[1] + mouth[1]) / 2.0]
    }

    /// All points put through `to`.
    #[must_use]
    pub fn map(&self, to: impl Fn([f32; 2]) -> [f32; 2]) -> Self {
        self.points().map(to).into()
    }

    /// The middles between these points and those of another face.
    #[must_use]
    pub fn between(&self, other: &Self) -> Self {
        let (a, b) = (self.points(), other.points());
        let points: [_; 5] =
            std::array::from_fn(|i| [0, 1].map(|axis| f32::midpoint(a[i][axis], b[i][axis])));
        points.into()
    }
}

impl From<[[f32; 2]; 5]> for Landmarks {
    /// In the order of [`Landmarks::points`].
    fn from([left_eye, right_eye, nose, left_mouth, right_mouth]: [[f32; 2]; 5]) -> Self {
        Self {
            eyes: [left_eye, right_eye],
            nose,
            mouth: [left_mouth, right_mouth],
        }
    }
}

fn middle([a, b]: [[f32; 2]; 2]) -> [f64; 2] {
    [0, 1].map(|axis| (f64::from(a[axis]) + f64::from(b[axis])) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A head of which the eyes are 40 px apart, around (100, 100).
    fn head(tilt: f64, turn: f64) -> Face {
        let (sin, cos) = tilt.sin_cos();
        let at = |across: f64, down: f64, out: f64| {
            let across = across * turn.cos() + out * turn.sin();
            [
                (100.0 + across * cos - down * sin) as f32,
                (100.0 + across * sin + down * cos) as f32,
            ]
        };
        Face {
            bounds: FaceBox {
                x: 60.0,
                y: 50.0,
                width: 80.0,
                height: 100.0,
                score: 0.9,
            },
            landmarks: Landmarks {
                eyes: [at(-20.0, -20.0, 0.0), at(20.0, -20.0, 0.0)],
                nose: at(0.0, 2.0, 20.0),
                mouth: [at(-15.0, 20.0, 0.0), at(15.0, 20.0, 0.0)],
            },
        }
    }

    #[test]
    fn tilt_and_turn_are_those_of_the_head() {
        for degrees in [-80.0_f64, -30.0, 0.0, 20.0, 60.0] {
            let head = head(degrees.to_radians(), 0.0).landmarks;
            assert!((head.tilt().to_degrees() - degrees).abs() < 0.01);
            assert!(head.turn().abs() < 1e-3);
        }
        for degrees in [-50.0_f64, -20.0, 0.0, 35.0] {
            for tilt in [0.0, 0.4] {
                let head = head(tilt, degrees.to_radians()).landmarks;
                assert!(
                    (head.turn().to_degrees() - degrees).abs() < 0.1,
                    "{degrees}: {}",
                    head.turn().to_degrees()
                );
            }
        }
    }

    #[test]
    fn the_square_is_turned_with_the_head_and_small_tilts_are_left() {
        let upright = head(0.0, 0.0).square();
        assert_eq!(upright.tilt, 0.0);
        assert!((upright.side - FRAME_SCALE * 8000.0_f64.sqrt()).abs() < 1e-9);
        assert!((upright.centre.0 - 100.0).abs() < 1e-4);
        assert!((upright.centre.1 - (100.0 - 0.035 * upright.side)).abs() < 1e-4);
        assert_eq!(head(0.08, 0.0).square().tilt, 0.0);
        let tilted = head(0.5, 0.0).square();
        assert!((tilted.tilt - (0.5 - LEAST_TILT)).abs() < 1e-4);
        assert!(tilted.centre.0 > 101.0 && tilted.centre.1 > upright.centre.1);
    }
}
