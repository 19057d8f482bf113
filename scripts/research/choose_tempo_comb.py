#!/usr/bin/env python3
"""Tries combs and curves for the tempo, and says how well the best does on pieces that it was not chosen on.

    python3 scripts/research/choose_tempo_comb.py LABELS --midi MIDI.tsv --known KNOWN.csv --composed COMPOSED.tsv --composed-known COMPOSED.csv

The tables are those of fit_audio_features.py. For each fold of VGMIDI the choice that is best on the other folds and
the composed pieces (accuracy1, the latter counting half) is judged on the fold: what is left of the figure when nothing
was chosen by the pieces that it is about. Then the choices that are best on all. Needs numpy and pandas.
"""

import argparse
import itertools
from pathlib import Path

import numpy
import pandas

from fit_audio_features import MULTIPLES, interval, stem, within

BPM = 30 * 1.01 ** numpy.arange(231)
PERIODS = [0.25, 0.5, 1, 2, 3, 4]
COMBS = [[0.25, 0.5, 1, 0.5, 0, 0.25], [0, 0.5, 1, 0.5, 0, 0.25], [0, 0.5, 1, 0.5, 0, 0], [0, 0.25, 1, 0.5, 0, 0.25],
         [0.25, 0.25, 1, 0.5, 0, 0.25], [0, 0.5, 1, 0.75, 0.5, 0.5], [0, 0.25, 1, 1, 0, 0.5]]
# How much the autocorrelation at the period itself is to count once more.
POWERS = [0, 0.25, 0.5, 1]
MIDDLES, OCTAVES = [110, 120, 130], [0.5, 0.6, 0.8, 1.0]
SHOWN = 5


def teeth(table: pandas.DataFrame) -> numpy.ndarray:
    """`[piece][period][tempo]`: the autocorrelation at multiples of the period of each tempo."""
    curves = [numpy.array(text.split(), float) for text in table["autocorrelation"]]
    return numpy.array([[numpy.interp(60 * rate / BPM * period, numpy.arange(len(curve)), curve, right=0) for period in PERIODS]
                        for curve, rate in zip(curves, table["frames_per_second"])])


def tempo(found: numpy.ndarray, choice: tuple) -> pandas.Series:
    comb, power, middle, octaves = choice
    scores = numpy.einsum("pkt,k->pt", found, numpy.array(comb)).clip(1e-6)
    scores *= found[:, PERIODS.index(1)].clip(1e-3) ** power
    return pandas.Series(BPM[(scores * numpy.exp(-0.5 * (numpy.log2(BPM / middle) / octaves) ** 2)).argmax(1)])


def known(path: Path, truth: Path) -> pandas.DataFrame:
    table, written = pandas.read_csv(path, sep="\t").drop(columns="tempo"), pandas.read_csv(truth)
    if "stem" not in written:
        written = written.assign(stem=written["path"].map(stem)).drop(columns="path")
    return table.assign(stem=table["path"].map(stem)).drop(columns="path").merge(written, on="stem")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("labels", type=Path)
    for name in ("midi", "known", "composed", "composed-known"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    args = parser.parse_args()
    labels = pandas.read_csv(args.labels)
    labels = labels[labels["dataset"] == "vgmidi"]
    labels = labels.assign(stem=labels["path"].map(stem))[["stem", "fold", "group"]]
    midi = known(args.midi, args.known).merge(labels, on="stem")
    midi = midi[midi["is_gridded"] == 1].reset_index(drop=True)
    composed = known(args.composed, args.composed_known)
    found, made = teeth(midi), teeth(composed)
    choices = list(itertools.product(COMBS, POWERS, MIDDLES, OCTAVES))
    said = [tempo(found, choice) for choice in choices]
    right = numpy.array([within(s, midi["known_tempo"], [1]) for s in said])
    others = numpy.array([within(tempo(made, choice), composed["known_tempo"], [1]).mean() for choice in choices])
    folds, judged = midi["fold"].to_numpy(), pandas.Series(0.0, midi.index)
    for fold in sorted(set(folds)):
        best = int((right[:, folds != fold].mean(1) + others / 2).argmax())
        judged[folds == fold] = said[best][folds == fold]
        print(f"fold {fold}: {choices[best]}")
    midi = midi.assign(one=within(judged, midi["known_tempo"], [1]), two=within(judged, midi["known_tempo"], MULTIPLES))
    print(f"chosen on the other folds: accuracy1 {interval(midi, numpy.mean, 'one')}, accuracy2 {interval(midi, numpy.mean, 'two')}")
    for best in (right.mean(1) + others / 2).argsort(kind="stable")[::-1][:SHOWN]:
        print(f"{choices[best]}: {right[best].mean():.3f} of VGMIDI, {others[best]:.3f} of the composed")


if __name__ == "__main__":
    main()
