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
from cross_validate_music import FOLDS, print_quadrants, print_seven, quadrant_columns, songs, vector
from logistic import logistic_regression, softmax
from tables import QUADRANTS, TARGETS

SMALLEST, STRENGTH = 1e-3, 0.003


def stacked(judged: list[dict], dataset: str) -> list[dict]:
    own = quadrant_columns(judged, dataset)
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("labels", type=Path)
    parser.add_argument("runs", type=Path)
    parser.add_argument("--dataset", default="panda4q")
    args = parser.parse_args()
    runs = {fold: args.runs / f"fold-{fold}" for fold in FOLDS}
    runs = {fold: run for fold, run in runs.items() if (run / "report.json").exists()}
    judged = [song for song in songs(args.labels.resolve(), runs) if song["row"]["dataset"] == args.dataset]
    for label, said in (("the heads alone", judged), ("stacked", stacked(judged, args.dataset))):
        print(f"\n{label}: {len(judged)} songs of {len(runs)} runs")
        print_seven(said)
        print_quadrants(said, args.dataset)


if __name__ == "__main__":
    main()
