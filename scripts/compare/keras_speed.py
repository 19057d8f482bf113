#!/usr/bin/env python3
"""Times training steps in vibelux and in Keras (TensorFlow) and prints the ratio of images per second.

    cargo build --release -p vibelux-train --example step_speed
    python3 scripts/compare/keras_speed.py [--steps 30] [--rounds 3] [--json]

Both sides train the same nets (the Keras ones are built from the architectures that `step_speed
--json` prints, and must have as many parameters) with AdamW on batches of 64 random pictures, on all
cores, alternately, warmed up. Keras runs twice per round: `model.fit`, and a compiled loop over
`train_step` without fit's bookkeeping; the faster of the two is what the ratio is taken against.
Run it on a machine that does nothing else.
"""
import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time

EXAMPLE = "target/release/examples/step_speed"
BATCH = 64


def engine(program: str, steps: int) -> dict:
    """One run of our engine: for each net its architecture, parameters and images/s."""
    try:
        done = subprocess.run(
            [program, "--json", "--steps", str(steps)], check=True, stdout=subprocess.PIPE, text=True
        )
    except FileNotFoundError:
        sys.exit(
            f"{program} is not there; build it first:\n"
            "    cargo build --release -p vibelux-train --example step_speed"
        )
    except subprocess.CalledProcessError as error:
        sys.exit(f"{program} failed with exit code {error.returncode}")
    nets = [json.loads(line) for line in done.stdout.splitlines()]
    for net in nets:
        if net["batch"] != BATCH:
            sys.exit(f"{program} steps batches of {net['batch']}, this script of {BATCH}; build it anew")
    return {net["name"]: net for net in nets}


def import_keras():
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    try:
        import tensorflow
        import keras
    except ImportError as error:
        sys.exit(
            f"this comparison needs TensorFlow with Keras 3 ({error}); install them with\n"
            "    python3 -m pip install tensorflow"
        )
    if not keras.__version__.startswith("3."):
        sys.exit(f"this comparison needs Keras 3, found {keras.__version__}")
    return tensorflow, keras


def keras_layer(keras, spec: dict):
    """The Keras layer of one entry of our architecture; None for the softmax, which the loss has."""
    layers = keras.layers
    kind = spec["type"]
    if kind == "conv2d":
        return layers.Conv2D(
            spec["filters"], spec["kernel"], padding=spec["padding"], use_bias=spec["bias"]
        )
    if kind == "batch_norm":
        return layers.BatchNormalization(epsilon=spec["epsilon"], momentum=0.9)
    if kind == "relu":
        return layers.ReLU()
    if kind == "leaky_relu":
        return layers.LeakyReLU(negative_slope=spec["alpha"])
    if kind == "max_pool":
        return layers.MaxPooling2D(spec["size"], spec["stride"])
    if kind == "global_average_pool":
        return layers.GlobalAveragePooling2D()
    if kind == "time_mean_max":
        def both(image):
            columns = keras.ops.mean(image, axis=1)
            return keras.ops.concatenate([keras.ops.mean(columns, axis=1), keras.ops.max(columns, axis=1)], axis=1)
        return layers.Lambda(both)
    if kind == "flatten":
        return layers.Flatten()
    if kind == "dropout":
        return layers.Dropout(spec["rate"])
    if kind == "dense":
        return layers.Dense(spec["units"])
    if kind == "softmax":
        return None
    sys.exit(f"this script knows no layer {kind!r} yet")


class KerasNet:
    """A compiled Keras model, its data and its two ways of being trained."""

    def __init__(self, tensorflow, keras, net: dict, steps: int):
        import numpy

        channels, height, width = net["architecture"]["input"]
        layers = [keras_layer(keras, spec) for spec in net["architecture"]["layers"]]
        self.model = keras.Sequential(
            [keras.Input((height, width, channels))] + [layer for layer in layers if layer]
        )
        # Without the running statistics of batch norms, as ours are counted.
        parameters = sum(int(numpy.prod(w.shape)) for w in self.model.trainable_weights)
        if parameters != net["parameters"]:
            sys.exit(
                f"{net['name']}: Keras counts {parameters} trainable parameters, "
                f"vibelux {net['parameters']}: these are not the same net"
            )
        self.model.compile(
            optimizer=keras.optimizers.AdamW(1e-3, weight_decay=net["weight_decay"]),
            loss=keras.losses.CategoricalCrossentropy(from_logits=True),
        )
        random = numpy.random.default_rng(1)
        self.steps = steps
        shape = (steps * BATCH, height, width, channels)
        self.x = random.uniform(-0.5, 0.5, shape).astype("float32")
        self.t = numpy.eye(7, dtype="float32")[random.integers(0, 7, len(self.x))]
        model, batch = self.model, (tensorflow.constant(self.x[:BATCH]), tensorflow.constant(self.t[:BATCH]))

        @tensorflow.function
        def loop(count):
            for _ in tensorflow.range(count):
                model.train_step(batch)

        self.loop = lambda count: loop(tensorflow.constant(count))
        # Tracing and the first allocations.
        self.model.fit(self.x[: 2 * BATCH], self.t[: 2 * BATCH], batch_size=BATCH, verbose=0)
        self.loop(2)

    def fit(self) -> float:
        start = time.perf_counter()
        self.model.fit(self.x, self.t, batch_size=BATCH, shuffle=False, verbose=0)
        return len(self.x) / (time.perf_counter() - start)

    def compiled_loop(self) -> float:
        start = time.perf_counter()
        self.loop(self.steps)
        return len(self.x) / (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=30, help="steps per net and round")
    parser.add_argument("--rounds", type=int, default=3, help="how often both sides run")
    parser.add_argument("--program", default=EXAMPLE, help="the built example")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    args = parser.parse_args()
    if args.steps < 1 or args.rounds < 1:
        parser.error("--steps and --rounds must be at least 1")

    tensorflow, keras = import_keras()
    nets = engine(args.program, 1)
    keras_nets = {name: KerasNet(tensorflow, keras, net, args.steps) for name, net in nets.items()}
    speeds = {name: {"vibelux": [], "fit": [], "loop": []} for name in nets}
    for number in range(args.rounds):
        print(f"round {number + 1} of {args.rounds}", file=sys.stderr)
        for name, net in engine(args.program, args.steps).items():
            speeds[name]["vibelux"].append(net["images_per_second"])
        for name, net in keras_nets.items():
            speeds[name]["fit"].append(net.fit())
            speeds[name]["loop"].append(net.compiled_loop())

    result = {
        "tensorflow": tensorflow.__version__,
        "keras": keras.__version__,
        "cores": os.cpu_count(),
        "machine": platform.processor() or platform.machine(),
        "batch": BATCH,
        "steps": args.steps,
        "rounds": args.rounds,
        "nets": {},
    }
    for name, measured in speeds.items():
        median = {side: statistics.median(values) for side, values in measured.items()}
        fastest = max(median["fit"], median["loop"])
        result["nets"][name] = {
            "parameters": nets[name]["parameters"],
            "vibelux_images_per_second": median["vibelux"],
            "keras_fit_images_per_second": median["fit"],
            "keras_loop_images_per_second": median["loop"],
            "ratio": median["vibelux"] / fastest,
            "all": measured,
        }
    if args.json:
        print(json.dumps(result, indent=2))
        return
    print(
        f"training, batch {BATCH}, {result['cores']} cores, TensorFlow {result['tensorflow']}, "
        f"Keras {result['keras']}; medians of {args.rounds} rounds of {args.steps} steps, images/s"
    )
    print(f"{'net':<12}{'parameters':>12}{'vibelux':>10}{'fit':>10}{'loop':>10}{'ours/Keras':>12}")
    for name, net in result["nets"].items():
        print(
            f"{name:<12}{net['parameters']:>12,}{net['vibelux_images_per_second']:>10.0f}"
            f"{net['keras_fit_images_per_second']:>10.0f}{net['keras_loop_images_per_second']:>10.0f}"
            f"{net['ratio']:>12.2f}"
        )


if __name__ == "__main__":
    main()
