//! [`FaceBox`]: where in a picture a face is. What the detector finds and the crop cuts out.

/// Where a face is, in pixels of the picture that was searched. It may stick out of the picture.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct FaceBox {
    /// Left edge.
    pub x: f32,
    /// Top edge.
    pub y: f32,
    /// Size across.
    pub width: f32,
    /// Size down.
    pub height: f32,
    /// How sure the detector is, 0..=1: the geometric mean of two probabilities, no probability itself.
    pub score: f64,
}

impl FaceBox {
    /// The longer of width and height, in pixels.
    #[must_use]
    pub fn side(&self) -> f64 {
        f64::from(self.width.max(self.height))
    }

    /// The middle of the box, in pixels from the top left.
    #[must_use]
    pub fn centre(&self) -> (f64, f64) {
        (
            f64::from(self.x) + f64::from(self.width) / 2.0,
            f64::from(self.y) + f64::from(self.height) / 2.0,
        )
    }

    /// Area of the intersection over that of the union with another box, 0..=1.
    #[must_use]
    pub fn intersection_over_union(&self, other: &Self) -> f64 {
        let overlap = |a: f32, a_size: f32, b: f32, b_size: f32| {
            let end = (f64::from(a) + f64::from(a_size)).min(f64::from(b) + f64::from(b_size));
            (end - f64::from(a).max(f64::from(b))).max(0.0)
        };
        let area = |face: &Self| f64::from(face.width) * f64::from(face.height);
        let both = overlap(self.x, self.width, other.x, other.width)
            * overlap(self.y, self.height, other.y, other.height);
        let either = area(self) + area(other) - both;
        if either > 0.0 {
            (both / either).clamp(0.0, 1.0)
        } else {
            0.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlap_is_measured() {
        let face = |x: f32, width: f32| FaceBox {
            x,
            y: 0.0,
            width,
            height: 10.0,
            score: 1.0,
        };
        assert_eq!(
            face(0.0, 10.0).intersection_over_union(&face(0.0, 10.0)),
            1.0
        );
        assert_eq!(
            face(0.0, 10.0).intersection_over_union(&face(10.0, 10.0)),
            0.0
        );
        let third = face(0.0, 10.0).intersection_over_union(&face(5.0, 10.0));
        assert!((third - 1.0 / 3.0).abs() < 1e-9);
    }
}
