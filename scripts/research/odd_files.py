#!/usr/bin/env python3
"""What the music model makes of odd files: songs as a telephone, a short clip and so on, and no music at all.

    python3 scripts/research/odd_files.py LABELS OUT [--where COLUMN=VALUE...] [--songs 60] [--also FILE...]

LABELS is a table of songs (labels.csv). Of the first --songs of them (that fit --where) OUT gets several
versions each, made by ffmpeg (2 GB for 60 songs of half a minute), then sounds that are no music; `vibelux
embed` reads them all. Printed is, per version, the mean cosine between its vector and that of the song as
it is, and how often the strongest emotion is the same; then what is said of each sound that is no music,
and of the files named by --also (recordings of speech, for example). Needs ffmpeg and a release build.
"""

import argparse
import csv
import json
import subprocess
import sys
from pathlib import Path

from cross_validate_music import VIBELUX, argmax, cosine, mean, require_build
from tables import EMOTIONS

SURROUND = "aformat=channel_layouts=stereo,pan=5.1|FL=c0|FR=c1|FC=0.5*c0+0.5*c1|LFE=0.1*c0+0.1*c1|BL=0.3*c0|BR=0.3*c1"
# Name: ending, ffmpeg's options.
VERSIONS = {
    "as it is": ("wav", []),
    "telephone, 8 kHz mu-law mono": ("wav", ["-ar", "8000", "-ac", "1", "-c:a", "pcm_mulaw"]),
    "96 kHz stereo, 24 bit": ("wav", ["-ar", "96000", "-ac", "2", "-c:a", "pcm_s24le"]),
    "5.1 channels": ("flac", ["-af", SURROUND]),
    "20 dB softer": ("wav", ["-af", "volume=-20dB"]),
    "12 dB too loud, clipped": ("wav", ["-af", "volume=12dB"]),
    "MP3 of 64 kbit/s": ("mp3", ["-b:a", "64k"]),
    "the first 8 s": ("wav", ["-t", "8"]),
    "the first 2 s": ("wav", ["-t", "2"]),
}
# Name: ffmpeg's source of sound.
SOUNDS = {
    "silence": "anullsrc=r=16000:cl=mono:d=30",
    "digital silence but one click": "aevalsrc=if(eq(n\\,1000)\\,1\\,0):s=16000:d=30",
    "tone of 440 Hz": "sine=f=440:r=16000:d=30",
    "chord that never changes": "aevalsrc=0.2*(sin(1382*t)+sin(1741*t)+sin(2073*t)):s=16000:d=30",
    "white noise": "anoisesrc=c=white:r=44100:d=30:seed=1:a=0.3",
    "brown noise": "anoisesrc=c=brown:r=44100:d=30:seed=1:a=0.3",
    "sweep from 50 to 7000 Hz": "aevalsrc=0.3*sin(6.2832*(50*t+116*t*t)):s=16000:d=30",
    "tone of half a second": "sine=f=440:r=16000:d=0.5",
    "tone of 2 s": "sine=f=440:r=16000:d=2",
}


def ffmpeg(*arguments: object) -> None:
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"ffmpeg: {done.stderr.strip() or done.returncode}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("labels", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--where", action="append", default=[])
    parser.add_argument("--songs", type=int, default=60)
    parser.add_argument("--also", nargs="+", type=Path, default=[])
    options = parser.parse_args()
    require_build()
    conditions = [condition.partition("=") for condition in options.where]
    with open(options.labels, newline="", encoding="utf-8") as file:
        songs = [options.labels.parent / row["path"] for row in csv.DictReader(file)
                 if all(row.get(c) == v for c, _, v in conditions) and not row["path"].endswith(".mid")]
    songs = songs[: options.songs]
    if not songs:
        sys.exit(f"{options.labels} has no such songs")
    out = options.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    made: dict[Path, tuple[str, int]] = {}
    for index, song in enumerate(songs):
        for number, (version, (ending, flags)) in enumerate(VERSIONS.items()):
            path = out / f"song{index}-{number}.{ending}"
            ffmpeg("-i", song, "-vn", *flags, path)
            made[path] = (version, index)
    sounds = {}
    for number, (name, source) in enumerate(SOUNDS.items()):
        path = out / f"sound{number}.wav"
        ffmpeg("-f", "lavfi", "-i", source, path)
        sounds[path] = name
    sounds |= {path.resolve(): path.name for path in options.also}
    library = out / "library.db"
    library.unlink(missing_ok=True)
    embed = [VIBELUX, "embed", *made, *sounds, "--library", library, "--json"]
    done = subprocess.run(embed, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        sys.exit(done.stderr.strip())
    summary = json.loads(done.stdout)
    subprocess.run([VIBELUX, "export", "json", out / "vectors.json", "--library", library], check=True,
                   stdout=subprocess.DEVNULL)
    vectors = json.loads((out / "vectors.json").read_text(encoding="utf-8"))
    reasons = {failed["path"]: failed["reason"].removeprefix(f"{failed['path']}: ") for failed in summary["failures"]}
    first = next(iter(VERSIONS))
    originals = {index: vectors.get(str(path)) for path, (version, index) in made.items() if version == first}
    print(f"{len(songs)} songs, beside the song as it is:")
    for version in VERSIONS:
        pairs = [(originals[index], vectors.get(str(path))) for path, (v, index) in made.items() if v == version]
        heard = [(a, b) for a, b in pairs if a and b]
        same = mean([argmax(a) == argmax(b) for a, b in heard])
        print(f"  {version:<30} cosine {mean([cosine(a, b) for a, b in heard]):.3f}, same strongest "
              f"{100 * same:.0f} %, no vector {len(pairs) - len(heard)}")
    for path, name in sounds.items():
        vector = vectors.get(str(path))
        said = ", ".join(f"{e} {v:.2f}" for e, v in zip(EMOTIONS, vector)) if vector else reasons.get(str(path), "-")
        print(f"  {name:<30} {said}")


if __name__ == "__main__":
    main()
