#!/usr/bin/env python3
"""Runs the fuzz targets, each for so many CPU minutes, and keeps count over interruptions.

    python3 scripts/checks/fuzz.py [--minutes 15] [--jobs 1] [TARGET ...]     fuzz, then the table
    python3 scripts/checks/fuzz.py --table                                    the table alone
    python3 scripts/checks/fuzz.py --keep [TARGET ...]                        small inputs into fuzz/corpus/

Needs a nightly compiler and cargo-fuzz. Each target starts from the inputs kept in fuzz/corpus/TARGET and
goes on from what it has found before. Minutes are CPU time of the target itself, counted by the kernel and
remembered: an interrupted run goes on where it stopped, a finished one begins again with --again. What was
found lies in target/fuzz/findings/TARGET, one file per finding; the next run tries these first and removes
those that are mended. Ends with 1 if findings are left, 2 if it cannot run.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
KEPT = ROOT / "fuzz/corpus"
PLACE = ROOT / "target/fuzz"
TOOLCHAIN = os.environ.get("VIBELUX_FUZZ_TOOLCHAIN", "nightly")

# A single input may take so much before it is a finding.
SECONDS_PER_INPUT = 30
MEMORY_MB = 2048
# No target needs more to reach all of its code; decoders waste their time on long inputs.
LONGEST_BYTES = 65536
# Statics of C code are seen twice by the linker; leaks of what is made once are none.
ASAN = "detect_odr_violation=0:detect_leaks=0:symbolize=0:quarantine_size_mb=64"
# A target that fails at once would be started for ever.
MOST_FINDINGS = 20
# Whole files that are too large to be kept a second time.
MORE_SEEDS = {"keras": "crates/vibelux/tests/golden/keras/*.[hk]*"}
# Inputs in git.
KEPT_FILES = 30
KEPT_FILE_BYTES = 4096
KEPT_ALL_BYTES = 300 * 1024

# Set when the user has had enough.
STOP = threading.Event()
# Targets that end before their first input.
BROKEN = []


def targets():
    """All targets, as the manifest lists them."""
    manifest = (ROOT / "fuzz/Cargo.toml").read_text()
    return re.findall(r'\[\[bin\]\]\s*name = "(\w+)"', manifest)


def refuse(reason):
    print(reason, file=sys.stderr)
    # Not sys.exit: this may be a thread of the pool.
    os._exit(2)


def need(command, install):
    if subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
        refuse(f"{' '.join(command)} does not run here; install it: {install}")


def check_tools():
    if not shutil.which("cargo") or not shutil.which("rustup"):
        refuse("no cargo and rustup here; install Rust with https://rustup.rs")
    need(["rustup", "run", TOOLCHAIN, "rustc", "--version"], f"rustup toolchain install {TOOLCHAIN} --profile minimal")
    need(["cargo", "fuzz", "--version"], "cargo install cargo-fuzz --locked")


def host():
    out = subprocess.run(["rustup", "run", TOOLCHAIN, "rustc", "-vV"], capture_output=True, text=True, check=True).stdout
    return re.search(r"host: (\S+)", out)[1]


def build(wanted):
    """Builds the targets and keeps them, so that a later build does not pull them away from under a run."""
    command = ["cargo", f"+{TOOLCHAIN}", "fuzz", "build"] + (wanted if len(wanted) == 1 else [])
    if subprocess.run(command, cwd=ROOT).returncode:
        refuse("the fuzz targets do not compile")
    built = ROOT / "fuzz/target" / host() / "release"
    (PLACE / "bin").mkdir(parents=True, exist_ok=True)
    for target in wanted:
        # A link: they are large, and cargo puts new files in the place of old ones.
        part = PLACE / "bin" / f"{target}.part"
        part.unlink(missing_ok=True)
        os.link(built / target, part)
        part.replace(PLACE / "bin" / target)


def cpu_seconds(pid):
    """The CPU time of a living process, from Linux; None once it has ended."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Target:
    """One target, its folders and what it has done so far."""

    def __init__(self, name):
        self.name = name
        self.notes = PLACE / "state" / f"{name}.json"
        self.corpus = PLACE / "corpus" / name
        self.findings = PLACE / "findings" / name
        self.log = PLACE / "log" / f"{name}.log"
        for folder in (self.corpus, self.findings, self.log.parent, self.notes.parent):
            folder.mkdir(parents=True, exist_ok=True)

    def did(self):
        """CPU seconds, executions, coverage edges and starts, over all runs."""
        nothing = {"cpu_seconds": 0.0, "executions": 0, "edges": 0, "starts": 0}
        return json.loads(self.notes.read_text()) if self.notes.exists() else nothing

    def note(self, **values):
        """Remembers, on disk and whole."""
        part = self.notes.with_suffix(".part")
        part.write_text(json.dumps({**self.did(), **values}) + "\n")
        part.replace(self.notes)

    def found(self):
        return sorted(p for p in self.findings.iterdir() if p.is_file() and not p.name.startswith("slow-unit"))

    def run(self, arguments, seconds=None, note=lambda cpu: None):
        """Runs the target; returns its exit code, CPU seconds and output. It is stopped after `seconds`."""
        memory = pathlib.Path("/dev/shm")
        with tempfile.TemporaryDirectory(prefix="vibelux-fuzz-", dir=memory if memory.is_dir() else None) as folder:
            environment = {**os.environ, "TMPDIR": folder, "ASAN_OPTIONS": ASAN}
            command = [PLACE / "bin" / self.name, f"-rss_limit_mb={MEMORY_MB}", f"-timeout={SECONDS_PER_INPUT}"]
            with self.log.open("wb") as log:
                child = subprocess.Popen(command + arguments, stdout=log, stderr=log, env=environment, cwd=folder)
                try:
                    while (cpu := cpu_seconds(child.pid)) is not None and not self.ended(child):
                        note(cpu)
                        if seconds is not None and cpu >= seconds:
                            child.send_signal(signal.SIGINT)
                            seconds = None
                        if STOP.wait(2):
                            child.send_signal(signal.SIGINT)
                            time.sleep(1)
                finally:
                    if child.returncode is None:
                        child.kill()
                        self.reap(child)
        return child.returncode, self.used.ru_utime + self.used.ru_stime, self.log.read_text(errors="replace")

    def ended(self, child):
        """Whether the child has ended; notes what it used."""
        pid, status, used = os.wait4(child.pid, os.WNOHANG)
        if pid:
            self.used, child.returncode = used, os.waitstatus_to_exitcode(status)
        return bool(pid)

    def reap(self, child):
        _, status, self.used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)

    def retry_findings(self):
        """Removes the findings that are none any more."""
        for path in self.found():
            if self.run([str(path)])[0] == 0:
                path.unlink()

    def fuzz(self, seconds):
        """Fuzzes until the target has had its CPU seconds in all."""
        self.retry_findings()
        for seed in [*(KEPT / self.name).glob("*"), *ROOT.glob(MORE_SEEDS.get(self.name, "fuzz/no-such"))]:
            shutil.copy2(seed, self.corpus)
        while (before := self.did())["cpu_seconds"] < seconds and not STOP.is_set():
            if len(self.found()) >= MOST_FINDINGS:
                break

            def note(cpu):
                self.note(cpu_seconds=before["cpu_seconds"] + cpu)

            arguments = [str(self.corpus), f"-artifact_prefix={self.findings}/", f"-max_len={LONGEST_BYTES}"]
            arguments += ["-print_final_stats=1", "-use_value_profile=0", "-reload=0"]
            _, cpu, log = self.run(arguments, seconds - before["cpu_seconds"], note)
            self.count(before, cpu, log)
            if not re.search(r"#\d+\s+(INITED|NEW|REDUCE|pulse)", log) and not self.found():
                BROKEN.append(self.name)
                print(f"{self.name} does not start; see {self.log}", file=sys.stderr)
                return

    def count(self, before, cpu, log):
        executions = max((int(n) for n in re.findall(r"^#(\d+)\s", log, re.M)), default=0)
        edges = max((int(n) for n in re.findall(r"cov: (\d+)", log)), default=0)
        self.note(
            cpu_seconds=before["cpu_seconds"] + cpu,
            executions=before["executions"] + executions,
            edges=max(before["edges"], edges),
            starts=before["starts"] + 1,
        )

    def keep(self):
        """Chooses few small inputs that reach most of what the whole corpus reaches, into fuzz/corpus."""
        with tempfile.TemporaryDirectory() as folder:
            small = pathlib.Path(folder, "small")
            small.mkdir()
            for path in list(self.corpus.iterdir()) + list((KEPT / self.name).glob("*")):
                if path.stat().st_size <= KEPT_FILE_BYTES:
                    shutil.copy2(path, small)
            control, merged = pathlib.Path(folder, "control"), pathlib.Path(folder, "merged")
            merged.mkdir()
            self.run(["-merge=1", f"-merge_control_file={control}", str(merged), str(small)])
            reaches = read_control(control)
            kept, chosen = KEPT / self.name, choose(reaches, len(targets()))
            kept.mkdir(parents=True, exist_ok=True)
            for name in chosen:
                shutil.copy2(small / name, kept / name)
        for path in kept.glob("*"):
            # Made and past findings stay, whatever they reach.
            if path.name not in chosen and not path.name.startswith(("made-", "found-")):
                path.unlink()


def read_control(control):
    """From libFuzzer's merge: which features each input reaches, and its size."""
    lines = control.read_text().splitlines()
    names = [pathlib.Path(line).name for line in lines[2 : 2 + int(lines[0])]]
    reaches = {}
    for line in lines:
        word, _, rest = line.partition(" ")
        if word == "STARTED":
            number, size = map(int, rest.split())
            reaches[names[number]] = (size, set())
        elif word == "FT":
            number, *features = rest.split()
            reaches[names[int(number)]][1].update(features)
    return reaches


def choose(reaches, target_count):
    """Inputs, each of which adds most of what those before it do not reach; within what git should hold."""
    seen, chosen, room = set(), [], KEPT_ALL_BYTES // target_count
    while len(chosen) < KEPT_FILES:
        fits = [n for n, (size, _) in reaches.items() if size <= room and n not in chosen]
        best = max(fits, key=lambda n: (len(reaches[n][1] - seen), -reaches[n][0], n), default=None)
        if best is None or not reaches[best][1] - seen:
            break
        chosen.append(best)
        seen |= reaches[best][1]
        room -= reaches[best][0]
    return chosen


def table(wanted):
    print("| target | CPU minutes | executions | coverage edges | findings |")
    print("| --- | --- | --- | --- | --- |")
    left = 0
    for name in wanted:
        did, found = Target(name).did(), len(Target(name).found())
        left += found
        print(f"| {name} | {did['cpu_seconds'] / 60:.1f} | {did['executions']:,} | {did['edges']:,} | {found} |")
    return left


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("target", nargs="*", help="which targets; all if none is named")
    parser.add_argument("--minutes", type=float, default=15, help="CPU minutes of each target (default 15)")
    parser.add_argument("--jobs", type=int, default=1, help="targets at the same time (default 1)")
    parser.add_argument("--again", action="store_true", help="forget the minutes of earlier runs")
    parser.add_argument("--no-build", action="store_true", help="run the targets as they were built last")
    parser.add_argument("--table", action="store_true", help="only show what was done")
    parser.add_argument("--keep", action="store_true", help="choose small inputs for fuzz/corpus and end")
    options = parser.parse_args()
    wanted = options.target or targets()
    if unknown := set(wanted) - set(targets()):
        parser.error(f"no such target: {', '.join(sorted(unknown))}; there are {', '.join(targets())}")
    PLACE.mkdir(parents=True, exist_ok=True)
    if not options.table:
        if not options.no_build:
            check_tools()
            build(wanted)
        if options.again:
            for name in wanted:
                Target(name).note(cpu_seconds=0.0, executions=0, edges=0, starts=0)
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            one = Target.keep if options.keep else lambda target: target.fuzz(60 * options.minutes)
            for _ in pool.map(lambda name: one(Target(name)), wanted):
                pass
    left = table(wanted)
    return 2 if BROKEN else 1 if left else 0


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: STOP.set())
    sys.exit(main())
