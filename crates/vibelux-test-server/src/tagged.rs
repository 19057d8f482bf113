//! [`tagged_flac`] and [`tagged_mp3`]: songs for servers that only read what their files say of themselves.

/// A FLAC file that says that it lasts so many seconds (mono, 8 kHz), and has no sound in it.
#[must_use]
pub fn tagged_flac(title: &str, artist: &str, album: &str, seconds: u32) -> Vec<u8> {
    let samples = u64::from(seconds) * 8000;
    // Blocks of 4096 samples and of unknown sizes; 20 bits of the rate, 3 and 5 of the channels and bits less one, 36 of the samples.
    let mut stream = vec![0x10, 0, 0x10, 0, 0, 0, 0, 0, 0, 0];
    let numbers = 8000 << 44 | 15 << 36 | samples;
    stream.extend(u64::to_be_bytes(numbers));
    stream.extend([0; 16]);
    let text = |text: &str| {
        let length = (text.len() as u32).to_le_bytes();
        [&length, text.as_bytes()].concat()
    };
    let comments = [
        text("vibelux"),
        3_u32.to_le_bytes().to_vec(),
        text(&format!("TITLE={title}")),
        text(&format!("ARTIST={artist}")),
        text(&format!("ALBUM={album}")),
    ]
    .concat();
    let block = |kind: u8, body: &[u8]| {
        let length = (body.len() as u32).to_be_bytes();
        [&[kind], &length[1..], body].concat()
    };
    let blocks = [block(0, &stream), block(0x84, &comments)].concat();
    [b"fLaC".as_slice(), &blocks].concat()
}

/// An MP3 file of so many seconds of silence (MPEG-1, 32 kbit/s, 32 kHz, mono) with a tag of ID3v2.4.
#[must_use]
pub fn tagged_mp3(title: &str, artist: &str, album: &str, seconds: u32) -> Vec<u8> {
    // Seven bits in each byte, so that nobody takes a length for sound.
    let length = |bytes: usize| [21, 14, 7, 0].map(|bits| (bytes >> bits & 0x7F) as u8);
    let field = |name: &str, text: &str| {
        let head = length(text.len() + 1);
        // No flags; the text is UTF-8.
        [name.as_bytes(), &head, &[0, 0, 3], text.as_bytes()].concat()
    };
    let fields = [
        field("TIT2", title),
        field("TPE1", artist),
        field("TALB", album),
    ]
    .concat();
    let tag = [b"ID3\x04\x00\x00", &length(fields.len())[..], &fields].concat();
    // 1152 samples in 144 bytes.
    let mut frame = vec![0xFF, 0xFB, 0x18, 0xC0];
    frame.resize(144, 0);
    let frames = (seconds as usize * 32_000).div_ceil(1152);
    [tag, frame.repeat(frames)].concat()
}
