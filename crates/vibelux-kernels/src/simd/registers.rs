//! What the kernels ask of vector registers, and registers in plain Rust.

#![allow(unsafe_code, reason = "vector instructions")]

/// A register of f32 sums.
///
/// # Safety
/// Every function here and of [`Simd`] may be called only where the CPU has the instruction set; pointers
/// need no alignment.
pub(crate) trait Sums: Copy {
    /// Sums per register.
    const LANES: usize;

    /// All lanes zero.
    ///
    /// # Safety
    /// See [`Sums`].
    unsafe fn zero() -> Self;
    /// The value in every lane.
    ///
    /// # Safety
    /// See [`Sums`].
    unsafe fn splat(value: f32) -> Self;
    /// Loads `LANES` values.
    ///
    /// # Safety
    /// See [`Sums`]; `p` must be readable for `LANES` values.
    unsafe fn load(p: *const f32) -> Self;
    /// Stores `LANES` values.
    ///
    /// # Safety
    /// See [`Sums`]; `p` must be writable for `LANES` values.
    unsafe fn store(p: *mut f32, v: Self);
    /// a + b.
    ///
    /// # Safety
    /// See [`Sums`].
    unsafe fn add(a: Self, b: Self) -> Self;
    /// a - b.
    ///
    /// # Safety
    /// See [`Sums`].
    unsafe fn sub(a: Self, b: Self) -> Self;
    /// a * b.
    ///
    /// # Safety
    /// See [`Sums`].
    unsafe fn mul(a: Self, b: Self) -> Self;
    /// a * b + c.
    ///
    /// # Safety
    /// See [`Sums`].
    unsafe fn mul_add(a: Self, b: Self, c: Self) -> Self;
    /// The larger of a and b.
    ///
    /// # Safety
    /// See [`Sums`].
    unsafe fn max(a: Self, b: Self) -> Self;
}

/// Registers of sums, and of as many words to multiply.
///
/// A word is 32 bits: one f32, or a pair of bf16 values whose two products are added to one sum.
pub(crate) trait Simd: Copy {
    /// Sums per register.
    const LANES: usize = Self::V::LANES;
    /// Values that a word holds: 1 (f32) or 2 (bf16).
    const VALUES_PER_WORD: usize;
    /// Rows of two registers of sums that fit into the register file beside their operands.
    const TILE: usize;
    /// A register of sums.
    type V: Sums;
    /// A register of words.
    type W: Copy;

    /// Loads `LANES` words.
    ///
    /// # Safety
    /// See [`Sums`]; `p` must be readable for `LANES` words.
    unsafe fn words(p: *const u32) -> Self::W;
    /// The word at `p` in every lane.
    ///
    /// # Safety
    /// See [`Sums`]; `p` must be readable.
    unsafe fn broadcast(p: *const u32) -> Self::W;
    /// The products of a and b added to c.
    ///
    /// # Safety
    /// See [`Sums`].
    unsafe fn fma(a: Self::W, b: Self::W, c: Self::V) -> Self::V;
}

impl Sums for [f32; 8] {
    const LANES: usize = 8;
    #[inline(always)]
    unsafe fn zero() -> Self {
        [0.0; 8]
    }
    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        [value; 8]
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> Self {
        unsafe { p.cast::<Self>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn store(p: *mut f32, v: Self) {
        unsafe { p.cast::<Self>().write_unaligned(v) }
    }
    #[inline(always)]
    unsafe fn add(a: Self, b: Self) -> Self {
        std::array::from_fn(|i| a[i] + b[i])
    }
    #[inline(always)]
    unsafe fn sub(a: Self, b: Self) -> Self {
        std::array::from_fn(|i| a[i] - b[i])
    }
    #[inline(always)]
    unsafe fn mul(a: Self, b: Self) -> Self {
        std::array::from_fn(|i| a[i] * b[i])
    }
    #[inline(always)]
    unsafe fn mul_add(a: Self, b: Self, c: Self) -> Self {
        // A fused multiply-add without hardware support would call into libm.
        std::array::from_fn(|i| a[i] * b[i] + c[i])
    }
    #[inline(always)]
    unsafe fn max(a: Self, b: Self) -> Self {
        std::array::from_fn(|i| if a[i] > b[i] { a[i] } else { b[i] })
    }
}

/// Eight lanes in plain Rust, which the compiler maps to what the target always has (SSE2, NEON).
#[derive(Clone, Copy)]
pub(crate) struct Portable;

impl Simd for Portable {
    const VALUES_PER_WORD: usize = 1;
    const TILE: usize = 4;
    type V = [f32; 8];
    type W = [f32; 8];
    #[inline(always)]
    unsafe fn words(p: *const u32) -> [f32; 8] {
        unsafe { p.cast::<[f32; 8]>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn broadcast(p: *const u32) -> [f32; 8] {
        unsafe { [*p.cast(); 8] }
    }
    #[inline(always)]
    unsafe fn fma(a: [f32; 8], b: [f32; 8], c: [f32; 8]) -> [f32; 8] {
        unsafe { Sums::mul_add(a, b, c) }
    }
}
