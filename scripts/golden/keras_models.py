"""Writes small Keras models of both generations and what they make of 64 pictures.

    python scripts/golden/keras_models.py OUT_DIR [--full]

For each model: NAME.h5 or NAME.keras and NAME.output, little-endian f32 [64, 7]. The pictures are
those of the generator `pictures` below, which the test repeats. With --full the original's
full-size face net is written as well (not committed; point VIBELUX_KERAS_DIR at the folder to
include it in the test).

Needs keras 3 with TensorFlow, and tf_keras for Keras 2.
"""

import os
import pathlib
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
import tf_keras

COUNT, SIDE = 64, 48


def pictures():
    """Numerical Recipes' linear congruential generator; the top byte of each state is a pixel."""
    state, pixels = 1, np.empty(COUNT * SIDE * SIDE, np.uint8)
    for i in range(len(pixels)):
        state = (state * 1664525 + 1013904223) % 2**32
        pixels[i] = state >> 24
    return pixels.reshape(COUNT, SIDE, SIDE, 1)


def original(k, full=False):
    """The original's layers: Rescaling, Conv2D + LeakyReLU, MaxPooling2D, Flatten, Dense."""
    layers = k.layers
    filters = [32, 64, 128, 128] if full else [3, 4]
    stack = [k.Input((SIDE, SIDE, 1)), layers.Rescaling(1 / 255)]
    if not full:
        stack.append(layers.MaxPooling2D(4, padding="same"))
    for i, count in enumerate(filters):
        kernel = 3 if full or i == 0 else (2, 4)
        stack += [
            layers.Conv2D(count, kernel, padding="same", activation="relu" if i == 0 else None),
            layers.LeakyReLU() if i else layers.Dropout(0.2),
            layers.MaxPooling2D(),
        ]
    stack += [
        layers.Flatten(),
        layers.Dropout(0.5),
        layers.Dense(128 if full else 8, activation="leaky_relu"),
        *([layers.Dense(64, activation="relu")] if full else []),
        layers.Dense(7, activation="softmax"),
    ]
    return k.Sequential(stack)


def variant(k):
    """The other layers, names of the user's own, no biases, batch norms in odd places."""
    layers = k.layers
    return k.Sequential(
        [
            k.Input((SIDE, SIDE, 1)),
            layers.RandomFlip("horizontal", name="only_in_training"),
            layers.BatchNormalization(name="scale_me"),
            layers.Conv2D(3, (3, 2), strides=1, use_bias=False, name="first"),
            layers.BatchNormalization(scale=False, name="second"),
            layers.ReLU(name="third"),
            layers.MaxPooling2D((5, 4), strides=(4, 3), name="pool"),
            layers.Conv2D(4, 3, activation=layers.LeakyReLU(0.1), name="alpha"),
            layers.MaxPooling2D((3, 4), name="pool2"),
            layers.Flatten(name="flat"),
            layers.BatchNormalization(center=False, name="norm_of_flat"),
            layers.Activation("leaky_relu", name="activation"),
            layers.Dense(6, use_bias=False, activation="relu", name="zz"),
            layers.Dense(7, name="aa"),
            layers.Softmax(name="end"),
        ]
    )


def pooled(k):
    """Global average pooling, logits at the end."""
    layers = k.layers
    return k.Sequential(
        [
            k.Input((SIDE, SIDE, 1)),
            layers.Rescaling(1 / 127.5, offset=-1),
            layers.Conv2D(4, 5, padding="same"),
            layers.Activation("relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(7),
        ]
    )


def randomise(model, seed, full):
    random = np.random.default_rng(seed)
    for layer in model.layers:
        values = []
        for weight in layer.weights:
            name, shape = weight.name, tuple(weight.shape)
            if "kernel" in name:
                fan_in = np.prod(shape[:-1])
                # Small logits, so that no softmax hides the differences by being certain.
                deviation = 0.1 if layer.name in ("aa", "dense_2" if full else "dense_1") else np.sqrt(2 / fan_in)
                values.append(random.normal(0, deviation, shape))
            elif "gamma" in name or "variance" in name:
                values.append(random.uniform(0.5, 1.5, shape))
            else:
                values.append(random.normal(0, 0.3, shape))
            if layer.name == "scale_me" and "moving" in name:
                values[-1][:] = 128 if "mean" in name else 5000
        if values:
            layer.set_weights([v.astype(np.float32) for v in values])


def main():
    folder = pathlib.Path(sys.argv[1])
    full = "--full" in sys.argv[2:]
    folder.mkdir(parents=True, exist_ok=True)
    inputs = pictures().astype(np.float32)
    jobs = []
    for generation, k in [("keras2", tf_keras), ("keras3", keras)]:
        if full:
            jobs += [(f"{generation}_full", original(k, True), ["h5", "keras"])]
        else:
            jobs += [
                (f"{generation}_original", original(k), ["h5"]),
                (f"{generation}_variant", variant(k), ["keras"]),
            ]
            if k is tf_keras:
                jobs.append((f"{generation}_pooled", pooled(k), ["h5"]))
    for seed, (name, model, formats) in enumerate(jobs):
        randomise(model, seed, full)
        output = np.asarray(model.predict(inputs, batch_size=16, verbose=0), "<f4")
        assert output.shape == (COUNT, 7) and output.std(axis=0).min() > 1e-4, output.std(axis=0)
        for extension in formats:
            model.save(folder / f"{name}.{extension}")
        output.tofile(folder / f"{name}.output")


main()
