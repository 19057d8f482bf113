#!/usr/bin/env python3
"""Compares face detectors on the same drawn scenes with FER2013's faces in known places: rustface, YuNet as vibelux runs it, and
both sizes of YuNet in OpenCV's FaceDetectorYN.

    cargo build --release -p vibelux --example find_faces
    python3 scripts/compare/detectors.py FER2013 OUT [--yunet-n yunet_n.onnx] [--scenes 600] [--seed 1]
    python3 scripts/compare/detectors.py FER2013 OUT [--yunet-n yunet_n.onnx] --times

FER2013 is a folder with validation/CLASS/*.png, and perhaps labels.csv with FER+'s votes. The scenes (detector_scenes.py) are
written into OUT, large ones only with --keep. Prints Markdown: the share of faces that each detector finds, with its 95 %
interval (Wilson's), what vibelux finds more or less of the same faces than the others (scenes drawn again 2,000 times), the
false boxes, and what both would be with other scores. The same command prints the same tables.

A face is found if a box overlaps with it by an intersection over union of 0.4, or is half to twice as wide and
has its middle within the inner half of it. What else is on a face that was found is a second box; all others are false.

vibelux gets the picture and does as it does with photographs: looks of 640 and 2048 px, other turns where nobody is
upright. OpenCV looks once, at 1280 px at most, rustface at as many pixels. The columns "2x" are looks at twice as many
across, for small faces: rustface finds none below 40 px. All get grey pictures. Scores from 0.7 on for YuNet, 2.0 for rustface.

--times prints the median milliseconds of a 640x480 frame instead, on one core; run that on a machine that does nothing else.
Needs numpy, opencv-python-headless, and cargo, which builds rustface/ here (its model lies in the crate, BSD-2-Clause).
"""
import argparse
import os
import sys
from pathlib import Path

import cv2
import numpy

import detector_scenes
from detector_peers import ROOT, OpenCv, Rustface, Vibelux, build_rustface
from detector_scenes import Kind, Scene, Truth

FIND = ROOT / "target" / "release" / "examples" / "find_faces"
YUNET_S = ROOT / "models" / "yunet" / "yunet_s.onnx"
OURS = "vibelux"
# The scores from which on a box counts, and others to look at. vibelux gives none below its own.
YUNET_SCORE, RUSTFACE_SCORE = 0.7, 2.0
YUNET_SCORES, RUSTFACE_SCORES = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9), (1.0, 2.0, 3.0, 4.0, 6.0, 8.0)
LEAST_IOU, FARTHEST, LEAST_RATIO = 0.4, 0.25, 0.5
BATCH = 20
ROUNDS, REPEATS = 5, 20
RESAMPLES = 2000
WEBCAM = Kind("640x480", (640, 480), (40 / 640, 300 / 640), hard=True, grain=2.0)
LARGE = [
    Kind("1920x1080", (1920, 1080), (0.02, 0.25), hard=False, grain=2.0),
    Kind("6000x4000", (6000, 4000), (0.02, 0.25), hard=False, grain=0.0),
]


def overlap(a: numpy.ndarray, b: numpy.ndarray) -> float:
    """Intersection over union."""
    low, high = numpy.maximum(a[:2], b[:2]), numpy.minimum(a[:2] + a[2:4], b[:2] + b[2:4])
    both = (high - low).clip(0).prod()
    return both / (a[2:4].prod() + b[2:4].prod() - both)


def inside(box: numpy.ndarray, other: numpy.ndarray, share: float) -> bool:
    """Whether the box's middle lies so near to the other's, in the other's sides."""
    away = abs(box[:2] + box[2:4] / 2 - other[:2] - other[2:4] / 2)
    return bool((away <= share * other[2:4]).all())


def is_on(box: numpy.ndarray, truth: numpy.ndarray) -> bool:
    ratio = (box[2:4].prod() / truth[2:4].prod()) ** 0.5
    near = inside(box, truth, FARTHEST) and LEAST_RATIO <= ratio <= 1 / LEAST_RATIO
    return near or overlap(box, truth) >= LEAST_IOU


class Tally:
    """What a detector says of scenes: for every face the best score of a box on it, and the scores of all other boxes."""

    def __init__(self, least: float):
        self.least = least
        # In the order in which scenes and their faces were made; 0 is a face that was not found.
        self.faces: list[float] = []
        # By scene: the second boxes on faces, those that are on nothing, and those of them on a mask.
        self.second: list[list[float]] = []
        self.false: list[list[float]] = []
        self.masks: list[list[float]] = []

    def add(self, scene: Scene, boxes: numpy.ndarray) -> None:
        """The faces lie apart: no box is on two."""
        truths = [face.box() for face in scene.faces]
        best, second, false, masks = [0.0] * len(truths), [], [], []
        for box in sorted(boxes, key=lambda box: -box[4]):
            on = next((i for i, truth in enumerate(truths) if is_on(box, truth)), None)
            if on is None:
                false.append(box[4])
                if any(inside(box, mask, 0.5) for mask in scene.masks):
                    masks.append(box[4])
            elif best[on] > 0:
                second.append(box[4])
            else:
                best[on] = box[4]
        self.faces += best
        self.second.append(second)
        self.false.append(false)
        self.masks.append(masks)

    def found(self, least: float | None = None) -> numpy.ndarray:
        """Whether each face was found, with a score of at least so much."""
        scores = numpy.array(self.faces)
        return (scores > 0) & (scores >= (self.least if least is None else least))

    def per_hundred(self, boxes: list[list[float]], those: list[int], least: float | None = None) -> float:
        """Such boxes in a hundred of those scenes."""
        least = self.least if least is None else least
        return 100 * sum(score >= least for i in those for score in boxes[i]) / len(those)


def look(kind: Kind, count: int, args: argparse.Namespace, detectors: dict, tallies: dict[str, Tally]) -> list[Scene]:
    """Draws scenes of a kind and lets every detector look at each."""
    seen, batch = [], []
    for scene in detector_scenes.make(kind, count, args.faces, args.seed, args.out):
        seen.append(scene)
        batch.append(scene)
        if len(batch) < BATCH and len(seen) < count:
            continue
        paths = [scene.path for scene in batch]
        for name, detector in detectors.items():
            for one, boxes in zip(batch, detector.boxes(paths, kind.size), strict=True):
                tallies[name].add(one, boxes)
        if kind is not WEBCAM and not args.keep:
            for path in paths:
                path.unlink()
        batch = []
        print(f"\r{kind.name}: {len(seen)} of {count}", file=sys.stderr, end="", flush=True)
    print(file=sys.stderr)
    return seen


def rows_of_faces():
    """What stands in the tables: a name, and which faces are meant by it."""
    def webcam(light: str | None, tilt: int | None, low: int = 0, high: int = 10_000):
        def meant(scene: Scene, face: Truth) -> bool:
            lit = light is None or scene.light == light
            held = tilt is None or abs(face.tilt) == tilt
            return scene.kind is WEBCAM and lit and held and low <= face.crop_side < high
        return meant

    edges = (40, 60, 100, 170, 300)
    for low, high in zip(edges, edges[1:]):
        yield f"640x480, upright, crop {low} to {high} px", webcam("plain", 0, low, high)
    for tilt in detector_scenes.TILTS:
        yield f"640x480, tilted by {tilt} degrees, all sizes", webcam("plain", tilt)
    for light in detector_scenes.LIGHTS[1:]:
        yield f"640x480, upright, {light}", webcam(light, 0)
    yield "640x480, all", webcam(None, None)
    shares = (0.02, 0.04, 0.08, 0.25)
    for kind in LARGE:
        for low, high in zip(shares, shares[1:]):
            def meant(scene: Scene, face: Truth, kind=kind, low=low, high=high) -> bool:
                return scene.kind is kind and low <= face.crop_side / kind.size[0] < high
            yield f"{kind.name}, upright, crop {100 * low:.0f} to {100 * high:.0f} % of the width", meant


def wilson(found: int, of: int) -> str:
    """A share in per cent with its 95 % interval."""
    z, share = 1.96, found / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * (share * (1 - share) / of + z * z / (4 * of * of)) ** 0.5
    return f"{100 * share:.1f} ({max(0, 100 * (middle - half)):.0f}-{100 * (middle + half):.0f})"


def print_table(title: str, head: list[str], rows: list[list[str]]) -> None:
    print(f"\n{title}\n\n| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")


def print_found(seen: list[Scene], tallies: dict[str, Tally], seed: int) -> None:
    faces = [(i, scene, face) for i, scene in enumerate(seen) for face in scene.faces]
    found = {name: tally.found() for name, tally in tallies.items()}
    # Whole scenes are drawn again, as the faces of one have much in common.
    even = numpy.full(len(seen), 1 / len(seen))
    drawn = numpy.random.default_rng(seed).multinomial(len(seen), even, RESAMPLES)
    shares, gains = [], []
    for name, meant in rows_of_faces():
        those = [k for k, (_, scene, face) in enumerate(faces) if meant(scene, face)]
        if not those:
            continue
        shares.append([name, str(len(those)), *(wilson(int(of[those].sum()), len(those)) for of in found.values())])
        weights = drawn[:, [faces[k][0] for k in those]]
        gains.append([name])
        for other in found:
            if other != OURS:
                gain = found[OURS][those].astype("f8") - found[other][those]
                low, high = 100 * numpy.quantile(weights @ gain / weights.sum(1).clip(1), [0.025, 0.975])
                gains[-1].append(f"{100 * gain.mean():+.1f} ({low:+.1f} to {high:+.1f})")
    print_table("Faces found, in per cent (95 % interval)", ["faces", "n", *found], shares)
    heads = [f"than {name}" for name in found if name != OURS]
    print_table(f"Points that {OURS} finds more of the same faces (95 % interval)", ["faces", *heads], gains)


def print_false(seen: list[Scene], tallies: dict[str, Tally]) -> None:
    rows = []
    for kind in [WEBCAM, *LARGE]:
        for name, there in (("with faces", True), ("nobody there", False)):
            those = [i for i, scene in enumerate(seen) if scene.kind is kind and bool(scene.faces) == there]
            if not those:
                continue
            row = [f"{kind.name}, {name}", str(len(those))]
            for tally in tallies.values():
                false, masks, second = (tally.per_hundred(of, those) for of in (tally.false, tally.masks, tally.second))
                row.append(f"{false:.1f} ({masks:.1f}) +{second:.1f}")
            rows.append(row)
    title = "False boxes per 100 scenes (of these on drawn masks), and + second boxes on faces, which are not false"
    print_table(title, ["scenes", "n", *tallies], rows)


def print_scores(seen: list[Scene], tallies: dict[str, Tally]) -> None:
    webcam = [i for i, scene in enumerate(seen) if scene.kind is WEBCAM]
    faces = sum(len(seen[i].faces) for i in webcam)
    rows = []
    for yunet, rustface in zip(YUNET_SCORES, RUSTFACE_SCORES):
        row = [f"{yunet}; rustface {rustface}"]
        for name, tally in tallies.items():
            least = rustface if "rustface" in name else yunet
            if name == OURS and least < YUNET_SCORE:
                row.append("")
                continue
            # The webcam's scenes come first, and so do their faces.
            share = 100 * tally.found(least)[:faces].mean()
            row.append(f"{share:.1f} / {tally.per_hundred(tally.false, webcam, least):.1f}")
        rows.append(row)
    title = "All scenes of 640x480, by the score from which on a box counts: faces found in per cent / false boxes per 100 scenes"
    print_table(title, ["score", *tallies], rows)


def print_times(args: argparse.Namespace, detectors: dict) -> None:
    """All programs in turn, on one core; the median of the rounds."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    frames: dict[int, Path] = {}
    for scene in detector_scenes.make(WEBCAM, args.scenes, args.faces, args.seed, args.out):
        easy = scene.light == "plain" and all(face.tilt == 0 and face.crop_side > 100 for face in scene.faces)
        if easy and len(scene.faces) < 2:
            frames.setdefault(len(scene.faces), scene.path)
        if len(frames) == 2:
            break
    rows = []
    for count, path in sorted(frames.items(), reverse=True):
        measured = {name: [] for name in detectors}
        for _ in range(ROUNDS):
            for name, detector in detectors.items():
                measured[name].append(detector.milliseconds(path, WEBCAM.size, REPEATS))
        rows.append([("nobody there", "one face")[count], *(f"{numpy.median(ms):.1f}" for ms in measured.values())])
    title = f"Milliseconds of a 640x480 frame on one core, medians of {ROUNDS} rounds of {REPEATS}"
    print_table(title, ["frame", *detectors], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("fer2013", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--scenes", type=int, default=600, help="of 640x480; a sixth and a twentieth as many larger ones")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--yunet-s", type=Path, default=YUNET_S)
    parser.add_argument("--yunet-n", type=Path, help="the larger YuNet; left out if not given")
    parser.add_argument("--find-faces", type=Path, default=FIND, help="the built example")
    parser.add_argument("--keep", action="store_true", help="keep the large scenes, some MB each")
    parser.add_argument("--times", action="store_true", help="measure milliseconds instead")
    args = parser.parse_args()
    if args.scenes < 1:
        parser.error("--scenes must be at least 1")
    if not args.find_faces.exists():
        sys.exit(f"{args.find_faces} is not there: cargo build --release -p vibelux --example find_faces")
    args.faces = detector_scenes.crops(args.fer2013)
    if not args.faces:
        sys.exit(f"no validation/CLASS/*.png in {args.fer2013}")
    args.out.mkdir(parents=True, exist_ok=True)
    cv2.setNumThreads(1)
    program, model = build_rustface()
    detectors = {
        "rustface": Rustface(program, model, 1),
        "rustface, 2x": Rustface(program, model, 2),
        OURS: Vibelux(args.find_faces),
    }
    if args.times:
        detectors["vibelux, one look"] = Vibelux(args.find_faces, as_is=True)
    lowest = YUNET_SCORE if args.times else min(YUNET_SCORES)
    detectors["OpenCV YuNet_s"] = OpenCv(args.yunet_s, lowest)
    detectors["OpenCV YuNet_s, 2x"] = OpenCv(args.yunet_s, lowest, times=2)
    if args.yunet_n:
        detectors["OpenCV YuNet_n"] = OpenCv(args.yunet_n, lowest)
    if args.times:
        print_times(args, detectors)
        return
    # vibelux gives only what it takes for a face; of one that it has turned upright it tells the score of the last look.
    least = {name: RUSTFACE_SCORE if "rustface" in name else YUNET_SCORE for name in detectors} | {OURS: 0.0}
    tallies = {name: Tally(score) for name, score in least.items()}
    seen = []
    for kind, count in zip([WEBCAM, *LARGE], (args.scenes, args.scenes // 6, args.scenes // 20)):
        seen += look(kind, count, args, detectors, tallies)
    print(f"{len(seen)} scenes, seed {args.seed}, OpenCV {cv2.__version__}")
    print_found(seen, tallies, args.seed)
    print_false(seen, tallies)
    print_scores(seen, tallies)


if __name__ == "__main__":
    main()
