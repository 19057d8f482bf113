//! Fingerprints: short numbers that tell data, weights and models from others like them.

/// 64 bits of FNV-1a (Fowler, Noll & Vo). Against accidents, not against malice.
#[must_use]
pub fn fnv1a(bytes: impl IntoIterator<Item = u8>) -> u64 {
    bytes.into_iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// One fingerprint of several, in order.
#[must_use]
pub fn combined(fingerprints: impl IntoIterator<Item = u64>) -> u64 {
    fnv1a(fingerprints.into_iter().flat_map(u64::to_le_bytes))
}

/// The bytes of values, for [`fnv1a`].
pub fn bytes_of(values: &[f32]) -> impl Iterator<Item = u8> + '_ {
    values.iter().flat_map(|v| v.to_le_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_published_values() {
        assert_eq!(fnv1a([]), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(*b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a(*b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn order_matters() {
        assert_ne!(combined([1, 2]), combined([2, 1]));
    }
}
