#!/usr/bin/env python3
"""What the notes of rendered MIDI pieces say of every second: files for a head of kind "value_track".

    python3 scripts/research/midi_tracks.py RENDERED.csv OUT.csv FOLDER --midi LABELS.csv [--more RENDERED.csv ...]

RENDERED is of render_midi.py, LABELS the table with the .mid files that it read. FOLDER gets a safetensors file per
piece (`values`, `hop_seconds`), OUT.csv is RENDERED with a column `notes` that names it, then the pieces of --more in
a fold "more"; its paths are absolute. A net that hears the rendering learns from them what a score knows: how high,
how loud, how dense, how long the notes are, major or minor, which intervals sound together. No value changes with the
key. Each is standardised over the pieces of fold 0 in RENDERED. Needs mido and numpy.
"""

import argparse
import re
import sys
from pathlib import Path

import mido
import numpy

from feature_targets import key_fits
from tables import read_songs, write_table, write_track

HOP_SECONDS = 1.0
# Of the notes around a second, those within so many are looked at for its key.
KEY_SECONDS = 4.0
# Notes that begin within so many seconds of each other are one onset.
TOGETHER_SECONDS = 0.04


def notes_of(path: Path) -> numpy.ndarray:
    """`[note][start, end, pitch, velocity]`, times in seconds."""
    now, open_notes, notes = 0.0, {}, []
    for message in mido.MidiFile(path, clip=True):
        now += message.time
        if message.type not in ("note_on", "note_off"):
            continue
        key = (message.channel, message.note)
        if key in open_notes:
            start, velocity = open_notes.pop(key)
            notes.append((start, now, message.note, velocity))
        if message.type == "note_on" and message.velocity > 0:
            open_notes[key] = (now, message.velocity)
    notes += [(start, now, pitch, velocity) for (_, pitch), (start, velocity) in open_notes.items()]
    return numpy.array(sorted(notes)).reshape(-1, 4)


def overlap(notes: numpy.ndarray, start: float, end: float) -> numpy.ndarray:
    """For how many of these seconds each note sounds."""
    return (numpy.minimum(notes[:, 1], end) - numpy.maximum(notes[:, 0], start)).clip(0)


def chroma(notes: numpy.ndarray, weights: numpy.ndarray) -> numpy.ndarray:
    return numpy.bincount(notes[:, 2].astype(int) % 12, weights=weights, minlength=12)


def intervals(profile: numpy.ndarray) -> list[float]:
    """The shares of the six interval classes among pairs of pitch classes."""
    pairs = numpy.array([(profile * numpy.roll(profile, step)).sum() for step in range(1, 7)])
    pairs[5] /= 2
    return list(pairs / pairs.sum()) if pairs.sum() > 0 else [1 / 6] * 6


def second(notes: numpy.ndarray, start: float) -> list[float] | None:
    """What sounds in a second; nothing in silence."""
    end = start + HOP_SECONDS
    sounding = overlap(notes, start, end)
    heard = notes[sounding > 0]
    if len(heard) == 0:
        return None
    weights = sounding[sounding > 0]
    begun = heard[(heard[:, 0] >= start) & (heard[:, 0] < end)]
    onsets = 0 if len(begun) == 0 else 1 + (numpy.diff(begun[:, 0]) > TOGETHER_SECONDS).sum()
    mean = numpy.average(heard[:, 2], weights=weights)
    spread = numpy.sqrt(numpy.average((heard[:, 2] - mean) ** 2, weights=weights))
    middle = start + HOP_SECONDS / 2
    around = overlap(notes, middle - KEY_SECONDS, middle + KEY_SECONDS)
    profile = chroma(notes, around)
    major, minor = key_fits(profile) if profile.std() > 0 else (0.0, 0.0)
    return [
        mean, spread, heard[:, 2].min(), heard[:, 2].max(),
        numpy.average(heard[:, 3], weights=weights), heard[:, 3].max(),
        onsets, len(begun), weights.sum(), numpy.log(numpy.mean(heard[:, 1] - heard[:, 0]) + 0.02),
        major - minor, max(major, minor), *intervals(chroma(heard, weights)),
    ]


def track(notes: numpy.ndarray) -> numpy.ndarray:
    """`[second][value]`; a silent second has the values of the one before it."""
    rows: list[list[float]] = []
    for number in range(int(notes[:, 1].max() / HOP_SECONDS) + 1):
        row = second(notes, number * HOP_SECONDS)
        if row is not None or rows:
            rows.append(row if row is not None else rows[-1])
        else:
            rows.append(second(notes, notes[0, 0]))
    return numpy.array(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("rendered", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--midi", type=Path, required=True)
    parser.add_argument("--more", type=Path, nargs="*", default=[])
    args = parser.parse_args()
    scores = {Path(row["path"]).stem: row["path"] for row in read_songs(args.midi)}
    rows = read_songs(args.rendered)
    rows += [{**row, "fold": "more"} for table in args.more for row in read_songs(table)]
    args.folder.mkdir(parents=True, exist_ok=True)
    tracks = {}
    for row in rows:
        # render_midi.py adds a hash to the name of the score.
        score = scores[re.sub(r"-[0-9a-f]{8}$", "", Path(row["path"]).stem)]
        notes = notes_of(score)
        if len(notes) == 0:
            print(f"{score}: holds no notes", file=sys.stderr)
        else:
            tracks[row["path"]] = track(notes)
    learnt = numpy.concatenate([tracks[row["path"]] for row in rows if row["fold"] == "0" and row["path"] in tracks])
    mean, deviation = learnt.mean(0), learnt.std(0)
    for row in rows:
        row["notes"] = ""
        if row["path"] in tracks:
            values = ((tracks[row["path"]] - mean) / deviation).clip(-3, 3)
            place = args.folder / f"{Path(row['path']).stem}.safetensors"
            write_track(place, {"values": values, "hop_seconds": numpy.array([HOP_SECONDS])})
            row["notes"] = str(place.resolve())
    write_table(args.out, rows)
    print(f"{len(tracks)} of {len(rows)} pieces, {sum(len(t) for t in tracks.values())} seconds, {len(mean)} values")


if __name__ == "__main__":
    main()
