#!/usr/bin/env python3
"""Judges whether the program knows music from speech and effects, on files that no model was trained on.

    python3 scripts/research/judge_sounds.py FREE.csv FOLDER [--fold held] [--music-model F.onnx]

FREE.csv is of free_audio.py. The files of the fold are embedded into FOLDER/library.db, as in a careless folder, and
what the library holds of each is compared with the table: the share of music kept, and of speech and effects
refused, with 95 % intervals by bootstrap over packages (2,000 resamples), as the files of one are alike. Then the
first 20 songs for each of five moods, with files that the program leaves out and without: the share of music.
Needs a release build.
"""

import argparse
import csv
import json
import sqlite3
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from cross_validate_music import QUERIES, VIBELUX, interval, require_build

BEST = 20
SHORTEST_SONG_SECONDS = 20


def share(files: list[bool]) -> float:
    return sum(files) / len(files)


def told(by_package: dict[str, list[bool]]) -> str:
    packages = [by_package[package] for package in sorted(by_package)]
    files = sum(map(len, packages))
    if files == 0:
        return "no such files"
    return f"{interval(packages, lambda drawn: share(sum(drawn, [])))} of {files} files of {len(packages)} packages"


def class_of(sound: str | None, seconds: float | None) -> str:
    if sound in ("speech", "effects"):
        return sound
    return "jingle" if seconds is not None and seconds < SHORTEST_SONG_SECONDS else "music"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("free", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--fold", default="held")
    parser.add_argument("--music-model", type=Path)
    args = parser.parse_args()
    require_build()
    args.folder.mkdir(parents=True, exist_ok=True)
    with open(args.free, newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["fold"] == args.fold]
    root = args.free.parent.resolve()
    kinds = {str(root / row["path"]): row for row in rows}
    library = args.folder / "library.db"
    packages = sorted({str(root / row["package"]) for row in rows})
    model = ["--music-model", args.music_model] if args.music_model else []
    subprocess.run([VIBELUX, "embed", *packages, "--library", library, *model], check=False, stdout=subprocess.DEVNULL)

    results = {key: defaultdict(list) for key in ("music", "speech", "effects", "speech heard", "effects heard")}
    unheard = 0
    connection = sqlite3.connect(library)
    for path, sound, seconds, vector in connection.execute("SELECT path, sound, duration_seconds, vector FROM songs"):
        row = kinds.get(path.decode())
        if row is None:
            continue
        # What the program gives no vector, as it hears silence or a steady tone, it refuses too.
        found = class_of(sound, seconds) if vector else "failed"
        unheard += not vector
        kept = found == "music"
        if row["kind"] == "music":
            results["music"][row["package"]].append(kept)
            if not kept:
                print(f"music taken for {found}: {path.decode()} ({seconds or 0:.0f} s)", file=sys.stderr)
        else:
            results[row["kind"]][row["package"]].append(not kept)
            results[f"{row['kind']} heard"][row["package"]].append(not vector or sound in ("speech", "effects"))
    print(f"{'music kept':28}{told(results['music'])}")
    for kind in ("speech", "effects"):
        print(f"{kind + ' refused':28}{told(results[kind])}")
        print(f"{'  not counting the length':28}{told(results[kind + ' heard'])}")
    print(f"{unheard} files have no vector")

    for include in ("speech,effects,jingle", ""):
        right = total = 0
        for mood in QUERIES:
            command = [VIBELUX, "recommend", "--mood", mood, "-n", str(BEST), "--json", "--library", library, "--include", include]
            answer = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
            found = [match["song"]["path"] for match in answer["queries"][0]["recommendations"]]
            # Files of which the table does not say what they are count for nothing.
            known = [kinds[path]["kind"] for path in found if path in kinds]
            right += known.count("music")
            total += len(known)
        label = f"with {include}" if include else "as the program does"
        found = f"{right / total:.1%} of {total}" if total else "none of which the table says what it is"
        print(f"music among the first {BEST} for five moods, {label}: {found}")


if __name__ == "__main__":
    main()
