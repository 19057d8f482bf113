#!/usr/bin/env python3
"""Writes the golden spectrograms that crates/vibelux/tests/spectrogram_golden.rs compares with.

Needs librosa 0.11 and soundfile. The signal is synthetic (chirp, noise, clicks) and is made again
by the Rust test from the same integer arithmetic, so only librosa's results are stored.

    python scripts/golden/spectrogram.py [crates/vibelux/tests/golden]
"""
import struct
import sys
import tempfile
from pathlib import Path

import librosa
import numpy as np
import soundfile

MAGIC = b"VLG1"


def signal(rate_hz: int, seconds: float) -> np.ndarray:
    """16-bit samples: a chirp from 50 Hz up to 45 % of the rate, noise, a click every quarter second."""
    count = int(rate_hz * seconds)
    t = np.arange(count) / rate_hz
    top = 0.45 * rate_hz
    chirp = np.sin(2 * np.pi * (50 * t + (top - 50) * t * t / (2 * seconds)))
    state, noise = 12345, np.empty(count)
    for n in range(count):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        noise[n] = state / 2**32 - 0.5
    clicks = np.where(np.arange(count) % (rate_hz // 4) == rate_hz // 8, 0.4, 0.0)
    return np.floor((0.4 * chirp + 0.1 * noise + clicks) * 32767 + 0.5).astype(np.int16)


def write(path: Path, array: np.ndarray) -> None:
    """Magic, rows, columns (u32 little endian), then f32 row by row."""
    array = np.ascontiguousarray(array, dtype="<f4")
    path.write_bytes(MAGIC + struct.pack("<II", *array.shape) + array.tobytes())
    print(f"{path}: {array.shape}, {path.stat().st_size} bytes")


def mel_db(y: np.ndarray, rate_hz: int, n_fft: int, hop: int, n_mels: int) -> np.ndarray:
    mel = librosa.feature.melspectrogram(y=y, sr=rate_hz, n_fft=n_fft, hop_length=hop, n_mels=n_mels)
    return librosa.power_to_db(mel, ref=1.0, amin=1e-10, top_db=None)


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "crates/vibelux/tests/golden")
    folder.mkdir(parents=True, exist_ok=True)

    y = signal(22_050, 0.5).astype(np.float32) / 32768
    write(folder / "stft_22050.bin", np.abs(librosa.stft(y, n_fft=1024, hop_length=512)))
    write(folder / "mel_22050.bin", mel_db(y, 22_050, 1024, 256, 40))
    write(folder / "filters_16000.bin", librosa.filters.mel(sr=16_000, n_fft=512, n_mels=64)[::8])

    with tempfile.TemporaryDirectory() as temporary:
        wav = Path(temporary) / "signal.wav"
        soundfile.write(wav, signal(44_100, 1.0), 44_100, subtype="PCM_16")
        for rate_hz in (22_050, 16_000, 8_000):
            y, _ = librosa.load(wav, sr=rate_hz)
            write(folder / f"load_{rate_hz}.bin", mel_db(y, rate_hz, 512, 256, 40))

        # The whole picture would be 1.4 MB: every 41st row of the columns that hold sound.
        y, _ = librosa.load(wav, sr=8_000, duration=90)
        y = np.pad(y, (0, 90 * 8_000 - len(y)))
        db = librosa.amplitude_to_db(np.abs(librosa.stft(y)), ref=np.max)
        grey = ((db - db.min()) / (db.max() - db.min()) * 255).astype(np.uint8)[::-1]
        write(folder / "image_8000.bin", grey[::41, :35].astype(np.float32))


if __name__ == "__main__":
    main()
