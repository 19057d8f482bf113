#!/usr/bin/env python3
"""What a number added to each class's logit would be worth: closer to FER2013's labels, or to the votes of FER+?

    python3 scripts/research/face_class_bias.py FER2013 MODEL.onnx...

Prints, per model, with no bias and with shares of the bias that fits the labels of validation/ best: accuracy (the whole
bias also by ten-fold cross-validation, fitted on the other nine folds), agreement with the plurality of the votes (first of those that tie), KL
divergence from the votes and cosine to them. Temperature and bias are fitted to the labels by likelihood. Needs numpy,
scipy, pillow, onnxruntime; mean and deviation of the pixels are read from the .toml beside the model.
"""

import csv
import sys
import tomllib
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image
from scipy.optimize import minimize

CLASSES = ["angry", "disgusted", "fearful", "happy", "neutral", "sad", "surprised"]
VOTES = ["anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise"]
FOLDS = 10


def images(data):
    with open(data / "labels.csv", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "validation"]
    pixels = [np.asarray(Image.open(data / row["file"]).convert("L"), np.float32) / 255 for row in rows]
    labels = np.array([CLASSES.index(row["class"]) for row in rows])
    votes = np.array([[float(row[name]) for name in VOTES] for row in rows])
    return np.stack(pixels)[:, None], labels, votes


def logits_of(model, pixels):
    card = tomllib.loads(model.with_suffix(".toml").read_text())
    session = onnxruntime.InferenceSession(model)
    name = session.get_inputs()[0].name
    pixels = (pixels - np.float32(card["mean"])) / np.float32(card["std"])

    def run(pixels):
        batches = [pixels[at:at + 64] for at in range(0, len(pixels), 64)]
        return np.concatenate([session.run(None, {name: batch})[0] for batch in batches])

    # A face and its mirror image, as the program does.
    return (run(pixels) + run(np.ascontiguousarray(pixels[..., ::-1]))) / 2


def probabilities(logits):
    shares = np.exp(logits - logits.max(1, keepdims=True))
    return shares / shares.sum(1, keepdims=True)


def fitted(logits, labels, with_bias):
    """The inverse temperature and the biases."""
    def loss(values):
        shares = probabilities(logits * values[0] + with_bias * values[1:])
        return -np.log(shares[np.arange(len(labels)), labels] + 1e-12).mean()
    return minimize(loss, np.r_[1, np.zeros(len(CLASSES))], method="BFGS").x


def cross_validated(logits, labels):
    order = np.random.default_rng(0).permutation(len(labels))
    hits = 0
    for fold in np.array_split(order, FOLDS):
        others = np.setdiff1d(order, fold)
        values = fitted(logits[others], labels[others], True)
        hits += ((logits[fold] * values[0] + values[1:]).argmax(1) == labels[fold]).sum()
    return hits / len(labels)


def main(data, *models):
    pixels, labels, votes = images(Path(data))
    voted = votes.sum(1) > 0
    votes = votes / np.maximum(votes.sum(1, keepdims=True), 1)
    for model in models:
        logits = logits_of(Path(model), pixels)
        plain, biased = fitted(logits, labels, False), fitted(logits, labels, True)
        print(model, "bias", dict(zip(CLASSES, np.round(biased[1:], 2).tolist())))
        for share in (0, 0.5, 1):
            scale = biased[0] if share else plain[0]
            shares = probabilities(logits * scale + share * biased[1:])
            named, some, wanted = shares.argmax(1), shares[voted], votes[voted]
            kl = (wanted * (np.log(np.maximum(wanted, 1e-9)) - np.log(some))).sum(1).mean()
            cosine = (some * wanted).sum(1) / np.linalg.norm(some, axis=1) / np.linalg.norm(wanted, axis=1)
            line = f"  {share:3.0%} of it: accuracy {np.mean(named == labels):.1%}"
            if share == 1:
                line += f" ({cross_validated(logits, labels):.1%} cross-validated)"
            plurality = np.mean(named[voted] == wanted.argmax(1))
            print(f"{line}, plurality of the votes {plurality:.1%}, KL {kl:.3f}, cosine {cosine.mean():.3f}")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
