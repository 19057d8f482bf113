//! Power and amplitude to decibels, as `librosa.power_to_db` and `librosa.amplitude_to_db`.

/// librosa's floor for powers: what is quieter counts as -100 dB.
pub const POWER_FLOOR: f32 = 1e-10;
/// librosa's floor for amplitudes: the root of [`POWER_FLOOR`].
pub const AMPLITUDE_FLOOR: f32 = 1e-5;

/// `10 log10(max(amin, value) / max(amin, reference))` in place; with `top_db`, nothing stays more
/// than that below the largest result. `amin` must be above 0. NaN becomes the floor.
pub fn power_to_db(values: &mut [f32], reference: f32, amin: f32, top_db: Option<f32>) {
    let offset = 10.0 * f64::from(reference.abs().max(amin)).log10();
    for value in &mut *values {
        *value = (10.0 * f64::from(value.max(amin).log10()) - offset) as f32;
    }
    if let Some(top_db) = top_db {
        let floor = values.iter().copied().fold(f32::NEG_INFINITY, f32::max) - top_db;
        for value in values {
            *value = value.max(floor);
        }
    }
}

/// The same for amplitudes: their squares are the powers, and so are `reference`'s and `amin`'s.
pub fn amplitude_to_db(values: &mut [f32], reference: f32, amin: f32, top_db: Option<f32>) {
    for value in &mut *values {
        *value *= *value;
    }
    power_to_db(values, reference * reference, amin * amin, top_db);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ten_times_the_power_is_ten_decibels() {
        let mut values = [1.0, 10.0, 1e-3, 0.0, f32::NAN];
        power_to_db(&mut values, 1.0, POWER_FLOOR, None);
        for (got, expected) in values.into_iter().zip([0.0, 10.0, -30.0, -100.0, -100.0]) {
            assert!((got - expected).abs() < 1e-5, "{got} for {expected}");
        }
        let mut values = [1.0, 10.0, 1e-9];
        amplitude_to_db(&mut values, 10.0, AMPLITUDE_FLOOR, Some(80.0));
        for (got, expected) in values.into_iter().zip([-20.0, 0.0, -80.0]) {
            assert!((got - expected).abs() < 1e-5, "{got} for {expected}");
        }
    }

    proptest! {
        #[test]
        fn results_are_finite_rising_and_at_most_top_db_apart(
            mut powers in prop::collection::vec(0.0_f32..1e30, 1..64), top_db in 0.0_f32..200.0,
        ) {
            powers.sort_by(f32::total_cmp);
            power_to_db(&mut powers, 1.0, POWER_FLOOR, Some(top_db));
            prop_assert!(powers.iter().all(|x| x.is_finite()));
            prop_assert!(powers.is_sorted());
            prop_assert!(powers[powers.len() - 1] - powers[0] <= top_db + 1e-3);
        }
    }
}
