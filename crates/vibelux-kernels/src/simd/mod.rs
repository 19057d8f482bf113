//! Vector registers behind one small trait: the ground that [`super::convolution`] stands on.
//!
//! The kernels are written once, generic over `Simd`, and compiled once per instruction set by
//! `dispatch!`; which one runs is decided at run time, so one binary serves every machine. The
//! `unsafe` code of this crate is here, in the kernels, packing, passes and transforms, and where
//! [`super::inference`] calls them; [`super::buffer`] looks at its lines as values.

#![allow(unsafe_code, reason = "vector instructions")]

use serde::{Deserialize, Serialize};

mod registers;
#[cfg(target_arch = "x86_64")]
mod x86;

pub(crate) use registers::{Portable, Simd, Sums};
#[cfg(target_arch = "x86_64")]
pub(crate) use x86::{Avx2, Avx512, Avx512Bf16};

/// What the factors of convolutions and dense layers are rounded to. Sums, weights, statistics and
/// the optimiser's state are f32 either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// Nothing is rounded.
    #[default]
    F32,
    /// To 8 significant bits, where the processor multiplies such numbers faster than f32
    /// (`amx_bf16`; `avx512_bf16`, but not Intel's).
    Bf16,
}

/// The instruction sets that kernels are compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstructionSet {
    /// AVX-512 with products of bf16 values, and a matrix unit for the convolutions that suit it, see `amx`.
    Amx,
    /// AVX-512 with products of bf16 values, 16 lanes, f32 sums: twice as fast or slower, see `detect`.
    Avx512Bf16,
    /// AVX-512F, 16 lanes.
    Avx512,
    /// AVX2 with FMA, 8 lanes.
    Avx2,
    /// Whatever the target always has.
    Portable,
}

impl InstructionSet {
    /// The fastest that this machine has for a precision. Where bf16 instructions are missing or slow, f32
    /// ones, which are more precise, stand in.
    #[must_use]
    pub fn detect(precision: Precision) -> Self {
        if precision == Precision::Bf16 && Self::Amx.is_available() {
            return Self::Amx;
        }
        if precision == Precision::Bf16
            && Self::Avx512Bf16.is_available()
            && bf16_is_faster(processor_maker())
        {
            return Self::Avx512Bf16;
        }
        let fastest_first = [Self::Avx512, Self::Avx2];
        let found = fastest_first.into_iter().find(|isa| isa.is_available());
        found.unwrap_or(Self::Portable)
    }

    /// Whether this machine can run it.
    #[must_use]
    pub fn is_available(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        {
            match self {
                Self::Amx => crate::amx::is_available(),
                Self::Avx512Bf16 => {
                    is_x86_feature_detected!("avx512bf16") && is_x86_feature_detected!("avx512f")
                }
                Self::Avx512 => is_x86_feature_detected!("avx512f"),
                Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
                Self::Portable => true,
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            self == Self::Portable
        }
    }

    /// All that this machine can run.
    #[must_use]
    pub fn available() -> Vec<Self> {
        let all = [
            Self::Avx512,
            Self::Avx2,
            Self::Portable,
            Self::Avx512Bf16,
            Self::Amx,
        ];
        all.into_iter().filter(|isa| isa.is_available()).collect()
    }

    /// Lanes of its registers.
    #[must_use]
    pub fn lanes(self) -> usize {
        match self {
            Self::Avx512 | Self::Avx512Bf16 | Self::Amx => 16,
            Self::Avx2 | Self::Portable => 8,
        }
    }

    /// Values that a word of its operands holds: 1 (f32) or 2 (bf16).
    #[must_use]
    pub fn values_per_word(self) -> usize {
        match self {
            Self::Avx512Bf16 | Self::Amx => 2,
            Self::Avx512 | Self::Avx2 | Self::Portable => 1,
        }
    }
}

/// What the processor calls its maker.
fn processor_maker() -> [u8; 12] {
    #[cfg(target_arch = "x86_64")]
    {
        let leaf = std::arch::x86_64::__cpuid(0);
        let mut name = [0; 12];
        name.copy_from_slice(
            [leaf.ebx, leaf.edx, leaf.ecx]
                .map(u32::to_le_bytes)
                .as_flattened(),
        );
        name
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        [0; 12]
    }
}

/// Whether a maker's bf16 instructions, where there are some, beat those for f32.
///
/// Measured with `cargo bench -p vibelux-kernels` on one model of each: AMD's (Zen 5) are faster, Intel's
/// (Xeon, model 207) run convolutions at 0.6 times the speed of f32. Told by who made the processor and not by
/// the clock, so that the same machine always gives the same bits.
fn bf16_is_faster(maker: [u8; 12]) -> bool {
    &maker != b"GenuineIntel"
}

/// Compiles a generic kernel once per instruction set and defines a function that picks one.
macro_rules! dispatch {
    ($(#[$doc:meta])* fn $name:ident = $kernel:ident ( $($arg:ident : $ty:ty),* $(,)? )) => {
        $(#[$doc])*
        #[allow(clippy::too_many_arguments, reason = "a kernel's arguments are its loop bounds")]
        pub unsafe fn $name(isa: InstructionSet, $($arg: $ty),*) {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f")]
                #[allow(clippy::too_many_arguments, reason = "as above")]
                unsafe fn avx512($($arg: $ty),*) {
                    unsafe { $kernel::<$crate::simd::Avx512>($($arg),*) }
                }
                #[target_feature(enable = "avx512f,avx512bf16")]
                #[allow(clippy::too_many_arguments, reason = "as above")]
                unsafe fn avx512_bf16($($arg: $ty),*) {
                    unsafe { $kernel::<$crate::simd::Avx512Bf16>($($arg),*) }
                }
                #[target_feature(enable = "avx2,fma")]
                #[allow(clippy::too_many_arguments, reason = "as above")]
                unsafe fn avx2($($arg: $ty),*) {
                    unsafe { $kernel::<$crate::simd::Avx2>($($arg),*) }
                }
                match isa {
                    InstructionSet::Avx512Bf16 | InstructionSet::Amx => {
                        return unsafe { avx512_bf16($($arg),*) };
                    }
                    InstructionSet::Avx512 => return unsafe { avx512($($arg),*) },
                    InstructionSet::Avx2 => return unsafe { avx2($($arg),*) },
                    InstructionSet::Portable => {}
                }
            }
            let _ = isa;
            unsafe { $kernel::<$crate::simd::Portable>($($arg),*) }
        }
    };
}
pub(crate) use dispatch;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_detected_runs_here() {
        for precision in [Precision::F32, Precision::Bf16] {
            assert!(InstructionSet::detect(precision).is_available());
        }
        let single = InstructionSet::detect(Precision::F32);
        assert_eq!(single.values_per_word(), 1);
    }

    #[test]
    fn bf16_is_left_alone_where_it_is_slow() {
        assert!(bf16_is_faster(*b"AuthenticAMD"));
        assert!(!bf16_is_faster(*b"GenuineIntel"));
    }
}
