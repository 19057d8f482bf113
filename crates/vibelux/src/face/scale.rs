//! Grey pictures at another size, and turned: what the detector's search and the crop need.

use std::sync::LazyLock;

use super::{GreyImage, Square};

/// The whole picture at another size; both sides at least 1.
pub(crate) fn resized(image: &GreyImage, width: u32, height: u32) -> GreyImage {
    let columns = axis(
        0.0,
        f64::from(image.width),
        width as usize,
        image.width as usize,
    );
    let rows = axis(
        0.0,
        f64::from(image.height),
        height as usize,
        image.height as usize,
    );
    let mut pixels = vec![0; columns.len() * rows.len()];
    resample(image, &columns, &rows, &mut pixels);
    GreyImage {
        width,
        height,
        pixels,
    }
}

/// The picture at half its size, of the means of four pixels each; what an odd side has too much is left out. Both sides at least 2. Aliases a
/// little, and takes a small part of the time of [`resized`]: a first step for large photographs.
pub(crate) fn halved(image: &GreyImage) -> GreyImage {
    let (width, height) = (image.width / 2, image.height / 2);
    let mut pixels = Vec::with_capacity(width as usize * height as usize);
    let across = 2 * width as usize;
    for pair in image.pixels.chunks_exact(2 * image.width as usize) {
        let (upper, lower) = pair.split_at(image.width as usize);
        let upper = upper[..across].as_chunks::<2>().0;
        let lower = lower[..across].as_chunks::<2>().0;
        // Written out, as the compiler then does many at once.
        pixels.extend(upper.iter().zip(lower).map(|(a, b)| {
            let sum = u16::from(a[0]) + u16::from(a[1]) + u16::from(b[0]) + u16::from(b[1]);
            ((sum + 2) / 4) as u8
        }));
    }
    GreyImage {
        width,
        height,
        pixels,
    }
}

/// The source pixels that one output pixel is made of, along one axis. The weights sum to 1 and
/// `first + weights.len()` never passes the end of the source.
pub(super) struct Taps {
    first: usize,
    weights: Vec<f32>,
}

/// Weights for `count` output pixels over the stretch `start .. start + length` of a source of
/// `source` pixels (at least 1).
///
/// Shrinking, a Hamming-windowed sinc that reaches one output pixel to either side, so nothing aliases
/// however large the face; enlarging, linear interpolation: PIL's `HAMMING` and `BILINEAR`. Judged by
/// how the spectrum of FER2013 falls towards fine detail when its pictures are halved: linear is too
/// soft (3.5 dB), skipping pixels aliases (3.9 dB); box, Hamming, bicubic and Lanczos are all within
/// 1.5 dB. Hamming is the one of these that neither aliases as box does nor makes halos as the others.
/// At scale 1 the source is reproduced. What lies beyond the border is left out; where nothing is left,
/// the border pixel stands for it.
pub(super) fn axis(start: f64, length: f64, count: usize, source: usize) -> Vec<Taps> {
    let scale = length / count as f64;
    let support = scale.max(1.0);
    let kernel = if scale > 1.0 { hamming } else { triangle };
    let last = source.saturating_sub(1) as i64;
    (0..count)
        .map(|i| {
            let centre = start + (i as f64 + 0.5) * scale;
            let low = (centre - support).floor() as i64;
            let high = (centre + support).ceil() as i64;
            let first = low.clamp(0, last);
            let end = high.clamp(0, last);
            let mut weights: Vec<f32> = (first..=end)
                .map(|at| {
                    let distance = (at as f64 + 0.5 - centre).abs() / support;
                    kernel(distance) as f32
                })
                .collect();
            let sum: f32 = weights.iter().sum();
            if sum > 0.0 {
                for weight in &mut weights {
                    *weight /= sum;
                }
            } else {
                // All of it lies beyond the border.
                weights.fill(0.0);
                let nearest = if centre < 0.0 { 0 } else { weights.len() - 1 };
                weights[nearest] = 1.0;
            }
            Taps {
                first: first as usize,
                weights,
            }
        })
        .collect()
}

fn triangle(distance: f64) -> f64 {
    (1.0 - distance).max(0.0)
}

fn hamming(distance: f64) -> f64 {
    let phase = std::f64::consts::PI * distance;
    if distance >= 1.0 {
        0.0
    } else if phase < 1e-9 {
        1.0
    } else {
        phase.sin() / phase * (0.54 + 0.46 * phase.cos())
    }
}

/// A square of the picture, turned upright, as `count` by `count` pixels in `target`; the picture is not blank.
///
/// The kernels are those of [`axis`], along the sides of the square where it shrinks. A square that is upright
/// already gives the pixels of [`resample`].
pub(crate) fn cut(image: &GreyImage, square: &Square, count: usize, target: &mut [u8]) {
    let (width, height) = (f64::from(image.width), f64::from(image.height));
    let (x, y) = square.centre;
    if square.tilt == 0.0 {
        let columns = axis(x - square.side / 2.0, square.side, count, width as usize);
        let rows = axis(y - square.side / 2.0, square.side, count, height as usize);
        resample(image, &columns, &rows, target);
        return;
    }
    let scale = square.side / count as f64;
    let (sin, cos) = square.tilt.sin_cos();
    let sample = if scale > 1.0 { shrunk } else { enlarged };
    let middle = count as f64 / 2.0;
    for (j, row) in target.chunks_exact_mut(count).enumerate() {
        let down = (j as f64 + 0.5 - middle) * scale;
        for (i, pixel) in row.iter_mut().enumerate() {
            let across = (i as f64 + 0.5 - middle) * scale;
            let at = [x + across * cos - down * sin, y + across * sin + down * cos];
            *pixel = (sample(image, at, [cos, sin], scale) + 0.5) as u8;
        }
    }
}

/// Linear between the four pixels around a point; beyond the border, the border.
fn enlarged(image: &GreyImage, [x, y]: [f64; 2], _: [f64; 2], _: f64) -> f64 {
    let along = |at: f64, end: u32| {
        let at = (at - 0.5).clamp(0.0, f64::from(end - 1));
        let first = at as usize;
        let next = (first + 1).min(end as usize - 1);
        (first, next, at - first as f64)
    };
    let (left, right, x) = along(x, image.width);
    let (top, bottom, y) = along(y, image.height);
    let value =
        |column: usize, row: usize| f64::from(image.pixels[row * image.width as usize + column]);
    let upper = value(left, top) * (1.0 - x) + value(right, top) * x;
    let lower = value(left, bottom) * (1.0 - x) + value(right, bottom) * x;
    upper * (1.0 - y) + lower * y
}

/// Entries of the table of [`hamming`].
const TABLE: usize = 1024;

static HAMMING: LazyLock<Vec<f32>> = LazyLock::new(|| {
    (0..=TABLE)
        .map(|i| hamming(i as f64 / TABLE as f64) as f32)
        .collect()
});

/// The mean around a point, weighted by the kernel along two directions that are turned by `cos` and `sin`, in
/// which an output pixel has `scale` pixels.
fn shrunk(image: &GreyImage, [x, y]: [f64; 2], [cos, sin]: [f64; 2], scale: f64) -> f64 {
    let table = &**HAMMING;
    let weight = |distance: f32| {
        let entry = (distance.abs() * TABLE as f32) as usize;
        table.get(entry).copied().unwrap_or(0.0)
    };
    let reach = scale * (cos.abs() + sin.abs());
    let span = |middle: f64, end: u32| {
        let last = f64::from(end) - 1.0;
        let first = (middle - reach - 0.5).ceil().clamp(0.0, last);
        let end = (middle + reach - 0.5).floor().clamp(0.0, last);
        (first as usize, end as usize)
    };
    let ((left, right), (top, bottom)) = (span(x, image.width), span(y, image.height));
    let (cos, sin) = ((cos / scale) as f32, (sin / scale) as f32);
    let (mut sum, mut weights) = (0.0_f32, 0.0_f32);
    for row in top..=bottom {
        let down = (row as f64 + 0.5 - y) as f32;
        let first = row * image.width as usize;
        let pixels = &image.pixels[first + left..=first + right];
        for (column, &pixel) in (left..).zip(pixels) {
            let across = (column as f64 + 0.5 - x) as f32;
            let weight = weight(across * cos + down * sin) * weight(down * cos - across * sin);
            sum += weight * f32::from(pixel);
            weights += weight;
        }
    }
    if weights > 0.0 {
        f64::from(sum / weights)
    } else {
        // All of it lies beyond the border.
        enlarged(image, [x, y], [1.0, 0.0], 1.0)
    }
}

/// Applies the weights of both axes, rows first into columns of f32, into `target`, which has
/// `columns.len() * rows.len()` pixels.
pub(super) fn resample(image: &GreyImage, columns: &[Taps], rows: &[Taps], target: &mut [u8]) {
    let width = image.width as usize;
    // Vertically first: it reads the picture row by row, in the order it lies in memory.
    let mut line = vec![0.0_f32; width];
    // Only the columns that anything looks at.
    let from = columns.iter().map(|t| t.first).min().unwrap_or(0);
    let to = columns
        .iter()
        .map(|t| t.first + t.weights.len())
        .max()
        .unwrap_or(0);
    for (row, output) in rows.iter().zip(target.chunks_exact_mut(columns.len())) {
        line[from..to].fill(0.0);
        for (k, &weight) in row.weights.iter().enumerate() {
            let start = (row.first + k) * width;
            let pixels = &image.pixels[start + from..start + to];
            for (sum, &pixel) in line[from..to].iter_mut().zip(pixels) {
                *sum += weight * f32::from(pixel);
            }
        }
        for (column, out) in columns.iter().zip(output) {
            let span = &line[column.first..column.first + column.weights.len()];
            let value: f32 = span.iter().zip(&column.weights).map(|(p, w)| p * w).sum();
            // `as` saturates, so rounding beyond 255 cannot wrap.
            *out = (value + 0.5) as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn four_pixels_become_their_mean() {
        let image = GreyImage::new(5, 3, (0..15).collect()).unwrap();
        let half = halved(&image);
        assert_eq!((half.width, half.height), (2, 1));
        // (0 + 1 + 5 + 6) / 4 and (2 + 3 + 7 + 8) / 4.
        assert_eq!(half.pixels, [3, 5]);
    }

    proptest! {
        #[test]
        fn an_even_picture_stays_so(grey: u8, width in 2_u32..40, height in 2_u32..40) {
            let pixels = vec![grey; (width * height) as usize];
            let half = halved(&GreyImage::new(width, height, pixels).unwrap());
            prop_assert!(half.pixels.iter().all(|&pixel| pixel == grey));
            prop_assert_eq!(half.pixels.len() as u32, (width / 2) * (height / 2));
        }
    }
}
