#!/usr/bin/env python3
"""What a number added to each class's logit would be worth: closer to FER2013's labels, or to the votes of FER+?

    python3 scripts/research/face_class_bias.py FER2013 MODEL.onnx...

Prints, per model, with no bias and with shares of the bias that fits the labels of validation/ best: accuracy (the whole
bias also by ten-fold cross-validation, fitted on the other nine folds), agreement with the plurality of the votes (first of those that tie), KL
divergence from the votes and cosine to them. Temperature and bias are fitted to the labels by likelihood. Needs numpy,
scipy, opencv-python-headless and onnxruntime.
"""

import csv
import sys
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from scipy.optimize import minimize

from face_certainty import EMOTIONS, logits, shares

VOTES = ["anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise"]
FOLDS = 10


def validation(data):
    with open(data / "labels.csv", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "validation"]
    faces = [cv2.imread(str(data / row["file"]), 0) for row in rows]
    classes = np.array([EMOTIONS.index(row["class"]) for row in rows])
    votes = np.array([[float(row[name]) for name in VOTES] for row in rows])
    return np.stack(faces), classes, votes


def fitted(outputs, labels, with_bias):
    """The inverse temperature and the biases."""
    def loss(values):
        likely = shares(outputs * values[0] + with_bias * values[1:], 1)
        return -np.log(likely[np.arange(len(labels)), labels] + 1e-12).mean()
    return minimize(loss, np.r_[1, np.zeros(len(EMOTIONS))], method="BFGS").x


def cross_validated(outputs, labels):
    order = np.random.default_rng(0).permutation(len(labels))
    hits = 0
    for fold in np.array_split(order, FOLDS):
        others = np.setdiff1d(order, fold)
        values = fitted(outputs[others], labels[others], True)
        hits += ((outputs[fold] * values[0] + values[1:]).argmax(1) == labels[fold]).sum()
    return hits / len(labels)


def main(data, *models):
    faces, labels, votes = validation(Path(data))
    voted = votes.sum(1) > 0
    votes = votes / np.maximum(votes.sum(1, keepdims=True), 1)
    for model in models:
        outputs = logits(onnxruntime.InferenceSession(model), faces)
        plain, biased = fitted(outputs, labels, False), fitted(outputs, labels, True)
        print(model, "bias", dict(zip(EMOTIONS, np.round(biased[1:], 2).tolist())))
        for share in (0, 0.5, 1):
            scale = biased[0] if share else plain[0]
            likely = shares(outputs * scale + share * biased[1:], 1)
            named, some, wanted = likely.argmax(1), likely[voted], votes[voted]
            kl = (wanted * (np.log(np.maximum(wanted, 1e-9)) - np.log(some))).sum(1).mean()
            cosine = (some * wanted).sum(1) / np.linalg.norm(some, axis=1) / np.linalg.norm(wanted, axis=1)
            line = f"  {share:3.0%} of it: accuracy {np.mean(named == labels):.1%}"
            if share == 1:
                line += f" ({cross_validated(outputs, labels):.1%} cross-validated)"
            plurality = np.mean(named[voted] == wanted.argmax(1))
            print(f"{line}, plurality of the votes {plurality:.1%}, KL {kl:.3f}, cosine {cosine.mean():.3f}")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
