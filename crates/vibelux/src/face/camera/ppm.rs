//! Binary PPM pictures, one after the other in a stream: what ffmpeg is told to write.

use std::io::BufRead;

use image::RgbImage;

/// Largest side of a frame that is believed; ffmpeg is told to stay far below.
pub(super) const MAX_FRAME_SIDE: u32 = 16_384;

/// The next binary PPM (`P6 width height 255`) of a stream; `None` at its end or if it is cut short
/// or not one.
pub(super) fn read_ppm(reader: &mut impl BufRead) -> Option<RgbImage> {
    if ppm_word(reader)? != "P6" {
        return None;
    }
    let mut number = || ppm_word(reader)?.parse::<u32>().ok();
    let (width, height, largest) = (number()?, number()?, number()?);
    let sizes = 1..=MAX_FRAME_SIDE;
    if !sizes.contains(&width) || !sizes.contains(&height) || largest != 255 {
        return None;
    }
    let mut pixels = vec![0; width as usize * height as usize * 3];
    reader.read_exact(&mut pixels).ok()?;
    RgbImage::from_raw(width, height, pixels)
}

/// A word of at most 8 bytes and the one white-space byte behind it, as ffmpeg writes headers.
fn ppm_word(reader: &mut impl BufRead) -> Option<String> {
    let mut word = String::new();
    loop {
        let mut byte = [0];
        reader.read_exact(&mut byte).ok()?;
        if byte[0].is_ascii_whitespace() {
            return Some(word);
        }
        if word.len() == 8 || !byte[0].is_ascii() {
            return None;
        }
        word.push(char::from(byte[0]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pictures_follow_each_other_in_the_pipe() {
        let mut bytes = b"P6\n2 1\n255\n".to_vec();
        bytes.extend([255, 255, 255, 0, 0, 0]);
        bytes.extend(b"P6\n1 1\n255\n");
        // White space as pixel values must not be taken for the header's.
        bytes.extend([10, 32, 10]);
        let mut reader = bytes.as_slice();
        assert_eq!(read_ppm(&mut reader).unwrap().dimensions(), (2, 1));
        assert_eq!(read_ppm(&mut reader).unwrap().as_raw(), &[10, 32, 10]);
        assert!(read_ppm(&mut reader).is_none());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = read_ppm(&mut bytes.as_slice());
            let with_header = [b"P6\n2 2\n255\n".as_slice(), &bytes].concat();
            prop_assert_eq!(read_ppm(&mut with_header.as_slice()).is_some(), bytes.len() >= 12);
        }
    }

    #[test]
    fn huge_frames_are_not_believed() {
        assert!(read_ppm(&mut b"P6\n99999999 99999999\n255\n".as_slice()).is_none());
    }
}
