#!/usr/bin/env python3
"""Joins the tables of what a music net hears before it hears songs with labels.

    python3 scripts/research/pretraining_table.py OUT.csv --free FREE.csv [--taught TAUGHT.csv ...] [--pianos LABELS.csv ...]

FREE is of free_audio.py, PIANOS of render_midi.py, TAUGHT what teacher_tracks.py made of any of these. Paths become
absolute. Fold "train" is to learn from: the free packages, and of pianos what is in no official test or validation split;
"watched" are some files of the packages held back and some pianos of sets without splits, to watch the run; "held"
the rest of those packages. Pianos are music too.
"""

import argparse
from pathlib import Path

from tables import TARGETS, draw_of, read_songs, write_table

COLUMNS = ["path", "dataset", "package", "kind", "seconds", "fold", "quadrant", "teacher"]
# One in so many of the files held back is watched.
WATCHED = 16


def is_watched(row: dict) -> bool:
    return int.from_bytes(draw_of(row)[:4], "big") % WATCHED == 0


def fold_of_free(row: dict) -> str:
    if row["fold"] == "free":
        return "train"
    return "watched" if is_watched(row) else "held"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--free", type=Path, required=True)
    parser.add_argument("--taught", type=Path, nargs="*", default=[])
    parser.add_argument("--pianos", type=Path, nargs="*", default=[])
    args = parser.parse_args()
    teachers = {row["path"]: row["teacher"] for table in args.taught for row in read_songs(table)}
    rows = [{**row, "dataset": "free", "fold": fold_of_free(row)} for row in read_songs(args.free)]
    for table in args.pianos:
        # A set without official splits is judged nowhere else, so some of it can be watched.
        for row in read_songs(table):
            if row["official_split"] in ("", "train"):
                watched = not row["official_split"] and is_watched(row)
                rows.append({**row, "kind": "music", "fold": "watched" if watched else "train"})
    taught = [{**row, "teacher": teachers.get(row["path"], "")} for row in rows]
    write_table(args.out, taught, COLUMNS + TARGETS)
    for fold in ("train", "watched", "held"):
        chosen = [row for row in rows if row["fold"] == fold]
        print(f"{fold}: {len(chosen)} files, {sum(bool(teachers.get(row['path'])) for row in chosen)} with a teacher")


if __name__ == "__main__":
    main()
