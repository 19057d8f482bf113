"""Writes crates/vibelux-train/tests/golden/metrics.json: metrics as scikit-learn defines them.

Needs numpy; uses scikit-learn to cross-check the plain numpy results where it is installed.
Run from the repository root: python scripts/golden/metrics.py
"""

import json
import pathlib

import numpy as np

CLASSES = 7
OUT = pathlib.Path("crates/vibelux-train/tests/golden/metrics.json")


def distributions(rng, rows, sharpness):
    weights = np.exp(rng.normal(size=(rows, CLASSES)) * sharpness)
    return np.round(weights / weights.sum(1, keepdims=True), 6)


def ratio(part, whole):
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)


def measure(p, truth, targets):
    p = p.astype(np.float32).astype(float)
    targets = targets.astype(np.float32).astype(float)
    predicted = p.argmax(1)
    confusion = np.zeros((CLASSES, CLASSES), int)
    np.add.at(confusion, (truth, predicted), 1)
    hits = confusion.diagonal().astype(float)
    support, named = confusion.sum(1), confusion.sum(0)
    precision, recall = ratio(hits, named), ratio(hits, support)
    f1 = ratio(2 * hits, (support + named).astype(float))
    one_hot = np.eye(CLASSES)[truth]
    confidence = p.max(1)
    bins = np.clip(np.ceil(confidence * 15).astype(int) - 1, 0, 14)
    ece = sum(
        (bins == b).mean() * abs((predicted == truth)[bins == b].mean() - confidence[bins == b].mean())
        for b in set(bins)
    )
    logs = np.log(np.where(targets > 0, targets, 1)) - np.log(np.maximum(p, 1e-12))
    cosine = (p * targets).sum(1) / np.linalg.norm(p, axis=1) / np.linalg.norm(targets, axis=1)
    result = dict(
        accuracy=(predicted == truth).mean(),
        balanced_accuracy=recall[support > 0].mean(),
        macro_f1=f1[support + named > 0].mean(),
        nll=-np.log(np.clip(p[np.arange(len(p)), truth], 1e-12, 1)).mean(),
        brier=((p - one_hot) ** 2).sum(1).mean(),
        ece=ece,
        majority_share=support.max() / len(truth),
        kl_divergence=(targets * logs).sum(1).mean(),
        cosine=cosine.mean(),
        precision=precision.tolist(),
        recall=recall.tolist(),
        f1=f1.tolist(),
        support=support.tolist(),
        confusion=confusion.tolist(),
    )
    cross_check(result, truth, predicted)
    return {k: float(v) if np.isscalar(v) else v for k, v in result.items()}


def cross_check(result, truth, predicted):
    try:
        from sklearn import metrics
    except ImportError:
        print("scikit-learn is not installed: not cross-checked")
        return
    assert np.isclose(result["accuracy"], metrics.accuracy_score(truth, predicted))
    assert np.isclose(result["balanced_accuracy"], metrics.balanced_accuracy_score(truth, predicted))
    assert np.isclose(
        result["macro_f1"], metrics.f1_score(truth, predicted, average="macro", zero_division=0)
    )


def main():
    rng = np.random.default_rng(7)
    cases = []
    for rows, sharpness, classes in [(120, 1.5, 7), (40, 4.0, 5), (9, 0.5, 7), (1, 1.0, 1)]:
        p = distributions(rng, rows, sharpness)
        if rows == 9:
            p[0] = np.eye(CLASSES)[3]  # probabilities of exactly 0 and 1
        truth = np.where(rng.random(rows) < 0.5, p.argmax(1), rng.integers(0, CLASSES, rows)) % classes
        if rows == 9:
            truth[0] = 2
        targets = distributions(rng, rows, 2.0)
        targets[0] = np.eye(CLASSES)[truth[0]]
        inputs = dict(predictions=p.tolist(), truth=truth.tolist(), targets=targets.tolist())
        cases.append(inputs | measure(p, truth, targets))
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(cases) + "\n")
    print(OUT, OUT.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
