//! Damaged files of every kind: whatever is wrong with them, the answer is a result or an error that
//! names the file, never a panic. The same damage each time; the long search is `cargo fuzz`'s.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use vibelux::audio::{WindowPlan, decode_start, decode_windows};
use vibelux::face::{FaceImage, decode_picture};
use vibelux::library::{SongStore, json, read_tags};
use vibelux::model::architecture::{Architecture, LayerSpec, Padding};
use vibelux::model::keras::{KerasOptions, import};
use vibelux::model::onnx::to_onnx;
use vibelux::model::sidecar::{FrontEnd, OutputKind, Sidecar, VERSION};
use vibelux::model::weights::{Tensor, Weights};
use vibelux::model::{FaceModel, MusicModel};
use vibelux::{Emotion, EmotionVector};

/// Marsaglia's xorshift64: the damage must be the same on every machine.
struct Damage(u64);

impl Damage {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n.max(1) as u64) as usize
    }

    /// One to four faults: bits, bytes and lengths changed, parts lost, doubled or moved.
    fn apply(&mut self, seed: &[u8]) -> Vec<u8> {
        let mut bytes = seed.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            let end = (at + 1 + self.below(64)).min(bytes.len());
            match self.below(8) {
                _ if bytes.is_empty() => {}
                0 => bytes[at] ^= 1 << self.below(8),
                1 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][self.below(5)],
                2 => {
                    let number: u32 = [0, 1, 0x7fff_ffff, 0x8000_0000, u32::MAX][self.below(5)];
                    let order = [number.to_le_bytes(), number.to_be_bytes()][self.below(2)];
                    bytes
                        .iter_mut()
                        .skip(at)
                        .zip(order)
                        .for_each(|(b, n)| *b = n);
                }
                3 => bytes.truncate(at),
                4 => drop(bytes.drain(at..end)),
                5 => {
                    let part = bytes[at..end].to_vec();
                    bytes.splice(at..at, part);
                }
                6 => bytes[at..end].reverse(),
                _ => bytes[at..end].fill(self.below(256) as u8),
            }
        }
        bytes
    }
}

/// Feeds `read` the seed, which it must take, and damaged copies of it, which it may refuse with an
/// error that names the file.
fn damage<E: Error>(
    path: &Path,
    seed: &[u8],
    copies: usize,
    mut read: impl FnMut(&Path, &[u8]) -> Result<(), E>,
) {
    let mut feed = |bytes: &[u8]| {
        fs::write(path, bytes).unwrap();
        read(path, bytes)
    };
    if let Err(error) = feed(seed) {
        panic_with(path, &error);
    }
    let mut damage = Damage(0x9e37_79b9_7f4a_7c15);
    let name = path.file_stem().unwrap().to_string_lossy();
    for _ in 0..copies {
        if let Err(error) = feed(&damage.apply(seed)) {
            let text = error.to_string();
            assert!(text.contains(&*name), "{text} does not name {name}");
        }
    }
    assert!(feed(&[]).is_err(), "{name}: an empty file was taken");
}

#[allow(clippy::panic, reason = "this is how a test fails")]
fn panic_with(path: &Path, error: &dyn Error) {
    panic!("{path:?} was refused undamaged: {error}");
}

fn golden(folder: &str, extensions: &[&str]) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(folder);
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            extensions
                .iter()
                .any(|e| path.extension() == Some(e.as_ref()))
        })
        .collect();
    files.sort();
    assert!(files.len() > 3);
    files
}

fn workplace() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn pictures() {
    let dir = workplace();
    for file in golden("face", &["png", "jpg"]) {
        let path = dir.path().join(file.file_name().unwrap());
        damage(&path, &fs::read(&file).unwrap(), 100, |path, bytes| {
            decode_picture(bytes, path).map(|picture| {
                let _ = FaceImage::whole(&picture);
            })
        });
    }
}

#[test]
fn keras_files() {
    let dir = workplace();
    for file in golden("keras", &["h5", "keras"]) {
        let path = dir.path().join(file.file_name().unwrap());
        damage(&path, &fs::read(&file).unwrap(), 60, |path, _| {
            import(path, KerasOptions::default()).map(drop)
        });
    }
}

/// A second of a rising tone, as 16-bit stereo WAV.
fn wav() -> Vec<u8> {
    let (rate_hz, frames) = (16_000_u32, 16_000_u32);
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + 4 * frames).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x02\0");
    bytes.extend(rate_hz.to_le_bytes());
    bytes.extend((4 * rate_hz).to_le_bytes());
    bytes.extend(b"\x04\0\x10\0data");
    bytes.extend((4 * frames).to_le_bytes());
    for i in 0..frames {
        let seconds = f64::from(i) / f64::from(rate_hz);
        let value = (8_000.0 * (2_000.0 * seconds * seconds).sin()) as i16;
        bytes.extend(value.to_le_bytes());
        bytes.extend(value.to_le_bytes());
    }
    bytes
}

#[test]
fn songs() {
    let dir = workplace();
    let path = dir.path().join("song.wav");
    let plan = WindowPlan {
        count: 2,
        window_seconds: 0.25,
        sample_rate_hz: 16_000,
    };
    // Most of a WAV file is samples, which cannot be wrong: a short one is damaged where it counts.
    let mut header_and_a_little = wav()[..600].to_vec();
    header_and_a_little[4..8].copy_from_slice(&592_u32.to_le_bytes());
    header_and_a_little[40..44].copy_from_slice(&556_u32.to_le_bytes());
    for seed in [wav(), header_and_a_little] {
        damage(&path, &seed, 80, |path, _| {
            let _ = read_tags(path);
            let start = decode_start(path, 16_000, Some(0.5));
            let windows = decode_windows(path, &plan)?;
            for window in &windows.windows {
                assert!((1..=4_000).contains(&window.samples.len()));
                assert!(window.samples.iter().all(|s| s.is_finite()));
            }
            start.map(drop)
        });
    }
}

fn small_net() -> (Architecture, Weights) {
    let net = Architecture {
        input: [1, 48, 48],
        layers: vec![
            LayerSpec::Conv2d {
                filters: 2,
                kernel: [3, 3],
                padding: Padding::Same,
                bias: true,
            },
            LayerSpec::Relu,
            LayerSpec::MaxPool {
                size: [8, 8],
                stride: [8, 8],
            },
            LayerSpec::Flatten,
            LayerSpec::Dense { units: 7 },
        ],
    };
    let weights = net
        .parameters()
        .unwrap()
        .into_iter()
        .map(|p| {
            let len: usize = p.shape.iter().product();
            let data = (0..len).map(|i| (i % 7) as f32 * 0.1 - 0.3).collect();
            let tensor = Tensor {
                shape: p.shape,
                data,
            };
            (p.name, tensor)
        })
        .collect();
    (net, Weights(weights))
}

fn face_sidecar() -> Sidecar {
    Sidecar {
        version: VERSION,
        name: "small".to_owned(),
        input: [1, 48, 48],
        classes: Emotion::ALL.to_vec(),
        sound_kinds: None,
        output: OutputKind::Logits,
        temperature: 1.0,
        prior: Some(EmotionVector::UNIFORM),
        front_end: FrontEnd::Face {
            mean: 0.5,
            std: 0.25,
            mirror: true,
        },
    }
}

#[test]
fn networks() {
    let dir = workplace();
    let path = dir.path().join("model.onnx");
    face_sidecar().save(&dir.path().join("model.toml")).unwrap();
    let (net, weights) = small_net();
    damage(&path, &to_onnx(&net, &weights).unwrap(), 300, |path, _| {
        let model = FaceModel::load(path)?;
        model.classify(&FaceImage([100; 48 * 48])).map(drop)
    });
    // A face model is no music model, damaged or not.
    assert!(MusicModel::load(&path).is_err());
}

#[test]
fn weights() {
    let dir = workplace();
    let path = dir.path().join("weights.safetensors");
    small_net().1.save(&path).unwrap();
    let seed = fs::read(&path).unwrap();
    damage(&path, &seed, 300, |path, _| Weights::load(path).map(drop));
}

#[test]
fn sidecars() {
    let dir = workplace();
    let path = dir.path().join("model.toml");
    face_sidecar().save(&path).unwrap();
    let seed = fs::read(&path).unwrap();
    damage(&path, &seed, 500, |path, _| {
        let sidecar = Sidecar::load(path)?;
        // What was taken can be written and comes back the same.
        let copy = path.with_file_name("copy.toml");
        sidecar.save(&copy)?;
        assert_eq!(Sidecar::load(&copy)?, sidecar);
        Ok::<_, vibelux::model::sidecar::SidecarError>(())
    });
}

#[test]
fn embeddings_in_json() {
    let dir = workplace();
    let path = dir.path().join("song_embeddings.json");
    let seed =
        br#"{"a.mp3": [0.7, 0.1, 0.0, 0.0, 0.1, 0.1, 0.0], "b\u00e9.mp3": [0, 0, 0, 1, 0, 0, NaN],
        "c.mp3": [1e-3, 0, 0, 0, 0, 0, 2.5]}"#;
    let mut store = SongStore::open(&dir.path().join("library.db")).unwrap();
    damage(&path, seed, 200, |path, _| {
        json::import(&mut store, path, Path::new("/music")).map(drop)
    });
    for song in store.songs().unwrap() {
        let sum: f32 = song.vector().unwrap().values().iter().sum();
        assert!((sum - 1.0).abs() < 1e-4);
    }
}

#[test]
fn moods() {
    let mut damage = Damage(1);
    let (mut good, mut bad) = (0, 0);
    for _ in 0..3_000 {
        let bytes = damage.apply(b"happy=0.7,sad=0.3, fear = 1e-3");
        match String::from_utf8_lossy(&bytes).parse::<EmotionVector>() {
            Ok(vector) => {
                let sum: f32 = vector.values().iter().sum();
                assert!((sum - 1.0).abs() < 1e-4);
                good += 1;
            }
            Err(_) => bad += 1,
        }
    }
    assert!(good > 0 && bad > 0);
}
