#!/usr/bin/env python3
"""Trains the music net once per fold of a table and tabulates what the runs say of songs unheard.

    python3 scripts/research/cross_validate_music.py LABELS OUT [CONFIG] [--from RUN] [--also FOLD...]

LABELS is a table of songs (labels.csv) with folds 0 to 3; each fold is judged by a run that was trained
on the other three, and on the folds --also if there are some. `{fold}` in its name stands for the judged fold, where each
run learns from a table of its own. OUT gets one run folder per fold (finished ones are not run again, interrupted
ones resume). CONFIG is a configuration for `vibelux train music --config`; without it, the preset. --from names a
run whose weights they start from, which must not have heard these songs. Figures come with 95 % intervals by
bootstrap over songs (2,000 resamples). Needs a release build.
"""

import argparse
import csv
import math
import random
import subprocess
import sys
from pathlib import Path

from tables import EMOTIONS, QUADRANTS, TARGETS, read_songs

VIBELUX = Path(__file__).resolve().parents[2] / "target" / "release" / "vibelux"
FOLDS = ["0", "1", "2", "3"]
QUERIES = ["angry", "fearful", "happy", "neutral", "sad"]
RESAMPLES = 2000


def require_build() -> None:
    if not VIBELUX.exists():
        sys.exit(f"{VIBELUX} is not there: cargo build --release")


def table_of(labels: Path, fold: str) -> Path:
    return Path(str(labels).replace("{fold}", fold))


def train_run(labels: Path, run: Path, folds: list[str], judged: str, cache: Path, begin: list) -> None:
    """A run on `folds`, watched on `judged`: begun with the options `begin`, resumed where it was interrupted, left
    alone where it is finished."""
    if (run / "report.json").exists():
        return
    command = [VIBELUX, "train", "music", labels, "--out", run, "--train-folds", ",".join(folds),
               "--validation-folds", judged, "--cache", cache]
    command += ["--resume"] if (run / "checkpoint.safetensors").exists() else begin
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def train(labels: Path, out: Path, config: Path | None, start: Path | None, also: list[str]) -> None:
    begin = ["--config", config] if config else []
    begin += ["--from", start] if start else []
    for fold in FOLDS:
        others = [f for f in FOLDS if f != fold] + also
        train_run(table_of(labels, fold), out / f"fold-{fold}", others, fold, out / "spectrograms", begin)


def songs(labels: Path, runs: dict[str, Path]) -> list[dict]:
    """Every song judged by the run of its fold: its row of the table under `row`, and what that run said,
    by column."""
    found = []
    for fold, run in runs.items():
        rows = {Path(row["path"]): row for row in read_songs(table_of(labels, fold))}
        with open(run / "predictions.csv", newline="", encoding="utf-8") as file:
            for line in csv.DictReader(file):
                said = {key: float(value) for key, value in line.items() if key != "path"}
                found.append({"row": rows[Path(line["path"]).resolve()], "said": said, "fold": fold})
    return found


def vector(values: dict) -> list[float]:
    return [float(values[target] or 0) for target in TARGETS]


def cosine(a: list[float], b: list[float]) -> float:
    dot = sum(x * y for x, y in zip(a, b))
    return dot / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))


def argmax(values: list[float]) -> int:
    return max(range(len(values)), key=values.__getitem__)


def mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else math.nan


def correlation(pairs: list[tuple[float, float]]) -> float:
    a, b = mean([p[0] for p in pairs]), mean([p[1] for p in pairs])
    top = sum((x - a) * (y - b) for x, y in pairs)
    bottom = math.sqrt(sum((x - a) ** 2 for x, _ in pairs) * sum((y - b) ** 2 for _, y in pairs))
    return top / bottom if bottom else math.nan


def interval(examples: list, figure) -> str:
    """`figure` of the examples, with its percentile bootstrap interval."""
    draw = random.Random(1)
    figures = sorted(figure(draw.choices(examples, k=len(examples))) for _ in range(RESAMPLES))
    low, high = figures[int(0.025 * RESAMPLES)], figures[int(0.975 * RESAMPLES) - 1]
    return f"{figure(examples):.3f} ({low:.3f} to {high:.3f})"


def balanced(pairs: list[tuple[int, int]]) -> float:
    recalls = []
    for kind in {truth for truth, _ in pairs}:
        of = [truth == said for truth, said in pairs if truth == kind]
        recalls.append(mean(of))
    return mean(recalls)


def accuracy(pairs: list[tuple[int, int]]) -> float:
    return mean([truth == said for truth, said in pairs])


def emotion_pairs(judged: list[dict]) -> list[tuple[int, int]]:
    """The strongest emotion of each song in truth and as said."""
    return [(argmax(vector(s["row"])), argmax(vector(s["said"]))) for s in judged]


def target_cosines(judged: list[dict]) -> list[float]:
    return [cosine(vector(s["row"]), vector(s["said"])) for s in judged]


def quadrant_columns(judged: list[dict], name: str) -> list[str]:
    """What the head for quadrants calls its four outputs."""
    said = judged[0]["said"]
    head = next((h for h in (f"quadrant[dataset={name}]", "quadrant") if f"{h}:Q1" in said), None)
    return [f"{head}:{quadrant}" for quadrant in QUADRANTS]


def quadrant_pairs(judged: list[dict], name: str) -> list[tuple[int, int]]:
    """The quadrant of each song in truth and by its head; none if there is no such head."""
    columns = quadrant_columns(judged, name)
    known = [s for s in judged if s["row"]["quadrant"] and all(c in s["said"] for c in columns)]
    return [(int(s["row"]["quadrant"][1]) - 1, argmax([s["said"][c] for c in columns])) for s in known]


class Scales:
    """Scales that listeners rated (`name=value|...`) beside what a head says of them."""

    def __init__(self, judged: list[dict]) -> None:
        rated = [s for s in judged if "=" in s["row"]["raw_labels"]]
        self.songs = [{**s, "raw": dict(p.split("=") for p in s["row"]["raw_labels"].split("|"))} for s in rated]
        columns = {c.split(":")[1]: c for c in judged[0]["said"] if c.startswith("raw_labels")}
        known = self.songs[0]["raw"] if self.songs else {}
        self.columns = {name: column for name, column in columns.items() if name in known}

    def correlation(self, name: str, sample: list[dict]) -> float:
        """The mean over folds: runs differ in their offsets."""
        folds = [[s for s in sample if s["fold"] == fold] for fold in FOLDS]
        return mean([correlation([(float(s["raw"].get(name, 0)), s["said"][self.columns[name]])
                                  for s in fold]) for fold in folds if len(fold) > 2])

    def mean_correlation(self, sample: list[dict]) -> float:
        return mean([self.correlation(name, sample) for name in self.columns])


def print_seven(judged: list[dict]) -> None:
    pairs = emotion_pairs(judged)
    middle = [mean(values) for values in zip(*(vector(s["row"]) for s in judged))]
    print("7 emotions, accuracy          ", interval(pairs, accuracy))
    print("7 emotions, balanced accuracy ", interval(pairs, balanced))
    print("cosine to the target          ", interval(target_cosines(judged), mean))
    print(f"  of the mean vector           {mean([cosine(vector(s['row']), middle) for s in judged]):.3f}")
    precisions = []
    for query in QUERIES:
        at = EMOTIONS.index(query)
        hot = [float(i == at) for i in range(7)]
        best = sorted(judged, key=lambda s: -cosine(hot, vector(s["said"])))[:10]
        precisions.append(mean([argmax(vector(s["row"])) == at for s in best]))
    each = ", ".join(f"{q} {p:.1f}" for q, p in zip(QUERIES, precisions))
    print(f"precision in the top 10        {mean(precisions):.2f} ({each})")


def print_quadrants(judged: list[dict], name: str) -> None:
    if pairs := quadrant_pairs(judged, name):
        print(f"{name + ', quadrant (its head)':<30} ", interval(pairs, accuracy))


def print_scales(judged: list[dict]) -> None:
    scales = Scales(judged)
    if scales.columns:
        print("scales, mean correlation      ", interval(scales.songs, scales.mean_correlation))
        print("  " + ", ".join(f"{name} {scales.correlation(name, scales.songs):.2f}" for name in scales.columns))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("labels", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("config", type=Path, nargs="?")
    parser.add_argument("--from", type=Path, metavar="RUN", dest="start")
    parser.add_argument("--also", nargs="*", default=[], metavar="FOLD")
    args = parser.parse_args()
    require_build()
    labels, out = args.labels.resolve(), args.out
    out.mkdir(parents=True, exist_ok=True)
    train(labels, out, args.config, args.start, args.also)
    judged = songs(labels, {fold: out / f"fold-{fold}" for fold in FOLDS})
    for dataset in sorted({s["row"]["dataset"] for s in judged}):
        of = [s for s in judged if s["row"]["dataset"] == dataset]
        print(f"\n{dataset}: {len(of)} songs")
        targets = [s for s in of if any(vector(s["row"]))]
        if targets:
            print_seven(targets)
        print_quadrants(of, dataset)
        print_scales(of)


if __name__ == "__main__":
    main()
