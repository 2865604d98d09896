#!/usr/bin/env python3
"""Expected losses and gradients of the four architectures, from the definitions, in NumPy alone.

Shares no code with the C++: tensors are made from the table's documented order, attention is written
with loops over heads and queries, gradients are central differences. The values that
language_model_values_test.cpp stores are the output of this script. Weights: element i of tensor n
(the n-th of the table, from 0) is 0.3 sin(1 + 0.37 n + 0.91 i), plus 1 for a norm's scale. Token i
of the batch is (i^2 + 3 i + 1) mod V. With `tiny` as argument, sizes are those of
tests/model/device/device_model_values_test.cpp. Definitions: Primer (So et al. 2021, arXiv 2109.08668) and
its released T5 configuration.
"""
import sys

import numpy as np

LAYERS, BATCH = 2, 2
D, HEAD, HIDDEN, GATED_HIDDEN, T, V = ((16, 8, 32, 24, 21, 43) if "tiny" in sys.argv[1:]
                                       else (12, 4, 20, 16, 37, 29))
HEADS = D // HEAD
Z_LOSS = 0.01
ARCHITECTURES = ["transformer", "transformer++", "primer-ez", "primer"]


def table(name):
    plus, conv, shared = name == "transformer++", name.startswith("primer"), name == "primer"
    hidden = GATED_HIDDEN if plus else HIDDEN

    def norm(prefix):
        yield prefix + ".scale", (D,)
        if not plus:
            yield prefix + ".bias", (D,)

    yield "embedding", (V, D)
    yield "relative_bias", (HEADS, 32)
    for layer in range(LAYERS):
        p = f"layers.{layer}."
        yield from norm(p + "attention.norm")
        for part in ["key", "value"] if shared else ["query", "key", "value"]:
            yield p + "attention." + part, (D, D)
        if shared:
            yield p + "attention.query_from_key", (D, D)
        if conv:
            for part in ["key", "value"] if shared else ["query", "key", "value"]:
                for tap in range(3):
                    yield p + f"attention.{part}_convolution.{tap}", (D,)
        yield p + "attention.output", (D, D)
        yield from norm(p + "feed_forward.norm")
        if plus:
            yield p + "feed_forward.gate", (hidden, D)
        yield p + "feed_forward.in", (hidden, D)
        if plus:
            yield p + "feed_forward.gate_bias", (hidden,)
        yield p + "feed_forward.in_bias", (hidden,)
        yield p + "feed_forward.out", (D, hidden)
        yield p + "feed_forward.out_bias", (D,)
    yield from norm("final_norm")


def make_weights(name):
    weights = {}
    for n, (tensor, shape) in enumerate(table(name)):
        i = np.arange(np.prod(shape))
        w = 0.3 * np.sin(1 + 0.37 * n + 0.91 * i)
        weights[tensor] = (w + (1.0 if tensor.endswith(".scale") else 0.0)).reshape(shape)
    return weights


def bucket(n):
    return n if n < 16 else min(31, 16 + int(np.log(n / 16) / np.log(128 / 16) * 16))


def norm(name, w, prefix, x):
    scale = w[prefix + ".scale"]
    if name == "transformer++":
        return x / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + 1e-6) * scale
    mean = np.mean(x, axis=-1, keepdims=True)
    c = x - mean
    variance = np.mean(x * c if name == "primer" else c * c, axis=-1, keepdims=True)
    return c / np.sqrt(variance + 1e-6) * scale + w[prefix + ".bias"]


def convolve(w, prefix, x):
    y = np.zeros_like(x)
    for t in range(len(x)):
        for tap in range(3):
            if t - tap >= 0:
                y[t] += w[f"{prefix}_convolution.{tap}"] * x[t - tap]
    return y


def attention(name, w, p, x):
    project = lambda part: x @ w[p + part].T
    k, v = project("key"), project("value")
    if name.startswith("primer"):
        k, v = convolve(w, p + "key", k), convolve(w, p + "value", v)
    if name == "primer":
        q = k @ w[p + "query_from_key"].T
    else:
        q = project("query")
        if name == "primer-ez":
            q = convolve(w, p + "query", q)
    out = np.zeros((T, D))
    for h in range(HEADS):
        part = slice(h * HEAD, (h + 1) * HEAD)
        for t in range(T):
            logits = np.array([q[t, part] @ k[s, part] + w["relative_bias"][h, bucket(t - s)]
                               for s in range(t + 1)])
            e = np.exp(logits - logits.max())
            out[t, part] = (e / e.sum()) @ v[: t + 1, part]
    return out @ w[p + "output"].T


def feed_forward(name, w, p, x):
    h = x @ w[p + "in"].T + w[p + "in_bias"]
    if name == "transformer++":
        g = x @ w[p + "gate"].T + w[p + "gate_bias"]
        h = g / (1 + np.exp(-g)) * h
    else:
        h = np.maximum(h, 0)
        if name.startswith("primer"):
            h = h * h
    return h @ w[p + "out"].T + w[p + "out_bias"]


def token_values(name, w):
    """Cross-entropy and log Z of every token, [BATCH, T]."""
    i = np.arange(BATCH * T)
    tokens = ((i * i + 3 * i + 1) % V).reshape(BATCH, T)
    losses, log_z = np.zeros((BATCH, T)), np.zeros((BATCH, T))
    for b in range(BATCH):
        x = w["embedding"][np.concatenate([[0], tokens[b, :-1]])]
        for layer in range(LAYERS):
            p = f"layers.{layer}."
            x = x + attention(name, w, p + "attention.",
                              norm(name, w, p + "attention.norm", x))
            f = p + "feed_forward."
            if name == "primer":
                x = x + norm(name, w, f + "norm", feed_forward(name, w, f, x))
            else:
                x = x + feed_forward(name, w, f, norm(name, w, f + "norm", x))
        logits = norm(name, w, "final_norm", x) * D**-0.5 @ w["embedding"].T
        log_z[b] = np.log(np.exp(logits).sum(axis=-1))
        losses[b] = log_z[b] - logits[np.arange(T), tokens[b]]
    return losses, log_z


def objective(name, w):
    losses, log_z = token_values(name, w)
    return losses.mean() + Z_LOSS * (log_z**2).mean()


def main():
    for name in ARCHITECTURES:
        w = make_weights(name)
        losses, _ = token_values(name, w)
        print(name, "mean", repr(float(losses.mean())))
        places = (0, 0), (0, T - 1), (1, T // 2 + 2)
        print("  tokens", *places, ":", *(repr(float(losses[place])) for place in places))
        for tensor in list(w):
            if tensor.startswith("layers.1"):
                continue
            i, step = min(w[tensor].size - 1, 17), 1e-5
            sides = []
            for sign in (1, -1):
                moved = {k: v.copy() for k, v in w.items()}
                moved[tensor].flat[i] += sign * step
                sides.append(objective(name, moved))
            print(f'  {{"{tensor}", {i}, {(sides[0] - sides[1]) / (2 * step):.9e}}},')


if __name__ == "__main__":
    main()
