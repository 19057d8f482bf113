#!/usr/bin/env python3
"""Makes the table from which a music net learns emotions: labels smoothed by teachers, free music, other sounds.

    python3 scripts/research/taught_emotions.py LABELS.csv OUT.csv --train-folds FOLDS [--trust SHARE]
        [--free TAUGHT.csv --like DATASET --most-free SONGS] [--sounds FREE.csv --most-sounds FILES]
        [--hard HARD.csv ...]

LABELS and TAUGHT are tables of teacher_tracks.py (column `teacher`), FREE is that of free_audio.py. Of each data set
in LABELS, a kernel ridge regression goes from the teachers' means over a song (150 tags as log odds, 64 features) to
its seven emotions, fitted on the songs of FOLDS alone. OUT gets the songs of LABELS that have a teacher, the emotions
of FOLDS mixed: SHARE of what listeners said, the rest what the regression says of a song when its group (artist) is
left out; songs of other folds stay as they are, to judge on. Then come, in fold "free", songs of TAUGHT with what the
regression of the data set --like says of them, and FILES of speech and of effects that are in fold "free" of FREE:
those of 15 seconds and more, which are taken for songs most easily, then others, by a hash; and all of HARD, tables
of hard_music.py, which say what is music and nothing else. Needs numpy.
"""

import argparse
from pathlib import Path

import numpy

from tables import TARGETS, draw_of, read_songs, read_track, write_table

# The cosine over folds 0 to 3 is flat between a ridge of 0.3 and 1.
RIDGE, INNER_PARTS = 1.0, 10
LONG_SOUND_SECONDS = 15
LEAST_ODDS = 1e-4


def log_odds(tags: numpy.ndarray) -> numpy.ndarray:
    tags = tags.clip(LEAST_ODDS, 1 - LEAST_ODDS)
    return numpy.log(tags / (1 - tags))


def heard(row: dict) -> numpy.ndarray:
    said = read_track(Path(row["teacher"]))
    return numpy.concatenate([log_odds(said["tags"]).mean(0), said["features"].mean(0)]).astype("f8")


def probabilities(said: numpy.ndarray) -> numpy.ndarray:
    """Rows above 0 that add up to 1."""
    said = said.clip(1e-3)
    return said / said.sum(1, keepdims=True)


class Regression:
    """Kernel ridge regression with a Gaussian kernel whose width is the median distance of what it learnt from."""

    def __init__(self, x: numpy.ndarray, y: numpy.ndarray):
        self.mean, self.deviation, self.middle = x.mean(0), x.std(0) + 1e-3, y.mean(0)
        self.known = (x - self.mean) / self.deviation
        distances = self.distances(self.known)
        self.width = numpy.median(distances)
        kernel = numpy.exp(-distances / self.width)
        self.weights = numpy.linalg.solve(kernel + RIDGE * numpy.eye(len(x)), y - self.middle)

    def distances(self, x: numpy.ndarray) -> numpy.ndarray:
        products = x @ self.known.T
        return ((x**2).sum(1)[:, None] + (self.known**2).sum(1) - 2 * products).clip(0)

    def raw(self, x: numpy.ndarray) -> numpy.ndarray:
        kernel = numpy.exp(-self.distances((x - self.mean) / self.deviation) / self.width)
        return self.middle + kernel @ self.weights

    def say(self, x: numpy.ndarray) -> numpy.ndarray:
        return probabilities(self.raw(x))


def left_out(x: numpy.ndarray, y: numpy.ndarray, groups: list[str]) -> numpy.ndarray:
    """What a regression says of each song that learnt from the songs of other groups."""
    names = sorted(set(groups))
    part = numpy.array([names.index(group) % INNER_PARTS for group in groups])
    said = numpy.zeros_like(y)
    for number in range(INNER_PARTS):
        out = part == number
        if out.any():
            said[out] = Regression(x[~out], y[~out]).say(x[out])
    return said


def first_by_hash(rows: list[dict], count: int) -> list[dict]:
    return sorted(rows, key=draw_of)[:count]


def free_row(like: dict, row: dict) -> dict:
    """A row with the columns of `like`."""
    new = dict.fromkeys(like, "") | {column: row.get(column, "") for column in ("path", "kind", "teacher")}
    return new | {"dataset": "free", "group": row["package"], "fold": "free"}


def write_targets(row: dict, values: numpy.ndarray) -> None:
    row.update({column: f"{value:.4f}" for column, value in zip(TARGETS, values)})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("labels", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--train-folds", required=True)
    parser.add_argument("--like", default="panda4q")
    parser.add_argument("--free", type=Path)
    parser.add_argument("--most-free", type=int, default=1000, metavar="SONGS")
    parser.add_argument("--sounds", type=Path)
    parser.add_argument("--most-sounds", type=int, default=1000, metavar="FILES")
    parser.add_argument("--hard", type=Path, nargs="*", default=[])
    parser.add_argument("--trust", type=float, default=1.0, metavar="SHARE")
    args = parser.parse_args()
    folds = args.train_folds.split(",")
    rows = [{**row, "kind": "music"} for row in read_songs(args.labels) if row["teacher"]]
    regressions = {}
    for dataset in sorted({row["dataset"] for row in rows}):
        known = [r for r in rows if r["dataset"] == dataset and r["fold"] in folds and r[TARGETS[0]]]
        if not known:
            continue
        x = numpy.array([heard(row) for row in known])
        y = numpy.array([[float(row[column]) for column in TARGETS] for row in known])
        regressions[dataset] = Regression(x, y)
        said = left_out(x, y, [row["group"] for row in known])
        near = (said * y).sum(1) / numpy.linalg.norm(said, axis=1) / numpy.linalg.norm(y, axis=1)
        print(f"{dataset}: {len(known)} songs, cosine of what is said with the artist left out {near.mean():.3f}")
        for row, label, guess in zip(known, y, said):
            write_targets(row, args.trust * label + (1 - args.trust) * guess)
    columns = rows[0]
    free = [row for row in read_songs(args.free) if row["teacher"] and row["fold"] == "free"] if args.free else []
    for row in first_by_hash(free, args.most_free):
        row = free_row(columns, row)
        write_targets(row, regressions[args.like].say(heard(row)[None])[0])
        rows.append(row)
    sounds = [row for row in read_songs(args.sounds) if row["fold"] == "free"] if args.sounds else []
    for kind in ("speech", "effects"):
        chosen = [row for row in sounds if row["kind"] == kind]
        chosen.sort(key=lambda row: (float(row["seconds"]) < LONG_SOUND_SECONDS, draw_of(row)))
        rows += [free_row(columns, row) for row in chosen[: args.most_sounds]]
    rows += [free_row(columns, row) for table in args.hard for row in read_songs(table)]
    write_table(args.out, rows)


if __name__ == "__main__":
    main()
