#!/usr/bin/env python3
"""Compares the face detector with OpenCV's FaceDetectorYN, which runs the same network, on the same pictures.

    python3 scripts/compare/opencv_faces.py FER2013 OUT [--scenes N] [--pictures FILE...]

FER2013 is a folder with validation/CLASS/*.png. N scenes (80) are made in OUT: one to four of these faces, some tilted or
cut by the border, laid on a pattern; --pictures adds others. Says how many faces both find, the overlap of their boxes and
the distance of their landmarks, and the milliseconds of both at 640x480 and 320x240, one thread each, taken alternately.
Needs opencv-python-headless and `cargo build --release --example find_faces`.
"""

import argparse
import json
import random
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy

ROOT = Path(__file__).resolve().parents[2]
FIND = ROOT / "target" / "release" / "examples" / "find_faces"
WEIGHTS = ROOT / "models" / "yunet" / "yunet_s.onnx"
LEAST_SCORE, MOST_OVERLAP, MOST_CANDIDATES = 0.7, 0.3, 5000
ROUNDS, REPEATS = 5, 20


def scene(faces: list[Path], draw: random.Random, size: tuple[int, int]) -> numpy.ndarray:
    """A grey picture with some of the faces."""
    width, height = size
    rows, columns = numpy.mgrid[:height, :width]
    waves = numpy.sin(columns / draw.uniform(20, 60)) + numpy.cos(rows / draw.uniform(20, 60))
    picture = (draw.uniform(80, 150) + 30 * waves).astype("f4")
    for _ in range(draw.randint(1, 4)):
        face = cv2.imread(str(draw.choice(faces)), cv2.IMREAD_GRAYSCALE)
        side = draw.uniform(24, 220) * min(size) / 480
        centre = (draw.uniform(0, width), draw.uniform(0, height))
        turn = cv2.getRotationMatrix2D((24, 24), draw.choice([0, 0, draw.uniform(-40, 40)]), side / 48)
        turn[:, 2] += numpy.array(centre) - 24
        turned = cv2.warpAffine(face, turn, size)
        covered = cv2.warpAffine(numpy.full_like(face, 255), turn, size)
        picture = numpy.where(covered > 127, turned, picture)
    return picture.clip(0, 255).astype("u1")


def detector(size: tuple[int, int]) -> cv2.FaceDetectorYN:
    return cv2.FaceDetectorYN.create(str(WEIGHTS), "", size, LEAST_SCORE, MOST_OVERLAP, MOST_CANDIDATES)


def opencv_faces(path: Path) -> list[dict]:
    picture = cv2.cvtColor(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), cv2.COLOR_GRAY2BGR)
    _, found = detector((picture.shape[1], picture.shape[0])).detect(picture)
    rows = [] if found is None else found.astype("f8")
    return [{"box": row[:4], "points": row[4:14].reshape(5, 2), "score": row[14]} for row in rows]


def our_faces(paths: list[Path]) -> list[list[dict]]:
    said = subprocess.run([FIND, "--as-is", *paths], capture_output=True, text=True, check=True).stdout
    answers = []
    for line in said.splitlines():
        faces = []
        for face in json.loads(line)["faces"]:
            bounds, points = face["bounds"], face["landmarks"]
            box = numpy.array([bounds[key] for key in ("x", "y", "width", "height")])
            five = numpy.array([*points["eyes"], points["nose"], *points["mouth"]])
            faces.append({"box": box, "points": five, "score": bounds["score"]})
        answers.append(faces)
    return answers


def overlap(a: numpy.ndarray, b: numpy.ndarray) -> float:
    """Intersection over union."""
    low, high = numpy.maximum(a[:2], b[:2]), numpy.minimum(a[:2] + a[2:], b[:2] + b[2:])
    both = (high - low).clip(0).prod()
    return both / (a[2:].prod() + b[2:].prod() - both)


def compare(paths: list[Path]) -> None:
    pairs, only_ours, only_theirs = [], [], []
    for path, ours in zip(paths, our_faces(paths)):
        theirs = opencv_faces(path)
        for face in ours:
            best = max(theirs, key=lambda other: overlap(face["box"], other["box"]), default=None)
            if best is None or overlap(face["box"], best["box"]) < 0.5:
                only_ours.append((path.name, face["score"]))
                continue
            theirs.remove(best)
            distance = numpy.linalg.norm(face["points"] - best["points"], axis=1).max()
            pairs.append((overlap(face["box"], best["box"]), distance))
        only_theirs += [(path.name, face["score"]) for face in theirs]
    overlaps, distances = zip(*pairs)
    print(f"{len(paths)} pictures: {len(pairs)} faces found by both, only ours {only_ours}, only theirs {only_theirs}")
    print(f"boxes: IoU at least {min(overlaps):.4f}, landmarks at most {max(distances):.3f} px apart")


def speed(faces: list[Path], out: Path) -> None:
    for size in ((640, 480), (320, 240)):
        path = out / f"speed-{size[0]}.png"
        cv2.imwrite(str(path), scene(faces, random.Random(5), size))
        picture = cv2.cvtColor(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), cv2.COLOR_GRAY2BGR)
        theirs, ours = [], []
        peer = detector(size)
        for _ in range(ROUNDS):
            for _ in range(REPEATS):
                start = time.perf_counter()
                peer.detect(picture)
                theirs.append((time.perf_counter() - start) * 1e3)
            command = [FIND, "--as-is", "--times", str(REPEATS), path]
            said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            ours.append(json.loads(said)["median_milliseconds"])
        ours, theirs = numpy.median(ours), numpy.median(theirs)
        print(f"{size[0]}x{size[1]}: ours {ours:.2f} ms, OpenCV {theirs:.2f} ms: {theirs / ours:.2f} times as fast")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("fer2013", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--scenes", type=int, default=80)
    parser.add_argument("--pictures", type=Path, nargs="*", default=[])
    args = parser.parse_args()
    if not FIND.exists():
        sys.exit(f"{FIND} is not there: cargo build --release --example find_faces")
    cv2.setNumThreads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    faces = sorted(args.fer2013.glob("validation/*/*.png"))
    if not faces:
        sys.exit(f"no validation/CLASS/*.png in {args.fer2013}")
    draw, paths = random.Random(1), []
    for number in range(args.scenes):
        path = args.out / f"scene-{number:03}.png"
        size = draw.choice([(640, 480), (320, 240), (500, 333), (720, 1280)])
        cv2.imwrite(str(path), scene(faces, draw, size))
        paths.append(path)
    compare(paths + args.pictures)
    speed(faces, args.out)


if __name__ == "__main__":
    main()
