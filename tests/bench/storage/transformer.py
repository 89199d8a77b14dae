# SPDX-License-Identifier: Apache-2.0
"""A small GPT over bytes in JAX, trained for real: what the storage benchmark's weights come from. Not a good model."""

import functools
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

VOCABULARY = 256


@dataclass(frozen=True)
class Shape:
    width: int
    layers: int
    heads: int
    context: int


def initial_weights(shape, seed):
    """Named fp32 arrays, initialised as GPT-2 is: normal with 0.02, residual projections scaled by depth."""
    random = np.random.default_rng(seed)
    weights = {}

    def normal(name, *size, scale=0.02):
        weights[name] = random.normal(0, scale, size).astype(np.float32)

    def norm(name):
        weights[name + ".weight"] = np.ones(shape.width, np.float32)
        weights[name + ".bias"] = np.zeros(shape.width, np.float32)

    normal("transformer.wte.weight", VOCABULARY, shape.width)
    normal("transformer.wpe.weight", shape.context, shape.width)
    residual = 0.02 / np.sqrt(2 * shape.layers)
    for layer in range(shape.layers):
        prefix = f"transformer.h.{layer}."
        norm(prefix + "ln_1")
        normal(prefix + "attn.c_attn.weight", shape.width, 3 * shape.width)
        normal(prefix + "attn.c_proj.weight", shape.width, shape.width, scale=residual)
        norm(prefix + "ln_2")
        normal(prefix + "mlp.c_fc.weight", shape.width, 4 * shape.width)
        normal(prefix + "mlp.c_proj.weight", 4 * shape.width, shape.width, scale=residual)
    norm("transformer.ln_f")
    return weights


def _norm(weights, name, x):
    x = x - x.mean(-1, keepdims=True)
    x = x * jax.lax.rsqrt((x * x).mean(-1, keepdims=True) + 1e-5)
    return x * weights[name + ".weight"] + weights[name + ".bias"]


def _attention(weights, prefix, x, shape):
    batch, time, width = x.shape
    heads = (batch, time, shape.heads, width // shape.heads)
    query, key, value = (part.reshape(heads) for part in jnp.split(x @ weights[prefix + "c_attn.weight"], 3, -1))
    scores = jnp.einsum("bqhd,bkhd->bhqk", query, key) / np.sqrt(heads[-1])
    scores = jnp.where(np.tril(np.ones((time, time), bool)), scores, -1e9)
    mixed = jnp.einsum("bhqk,bkhd->bqhd", jax.nn.softmax(scores, -1), value)
    return mixed.reshape(batch, time, width) @ weights[prefix + "c_proj.weight"]


def loss_of(weights, tokens, shape):
    """Mean cross-entropy in nats a byte of `tokens` (batch, context + 1)."""
    inputs, targets = tokens[:, :-1], tokens[:, 1:]
    x = weights["transformer.wte.weight"][inputs] + weights["transformer.wpe.weight"][: inputs.shape[1]]
    for layer in range(shape.layers):
        prefix = f"transformer.h.{layer}."
        x = x + _attention(weights, prefix + "attn.", _norm(weights, prefix + "ln_1", x), shape)
        hidden = jax.nn.gelu(_norm(weights, prefix + "ln_2", x) @ weights[prefix + "mlp.c_fc.weight"])
        x = x + hidden @ weights[prefix + "mlp.c_proj.weight"]
    logits = _norm(weights, "transformer.ln_f", x) @ weights["transformer.wte.weight"].T
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), targets[..., None], -1).mean()


@functools.partial(jax.jit, static_argnames=("shape", "trained"), donate_argnums=(0, 1, 2))
def _step(weights, first, second, step, rate, tokens, shape, trained):
    """One step of Adam (beta 0.9, 0.95), the gradient clipped to norm 1; only names in `trained` change."""
    part = {name: weights[name] for name in trained}
    loss, gradient = jax.value_and_grad(lambda some: loss_of({**weights, **some}, tokens, shape))(part)
    norm = jnp.sqrt(sum((g * g).sum() for g in gradient.values()))
    scale = jnp.minimum(1.0, 1.0 / (norm + 1e-6))
    weights = dict(weights)
    for name, g in gradient.items():
        g = g * scale
        first[name] = 0.9 * first[name] + 0.1 * g
        second[name] = 0.95 * second[name] + 0.05 * g * g
        mean = first[name] / (1 - 0.9**step)
        spread = jnp.sqrt(second[name] / (1 - 0.95**step))
        weights[name] = weights[name] - rate * mean / (spread + 1e-8)
    return weights, first, second, loss


def train(weights, shape, text, *, steps, rate, batch, seed, keep, trained=None):
    """Yields (step, weights as numpy, loss) after each step in `keep`. `text` is an array of bytes; `rate` gives the
    learning rate of a step, counted from 1."""
    trained = tuple(sorted(weights if trained is None else trained))
    random = np.random.default_rng(seed)
    state = {name: jnp.array(value) for name, value in weights.items()}
    first = {name: jnp.zeros_like(state[name]) for name in trained}
    second = {name: jnp.zeros_like(state[name]) for name in trained}
    for step in range(1, steps + 1):
        starts = random.integers(0, len(text) - shape.context - 1, batch)
        tokens = np.stack([text[start : start + shape.context + 1] for start in starts]).astype(np.int32)
        state, first, second, loss = _step(
            state, first, second, float(step), float(rate(step)), tokens, shape=shape, trained=trained
        )
        if step in keep:
            yield step, {name: np.array(value) for name, value in state.items()}, float(loss)
