#!/usr/bin/env python3
"""Asks whether anything tells a face model's errors better than the largest share of its vector.

    python3 scripts/research/face_certainty.py FER2013 MODEL.onnx TEMPERATURE

FER2013 has validation/ as class folders. Two tables: the temperature that fits under each corruption, and accuracy on the
half and the four fifths of the faces that a logistic regression is surest of, each half judged by the one of the other, with
the share alone and with entropy, distance to the second share, and sharpness, brightness and contrast of the picture.
Needs numpy, scipy, opencv-python-headless and onnxruntime.
"""

import sys
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from scipy.optimize import minimize

EMOTIONS = ["angry", "disgusted", "fearful", "happy", "neutral", "sad", "surprised"]
MEAN, STD = 0.5077, 0.255


def load(folder):
    pictures, classes = [], []
    for index, emotion in enumerate(EMOTIONS):
        for path in sorted((folder / "validation" / emotion).glob("*.png")):
            pictures.append(cv2.imread(str(path), 0))
            classes.append(index)
    return np.array(pictures), np.array(classes)


def corruptions(faces, random):
    """Name and pictures of each."""
    yield "clean", faces
    for sigma in (1, 2):
        yield f"blur, sigma {sigma} px", np.array([cv2.GaussianBlur(face, (0, 0), sigma) for face in faces])
    for side in (24, 16):
        small = [cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA) for face in faces]
        yield f"{side} px and up again", np.array([cv2.resize(face, (48, 48)) for face in small])
    for std in (0.05, 0.1):
        noisy = faces + random.normal(0, std * 255, faces.shape)
        yield f"noise, std {std}", np.clip(noisy, 0, 255).astype("u1")
    for gain in (0.4, 0.2):
        dark = (faces / 255) ** 1.5 * gain * 255 + random.normal(0, 6, faces.shape)
        yield f"dark, gain {gain}", np.clip(dark, 0, 255).astype("u1")
    mean = faces.mean((1, 2), keepdims=True)
    yield "contrast x 0.3", np.clip(mean + (faces - mean) * 0.3, 0, 255).astype("u1")
    coded = [cv2.imencode(".jpg", face, [cv2.IMWRITE_JPEG_QUALITY, 10])[1] for face in faces]
    yield "JPEG, quality 10", np.array([cv2.imdecode(face, 0) for face in coded])


def logits(session, faces):
    """Averaged with those of the mirror images."""
    name = session.get_inputs()[0].name
    parts = []
    for start in range(0, len(faces), 128):
        values = ((faces[start:start + 128].astype("f4") / 255 - MEAN) / STD)[:, None]
        both = [session.run(None, {name: np.ascontiguousarray(view)})[0] for view in (values, values[..., ::-1])]
        parts.append(sum(both)[:, :7] / 2)
    return np.concatenate(parts)


def shares(values, temperature):
    values = np.exp((values - values.max(1, keepdims=True)) / temperature)
    return values / values.sum(1, keepdims=True)


def fitted_temperature(values, classes):
    def loss(log_temperature):
        of_class = shares(values, np.exp(log_temperature[0]))[np.arange(len(classes)), classes]
        return -np.log(of_class + 1e-12).mean()
    return float(np.exp(minimize(loss, [0.0]).x[0]))


def signs(rows, faces, with_shape, with_picture):
    """What a regression sees of each face."""
    best = np.sort(rows, 1)[:, ::-1]
    columns = [np.ones(len(rows)), np.log(best[:, 0] / (1 - best[:, 0] + 1e-6))]
    if with_shape:
        entropy = -(rows * np.log(rows + 1e-9)).sum(1)
        columns += [entropy, np.log(best[:, 0] / best[:, 1] + 1e-6)]
    if with_picture:
        pixels = faces.astype("f8")
        laplacian = (pixels[:, 1:-1, :-2] + pixels[:, 1:-1, 2:] + pixels[:, :-2, 1:-1] + pixels[:, 2:, 1:-1]
                     - 4 * pixels[:, 1:-1, 1:-1])
        brightness = pixels.mean((1, 2)) / 255
        columns += [np.log(laplacian.var((1, 2)) + 1) / 5, brightness, brightness ** 2,
                    np.log(pixels.std((1, 2)) + 1) / 4]
    return np.stack(columns, 1)


def regression(rows, right):
    def loss(weights):
        return np.logaddexp(0, -(2 * right - 1) * (rows @ weights)).mean() + 1e-4 * (weights[1:] ** 2).sum()
    return minimize(loss, np.zeros(rows.shape[1]), method="BFGS").x


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    folder, temperature = Path(sys.argv[1]), float(sys.argv[3])
    session = onnxruntime.InferenceSession(sys.argv[2])
    faces, classes = load(folder)
    if len(faces) == 0:
        sys.exit(f"{folder}/validation has no class folders with PNG files; give the folder of FER2013")
    random = np.random.default_rng(1)
    clean = None
    for name, changed in corruptions(faces, random):
        values = logits(session, changed)
        clean = values if clean is None else clean
        accuracy = (values.argmax(1) == classes).mean()
        print(f"{name:20} accuracy {accuracy:.3f}  fitted temperature {fitted_temperature(values, classes):.3f}")
    rows = shares(clean, temperature)
    right = (rows.argmax(1) == classes).astype("f8")
    half = np.random.default_rng(0).random(len(classes)) < 0.5
    for name, shape, picture in [("the largest share", False, False), ("and entropy, second share", True, False),
                                 ("and the picture", False, True), ("and both", True, True)]:
        seen = signs(rows, faces, shape, picture)
        said = np.zeros(len(classes))
        for learnt, judged in ((half, ~half), (~half, half)):
            said[judged] = seen[judged] @ regression(seen[learnt], right[learnt])
        order = np.argsort(-said)
        kept = [right[order[:int(len(order) * share)]].mean() for share in (0.5, 0.8)]
        print(f"{name:28} accuracy on the surest 50 % {kept[0]:.4f}, 80 % {kept[1]:.4f}")


if __name__ == "__main__":
    main()
