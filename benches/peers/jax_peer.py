"""The models in JAX on the CPU: one jitted step with donated state, which gathers the batch, draws random numbers, differentiates and updates.

With `--steps-per-call N`, N steps of it in a `lax.scan`.
"""

import os
from collections import deque
from functools import partial

import harness

options = harness.arguments(
    __doc__.splitlines()[0],
    lambda parser: parser.add_argument("--steps-per-call", type=int, default=1, metavar="N", help="steps in one call, by lax.scan"),
)
os.environ["JAX_PLATFORMS"] = "cpu"
if options.threads == 1:
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"

import jax  # noqa: E402  (flags are read when it is imported)
import jax.numpy as jnp  # noqa: E402
from jax.flatten_util import ravel_pytree  # noqa: E402

from models import LOG_VARIANCE_RANGE, constant, parameter_count  # noqa: E402

# Calls ahead of the losses that are read back: dispatch does not wait for the computation.
CALLS_AHEAD = 4
# Fewer weights than these are kept in one vector: a call costs as much for a small array as for a large one.
LARGEST_VECTOR = 100_000
FIRST_DECAY, SECOND_DECAY, EPSILON = 0.9, 0.999, 1e-8


@jax.custom_jvp
def softplus(x):
    """As `jax.nn.softplus`, with half the time for the value and its gradient together."""
    return jnp.maximum(x, 0) + jnp.log1p(jnp.exp(-jnp.abs(x)))


softplus.defjvps(lambda tangent, _, x: tangent * jax.nn.sigmoid(x))


def dense(x, layer):
    return x @ layer["weight"] + layer["bias"]


def mlp(x, layers):
    for layer in layers:
        x = jnp.tanh(dense(x, layer))
    return x


def brenier_map(x, weights, convexity, projection=None):
    """Gradient of the potential at x, or at x β with β multiplied into the weights (`src/nn/brenier_map.rs`)."""

    def through(matrix):
        return matrix if projection is None else projection @ matrix

    inputs, biases = weights["inputs"], weights["biases"]
    positive = [softplus(raw) for raw in weights["raw_weights"]]
    preactivations = [x @ through(inputs[0]) + biases[0]]
    for l, weight in enumerate(positive):
        affine = x @ through(inputs[l + 1]) + biases[l + 1]
        preactivations.append(softplus(preactivations[l]) @ weight + affine)

    delta = softplus(weights["raw_output"])
    gradient = weights["linear"]
    for l in reversed(range(len(preactivations))):
        e = jax.nn.sigmoid(preactivations[l]) * delta
        if l > 0:
            delta = e @ positive[l - 1].T
        gradient = e @ inputs[l].T + gradient

    quadratic = weights["quadratic"]
    gradient = x @ through(quadratic.T) @ quadratic + gradient
    if convexity > 0:
        at = x if projection is None else x @ projection
        gradient = convexity * at + gradient
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
    log_variance = dense(hidden, encoder["log_variance"]).clip(*LOG_VARIANCE_RANGE)
    z = mean + jnp.exp(0.5 * log_variance) * noise
    natural = decode(z, weights["decoder"], fixed, settings)
    if settings.likelihood == "bernoulli":
        reconstruction = jnp.sum(softplus(natural) - x * natural)
    else:
        reconstruction = jnp.sum(jnp.square(natural - x)) * (0.5 / settings.sigma**2)
    kl = 0.5 * jnp.sum(jnp.square(mean) + jnp.exp(log_variance) - log_variance - 1)
    return (reconstruction + kl) / len(x) + constant(settings, x.shape[1])


def adam(weights, first, second, gradient, steps, settings):
    """One update with a clip on the global norm."""
    norm = jnp.sqrt(sum(jnp.vdot(leaf, leaf) for leaf in jax.tree.leaves(gradient)))
    scale = jnp.minimum(1.0, settings.gradient_clip / norm)
    steps = steps.astype(jnp.float32)
    rate = settings.learning_rate / (1 - FIRST_DECAY**steps)
    correction = 1 / (1 - SECOND_DECAY**steps)
    first = jax.tree.map(lambda m, g: FIRST_DECAY * m + (1 - FIRST_DECAY) * scale * g, first, gradient)
    second = jax.tree.map(lambda v, g: SECOND_DECAY * v + (1 - SECOND_DECAY) * jnp.square(scale * g), second, gradient)
    weights = jax.tree.map(lambda w, m, v: w - rate * m / (jnp.sqrt(v * correction) + EPSILON), weights, first, second)
    return weights, first, second


@partial(jax.jit, static_argnames=("unravel", "settings", "count"), donate_argnames="state")
def steps(state, data, order, fixed, unravel, settings, count):
    """So many steps; their losses, `[count]`. `unravel` makes layers of the weights as they are kept."""

    def loss_of(weights, x, noise):
        return negative_elbo(unravel(weights), fixed, x, noise, settings)

    def step(state, _):
        batches = len(order) // settings.batch_size
        start = state["step"] % batches * settings.batch_size
        x = data[jax.lax.dynamic_slice(order, (start,), (settings.batch_size,))]
        key, for_pixels, for_noise = jax.random.split(state["key"], 3)
        if settings.likelihood == "bernoulli":
            x = (jax.random.uniform(for_pixels, x.shape) < x).astype(x.dtype)
        noise = jax.random.normal(for_noise, (settings.batch_size, settings.latent_dimensions))
        loss, gradient = jax.value_and_grad(loss_of)(state["weights"], x, noise)
        taken = state["step"] + 1
        weights, first, second = adam(state["weights"], state["first"], state["second"], gradient, taken, settings)
        return {"step": taken, "key": key, "weights": weights, "first": first, "second": second}, loss

    if count > 1:
        return jax.lax.scan(step, state, length=count)
    state, loss = step(state, None)
    return state, loss[None]


def as_they_are(weights):
    return weights


class Trainer:
    def __init__(self, settings, data, weights, fixed, positions):
        self.settings, self.positions = settings, positions
        self.data = jnp.asarray(data)
        self.fixed = jax.tree.map(jnp.asarray, fixed)
        self.parameters = parameter_count(weights)
        self.initial, self.unravel = jax.tree.map(jnp.asarray, weights), as_they_are
        if self.parameters < LARGEST_VECTOR:
            self.initial, self.unravel = ravel_pytree(self.initial)

    def reset(self):
        def zeros():
            return jax.tree.map(jnp.zeros_like, self.initial)

        weights = jax.tree.map(jnp.copy, self.initial)
        self.state = {"step": jnp.int32(0), "key": jax.random.key(7), "weights": weights, "first": zeros(), "second": zeros()}
        self.left = 0
        self.unread = deque()
        self.losses = []

    def step(self):
        count = options.steps_per_call
        if self.left < count:
            self.order = jnp.asarray(self.positions.draw())
            self.left = len(self.order) // self.settings.batch_size
        self.left -= count
        self.state, losses = steps(self.state, self.data, self.order, self.fixed, self.unravel, self.settings, count)
        self.unread.append(losses)
        if len(self.unread) > CALLS_AHEAD:
            self.read()
        return count

    def read(self):
        self.losses.extend(self.unread.popleft().tolist())

    def finish(self):
        while self.unread:
            self.read()


if __name__ == "__main__":
    harness.run(options, f"JAX {jax.__version__}", Trainer)
