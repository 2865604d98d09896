"""The models that `isoloss bench` times, in PyTorch as one would write them: gpt2 with
scaled_dot_product_attention; the Primer paper's architectures from tests/reference/primer_models.py.
Forward, backward, clipping at 1, AdamW (fused), on random tokens; bfloat16 by autocast.

Reads requests from standard input and answers each with one line of numbers: "warm" (0 when two
steps are done), "steps N" (seconds of each, after one that is not counted), "memory" (VmHWM in bytes
since it was warm).
"""

import argparse
import logging
import os
import pathlib
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests/reference"))
import primer_models  # noqa: E402


class Gpt2Layer(nn.Module):
    def __init__(self, d_model, heads):
        super().__init__()
        self.heads = heads
        self.attention_norm = nn.LayerNorm(d_model)
        self.attention_in = nn.Linear(d_model, 3 * d_model)
        self.attention_out = nn.Linear(d_model, d_model)
        self.feed_forward_norm = nn.LayerNorm(d_model)
        self.feed_forward_in = nn.Linear(d_model, 4 * d_model)
        self.feed_forward_out = nn.Linear(4 * d_model, d_model)

    def forward(self, x):
        rows, length, d_model = x.shape
        parts = self.attention_in(self.attention_norm(x)).chunk(3, -1)
        q, k, v = (part.view(rows, length, self.heads, -1).transpose(1, 2) for part in parts)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.attention_out(y.transpose(1, 2).reshape(rows, length, d_model))
        hidden = self.feed_forward_in(self.feed_forward_norm(x))
        return x + self.feed_forward_out(F.gelu(hidden, approximate="tanh"))


class Gpt2(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.embedding = nn.Embedding(size.vocabulary, size.d_model)
        self.positions = nn.Parameter(0.02 * torch.randn(size.sequence, size.d_model))
        layers = (Gpt2Layer(size.d_model, size.d_model // size.d_head) for _ in range(size.layers))
        self.layers = nn.Sequential(*layers)
        self.norm = nn.LayerNorm(size.d_model)
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                nn.init.normal_(parameter, std=0.02)

    def forward(self, inputs):
        x = self.layers(self.embedding(inputs) + self.positions)
        return F.linear(self.norm(x), self.embedding.weight)


def make_model(size):
    if size.architecture == "gpt2":
        return Gpt2(size)
    fields = ("layers", "d_model", "d_head", "d_ff", "sequence", "vocabulary")
    return primer_models.Model(
        primer_models.Config(**{name: getattr(size, name) for name in fields},
                             **primer_models.ARCHITECTURES[size.architecture]))


class Trainer:
    def __init__(self, size):
        self.size = size
        self.model = make_model(size)
        self.loss = torch.compile(self.loss_of) if size.mode == "compiled" else self.loss_of
        matrices = [p for p in self.model.parameters() if p.dim() >= 2]
        others = [p for p in self.model.parameters() if p.dim() < 2]
        self.optimizer = torch.optim.AdamW(
            [{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}],
            lr=6e-4, betas=(0.9, 0.95), fused=True)
        self.tokens = torch.randint(size.vocabulary, (size.batch, size.sequence))

    def loss_of(self, tokens):
        with torch.autocast("cpu", torch.bfloat16, enabled=self.size.dtype == "bfloat16"):
            logits = self.model(primer_models.shifted(tokens))
        return F.cross_entropy(logits.float().flatten(0, 1), tokens.flatten())

    def step(self):
        self.optimizer.zero_grad(set_to_none=True)
        self.loss(self.tokens).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()

    def step_seconds(self):
        start = time.perf_counter()
        self.step()
        return time.perf_counter() - start


def answer(trainer, request):
    if request[0] == "warm":
        trainer.step()
        trainer.step()
        pathlib.Path("/proc/self/clear_refs").write_text("5")
        return [0]
    if request[0] == "steps":
        trainer.step()
        return [trainer.step_seconds() for _ in range(int(request[1]))]
    if request[0] == "memory":
        lines = pathlib.Path("/proc/self/status").read_text().splitlines()
        return [1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM:")]
    raise ValueError(f"{request} is no request")


def requested_size(arguments=None):
    """What `isoloss bench` asks for on the command line: architecture, sizes, mode, dtype, threads."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--architecture", default="gpt2", choices=["gpt2", *primer_models.ARCHITECTURES])
    parser.add_argument("--mode", default="eager", choices=["eager", "compiled"])
    parser.add_argument("--dtype", default="float32", choices=["float32", "bfloat16"])
    for name, default in (("threads", 2), ("batch", 12), ("layers", 4), ("d_model", 128),
                          ("d_head", 32), ("d_ff", 512), ("sequence", 64), ("vocabulary", 65)):
        parser.add_argument(f"--{name}", type=int, default=default)
    return parser.parse_args(arguments)


def main():
    size = requested_size()
    logging.disable(logging.WARNING)  # that there is no GPU
    torch.manual_seed(0)
    torch.set_num_threads(size.threads)
    # Answers alone go to the pipe: libraries print to standard output too.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    trainer = Trainer(size)
    for line in sys.stdin:
        print(*answer(trainer, line.split()), file=answers, flush=True)


if __name__ == "__main__":
    main()
