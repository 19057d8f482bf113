//! [`scan`]: many short vectors of bytes against one, for searches that pass by nearly all of them. What `recommend` of the library ranks
//! songs with.

/// So many vectors are side by side.
pub const LANES: usize = 32;

/// Vectors of `N` numbers, each number of all vectors after the other.
pub type Block<const N: usize> = [[i8; LANES]; N];

/// A byte is multiplied with 2^8, and of a product the lower 16 bits are cut off.
pub const BYTE_SHIFT: u32 = 8;
/// See [`BYTE_SHIFT`].
pub const PRODUCT_SHIFT: u32 = 16;

/// Calls `visit` with the number of each block in which a sum of products is at least `least`, and with the sums; what it returns
/// is the new `least`. The factors must be so small that no sum leaves 16 bits; one that does wraps.
#[allow(
    unsafe_code,
    reason = "calls what is compiled for a processor that was asked"
)]
pub fn scan<const N: usize>(
    blocks: &[Block<N>],
    factors: &[i16; N],
    least: i16,
    visit: impl FnMut(usize, &[i16; LANES]) -> i16,
) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        return unsafe { scan_avx2(blocks, factors, least, visit) };
    }
    scan_any(blocks, factors, least, visit);
}

/// The same, compiled for 32 bytes at a time.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn scan_avx2<const N: usize>(
    blocks: &[Block<N>],
    factors: &[i16; N],
    least: i16,
    visit: impl FnMut(usize, &[i16; LANES]) -> i16,
) {
    scan_any(blocks, factors, least, visit);
}

#[inline(always)]
#[allow(
    clippy::inline_always,
    reason = "compiled anew for each instruction set"
)]
fn scan_any<const N: usize>(
    blocks: &[Block<N>],
    factors: &[i16; N],
    mut least: i16,
    mut visit: impl FnMut(usize, &[i16; LANES]) -> i16,
) {
    for (number, block) in blocks.iter().enumerate() {
        let mut sums = [0_i16; LANES];
        for (row, &factor) in block.iter().zip(factors) {
            add(&mut sums, row, factor);
        }
        if sums.iter().fold(i16::MIN, |most, &sum| most.max(sum)) >= least {
            least = visit(number, &sums);
        }
    }
}

#[inline(always)]
#[allow(
    clippy::inline_always,
    clippy::needless_range_loop,
    reason = "compiled anew for each instruction set, and as whole registers only where the number of lanes is plain to see"
)]
fn add(sums: &mut [i16; LANES], row: &[i8; LANES], factor: i16) {
    for lane in 0..LANES {
        // In this form it is one instruction.
        let wide = i16::from(row[lane]) << BYTE_SHIFT;
        let product = (i32::from(wide) * i32::from(factor)) >> PRODUCT_SHIFT;
        sums[lane] = sums[lane].wrapping_add(product as i16);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn block() -> impl Strategy<Value = Block<7>> {
        prop::array::uniform7(prop::array::uniform32(any::<i8>()))
    }

    proptest! {
        #[test]
        fn every_block_with_a_sum_that_is_large_enough_is_visited_with_the_right_sums(
            blocks in prop::collection::vec(block(), 0..6), factors in prop::array::uniform7(-9_000_i16..9_000),
            least in -20_000_i16..20_000,
        ) {
            let expected: Vec<(usize, Vec<i16>)> = blocks.iter().enumerate().map(|(number, block)| {
                let sum = |lane: usize| {
                    let products = block.iter().zip(factors);
                    let products = products.map(|(row, factor)| (i32::from(row[lane]) * 256 * i32::from(factor)).div_euclid(65_536));
                    i16::try_from(products.sum::<i32>()).unwrap()
                };
                (number, (0..LANES).map(sum).collect())
            }).collect();
            let expected: Vec<_> = expected.into_iter().filter(|(_, sums)| sums.iter().any(|&sum| sum >= least)).collect();
            let mut visited = Vec::new();
            scan(&blocks, &factors, least, |number, sums| {
                visited.push((number, sums.to_vec()));
                least
            });
            prop_assert_eq!(&visited, &expected);
            let mut plain = Vec::new();
            scan_any(&blocks, &factors, least, |number, sums| {
                plain.push((number, sums.to_vec()));
                least
            });
            prop_assert_eq!(plain, expected);
        }
    }
}
