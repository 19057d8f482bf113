//! Vector registers behind one small trait: the ground that [`super::kernels`] stands on.
//!
//! The kernels are written once, generic over [`Simd`], and compiled once per instruction set by
//! [`dispatch!`]; which one runs is decided at run time, so one binary serves every machine. The
//! `unsafe` code of this crate is in this file, in `kernels.rs`, and where `conv.rs` and `dense.rs`
//! call the kernels.

#![allow(unsafe_code, reason = "vector instructions")]

/// A vector register of `LANES` f32 values.
pub(super) trait Simd: Copy {
    /// Values per register.
    const LANES: usize;
    /// The register.
    type V: Copy;

    /// All lanes zero.
    ///
    /// # Safety
    /// As for every function here: the CPU must have the instruction set.
    unsafe fn zero() -> Self::V;
    /// Loads `LANES` values.
    ///
    /// # Safety
    /// `p` must be readable for `LANES` values; no alignment is needed.
    unsafe fn load(p: *const f32) -> Self::V;
    /// Stores `LANES` values.
    ///
    /// # Safety
    /// `p` must be writable for `LANES` values; no alignment is needed.
    unsafe fn store(p: *mut f32, v: Self::V);
    /// The value at `p` in every lane.
    ///
    /// # Safety
    /// `p` must be readable.
    unsafe fn broadcast(p: *const f32) -> Self::V;
    /// a * b + c.
    ///
    /// # Safety
    /// The CPU must have the instruction set.
    unsafe fn fma(a: Self::V, b: Self::V, c: Self::V) -> Self::V;
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::Simd;
    use std::arch::x86_64::*;

    /// 16 lanes.
    #[derive(Clone, Copy)]
    pub(in super::super) struct Avx512;

    impl Simd for Avx512 {
        const LANES: usize = 16;
        type V = __m512;
        #[inline(always)]
        unsafe fn zero() -> __m512 {
            unsafe { _mm512_setzero_ps() }
        }
        #[inline(always)]
        unsafe fn load(p: *const f32) -> __m512 {
            unsafe { _mm512_loadu_ps(p) }
        }
        #[inline(always)]
        unsafe fn store(p: *mut f32, v: __m512) {
            unsafe { _mm512_storeu_ps(p, v) }
        }
        #[inline(always)]
        unsafe fn broadcast(p: *const f32) -> __m512 {
            unsafe { _mm512_set1_ps(*p) }
        }
        #[inline(always)]
        unsafe fn fma(a: __m512, b: __m512, c: __m512) -> __m512 {
            unsafe { _mm512_fmadd_ps(a, b, c) }
        }
    }

    /// 8 lanes.
    #[derive(Clone, Copy)]
    pub(in super::super) struct Avx2;

    impl Simd for Avx2 {
        const LANES: usize = 8;
        type V = __m256;
        #[inline(always)]
        unsafe fn zero() -> __m256 {
            unsafe { _mm256_setzero_ps() }
        }
        #[inline(always)]
        unsafe fn load(p: *const f32) -> __m256 {
            unsafe { _mm256_loadu_ps(p) }
        }
        #[inline(always)]
        unsafe fn store(p: *mut f32, v: __m256) {
            unsafe { _mm256_storeu_ps(p, v) }
        }
        #[inline(always)]
        unsafe fn broadcast(p: *const f32) -> __m256 {
            unsafe { _mm256_set1_ps(*p) }
        }
        #[inline(always)]
        unsafe fn fma(a: __m256, b: __m256, c: __m256) -> __m256 {
            unsafe { _mm256_fmadd_ps(a, b, c) }
        }
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) use x86::{Avx2, Avx512};

/// Eight lanes in plain Rust, which the compiler maps to what the target always has (SSE2, NEON).
#[derive(Clone, Copy)]
pub(super) struct Portable;

impl Simd for Portable {
    const LANES: usize = 8;
    type V = [f32; 8];
    #[inline(always)]
    unsafe fn zero() -> [f32; 8] {
        [0.0; 8]
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> [f32; 8] {
        unsafe { p.cast::<[f32; 8]>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn store(p: *mut f32, v: [f32; 8]) {
        unsafe { p.cast::<[f32; 8]>().write_unaligned(v) }
    }
    #[inline(always)]
    unsafe fn broadcast(p: *const f32) -> [f32; 8] {
        unsafe { [*p; 8] }
    }
    #[inline(always)]
    unsafe fn fma(a: [f32; 8], b: [f32; 8], c: [f32; 8]) -> [f32; 8] {
        // A fused multiply-add without hardware support would call into libm.
        std::array::from_fn(|i| a[i] * b[i] + c[i])
    }
}

/// The instruction sets that kernels are compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstructionSet {
    /// AVX-512F, 16 lanes.
    Avx512,
    /// AVX2 with FMA, 8 lanes.
    Avx2,
    /// Whatever the target always has.
    Portable,
}

impl InstructionSet {
    /// The widest that this machine has.
    #[must_use]
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") {
                return Self::Avx512;
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                return Self::Avx2;
            }
        }
        Self::Portable
    }

    /// All that this machine can run.
    #[must_use]
    pub fn available() -> Vec<Self> {
        match Self::detect() {
            Self::Avx512 => vec![Self::Avx512, Self::Avx2, Self::Portable],
            Self::Avx2 => vec![Self::Avx2, Self::Portable],
            Self::Portable => vec![Self::Portable],
        }
    }

    /// Lanes of its registers.
    #[must_use]
    pub fn lanes(self) -> usize {
        match self {
            Self::Avx512 => 16,
            Self::Avx2 | Self::Portable => 8,
        }
    }
}

/// Compiles a generic kernel once per instruction set and defines a function that picks one.
macro_rules! dispatch {
    ($(#[$doc:meta])* fn $name:ident = $kernel:ident ( $($arg:ident : $ty:ty),* $(,)? )) => {
        $(#[$doc])*
        #[allow(clippy::too_many_arguments, reason = "a kernel's arguments are its loop bounds")]
        pub(super) unsafe fn $name(isa: InstructionSet, $($arg: $ty),*) {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f")]
                #[allow(clippy::too_many_arguments, reason = "as above")]
                unsafe fn avx512($($arg: $ty),*) {
                    unsafe { $kernel::<$crate::nn::simd::Avx512>($($arg),*) }
                }
                #[target_feature(enable = "avx2,fma")]
                #[allow(clippy::too_many_arguments, reason = "as above")]
                unsafe fn avx2($($arg: $ty),*) {
                    unsafe { $kernel::<$crate::nn::simd::Avx2>($($arg),*) }
                }
                match isa {
                    InstructionSet::Avx512 => return unsafe { avx512($($arg),*) },
                    InstructionSet::Avx2 => return unsafe { avx2($($arg),*) },
                    InstructionSet::Portable => {}
                }
            }
            let _ = isa;
            unsafe { $kernel::<$crate::nn::simd::Portable>($($arg),*) }
        }
    };
}
pub(super) use dispatch;
