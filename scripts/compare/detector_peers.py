"""The face detectors that detectors.py compares: each finds the boxes `[x, y, width, height, score]` in pictures, or is timed.

rustface and vibelux run as programs that print a line of JSON for each picture, OpenCV in this process.
"""
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy

ROOT = Path(__file__).resolve().parents[2]
RUSTFACE = Path(__file__).resolve().parent / "rustface"
# OpenCV and rustface look at so many pixels at most, as vibelux does.
LONGEST_LOOK = 1280
MOST_OVERLAP, MOST_CANDIDATES = 0.3, 5000


def lines(command: list, text: str | None = None) -> list[dict]:
    """The JSON lines that a program prints."""
    done = subprocess.run([str(part) for part in command], input=text, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{command[0]} ended with {done.returncode}; what it said stands above")
    return [json.loads(line) for line in done.stdout.splitlines()]


def build_rustface() -> tuple[Path, Path]:
    """The small program around rustface, built, and the model in the crate's folder."""
    manifest = ["--manifest-path", str(RUSTFACE / "Cargo.toml"), "--locked"]
    environment = {"CARGO_TARGET_DIR": str(ROOT / "target" / "rustface"), **os.environ}
    asked = ["cargo", "metadata", "--format-version", "1", *manifest]
    try:
        subprocess.run(["cargo", "build", "--release", "--quiet", *manifest], check=True, env=environment)
        said = subprocess.run(asked, check=True, env=environment, stdout=subprocess.PIPE).stdout
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        sys.exit(f"{RUSTFACE} could not be built ({error}): cargo must be there, and at the first time the network")
    metadata = json.loads(said)
    crate = next(package for package in metadata["packages"] if package["name"] == "rustface")
    model = Path(crate["manifest_path"]).parent / "model" / "seeta_fd_frontal_v1.0.bin"
    return Path(metadata["target_directory"]) / "release" / "rustface-boxes", model


class Rustface:
    """Looks at a picture in its size, at most LONGEST_LOOK, or so many times as large. The smallest face has 40 px there."""

    def __init__(self, program: Path, model: Path, times: int):
        self.command, self.times = [program, model], times

    def find(self, paths: list[Path], size: tuple[int, int], repeats: int = 1) -> list[dict]:
        longest = self.times * min(max(size), LONGEST_LOOK)
        return lines([*self.command, longest, repeats], "".join(f"{path}\n" for path in paths))

    def boxes(self, paths: list[Path], size: tuple[int, int]) -> list[numpy.ndarray]:
        return [numpy.array(answer["boxes"]).reshape(-1, 5) for answer in self.find(paths, size)]

    def milliseconds(self, path: Path, size: tuple[int, int], repeats: int) -> float:
        return self.find([path], size, repeats)[0]["median_milliseconds"]


class Vibelux:
    """The example find_faces: as the program does with photographs, or with `as_is` one look of the network alone."""

    def __init__(self, program: Path, as_is: bool = False):
        self.command = [program, "--as-is"] if as_is else [program]

    def boxes(self, paths: list[Path], _size: tuple[int, int]) -> list[numpy.ndarray]:
        answers = []
        for answer in lines([*self.command, *paths]):
            bounds = [face["bounds"] for face in answer["faces"]]
            rows = [[box[key] for key in ("x", "y", "width", "height", "score")] for box in bounds]
            answers.append(numpy.array(rows).reshape(-1, 5))
        return answers

    def milliseconds(self, path: Path, _size: tuple[int, int], repeats: int) -> float:
        return lines([*self.command, "--times", repeats, path])[0]["median_milliseconds"]


class OpenCv:
    """FaceDetectorYN with one of YuNet's files: one look at as large a picture as rustface gets."""

    def __init__(self, weights: Path, least_score: float, times: int = 1):
        if not weights.exists():
            sys.exit(f"{weights} is not there: an ONNX file of YuNet with free height and width is needed")
        self.times = times
        self.peer = cv2.FaceDetectorYN.create(str(weights), "", (640, 480), least_score, MOST_OVERLAP, MOST_CANDIDATES)

    def boxes(self, paths: list[Path], _size: tuple[int, int]) -> list[numpy.ndarray]:
        return [self.boxes_in(cv2.imread(str(path))) for path in paths]

    def boxes_in(self, picture: numpy.ndarray) -> numpy.ndarray:
        height, width = picture.shape[:2]
        scale = self.times * min(1, LONGEST_LOOK / max(width, height))
        if scale != 1:
            way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
            picture = cv2.resize(picture, (round(width * scale), round(height * scale)), interpolation=way)
        self.peer.setInputSize((picture.shape[1], picture.shape[0]))
        _, found = self.peer.detect(picture)
        boxes = numpy.zeros((0, 5)) if found is None else found[:, [0, 1, 2, 3, 14]].astype("f8")
        return boxes / [scale, scale, scale, scale, 1]

    def milliseconds(self, path: Path, _size: tuple[int, int], repeats: int) -> float:
        picture, times = cv2.imread(str(path)), []
        for _ in range(repeats):
            start = time.perf_counter()
            self.boxes_in(picture)
            times.append((time.perf_counter() - start) * 1e3)
        return float(numpy.median(times))
