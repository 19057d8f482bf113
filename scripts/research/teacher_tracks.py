#!/usr/bin/env python3
"""What three nets that have heard more say of every three seconds of songs: files for heads of kind "tag_track".

    python3 scripts/research/teacher_tracks.py TABLE OUT.csv FOLDER --wheel MUSICNN [--ask COLUMN=VALUE]
                                               [--fit COLUMN=VALUE] [--every SECONDS]

TABLE is a table of songs. FOLDER gets a safetensors file per song (`tags`: 150 probabilities, `features`: 64
values, `hop_seconds`), OUT.csv is the table with a column `teacher` that names them; its paths are absolute.
Songs that are there already, by their paths, are not asked about again. --ask leaves out rows that have another
value, --every asks about three seconds of every so many, which then stand for the rest.

The teachers are the nets of PyPI's musicnn 0.1.0 (Pons and Serra 2019, arXiv:1909.06654; ISC licence): two
trained on the Million Song Dataset, one on MagnaTagATune. MUSICNN is the folder into which its wheel was
unpacked (pip download --no-deps musicnn==0.1.0). The features are the principal components of what their last
layer but one says, found once from the rows that --fit chooses (say, those that nothing is judged on) and
kept in FOLDER/components.npz. Needs tensorflow-cpu, tf_keras, numpy and ffmpeg; 0.1 to 0.2 CPU seconds for
three seconds of music.
"""

import argparse
import hashlib
import multiprocessing
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy

from tables import read_songs, write_table, write_track

RATE_HZ = 16_000
# The teachers' own front end.
N_FFT, HOP, BANDS, PATCH = 512, 256, 96, 187
NETS = ("MSD_musicnn", "MSD_vgg", "MTT_musicnn")
COMPONENTS = 64
LONGEST_SECONDS = 600


def mel_filters() -> numpy.ndarray:
    """Slaney's mel scale and area, `[band][bin]`: linear up to 1 kHz, then 27 steps for each factor of 6.4."""
    def to_hz(mel):
        return numpy.where(mel < 15, mel * 200 / 3, 1000 * numpy.exp((mel - 15) * numpy.log(6.4) / 27))

    top = 15 + numpy.log(RATE_HZ / 2 / 1000) * 27 / numpy.log(6.4)
    edges = to_hz(numpy.linspace(0, top, BANDS + 2))
    bins = numpy.fft.rfftfreq(N_FFT, 1 / RATE_HZ)
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    return numpy.maximum(0, numpy.minimum(rising, falling)) * (2 / (edges[2:] - edges[:-2]))[:, None]


def patches(path: str, filters: numpy.ndarray, step: int) -> numpy.ndarray:
    """The song as `[patch][frame][band]`, three seconds each, one every `step` frames; a shorter song is repeated."""
    command = ["ffmpeg", "-v", "error", "-i", path, "-t", str(LONGEST_SECONDS), "-ac", "1", "-ar", str(RATE_HZ), "-f", "f32le", "-"]
    sound = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    samples = numpy.frombuffer(sound.stdout, "<f4")
    if len(samples) == 0:
        raise ValueError(sound.stderr.decode(errors="replace").strip() or "holds no sound")
    if len(samples) < PATCH * HOP:
        samples = numpy.tile(samples, -(-PATCH * HOP // len(samples)))
    padded = numpy.pad(samples, N_FFT // 2)
    frames = numpy.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP]
    window = 0.5 - 0.5 * numpy.cos(2 * numpy.pi * numpy.arange(N_FFT) / N_FFT)
    power = numpy.abs(numpy.fft.rfft(frames * window.astype("f4"), axis=1)) ** 2
    mel = numpy.log10(10_000 * (power @ filters.T) + 1).astype("f4")
    return numpy.stack([mel[start:start + PATCH] for start in range(0, len(mel) - PATCH + 1, step)])


class Teachers:
    """The three nets, each in a session of its own."""

    def __init__(self, wheel: Path):
        os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1", TF_USE_LEGACY_KERAS="1")
        sys.path.insert(0, str(wheel))
        import tensorflow as tf
        from musicnn import models

        v1 = tf.compat.v1
        v1.disable_eager_execution()
        v1.logging.set_verbosity(v1.logging.ERROR)
        self.nets = []
        for name in NETS:
            with v1.Graph().as_default():
                patch = v1.placeholder(tf.float32, [None, PATCH, BANDS])
                training = v1.placeholder(tf.bool)
                outputs = models.define_model(patch, training, name, 50)
                tags = tf.sigmoid(outputs[0])
                # The layer before the tags: of vgg the last pooling, of musicnn the dense one.
                last = outputs[5] if "vgg" in name else outputs[8]
                threads = v1.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
                session = v1.Session(config=threads)
                checkpoint = self.checkpoint(wheel / "musicnn" / name)
                # Some have a scope before their names.
                names = tf.train.load_checkpoint(checkpoint).get_variable_to_shape_map()
                known = {key.removeprefix("model/"): key for key in names}
                variables = {known[v.op.name]: v for v in v1.global_variables()}
                v1.train.Saver(variables).restore(session, checkpoint)
                self.nets.append((session, patch, training, [tags, last]))

    @staticmethod
    def checkpoint(folder: Path) -> str:
        """The wheel's checkpoints have an empty name, which newer versions cannot open."""
        for suffix in (".index", ".data-00000-of-00001"):
            if not (folder / f"model{suffix}").exists():
                shutil.copy(folder / suffix, folder / f"model{suffix}")
        return str(folder / "model")

    def ask(self, song: numpy.ndarray) -> tuple[numpy.ndarray, numpy.ndarray]:
        tags, features = [], []
        for session, patch, training, outputs in self.nets:
            parts = [session.run(outputs, {patch: song[i:i + 32], training: False}) for i in range(0, len(song), 32)]
            tags.append(numpy.concatenate([t for t, _ in parts]))
            features.append(numpy.concatenate([f.reshape(len(f), -1) for _, f in parts]))
        return numpy.concatenate(tags, 1), numpy.concatenate(features, 1)


def is_chosen(row: dict, condition: str | None) -> bool:
    column, _, value = (condition or "").partition("=")
    return not column or row[column] == value


def name_of(path: str) -> str:
    return hashlib.sha256(path.encode()).hexdigest()[:16]


def ask_all(job: tuple[list[str], Path, Path, int]) -> dict[str, str]:
    """Keeps what the teachers say of these songs; gives those that failed, with the reason."""
    paths, raw, wheel, step = job
    teachers, filters, failed = Teachers(wheel), mel_filters(), {}
    for number, path in enumerate(paths, 1):
        place = raw / f"{name_of(path)}.npz"
        try:
            tags, features = teachers.ask(patches(path, filters, step))
            part = place.with_suffix(".part.npz")
            numpy.savez(part, tags=tags.astype("f2"), features=features.astype("f2"))
            part.rename(place)
        except (ValueError, OSError) as error:
            failed[path] = str(error)
        if number % 50 == 0:
            print(f"{number} of {len(paths)} songs", file=sys.stderr, flush=True)
    return failed


def components(rows: list[str], raw: Path, place: Path) -> tuple[numpy.ndarray, numpy.ndarray]:
    """The mean, and the directions `[component][feature]`, scaled so that the components' mean variance is 1."""
    if not place.exists():
        files = [raw / f"{name_of(path)}.npz" for path in rows]
        said = numpy.concatenate([numpy.load(file)["features"].astype("f4") for file in files if file.exists()])
        mean, deviation = said.mean(0), said.std(0) + 1e-3
        scaled = (said - mean) / deviation
        values, vectors = numpy.linalg.eigh(scaled.T @ scaled / len(scaled))
        best = vectors[:, ::-1][:, :COMPONENTS]
        kept = values[::-1][:COMPONENTS]
        print(f"{COMPONENTS} components have {kept.sum() / values.sum():.1%} of the variance of {len(said)} patches", file=sys.stderr)
        part = place.with_suffix(".part.npz")
        numpy.savez(part, mean=mean, directions=(best / deviation[:, None] / numpy.sqrt(kept.mean())).T)
        part.rename(place)
    found = numpy.load(place)
    return found["mean"], found["directions"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--wheel", type=Path, required=True)
    parser.add_argument("--ask", help="the rows that are asked about")
    parser.add_argument("--every", type=float, default=PATCH * HOP / RATE_HZ, metavar="SECONDS")
    parser.add_argument("--fit", help="the rows from which the components are found, if there are none yet")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    args = parser.parse_args()

    rows = read_songs(args.table)
    raw = args.folder / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    step = round(args.every * RATE_HZ / HOP)
    left = [row["path"] for row in rows if is_chosen(row, args.ask) and not (raw / f"{name_of(row['path'])}.npz").exists()]
    failed: dict[str, str] = {}
    if left:
        jobs = [(left[i::args.jobs], raw, args.wheel, step) for i in range(args.jobs)]
        with multiprocessing.get_context("spawn").Pool(args.jobs) as pool:
            for part in pool.imap_unordered(ask_all, jobs):
                failed |= part
    for path, reason in failed.items():
        print(f"{path}: {reason}", file=sys.stderr)

    chosen = [row["path"] for row in rows if is_chosen(row, args.fit)]
    components_of = args.folder / "components.npz"
    mean, directions = components(chosen, raw, components_of)
    for row in rows:
        place, row["teacher"] = args.folder / f"{name_of(row['path'])}.safetensors", ""
        source = raw / f"{name_of(row['path'])}.npz"
        if source.exists():
            row["teacher"] = str(place.resolve())
            # Components that were found anew have another meaning.
            if not place.exists() or place.stat().st_mtime < components_of.stat().st_mtime:
                said = numpy.load(source)
                features = (said["features"].astype("f4") - mean) @ directions.T
                write_track(place, {"tags": said["tags"].astype("f4"), "features": features,
                                    "hop_seconds": numpy.array([step * HOP / RATE_HZ])})
    write_table(args.out, rows)
    print(f"{sum(bool(row['teacher']) for row in rows)} of {len(rows)} songs have a teacher; {len(failed)} failed")


if __name__ == "__main__":
    main()
