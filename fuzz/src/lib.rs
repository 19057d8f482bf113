//! What is fuzzed: every function that reads bytes from outside, one per kind of file.
//!
//! `cargo fuzz run NAME` calls the function of that name with bytes that libFuzzer invents. None may
//! panic, whatever the bytes; where a format is read and written, what comes back must be the same.
//! Files are put into a folder in memory (`/dev/shm`), where there is one.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::sync::OnceLock;

use tempfile::TempDir;
use vibelux::EmotionVector;
use vibelux::audio::{WindowPlan, decode_start, decode_windows};
use vibelux::face::{FACE_SIDE, FaceImage, decode_picture};
use vibelux::library::{SongStore, json, read_tags};
use vibelux::model::architecture::{Architecture, LayerSpec};
use vibelux::model::keras::{KerasOptions, import};
use vibelux::model::sidecar::{FrontEnd, OutputKind, Sidecar, VERSION};
use vibelux::model::weights::Weights;
use vibelux::model::{FaceModel, reference};
use vibelux::playlist::{PlaylistEntry, write_m3u};
use vibelux_train::config::TrainingConfig;
use vibelux_train::dataset::{EvaluationSet, SoftLabels, TrainingSet, load_table};
use vibelux_train::nn::Random;
use vibelux_train::trainer::Trainer;
use vibelux_train::{history, preset};

/// A folder of this process, in memory if possible; `SQLite` and decoders need real files.
fn folder() -> &'static Path {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    FOLDER
        .get_or_init(|| {
            let memory = Path::new("/dev/shm");
            if memory.is_dir() {
                TempDir::with_prefix_in("vibelux-fuzz-", memory)
            } else {
                TempDir::with_prefix("vibelux-fuzz-")
            }
            .expect("a temporary folder")
        })
        .path()
}

/// Puts the bytes into a file of this name.
fn file(name: &str, data: &[u8]) -> PathBuf {
    let path = folder().join(name);
    std::fs::write(&path, data).expect("a file in the temporary folder");
    path
}

/// Pictures: JPEG and PNG, their EXIF orientation included.
pub fn picture(data: &[u8]) {
    if let Ok(image) = decode_picture(data, Path::new("picture")) {
        assert_eq!(image.pixels.len(), (image.width * image.height) as usize);
        let _ = FaceImage::whole(&image);
    }
}

/// Audio of every container, and its tags. The first byte chooses the file's extension.
pub fn audio(data: &[u8]) {
    const EXTENSIONS: [&str; 8] = ["mp3", "flac", "ogg", "opus", "m4a", "wav", "aiff", "aac"];
    static WITHOUT_FFMPEG: Once = Once::new();
    WITHOUT_FFMPEG.call_once(|| {
        // SAFETY: libFuzzer calls targets from one thread, and no other one has been started yet.
        unsafe { std::env::set_var("PATH", "") }
    });
    let Some((kind, data)) = data.split_first() else {
        return;
    };
    let extension = EXTENSIONS[usize::from(*kind) % EXTENSIONS.len()];
    let path = file(&format!("song.{extension}"), data);
    let plan = WindowPlan {
        count: 3,
        window_seconds: 0.5,
        sample_rate_hz: 16_000,
    };
    if let Ok(song) = decode_windows(&path, &plan) {
        assert_eq!(song.windows.len(), song.starts_seconds.len());
        for window in &song.windows {
            assert!((1..=8_000).contains(&window.samples.len()));
        }
    }
    if let Ok(waveform) = decode_start(&path, 16_000, Some(1.0)) {
        assert!(waveform.samples.iter().all(|s| s.is_finite()));
    }
    let _ = read_tags(&path);
}

/// Keras files: `.h5` (HDF5) and `.keras` (zip).
pub fn keras(data: &[u8]) {
    let path = file("model.keras", data);
    if let Ok(model) = import(&path, KerasOptions::default()) {
        let shapes = model
            .architecture
            .shapes()
            .expect("an imported network fits");
        if shapes.iter().all(|shape| shape.len() < 1 << 16) {
            let input = vec![0.5; shapes[0].len()];
            reference::forward(&model.architecture, &model.weights, &input)
                .expect("imported weights fit");
        }
    }
}

/// The TOML beside a model.
pub fn sidecar(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(sidecar) = Sidecar::parse(text, Path::new("model.toml")) {
        let path = folder().join("model.toml");
        sidecar.save(&path).expect("a valid sidecar can be written");
        assert_eq!(Sidecar::load(&path).expect("and read"), sidecar);
    }
}

/// Weights as safetensors, their shapes against a network.
pub fn weights(data: &[u8]) {
    let path = file("weights.safetensors", data);
    if let Ok(weights) = Weights::load(&path) {
        let net = small_net();
        let input = vec![0.5; FACE_SIDE * FACE_SIDE];
        let _ = reference::forward(&net, &weights, &input);
    }
}

/// A network file from elsewhere, loaded and run once.
pub fn onnx(data: &[u8]) {
    let path = file("model.onnx", data);
    let sidecar = Sidecar {
        version: VERSION,
        name: "fuzz".to_owned(),
        input: [1, FACE_SIDE, FACE_SIDE],
        classes: vibelux::Emotion::ALL.to_vec(),
        output: OutputKind::Logits,
        temperature: 1.0,
        prior: None,
        front_end: FrontEnd::Face {
            mean: 0.0,
            std: 1.0,
            mirror: false,
        },
    };
    sidecar
        .save(&folder().join("model.toml"))
        .expect("a valid sidecar can be written");
    if let Ok(model) = FaceModel::load(&path) {
        let _ = model.classify(&FaceImage([100; FACE_SIDE * FACE_SIDE]));
    }
}

/// `song_embeddings.json` into a library.
pub fn library_json(data: &[u8]) {
    thread_local! {
        static STORE: RefCell<SongStore> = RefCell::new(
            SongStore::open(&folder().join("library.db")).expect("a library in a fresh folder"),
        );
    }
    let path = file("song_embeddings.json", data);
    STORE.with_borrow_mut(|store| {
        if json::import(store, &path, Path::new("/music")).is_ok() {
            let songs = store.songs().expect("the library can be read");
            store
                .set_missing(&songs.into_iter().map(|s| s.path).collect::<Vec<_>>(), true)
                .expect("songs can be marked");
            store.remove_missing().expect("and removed");
        }
    });
}

/// `labels.csv`, as labels of faces and as a table of songs, and the history of a run.
pub fn labels(data: &[u8]) {
    let path = file("labels.csv", data);
    if let Ok(labels) = SoftLabels::load(&path) {
        let _ = labels.get("train/happy/im0.png");
    }
    let _ = load_table(&path, &[]);
    let _ = load_table(&path, &[("fold".to_owned(), "1".to_owned())]);
    let _ = history::read_csv(&path);
    let _ = history::read_json(&path);
}

/// A mood on the command line.
pub fn mood(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(vector) = text.parse::<EmotionVector>()
    {
        let sum: f32 = vector.values().iter().sum();
        assert!((sum - 1.0).abs() < 1e-4, "{text:?} sums to {sum}");
    }
}

/// A playlist of songs whose paths and tags are anything: three lines per song, never more.
pub fn playlist(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut parts = text.splitn(3, '\0');
    let mut next = || parts.next().unwrap_or_default().to_owned();
    let entry = PlaylistEntry {
        path: next().into(),
        duration_seconds: Some(data.len() as f64),
        artist: Some(next()),
        title: Some(next()),
    };
    let path = folder().join("playlist.m3u8");
    if write_m3u(&path, &[entry]).is_ok() {
        let lines = std::fs::read_to_string(&path).expect("a written playlist");
        assert_eq!(lines.lines().count(), 3, "{lines:?}");
    }
}

/// The configuration of a run.
pub fn config(data: &[u8]) {
    let path = file("config.toml", data);
    if let Ok(config) = TrainingConfig::load(&path) {
        config
            .save(&path)
            .expect("a valid configuration can be written");
        let shapes = config.architecture.shapes();
        assert!(shapes.is_err() || !shapes.unwrap().is_empty());
    }
}

/// The checkpoint of a run that is resumed.
pub fn checkpoint(data: &[u8]) {
    let path = file("checkpoint.safetensors", data);
    let mut config = preset::face("default").expect("a preset");
    config.architecture = small_net();
    config.batch_size = 2;
    let trainer = Trainer::new(config, &Nothing, &Nothing).expect("a small run");
    if let Ok(trainer) = trainer.with_checkpoint(path).resume() {
        let _ = trainer.selected_epoch();
        let _ = trainer.into_network();
    }
}

fn small_net() -> Architecture {
    let pool = LayerSpec::MaxPool {
        size: [8, 8],
        stride: [8, 8],
    };
    Architecture {
        input: [1, FACE_SIDE, FACE_SIDE],
        layers: vec![pool, LayerSpec::Flatten, LayerSpec::Dense { units: 7 }],
    }
}

/// A data set of grey pictures, to have something to resume with.
struct Nothing;

impl TrainingSet for Nothing {
    fn len(&self) -> usize {
        2
    }

    fn fingerprint(&self) -> u64 {
        0
    }

    fn draw(&self, _index: usize, _random: &mut Random, input: &mut [f32], target: &mut [f32]) {
        input.fill(0.5);
        target.fill(1.0 / 7.0);
    }
}

impl EvaluationSet for Nothing {
    fn len(&self) -> usize {
        1
    }

    fn views(&self, _index: usize) -> usize {
        1
    }

    fn view(&self, _index: usize, _view: usize, input: &mut [f32]) {
        input.fill(0.5);
    }

    fn class(&self, _index: usize) -> Option<usize> {
        Some(0)
    }

    fn target(&self, _index: usize) -> Option<[f32; 7]> {
        None
    }

    fn averages_logits(&self) -> bool {
        true
    }
}
