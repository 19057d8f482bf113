//! Augmentation of 48x48 grey faces: geometry in one bilinear warp, then light, blur, noise, erasing.
//!
//! The ranges stand for what the detector's box and a webcam do to a face.

use serde::{Deserialize, Serialize};

use vibelux::face::FaceImage;

use super::jpeg;
use crate::nn::Random;

/// Ranges of the random changes; all zero (the default) changes nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct FaceAugmentation {
    /// Mirror every second image.
    pub flip: bool,
    /// Rotation by up to this many degrees either way.
    pub rotation_degrees: f32,
    /// Size by a factor between 1 - scale and 1 + scale.
    pub scale: f32,
    /// Shift by up to this share of the side in both directions.
    pub shift: f32,
    /// Added brightness, in units of the 0..1 scale, either way.
    pub brightness: f32,
    /// Contrast by a factor between 1 - contrast and 1 + contrast.
    pub contrast: f32,
    /// Gamma between 1 / (1 + gamma) and 1 + gamma.
    pub gamma: f32,
    /// Probability that the image is blurred by scaling it down and up again.
    pub blur_probability: f32,
    /// Probability of a dark room: darkened to between 1 and 0.25 times the light, by a gamma of up to
    /// 2, before the changes of light above.
    pub dark_probability: f32,
    /// Largest standard deviation of added noise, on the 0..1 scale.
    pub noise: f32,
    /// Probability of that noise; 1 where a configuration does not say.
    #[serde(default = "always")]
    pub noise_probability: f32,
    /// Probability of compression as JPEG, of a quality between 8 and 60.
    pub jpeg_probability: f32,
    /// Probability that a rectangle is erased (Zhong et al. 2020).
    pub erase_probability: f32,
}

fn always() -> f32 {
    1.0
}

const SIDE: usize = 48;

impl FaceAugmentation {
    /// Draws a changed copy of `pixels` (48x48, row by row) on the 0..1 scale.
    pub fn apply(&self, pixels: &[u8], random: &mut Random, out: &mut [f32]) {
        self.warp(pixels, random, out);
        if random.chance(self.blur_probability) {
            blur(out, random.uniform(1.2, 2.6));
        }
        if self.dark_probability > 0.0 && random.chance(self.dark_probability) {
            let (gamma, gain) = (random.uniform(1.0, 2.0), random.uniform(0.25, 1.0));
            for v in &mut *out {
                *v = gain * v.clamp(0.0, 1.0).powf(gamma);
            }
        }
        self.relight(random, out);
        if self.jpeg_probability > 0.0 && random.chance(self.jpeg_probability) {
            compress(out, 8 + random.below(53) as u8);
        }
        if random.chance(self.erase_probability) {
            erase(out, random);
        }
    }

    fn warp(&self, pixels: &[u8], random: &mut Random, out: &mut [f32]) {
        let angle = random.uniform(-1.0, 1.0) * self.rotation_degrees.to_radians();
        // The inverse map: a face drawn larger samples the source more closely.
        let zoom = 1.0 / random.uniform(1.0 - self.scale, 1.0 + self.scale);
        let shift = self.shift * SIDE as f32;
        let (dx, dy) = (random.uniform(-shift, shift), random.uniform(-shift, shift));
        let mirror = if self.flip && random.chance(0.5) {
            -1.0
        } else {
            1.0
        };
        let (sin, cos) = angle.sin_cos();
        let centre = (SIDE as f32 - 1.0) / 2.0;
        for y in 0..SIDE {
            for x in 0..SIDE {
                let (u, v) = ((x as f32 - centre) * mirror, y as f32 - centre);
                let sx = centre + dx + zoom * (cos * u - sin * v);
                let sy = centre + dy + zoom * (sin * u + cos * v);
                out[y * SIDE + x] = bilinear(pixels, sx, sy) / 255.0;
            }
        }
    }

    fn relight(&self, random: &mut Random, out: &mut [f32]) {
        let brightness = random.uniform(-self.brightness, self.brightness);
        let contrast = random.uniform(1.0 - self.contrast, 1.0 + self.contrast);
        let gamma = (random.uniform(-1.0, 1.0) * (1.0 + self.gamma).ln()).exp();
        let noisy = self.noise > 0.0
            && (self.noise_probability >= 1.0 || random.chance(self.noise_probability));
        let noise = if noisy {
            random.uniform(0.0, self.noise)
        } else {
            0.0
        };
        let mean = out.iter().sum::<f32>() / out.len() as f32;
        for v in out {
            let mut lit = (*v - mean) * contrast + mean + brightness;
            if self.gamma > 0.0 {
                lit = lit.clamp(0.0, 1.0).powf(gamma);
            }
            if noise > 0.0 {
                lit += noise * random.normal();
            }
            *v = lit.clamp(0.0, 1.0);
        }
    }
}

/// Reflects an index into 0..SIDE.
fn reflect(i: isize) -> usize {
    let period = 2 * SIDE as isize - 2;
    let i = i.rem_euclid(period);
    (if i >= SIDE as isize { period - i } else { i }) as usize
}

fn bilinear(pixels: &[u8], x: f32, y: f32) -> f32 {
    let last = (SIDE - 1) as f32;
    if (0.0..last).contains(&x) && (0.0..last).contains(&y) {
        // Nothing to reflect, and truncation is the floor: the common case, several times as fast.
        let (x0, y0) = (x as usize, y as usize);
        let (fx, fy) = (x - x0 as f32, y - y0 as f32);
        let at = |i: usize| f32::from(pixels[y0 * SIDE + x0 + i]);
        let top = at(0) * (1.0 - fx) + at(1) * fx;
        let bottom = at(SIDE) * (1.0 - fx) + at(SIDE + 1) * fx;
        return top * (1.0 - fy) + bottom * fy;
    }
    let (x0, y0) = (x.floor(), y.floor());
    let (fx, fy) = (x - x0, y - y0);
    let (x0, y0) = (x0 as isize, y0 as isize);
    let at = |x, y| f32::from(pixels[reflect(y) * SIDE + reflect(x)]);
    let top = at(x0, y0) * (1.0 - fx) + at(x0 + 1, y0) * fx;
    let bottom = at(x0, y0 + 1) * (1.0 - fx) + at(x0 + 1, y0 + 1) * fx;
    top * (1.0 - fy) + bottom * fy
}

/// Area-averages down by `factor` and interpolates up again, as a far-away webcam face would be.
fn blur(image: &mut [f32], factor: f32) {
    let small = ((SIDE as f32 / factor) as usize).clamp(8, SIDE);
    let ratio = SIDE as f32 / small as f32;
    let mut low = vec![0.0; small * small];
    for y in 0..small {
        for x in 0..small {
            let span = |i: usize| {
                let from = (i as f32 * ratio) as usize;
                let to = (((i + 1) as f32 * ratio).ceil() as usize).min(SIDE);
                from..to
            };
            let mut sum = 0.0;
            for sy in span(y) {
                for sx in span(x) {
                    sum += image[sy * SIDE + sx];
                }
            }
            low[y * small + x] = sum / (span(y).len() * span(x).len()) as f32;
        }
    }
    for y in 0..SIDE {
        for x in 0..SIDE {
            let source = |i: usize| ((i as f32 + 0.5) / ratio - 0.5).clamp(0.0, small as f32 - 1.0);
            let (sx, sy) = (source(x), source(y));
            let (x0, y0) = (sx as usize, sy as usize);
            let (x1, y1) = ((x0 + 1).min(small - 1), (y0 + 1).min(small - 1));
            let (fx, fy) = (sx - x0 as f32, sy - y0 as f32);
            let top = low[y0 * small + x0] * (1.0 - fx) + low[y0 * small + x1] * fx;
            let bottom = low[y1 * small + x0] * (1.0 - fx) + low[y1 * small + x1] * fx;
            image[y * SIDE + x] = top * (1.0 - fy) + bottom * fy;
        }
    }
}

/// Compresses and decodes the image; as it was if the coder fails, which it does not on 48x48 pixels.
fn compress(image: &mut [f32], quality: u8) {
    let mut face = FaceImage([0; SIDE * SIDE]);
    for (pixel, v) in face.0.iter_mut().zip(&*image) {
        *pixel = (v.clamp(0.0, 1.0) * 255.0).round() as u8;
    }
    if let Ok(face) = jpeg::recompressed(&face, quality) {
        for (v, &pixel) in image.iter_mut().zip(&face.0) {
            *v = f32::from(pixel) / 255.0;
        }
    }
}

fn erase(image: &mut [f32], random: &mut Random) {
    let (h, w) = (6 + random.below(14), 6 + random.below(14));
    let (top, left) = (random.below(SIDE - h), random.below(SIDE - w));
    let grey = random.unit();
    for row in image.chunks_exact_mut(SIDE).skip(top).take(h) {
        row[left..left + w].fill(grey);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn picture() -> Vec<u8> {
        (0..SIDE * SIDE).map(|i| (i * 7 % 256) as u8).collect()
    }

    #[test]
    fn no_augmentation_changes_nothing() {
        let mut out = vec![0.0; SIDE * SIDE];
        FaceAugmentation::default().apply(&picture(), &mut Random::new(1, 1, 1), &mut out);
        for (o, p) in out.iter().zip(picture()) {
            assert!((o * 255.0 - f32::from(p)).abs() < 1e-3);
        }
    }

    #[test]
    fn a_flip_mirrors() {
        let augmentation = FaceAugmentation {
            flip: true,
            ..Default::default()
        };
        let picture = picture();
        let mut seen = [false; 2];
        for seed in 0..20 {
            let mut out = vec![0.0; SIDE * SIDE];
            augmentation.apply(&picture, &mut Random::new(seed, 0, 0), &mut out);
            let first = (out[0] * 255.0).round() as u8;
            seen[0] |= first == picture[0];
            seen[1] |= first == picture[SIDE - 1];
            assert!(first == picture[0] || first == picture[SIDE - 1]);
        }
        assert_eq!(seen, [true, true]);
    }

    proptest! {
        #[test]
        fn every_change_stays_in_range(seed in any::<u64>()) {
            let strong = FaceAugmentation {
                flip: true, rotation_degrees: 90.0, scale: 0.9, shift: 2.0, brightness: 1.0,
                contrast: 1.0, gamma: 3.0, blur_probability: 1.0, dark_probability: 1.0, noise: 1.0, noise_probability: 1.0,
                jpeg_probability: 1.0, erase_probability: 1.0,
            };
            let mut out = vec![0.0; SIDE * SIDE];
            strong.apply(&picture(), &mut Random::new(seed, 0, 0), &mut out);
            prop_assert!(out.iter().all(|v| (0.0..=1.0).contains(v)));
        }
    }
}
