#!/usr/bin/env python3
"""Times a search for the 20 songs of the largest cosine through vibelux, numpy and faiss's IndexFlatIP, one after the other on one core.

    cargo build --release -p vibelux --example ranking_speed
    python scripts/compare/ranking_speed.py [--counts 1000000 10000000] [--library library.db --where FILTER]

numpy and faiss (`pip install numpy faiss-cpu`) search unit vectors of seven 32-bit numbers; of all, the median of 40 searches
counts. With --library also a search among the songs of a library that a filter means, artists apart.
"""
import argparse
import os
import statistics
import subprocess
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import faiss  # noqa: E402
import numpy  # noqa: E402

SONGS = 20
SEARCHES = 40


def median_ms(search, moods) -> float:
    times = []
    for mood in moods:
        start = time.perf_counter()
        search(mood)
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times[1:])


def ours(program, *arguments) -> float:
    output = subprocess.run([program, *arguments], check=True, capture_output=True, text=True).stdout
    return float(output.split()[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="target/release/examples/ranking_speed")
    parser.add_argument("--counts", type=int, nargs="*", default=[1_000_000, 10_000_000])
    parser.add_argument("--library")
    parser.add_argument("--where", default="not genre:folk and duration<10m and happy>0.2")
    args = parser.parse_args()
    faiss.omp_set_num_threads(1)
    print("| songs | vibelux | numpy | faiss |\n|---|---|---|---|")
    for count in args.counts:
        random = numpy.random.default_rng(1)
        songs = random.random((count, 7), dtype=numpy.float32)
        songs /= numpy.linalg.norm(songs, axis=1, keepdims=True)
        moods = songs[random.integers(count, size=SEARCHES + 1)]

        def by_numpy(mood):
            cosines = songs @ mood
            best = numpy.argpartition(cosines, -SONGS)[-SONGS:]
            return best[numpy.argsort(-cosines[best])]

        index = faiss.IndexFlatIP(7)
        index.add(songs)
        row = [ours(args.program, "made", str(count)), median_ms(by_numpy, moods),
               median_ms(lambda mood: index.search(mood[None], SONGS), moods)]
        first = row[0]
        shown = [f"{first:.1f} ms"] + [f"{ms:.1f} ms ({ms / first:.1f} times)" for ms in row[1:]]
        print(f"| {count:,} | {' | '.join(shown)} |", flush=True)
    if args.library:
        print(f"\n{args.library}, {args.where!r}, artists apart: {ours(args.program, 'library', args.library, args.where):.1f} ms")


if __name__ == "__main__":
    main()
