"""The models in PyTorch on the CPU: eager, or with `--compile` through torch.compile.

Functions of plain tensors instead of `nn.Module`s, fused Adam, and the Brenier map's gradient in closed form: a step of the small models is mostly
Python, and each of these makes it shorter.
"""

import harness

options = harness.arguments(
    __doc__.splitlines()[0],
    lambda parser: parser.add_argument("--compile", action="store_true", help="compile the loss and its gradient"),
)

import torch  # noqa: E402  (threads are counted when it is imported)
from torch.nn import functional as F  # noqa: E402

from models import LOG_VARIANCE_RANGE, constant, parameter_count  # noqa: E402


def dense(x, layer):
    return torch.addmm(layer["bias"], x, layer["weight"])


def mlp(x, layers):
    for layer in layers:
        x = torch.tanh(dense(x, layer))
    return x


def brenier_map(x, weights, convexity, projection=None):
    """Gradient of the potential at x, or at x β with β multiplied into the weights (`src/nn/brenier_map.rs`)."""

    def through(matrix):
        return matrix if projection is None else projection @ matrix

    inputs, biases = weights["inputs"], weights["biases"]
    positive = [F.softplus(raw) for raw in weights["raw_weights"]]
    preactivations = [torch.addmm(biases[0], x, through(inputs[0]))]
    for l, weight in enumerate(positive):
        affine = torch.addmm(biases[l + 1], x, through(inputs[l + 1]))
        preactivations.append(torch.addmm(affine, F.softplus(preactivations[l]), weight))

    delta = F.softplus(weights["raw_output"])
    gradient = weights["linear"]
    for l in reversed(range(len(preactivations))):
        e = torch.sigmoid(preactivations[l]) * delta
        if l > 0:
            delta = e @ positive[l - 1].T
        gradient = torch.addmm(gradient, e, inputs[l].T)

    quadratic = weights["quadratic"]
    gradient = torch.addmm(gradient, x @ through(quadratic.T), quadratic)
    if convexity > 0:
        at = x if projection is None else x @ projection
        gradient = torch.add(gradient, at, alpha=convexity)
    return gradient


def decode(z, weights, fixed, settings):
    if settings.decoder == "standard":
        return dense(mlp(z, weights["hidden"]), weights["output"])
    u = brenier_map(z, weights["latent_map"], settings.convexity)
    return brenier_map(u, weights["output_map"], settings.convexity, fixed["projection"])


def negative_elbo(weights, fixed, x, noise, settings):
    """Mean over the batch `x: [batch, D]` at one sample of each posterior, nats per example."""
    encoder = weights["encoder"]
    hidden = mlp(x - fixed["center"], encoder["hidden"])
    mean = dense(hidden, encoder["mean"])
    log_variance = dense(hidden, encoder["log_variance"]).clamp(*LOG_VARIANCE_RANGE)
    z = mean + torch.exp(0.5 * log_variance) * noise
    natural = decode(z, weights["decoder"], fixed, settings)
    if settings.likelihood == "bernoulli":
        reconstruction = F.binary_cross_entropy_with_logits(natural, x, reduction="sum")
    else:
        reconstruction = F.mse_loss(natural, x, reduction="sum") * (0.5 / settings.sigma**2)
    kl = 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).sum()
    return (reconstruction + kl) / len(x) + constant(settings, x.shape[1])


def tree_map(function, tree):
    if isinstance(tree, dict):
        return {key: tree_map(function, value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [tree_map(function, value) for value in tree]
    return function(tree)


class Trainer:
    def __init__(self, settings, data, weights, fixed, positions):
        self.settings, self.positions = settings, positions
        self.data = torch.from_numpy(data)
        self.initial = tree_map(torch.from_numpy, weights)
        self.fixed = tree_map(torch.from_numpy, fixed)
        self.parameters = parameter_count(weights)
        self.negative_elbo = torch.compile(negative_elbo, dynamic=False) if options.compile else negative_elbo

    def reset(self):
        torch.manual_seed(7)
        self.weights = tree_map(lambda value: value.clone().requires_grad_(), self.initial)
        self.leaves = []
        tree_map(self.leaves.append, self.weights)
        self.optimizer = torch.optim.Adam(self.leaves, lr=self.settings.learning_rate, fused=True)
        self.batches = iter(())
        self.losses = []

    def batch(self):
        """The coming batch, binarised afresh where the likelihood is Bernoulli."""
        positions = next(self.batches, None)
        if positions is None:
            self.batches = iter(torch.from_numpy(self.positions.draw()).split(self.settings.batch_size))
            positions = next(self.batches)
        x = self.data.index_select(0, positions)
        return torch.rand_like(x).lt_(x) if self.settings.likelihood == "bernoulli" else x

    def step(self):
        x = self.batch()
        noise = torch.randn(len(x), self.settings.latent_dimensions)
        loss = self.negative_elbo(self.weights, self.fixed, x, noise, self.settings)
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.leaves, self.settings.gradient_clip, foreach=True)
        self.optimizer.step()
        self.losses.append(loss.item())
        return 1

    def finish(self):
        """Nothing is left to wait for: PyTorch's CPU operations are done when they return."""


if __name__ == "__main__":
    torch.set_num_threads(options.threads)
    harness.run(options, f"PyTorch {torch.__version__}", Trainer)
