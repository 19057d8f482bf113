//! Ogg pages whose checksums are right, whatever is in them: no fuzzer guesses those.

/// Bytes of a page before its table of segments.
const HEADER_BYTES: usize = 27;

/// Writes the checksum into every page that begins with the capture pattern and ends within the data
/// (RFC 3533, section 6).
pub(crate) fn mend_checksums(data: &mut [u8]) {
    let mut at = 0;
    while at + HEADER_BYTES <= data.len() {
        match page_length(&data[at..]) {
            Some(length) => {
                let page = &mut data[at..at + length];
                page[22..26].fill(0);
                let sum = checksum(page);
                page[22..26].copy_from_slice(&sum.to_le_bytes());
                at += length;
            }
            None => at += 1,
        }
    }
}

fn page_length(data: &[u8]) -> Option<usize> {
    let segments = usize::from(*data.strip_prefix(b"OggS")?.get(22)?);
    let table = data.get(HEADER_BYTES..HEADER_BYTES + segments)?;
    let body: usize = table.iter().map(|&n| usize::from(n)).sum();
    Some(HEADER_BYTES + segments + body).filter(|&length| length <= data.len())
}

/// The CRC-32 of polynomial 04c11db7, not reflected, from 0.
fn checksum(page: &[u8]) -> u32 {
    page.iter().fold(0_u32, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte) << 24, |sum, _| {
            (sum << 1) ^ if sum >> 31 == 1 { 0x04c1_1db7 } else { 0 }
        })
    })
}
