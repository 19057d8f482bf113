#!/usr/bin/env python3
"""Measures `vibelux embed` on a library of real songs, then kills it again and again.

    cargo build --release -p vibelux-cli
    python3 scripts/checks/bench_embed.py --clips DIR [--songs 1000] [--kills 10] [--json]

DIR holds audio clips of any length and format that ffmpeg reads. The songs are MP3 files of 192 kb/s
and about three minutes: up to 20 are joined from clips and encoded, the others are cut out of those
at different offsets (whole MP3 frames, no second encoding), so that every file holds other bytes.

The first run embeds them into an empty library without disturbance. The second is killed (SIGKILL)
at random moments and started again until it is done. Afterwards both libraries must hold the same
songs with the same vectors, each once; every song that a run reported stored must not be taken up
again; and a kill may cost no more songs than were in hand. Which songs a run takes up is seen by
inotify, so this needs Linux.

Exit code 0: all of that held; 1: it did not; 2: could not run.
"""
import argparse
import collections
import ctypes
import hashlib
import json
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import threading
import time

AUDIO = {".mp3", ".ogg", ".oga", ".opus", ".flac", ".wav", ".m4a", ".aac", ".wma", ".aif", ".aiff"}
# How many songs are encoded; the others are cut out of them.
ENCODED = 20
# Offset between two songs cut out of the same encoded one; more than an MP3 frame (26 ms).
SHIFT_SECONDS = 1.37
BYTES_PER_SECOND = 192_000 // 8
IN_OPEN = 0x20


class CannotRun(Exception):
    """What to do before this can run."""


def ffmpeg(*arguments: object) -> None:
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *map(str, arguments)]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise CannotRun(f"ffmpeg failed: {done.stderr.strip()}")


def clip_seconds(path: pathlib.Path) -> float:
    command = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", path]
    text = subprocess.run(command, stdout=subprocess.PIPE, text=True).stdout.strip()
    try:
        return float(text)
    except ValueError:
        return 0.0


def encode(clips: list[pathlib.Path], seconds: float, out: pathlib.Path) -> None:
    """Joins clips until `seconds` are full and encodes them as one MP3."""
    chosen, total = [], 0.0
    at = 0
    while total < seconds:
        if at >= 4 * len(clips) + int(seconds):
            raise CannotRun("the clips are too short or cannot be read by ffprobe")
        clip = clips[at % len(clips)]
        at += 1
        length = clip_seconds(clip)
        if length > 0.5:
            chosen.append(clip)
            total += length
    inputs = [argument for clip in chosen for argument in ("-i", clip)]
    parts = "".join(
        f"[{i}:a:0]aresample=44100,aformat=channel_layouts=stereo[p{i}];" for i in range(len(chosen))
    )
    joined = "".join(f"[p{i}]" for i in range(len(chosen)))
    ffmpeg(
        *inputs, "-filter_complex", f"{parts}{joined}concat=n={len(chosen)}:v=0:a=1[out]",
        "-map", "[out]", "-t", seconds, "-c:a", "libmp3lame", "-b:a", "192k", out,
    )  # fmt: skip


def make_songs(clips_dir: pathlib.Path, work: pathlib.Path, args) -> list[pathlib.Path]:
    clips = sorted(p for p in clips_dir.rglob("*") if p.suffix.lower() in AUDIO)
    if not clips:
        raise CannotRun(f"{clips_dir} holds no audio clips; name a folder that does with --clips")
    need = args.songs * args.seconds * BYTES_PER_SECOND * 1.3
    free = shutil.disk_usage(work).free
    if free < need:
        raise CannotRun(
            f"{args.songs} songs need {need / 1e9:.1f} GB, {work} has {free / 1e9:.1f} GB free; "
            "use --songs or --work"
        )
    random.Random(args.seed).shuffle(clips)
    encoded = min(ENCODED, args.songs)
    cuts = -(-args.songs // encoded)
    songs_dir, sources = work / "songs", work / "sources"
    songs_dir.mkdir()
    sources.mkdir()
    songs = []
    for number in range(encoded):
        own = clips[number::encoded] or clips
        source = sources / f"{number:02}.mp3"
        encode(own, args.seconds + SHIFT_SECONDS * cuts, source)
        for cut in range(cuts):
            if len(songs) == args.songs:
                break
            song = songs_dir / f"{number:02}" / f"{cut:03}.mp3"
            song.parent.mkdir(exist_ok=True)
            ffmpeg(
                "-ss", f"{cut * SHIFT_SECONDS:.3f}", "-t", args.seconds, "-i", source,
                "-map", "0:a", "-c", "copy", "-metadata", f"title=Song {number}.{cut}", song,
            )  # fmt: skip
            songs.append(song)
        source.unlink()
        print(f"\rmade {len(songs)} of {args.songs} songs", end="", file=sys.stderr)
    print(file=sys.stderr)
    digests = {audio_digest(song) for song in songs}
    if len(digests) != len(songs):
        raise CannotRun(f"{len(songs) - len(digests)} songs are equal to others; use more clips")
    return songs


def audio_digest(song: pathlib.Path) -> bytes:
    """Of 256 kB from the middle, where no tag is."""
    with song.open("rb") as file:
        file.seek(song.stat().st_size // 2)
        return hashlib.sha256(file.read(1 << 18)).digest()


class OpenedFiles:
    """Notes which of the watched files are opened, by inotify."""

    def __init__(self, folders: set[pathlib.Path]):
        libc = ctypes.CDLL(None, use_errno=True)
        self.fd = libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
        if self.fd < 0:
            raise CannotRun("inotify is not there; this needs Linux")
        self.folders = {}
        for folder in folders:
            watch = libc.inotify_add_watch(self.fd, os.fsencode(folder), IN_OPEN)
            if watch < 0:
                raise CannotRun(f"cannot watch {folder}: {os.strerror(ctypes.get_errno())}")
            self.folders[watch] = folder
        self.lock = threading.Lock()
        self.opened = set()
        threading.Thread(target=self.follow, daemon=True).start()

    def follow(self) -> None:
        while True:
            self.drain()
            time.sleep(0.05)

    def drain(self) -> None:
        with self.lock:
            while True:
                try:
                    data = os.read(self.fd, 1 << 16)
                except BlockingIOError:
                    return
                at = 0
                while at < len(data):
                    watch, mask, _, length = struct.unpack_from("iIII", data, at)
                    name = data[at + 16 : at + 16 + length].rstrip(b"\0")
                    at += 16 + length
                    if mask & IN_OPEN and name.endswith(b".mp3") and watch in self.folders:
                        self.opened.add(self.folders[watch] / os.fsdecode(name))

    def take(self) -> set[pathlib.Path]:
        """What was opened since the last call."""
        self.drain()
        with self.lock:
            opened, self.opened = self.opened, set()
        return opened


Row = collections.namedtuple("Row", "vector windows error")


def rows(library: pathlib.Path) -> list[tuple[str, Row]]:
    """All songs of a library; none if there is no library yet."""
    if not library.exists():
        return []
    connection = sqlite3.connect(f"file:{library}?mode=ro", uri=True)
    try:
        found = connection.execute(
            "SELECT s.path, s.vector, w.windows, s.error FROM songs s LEFT JOIN windows w USING (path)"
        ).fetchall()
    except sqlite3.OperationalError as error:
        # Killed before the table was made.
        if "no such table" in str(error):
            return []
        raise
    finally:
        connection.close()
    return [(os.fsdecode(path), Row(vector, windows, error)) for path, vector, windows, error in found]


class Run:
    """One start of `vibelux embed`."""

    def __init__(self, args, songs: pathlib.Path, library: pathlib.Path):
        command = [args.vibelux, "embed", songs, "--library", library, "--json"]
        if args.music_model:
            command += ["--music-model", args.music_model]
        if args.jobs:
            command += ["--jobs", str(args.jobs)]
        self.start = time.perf_counter()
        self.output = tempfile.TemporaryFile()
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(command, stdout=self.output, stderr=self.errors)
        self.status = None

    def wait(self, timeout: float | None = None) -> bool:
        """Waits for the end; False if it still runs after `timeout` seconds."""
        deadline = None if timeout is None else time.perf_counter() + timeout
        while True:
            options = 0 if deadline is None else os.WNOHANG
            pid, status, usage = os.wait4(self.process.pid, options)
            if pid:
                self.seconds = time.perf_counter() - self.start
                self.status = os.waitstatus_to_exitcode(status)
                self.process.returncode = self.status
                self.cpu_seconds = usage.ru_utime + usage.ru_stime
                self.peak_bytes = usage.ru_maxrss * 1024
                return True
            if time.perf_counter() >= deadline:
                return False
            time.sleep(0.002)

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.wait()

    def summary(self) -> dict:
        if self.status not in (0, 1):
            self.errors.seek(0)
            reason = self.errors.read().decode(errors="replace").strip()
            raise CannotRun(f"vibelux embed ended with exit code {self.status}: {reason}")
        self.output.seek(0)
        return json.load(self.output)


def whole_run(args, songs: pathlib.Path, library: pathlib.Path) -> dict:
    run = Run(args, songs, library)
    run.wait()
    summary = run.summary()
    count = max(summary["embedded"], 1)
    return {
        "embedded": summary["embedded"],
        "failed": summary["failures"],
        "seconds": run.seconds,
        "songs_per_second": summary["embedded"] / run.seconds,
        "cpu_seconds_per_song": run.cpu_seconds / count,
        "peak_memory_mb": run.peak_bytes / 1e6,
    }


def killed_runs(args, songs: pathlib.Path, library: pathlib.Path, expected_seconds: float) -> dict:
    """Starts and kills until a run ends by itself (after `--kills` kills it is left alone)."""
    chance = random.Random(args.seed)
    jobs = args.jobs or len(os.sched_getaffinity(0))
    # One per worker, a short queue (two per worker and one) and one in the writer's hand.
    most_in_hand = 3 * jobs + 2
    watch = OpenedFiles({p.parent for p in songs.rglob("*.mp3")})
    runs, repeated, too_many = [], [], []
    while True:
        before = {path for path, _ in rows(library)}
        watch.take()
        run = Run(args, songs, library)
        last = len(runs) >= args.kills
        ended = run.wait(None if last else chance.uniform(0, 2 * expected_seconds / (args.kills + 1)))
        if not ended:
            run.kill()
        opened = {str(path) for path in watch.take()}
        after = {path for path, _ in rows(library)}
        lost = before - after
        if lost:
            repeated.append(f"run {len(runs) + 1} lost {len(lost)} stored songs")
        if opened & before:
            repeated.append(f"run {len(runs) + 1} took up {len(opened & before)} stored songs again")
        in_hand = len(opened - after)
        if in_hand > most_in_hand:
            too_many.append(f"run {len(runs) + 1} left {in_hand} songs, at most {most_in_hand} expected")
        runs.append(
            {
                "killed": not ended,
                "seconds": run.seconds,
                "begun": len(opened),
                "stored": len(after) - len(before),
                "in_hand_when_killed": in_hand,
            }
        )
        if ended:
            run.summary()
            break
    return {
        "kills": sum(r["killed"] for r in runs),
        "begun": sum(r["begun"] for r in runs),
        "stored": sum(r["stored"] for r in runs),
        "most_in_hand": most_in_hand,
        "runs": runs,
        "faults": repeated + too_many,
    }


def compare(songs: list[pathlib.Path], first: pathlib.Path, second: pathlib.Path) -> list[str]:
    """What is wrong with the two libraries."""
    faults = []
    expected = sorted(map(str, songs))
    libraries = []
    for name, library in (("undisturbed", first), ("killed", second)):
        found = rows(library)
        paths = sorted(path for path, _ in found)
        if len(set(paths)) != len(paths):
            faults.append(f"the {name} library holds songs twice")
        if paths != expected:
            missing, extra = len(set(expected) - set(paths)), len(set(paths) - set(expected))
            faults.append(f"the {name} library lacks {missing} songs and has {extra} others")
        failed = [path for path, row in found if row.vector is None]
        if failed:
            faults.append(f"{len(failed)} songs failed in the {name} library, the first: {failed[0]}")
        libraries.append(dict(found))
    different = [p for p in libraries[0] if p in libraries[1] and libraries[0][p] != libraries[1][p]]
    if different:
        faults.append(f"{len(different)} songs differ between the libraries, the first: {different[0]}")
    return faults


def measure(args, work: pathlib.Path) -> dict:
    songs = make_songs(args.clips, work, args)
    bytes_total = sum(song.stat().st_size for song in songs)
    undisturbed, killed = work / "undisturbed.db", work / "killed.db"
    print("embedding without disturbance", file=sys.stderr)
    whole = whole_run(args, work / "songs", undisturbed)
    print("embedding with kills", file=sys.stderr)
    broken = killed_runs(args, work / "songs", killed, whole["seconds"])
    faults = broken["faults"] + compare(songs, undisturbed, killed)
    limit = len(songs) + broken["kills"] * broken["most_in_hand"]
    if not len(songs) <= broken["begun"] <= limit:
        faults.append(f"{broken['begun']} songs were begun, expected {len(songs)} to {limit}")
    return {
        "songs": len(songs),
        "song_seconds": args.seconds,
        "megabytes": bytes_total / 1e6,
        "cores": len(os.sched_getaffinity(0)),
        "undisturbed": whole,
        "killed": broken,
        "faults": faults,
    }


def report(result: dict) -> str:
    whole, killed = result["undisturbed"], result["killed"]
    lines = [
        f"{result['songs']} MP3 songs of {result['song_seconds']:.0f} s, {result['megabytes']:.0f} MB, "
        f"{result['cores']} cores",
        f"undisturbed: {whole['songs_per_second']:.2f} songs/s, "
        f"{whole['cpu_seconds_per_song']:.3f} CPU seconds per song, "
        f"peak memory {whole['peak_memory_mb']:.0f} MB, {whole['seconds']:.1f} s in all",
        f"killed {killed['kills']} times: {killed['begun']} songs begun for {killed['stored']} stored, "
        f"at most {max(r['in_hand_when_killed'] for r in killed['runs'])} lost by one kill",
    ]
    lines += [f"FAULT: {fault}" for fault in result["faults"]]
    if not result["faults"]:
        lines.append("both libraries are equal: same songs, same vectors, none twice")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clips", type=pathlib.Path, required=True, help="folder of audio clips")
    parser.add_argument("--songs", type=int, default=1000, help="how many songs to make")
    parser.add_argument("--seconds", type=float, default=180.0, help="length of each song")
    parser.add_argument("--kills", type=int, default=10, help="kills before it may finish")
    parser.add_argument("--jobs", type=int, help="passed on to vibelux embed")
    parser.add_argument("--music-model", type=pathlib.Path, help="passed on to vibelux embed")
    parser.add_argument("--vibelux", type=pathlib.Path, default="target/release/vibelux")
    parser.add_argument("--work", type=pathlib.Path, help="where the songs are put for the time being")
    parser.add_argument("--seed", type=int, default=1, help="of the clips' order and the kills' moments")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    args = parser.parse_args()
    if args.songs < 1 or args.seconds <= 0 or args.kills < 0:
        parser.error("--songs and --seconds must be above 0, --kills at least 0")
    try:
        for program in ("ffmpeg", "ffprobe"):
            if not shutil.which(program):
                raise CannotRun(f"{program} is not installed; it makes the songs")
        if not args.vibelux.is_file():
            raise CannotRun(f"{args.vibelux} is not there; run cargo build --release -p vibelux-cli")
        with tempfile.TemporaryDirectory(prefix="vibelux-bench-", dir=args.work) as work:
            result = measure(args, pathlib.Path(work).resolve())
    except CannotRun as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(result, indent=2) if args.json else report(result))
    return 1 if result["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
