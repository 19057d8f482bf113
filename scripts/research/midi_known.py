#!/usr/bin/env python3
"""Tempo and key of MIDI pieces as written, for the middle of each: what audio features are judged by.

    python3 scripts/research/midi_known.py FOLDER OUT.csv [--seconds 60]

OUT has a row per .mid file of FOLDER: `known_tempo` (the mean of its tempo events, weighted by time), `is_gridded` (1
where at least 90 % of the notes begin on sixteenths or triplets of that tempo and it hardly changes: the others are
free transcriptions whose tempo says nothing), `known_key` (0 is C) and `known_mode` (1 is major). The key is that of
the key signature (`from_signature` 1), where the notes of no other scale sound longer, with the mode of the two that
fits the notes better by Krumhansl's profiles; without such a signature the key by the notes alone, where the best fits
better than the next by 0.08; else none. Needs mido and numpy.
"""

import argparse
import csv
from pathlib import Path

import mido
import numpy

from feature_targets import MAJOR, MINOR

SCALE = [0, 2, 4, 5, 7, 9, 11]
# Major keys by their signatures; mido names minor ones with an m.
SIGNATURES = {name: 7 * fifths % 12 for fifths, name in
              enumerate("Cb Gb Db Ab Eb Bb F C G D A E B F# C#".split(), -7)}
MINOR_SIGNATURES = {name: (7 * fifths + 9) % 12 for fifths, name in
                    enumerate("Abm Ebm Bbm Fm Cm Gm Dm Am Em Bm F#m C#m G#m D#m A#m".split(), -7)}
CLEAR_MARGIN, LEAST_ON_GRID, MOST_CHANGE = 0.08, 0.9, 0.03


def read(path: Path) -> tuple[numpy.ndarray, list, list, int]:
    """`[note][start, end, pitch, start in ticks]` in seconds, the tempi, the signatures and the ticks of a beat."""
    piece = mido.MidiFile(path, clip=True)
    seconds, ticks, tempo, sounding, notes = 0.0, 0, 500_000, {}, []
    tempi, signatures = [(0.0, mido.tempo2bpm(tempo))], []
    for message in mido.merge_tracks(piece.tracks):
        ticks += message.time
        seconds += mido.tick2second(message.time, piece.ticks_per_beat, tempo)
        if message.type == "set_tempo":
            tempo = message.tempo
            tempi.append((seconds, mido.tempo2bpm(tempo)))
        elif message.type == "key_signature":
            signatures.append((seconds, message.key))
        elif message.type in ("note_on", "note_off"):
            key = (message.channel, message.note)
            if key in sounding:
                start, at = sounding.pop(key)
                notes.append((start, seconds, message.note, at))
            if message.type == "note_on" and message.velocity > 0:
                sounding[key] = (seconds, ticks)
    return numpy.array(notes).reshape(-1, 4), tempi, signatures, piece.ticks_per_beat


def lasting(events: list, start: float, end: float) -> list:
    """How long each event holds between two times, with its value."""
    ends = [at for at, _ in events[1:]] + [numpy.inf]
    spans = [(min(until, end) - max(at, start), value) for (at, value), until in zip(events, ends)]
    return [(span, value) for span, value in spans if span > 0]


def key_of(profile: numpy.ndarray, signatures: list) -> tuple[int, int, int] | None:
    """Tonic, mode and whether a signature says it."""
    fits = numpy.array([[numpy.corrcoef(profile, numpy.roll(shape, tonic))[0, 1] for tonic in range(12)]
                        for shape in (MINOR, MAJOR)])
    inside = numpy.array([profile[[(tonic + step) % 12 for step in SCALE]].sum() for tonic in range(12)])
    if signatures:
        name = max(signatures)[1]
        major = SIGNATURES.get(name, (MINOR_SIGNATURES.get(name, 9) + 3) % 12)
        minor = (major + 9) % 12
        if inside[major] >= inside.max() - 0.02:
            return (major, 1, 1) if fits[1, major] >= fits[0, minor] else (minor, 0, 1)
    best = int(fits.argmax())
    ordered = numpy.sort(fits, axis=None)
    return (best % 12, best // 12, 0) if ordered[-1] - ordered[-2] > CLEAR_MARGIN else None


def known(path: Path, seconds: float) -> dict:
    notes, tempi, signatures, beat = read(path)
    length = notes[:, 1].max()
    start = max(0, (length - seconds) / 2)
    end = min(length, start + seconds)
    held = numpy.array(lasting(tempi, start, end))
    tempo = numpy.average(held[:, 1], weights=held[:, 0])
    change = numpy.sqrt(numpy.average((held[:, 1] - tempo) ** 2, weights=held[:, 0])) / tempo
    beats = notes[(notes[:, 0] >= start) & (notes[:, 0] < end), 3] / beat
    on_grid = max(numpy.mean(abs(beats * parts - numpy.round(beats * parts)) < close) for parts, close in ((4, 0.08), (3, 0.06)))
    sounds = (numpy.minimum(notes[:, 1], end) - numpy.maximum(notes[:, 0], start)).clip(0)
    profile = numpy.bincount(notes[:, 2].astype(int) % 12, weights=sounds, minlength=12) / sounds.sum()
    tonic, mode, signed = key_of(profile, lasting(signatures, start, end)) or ("", "", "")
    return {"stem": path.stem, "known_tempo": round(tempo, 3), "is_gridded": int(on_grid >= LEAST_ON_GRID and change < MOST_CHANGE),
            "known_key": tonic, "known_mode": mode, "from_signature": signed}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seconds", type=float, default=60)
    args = parser.parse_args()
    rows = [known(path, args.seconds) for path in sorted(args.folder.glob("*.mid"))]
    with open(args.out, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    print(f"{len(rows)} pieces, {sum(row['is_gridded'] for row in rows)} with a tempo, "
          f"{sum(row['known_key'] != '' for row in rows)} with a key")


if __name__ == "__main__":
    main()
