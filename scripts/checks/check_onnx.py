"""Runs ONNX files with onnxruntime and compares the outputs with those that lie beside them.

Usage: check_onnx.py DIR. For every DIR/NAME.onnx there are DIR/NAME.input and DIR/NAME.output,
little-endian f32. Prints the largest deviation of each; exits 1 if one is above 1e-4, and 77 if
onnxruntime is not installed.
"""

import pathlib
import sys

try:
    import numpy as np
    import onnxruntime
except ImportError as error:
    print(error)
    sys.exit(77)

worst = 0.0
files = sorted(pathlib.Path(sys.argv[1]).glob("*.onnx"))
assert files, "no ONNX files"
for path in files:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (value,) = session.get_inputs()
    assert value.name == "input" and value.shape[0] == "batch", (value.name, value.shape)
    example = value.shape[1:]
    inputs = np.fromfile(path.with_suffix(".input"), "<f4").reshape(-1, *example)
    expected = np.fromfile(path.with_suffix(".output"), "<f4").reshape(len(inputs), -1)
    (output,) = session.run(["output"], {"input": inputs})
    assert output.shape == expected.shape, (output.shape, expected.shape)
    deviation = float(np.abs(output - expected).max())
    print(f"{path.stem}: input {inputs.shape}, largest deviation {deviation:.2e}")
    worst = max(worst, deviation)
sys.exit(int(worst > 1e-4))
