#!/usr/bin/env python3
"""Trains the music net with one choice changed at a time and tabulates what each is worth.

    python3 scripts/research/ablate_music.py LABELS OUT [NAME...] [--pretrained RUN]

LABELS is the table of panda4q and emotify (labels.csv) with the column `features` that feature_targets.py
adds, and folds 0 to 3. Runs train on folds 1 to 3 and are judged on fold 0, whose artists they have not
heard. OUT gets one run folder per variant (finished ones are not run again, interrupted ones resume) and
ablation.csv, with 95 % intervals by bootstrap over songs. The runs are short (20 epochs) and of one seed, so
the figures compare choices; they are not the best that the net can do. The variant `pretrained` starts
from --pretrained, a finished run of the same network on other music. Needs a release build.
"""

import argparse
import csv
import re
import sys
from pathlib import Path

from cross_validate_music import (
    Scales, accuracy, balanced, emotion_pairs, interval, mean, quadrant_pairs, require_build, songs, target_cosines,
    train_run, vector,
)
from tables import read_songs, write_table

CONFIG = Path(__file__).resolve().parents[2] / "models" / "training" / "music-labels.toml"
EPOCHS = "20"
TRAINING, JUDGED = ["1", "2", "3"], "0"
# The base has the stronger augmentation, which most variants below were compared with.
STRONG = {"mixup": "0.2", "noise_db": "1.0", "masks": "2", "mask_bands": "8", "mask_frames": "40"}
GENTLE = {"mixup": "0.0", "noise_db": "0.5", "masks": "1", "mask_bands": "6", "mask_frames": "20"}
NONE = {"mixup": "0.0", "gain_db": "0.0", "equaliser_db": "0.0", "shift_bands": "0", "tempo": "0.0",
        "noise_db": "0.0", "masks": "0"}
ALL_HEADS = ["quadrant", "raw_labels", "features"]
COLUMNS = ["path", "dataset", "group", "fold", "features", "quadrant", "raw_labels"]
# Name: keys that differ from the base, heads that are left out, share of the artists trained on.
VARIANTS = {
    "base": ({}, [], 1.0),
    "gentle": (GENTLE, [], 1.0),
    "gentle-batch-16": (GENTLE | {"batch_size": "16"}, [], 1.0),
    "no-augmentation": (NONE, [], 1.0),
    "windows-10s": ({"window_frames": "640", "input": "[1, 64, 640]", "crops_per_song": "2", "windows": "3",
                     "mask_frames": "80"}, [], 1.0),
    "rate-8khz": ({"sample_rate_hz": "8000", "n_fft": "256", "hop_length": "128", "f_max_hz": "4000.0"}, [], 1.0),
    "gentle-mels-96": (GENTLE | {"n_mels": "96", "input": "[1, 96, 320]", "n_fft": "1024", "shift_bands": "3",
                                 "mask_bands": "9"}, [], 1.0),
    "gentle-batch-16-nfft-2048": (GENTLE | {"batch_size": "16", "n_mels": "96", "input": "[1, 96, 320]",
                                            "n_fft": "2048", "shift_bands": "3", "mask_bands": "9"}, [], 1.0),
    "no-features": ({}, ["features"], 1.0),
    "no-heads": ({}, ALL_HEADS, 1.0),
    "half-the-songs": ({}, [], 0.5),
    "quarter-of-the-songs": ({}, [], 0.25),
    "pretrained": ({}, [], 1.0),
}


def configuration(base: Path, changes: dict[str, str], without: list[str]) -> str:
    """A recipe with some values replaced and some heads left out."""
    text = base.read_text()
    for key, value in changes.items():
        text, count = re.subn(rf"(?m)^{key} = .*$", f"{key} = {value}", text, count=1)
        if count == 0:
            sys.exit(f"{base} has no {key}")
    start, *heads = text.split("[[heads]]\n")
    kept = [head for head in heads if not any(f'column = "{column}"' in head for column in without)]
    return "[[heads]]\n".join([start, *kept])


def fewer(labels: Path, out: Path, share: float) -> Path:
    """A table with this share of the artists to train on, evenly spread, and all songs to judge on."""
    rows = read_songs(labels)
    groups = sorted({row["group"] for row in rows if row["fold"] in TRAINING})
    kept = set(groups[:: round(1 / share)])
    out.parent.mkdir(parents=True, exist_ok=True)
    write_table(out, [row for row in rows if row["fold"] == JUDGED or row["group"] in kept])
    return out


def train(name: str, labels: Path, out: Path, pretrained: Path | None) -> None:
    changes, without, share = VARIANTS[name]
    if share < 1:
        labels = fewer(labels, out / f"{name}.csv", share)
    config = out / f"{name}.toml"
    config.write_text(configuration(CONFIG, STRONG | changes, without))
    begin = ["--config", config, "--epochs", EPOCHS]
    begin += ["--from", pretrained] if name == "pretrained" else []
    train_run(labels, out / name, TRAINING, JUDGED, out / "spectrograms", begin)


def figures(labels: Path, run: Path) -> list[str]:
    """Quadrant, seven emotions, balanced, cosine; the mean correlation of Emotify's scales."""
    judged = songs(labels, {JUDGED: run})
    clips = [s for s in judged if s["row"]["dataset"] == "panda4q" and any(vector(s["row"]))]
    pairs, quadrants = emotion_pairs(clips), quadrant_pairs(clips, "panda4q")
    scales = Scales([s for s in judged if s["row"]["dataset"] == "emotify"])
    return [
        interval(quadrants, accuracy) if quadrants else "-",
        interval(pairs, accuracy),
        interval(pairs, balanced),
        interval(target_cosines(clips), mean),
        interval(scales.songs, scales.mean_correlation) if scales.columns else "-",
    ]


def print_figures(labels: Path, runs: dict[str, Path], out: Path) -> None:
    """A row for each run that is finished, on the screen and in the table `out`."""
    rows = [[name, *figures(labels, run)] for name, run in runs.items() if (run / "report.json").exists()]
    header = ["variant", "quadrant", "7 emotions", "balanced", "cosine", "scales"]
    with open(out, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    for row in [header, *rows]:
        print(f"{row[0]:<26}" + "".join(f"{value:>24}" for value in row[1:]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("labels", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(VARIANTS)}; default: all")
    parser.add_argument("--pretrained", type=Path)
    options = parser.parse_intermixed_args()
    require_build()
    unknown = [name for name in options.names if name not in VARIANTS]
    if unknown:
        sys.exit(f"no such variant: {', '.join(unknown)}; there are {', '.join(VARIANTS)}")
    if "pretrained" in options.names and not options.pretrained:
        sys.exit("the variant pretrained needs --pretrained RUN")
    names = options.names or [name for name in VARIANTS if name != "pretrained" or options.pretrained]
    with open(options.labels, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    missing = [column for column in COLUMNS if not rows or column not in rows[0]]
    judged = {row["dataset"] for row in rows if not missing and row["fold"] == JUDGED}
    if missing or not {"panda4q", "emotify"} <= judged:
        sys.exit(f"{options.labels} lacks {', '.join(missing) or 'songs of panda4q or emotify in fold 0'}")
    options.out.mkdir(parents=True, exist_ok=True)
    for name in names:
        train(name, options.labels, options.out, options.pretrained)
    print_figures(options.labels, {name: options.out / name for name in VARIANTS}, options.out / "ablation.csv")


if __name__ == "__main__":
    main()
