#!/usr/bin/env python3
"""Fits the coefficients of the audio features and reports how well each does on songs that it was not fitted on.

    python3 scripts/research/fit_audio_features.py LABELS --songs SONGS.tsv --midi MIDI.tsv --known KNOWN.csv
                          [--composed COMPOSED.tsv --composed-known COMPOSED.csv] [--vectors VECTORS.csv]
                          [--peer PEER.csv] [--pianos PIANOS.tsv --pianos-vectors VECTORS.json]
                          [--rust COEFFICIENTS.rs]

The .tsv tables are of `cargo run --release --example measure_features`; their rows are found again by the names of the
files. LABELS has the songs' quadrants, groups and folds. KNOWN is of midi_known.py: tempo and key of rendered pieces
as written. COMPOSED has path, tempo, key and mode of pieces that no coefficient is fitted on. VECTORS has path and
p_angry ... p_surprised as said by runs that had not heard the song (predictions.csv of a training run, several one
after the other). PEER has path, librosa_tempo, librosa_beat_track and chroma_0 ... chroma_11 as librosa measures them.
PIANOS are rendered pieces of EMOPIA that the shipped model was not trained on, VECTORS.json is what it says of them
(`vibelux embed`, `vibelux export json`).

Coefficients of the report are fitted on all folds but the one that is judged; those of --rust on all. Intervals are
95 %, by bootstrap over groups (artists, series; 2,000 resamples, seed 1). Needs numpy, pandas and scipy.
"""

import argparse
import json
from pathlib import Path

import numpy
import pandas
from scipy.optimize import minimize
from scipy.stats import rankdata

EMOTIONS = ["angry", "disgusted", "fearful", "happy", "neutral", "sad", "surprised"]
VECTOR = [f"p_{emotion}" for emotion in EMOTIONS]
CHROMA = [f"chroma_{i}" for i in range(12)]
ENERGY = ["range_db", "flux", "contrast", "onset_rate", "tonality", *[f"balance_{i}" for i in range(8)]]
VALENCE = [*VECTOR, "major", "fast"]
# Krumhansl and Kessler 1982, minor and major.
KRUMHANSL = [[6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17],
             [6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88]]
RESAMPLES = 2000
# Held small so strongly: L2 of weights of standardised numbers, of pitch classes as they are.
STRENGTH, KEY_STRENGTH = 0.05, 0.01
TOLERANCE = 0.04
# Of the tempo as written, what accuracy2 takes for right.
MULTIPLES = [1, 2, 3, 1 / 2, 1 / 3]


def interval(table: pandas.DataFrame, figure, *columns: str) -> str:
    """`figure` of these columns, with its interval by bootstrap over the groups of the rows."""
    draw = numpy.random.default_rng(1)
    _, number = numpy.unique(table["group"].astype(str), return_inverse=True)
    rows = [numpy.flatnonzero(number == group) for group in range(number.max() + 1)]
    values = table[list(columns)].to_numpy(float).T
    drawn = [numpy.concatenate([rows[i] for i in draw.integers(len(rows), size=len(rows))]) for _ in range(RESAMPLES)]
    low, high = numpy.nanpercentile([figure(*values[:, index]) for index in drawn], [2.5, 97.5])
    return f"{figure(*values):.3f} [{low:.3f}, {high:.3f}]"


def correlation(a: numpy.ndarray, b: numpy.ndarray) -> float:
    return float(numpy.corrcoef(a, b)[0, 1])


def stem(path: str) -> str:
    return Path(path).stem


# Logistic regression


def fit_logistic(x: numpy.ndarray, y: numpy.ndarray, strength: float = STRENGTH) -> tuple[numpy.ndarray, float]:
    """Weights of the numbers as they are, and the bias."""
    middle, spread = x.mean(0), x.std(0) + 1e-9
    z = (x - middle) / spread

    def loss(w: numpy.ndarray):
        logits = z @ w[:-1] + w[-1]
        error = 1 / (1 + numpy.exp(-logits)) - y
        value = numpy.mean(numpy.logaddexp(0, logits) - y * logits) + strength * (w[:-1] ** 2).sum() / 2
        return value, numpy.append(z.T @ error / len(z) + strength * w[:-1], error.mean())

    w = minimize(loss, numpy.zeros(x.shape[1] + 1), jac=True, method="L-BFGS-B").x
    weights = w[:-1] / spread
    return weights, float(w[-1] - middle @ weights)


def say(model: tuple[numpy.ndarray, float], x: numpy.ndarray) -> numpy.ndarray:
    return 1 / (1 + numpy.exp(-(x @ model[0] + model[1])))


def in_folds(table: pandas.DataFrame) -> pandas.DataFrame:
    """With five new folds by group."""
    groups = {group: number % 5 for number, group in enumerate(sorted(table["group"].unique()))}
    return table.assign(fold=table["group"].map(groups))


def out_of_fold(table: pandas.DataFrame, columns: list[str], y: numpy.ndarray, strength: float = STRENGTH):
    """What models say of each row that were fitted on the other folds."""
    x, folds, said = table[columns].to_numpy(float), table["fold"].to_numpy(), numpy.zeros(len(table))
    for fold in sorted(set(folds)):
        said[folds == fold] = say(fit_logistic(x[folds != fold], y[folds != fold], strength), x[folds == fold])
    return said


def area(said: numpy.ndarray, y: numpy.ndarray) -> float:
    """Area under the ROC curve: how often of two songs the right one has more."""
    ranks, positive = rankdata(said), int(y.sum())
    negative = len(y) - positive
    if positive == 0 or negative == 0:
        return numpy.nan
    return (ranks[y == 1].sum() - positive * (positive + 1) / 2) / (positive * negative)


def judge(name: str, table: pandas.DataFrame, said: numpy.ndarray, y: numpy.ndarray, scale: str) -> None:
    table = table.assign(said=said, truth=y)
    auc = interval(table, area, "said", "truth")
    accuracy = interval(table, lambda said, truth: ((said > 0.5) == truth).mean(), "said", "truth")
    against = interval(table, correlation, "said", scale)
    print(f"{name}: AUC {auc}, accuracy {accuracy}, correlation with {scale} {against}, {len(table)} songs")


# Tempo


def within(said: pandas.Series, truth: pandas.Series, factors: list[float]) -> pandas.Series:
    """Whether the tempo, or a multiple of it, is within the tolerance."""
    close = [(said / (truth * factor) - 1).abs() <= TOLERANCE for factor in factors]
    return pandas.concat(close, axis=1).any(axis=1)


def judge_tempo(name: str, table: pandas.DataFrame, column: str) -> None:
    table = table.assign(one=within(table[column], table["known_tempo"], [1]),
                         two=within(table[column], table["known_tempo"], MULTIPLES))
    one, two = interval(table, numpy.mean, "one"), interval(table, numpy.mean, "two")
    print(f"tempo, {name}: accuracy1 {one}, accuracy2 {two}, {len(table)} pieces")


# Key


def turned(chroma: numpy.ndarray) -> numpy.ndarray:
    """`[song][tonic][class above it]`, as the coefficients take them."""
    return numpy.stack([numpy.roll(chroma, -tonic, axis=1) for tonic in range(12)], 1) * 12 - 1


def key_logits(w: numpy.ndarray, chroma: numpy.ndarray) -> numpy.ndarray:
    """`[song][mode * 12 + tonic]`"""
    fits = numpy.einsum("sti,mi->smt", turned(chroma), w[:24].reshape(2, 12))
    fits[:, 1] += w[24]
    return fits.reshape(len(chroma), 24)


def fit_key(chroma: numpy.ndarray, truth: numpy.ndarray) -> numpy.ndarray:
    """24 weights and what major has ahead, so that the softmax over 24 keys is likely."""
    around, songs = turned(chroma), numpy.arange(len(chroma))

    def loss(w: numpy.ndarray):
        logits = key_logits(w, chroma)
        logits -= logits.max(1, keepdims=True)
        p = numpy.exp(logits) / numpy.exp(logits).sum(1, keepdims=True)
        value = -numpy.log(p[songs, truth]).mean() + KEY_STRENGTH * (w[:24] ** 2).sum() / 2
        p[songs, truth] -= 1
        error = p.reshape(-1, 2, 12) / len(chroma)
        slopes = numpy.einsum("smt,sti->mi", error, around) + KEY_STRENGTH * w[:24].reshape(2, 12)
        return value, numpy.append(slopes.ravel(), error[:, 1].sum())

    return minimize(loss, numpy.zeros(25), jac=True, method="L-BFGS-B").x


def krumhansl(chroma: numpy.ndarray) -> numpy.ndarray:
    return numpy.array([[numpy.corrcoef(numpy.roll(row, -tonic), profile)[0, 1] for profile in KRUMHANSL
                         for tonic in range(12)] for row in chroma])


def key_score(said: int, truth: int) -> float:
    """As MIREX weighs errors: fifth 0.5, relative 0.3, parallel 0.2."""
    above = (said - truth) % 12
    if said // 12 == truth // 12:
        return 1.0 if above == 0 else 0.5 if above in (5, 7) else 0.0
    relative = 9 if truth // 12 == 1 else 3
    return 0.3 if above == relative else 0.2 if above == 0 else 0.0


def judge_key(name: str, table: pandas.DataFrame, said: numpy.ndarray) -> None:
    truth = (table["known_mode"] * 12 + table["known_key"]).astype(int)
    scores = [key_score(s, t) for s, t in zip(said, truth)]
    table = table.assign(score=scores, right=said == truth, tonic=said % 12 == truth % 12, mode=said // 12 == truth // 12)
    figures = [f"{label} {interval(table, numpy.mean, column)}" for label, column in
               [("exact", "right"), ("MIREX", "score"), ("tonic", "tonic"), ("mode", "mode")]]
    print(f"key, {name}: {', '.join(figures)}, {len(table)} pieces")


def major_of(key: numpy.ndarray, table: pandas.DataFrame) -> numpy.ndarray:
    """The probability of major."""
    logits = key_logits(key, table[CHROMA].to_numpy(float))
    p = numpy.exp(logits - logits.max(1, keepdims=True))
    return p[:, 12:].sum(1) / p.sum(1)


def key_out_of_fold(table: pandas.DataFrame) -> numpy.ndarray:
    """The probabilities of the 24 keys."""
    chroma, folds = table[CHROMA].to_numpy(float), table["fold"].to_numpy()
    truth = (table["known_mode"] * 12 + table["known_key"]).to_numpy(int)
    p = numpy.zeros((len(table), 24))
    for fold in sorted(set(folds)):
        logits = key_logits(fit_key(chroma[folds != fold], truth[folds != fold]), chroma[folds == fold])
        p[folds == fold] = numpy.exp(logits - logits.max(1, keepdims=True))
    return p / p.sum(1, keepdims=True)


def judge_confidence(name: str, confidence: numpy.ndarray, right: numpy.ndarray) -> None:
    """Whether it is right as often as it says, in thirds."""
    thirds = numpy.array_split(numpy.argsort(confidence, kind="stable"), 3)
    told = [f"{confidence[t].mean():.2f} said, {right[t].mean():.2f} right" for t in thirds]
    print(f"{name}: {'; '.join(told)}")


def judge_pianos(args: argparse.Namespace, key: numpy.ndarray, valence, by_vector) -> None:
    """The shipped model's vectors of pieces that it has not heard."""
    labels = pandas.read_csv(args.labels)
    labels = labels[labels["dataset"] == "emopia"].assign(stem=lambda t: t["path"].map(stem))
    said = {stem(path): values for path, values in json.loads(args.pianos_vectors.read_text(encoding="utf-8")).items()}
    pianos = measured(args.pianos, labels.drop(columns=["path", *VECTOR]))
    pianos = pianos[pianos["stem"].isin(list(said))].reset_index(drop=True)
    pianos[VECTOR] = numpy.array([said[name] for name in pianos["stem"]])
    pianos["major"], pianos["fast"] = major_of(key, pianos), numpy.log2(pianos["tempo"] / 120)
    positive = pianos["quadrant"].isin(["Q1", "Q4"]).to_numpy(float)
    for name, columns, model in (("vector, mode and tempo", VALENCE, valence), ("the vector", VECTOR, by_vector)):
        pianos = pianos.assign(said=say(model, pianos[columns].to_numpy(float)), truth=positive)
        right = interval(pianos, lambda said, truth: ((said > 0.5) == truth).mean(), "said", "truth")
        print(f"valence of pianos by {name}: AUC {interval(pianos, area, 'said', 'truth')}, accuracy {right}, {len(pianos)} pieces")


# Rust


def numbers(values) -> str:
    return ", ".join(numpy.format_float_positional(numpy.float32(v), unique=True, trim="0") for v in values)


def rust(key: numpy.ndarray, tempo, energy, valence) -> str:
    minor, major = numbers(key[:12]), numbers(key[12:24])

    def logistic(name: str, count: str, model) -> str:
        return (f"pub(super) const {name}: Logistic<{count}> =\n"
                f"    Logistic {{ weights: [{numbers(model[0])}], bias: {numbers([model[1]])} }};\n")

    return f"""//! The numbers that were fitted, by `scripts/research/fit_audio_features.py`, which writes this file.
//!
//! - Key: 24-way softmax on game music of VGMIDI, rendered from MIDI, whose key signatures and notes say the key.
//! - Confidence of the tempo: logistic, on the pieces of VGMIDI whose notes lie on the grid of their tempo, and on 192 pieces
//!   of `compose`.
//! - Energy and valence: logistic, on the quadrants of 720 clips of Panda, Malheiro and Paiva (2018); valence from the
//!   vectors of music models that had not heard the clip, with mode and tempo.

use super::chroma::CLASSES;
use super::logistic::Logistic;

/// Weights of the pitch classes above the tonic, and what major has ahead of minor.
pub(super) struct KeyProfiles {{
    /// Minor, then major; the tonic first.
    pub(super) profiles: [[f32; CLASSES]; 2],
    pub(super) major: f32,
}}

pub(super) const KEY: KeyProfiles =
    KeyProfiles {{ profiles: [[{minor}], [{major}]], major: {numbers([key[24]])} }};

/// Of the strength of a tempo.
{logistic("TEMPO_CONFIDENCE", "1", tempo)}
/// Of dynamics and tonality, in the order of `energy.rs`.
{logistic("ENERGY", "13", energy)}
/// Of the emotion vector, the probability of major, and octaves above 120 beats per minute.
{logistic("VALENCE", "9", valence)}"""


def measured(path: Path, labels: pandas.DataFrame) -> pandas.DataFrame:
    table = pandas.read_csv(path, sep="\t").drop(columns="autocorrelation")
    table["stem"] = table["path"].map(stem)
    return table.drop(columns="path").merge(labels, on="stem", how="left")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("labels", type=Path)
    for name in ("songs", "midi", "known"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    for name in ("composed", "composed-known", "vectors", "peer", "pianos", "pianos-vectors", "rust"):
        parser.add_argument(f"--{name}", type=Path)
    args = parser.parse_args()
    labels = pandas.read_csv(args.labels).drop(columns=VECTOR)
    labels["stem"] = labels["path"].map(stem)
    labels = labels.drop(columns="path")
    # Some pieces of EMOPIA have the names of nothing else; the sets below are told apart by their data set.
    songs, midi = measured(args.songs, labels), measured(args.midi, labels)
    midi = midi.merge(pandas.read_csv(args.known), on="stem")
    peer = pandas.read_csv(args.peer).assign(stem=lambda t: t["path"].map(stem)) if args.peer else None
    panda = songs[songs["dataset"] == "panda4q"].reset_index(drop=True)

    composed = None
    if args.composed:
        composed = pandas.read_csv(args.composed, sep="\t").assign(stem=lambda t: t["path"].map(stem))
        known = pandas.read_csv(args.composed_known).assign(stem=lambda t: t["path"].map(stem))
        composed = composed.drop(columns="path").merge(known.drop(columns="path"), on="stem")

    gridded = midi[midi["is_gridded"] == 1].reset_index(drop=True)
    judge_tempo("VGMIDI", gridded, "tempo")
    if composed is not None:
        judge_tempo("composed", composed, "tempo")
    for column in ("librosa_tempo", "librosa_beat_track") if peer is not None else ():
        judge_tempo(f"VGMIDI by {column}", gridded.merge(peer[["stem", column]], on="stem"), column)
        if composed is not None:
            judge_tempo(f"composed by {column}", composed.merge(peer[["stem", column]], on="stem"), column)
    timed = pandas.concat([table[["tempo_strength", "tempo", "known_tempo", "group"]] for table in
                           ([gridded] if composed is None else [gridded, composed])], ignore_index=True)
    right = within(timed["tempo"], timed["known_tempo"], MULTIPLES).to_numpy(float)
    said = out_of_fold(in_folds(timed), ["tempo_strength"], right)
    print(f"confidence of the tempo: AUC {interval(timed.assign(said=said, right=right), area, 'said', 'right')}")
    judge_confidence("confidence of the tempo", said, right)
    tempo = fit_logistic(timed[["tempo_strength"]].to_numpy(float), right)

    keyed = midi[midi["known_key"].notna()].reset_index(drop=True)
    p = key_out_of_fold(keyed)
    signed = keyed["from_signature"] == 1
    truth = (keyed["known_mode"] * 12 + keyed["known_key"]).to_numpy(int)
    judge_key("VGMIDI", keyed, p.argmax(1))
    judge_key("VGMIDI, where a signature says it", keyed[signed], p.argmax(1)[signed])
    by_krumhansl = krumhansl(keyed[CHROMA].to_numpy(float)).argmax(1)
    judge_key("VGMIDI by Krumhansl's profiles", keyed, by_krumhansl)
    judge_key("VGMIDI by Krumhansl's, signature", keyed[signed], by_krumhansl[signed])
    both = numpy.add.outer(numpy.zeros(len(keyed)), numpy.zeros(12)) + p[:, :12] + p[:, 12:]
    judge_confidence("confidence of the tonic", both.max(1), both.argmax(1) == truth % 12)
    major = p[:, 12:].sum(1)
    judge_confidence("confidence of the mode", numpy.maximum(major, 1 - major), (major > 0.5) == (truth // 12 == 1))
    key = fit_key(keyed[CHROMA].to_numpy(float), truth)
    sets = [("VGMIDI", keyed)]
    if composed is not None:
        diatonic = composed[composed["known_mode"] >= 0].reset_index(drop=True)
        judge_key("composed", diatonic, key_logits(key, diatonic[CHROMA].to_numpy(float)).argmax(1))
        judge_key("composed by Krumhansl's", diatonic, krumhansl(diatonic[CHROMA].to_numpy(float)).argmax(1))
        sets.append(("composed", diatonic))
    for name, table in sets if peer is not None else []:
        theirs = table.drop(columns=CHROMA).merge(peer[["stem", *CHROMA]], on="stem")
        judge_key(f"{name} by librosa's chroma_cqt, Krumhansl's", theirs, krumhansl(theirs[CHROMA].to_numpy(float)).argmax(1))

    aroused = panda["quadrant"].isin(["Q1", "Q2"]).to_numpy(float)
    judge("energy", panda, out_of_fold(panda, ENERGY, aroused), aroused, "arousal")
    judge("energy with the level", panda, out_of_fold(panda, [*ENERGY, "level_dbfs"], aroused), aroused, "arousal")
    judge("energy by the level alone", panda, out_of_fold(panda, ["level_dbfs"], aroused), aroused, "arousal")
    energy = fit_logistic(panda[ENERGY].to_numpy(float), aroused)
    others = midi.assign(said=say(energy, midi[ENERGY].to_numpy(float)))
    print(f"energy on VGMIDI: correlation with arousal {interval(others, correlation, 'said', 'arousal')}")
    emotify = songs[songs["dataset"] == "emotify"].reset_index(drop=True)
    emotify["said"] = say(energy, emotify[ENERGY].to_numpy(float))
    for name in ("calmness", "joyful_activation", "power"):
        emotify[name] = emotify["raw_labels"].str.extract(rf"{name}=([\d.]+)")[0].astype(float)
        print(f"energy on Emotify: correlation with {name} {interval(emotify, correlation, 'said', name)}")
    for name in ("tempo", "pulse_clarity", "flux"):
        print(f"{name} on Emotify: correlation with joyful_activation "
              f"{interval(emotify, correlation, 'joyful_activation', name)}")

    valence = (numpy.zeros(9), 0.0)
    if args.vectors:
        vectors = pandas.read_csv(args.vectors).assign(stem=lambda t: t["path"].map(stem))[["stem", *VECTOR]]
        heard = panda.merge(vectors, on="stem")
        heard["major"], heard["fast"] = major_of(key, heard), numpy.log2(heard["tempo"] / 120)
        heard["energy"] = say(energy, heard[ENERGY].to_numpy(float))
        heard["pleasant"] = heard["p_happy"] + heard["p_neutral"] + heard["p_surprised"]
        positive = heard["quadrant"].isin(["Q1", "Q4"]).to_numpy(float)
        judge("valence by happy + neutral + surprised, nothing fitted", heard, heard["pleasant"].to_numpy(), positive, "valence")
        for name, columns in {"the vector": VECTOR, "vector and mode": [*VECTOR, "major"],
                              "vector, mode and tempo": VALENCE,
                              "vector, mode, tempo, energy": [*VECTOR, "major", "fast", "energy"],
                              "mode and tempo": ["major", "fast"], "mode": ["major"],
                              "measured quantities": [*ENERGY, "major", "fast"],
                              "vector and measured quantities": [*VECTOR, *ENERGY, "major", "fast"]}.items():
            judge(f"valence by {name}", heard, out_of_fold(heard, columns, positive), positive, "valence")
        said = [out_of_fold(heard, columns, positive) for columns in (VALENCE, VECTOR)]
        better = interval(heard.assign(a=said[0], b=said[1], y=positive), lambda a, b, y: area(a, y) - area(b, y), "a", "b", "y")
        print(f"valence: mode and tempo beside the vector add to the AUC {better}")
        valence = fit_logistic(heard[VALENCE].to_numpy(float), positive)
        if args.pianos:
            judge_pianos(args, key, valence, fit_logistic(heard[VECTOR].to_numpy(float), positive))
    if args.rust:
        args.rust.write_text(rust(key, tempo, energy, valence), encoding="utf-8")


if __name__ == "__main__":
    main()
