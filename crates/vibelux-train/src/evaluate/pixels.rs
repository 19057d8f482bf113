//! Sampling of 48x48 faces on the 0..1 scale, for [`super::corruption`] and [`super::scene`].
//!
//! Beyond the border a face is mirrored without repeating the border pixel, as the augmentation of
//! training does it.

use vibelux::face::{FACE_SIDE, FaceImage};

/// A face as values 0..=1, row by row.
pub(super) fn to_unit(face: &FaceImage) -> Vec<f32> {
    face.0.iter().map(|&v| f32::from(v) / 255.0).collect()
}

/// Values 0..=1 as a face; what lies outside is clamped, what is missing is black.
pub(super) fn to_face(values: &[f32]) -> FaceImage {
    let mut face = FaceImage([0; FACE_SIDE * FACE_SIDE]);
    for (pixel, &value) in face.0.iter_mut().zip(values) {
        *pixel = to_byte(value);
    }
    face
}

/// A value 0..=1 as a byte, rounded and clamped.
pub(super) fn to_byte(value: f32) -> u8 {
    // `as` saturates.
    (value * 255.0).round() as u8
}

/// An index mirrored into `0..side`; `side` is at least 1.
pub(super) fn reflect(index: isize, side: usize) -> usize {
    let period = (2 * side as isize - 2).max(1);
    let index = index.rem_euclid(period);
    (if index >= side as isize {
        period - index
    } else {
        index
    }) as usize
}

/// Bilinear interpolation of a face between pixel centres; (0, 0) is the centre of the first pixel.
pub(super) fn sample(values: &[f32], x: f32, y: f32) -> f32 {
    let (left, top) = (x.floor(), y.floor());
    let (fx, fy) = (x - left, y - top);
    let column = |i: isize| reflect((left as isize).saturating_add(i), FACE_SIDE);
    let row = |i: isize| {
        let start = reflect((top as isize).saturating_add(i), FACE_SIDE) * FACE_SIDE;
        values[start + column(0)] * (1.0 - fx) + values[start + column(1)] * fx
    };
    row(0) * (1.0 - fy) + row(1) * fy
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reflection_does_not_repeat_the_border() {
        let mirrored: Vec<usize> = (-3..7).map(|i| reflect(i, 4)).collect();
        assert_eq!(mirrored, [3, 2, 1, 0, 1, 2, 3, 2, 1, 0]);
        assert_eq!(reflect(-5, 1), 0);
    }

    #[test]
    fn pixel_centres_are_their_values_and_bytes_round_trip() {
        let face = FaceImage(std::array::from_fn(|i| (i * 7 % 256) as u8));
        let values = to_unit(&face);
        assert_eq!(sample(&values, 5.0, 3.0), values[3 * FACE_SIDE + 5]);
        assert_eq!(sample(&values, -1.0, 0.0), values[1]);
        assert_eq!(to_face(&values), face);
        assert_eq!((to_byte(-1.0), to_byte(2.0)), (0, 255));
    }
}
