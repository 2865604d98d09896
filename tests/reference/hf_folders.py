"""Exported folders loaded by transformers, and folders of transformers read by isoloss: the same loss
on the same text to 1e-5 (issue 4)."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import tokenizers
import torch
import transformers

TOLERANCE = 1e-5
TEXT = "It was the best of times, it was the worst of times, it was the age of wisdom. " * 3


def isoloss_loss(folder, kind, file):
    command = [os.environ["ISOLOSS"], "eval", "--model", f"hf:{folder}", kind, str(file), "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["loss"]


def transformers_loss(model, tokens, length, first):
    """Mean over rows of `length`, each anew after the id that the model reads first."""
    total = 0.0
    for start in range(0, len(tokens), length):
        row = torch.tensor(tokens[start : start + length])
        inputs = torch.cat([torch.tensor([first]), row[:-1]])
        with torch.no_grad():
            logits = model(inputs[None]).logits[0].double()
        total += torch.nn.functional.cross_entropy(logits, row, reduction="sum").item()
    return total / len(tokens)


def report(name, ours, theirs):
    equal = abs(ours - theirs) <= TOLERANCE
    print(f"{name:<72} {ours:.7f} {theirs:.7f} {'equal' if equal else 'DIFFERENT'}")
    return equal


def exported(place):
    """Every architecture and switch: AutoModelForCausalLM of what isoloss wrote."""
    text = place / "text.txt"
    text.write_text(TEXT)
    folders = place / "exported"
    subprocess.run([os.environ["ISOLOSS_HF_FOLDERS"], folders], check=True)
    classes = {}
    results = []
    for folder in sorted(folders.iterdir()):
        model, loading = transformers.AutoModelForCausalLM.from_pretrained(
            folder, trust_remote_code=True, output_loading_info=True
        )
        for problem in ("missing_keys", "unexpected_keys", "mismatched_keys"):
            assert not loading[problem], (folder.name, problem, loading[problem])
        classes[folder.name] = type(model).__name__
        config = json.loads((folder / "config.json").read_text())
        length = config.get("n_positions") or config["max_position_embeddings"]
        theirs = transformers_loss(model.eval(), list(TEXT.encode()), length, 0)
        results.append(report(folder.name, isoloss_loss(folder, "--text", text), theirs))
    expected = {"gpt2": "GPT2LMHeadModel", "llama": "LlamaForCausalLM", "primer": "IsolossForCausalLM"}
    assert expected.items() <= classes.items() and len(results) > 40, classes
    return results


def moved(model):
    """Every weight another: norms are ones and biases zeros when a model is made."""
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.1 * torch.randn(p.shape, generator=generator))
    return model.eval()


def imported(place):
    """GPT-2 and Llama as transformers saves them, in one file and in several."""
    gpt2 = dict(vocab_size=101, n_positions=24, n_embd=32, n_layer=2, n_head=4, bos_token_id=100,
                eos_token_id=100)
    llama = dict(vocab_size=101, hidden_size=32, intermediate_size=44, num_hidden_layers=2,
                 num_attention_heads=4, max_position_embeddings=24, bos_token_id=1)
    rope = {"rope_type": "default", "rope_theta": 500_000.0}
    cases = {
        "GPT-2": transformers.GPT2Config(**gpt2),
        "GPT-2 untied, GELU by erf": transformers.GPT2Config(
            **gpt2, tie_word_embeddings=False, activation_function="gelu"),
        "GPT-2 unscaled, narrower": transformers.GPT2Config(
            **gpt2, n_inner=20, scale_attn_weights=False),
        "Llama": transformers.LlamaConfig(**llama),
        "Llama, grouped heads, base 500,000": transformers.LlamaConfig(
            **llama, num_key_value_heads=2, rope_parameters=rope),
        "Llama tied, one key head, eps 1e-3": transformers.LlamaConfig(
            **llama, num_key_value_heads=1, tie_word_embeddings=True, rms_norm_eps=1e-3),
        "Llama with biases, wider heads": transformers.LlamaConfig(
            **llama, attention_bias=True, mlp_bias=True, head_dim=12),
    }
    tokens = np.random.default_rng(1).integers(0, 101, 61).astype("<i4")
    file = place / "tokens.bin"
    file.write_bytes(tokens.tobytes())
    results = []
    for name, config in cases.items():
        torch.manual_seed(2)
        model = moved(transformers.AutoModelForCausalLM.from_config(config))
        theirs = transformers_loss(model, tokens.astype(int).tolist(), 24, config.bos_token_id)
        for parts, size in ("one file", "5GB"), ("several files", "10KB"):
            folder = place / "imported" / f"{name} {parts}"
            model.save_pretrained(folder, max_shard_size=size)
            whole = (folder / "model.safetensors").exists()
            assert whole == (parts == "one file"), folder
            ours = isoloss_loss(folder, "--tokens", file)
            results.append(report(f"{name}, {parts}", ours, theirs))
    return results


# Every kind of character that GPT-2's pattern tells apart, and of white space.
WORDS = (
    "They've  said 'tis he'll\n\n  go: 1,984 \t caf\u00e9 \u4e2d\u6587 \u00bd\u3000x\u00a0\u00a0y \U0001f600 e\u0301 "
    "\u0e01\u0e34\u0e19 \u0661\u0662 'S \u2019s don't--\r\n a\u200bb \u1680 \u216b\n"
)


def byte_pairs(place):
    """A GPT-2 with a tokenizer of its kind, in both of its forms: the same tokens and loss of a text."""
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    tokenizer.train_from_iterator([TEXT, WORDS], tokenizers.trainers.BpeTrainer(
        vocab_size=330, special_tokens=["<|endoftext|>"], show_progress=False,
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet()))
    text = place / "words.txt"
    text.write_text(TEXT + WORDS, newline="")
    tokens = tokenizer.encode(TEXT + WORDS).ids
    config = transformers.GPT2Config(vocab_size=tokenizer.get_vocab_size(), n_positions=24, n_embd=32, n_layer=2,
                                     n_head=4, bos_token_id=0, eos_token_id=0)
    torch.manual_seed(2)
    model = moved(transformers.AutoModelForCausalLM.from_config(config))
    theirs = transformers_loss(model, tokens, 24, 0)
    results = []
    for form in ("tokenizer.json", "vocab.json and merges.txt"):
        folder = place / "byte pairs" / form
        model.save_pretrained(folder)
        if form == "tokenizer.json":
            tokenizer.save(str(folder / form))
        else:
            tokenizer.model.save(str(folder))
        results.append(report(f"GPT-2 with {form}", isoloss_loss(folder, "--text", text), theirs))
    return results


def main():
    torch.set_num_threads(1)
    os.environ["HF_HUB_OFFLINE"] = "1"
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HF_MODULES_CACHE"] = folder + "/modules"
        place = pathlib.Path(folder)
        results = exported(place) + imported(place) + byte_pairs(place)
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
