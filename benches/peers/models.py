"""What both peers start from: the training examples in memory, their order, and initial weights of the same shapes and scale as Collapsar's.

Weights are nested dictionaries of numpy arrays; a matrix maps row vectors, `[inputs, outputs]`.
"""

import gzip
import math

import numpy as np

from experiments import ROOT

FASHION = ROOT / "assets" / "fashion-mnist" / "train-images-idx3-ubyte.gz"
# Smallest and largest log variance that the encoder gives.
LOG_VARIANCE_RANGE = (-12.0, 4.0)
# Examples used at most for principal directions.
LARGEST_SAMPLE = 4096
INITIAL_CURVATURE = 0.7
# Batches whose positions are drawn together, at least.
BATCHES_TOGETHER = 1024


def training_data(settings):
    """Training examples, float32 `[n, D]`."""
    if settings.source == "fashion-mnist":
        return fashion_mnist()
    if settings.source == "pinwheel":
        return pinwheel(settings.examples)
    raise SystemExit(f"the peers have no data called {settings.source}")


def fashion_mnist():
    """Built-in images on [0, 1], as many of them as Collapsar trains on (`src/data/split.rs`)."""
    content = gzip.decompress(FASHION.read_bytes())
    count, height, width = np.frombuffer(content, ">u4", 3, offset=4)
    images = np.frombuffer(content, np.uint8, offset=16).reshape(count, height * width)
    held_out = min(max(count // 5, min(1024, count // 4)), 10_000)
    order = np.random.default_rng(1).permutation(count)
    return images[order[held_out:]].astype(np.float32) / np.float32(255)


def pinwheel(count):
    """Five bent arms in the plane (`src/data/synthetic/pinwheel.rs`)."""
    generator = np.random.default_rng(1)
    along = 1 + 0.3 * generator.standard_normal(count)
    across = 0.05 * generator.standard_normal(count)
    angle = 2 * math.pi * generator.integers(0, 5, count) / 5 + 0.25 * np.exp(along)
    points = (along * np.cos(angle) + across * np.sin(angle), across * np.cos(angle) - along * np.sin(angle))
    return np.stack(points, 1).astype(np.float32)


class Positions:
    """Where the batches are in the training set: epoch after epoch, each a fresh permutation, batches across their borders."""

    def __init__(self, examples, batch_size):
        self.examples, self.batch_size = examples, batch_size
        self.generator = np.random.default_rng(7)

    def draw(self):
        """Positions of the coming batches, int32 `[batches * batch_size]`."""
        epochs = math.ceil(BATCHES_TOGETHER * self.batch_size / self.examples)
        positions = np.concatenate([self.generator.permutation(self.examples) for _ in range(epochs)])
        return positions[: len(positions) // self.batch_size * self.batch_size].astype(np.int32)


def initial(settings, data):
    """Initial weights, and what is fixed: the encoder's centre and β."""
    draw = Initializer(np.random.default_rng(7))
    mean = data.mean(0)
    latent, dimensions = settings.latent_dimensions, data.shape[1]
    last = settings.hidden[-1]
    encoder = {
        "hidden": draw.mlp(dimensions, settings.hidden),
        "mean": draw.dense(last, latent),
        "log_variance": draw.dense(last, latent),
    }
    fixed = {"center": mean}
    offset = mean
    if settings.likelihood == "bernoulli":
        inside = mean.clip(0.01, 0.99)
        offset = np.log(inside / (1 - inside))
    if settings.decoder == "standard":
        decoder = {"hidden": draw.mlp(latent, settings.hidden), "output": draw.dense(last, dimensions, offset)}
    else:
        rank = max(min(settings.quadratic_rank, dimensions), latent)
        directions = principal_directions(data, rank) if settings.projection == "principal" else np.eye(rank, dimensions)
        fixed["projection"] = directions[:latent].astype(np.float32)
        decoder = {
            "latent_map": draw.brenier_map(
                latent, settings.latent_map_hidden or settings.hidden, np.zeros(latent), np.eye(latent)
            ),
            "output_map": draw.brenier_map(
                dimensions, settings.output_map_hidden or settings.hidden, offset, directions
            ),
        }
    return {"encoder": encoder, "decoder": decoder}, fixed


def principal_directions(data, count):
    """Top principal directions, orthonormal rows `[count, D]`."""
    sample = data[:LARGEST_SAMPLE] - data[:LARGEST_SAMPLE].mean(0)
    _, vectors = np.linalg.eigh(sample.T @ sample)
    return vectors[:, ::-1][:, :count].T.copy()


def constant(settings, dimensions):
    """What of an example's negative log-likelihood depends neither on the example nor on the weights, nats."""
    if settings.likelihood == "bernoulli":
        return 0.0
    return 0.5 * dimensions * math.log(2 * math.pi * settings.sigma**2)


def parameter_count(weights):
    """Numbers in a nest of arrays."""
    if isinstance(weights, np.ndarray):
        return weights.size
    return sum(map(parameter_count, weights.values() if isinstance(weights, dict) else weights))


class Initializer:
    """Layers with the distributions of `src/nn`."""

    def __init__(self, generator):
        self.generator = generator

    def normal(self, *shape, mean=0.0, sd=1.0):
        return (mean + sd * self.generator.standard_normal(shape)).astype(np.float32)

    def dense(self, inputs, outputs, bias=None):
        weight = self.normal(inputs, outputs, sd=math.sqrt(2 / (inputs + outputs)))
        return {"weight": weight, "bias": np.zeros(outputs, np.float32) if bias is None else bias.astype(np.float32)}

    def mlp(self, inputs, hidden):
        return [self.dense(*widths) for widths in zip((inputs, *hidden), hidden)]

    def brenier_map(self, dimensions, hidden, linear, quadratic):
        def positive(*shape):
            # softplus of it is about 1 / fan-in.
            return self.normal(*shape, mean=math.log(math.expm1(1 / shape[0])), sd=0.1)

        return {
            "inputs": [self.normal(dimensions, width, sd=math.sqrt(1 / dimensions)) for width in hidden],
            "biases": [self.normal(width, sd=0.5) for width in hidden],
            "raw_weights": [positive(*widths) for widths in zip(hidden, hidden[1:])],
            "raw_output": positive(hidden[-1]),
            "linear": linear.astype(np.float32),
            "quadratic": (INITIAL_CURVATURE * quadratic).astype(np.float32),
        }
