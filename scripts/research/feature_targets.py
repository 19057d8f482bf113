#!/usr/bin/env python3
"""Adds a column `features` to a table of songs: what a music net can learn without any listener.

    python3 scripts/research/feature_targets.py LABELS OUT.csv [--where COLUMN=VALUE...]

Each song gets `name=value|...` of tempo, onsets, key mode and clarity, loudness and its range, brightness,
noisiness and so on, made by librosa from the first 60 seconds, each replaced by its rank among the songs
of its data set (0 to 1). A head of kind "scales" (`[[heads]]` in a configuration) learns them. Paths in
OUT.csv are absolute. Needs librosa and numpy.
"""

import argparse
import csv
import importlib.util
import math
import sys
import warnings
from pathlib import Path

SECONDS = 60
RATE_HZ = 16_000
# Krumhansl and Kessler 1982: how well each degree fits a major and a minor key.
MAJOR = [6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88]
MINOR = [6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17]


def key_fits(profile) -> tuple[float, float]:
    """How well the best major and the best minor key correlate with 12 pitch classes; NaN where all are equal."""
    import numpy

    major, minor = (max(numpy.corrcoef(profile, numpy.roll(shape, tonic))[0, 1] for tonic in range(12))
                    for shape in (MAJOR, MINOR))
    return float(major), float(minor)


def features(path: Path) -> dict[str, float]:
    import librosa
    import numpy

    y, rate = librosa.load(path, sr=RATE_HZ, duration=SECONDS, res_type="soxr_qq")
    spectrum = numpy.abs(librosa.stft(y, n_fft=1024, hop_length=512))
    power = spectrum**2
    rms = librosa.feature.rms(S=spectrum, frame_length=1024)[0] + 1e-6
    level = 20 * numpy.log10(rms)
    onsets = librosa.onset.onset_strength(S=librosa.power_to_db(power), sr=rate, hop_length=512)
    tempogram = librosa.feature.tempogram(onset_envelope=onsets, sr=rate, hop_length=512)
    tempo = float(numpy.ravel(librosa.feature.tempo(onset_envelope=onsets, sr=rate, hop_length=512))[0])
    chroma = librosa.feature.chroma_stft(S=power, sr=rate, n_fft=1024, hop_length=512, tuning=0.0)
    profile = chroma.mean(axis=1)
    major, minor = key_fits(profile)
    harmonic, percussive = librosa.decompose.hpss(spectrum)
    contrast = librosa.feature.spectral_contrast(S=spectrum, sr=rate, n_fft=1024, hop_length=512, n_bands=5)
    centroid = librosa.feature.spectral_centroid(S=spectrum, sr=rate)[0]
    mfcc = librosa.feature.mfcc(S=librosa.power_to_db(librosa.feature.melspectrogram(S=power, sr=rate)), n_mfcc=6)
    return {
        "tempo": tempo,
        "pulse": float(tempogram[1:].mean(axis=1).max()),
        "onsets": float((onsets > onsets.mean() + onsets.std()).mean()),
        "onset_strength": float(onsets.mean()),
        "onset_contrast": float(onsets.std() / (onsets.mean() + 1e-6)),
        "mode": major - minor,
        "key_clarity": max(major, minor),
        "chroma_change": float(numpy.abs(numpy.diff(chroma, axis=1)).mean()),
        "chroma_spread": float((chroma > 0.5).mean()),
        "loudness": float(level.mean()),
        "loudness_range": float(numpy.percentile(level, 95) - numpy.percentile(level, 10)),
        "brightness": float(centroid.mean()),
        "brightness_change": float(centroid.std()),
        "flatness": float(numpy.log(librosa.feature.spectral_flatness(S=spectrum)[0] + 1e-8).mean()),
        "percussive": float((percussive**2).sum() / ((harmonic**2).sum() + (percussive**2).sum())),
        **{f"contrast_{i}": float(row.mean()) for i, row in enumerate(contrast)},
        **{f"mfcc_{i}": float(row.mean()) for i, row in enumerate(mfcc[1:], 1)},
    }


def ranks(values: list[float]) -> list[float]:
    """From 0 to 1; equal values share their mean rank."""
    order = sorted(values)
    first, last = {}, {}
    for place, value in enumerate(order):
        first.setdefault(value, place)
        last[value] = place
    return [(first[v] + last[v]) / 2 / max(len(values) - 1, 1) for v in values]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("labels", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--where", action="append", default=[])
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    if importlib.util.find_spec("librosa") is None:
        sys.exit("librosa is not there: pip install librosa")
    conditions = [condition.split("=", 1) for condition in options.where]
    with open(options.labels, newline="", encoding="utf-8") as file:
        named = [row for row in csv.DictReader(file) if all(row[c] == v for c, v in conditions)]
    rows = [row for row in named if not row["path"].endswith((".mid", ".midi"))]
    if len(rows) < len(named):
        print(f"{len(named) - len(rows)} MIDI files are passed over; see render_midi.py", file=sys.stderr)
    if not rows or "dataset" not in rows[0]:
        sys.exit(f"{options.labels} has no such rows, or no column dataset")
    kept, failures = [], []
    for number, row in enumerate(rows, 1):
        path = (options.labels.parent / row["path"]).resolve()
        print(f"\r{number} of {len(rows)}", end="", flush=True)
        try:
            values = features(path)
        except Exception as error:  # whatever a decoder says of a file: the others go on
            failures.append(f"{path}: {error or type(error).__name__}")
            continue
        if all(math.isfinite(value) for value in values.values()):
            kept.append(({**row, "path": str(path)}, values))
        else:
            failures.append(f"{path}: too still for some feature")
    print()
    for failure in failures:
        print("left out:", failure, file=sys.stderr)
    if not kept:
        sys.exit("no song is left")
    for dataset in {row["dataset"] for row, _ in kept}:
        of = [(row, values) for row, values in kept if row["dataset"] == dataset]
        columns = {name: ranks([values[name] for _, values in of]) for name in of[0][1]}
        for index, (row, _) in enumerate(of):
            row["features"] = "|".join(f"{name}={column[index]:.3f}" for name, column in columns.items())
    with open(options.out, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(kept[0][0]))
        writer.writeheader()
        writer.writerows(row for row, _ in kept)
    print(f"{len(kept)} songs in {options.out}")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
