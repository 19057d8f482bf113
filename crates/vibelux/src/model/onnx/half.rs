//! f32 to IEEE 754 binary16 and back, for weights that are stored in half the space.

/// How the weights are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WeightPrecision {
    /// Four bytes each, exact.
    #[default]
    F32,
    /// Two bytes each, rounded to 11 significant bits; a Cast node turns them back into f32, so the
    /// network still computes in f32.
    F16,
}

/// The largest finite half-precision number.
pub const LARGEST: f32 = 65_504.0;

/// The bits of the nearest half-precision number, ties to even. Values beyond [`LARGEST`] become
/// infinite, values below half the smallest subnormal (2^-25) become zero.
pub fn to_f16_bits(value: f32) -> u16 {
    let bits = value.to_bits();
    let sign = (bits >> 16 & 0x8000) as u16;
    let magnitude = bits & 0x7fff_ffff;
    if magnitude > 0x7f80_0000 {
        return sign | 0x7e00;
    }
    // 65,520 is the first f32 that rounds up to infinity.
    if magnitude >= 0x477f_f000 {
        return sign | 0x7c00;
    }
    // Normal halves start at 2^-14. Below, the step is 2^-24, and f32 arithmetic rounds for us:
    // the spacing of f32 around 0.5 is 2^-24 too.
    if magnitude < 0x3880_0000 {
        let rounded = f32::from_bits(magnitude) + 0.5;
        return sign | (rounded.to_bits() - 0.5_f32.to_bits()) as u16;
    }
    let odd = magnitude >> 13 & 1;
    let rounded = magnitude + 0x0fff + odd;
    sign | ((rounded - 0x3800_0000) >> 13) as u16
}

/// The number that half-precision bits stand for.
pub fn from_f16_bits(bits: u16) -> f32 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f32::from(bits & 0x3ff));
    sign * match exponent {
        0 => fraction * 2.0_f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1.0 + fraction / 1024.0) * 2.0_f32.powi(exponent - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_half_survives_the_round_trip() {
        for bits in 0..=u16::MAX {
            let value = from_f16_bits(bits);
            if value.is_nan() {
                assert!(from_f16_bits(to_f16_bits(value)).is_nan());
            } else {
                assert_eq!(to_f16_bits(value), bits, "{value}");
            }
        }
    }

    proptest! {
        #[test]
        fn the_nearest_half_is_chosen(value in prop_oneof![-65_519.0_f32..65_519.0, -1e-4_f32..1e-4]) {
            let bits = to_f16_bits(value);
            let error = (from_f16_bits(bits) - value).abs();
            for neighbour in [bits.wrapping_sub(1), bits.wrapping_add(1)] {
                let other = from_f16_bits(neighbour);
                if other.is_finite() {
                    prop_assert!(error <= (other - value).abs(), "{value} {bits} {neighbour}");
                }
            }
        }
    }
}
