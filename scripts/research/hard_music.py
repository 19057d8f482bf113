#!/usr/bin/env python3
"""Makes music that is easily taken for speech or noises: voices over music, single parts of songs, drones.

    python3 scripts/research/hard_music.py FREE.csv FOLDER [--mixes COUNT] [--parts TABLE] [--drones COUNT]

FREE is a table of free_audio.py. FOLDER gets, COUNT times, half a minute of its music with its speech over it, both
from fold "free" and drawn by a fixed seed, the voice from 3 dB below the music to 6 dB above; and of each recording
in TABLE (column `path`: one voice, drum or pad of a song) the loudest 15 seconds, unless they are silent. These songs
must not be among those that anything is judged on: all come into fold "free". Drones are synthesised: a chord that
swells and fades for half a minute, with more or less noise, in a large room. hard.csv in FOLDER names the files (path,
package, kind "music", seconds, fold, no emotions). Needs numpy and ffmpeg.
"""

import argparse
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy

from tables import TARGETS, read_songs, write_table

SAMPLE_RATE_HZ = 16000
MIX_SECONDS, PART_SECONDS = 30, 15
LONGEST_PAUSE_SECONDS = 1.5
SHORTEST_VOICE_SECONDS = 2
VOICE_OVER_MUSIC_DB = (-3, 6)
MUSIC_RMS, SILENT_RMS = 0.08, 0.004


def decode(path: Path, start: float = 0, seconds: float | None = None) -> numpy.ndarray:
    """Mono samples from -1 to 1."""
    stretch = ["-ss", str(start)] + (["-t", str(seconds)] if seconds else [])
    command = ["ffmpeg", "-nostdin", "-v", "error", *stretch, "-i", path]
    raw = subprocess.run([*command, "-ac", "1", "-ar", str(SAMPLE_RATE_HZ), "-f", "f32le", "-"],
                         capture_output=True, check=True).stdout
    return numpy.frombuffer(raw, "<f4")


def write(path: Path, samples: numpy.ndarray) -> None:
    limit = max(1.0, abs(samples).max() / 0.99)
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "f32le", "-ar", str(SAMPLE_RATE_HZ), "-ac", "1",
                    "-i", "-", "-flags:a", "+bitexact", "-fflags", "+bitexact", path], input=(samples / limit).astype("<f4").tobytes(), check=True)


def rms(samples: numpy.ndarray) -> float:
    return float(numpy.sqrt((samples**2).mean())) if len(samples) else 0.0


def voice_over(draw: random.Random, song: dict, voices: list[dict]) -> numpy.ndarray | None:
    """A stretch of the song with voices over it, one after the other; none if either is silent."""
    start = draw.uniform(0, max(0.0, float(song["seconds"]) - MIX_SECONDS))
    music = decode(song["path"], start, MIX_SECONDS)
    above_db = draw.uniform(*VOICE_OVER_MUSIC_DB)
    voice = numpy.zeros(0, "f4")
    for row in draw.sample(voices, len(voices)):
        if len(voice) >= len(music):
            break
        pause = numpy.zeros(int(draw.uniform(0, LONGEST_PAUSE_SECONDS) * SAMPLE_RATE_HZ), "f4")
        said = decode(row["path"], 0, MIX_SECONDS)
        voice = numpy.concatenate([voice, said / max(rms(said), SILENT_RMS), pause])
    if rms(music) < SILENT_RMS or not len(voice):
        return None
    voice = numpy.pad(voice, (0, max(0, len(music) - len(voice))))[: len(music)]
    return MUSIC_RMS * (music / rms(music) + voice * 10 ** (above_db / 20))


def loudest(samples: numpy.ndarray) -> numpy.ndarray | None:
    length = PART_SECONDS * SAMPLE_RATE_HZ
    starts = range(0, max(1, len(samples) - length + 1), SAMPLE_RATE_HZ)
    part = max((samples[start: start + length] for start in starts), key=rms)
    return part if rms(part) > SILENT_RMS else None


def drone(seed: int) -> numpy.ndarray:
    """A few tones in just intervals, each a stack of harmonics whose level wanders, over filtered noise."""
    draw = numpy.random.default_rng(seed)
    time = numpy.arange(MIX_SECONDS * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    ratios = draw.choice([1, 1, 6 / 5, 5 / 4, 4 / 3, 3 / 2, 2, 3, 4], draw.integers(2, 6))
    root, roll_off = 35 * 2 ** draw.uniform(0, 2.6), draw.uniform(0.6, 2)
    sound = numpy.zeros(len(time))
    for ratio in ratios:
        detuned = root * ratio * 2 ** (draw.normal(0, 5) / 1200)
        for harmonic in range(1, draw.integers(3, 20)):
            pitch = detuned * harmonic
            if pitch > SAMPLE_RATE_HZ / 2.2:
                break
            swell = 1 + draw.uniform(0, 0.9) * numpy.sin(2 * numpy.pi * (draw.uniform(0.02, 0.3) * time + draw.random()))
            sound += swell * numpy.sin(2 * numpy.pi * (pitch * time + draw.random())) / harmonic**roll_off
    noise = numpy.fft.rfft(draw.normal(size=len(time)))
    frequencies = numpy.fft.rfftfreq(len(time), 1 / SAMPLE_RATE_HZ)
    centre = root * 2 ** draw.uniform(1, 4)
    noise = numpy.fft.irfft(noise * numpy.exp(-(numpy.log2((frequencies + 1) / centre) ** 2)), len(time))
    sound = sound / rms(sound) + 10 ** (draw.uniform(-30, -3) / 20) * noise / rms(noise)
    decay = draw.uniform(0.1, 0.6) * SAMPLE_RATE_HZ
    room = draw.normal(size=2 * SAMPLE_RATE_HZ) * numpy.exp(-numpy.arange(2 * SAMPLE_RATE_HZ) / decay)
    length = len(sound) + len(room)
    wet = numpy.fft.irfft(numpy.fft.rfft(sound, length) * numpy.fft.rfft(room, length), length)[: len(sound)]
    share = draw.uniform(0, 0.8)
    return MUSIC_RMS * ((1 - share) * sound / rms(sound) + share * wet / rms(wet))


def sounds(args: argparse.Namespace) -> Iterator[tuple[str, str, numpy.ndarray | None]]:
    """Name, package and samples of each file, one after the other."""
    draw = random.Random(1)
    free = [row for row in read_songs(args.free) if row["fold"] == "free"]
    songs = [row for row in free if row["kind"] == "music"]
    speech = [row for row in free if row["kind"] == "speech" and float(row["seconds"]) > SHORTEST_VOICE_SECONDS]
    speakers = sorted({row["package"] for row in speech})
    for number in range(args.mixes):
        song, speaker = draw.choice(songs), draw.choice(speakers)
        voices = [row for row in speech if row["package"] == speaker]
        yield f"voice-over-{number:03}.ogg", song["package"], voice_over(draw, song, voices)
    for number, row in enumerate(read_songs(args.parts) if args.parts else []):
        yield f"part-{number:03}.ogg", "parts", loudest(decode(row["path"]))
    for number in range(args.drones):
        yield f"drone-{number:03}.ogg", "drones", drone(number)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("free", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--mixes", type=int, default=80, metavar="COUNT")
    parser.add_argument("--parts", type=Path, metavar="TABLE")
    parser.add_argument("--drones", type=int, default=0, metavar="COUNT")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    found = []
    for name, package, samples in sounds(args):
        if samples is None:
            print(f"{name}: silent, left out", file=sys.stderr)
            continue
        write(args.folder / name, samples)
        found.append({"path": name, "package": package, "kind": "music", "fold": "free",
                      "seconds": f"{len(samples) / SAMPLE_RATE_HZ:.1f}"})
    write_table(args.folder / "hard.csv", found, ["path", "package", "kind", "seconds", "fold", *TARGETS])
    print(f"{len(found)} files")


if __name__ == "__main__":
    main()
