//! Picture files of every kind, sound and broken, through `load_picture`.

#![allow(clippy::unwrap_used, clippy::panic)] // A helper of a test may fail like the test itself.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::{ImageFormat, RgbImage};
use vibelux::face::{FaceError, GreyImage, decode_picture, load_picture};

#[derive(serde::Deserialize)]
struct Golden {
    pictures: BTreeMap<String, Expected>,
}

#[derive(serde::Deserialize)]
struct Expected {
    width: u32,
    height: u32,
    /// Two hexadecimal digits a pixel.
    grey: String,
}

impl Expected {
    fn pixels(&self) -> Vec<u8> {
        let digits = self.grey.as_bytes().as_chunks::<2>().0;
        let pixel = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16);
        digits.iter().map(|pair| pixel(pair).unwrap()).collect()
    }
}

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/face")
}

fn mean_difference(a: &[u8], b: &[u8]) -> f64 {
    let sum: u64 = a
        .iter()
        .zip(b)
        .map(|(&p, &q)| u64::from(p.abs_diff(q)))
        .sum();
    sum as f64 / a.len() as f64
}

#[test]
fn every_kind_of_picture_reads_as_pil_reads_it() {
    let text = std::fs::read_to_string(golden().join("expected.json")).unwrap();
    let golden_file: Golden = serde_json::from_str(&text).unwrap();
    assert_eq!(golden_file.pictures.len(), 33);
    for (name, expected) in golden_file.pictures {
        let got = load_picture(&golden().join(&name)).unwrap();
        assert_eq!((got.width, got.height), (expected.width, expected.height));
        let pixels = expected.pixels();
        // Exact but for the rounding of 16 bits and of grey; decoders of what was compressed with losses differ by a
        // step or two, and by more where they make colours of half their size large again.
        let allowed = match name.rsplit_once('.') {
            Some((_, "jpg" | "heic" | "avif")) => 3,
            _ if name == "lossy.webp" => 3,
            _ => 1,
        };
        let worst = got
            .pixels
            .iter()
            .zip(&pixels)
            .map(|(&a, &b)| a.abs_diff(b))
            .max();
        assert!(worst <= Some(allowed), "{name}: off by {worst:?}");
        assert!(mean_difference(&got.pixels, &pixels) < 0.6, "{name}");
    }
}

/// A picture without any symmetry, made of flat 16 px blocks so that JPEG keeps it.
fn asymmetric() -> RgbImage {
    RgbImage::from_fn(48, 32, |x, y| {
        let value = (x / 16 * 40 + y / 16 * 125) as u8;
        image::Rgb([value, value, value])
    })
}

/// What a camera held as `orientation` says stores for an upright picture.
fn stored_for(upright: &RgbImage, orientation: u8) -> RgbImage {
    use image::imageops::{flip_horizontal, flip_vertical, rotate90, rotate180, rotate270};
    match orientation {
        2 => flip_horizontal(upright),
        3 => rotate180(upright),
        4 => flip_vertical(upright),
        5 => flip_horizontal(&rotate90(upright)),
        6 => rotate270(upright),
        7 => flip_horizontal(&rotate270(upright)),
        8 => rotate90(upright),
        _ => upright.clone(),
    }
}

/// A TIFF block with nothing but the orientation (tag 0x0112, SHORT), in either byte order.
fn exif_block(orientation: u8, big_endian: bool) -> Vec<u8> {
    if big_endian {
        let mut block = b"MM\0\x2A\0\0\0\x08\0\x01".to_vec();
        block.extend([
            0x01,
            0x12,
            0,
            3,
            0,
            0,
            0,
            1,
            0,
            orientation,
            0,
            0,
            0,
            0,
            0,
            0,
        ]);
        block
    } else {
        let mut block = b"II\x2A\0\x08\0\0\0\x01\0".to_vec();
        block.extend([
            0x12,
            0x01,
            3,
            0,
            1,
            0,
            0,
            0,
            orientation,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
        ]);
        block
    }
}

fn encoded(picture: &RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn jpeg_with_exif(picture: &RgbImage, exif: &[u8]) -> Vec<u8> {
    let jpeg = encoded(picture, ImageFormat::Jpeg);
    let length = (2 + 6 + exif.len()) as u16;
    let mut bytes = vec![0xFF, 0xD8, 0xFF, 0xE1];
    bytes.extend(length.to_be_bytes());
    bytes.extend(b"Exif\0\0");
    bytes.extend(exif);
    bytes.extend(&jpeg[2..]);
    bytes
}

fn png_with_exif(picture: &RgbImage, exif: &[u8]) -> Vec<u8> {
    let png = encoded(picture, ImageFormat::Png);
    let mut chunk = b"eXIf".to_vec();
    chunk.extend(exif);
    // Signature (8) and IHDR (25) come first.
    let mut bytes = png[..33].to_vec();
    bytes.extend((exif.len() as u32).to_be_bytes());
    bytes.extend(&chunk);
    bytes.extend(crc32(&chunk).to_be_bytes());
    bytes.extend(&png[33..]);
    bytes
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |c, _| {
            if c & 1 == 1 {
                (c >> 1) ^ 0xEDB8_8320
            } else {
                c >> 1
            }
        })
    })
}

#[test]
fn all_eight_orientations_come_out_upright() {
    let upright = asymmetric();
    let expected: Vec<u8> = upright.pixels().map(|p| p.0[0]).collect();
    for orientation in 1..=8 {
        let stored = stored_for(&upright, orientation);
        for big_endian in [false, true] {
            let exif = exif_block(orientation, big_endian);
            for bytes in [
                jpeg_with_exif(&stored, &exif),
                png_with_exif(&stored, &exif),
            ] {
                let got = decode_picture(&bytes, Path::new("turned")).unwrap();
                assert_eq!(
                    (got.width, got.height),
                    (48, 32),
                    "orientation {orientation}"
                );
                let off = mean_difference(&got.pixels, &expected);
                assert!(off < 2.0, "orientation {orientation}: off by {off}");
            }
        }
    }
}

#[test]
fn nonsense_in_exif_is_ignored() {
    let upright = asymmetric();
    for exif in [
        exif_block(0, false),
        exif_block(9, true),
        b"II*\0\xFF\xFF\xFF\xFF".to_vec(),
        vec![],
    ] {
        let got = decode_picture(&jpeg_with_exif(&upright, &exif), Path::new("x")).unwrap();
        assert_eq!((got.width, got.height), (48, 32));
    }
}

fn refused(name: &str, bytes: &[u8]) -> FaceError {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let error = load_picture(&path).unwrap_err();
    assert!(error.to_string().contains(name), "{error}");
    error
}

#[test]
fn broken_files_are_told_apart() {
    assert!(matches!(
        refused("empty.jpg", b""),
        FaceError::EmptyPicture { .. }
    ));
    assert!(matches!(
        refused("text.jpg", b"This is a letter, not a picture.\n"),
        FaceError::UnsupportedPicture { .. }
    ));
    assert!(matches!(
        refused("pic.gif", b"GIF89a\x01\0\x01\0"),
        FaceError::DamagedPicture { .. }
    ));
    // A film, a drawing of lines, an icon.
    for other in [
        b"\0\0\0\x18ftypisom\0\0\0\0isommp42".as_slice(),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\0\0\x01\0\x01\0\x10\x10",
    ] {
        assert!(matches!(
            refused("other.png", other),
            FaceError::UnsupportedPicture { .. }
        ));
    }
    assert!(matches!(
        refused("head.jpg", &[0xFF, 0xD8, 0xFF]),
        FaceError::DamagedPicture { .. }
    ));
    let missing = load_picture(Path::new("no/such/face.png")).unwrap_err();
    assert!(matches!(missing, FaceError::Io { .. }));
    assert!(
        load_picture(Path::new(env!("CARGO_MANIFEST_DIR"))).is_err(),
        "a folder"
    );
}

#[test]
fn a_cut_file_is_never_half_a_face() {
    let picture = RgbImage::from_fn(160, 120, |x, y| {
        image::Rgb([(x * y) as u8, x as u8, y as u8])
    });
    for format in [ImageFormat::Jpeg, ImageFormat::Png] {
        let whole = encoded(&picture, format);
        // The last 12 bytes of a PNG are an empty end chunk: a cut there loses no pixel.
        for keep in (8..whole.len() - 12).step_by(97).chain([whole.len() / 2]) {
            let error = refused("cut", &whole[..keep]);
            assert!(
                matches!(error, FaceError::DamagedPicture { .. }),
                "{format:?} {keep}: {error}"
            );
        }
    }
    // A thumbnail's end is not the picture's.
    let thumbnail = encoded(&asymmetric(), ImageFormat::Jpeg);
    let with_thumbnail = jpeg_with_exif(&picture, &thumbnail);
    assert!(decode_picture(&with_thumbnail, Path::new("x")).is_ok());
    refused("cut.jpg", &with_thumbnail[..with_thumbnail.len() - 100]);
    // Bytes behind the end (a phone's "live" video) do no harm.
    let trailed = [encoded(&picture, ImageFormat::Jpeg), vec![7; 500]].concat();
    assert!(decode_picture(&trailed, Path::new("x")).is_ok());
}

/// The pictures of the newer formats that the golden file names.
fn newer_pictures() -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(golden()).unwrap();
    let mut pictures: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let kind = path.extension().and_then(|kind| kind.to_str());
            matches!(
                kind,
                Some("webp" | "gif" | "bmp" | "tiff" | "heic" | "avif")
            )
        })
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect();
    pictures.sort();
    assert!(pictures.len() > 20);
    pictures
}

#[test]
fn newer_formats_are_told_by_their_content_and_never_half_read() {
    for (name, bytes) in newer_pictures() {
        assert!(
            decode_picture(&bytes, Path::new("face.jpg")).is_ok(),
            "{name}"
        );
        // What is cut in the middle is refused; a cut behind the pixels may lose nothing.
        for keep in [9, bytes.len() / 4, bytes.len() / 2] {
            let error = decode_picture(&bytes[..keep], Path::new("cut"));
            assert!(error.is_err(), "{name}, {keep} of {}", bytes.len());
        }
    }
}

#[test]
fn a_picture_that_claims_to_be_huge_is_refused_before_it_is_decoded() {
    // A PNG header of 60,000 x 60,000 (10.8 GB) and no data worth the name.
    let mut png = b"\x89PNG\r\n\x1A\n".to_vec();
    for (kind, data) in [
        (
            b"IHDR",
            [60_000_u32.to_be_bytes(), 60_000_u32.to_be_bytes()].concat(),
        ),
        (b"IDAT", vec![0x78, 0x9C, 0x03, 0, 0, 0, 0, 1]),
    ] {
        let mut chunk = kind.to_vec();
        chunk.extend(&data);
        if kind == b"IHDR" {
            chunk.extend([8, 2, 0, 0, 0]);
        }
        png.extend((chunk.len() as u32 - 4).to_be_bytes());
        png.extend(&chunk);
        png.extend(crc32(&chunk).to_be_bytes());
    }
    let error = refused("bomb.png", &png);
    assert!(
        matches!(
            error,
            FaceError::PictureTooLarge {
                width: 60_000,
                height: 60_000,
                ..
            }
        ),
        "{error}"
    );

    // A sound JPEG whose frame header is made to claim 65,500 x 65,500.
    let mut jpeg = encoded(&asymmetric(), ImageFormat::Jpeg);
    let frame = jpeg.windows(2).position(|w| w == [0xFF, 0xC0]).unwrap();
    let side = 65_500_u16.to_be_bytes();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[side[0], side[1], side[0], side[1]]);
    assert!(matches!(
        refused("bomb.jpg", &jpeg),
        FaceError::PictureTooLarge { .. }
    ));
}

#[test]
fn one_pixel_is_a_picture() {
    let one = encoded(
        &RgbImage::from_pixel(1, 1, image::Rgb([9, 9, 9])),
        ImageFormat::Png,
    );
    let got = decode_picture(&one, Path::new("one.png")).unwrap();
    assert_eq!(got, GreyImage::new(1, 1, vec![9]).unwrap());
}

#[test]
fn no_damage_ends_the_program() {
    let picture = RgbImage::from_fn(64, 48, |x, y| {
        image::Rgb([(x * 3) as u8, y as u8, (x ^ y) as u8])
    });
    let exif = exif_block(6, false);
    let made = [
        jpeg_with_exif(&picture, &exif),
        png_with_exif(&picture, &exif),
    ];
    let newer = newer_pictures().into_iter().map(|(_, bytes)| (bytes, 20));
    for (whole, times) in made.map(|bytes| (bytes, 300)).into_iter().chain(newer) {
        let mut state = 12345_u32;
        for _ in 0..times {
            let mut bytes = whole.clone();
            for _ in 0..4 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let at = (state >> 8) as usize % bytes.len();
                bytes[at] = state as u8;
            }
            if let Ok(image) = decode_picture(&bytes, Path::new("damaged")) {
                assert_eq!(
                    image.pixels.len() as u64,
                    u64::from(image.width) * u64::from(image.height)
                );
            }
        }
    }
}
