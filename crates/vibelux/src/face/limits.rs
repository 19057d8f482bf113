//! How large a picture may be: a small file can claim more than any memory holds.

/// The largest picture that is read. Phones make 108 million pixels; a small file can claim 4
/// billion.
pub(super) const MAX_PIXELS: u64 = 120_000_000;

/// What the decoder may allocate: `MAX_PIXELS` of RGB and some room.
pub(super) const MAX_DECODER_BYTES: u64 = 512 << 20;

/// The largest file that is read into memory.
pub(super) const MAX_FILE_BYTES: u64 = 256 << 20;
