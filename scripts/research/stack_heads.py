#!/usr/bin/env python3
"""Asks whether the music net's emotions and quadrants, stacked, say more of either than their own heads.

    python3 scripts/research/stack_heads.py LABELS RUNS [--dataset NAME]

RUNS is the folder of cross_validate_music.py, LABELS its table. For each fold a logistic regression goes from what
the runs of the other folds said of their unheard songs (logarithms of both heads' probabilities) to the seven
emotions and to the four quadrants; its strength is the same for all folds. So its weights saw no song that they are
judged on, though the runs whose answers it learns from did. Printed are the figures of cross_validate_music.py by the
heads alone and stacked. Needs numpy.
"""

import argparse
from pathlib import Path

import numpy
from cross_validate_music import (FOLDS, accuracy, balanced, emotion_pairs, interval, mean, quadrant_pairs, songs,
                                  target_cosines, vector)
from logistic import logistic_regression, softmax
from tables import TARGETS

QUADRANTS = [f"Q{i}" for i in (1, 2, 3, 4)]
SMALLEST, STRENGTH = 1e-3, 0.003


def quadrant_columns(judged: list[dict]) -> list[str]:
    return [column for column in judged[0]["said"] if column.startswith("quadrant") and ":Q" in column]


def stacked(judged: list[dict]) -> list[dict]:
    own = quadrant_columns(judged)
    said = numpy.array([[song["said"][column] for column in [*TARGETS, *own]] for song in judged])
    x = numpy.log(said.clip(SMALLEST))
    emotions = numpy.array([vector(song["row"]) for song in judged])
    quadrants = numpy.array([[float(song["row"]["quadrant"] == name) for name in QUADRANTS] for song in judged])
    folds = numpy.array([song["fold"] for song in judged])
    found = [dict(song, said=dict(song["said"])) for song in judged]
    for fold in sorted(set(folds)):
        others, here = folds != fold, numpy.flatnonzero(folds == fold)
        for targets, columns in ((emotions, TARGETS), (quadrants, own)):
            weights, biases = logistic_regression(x[others], targets[others], STRENGTH)
            for at, answer in zip(here, softmax(x[here] @ weights + biases)):
                found[at]["said"].update(zip(columns, answer))
    return found


def print_figures(judged: list[dict], dataset: str) -> None:
    pairs = emotion_pairs(judged)
    print("  quadrant            ", interval(quadrant_pairs(judged, dataset), accuracy))
    print("  7 emotions          ", interval(pairs, accuracy))
    print("  balanced            ", interval(pairs, balanced))
    print("  cosine to the target", interval(target_cosines(judged), mean))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("labels", type=Path)
    parser.add_argument("runs", type=Path)
    parser.add_argument("--dataset", default="panda4q")
    args = parser.parse_args()
    runs = {fold: args.runs / f"fold-{fold}" for fold in FOLDS}
    runs = {fold: run for fold, run in runs.items() if (run / "report.json").exists()}
    judged = [song for song in songs(args.labels.resolve(), runs) if song["row"]["dataset"] == args.dataset]
    print(f"{len(judged)} songs of {len(runs)} runs\nthe heads alone")
    print_figures(judged, args.dataset)
    print("stacked")
    print_figures(stacked(judged), args.dataset)


if __name__ == "__main__":
    main()
