"""Multinomial logistic regression on soft targets, for scripts that stack what nets say. Needs numpy."""

import numpy

STEPS, MOMENTUM = 600, 0.9


def softmax(logits: numpy.ndarray) -> numpy.ndarray:
    powers = numpy.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def logistic_regression(x: numpy.ndarray, targets: numpy.ndarray, strength: float):
    """Weights `[inputs][classes]` and biases that make `softmax(x @ weights + biases)` likely for targets that sum
    to 1, held small by `strength`, for inputs brought to deviation 1. By gradient descent with momentum."""
    middle, spread = x.mean(0), x.std(0) + 1e-3
    z = (x - middle) / spread
    weights, biases = numpy.zeros((z.shape[1], targets.shape[1])), numpy.log(targets.mean(0) + 1e-3)
    step = 1 / (0.5 * numpy.linalg.norm(z, 2) ** 2 / len(z) + strength)
    speeds = [numpy.zeros_like(weights), numpy.zeros_like(biases)]
    for _ in range(STEPS):
        error = softmax(z @ weights + biases) - targets
        slopes = (z.T @ error / len(z) + strength * weights, error.mean(0))
        speeds = [MOMENTUM * speed - step * (1 - MOMENTUM) * 4 * slope for speed, slope in zip(speeds, slopes)]
        weights, biases = weights + speeds[0], biases + speeds[1]
    weights = weights / spread[:, None]
    return weights, biases - middle @ weights
