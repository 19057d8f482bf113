#!/usr/bin/env python3
"""Tempo and chroma of raw sounds as librosa measures them: the peer of the audio features.

    python3 scripts/compare/librosa_audio_features.py LIST OUT.csv [--seconds 60]

LIST is that of `cargo run --release --example measure_features`; OUT is read by scripts/research/fit_audio_features.py
(--peer). The hop is 10 ms, as coarser ones cannot tell fast tempi to 4 %. Prints the seconds that 60 s of sound take
(the median over the sounds). Needs librosa; OMP_NUM_THREADS=1 NUMBA_NUM_THREADS=1 make the time that of one core.
"""

import argparse
import csv
import statistics
import time
from pathlib import Path

import librosa
import numpy


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("list", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seconds", type=float, default=60)
    args = parser.parse_args()
    rows, spent = [], []
    for line in args.list.read_text(encoding="utf-8").splitlines():
        path, rate = line.rsplit("\t", 1)[0], int(line.rsplit("\t", 1)[1])
        sound = numpy.fromfile(path, "<f4")
        length = min(len(sound), int(args.seconds * rate))
        first = (len(sound) - length) // 2
        sound, options = sound[first:first + length], {"sr": rate, "hop_length": rate // 100}
        begun = time.perf_counter()
        onsets = librosa.onset.onset_strength(y=sound, **options)
        tempo = librosa.feature.tempo(onset_envelope=onsets, **options)
        chroma = librosa.feature.chroma_cqt(y=sound, sr=rate).mean(axis=1)
        spent.append((time.perf_counter() - begun) * 60 * rate / length)
        beats, _ = librosa.beat.beat_track(onset_envelope=onsets, **options)
        rows.append({"path": path, "librosa_tempo": float(numpy.ravel(tempo)[0]),
                     "librosa_beat_track": float(numpy.ravel(beats)[0]),
                     **{f"chroma_{i}": value for i, value in enumerate(chroma)}})
    with open(args.out, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    print(f"{statistics.median(spent):.3f} s for 60 s of sound")


if __name__ == "__main__":
    main()
