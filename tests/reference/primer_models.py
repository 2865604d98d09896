"""The five architectures of So et al. 2021 (arXiv 2109.08668) in plain PyTorch.

Written from the paper and the released T5 configuration alone, as an independent reference for
isoloss's own code and as the peer that `isoloss bench --peer` times. Parameter names and shapes are
those of isoloss's parameter table (matrices [out, in]), so that weights are handed over by name.

Frame (released T5 code): pre-norm decoder, tied embedding, logits (h d_model^-1/2) E^T, no 1/sqrt(d)
in the attention (it is in the initial query weights), one bias table [heads, 32] shared by all layers
and added unscaled to the logits, biases in the feed-forward only, loss mean cross-entropy +
z_loss * mean log(Z)^2, inputs shifted right with id 0 first.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn


@dataclass
class Config:
    activation: str = "relu"
    gated: bool = False
    norm: str = "layer"  # layer, rms, primer
    primer_placement: bool = False  # norm after the feed-forward, inside its branch
    convolution: bool = False  # causal depthwise convolution of width 3 on Q, K, V
    shared_qk: bool = False
    layers: int = 2
    d_model: int = 128
    d_head: int = 32
    d_ff: int = 256  # the hidden width itself, gated or not
    sequence: int = 32
    vocabulary: int = 160
    buckets: int = 32
    max_distance: int = 128

    @property
    def heads(self):
        return self.d_model // self.d_head


ARCHITECTURES = {
    "transformer": {},
    "transformer-gelu": {"activation": "gelu"},
    "transformer++": {"activation": "swish", "gated": True, "norm": "rms"},
    "primer-ez": {"activation": "squared_relu", "convolution": True},
    "primer": {
        "activation": "squared_relu",
        "convolution": True,
        "shared_qk": True,
        "norm": "primer",
        "primer_placement": True,
    },
}

ACTIVATIONS = {
    "relu": F.relu,
    "gelu": lambda x: 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "swish": lambda x: x * torch.sigmoid(x),
    "squared_relu": lambda x: F.relu(x) ** 2,
}


class Norm(nn.Module):
    EPSILON = 1e-6

    def __init__(self, config):
        super().__init__()
        self.kind = config.norm
        self.scale = nn.Parameter(torch.ones(config.d_model))
        if self.kind != "rms":
            self.bias = nn.Parameter(torch.zeros(config.d_model))

    def forward(self, x):
        if self.kind == "rms":
            mean_square = x.square().mean(-1, keepdim=True)
            return x * torch.rsqrt(mean_square + self.EPSILON) * self.scale
        centred = x - x.mean(-1, keepdim=True)
        # The paper's own norm: mean(x (x - mean)) where LayerNorm has mean((x - mean)^2).
        factor = x if self.kind == "primer" else centred
        variance = (factor * centred).mean(-1, keepdim=True)
        return centred * torch.rsqrt(variance + self.EPSILON) * self.scale + self.bias


def convolve(x, taps):
    """y_t = w0 x_t + w1 x_{t-1} + w2 x_{t-2} by channel; x is [batch, length, channels]."""
    y = taps[0] * x
    for steps in (1, 2):
        y = y + taps[steps] * F.pad(x, (0, 0, steps, 0))[:, : x.shape[1]]
    return y


class Attention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        c, width = config, config.heads * config.d_head
        draw = lambda *shape, std: nn.Parameter(torch.randn(*shape) * std)
        self.norm = Norm(c)
        if not c.shared_qk:
            self.query = draw(width, c.d_model, std=(c.d_model * c.d_head) ** -0.5)
        self.key = draw(width, c.d_model, std=c.d_model**-0.5)
        self.value = draw(width, c.d_model, std=c.d_model**-0.5)
        if c.shared_qk:
            self.query_from_key = draw(width, width, std=width**-0.5)
        self.output = draw(c.d_model, width, std=width**-0.5)
        if c.convolution:
            taps = lambda: nn.ParameterList([torch.full((width,), 0.5 / n) for n in (1, 3, 3)])
            if not c.shared_qk:
                self.query_convolution = taps()
            self.key_convolution = taps()
            self.value_convolution = taps()

    def forward(self, x, bias):
        c = self.config
        rows, length, _ = x.shape
        x = self.norm(x)
        k, v = F.linear(x, self.key), F.linear(x, self.value)
        if c.convolution:
            k, v = convolve(k, self.key_convolution), convolve(v, self.value_convolution)
        if c.shared_qk:
            q = F.linear(k, self.query_from_key)
        else:
            q = F.linear(x, self.query)
            if c.convolution:
                q = convolve(q, self.query_convolution)
        by_head = lambda y: y.view(rows, length, c.heads, c.d_head).transpose(1, 2)
        q, k, v = by_head(q), by_head(k), by_head(v)
        # With a bias that is trained, scaled_dot_product_attention computes the same products and is
        # no faster on a CPU.
        logits = (q @ k.transpose(-1, -2)).to(bias.dtype) + bias
        y = torch.softmax(logits, -1).to(v.dtype) @ v
        return F.linear(y.transpose(1, 2).reshape(rows, length, -1), self.output)


class FeedForward(nn.Module):
    def __init__(self, config):
        super().__init__()
        c = config
        self.config = c
        draw = lambda *shape: nn.Parameter(
            nn.init.trunc_normal_(torch.empty(shape), std=shape[1] ** -0.5, a=-2 * shape[1] ** -0.5,
                                  b=2 * shape[1] ** -0.5))
        self.norm = Norm(c)
        if c.gated:
            self.gate, self.gate_bias = draw(c.d_ff, c.d_model), nn.Parameter(torch.zeros(c.d_ff))
        # `in` is a word of Python; registered by name.
        self.register_parameter("in", draw(c.d_ff, c.d_model))
        self.in_bias = nn.Parameter(torch.zeros(c.d_ff))
        self.out, self.out_bias = draw(c.d_model, c.d_ff), nn.Parameter(torch.zeros(c.d_model))

    def forward(self, x):
        c = self.config
        x = x if c.primer_placement else self.norm(x)
        activation = ACTIVATIONS[c.activation]
        hidden = F.linear(x, getattr(self, "in"), self.in_bias)
        if c.gated:
            hidden = activation(F.linear(x, self.gate, self.gate_bias)) * hidden
        else:
            hidden = activation(hidden)
        y = F.linear(hidden, self.out, self.out_bias)
        return self.norm(y) if c.primer_placement else y


class Layer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.attention = Attention(config)
        self.feed_forward = FeedForward(config)


class Model(nn.Module):
    def __init__(self, config):
        super().__init__()
        c = config
        self.config = c
        self.embedding = nn.Parameter(torch.randn(c.vocabulary, c.d_model))
        self.relative_bias = nn.Parameter(
            torch.randn(c.heads, c.buckets) * (c.heads * c.buckets) ** -0.5)
        self.layers = nn.ModuleList(Layer(c) for _ in range(c.layers))
        self.final_norm = Norm(c)
        distance = torch.arange(c.sequence)[:, None] - torch.arange(c.sequence)[None, :]
        self.register_buffer("buckets", bucket(distance.clamp(min=0), c), persistent=False)
        self.register_buffer("future", distance < 0, persistent=False)

    def forward(self, inputs):
        """Logits [batch, length, vocabulary] after each input."""
        length = inputs.shape[1]
        bias = self.relative_bias[:, self.buckets[:length, :length]]
        bias = bias.masked_fill(self.future[:length, :length], float("-inf"))
        x = F.embedding(inputs, self.embedding)
        for layer in self.layers:
            x = x + layer.attention(x, bias)
            x = x + layer.feed_forward(x)
        return F.linear(self.final_norm(x) * self.config.d_model**-0.5, self.embedding)


def bucket(distance, config):
    """T5's buckets, causal: exact to half of them, then logarithmic to max_distance."""
    exact = config.buckets // 2
    far = torch.log(distance.clamp(min=1).double() / exact) / math.log(config.max_distance / exact)
    far = exact + (far * (config.buckets - exact)).long()
    return torch.where(distance < exact, distance, far.clamp(max=config.buckets - 1))


def shifted(tokens):
    return F.pad(tokens, (1, 0))[:, :-1]


def losses(logits, targets, z_loss):
    """What is reported, and what is trained on: cross-entropy, and with z_loss mean log(Z)^2."""
    cross_entropy = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
    log_z = torch.logsumexp(logits, -1)
    return cross_entropy, cross_entropy + z_loss * log_z.square().mean()


class Adafactor:
    """Shazeer & Stern 2018 with Mesh TensorFlow's defaults for T5: no momentum, decay
    1 - (t+1)^-0.8, second moments in rows and columns where both dimensions reach 128, update
    clipped to RMS 1 and scaled by max(1e-3, RMS(parameter))."""

    def __init__(self, parameters):
        self.parameters = list(parameters)
        self.state = [None] * len(self.parameters)
        self.t = 0

    @torch.no_grad()
    def step(self, learning_rate):
        self.t += 1
        decay = 1 - self.t**-0.8
        for i, p in enumerate(self.parameters):
            square = p.grad.square() + 1e-30
            if p.dim() == 2 and min(p.shape) >= 128:
                rows, columns = self.state[i] or (0.0, 0.0)
                rows = decay * rows + (1 - decay) * square.mean(1)
                columns = decay * columns + (1 - decay) * square.mean(0)
                self.state[i] = rows, columns
                u = p.grad * torch.rsqrt(rows / rows.mean())[:, None] * torch.rsqrt(columns)
            else:
                v = decay * (0.0 if self.state[i] is None else self.state[i]) + (1 - decay) * square
                self.state[i] = v
                u = p.grad * torch.rsqrt(v)
            u = u / max(1.0, rms(u))
            p -= learning_rate * max(1e-3, rms(p)) * u


def rms(x):
    return x.square().mean().sqrt().item()


def reciprocal_square_root(rate, warmup, step):
    """rate while step < warmup, then rate sqrt(warmup / step); no ramp."""
    return rate * math.sqrt(warmup / max(step, warmup))
