//! [`silent_wav`]: a song for players that only need something to play.

/// So many seconds of silence as a WAV file: PCM, mono, 8 kHz, 8 bits.
#[must_use]
pub fn silent_wav(seconds: u32) -> Vec<u8> {
    let chunk = |id: &[u8], body: &[u8]| -> Vec<u8> {
        let length = (body.len() as u32).to_le_bytes();
        [id, &length, body].concat()
    };
    let format = [1, 0, 1, 0, 0x40, 0x1F, 0, 0, 0x40, 0x1F, 0, 0, 1, 0, 8, 0];
    let samples = vec![0x80; 8000 * seconds as usize];
    let body = [
        b"WAVE".to_vec(),
        chunk(b"fmt ", &format),
        chunk(b"data", &samples),
    ];
    chunk(b"RIFF", &body.concat())
}
