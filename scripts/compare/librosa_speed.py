#!/usr/bin/env python3
"""Times a song through vibelux and through librosa and prints the ratio of CPU seconds.

    cargo build --release -p vibelux --example audio_stages
    python scripts/compare/librosa_speed.py song.mp3 [--stages PROGRAM] [--rounds 5] [--bliss PROGRAM]

PROGRAM of --bliss is the example `analyze` of bliss-audio, a peer that analyses whole songs:

    cargo install bliss-audio --locked --example analyze --root target/bliss

(that needs ffmpeg's development files and clang); then --bliss target/bliss/bin/analyze.
"""
import argparse
import os
import resource
import subprocess
import sys

# One thread on either side: CPU seconds, not how many cores there are.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[name] = "1"


def cpu_seconds() -> float:
    """Of this process and of its finished children (audioread may start ffmpeg)."""
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in usage)


def mean_ms(work, rounds: int) -> float:
    work()  # imports and caches
    start = cpu_seconds()
    for _ in range(rounds):
        work()
    return 1000 * (cpu_seconds() - start) / rounds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("song")
    parser.add_argument("--stages", default="target/release/examples/audio_stages")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--bliss")
    args = parser.parse_args()

    output = subprocess.run(
        [args.stages, args.song, str(args.rounds)], check=True, capture_output=True, text=True
    ).stdout
    print(output)
    lines = [line.split("\t") for line in output.splitlines() if "\t" in line]
    ours = {name: float(value) for name, value in lines}

    import librosa

    def load():
        return librosa.load(args.song, sr=8000, duration=90)[0]

    def mel_of_windows():
        total = librosa.get_duration(path=args.song)
        for i in range(3):
            y, _ = librosa.load(args.song, sr=16_000, offset=(i + 0.5) * total / 3 - 5, duration=10)
            mel = librosa.feature.melspectrogram(y=y, sr=16_000, n_fft=512, hop_length=256, n_mels=64)
            librosa.power_to_db(mel, top_db=None)

    start = load()
    theirs = {
        "90 s at 8 kHz: load": mean_ms(load, args.rounds),
        "90 s at 8 kHz: STFT": mean_ms(lambda: abs(librosa.stft(start)), args.rounds),
        "three windows of 10 s: all": mean_ms(mel_of_windows, args.rounds),
    }
    print(f"{'stage':42} {'vibelux ms':>10} {'librosa ms':>10} {'ratio':>6}")
    for name, value in theirs.items():
        print(f"{name:42} {ours[name]:10.1f} {value:10.1f} {value / ours[name]:6.1f}")
    load_and_stft = theirs["90 s at 8 kHz: load"] + theirs["90 s at 8 kHz: STFT"]
    song = ours["song to vector: all"]
    print(
        f"a song to its vector, network included, takes vibelux {song:.1f} ms; librosa's 90 s load + "
        f"STFT alone {load_and_stft:.1f} ms: {load_and_stft / song:.1f} times"
    )
    if args.bliss:
        command = [args.bliss, args.song]
        whole = mean_ms(
            lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL), args.rounds
        )
        print(f"bliss-audio's analysis of the whole song takes {whole:.1f} ms: {whole / song:.1f} times")


if __name__ == "__main__":
    sys.exit(main())
