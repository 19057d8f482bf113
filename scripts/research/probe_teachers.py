#!/usr/bin/env python3
"""Asks what frozen nets know of emotions: a kernel ridge regression from what they say to the labels, fold by fold.

    python3 scripts/research/probe_teachers.py LABELS.csv [--student RUN]

LABELS is a table of teacher_tracks.py with folds 0 to 3; the songs of each fold are judged by a regression (that of
taught_emotions.py) that was fitted on the other three. With --student, a finished run whose heads learnt the teachers
and whose validation songs are those of LABELS: how near it comes to them (correlation over songs, and the share of
the features' variance, each the mean over all), and the same regression on what it says instead. Figures as
those of cross_validate_music.py. Needs numpy.
"""

import argparse
import csv
from pathlib import Path

import numpy

from cross_validate_music import FOLDS, print_quadrants, print_seven
from tables import QUADRANTS, TARGETS, read_songs, read_track
from taught_emotions import Regression, heard, log_odds, probabilities


def said_by(run: Path, songs: list[dict]) -> numpy.ndarray:
    """What the heads of a run say of the teachers' tags and features, as `heard` has it."""
    with open(run / "predictions.csv", newline="", encoding="utf-8") as file:
        lines = {str(Path(line["path"]).resolve()): line for line in csv.DictReader(file)}
    found = []
    for song in songs:
        line = lines[str(Path(song["path"]).resolve())]
        values = {part: [float(v) for key, v in line.items() if key.startswith(f"teacher/{part}:")] for part in ("tags", "features")}
        found.append(numpy.concatenate([log_odds(numpy.array(values["tags"])), values["features"]]))
    return numpy.array(found)


def print_nearness(student: numpy.ndarray, teachers: numpy.ndarray, tags: int) -> None:
    correlations = [numpy.corrcoef(a, b)[0, 1] for a, b in zip(student.T, teachers.T)]
    share = 1 - ((student - teachers) ** 2).mean(0) / teachers.var(0)
    print(f"student and teachers           tags {numpy.mean(correlations[:tags]):.3f}, features "
          f"{numpy.mean(correlations[tags:]):.3f}; share of the features' variance {share[tags:].mean():.3f}")


def judged(songs: list[dict], x: numpy.ndarray) -> list[dict]:
    """Each song with what is said of it by a regression that has not heard its fold."""
    emotions = numpy.array([[float(song[column]) for column in TARGETS] for song in songs])
    quadrants = numpy.array([[float(song["quadrant"] == name) for name in QUADRANTS] for song in songs])
    y = numpy.concatenate([emotions, quadrants], 1)
    found = []
    for fold in FOLDS:
        unheard = numpy.array([song["fold"] == fold for song in songs])
        said = Regression(x[~unheard], y[~unheard]).raw(x[unheard])
        columns = TARGETS + [f"quadrant:{name}" for name in QUADRANTS]
        values = numpy.concatenate([probabilities(said[:, :len(TARGETS)]), said[:, len(TARGETS):]], 1)
        of_fold = [song for song in songs if song["fold"] == fold]
        found += [{"row": song, "said": dict(zip(columns, row)), "fold": fold} for song, row in zip(of_fold, values)]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--student", type=Path, metavar="RUN")
    args = parser.parse_args()
    rows = [row for row in read_songs(args.labels) if row["teacher"] and row["fold"] in FOLDS and row[TARGETS[0]]]
    for dataset in sorted({row["dataset"] for row in rows}):
        songs = [row for row in rows if row["dataset"] == dataset]
        x = numpy.array([heard(song) for song in songs])
        print(f"\n{dataset}: {len(songs)} songs")
        if args.student:
            student = said_by(args.student, songs)
            tags = read_track(Path(songs[0]["teacher"]))["tags"].shape[1]
            print_nearness(student, x, tags)
            x = student
        found = judged(songs, x)
        print_seven(found)
        print_quadrants(found, dataset)


if __name__ == "__main__":
    main()
