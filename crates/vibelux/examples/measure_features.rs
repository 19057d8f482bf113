//! Writes the table of measured quantities that `scripts/research/fit_audio_features.py` fits coefficients on.
//!
//!     cargo run --release --example measure_features -- LIST TABLE.tsv [SECONDS]
//!
//! LIST has a line per sound: the path of a file of raw samples (f32, little-endian, mono), a tab, and its rate in Hz.
//! Of each, SECONDS (60) from the middle are measured. The table has their numbers by name and the autocorrelation of the
//! onset strength, separated by tabs; its last column is what [`measure`] makes of them, as JSON.

use std::fs;
use std::io::{BufWriter, Error, Write};
use std::time::{Duration, Instant};

use vibelux::audio::Waveform;
use vibelux::features::{Quantities, measure};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [list, table, rest @ ..] = arguments.as_slice() else {
        return Err("usage: measure_features LIST TABLE.tsv [SECONDS]".into());
    };
    let seconds: f64 = rest.first().map_or(Ok(60.0), |s| s.parse())?;
    let mut out = BufWriter::new(fs::File::create(table)?);
    let (mut spent, mut heard, mut is_begun) = (Duration::ZERO, 0.0, false);
    for line in fs::read_to_string(list)?.lines() {
        let (path, rate) = line.rsplit_once('\t').ok_or("a line of LIST has no tab")?;
        let waveform = middle(&fs::read(path)?, rate.parse()?, seconds);
        let begun = Instant::now();
        let features = measure(&waveform, None);
        spent += begun.elapsed();
        heard += waveform.seconds();
        let Some(quantities) = Quantities::of(&waveform) else {
            eprintln!("{path}: too short or silent");
            continue;
        };
        let named = quantities.named();
        if !is_begun {
            let names: Vec<&str> = named.iter().map(|(name, _)| name.as_str()).collect();
            writeln!(
                out,
                "path\t{}\tframes_per_second\tautocorrelation\tfeatures",
                names.join("\t")
            )?;
            is_begun = true;
        }
        let values: Vec<String> = named.iter().map(|(_, value)| value.to_string()).collect();
        let (correlation, frames_per_second) = quantities.autocorrelation();
        let correlation: Vec<String> = correlation.iter().map(|x| format!("{x:.4}")).collect();
        let json = serde_json::to_string(&features).map_err(Error::from)?;
        let (values, correlation) = (values.join("\t"), correlation.join(" "));
        writeln!(
            out,
            "{path}\t{values}\t{frames_per_second}\t{correlation}\t{json}"
        )?;
    }
    out.flush()?;
    eprintln!(
        "{:.1} ms for 60 s of sound",
        60_000.0 * spent.as_secs_f64() / heard
    );
    Ok(())
}

/// So many seconds from the middle of raw samples.
fn middle(bytes: &[u8], sample_rate_hz: u32, seconds: f64) -> Waveform {
    let samples = bytes
        .chunks_exact(4)
        .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    let samples: Vec<f32> = samples.collect();
    let length = samples
        .len()
        .min((seconds * f64::from(sample_rate_hz)) as usize);
    let first = (samples.len() - length) / 2;
    Waveform {
        samples: samples[first..first + length].to_vec(),
        sample_rate_hz,
    }
}
