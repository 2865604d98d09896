"""What `isoloss bench --peer` times in PyTorch is the model that it times here: as many parameters, and
with the same weights the same loss and logits in float32. Gradients are compared in float64: in
float32 rounding switches some unit of ReLU, and with it a gradient. Argument: the isoloss program.

The peer is built from the command line that the program itself starts it with: the interpreter it is
given here notes its arguments and ends.
"""

import json
import logging
import os
import pathlib
import subprocess
import sys
import tempfile

import torch

from model_values import difference, model_values

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
import peer  # noqa: E402

ARCHITECTURES = ("gpt2", "transformer", "primer-ez")
LOSS = 1e-5
LOGITS = 2e-5  # rounding of float32, as in primer_trajectories.py
GRADIENTS = 1e-6  # the peer's loss is of float32 logits whatever the model is


def asked_of_peer(program, architecture):
    """The arguments with which the program starts PyTorch's model, but the script."""
    with tempfile.TemporaryDirectory() as folder:
        environment = pathlib.Path(folder)
        (environment / "bin").mkdir()
        (environment / "complete").touch()
        python = environment / "bin/python"
        python.write_text(f'#!/bin/sh\nfor word; do echo "$word"; done >"{folder}/asked"\nexit 1\n')
        python.chmod(0o755)
        subprocess.run([program, "bench", "--peer", "--size", "0.8M", "--architecture", architecture,
                        "--steps", "1", "--threads", "1"], stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=False,
                       env={**os.environ, "ISOLOSS_PYTHON_ENVIRONMENT": folder})
        script, *arguments = (environment / "asked").read_text().splitlines()
    assert pathlib.Path(script).resolve() == pathlib.Path(peer.__file__).resolve(), script
    return arguments


def parameters_timed_here(program):
    """Of each architecture, in the rows that the program prints."""
    command = [program, "bench", "--size", "0.8M", "--architecture", ",".join(ARCHITECTURES),
               "--steps", "1", "--threads", "1", "--json"]
    result = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return {row["architecture"]: row["parameters"] for row in json.loads(result)["rows"]}


def gpt2_names(layers):
    """Peer's name: ours, or those of ours that stand one below the other in it."""
    names = {"embedding.weight": ["embedding"], "positions": ["position_embedding"],
             "norm.weight": ["final_norm.scale"], "norm.bias": ["final_norm.bias"]}
    for i in range(layers):
        at = f"layers.{i}."
        for part in ("attention", "feed_forward"):
            names[f"{at}{part}_norm.weight"] = [f"{at}{part}.norm.scale"]
            names[f"{at}{part}_norm.bias"] = [f"{at}{part}.norm.bias"]
        for theirs, ours in (("attention_in", ("attention.query", "attention.key", "attention.value")),
                             ("attention_out", ("attention.output",)),
                             ("feed_forward_in", ("feed_forward.in",)),
                             ("feed_forward_out", ("feed_forward.out",))):
            names[f"{at}{theirs}.weight"] = [at + name for name in ours]
            names[f"{at}{theirs}.bias"] = [f"{at}{name}_bias" for name in ours]
    return names


def apart(ours, trainer, names):
    """With our weights: difference of the loss, and the largest of logits, of gradients."""
    joined = lambda tensors, name: torch.cat([tensors[part] for part in names[name]])
    parameters = dict(trainer.model.named_parameters())
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(joined(ours.weights, name))
    tokens = ours.tokens[0]
    trainer.model.zero_grad()
    loss = trainer.loss_of(tokens)
    loss.backward()
    with torch.no_grad():
        logits = trainer.model(peer.primer_models.shifted(tokens))
    gradients = max(difference(joined(ours.gradients, name), parameter.grad)
                    for name, parameter in parameters.items())
    return abs(loss.item() - ours.losses[0]), difference(ours.logits, logits), gradients


def compare(program, architecture, here):
    size = peer.requested_size(asked_of_peer(program, architecture))
    trainer = peer.Trainer(size)
    parameters = dict(trainer.model.named_parameters())
    names = gpt2_names(size.layers) if architecture == "gpt2" else {name: [name] for name in parameters}
    assert set(names) == set(parameters), set(names) ^ set(parameters)
    fields = ("layers", "d_model", "d_head", "d_ff", "sequence", "vocabulary", "batch")
    # Weights off their initial ones and zeros, which could hide a mix-up.
    ours = {dtype: model_values(architecture, dtype=dtype, z_loss=0, perturb=0.05,
                                **{name: getattr(size, name) for name in fields})
            for dtype in ("float32", "float64")}
    used = sorted(name for parts in names.values() for name in parts)
    assert used == sorted(ours["float32"].weights), set(used) ^ set(ours["float32"].weights)

    count = sum(parameter.numel() for parameter in parameters.values())
    loss, logits, _ = apart(ours["float32"], trainer, names)
    trainer.model.double()
    gradients = apart(ours["float64"], trainer, names)[2]
    passed = count == here and loss <= LOSS and logits <= LOGITS and gradients <= GRADIENTS
    print(f"{architecture:<12} {count} parameters (here {here}), float32: loss apart by {loss:.1e}, "
          f"logits by {logits:.1e}; float64: gradients by {gradients:.1e}:",
          "equal" if passed else "DIFFERENT")
    return passed


def main():
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    here = parameters_timed_here(sys.argv[1])
    results = [compare(sys.argv[1], name, here[name]) for name in ARCHITECTURES]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
