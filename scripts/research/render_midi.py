#!/usr/bin/env python3
"""Renders the MIDI pieces of a table of songs to audio, so that a music net can be trained on them.

    python3 scripts/research/render_midi.py LABELS OUT [--dataset emopia] [--emotions VA7.json]
                                   [--fonts FONT.sf2...] [--transpose SEMITONES...]
                                   [--features TABLE] [--jobs 2]

LABELS is a table (labels.csv) whose rows of the data set name .mid files. OUT gets a FLAC file (16 kHz,
mono) per piece, and a labels.csv with the same columns, in which `fold` stands for the official split
where there is one: 0 train, 1 validation, 2 test. With more fonts, or semitones to transpose by, the pieces
of fold 0 come once more in each font and transposition; the others only in the first font as written.
--features names a table that feature_targets.py made of such a folder; its column `features` goes to all
versions of a piece, by title. --emotions names a multinomial model
from valence and arousal to emotions, which fills p_angry ... p_surprised where listeners gave only those
or a quadrant (whose middle then counts). Files that are there already are not
made again. Needs fluidsynth, ffmpeg and a General MIDI sound font
(`apt install fluidsynth timgm6mb-soundfont ffmpeg`).
"""

import argparse
import concurrent.futures
import csv
import hashlib
import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path

FONTS = ["/usr/share/sounds/sf2/TimGM6mb.sf2"]
SPLITS = {"train": "0", "val": "1", "test": "2"}
# Valence and arousal in the middle of each quadrant.
MIDDLES = {"Q1": (0.5, 0.5), "Q2": (-0.5, 0.5), "Q3": (-0.5, -0.5), "Q4": (0.5, -0.5)}


def emotions(model: dict, row: dict) -> dict[str, str]:
    """p_* of a row from its valence and arousal; disgust takes its share of anger."""
    if row["valence"] and row["arousal"]:
        v, a = float(row["valence"]), float(row["arousal"])
    else:
        v, a = MIDDLES[row["quadrant"]]
    terms = {"v": v, "a": a, "v2": v * v, "a2": a * a, "va": v * a}
    logits = [bias + sum(weight * terms[name] for weight, name in zip(weights, model["features"]))
              for weights, bias in zip(model["coef"], model["intercept"])]
    weights = [math.exp(z - max(logits)) for z in logits]
    p = {name: weight / sum(weights) for name, weight in zip(model["classes"], weights)}
    p["disgusted"] = model["disgust_share"] * p["angry"]
    p["angry"] -= p["disgusted"]
    return {f"p_{name}": f"{value:.4f}" for name, value in p.items()}


def tuning(semitones: int) -> str:
    """Commands for fluidsynth that retune every key of every channel."""
    lines = ["tuning shifted 0 0", *(f"tune 0 0 {key} {(key + semitones) * 100}" for key in range(128)),
             *(f"settuning {channel} 0 0" for channel in range(16))]
    return "\n".join(lines) + "\n"


def render(midi: Path, font: str, semitones: int, out: Path) -> str | None:
    """Why it could not be rendered; nothing if it was."""
    if out.exists():
        return None
    with tempfile.TemporaryDirectory() as folder:
        wave, part = Path(folder) / "piece.wav", out.with_suffix(".part.flac")
        synth = ["fluidsynth", "-ni", "-q", "-r", "16000", "-g", "0.5", "-R", "0", "-C", "0",
                 "-T", "wav", "-F", wave]
        if semitones:
            (Path(folder) / "tuning").write_text(tuning(semitones))
            synth += ["-f", Path(folder) / "tuning"]
        synth += [font, midi]
        encode = ["ffmpeg", "-v", "error", "-y", "-i", wave, "-ac", "1", part]
        for command in (synth, encode):
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
            if done.returncode != 0:
                return f"{midi}: {command[0]}: {done.stderr.strip() or done.returncode}"
        part.rename(out)
    return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("labels", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--dataset", default="emopia")
    parser.add_argument("--emotions", type=Path)
    parser.add_argument("--fonts", nargs="+", default=FONTS)
    parser.add_argument("--transpose", nargs="+", type=int, default=[0])
    parser.add_argument("--features", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    for font in options.fonts:
        if not Path(font).exists():
            sys.exit(f"{font} is not there; name a sound font with --fonts")
    with open(options.labels, newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file)
                if row["dataset"] == options.dataset and row["path"].endswith(".mid")]
    if not rows:
        sys.exit(f"{options.labels} has no .mid files of the data set {options.dataset}")
    if options.emotions:
        model = json.loads(options.emotions.read_text(encoding="utf-8"))
        known = [row for row in rows if row["p_angry"] or row["quadrant"] or row["valence"]]
        if len(known) < len(rows):
            print(f"{len(rows) - len(known)} rows say nothing of emotions and are left out", file=sys.stderr)
        rows = [row if row["p_angry"] else {**row, **emotions(model, row)} for row in known]
    options.out.mkdir(parents=True, exist_ok=True)
    if options.features:
        with open(options.features, newline="", encoding="utf-8") as file:
            told = {row["title"]: row["features"] for row in csv.DictReader(file)}
        rows = [{**row, "features": told.get(row["title"], "")} for row in rows]
    versions = [(font, semitones) for font in options.fonts for semitones in options.transpose]
    jobs, table = [], []
    for row in rows:
        fold = SPLITS.get(row["official_split"], row["fold"])
        for font, semitones in versions if fold == "0" else [(options.fonts[0], 0)]:
            made_of = f"{row['path']} {Path(font).name}" + (f" {semitones:+}" if semitones else "")
            name = f"{Path(row['path']).stem}-{hashlib.sha1(made_of.encode()).hexdigest()[:8]}.flac"
            jobs.append((options.labels.parent / row["path"], font, semitones, options.out / name))
            table.append({**row, "path": name, "fold": fold})
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        failures = [reason for reason in pool.map(lambda job: render(*job), jobs) if reason]
    with open(options.out / "labels.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(row for row in table if (options.out / row["path"]).exists())
    print(f"{len(jobs) - len(failures)} of {len(jobs)} renderings in {options.out}")
    for reason in failures:
        print(reason, file=sys.stderr)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
