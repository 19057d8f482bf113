#!/usr/bin/env python3
"""Times face models in vibelux and in onnxruntime, on one core, and prints the ratio.

    cargo build --release -p vibelux --example classify_speed
    python3 scripts/compare/onnxruntime_speed.py models/face.onnx [MORE.onnx...]

Both sides get the same ONNX file and, per call, the same work: one 48x48 face and its mirror image as
a batch of two, on one thread. They run alternately for three rounds; the figure is the best round's
median, in milliseconds. vibelux's figure holds the preparation of the pixels and the softmax too.
Needs onnxruntime and numpy. Run it on a machine that does nothing else.
"""

import json
import os
import subprocess
import sys
import time

EXAMPLE = "target/release/examples/classify_speed"
CALLS = 300
ROUNDS = 3


def median_of_vibelux(path: str) -> float:
    """The best median of one process's rounds."""
    command = ["taskset", "-c", "0", EXAMPLE, path]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return min(json.loads(line)["median_ms"] for line in done.stdout.splitlines())


def median_of_onnxruntime(session, values) -> float:
    times = []
    for _ in range(CALLS):
        start = time.perf_counter()
        session.run(["output"], {"input": values})
        times.append((time.perf_counter() - start) * 1e3)
    return sorted(times)[CALLS // 2]


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    if not os.path.exists(EXAMPLE):
        sys.exit(f"{EXAMPLE} is not there; build it first:\n    cargo build --release -p vibelux --example classify_speed")
    try:
        import numpy
        import onnxruntime
    except ImportError as error:
        sys.exit(f"{error}: python3 -m pip install onnxruntime numpy")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    values = numpy.random.default_rng(1).normal(size=(2, 1, 48, 48)).astype("float32")
    print(f"{'file':<28}{'vibelux ms':>12}{'onnxruntime ms':>16}{'ratio':>8}")
    for path in sys.argv[1:]:
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(median_of_vibelux(path))
            theirs.append(median_of_onnxruntime(session, values))
        print(f"{path:<28}{min(ours):>12.2f}{min(theirs):>16.2f}{min(theirs) / min(ours):>8.2f}")


if __name__ == "__main__":
    main()
