"""Calls the model_values program and reads what it wrote; see the top of model_values.cpp."""

import os
import pathlib
import subprocess
import tempfile
from dataclasses import dataclass

import numpy as np
import torch


@dataclass
class Values:
    weights: dict
    gradients: dict
    tokens: torch.Tensor
    logits: torch.Tensor
    losses: list


def model_values(architecture, **settings):
    """Float64 tensors by isoloss's names; `tokens` int64 [steps, batch, sequence]."""
    with tempfile.TemporaryDirectory() as folder:
        program = os.environ["ISOLOSS_MODEL_VALUES"]
        options = [f"{key}={value}" for key, value in settings.items()]
        subprocess.run([program, architecture, folder, *options], check=True)
        read = lambda path: torch.from_numpy(np.load(path))
        weights, gradients = {}, {}
        for path in pathlib.Path(folder).glob("*.npy"):
            kind, _, name = path.stem.partition(".")
            if kind == "weights":
                weights[name] = read(path)
            elif kind == "gradients":
                gradients[name] = read(path)
        folder = pathlib.Path(folder)
        return Values(weights, gradients, read(folder / "tokens.npy").long(),
                      read(folder / "logits.npy"), read(folder / "losses.npy").tolist())


def difference(ours, theirs):
    """Largest difference over the largest value."""
    ours, theirs = ours.double(), theirs.double()
    return ((ours - theirs).abs().max() / theirs.abs().max().clamp(min=1e-30)).item()
