#!/usr/bin/env python3
"""Tabulates what music without labels, its teachers and the size of the student are worth to the music model.

    python3 scripts/research/ablate_pretraining.py PRETRAINING LABELS OUT [NAME...]

PRETRAINING is the table of pretraining_table.py, LABELS that of teacher_tracks.py for panda4q and emotify (folds 0 to
3). Each variant but hours-0, which then learns twice as long, first hears music without labels (and PIANOS pianos, the
same ones always, as a run needs some emotions), without speech, noises and the gentle end of the shipped recipe; then
it learns from folds 1 to 3 and is judged on fold 0. All hear equally much before, HOURS_HEARD, be it more music or the
same more often; and all of it is short, so the figures compare choices; they are not the best that the net can do. OUT gets the runs (finished ones are not run again, interrupted
ones resume) and ablation.csv, with 95 % intervals by bootstrap over songs. Needs a release build; `stacked` needs numpy.
"""

import argparse
import math
import subprocess
import sys
from pathlib import Path

from ablate_music import JUDGED, TRAINING, configuration, print_figures
from cross_validate_music import require_build, train_run
from tables import draw_of, read_songs, write_table

TRAINED_WITH = Path(__file__).resolve().parents[2] / "models" / "training"
HOURS_HEARD = 77
EPOCHS = "8"
# More for those who have heard nothing before.
EPOCHS_FROM_NOTHING = "16"
ALL = math.inf
PIANOS = 32
# Convolutions as wide as those of the model before this one.
NARROW = {"filters = 128": "filters = 96", "filters = 256": "filters = 128", "filters = 512": "filters = 192"}
# Name: hours of music without labels at most, heads left out of the second run, narrow or not.
VARIANTS = {
    "hours-0": (0, [], False),
    "hours-4": (4, [], False),
    "hours-16": (16, [], False),
    "hours-all": (ALL, [], False),
    "no-teacher-heads-after": (ALL, ["teacher"], False),
    "narrow": (ALL, [], True),
}
# The heads of hours-all folded into its emotions.
STACKED = "stacked"


def recipe(name: str, without: list[str], narrow: bool, out: Path) -> Path:
    """A configuration of models/training without some heads, in `out`."""
    text = configuration(TRAINED_WITH / name, {}, without)
    for wide, less in NARROW.items() if narrow else ():
        text = text.replace(wide, less)
    out.write_text(text)
    return out


def some_music(pretraining: Path, hours: float, out: Path) -> float:
    """A table of music that teachers have heard, so many hours of it, and what a run is watched on; the hours in it."""
    rows = sorted(read_songs(pretraining), key=draw_of)
    pianos = [row for row in rows if row["fold"] == "train" and row["dataset"] != "free"]
    heard, kept = 0.0, pianos[:PIANOS]
    for row in rows:
        if row["fold"] == "watched":
            kept.append(row)
        elif row["fold"] == "train" and row["dataset"] == "free" and row["teacher"] and heard < hours * 3600:
            heard += float(row["seconds"])
            kept.append(row)
    write_table(out, kept)
    return heard / 3600


def pretrain(pretraining: Path, out: Path, hours: float, narrow: bool) -> Path:
    run = out / f"heard-{'all' if hours == ALL else hours}{'-narrow' if narrow else ''}"
    config = recipe("music-unlabelled.toml", ["kind"], narrow, run.with_suffix(".toml"))
    heard = some_music(pretraining, hours, run.with_suffix(".csv"))
    epochs = max(1, round(HOURS_HEARD / heard))
    print(f"{run.name}: {heard:.1f} hours, {epochs} times", flush=True)
    begin = ["--config", config, "--epochs", str(epochs)]
    train_run(run.with_suffix(".csv"), run, ["train"], "watched", out / "spectrograms", begin)
    return run


def train(name: str, pretraining: Path, labels: Path, out: Path) -> None:
    hours, without, narrow = VARIANTS[name]
    config = recipe("music.toml", ["kind", *without], narrow, out / f"{name}.toml")
    begin = ["--config", config, "--epochs", EPOCHS if hours else EPOCHS_FROM_NOTHING]
    begin += ["--from", pretrain(pretraining, out, hours, narrow)] if hours else []
    train_run(labels, out / name, TRAINING, JUDGED, out / "spectrograms", begin)


def stack(labels: Path, out: Path) -> None:
    if (out / STACKED / "report.json").exists():
        return
    if not (out / "hours-all" / "report.json").exists():
        sys.exit(f"{STACKED} needs hours-all")
    start = out / "folded"
    script = Path(__file__).with_name("stack_teacher_heads.py")
    folds = ",".join(TRAINING)
    subprocess.run([sys.executable, script, out / "hours-all", start, labels, "--train-folds", folds], check=True)
    begin = ["--config", out / "hours-all.toml", "--from", start, "--epochs", "1", "--learning-rate", "0.000001"]
    train_run(labels, out / STACKED, TRAINING, JUDGED, out / "spectrograms", begin)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("pretraining", type=Path)
    parser.add_argument("labels", type=Path)
    parser.add_argument("out", type=Path)
    names = [*VARIANTS, STACKED]
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names)}; default: all")
    args = parser.parse_args()
    require_build()
    unknown = [name for name in args.names if name not in names]
    if unknown:
        sys.exit(f"no such variant: {', '.join(unknown)}; there are {', '.join(names)}")
    args.out.mkdir(parents=True, exist_ok=True)
    pretraining, labels = args.pretraining.resolve(), args.labels.resolve()
    for name in args.names or names:
        if name == STACKED:
            stack(labels, args.out)
        else:
            train(name, pretraining, labels, args.out)
    print_figures(labels, {name: args.out / name for name in names}, args.out / "ablation.csv")


if __name__ == "__main__":
    main()
