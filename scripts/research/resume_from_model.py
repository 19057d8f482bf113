#!/usr/bin/env python3
"""Makes of a shipped face model a run folder that training starts from, or learns from.

    python3 scripts/research/resume_from_model.py FER2013 MODEL.onnx CONFIG.toml OUT

A model file holds its batch norms folded into the convolutions. Each is taken out again: its statistics are those of the
unchanged training images, its weights undo them, so the network computes what the model does; every filter gets the length
that fresh ones have, as steps of the optimiser are as long for all. CONFIG.toml is the one that trained the model. OUT then
serves `vibelux train face --from OUT` and `--distil OUT`. Needs numpy, opencv-python-headless, onnx, onnxruntime, safetensors.
"""

import re
import sys
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper
from safetensors.numpy import save_file

MEAN, STD, EPSILON = 0.5077, 0.255, 1e-5
FILTER_NORM = 2 ** 0.5


def training_images(folder):
    paths = sorted((folder / "train").glob("*/*.png"))
    if not paths:
        sys.exit(f"{folder}: no train/*/*.png")
    images = np.array([cv2.imread(str(path), 0) for path in paths])
    return ((images.astype("f4") / 255 - MEAN) / STD)[:, None]


def statistics(model, images):
    """Mean and variance per channel of every convolution's output, by its order."""
    outputs = [node.output[0] for node in model.graph.node if node.op_type == "Conv"]
    model.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in outputs)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    name = session.get_inputs()[0].name
    sums = [(0.0, 0.0)] * len(outputs)
    count = 0
    for start in range(0, len(images), 256):
        part = images[start:start + 256]
        values = session.run(outputs, {name: part})
        count += len(part)
        sums = [(s + v.astype("f8").mean((2, 3)).sum(0), q + (v.astype("f8") ** 2).mean((2, 3)).sum(0))
                for v, (s, q) in zip(values, sums)]
    return [(s / count, np.maximum(q / count - (s / count) ** 2, 0)) for s, q in sums]


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    folder, path, config, out = map(Path, sys.argv[1:])
    model = onnx.load(path)
    held = {i.name: numpy_helper.to_array(i).astype("f4") for i in model.graph.initializer}
    weights = {name: value for name, value in held.items() if name.startswith("dense")}
    for number, (mean, variance) in enumerate(statistics(model, training_images(folder)), 1):
        kernel, bias = held[f"conv{number}.weight"], held[f"conv{number}.bias"]
        norm = np.sqrt((kernel.astype("f8") ** 2).sum((1, 2, 3)))
        factor = np.where(norm > 1e-6, FILTER_NORM / np.maximum(norm, 1e-6), 1.0)
        weights[f"conv{number}.weight"] = kernel * factor[:, None, None, None]
        # The convolution without its bias has this mean; factor times both are the statistics of the longer filter.
        weights[f"bn{number}.running_mean"] = (mean - bias) * factor
        weights[f"bn{number}.running_var"] = variance * factor ** 2
        weights[f"bn{number}.weight"] = np.sqrt(variance * factor ** 2 + EPSILON) / factor
        weights[f"bn{number}.bias"] = mean
    out.mkdir(parents=True, exist_ok=True)
    save_file({name: np.ascontiguousarray(value, "f4") for name, value in weights.items()}, out / "weights.safetensors")
    # Its own start and teachers are not needed to run it.
    text = re.sub(r"(?ms)^\[distil\]\n.*?(?=^\[|\Z)", "", config.read_text())
    (out / "config.toml").write_text(re.sub(r"(?m)^from = .*\n", "", text))
    print(f"{out}: {len(weights)} arrays")


if __name__ == "__main__":
    main()
