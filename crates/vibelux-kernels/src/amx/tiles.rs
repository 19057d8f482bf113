//! The instructions of the matrix unit, and whether this machine has them.
//!
//! A product keeps its sums in the tiles 0 to 3 (two by two of them) and loads its factors into 4 to 7. The
//! compiler itself never touches tile registers, so they keep what they hold from one function here to the next.

#![allow(
    unsafe_code,
    reason = "instructions that the compiler has no names for"
)]

use std::arch::asm;
use std::sync::OnceLock;

/// Rows of a tile.
pub(super) const ROWS: usize = 16;
/// Bytes of a row.
const ROW_BYTES: u8 = 64;

/// Whether the processor has tiles of bf16, the system saves them, and the vector instructions that lay out
/// their factors are there too. Asks Linux for the registers when first called.
pub(crate) fn is_available() -> bool {
    static ANSWER: OnceLock<bool> = OnceLock::new();
    *ANSWER.get_or_init(|| {
        is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512bf16")
            && has_tiles()
            && system_gives_tiles()
    })
}

/// `AMX-TILE` and `AMX-BF16`, which the standard library cannot be asked for.
fn has_tiles() -> bool {
    const BF16: u32 = 1 << 22;
    const TILE: u32 = 1 << 24;
    let features = std::arch::x86_64::__cpuid_count(7, 0).edx;
    features & (BF16 | TILE) == BF16 | TILE
}

/// Asks for the tile registers, for all threads of the process.
#[cfg(target_os = "linux")]
fn system_gives_tiles() -> bool {
    const ARCH_PRCTL: i64 = 158;
    const ARCH_REQ_XCOMP_PERM: i64 = 0x1023;
    const XFEATURE_XTILEDATA: i64 = 18;
    let mut answer = ARCH_PRCTL;
    // SAFETY: this system call reads and writes no memory.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") answer,
            in("rdi") ARCH_REQ_XCOMP_PERM,
            in("rsi") XFEATURE_XTILEDATA,
            out("rcx") _,
            out("r11") _,
            options(nostack),
        );
    }
    answer == 0
}

/// How other systems are asked is not known here.
#[cfg(not(target_os = "linux"))]
fn system_gives_tiles() -> bool {
    false
}

/// What `ldtilecfg` reads: the sizes of the tiles.
#[repr(C, align(64))]
struct Sizes {
    palette: u8,
    start_row: u8,
    reserved: [u8; 14],
    row_bytes: [u16; 16],
    rows: [u8; 16],
}

/// The tile registers of this thread, in use until this is dropped. All eight tiles have their full size.
pub(super) struct Tiles(());

impl Tiles {
    /// # Safety
    /// [`is_available`] must have said yes; nobody else may use the tiles of this thread meanwhile.
    pub unsafe fn take() -> Self {
        let (mut row_bytes, mut rows) = ([0; 16], [0; 16]);
        row_bytes[..8].fill(u16::from(ROW_BYTES));
        rows[..8].fill(ROWS as u8);
        let sizes = Sizes {
            palette: 1,
            start_row: 0,
            reserved: [0; 14],
            row_bytes,
            rows,
        };
        // SAFETY: the machine has the instruction, as the caller promises, and it reads 64 bytes.
        unsafe {
            asm!("ldtilecfg [{}]", in(reg) &raw const sizes, options(nostack, preserves_flags));
        }
        Self(())
    }

    /// Sets the four sums to 0.
    #[inline(always)]
    pub fn clear(&self) {
        // SAFETY: a `Tiles` exists only where the machine has tiles and they are configured.
        unsafe {
            asm!(
                "tilezero tmm0",
                "tilezero tmm1",
                "tilezero tmm2",
                "tilezero tmm3",
                options(nomem, nostack, preserves_flags),
            );
        }
    }

    /// Loads the four sums: 32 rows of 32 values, `stride` bytes from row to row.
    ///
    /// # Safety
    /// These must be readable.
    #[inline(always)]
    pub unsafe fn load(&self, from: *const f32, stride: usize) {
        // SAFETY: as the caller promises.
        unsafe {
            asm!(
                "tileloadd tmm0, [{a} + {s}*1]",
                "tileloadd tmm1, [{a} + {s}*1 + 64]",
                "tileloadd tmm2, [{b} + {s}*1]",
                "tileloadd tmm3, [{b} + {s}*1 + 64]",
                a = in(reg) from,
                b = in(reg) from.byte_add(ROWS * stride),
                s = in(reg) stride,
                options(readonly, nostack, preserves_flags),
            );
        }
    }

    /// Stores the four sums as [`Self::load`] loads them.
    ///
    /// # Safety
    /// There must be room for them.
    #[inline(always)]
    pub unsafe fn store(&self, to: *mut f32, stride: usize) {
        // SAFETY: as the caller promises.
        unsafe {
            asm!(
                "tilestored [{a} + {s}*1], tmm0",
                "tilestored [{a} + {s}*1 + 64], tmm1",
                "tilestored [{b} + {s}*1], tmm2",
                "tilestored [{b} + {s}*1 + 64], tmm3",
                a = in(reg) to,
                b = in(reg) to.byte_add(ROWS * stride),
                s = in(reg) stride,
                options(nostack, preserves_flags),
            );
        }
    }

    /// Adds to the four sums 32 products each, of 32 rows of `a` (each 32 bf16 values, `a_stride` bytes from row to
    /// row) and of 32 columns of `b` (16 rows of pairs of values of all columns, `b_stride` bytes from row to row).
    ///
    /// # Safety
    /// Both must be readable.
    #[inline(always)]
    pub unsafe fn multiply(&self, a: *const u16, a_stride: usize, b: *const u32, b_stride: usize) {
        // SAFETY: as the caller promises.
        unsafe {
            asm!(
                "tileloadd tmm4, [{a} + {sa}*1]",
                "tileloadd tmm6, [{b} + {sb}*1]",
                "tdpbf16ps tmm0, tmm4, tmm6",
                "tileloadd tmm7, [{b} + {sb}*1 + 64]",
                "tdpbf16ps tmm1, tmm4, tmm7",
                "tileloadd tmm5, [{c} + {sa}*1]",
                "tdpbf16ps tmm2, tmm5, tmm6",
                "tdpbf16ps tmm3, tmm5, tmm7",
                a = in(reg) a,
                c = in(reg) a.byte_add(ROWS * a_stride),
                sa = in(reg) a_stride,
                b = in(reg) b,
                sb = in(reg) b_stride,
                options(readonly, nostack, preserves_flags),
            );
        }
    }

    /// [`Self::multiply`] for the first 16 rows of `a` alone.
    ///
    /// # Safety
    /// Both must be readable.
    #[inline(always)]
    pub unsafe fn multiply_half(
        &self,
        a: *const u16,
        a_stride: usize,
        b: *const u32,
        b_stride: usize,
    ) {
        // SAFETY: as the caller promises.
        unsafe {
            asm!(
                "tileloadd tmm4, [{a} + {sa}*1]",
                "tileloadd tmm6, [{b} + {sb}*1]",
                "tdpbf16ps tmm0, tmm4, tmm6",
                "tileloadd tmm7, [{b} + {sb}*1 + 64]",
                "tdpbf16ps tmm1, tmm4, tmm7",
                a = in(reg) a,
                sa = in(reg) a_stride,
                b = in(reg) b,
                sb = in(reg) b_stride,
                options(readonly, nostack, preserves_flags),
            );
        }
    }
}

impl Drop for Tiles {
    fn drop(&mut self) {
        // SAFETY: the machine has the instruction, or `self` would not be there.
        unsafe {
            asm!("tilerelease", options(nomem, nostack, preserves_flags));
        }
    }
}
