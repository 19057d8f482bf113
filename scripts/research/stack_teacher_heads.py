#!/usr/bin/env python3
"""Lets the emotions of a finished music run also follow from what it says in its teachers' place.

    python3 scripts/research/stack_teacher_heads.py RUN OUT LABELS --train-folds FOLDS
        [--share 0.4] [--quadrant-share 0.7] [--balance 0.25]

LABELS is the table of teacher_tracks.py. A logistic regression goes from the teachers' means over a song (150 tags as
log odds, 64 features) to its seven emotions, fitted on the songs of FOLDS, which RUN learnt from. RUN's own heads for
these tags and features are the same log odds and features as it hears them, linear in its last layer but one; so the
regression asked with them is one more linear layer there, and OUT gets RUN's weights with `share` of it mixed into
those of the emotions, likewise of its quadrants. Then emotions are divided by how often they are to the power of
`balance`, so that the rare ones are said sooner. No layer comes to it, no time. What is the default was best on folds 0
and 1 of the model card. Start from OUT for a moment to judge and to export it:

    vibelux train music TABLE --config CONFIG --from OUT --epochs 1 --learning-rate 0.000001 ...

Needs numpy.
"""

import argparse
import csv
import shutil
from pathlib import Path

import numpy
from logistic import logistic_regression
from tables import QUADRANTS, TARGETS, read_songs, read_track, write_track
from taught_emotions import heard

STRENGTH = 0.05
LAYER = "dense1"


def emotions_of(row: dict) -> list[float]:
    return [float(row[target] or 0) for target in TARGETS]


def quadrant_of(row: dict) -> list[float]:
    return [float(row.get("quadrant") == name) for name in QUADRANTS]


def head_rows(run: Path) -> tuple[list[int], list[int]]:
    """Which outputs of the network stand for the teachers' tags and features, and which for the quadrants."""
    with open(run / "predictions.csv", newline="", encoding="utf-8") as file:
        outputs = next(csv.reader(file))[1:]
    found = []
    for kind in ("teacher/tags:", "teacher/features:"):
        found += [at for at, name in enumerate(outputs) if name.startswith(kind)]
    if not found:
        raise SystemExit(f"{run}/predictions.csv: no outputs teacher/tags and teacher/features; train with these heads")
    label = next((name.split(":")[0] for name in outputs if name.startswith("quadrant")), None)
    return found, [outputs.index(f"{label}:{name}") for name in QUADRANTS] if label else []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--train-folds", required=True, metavar="FOLDS")
    parser.add_argument("--share", type=float, default=0.4)
    parser.add_argument("--quadrant-share", type=float, default=0.7)
    parser.add_argument("--balance", type=float, default=0.25)
    args = parser.parse_args()
    folds = args.train_folds.split(",")
    rows = [row for row in read_songs(args.labels.resolve()) if row["fold"] in folds and row["teacher"]]
    said = numpy.array([heard(row) for row in rows])
    emotions = numpy.array([emotions_of(row) for row in rows])
    heads, quadrants = head_rows(args.run)
    arrays = {name: array.copy() for name, array in read_track(args.run / "weights.safetensors").items()}
    layer, offsets = arrays[f"{LAYER}.weight"], arrays[f"{LAYER}.bias"]
    parts = [(list(range(len(TARGETS))), emotions, args.share, args.balance)]
    if quadrants:
        parts.append((quadrants, numpy.array([quadrant_of(row) for row in rows]), args.quadrant_share, 0))
    for outputs, targets, share, balance in parts:
        known = targets.any(1)
        targets = targets[known] / targets[known].sum(1, keepdims=True)
        weights, biases = logistic_regression(said[known], targets, STRENGTH)
        layer[outputs] = (1 - share) * layer[outputs] + share * weights.T @ layer[heads]
        offsets[outputs] = (1 - share) * offsets[outputs] + share * (offsets[heads] @ weights + biases)
        offsets[outputs] -= balance * numpy.log(targets.mean(0) + 1e-3)
    args.out.mkdir(parents=True, exist_ok=True)
    write_track(args.out / "weights.safetensors", arrays)
    for name in ("config.toml", "model.toml"):
        shutil.copy(args.run / name, args.out)


if __name__ == "__main__":
    main()
