//! Writes the inputs that fuzzing begins with into `corpus/`, as `made-*`: small files that are whole, made
//! here from nothing. `cargo run --manifest-path fuzz/Cargo.toml --example seeds`; needs ffmpeg.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::AtomicBool;

use vibelux::model::onnx::to_onnx;
use vibelux::model::weights::{Tensor, Weights};
use vibelux_fuzz::{Grey, small_net, small_run};
use vibelux_train::config::preset;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// A file for a target: the options of ffmpeg behind its input, a tone.
type Sound = (&'static str, &'static str, &'static str);

const SOUNDS: [Sound; 32] = [
    ("audio_wav", "16.wav", "-ac 2 -t 0.04"),
    ("audio_wav", "8.wav", "-c:a pcm_u8 -t 0.1"),
    ("audio_wav", "24.wav", "-c:a pcm_s24le -t 0.04"),
    ("audio_wav", "float.wav", "-c:a pcm_f32le -t 0.04"),
    ("audio_wav", "alaw.wav", "-c:a pcm_alaw -t 0.1"),
    ("audio_wav", "ms.wav", "-c:a adpcm_ms -t 0.2"),
    ("audio_wav", "ima.wav", "-c:a adpcm_ima_wav -t 0.2"),
    ("audio_mp3", "low.mp3", "-b:a 8k -t 0.6"),
    (
        "audio_mp3",
        "stereo.mp3",
        "-ar 44100 -ac 2 -b:a 64k -t 0.2 -write_xing 0",
    ),
    (
        "audio_mp3",
        "tagged.mp3",
        "-b:a 8k -t 0.2 -metadata title=Tone -metadata artist=Nobody",
    ),
    ("audio_flac", "16.flac", "-metadata_header_padding 0 -t 0.2"),
    (
        "audio_flac",
        "stereo.flac",
        "-metadata_header_padding 0 -ar 44100 -ac 2 -t 0.05",
    ),
    (
        "audio_flac",
        "24.flac",
        "-metadata_header_padding 0 -sample_fmt s32 -t 0.1",
    ),
    ("audio_vorbis", "tone.ogg", "-c:a libvorbis -q:a -1 -t 0.3"),
    (
        "audio_vorbis",
        "other.ogg",
        "-c:a vorbis -strict -2 -ac 2 -t 0.1",
    ),
    ("audio_opus", "tone.opus", "-c:a libopus -b:a 8k -t 0.5"),
    (
        "audio_opus",
        "stereo.opus",
        "-c:a libopus -ac 2 -b:a 32k -t 0.2",
    ),
    (
        "audio_opus",
        "long.opus",
        "-c:a libopus -b:a 6k -frame_duration 60 -t 0.5",
    ),
    (
        "audio_opus",
        "surround.opus",
        "-c:a libopus -ac 6 -b:a 60k -mapping_family 1 -t 0.1",
    ),
    ("audio_mp4", "aac.m4a", "-c:a aac -b:a 16k -t 0.4"),
    (
        "audio_mp4",
        "stereo.m4a",
        "-c:a aac -ac 2 -ar 44100 -b:a 32k -t 0.2",
    ),
    ("audio_mp4", "alac.m4a", "-c:a alac -t 0.1"),
    (
        "audio_mp4",
        "pieces.mp4",
        "-c:a aac -b:a 16k -t 0.4 -movflags frag_keyframe+empty_moov",
    ),
    ("audio_aiff", "16.aiff", "-t 0.1"),
    ("audio_aiff", "8.aiff", "-c:a pcm_s8 -ac 2 -t 0.1"),
    ("audio_aiff", "alaw.aifc", "-c:a pcm_alaw -t 0.1 -f aiff"),
    ("audio", "tone.aac", "-b:a 16k -t 0.4"),
    ("audio", "tone.mp2", "-c:a mp2 -ar 16000 -b:a 8k -t 0.2"),
    (
        "cover",
        "names.wav",
        "-t 0.02 -metadata title=Tone -metadata artist=A",
    ),
    (
        "cover",
        "names.ogg",
        "-c:a libopus -b:a 6k -t 0.1 -metadata title=Tone -metadata album=B",
    ),
    (
        "cover",
        "names.m4a",
        "-c:a aac -b:a 8k -t 0.1 -metadata title=Tone -metadata artist=A",
    ),
    (
        "cover",
        "names.aiff",
        "-t 0.02 -write_id3v2 1 -metadata title=Tone",
    ),
];

/// The same with a small picture as its cover.
const COVERS: [Sound; 4] = [
    ("cover", "cover.mp3", "-b:a 8k -t 0.1 -metadata title=Tone"),
    (
        "cover",
        "cover.flac",
        "-metadata_header_padding 0 -t 0.05 -metadata artist=Nobody",
    ),
    (
        "cover",
        "cover.m4a",
        "-c:a aac -b:a 8k -t 0.1 -metadata album=None",
    ),
    ("cover", "cover.aiff", "-t 0.02 -write_id3v2 1"),
];

fn main() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = root.join("corpus");
    let work = tempfile::tempdir()?;
    for (target, name, options) in SOUNDS {
        let bytes = sound(work.path(), name, options, None)?;
        keep(&corpus, target, name, &with_kind(target, name, bytes))?;
    }
    let picture = root.join("../crates/vibelux/tests/golden/face/rgb.png");
    for (target, name, options) in COVERS {
        let bytes = sound(work.path(), name, options, Some(&picture))?;
        keep(&corpus, target, name, &with_kind(target, name, bytes))?;
    }
    pictures(root, &corpus)?;
    networks(root, &corpus, work.path())?;
    texts(&corpus)?;
    requests(root, &corpus)?;
    faults(&corpus)
}

/// Puts an input into its place, unless it is too large to be kept.
fn keep(corpus: &Path, target: &str, name: &str, bytes: &[u8]) -> Result<()> {
    if bytes.len() > 4096 {
        eprintln!("{target}: {name} has {} bytes and is left out", bytes.len());
        return Ok(());
    }
    let folder = corpus.join(target);
    fs::create_dir_all(&folder)?;
    let name = name.replace('.', "-");
    Ok(fs::write(folder.join(format!("made-{name}")), bytes)?)
}

/// A tone at 8 kHz through ffmpeg, the same bytes each time.
fn sound(folder: &Path, name: &str, options: &str, cover: Option<&Path>) -> Result<Vec<u8>> {
    let path = folder.join(name);
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args("-hide_banner -loglevel error -y -bitexact -f lavfi".split(' '));
    ffmpeg.args(["-i", "aevalsrc=0.4*sin(2500*t*t):s=8000"]);
    if let Some(cover) = cover {
        ffmpeg.arg("-i").arg(cover);
        ffmpeg.args("-map 0 -map 1 -c:v copy -disposition:v attached_pic".split(' '));
    }
    ffmpeg
        .args(options.split(' '))
        .args(["-fflags", "+bitexact"]);
    if !ffmpeg.arg(&path).status()?.success() {
        return Err(format!("ffmpeg cannot make {name}").into());
    }
    Ok(fs::read(path)?)
}

/// Two targets read the kind of file from the first byte, as a place in their lists.
fn with_kind(target: &str, name: &str, bytes: Vec<u8>) -> Vec<u8> {
    let extension = name.rsplit('.').next().unwrap_or_default();
    let kinds: &[&str] = match target {
        "audio" => &["mp3", "flac", "ogg", "opus", "m4a", "wav", "aiff", "aac"],
        "cover" => &["mp3", "flac", "ogg", "opus", "m4a", "wav", "aiff"],
        _ => return bytes,
    };
    let kind = kinds
        .iter()
        .position(|kind| *kind == extension)
        .unwrap_or(0);
    [vec![kind as u8], bytes].concat()
}

fn pictures(root: &Path, corpus: &Path) -> Result<()> {
    for file in fs::read_dir(root.join("../crates/vibelux/tests/golden/face"))? {
        let path = file?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with(".png") || name.ends_with(".jpg") {
            keep(corpus, "picture", &name, &fs::read(&path)?)?;
        }
    }
    Ok(())
}

fn networks(root: &Path, corpus: &Path, work: &Path) -> Result<()> {
    let net = small_net();
    let weights = net.parameters()?.into_iter().map(|parameter| {
        let count: usize = parameter.shape.iter().product();
        let tensor = Tensor {
            shape: parameter.shape,
            data: (0..count).map(|i| (i % 7) as f32 * 0.1 - 0.3).collect(),
        };
        (parameter.name, tensor)
    });
    let weights = Weights(weights.collect());
    keep(corpus, "onnx", "small.onnx", &to_onnx(&net, &weights)?)?;
    let path = work.join("weights.safetensors");
    weights.save(&path)?;
    keep(corpus, "weights", "small.safetensors", &fs::read(&path)?)?;
    for model in ["face", "music"] {
        let text = fs::read(root.join(format!("../models/{model}.toml")))?;
        keep(corpus, "sidecar", &format!("{model}.toml"), &text)?;
    }
    let path = work.join("config.toml");
    for (name, config) in [
        ("face", preset::face("default")),
        ("music", preset::music("default")),
    ] {
        if let Some(config) = config {
            config.save(&path)?;
            keep(corpus, "config", &format!("{name}.toml"), &fs::read(&path)?)?;
        }
    }
    let path = work.join("checkpoint.safetensors");
    let mut run = small_run(&Grey)?.with_checkpoint(path.clone());
    run.run(&AtomicBool::new(true), &mut |_| ())?;
    keep(corpus, "checkpoint", "begun.safetensors", &fs::read(&path)?)?;
    // A zip with what the Keras format asks for, and the signature of the other one.
    keep(
        corpus,
        "keras",
        "signature.h5",
        b"\x89HDF\r\n\x1a\n\0\0\0\0\0\x08\x08\0\x04\0\x10\0",
    )
}

fn texts(corpus: &Path) -> Result<()> {
    let texts: [(&str, &str, &str); 16] = [
        // The first byte is where somebody types.
        (
            "filter",
            "all",
            "\x10not genre:christmas and duration<600 and happy>0.4",
        ),
        (
            "filter",
            "dates",
            "\x05added:30d or added>2026-01-31 year:1990..1999",
        ),
        (
            "filter",
            "quotes",
            "\x09(artist=\"Ada Bj\u{f6}rk\" or 'x') and not not liked",
        ),
        ("filter", "wrong", "\x04year>abc (("),
        ("mood", "pairs", "happy=0.7,sad=0.3, fear = 1e-3"),
        ("mood", "name", "surprised"),
        ("playlist", "names", "/music/a b.mp3\0Some Artist\0A\nTitle"),
        (
            "labels",
            "votes.csv",
            "file,angry,disgust,fear,happy,neutral,sad,surprise,nf\ntrain/happy/im0.png,0,0,0,9,1,0,0,0\n",
        ),
        (
            "labels",
            "songs.csv",
            "path,p_angry,p_disgusted,p_fearful,p_happy,p_neutral,p_sad,p_surprised,fold,quadrant\n\"a, b.mp3\",0.1,0,0,0.7,0.1,0.1,0,1,Q1\n",
        ),
        (
            "labels",
            "history.json",
            "[{\"epoch\":1,\"train_loss\":1.5,\"seconds\":2}]",
        ),
        (
            "library_json",
            "plain.json",
            "{\"a.mp3\": [0.7, 0.1, 0, 0, 0.1, 0.1, 0], \"b\\u00e9.mp3\": [0, 0, 0, 1, 0, 0, NaN], \"c.mp3\": [1e-3, 0, 0, 0, 0, 0, 2.5]}",
        ),
        (
            "library_json",
            "bytes.json",
            "{\"/m/\\udcff.mp3\": [1,2,3,4,5,6,7]}",
        ),
        ("range_header", "part", "\0\0\0\0\0\0\x03\u{38}bytes=0-499"),
        ("range_header", "end", "\0\0\0\0\0\0\x03\u{38}bytes=-300"),
        ("range_header", "from", "\0\0\0\0\0\x01\0\0Bytes = 500-"),
        (
            "range_header",
            "large",
            "\0\0\0\0\0\x01\0\0bytes=0-99999999999999999999",
        ),
    ];
    for (target, name, text) in texts {
        keep(corpus, target, name, text.as_bytes())?;
    }
    Ok(())
}

fn requests(root: &Path, corpus: &Path) -> Result<()> {
    let message = |kind: u8, bytes: &[u8]| -> Vec<u8> {
        [&[kind], &(bytes.len() as u16).to_be_bytes()[..], bytes].concat()
    };
    let orders = [
        r#"{"type":"settings","face":"mean","temperature":1.5,"mood_seconds":3,"bars_seconds":0.2}"#,
        r#"{"type":"settings","face":3}"#,
        r#"{"type":"baseline","duration_seconds":2}"#,
        r#"{"type":"reset_baseline"}"#,
    ];
    let orders: Vec<u8> = orders
        .iter()
        .flat_map(|text| message(0, text.as_bytes()))
        .collect();
    keep(corpus, "live_frame", "orders", &orders)?;
    let golden = root.join("../crates/vibelux/tests/golden/face");
    for name in ["rgb.jpg", "grey.jpg", "progressive.jpg"] {
        let jpeg = [&7_u32.to_be_bytes()[..], &fs::read(golden.join(name))?].concat();
        let twice = [message(1, &jpeg), orders.clone(), message(1, &jpeg)].concat();
        keep(corpus, "live_frame", name, &twice)?;
    }
    keep(corpus, "live_frame", "short", &message(1, &[1, 2, 3]))
}

/// Faults of the library file: see `song_library::damage`.
fn faults(corpus: &Path) -> Result<()> {
    let faults: [(&str, &[u8]); 6] = [
        ("none", &[]),
        ("bit", &[0, 0, 0x20, 0x31, 3]),
        ("header", &[1, 0, 0, 0x3C, 4, 0, 0, 0, 9]),
        ("page", &[2, 0, 0x30, 0, 0]),
        ("short", &[3, 0, 0x50, 0x10]),
        ("moved", &[4, 0, 0x30, 0, 4]),
    ];
    for (name, fault) in faults {
        keep(corpus, "library_file", name, fault)?;
    }
    Ok(())
}
