"""A decoder-only language model as isoloss defines it, in plain PyTorch.

`config.spec` switches every part. Tensors have the names of isoloss' parameter table. The model was
trained on inputs that begin with id 0: the logits after [0, t0 .. t(n-1)] predict t0 .. tn.
Sequences are padded on the right, if at all.
"""
import math

import torch
from torch import nn
from torch.nn import functional as F
from transformers import GenerationMixin, PreTrainedModel
from transformers.modeling_outputs import CausalLMOutput

from .configuration_isoloss import IsolossConfig

ACTIVATIONS = {
    "relu": F.relu,
    "gelu": lambda x: F.gelu(x, approximate="tanh"),
    "gelu_erf": F.gelu,
    "swish": F.silu,
    "elu": F.elu,
    "selu": F.selu,
    "sigmoid": torch.sigmoid,
    "softplus": F.softplus,
    "squared_relu": lambda x: F.relu(x) ** 2,
    "linear": lambda x: x,
}


def parameter(*shape):
    return nn.Parameter(torch.zeros(*shape))


def delayed(x, steps):
    """x [batch, time, channels], `steps` later; zeros come in."""
    return F.pad(x, (0, 0, steps, 0))[:, : x.shape[1]]


def convolved(x, taps):
    """Causal depthwise convolution; tap s multiplies the input s steps ago."""
    return sum(delayed(x, s) * tap for s, tap in enumerate(taps))


def rotated(x, base):
    """x [batch, heads, time, d]; channel i turns with channel i + d / 2 (Su et al. 2021)."""
    half = x.shape[-1] // 2
    rate = base ** (-torch.arange(half, dtype=torch.float64) / half)
    angle = torch.arange(x.shape[2], dtype=torch.float64)[:, None] * rate
    cos, sin = (f(angle).to(x) for f in (torch.cos, torch.sin))
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * cos - b * sin, b * cos + a * sin], dim=-1)


def sinusoids(length, width):
    """[length, width]: sines, then cosines, wavelengths from 2 pi to 20000 pi."""
    half = width // 2
    step = math.log(10000) / max(half - 1, 1)
    rate = torch.exp(-step * torch.arange(half, dtype=torch.float64))
    angle = torch.arange(length, dtype=torch.float64)[:, None] * rate
    return torch.cat([angle.sin(), angle.cos()], dim=1)


def bucket(distance, spec):
    """T5's buckets of distances: the first half exact, the rest by logarithms."""
    exact, last = spec["relative_buckets"] // 2, spec["relative_buckets"] - 1
    if distance < exact:
        return distance
    octave = math.log(distance / exact) / math.log(spec["relative_max_distance"] / exact)
    return min(exact + int(octave * (spec["relative_buckets"] - exact)), last)


class Norm(nn.Module):
    def __init__(self, spec):
        super().__init__()
        self.kind, self.epsilon = spec["norm"], spec["norm_epsilon"]
        if self.kind != "none":
            self.scale = parameter(spec["d_model"])
        if self.kind in ("layer", "primer"):
            self.bias = parameter(spec["d_model"])

    def forward(self, x):
        if self.kind == "none":
            return x
        if self.kind == "rms":
            return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + self.epsilon) * self.scale
        centred = x - x.mean(-1, keepdim=True)
        spread = x * centred if self.kind == "primer" else centred.square()
        scale = torch.rsqrt(spread.mean(-1, keepdim=True) + self.epsilon)
        return centred * scale * self.scale + self.bias


class Branch(nn.Module):
    """What attention and feed-forward share: norms around them, token shift, scales of the branch."""

    def __init__(self, spec, norm_before):
        super().__init__()
        self.spec, self.placement = spec, spec["norm_placement"]
        self.before = self.placement in ("pre", "both") or (
            self.placement == "primer" and norm_before
        )
        self.norm = Norm(spec)
        if self.placement == "both":
            self.norm_after = Norm(spec)
        if spec["rezero"]:
            self.rezero = parameter(1)

    def forward(self, x, *context):
        y = self.norm(x) if self.before else x
        if self.spec["token_shift"]:
            half = y.shape[-1] // 2
            y = torch.cat([delayed(y[..., :half], 1), y[..., half:]], dim=-1)
        y = self.inner(y, *context)
        if self.placement == "both":
            y = self.norm_after(y)
        elif self.placement == "primer" and not self.before:
            y = self.norm(y)
        if self.spec["rezero"]:
            y = y * self.rezero
        x = x + y * self.spec["branch_scale"]
        return self.norm(x) if self.placement == "post" else x


class Attention(Branch):
    def __init__(self, spec):
        super().__init__(spec, norm_before=True)
        d, heads, d_head = spec["d_model"], spec["heads"], spec["d_head"]
        width, kv_width = heads * d_head, (spec["kv_heads"] or heads) * d_head
        self.parts = ["query", "key", "value"]
        if spec["shared_qk"]:
            self.parts = ["key", "value"]
            shape = (heads, d_head, d_head) if spec["shared_qk"] == "per_head" else (width, width)
            self.query_from_key = parameter(*shape)
        before = spec["convolution_place"] == "before_projection"
        for part in self.parts:
            out = width if part == "query" else kv_width
            setattr(self, part, parameter(out, d))
            if spec["attention_bias"]:
                setattr(self, part + "_bias", parameter(out))
            if spec["convolution_width"] > 0 and part[0] in spec["convolution_on"]:
                channels = d if before else d_head if spec["convolution_shared"] else out
                taps = [parameter(channels) for _ in range(spec["convolution_width"])]
                setattr(self, part + "_convolution", nn.ParameterList(taps))
        self.output = parameter(d, width)
        if spec["attention_bias"]:
            self.output_bias = parameter(d)

    def project(self, x, part):
        taps = getattr(self, part + "_convolution", None)
        before = self.spec["convolution_place"] == "before_projection"
        if taps is not None and before:
            x = convolved(x, taps)
        y = F.linear(x, getattr(self, part), getattr(self, part + "_bias", None))
        if taps is not None and not before:
            repeats = y.shape[-1] // taps[0].shape[0]  # one filter for every head where shared
            y = convolved(y, [tap.repeat(repeats) for tap in taps])
        return y * self.spec["key_value_scale"] if part != "query" else y

    def split(self, x):
        return x.unflatten(-1, (-1, self.spec["d_head"])).transpose(1, 2)

    def inner(self, x, bias):
        """bias: [heads or 1, time, time], minus infinity where a key is later."""
        spec, part = self.spec, {name: self.project(x, name) for name in self.parts}
        key, value = self.split(part["key"]), self.split(part["value"])
        if spec["shared_qk"] == "per_head":
            query = torch.einsum("bhtj,hij->bhti", key, self.query_from_key)
        elif spec["shared_qk"]:
            query = self.split(F.linear(part["key"], self.query_from_key))
        else:
            query = self.split(part["query"])
        if spec["positions"] == "rotary":
            query, key = (rotated(y, spec["rotary_base"]) for y in (query, key))
        group = query.shape[1] // key.shape[1]
        key, value = (y.repeat_interleave(group, dim=1) for y in (key, value))
        scale = spec["d_head"] ** -0.5 if spec["attention_scale"] == "run_time" else 1.0
        weights = torch.softmax(query @ key.transpose(-1, -2) * scale + bias, dim=-1)
        if spec["attention_tanh"]:
            weights = torch.tanh(weights)
        mixed = (weights @ value).transpose(1, 2).flatten(2)
        return F.linear(mixed, self.output, getattr(self, "output_bias", None))


class FeedForward(Branch):
    def __init__(self, spec):
        super().__init__(spec, norm_before=False)
        d = spec["d_model"]
        hidden = spec["d_ff_gated"] if spec["gated"] else spec["d_ff"]
        for name in ["gate", "in"] if spec["gated"] else ["in"]:
            self.register_parameter(name, parameter(hidden, d))
            if spec["feed_forward_bias"]:  # true, false or "in"
                self.register_parameter(name + "_bias", parameter(hidden))
        self.out = parameter(d, hidden)
        if spec["feed_forward_bias"] is True:
            self.out_bias = parameter(d)

    def linear(self, x, name):
        return F.linear(x, getattr(self, name), getattr(self, name + "_bias", None))

    def inner(self, x):
        act = ACTIVATIONS[self.spec["activation"]]
        if self.spec["gated"]:
            hidden = act(self.linear(x, "gate")) * self.linear(x, "in")
        else:
            hidden = act(self.linear(x, "in"))
        return self.linear(hidden, "out")


class Layer(nn.Module):
    def __init__(self, spec):
        super().__init__()
        self.attention, self.feed_forward = Attention(spec), FeedForward(spec)

    def forward(self, x, bias):
        return self.feed_forward(self.attention(x, bias))


class IsolossForCausalLM(PreTrainedModel, GenerationMixin):
    config_class = IsolossConfig

    def __init__(self, config):
        super().__init__(config)
        spec = config.spec
        d, vocabulary = spec["d_model"], spec["vocabulary"]
        self.embedding = parameter(vocabulary, d)
        if spec["positions"] == "relative":
            self.relative_bias = parameter(spec["heads"], spec["relative_buckets"])
        if spec["positions"] == "learned":
            self.position_embedding = parameter(spec["sequence"], d)
        self.layers = nn.ModuleList(Layer(spec) for _ in range(spec["layers"]))
        if spec["norm_placement"] != "post":
            self.final_norm = Norm(spec)
        if not spec["tied"]:
            self.output = parameter(vocabulary, d)
        self.post_init()

    def _init_weights(self, module):
        """Weights come from a checkpoint; isoloss itself draws initial ones."""

    def attention_bias(self, length, like):
        later = torch.ones(length, length, dtype=torch.bool, device=like.device).triu(1)
        if self.config.spec["positions"] != "relative":
            bias = like.new_zeros(1, length, length)
        else:
            buckets = torch.tensor([bucket(n, self.config.spec) for n in range(length)])
            position = torch.arange(length)
            distance = (position[:, None] - position).clamp_min(0)
            bias = self.relative_bias[:, buckets[distance].to(like.device)]
        return bias.masked_fill(later, -math.inf)

    def forward(self, input_ids, attention_mask=None, labels=None, **unused):
        if attention_mask is not None and bool((attention_mask.diff(dim=1) > 0).any()):
            raise ValueError("sequences are padded on the left; pad them on the right")
        spec, length = self.config.spec, input_ids.shape[1]
        x = self.embedding[input_ids]
        if spec["positions"] == "learned":
            x = x + self.position_embedding[:length]
        if spec["positions"] == "sinusoidal":
            x = x + sinusoids(length, spec["d_model"]).to(x)
        bias = self.attention_bias(length, x)
        for layer in self.layers:
            x = layer(x, bias)
        if spec["norm_placement"] != "post":
            x = self.final_norm(x)
        if spec["tied"] and spec["output_scale"]:
            x = x * spec["d_model"] ** -0.5
        logits = F.linear(x, self.embedding if spec["tied"] else self.output)
        loss = None
        if labels is not None:  # the library's convention: labels are the inputs
            loss = F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())
        return CausalLMOutput(loss=loss, logits=logits)

    def prepare_inputs_for_generation(self, input_ids, attention_mask=None, **unused):
        return {"input_ids": input_ids, "attention_mask": attention_mask}
