"""Tokens scored per second beside lm-evaluation-harness with transformers: the same GPT-2 style model,
the same requests in the same tokens, one thread each, in turns within one run.

    ENVIRONMENT/bin/python scripts/peer_scoring.py build/tests/scored_requests [--rounds 3]

ENVIRONMENT is that of scripts/python_environment.sh with lm_eval installed on top. Requests are made
here by chance: items of one shot and four choices (multiple choice as HellaSwag has it: some 200 tokens
of context, 30 of each ending), and items of one short answer each (as LAMBADA). Both sides' answers must
agree to 1e-4 nats per item, or nothing is reported."""

import argparse
import json
import pathlib
import random
import subprocess
import tempfile
import time

import torch
import transformers
from lm_eval.models.huggingface import HFLM

SIZES = {
    "small": dict(n_layer=6, n_embd=384, n_head=6, vocab_size=8192, n_positions=512),
    "124m": dict(n_layer=12, n_embd=768, n_head=12, vocab_size=50257, n_positions=1024),
}


def requests_of(kind, items, vocabulary, generator):
    def tokens(count):
        return [generator.randrange(vocabulary - 1) for _ in range(count)]

    made = []
    for _ in range(items):
        if kind == "choices":
            context = tokens(generator.randint(120, 280))
            made += [(context, tokens(generator.randint(15, 45))) for _ in range(4)]
        else:
            made.append((tokens(generator.randint(80, 280)), tokens(generator.randint(1, 3))))
    return made


def ours(program, folder, requests, rounds):
    lines = "\n".join(json.dumps({"context": c, "continuation": a}) for c, a in requests)
    done = subprocess.run([program, folder, str(rounds)], input=lines, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def theirs(harness, requests):
    start = time.perf_counter()
    answers = harness._loglikelihood_tokens([(("", ""), c, a) for c, a in requests], disable_tqdm=True)
    return time.perf_counter() - start, answers


def compare(program, folder, harness, kind, requests, rounds):
    theirs(harness, requests[:8])
    seconds_ours, seconds_theirs = [], []
    for _ in range(rounds):
        mine = ours(program, folder, requests, 2)
        seconds_ours.append(mine["seconds"][1])  # as theirs, after a first that allocates
        seconds, answers = theirs(harness, requests)
        seconds_theirs.append(seconds)
    differences = [abs(p - a[0]) for p, a in zip(mine["log_probabilities"], answers)]
    agree = [g == a[1] for g, a in zip(mine["greedy"], answers)]
    if max(differences) > 1e-4 or not all(agree):
        raise SystemExit(f"{kind}: answers differ by up to {max(differences)} nats")
    tokens = sum(len(c) + len(a) for c, a in requests)
    median = lambda values: sorted(values)[len(values) // 2]  # noqa: E731
    ratios = [b / a for a, b in zip(seconds_ours, seconds_theirs)]
    print(
        f"{kind:8} {len(requests):5} requests {tokens:7} tokens: isoloss {tokens / median(seconds_ours):8.0f} tokens/s "
        f"(reads {mine['tokens_read']}), lm_eval {tokens / median(seconds_theirs):8.0f}, ratio {median(ratios):.2f} "
        f"({min(ratios):.2f} to {max(ratios):.2f}); largest difference {max(differences):.1e} nats"
    )


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("program", type=pathlib.Path)
    options.add_argument("--size", choices=SIZES, default="small")
    options.add_argument("--items", type=int, default=60)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--batch", type=int, default=8)
    given = options.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    config = transformers.GPT2Config(**SIZES[given.size], bos_token_id=0, eos_token_id=0)
    model = transformers.GPT2LMHeadModel(config).eval()
    with tempfile.TemporaryDirectory() as place:
        model.save_pretrained(place)
        words = {str(i): i for i in range(config.vocab_size)}
        (pathlib.Path(place) / "words.json").write_text(
            json.dumps({"version": "1.0", "truncation": None, "padding": None, "added_tokens": [],
                        "normalizer": None, "pre_tokenizer": {"type": "Whitespace"}, "post_processor": None,
                        "decoder": None, "model": {"type": "WordLevel", "vocab": words, "unk_token": "0"}}))
        tokenizer = transformers.PreTrainedTokenizerFast(
            tokenizer_file=str(pathlib.Path(place) / "words.json"), bos_token="0", eos_token="0", pad_token="0")
        harness = HFLM(pretrained=model, tokenizer=tokenizer, backend="causal", batch_size=given.batch, device="cpu",
                       max_length=config.n_positions)
        generator = random.Random(5)
        for kind in ("choices", "answers"):
            requests = requests_of(kind, given.items, config.vocab_size, generator)
            compare(given.program, place, harness, kind, requests, given.rounds)


if __name__ == "__main__":
    main()
