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


def taught(labels: Path, folds: list[str]) -> list[dict]:
    return [row for row in read_songs(labels) if row["fold"] in folds and row["teacher"]]


def emotions_of(rows: list[dict]) -> tuple[list[dict], numpy.ndarray]:
    """The songs that have emotions, and these."""
    rows = [row for row in rows if any(float(row[target] or 0) for target in TARGETS)]
    emotions = numpy.array([[float(row[target] or 0) for target in TARGETS] for row in rows])
    return rows, emotions / emotions.sum(1, keepdims=True)


def quadrants_of(rows: list[dict]) -> tuple[list[dict], numpy.ndarray]:
    rows = [row for row in rows if row.get("quadrant")]
    return rows, numpy.array([[float(row["quadrant"] == name) for name in QUADRANTS] for row in rows])


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
    rows = taught(args.labels.resolve(), args.train_folds.split(","))
    heads, quadrants = head_rows(args.run)
    arrays = {name: array.copy() for name, array in read_track(args.run / "weights.safetensors").items()}
    layer, offsets = arrays[f"{LAYER}.weight"], arrays[f"{LAYER}.bias"]
    known, emotions = emotions_of(rows)
    parts = [(list(range(len(TARGETS))), known, emotions, args.share)]
    if quadrants:
        parts.append((quadrants, *quadrants_of(rows), args.quadrant_share))
    for outputs, songs, targets, share in parts:
        weights, biases = logistic_regression(numpy.array([heard(row) for row in songs]), targets, STRENGTH)
        layer[outputs] = (1 - share) * layer[outputs] + share * weights.T @ layer[heads]
        offsets[outputs] = (1 - share) * offsets[outputs] + share * (offsets[heads] @ weights + biases)
    offsets[: len(TARGETS)] -= args.balance * numpy.log(emotions.mean(0) + 1e-3)
    args.out.mkdir(parents=True, exist_ok=True)
    write_track(args.out / "weights.safetensors", arrays)
    for name in ("config.toml", "model.toml"):
        shutil.copy(args.run / name, args.out)


if __name__ == "__main__":
    main()
