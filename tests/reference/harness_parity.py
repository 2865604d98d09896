"""One-shot scores beside lm-evaluation-harness (issue 7): its own task files on items written here, a
GPT-2 style and a Llama style model, of random weights as transformers saves them (with and without a first
id before every text, and with prompts longer than the model reads) and trained and exported by isoloss, both
programs reading the same folder. Every log-likelihood equal to 1e-4, every prediction and
score the same."""

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

try:
    import datasets
    import h5py
    import lm_eval.tasks
    from lm_eval.api.task import ConfigurableTask
    from lm_eval.evaluator import evaluate
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks._yaml_loader import load_yaml
except ImportError as problem:
    print(f"skipped: no lm-evaluation-harness in this environment ({problem}); run scripts/python_environment.sh")
    sys.exit(77)

TOLERANCE = 1e-4
WORDS = """oven river window lantern garden kettle ladder basket mirror pebble violin saddle harbour feather
chimney blanket orchard hammer candle meadow""".split()
TASKS = {  # ours: theirs, with the file of its folder and the splits that its publisher's export has
    "piqa": ("piqa/piqa.yaml", "validation"),
    "arc_easy": ("arc/arc_easy.yaml", "test"),
    "hellaswag": ("hellaswag/hellaswag.yaml", "validation"),
    "openbookqa": ("openbookqa/openbookqa.yaml", "test"),
    "lambada": ("lambada/lambada_openai.yaml", "test"),
}


def word(i):
    return WORDS[i * 7 % len(WORDS)]


def items(task, count=12):
    """As the usual hub exports them; sentences of our own."""
    for i in range(count):
        if task == "piqa":
            yield {"goal": f"Carry the {word(i)} past the {word(i + 1)}.", "sol1": f"Lift the {word(i)} slowly.",
                   "sol2": f"Paint the {word(i + 1)}, then leave it there for good.", "label": i % 2}
        elif task in ("arc_easy", "openbookqa"):
            stem = f"Which of these lies nearest to a {word(i)}?"
            choices = {"label": list("ABCD"), "text": [f"the {word(i + k)} {'by the door ' * (k % 3)}".strip() for k in range(4)]}
            key = {"answerKey": "ABCD"[i % 4], "id": f"item-{i}"}
            yield ({"question": stem, "choices": choices} if task == "arc_easy"
                   else {"question_stem": stem, "choices": choices}) | key
        elif task == "hellaswag":
            yield {"ind": i, "activity_label": f"Mending a {word(i)}",
                   "ctx_a": f"A woman puts the {word(i)} on a [title] table.", "ctx_b": "she",
                   "ctx": f"A woman puts the {word(i)} on a [title] table. she",
                   "endings": [f"looks at the {word(i + k)} {'again and ' * k}[step] slowly." for k in range(4)],
                   "label": str(i % 4), "split": "val", "split_type": "indomain", "source_id": f"film~{i}"}
        else:
            yield {"text": f"He lost the {word(i)} near the {word(i + 2)}, so he went back for the {word(i)}"}


# How the tokenizer's files are: whether its post-processor writes the first id before every text, whether
# tokenizer_config.json is our own, and what the model reads at once (fewer than a prompt has).
FOLDERS = (("edited", False, True, 192), ("plain", False, False, 192), ("begins", True, False, 192),
           ("cut", False, False, 40), ("begins cut", True, False, 40))


def tokenizer_of(texts, begins=False):
    made = tokenizers.Tokenizer(tokenizers.models.BPE())
    made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = tokenizers.decoders.ByteLevel()
    made.train_from_iterator(texts, tokenizers.trainers.BpeTrainer(
        vocab_size=420, special_tokens=["<|endoftext|>"], show_progress=False,
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet()))
    if begins:
        made.post_processor = tokenizers.processors.TemplateProcessing(
            single="<|endoftext|> $A", special_tokens=[("<|endoftext|>", 0)])
    return transformers.PreTrainedTokenizerFast(tokenizer_object=made, bos_token="<|endoftext|>",
                                                eos_token="<|endoftext|>", pad_token="<|endoftext|>")


def models(vocabulary):
    """Weights wide enough that choices differ by nats."""
    common = dict(vocab_size=vocabulary, bos_token_id=0, eos_token_id=0)
    for config in (transformers.GPT2Config(n_positions=192, n_embd=48, n_layer=3, n_head=4, **common),
                   transformers.LlamaConfig(hidden_size=48, intermediate_size=96, num_hidden_layers=3,
                                            num_attention_heads=4, num_key_value_heads=2,
                                            max_position_embeddings=192, **common)):
        torch.manual_seed(11)
        model = transformers.AutoModelForCausalLM.from_config(config).eval()
        with torch.no_grad():
            for name, tensor in model.named_parameters():
                if "norm" not in name and "ln_" not in name and tensor.dim() > 1:
                    tensor.mul_(6)
        yield config.model_type, model


STUDY = """study: parity
data: {text: text.txt, tokenizer: bytes, validation: 0.1}
model: {layers: 2, d_head: 16, sequence: 256}
optimizer: {warmup_tokens: 5120, batch_tokens: 1024, learning_rate: 0.03}
grid:
  architecture: [gpt2, llama]
  size: [{name: s, d_model: 48}]
  budget: {tokens: 40960}
evaluate: {tokens: 2048, tasks: []}
"""


def exported(place, texts):
    """Runs of isoloss on the items' own texts, exported: the folder, and its model by transformers."""
    program = os.environ["ISOLOSS"]
    (place / "text.txt").write_text("\n".join(texts * 8))
    (place / "study.yaml").write_text(STUDY)
    done = subprocess.run([program, "run", "study.yaml", "--out", "study"], cwd=place, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"isoloss run: status {done.returncode}: {done.stderr}")
    for run in sorted((place / "study/runs").iterdir()):
        folder = place / f"exported-{run.name}"
        subprocess.run([program, "export", run, "--to", "hf", "--out", folder], check=True, capture_output=True)
        yield folder, transformers.AutoModelForCausalLM.from_pretrained(folder).eval()


def byte_tokenizer():
    """Ids are bytes, and id 0 stands before every text, as models trained by isoloss on bytes read it."""
    letters = {chr(b) for b in [*range(33, 127), *range(161, 173), *range(174, 256)]}
    others = iter(range(256, 512))
    alphabet = [chr(b) if chr(b) in letters else chr(next(others)) for b in range(256)]
    made = tokenizers.Tokenizer(tokenizers.models.BPE({letter: i for i, letter in enumerate(alphabet)}, []))
    made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    made.decoder = tokenizers.decoders.ByteLevel()
    made.post_processor = tokenizers.processors.TemplateProcessing(
        single=f"{alphabet[0]} $A", special_tokens=[(alphabet[0], 0)])
    return transformers.PreTrainedTokenizerFast(tokenizer_object=made, bos_token=alphabet[0], eos_token=alphabet[0],
                                                pad_token=alphabet[0])


def harness_task(name, file):
    path = pathlib.Path(lm_eval.tasks.__file__).parent / TASKS[name][0]
    config = load_yaml(path)
    split = TASKS[name][1]
    for key in ("dataset_name", "tag", "metadata", "dataset_kwargs", "training_split", "fewshot_split"):
        config.pop(key, None)
    config.update(dataset_path="json", dataset_kwargs={"data_files": {split: str(file)}},
                  validation_split=split if split == "validation" else None,
                  test_split=split if split == "test" else None, num_fewshot=0)
    return ConfigurableTask(config=config)


def theirs(model, tokenizer, place, **reading):
    """By task: for each item the log-likelihood of every choice, and the scores."""
    harness = HFLM(pretrained=model, tokenizer=tokenizer, backend="causal", batch_size=4, device="cpu", **reading)
    answers = {}
    for name, (_, split) in TASKS.items():
        task = harness_task(name, place / name / f"{split}.jsonl")
        result = evaluate(harness, {name: task}, log_samples=True, bootstrap_iters=0, verbosity="ERROR")
        samples = sorted(result["samples"][name], key=lambda sample: sample["doc_id"])
        rows = [[response[0] for response in sample["filtered_resps"]] if isinstance(sample["filtered_resps"][0], (list, tuple))
                else [sample["filtered_resps"][0]] for sample in samples]
        answers[name] = rows, result["results"][name]
    return answers


def ours(folder, place):
    program = os.environ["ISOLOSS"]
    data, out = place / "tasks.bin", place / f"scores-{folder.name}"
    subprocess.run([program, "data", "prepare-tasks", place, "--tokenizer", f"hf:{folder}", "--out", data],
                   check=True, capture_output=True)
    command = [program, "eval", "--model", f"hf:{folder}", "--data", data, "--profile", "lmeval", "--shots", "0",
               "--out", out, "--json", "--task", *TASKS]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"isoloss eval: status {done.returncode}: {done.stderr}")
    scores = {(row["task"], row["metric"]): row["value"] for row in json.loads(done.stdout)["scores"]}
    rows = {}
    for name in TASKS:
        with h5py.File(out / f"lmeval.{name}.h5") as file:
            item, value = file["choices/item"][:], file["choices/log_probability"][:]
            rows[name] = [list(value[item == i]) for i in range(item.max() + 1)]
    return rows, scores


def same_answers(kind, expected, rows, scores):
    """Prints each task's largest difference; whether all are close and choose the same."""
    good = True
    for name, (lines, results) in expected.items():
        assert len(lines) == len(rows[name]) == 12, name
        furthest = max(abs(a - b) for x, y in zip(lines, rows[name], strict=True)
                       for a, b in zip(x, y, strict=True))
        spread = np.ptp([value for line in lines for value in line])
        same = furthest <= TOLERANCE and spread > 1
        chosen = all(np.argmax(x) == np.argmax(y) for x, y in zip(lines, rows[name]))
        for metric, key in METRICS.items():
            if key in results and (name, metric) in scores:
                close = abs(results[key] / scores[name, metric] - 1) if scores[name, metric] else abs(results[key])
                same = same and close < 1e-3
        good = good and same and chosen
        print(f"{kind:16} {name:12} 12 items: largest difference {furthest:.1e} nats, "
              f"{'same' if chosen else 'DIFFERENT'} predictions, scores {'equal' if same else 'DIFFERENT'}")
    return good


METRICS = {"accuracy": "acc,none", "accuracy_norm": "acc_norm,none", "perplexity": "perplexity,none"}


def main():
    datasets.disable_progress_bars()
    good = True
    with tempfile.TemporaryDirectory() as directory:
        place = pathlib.Path(directory)
        texts = []
        for name, (_, split) in TASKS.items():
            (place / name).mkdir()
            lines = [json.dumps(item) for item in items(name)]
            texts += lines
            (place / name / f"{split}.jsonl").write_text("\n".join(lines) + "\n")
        for kind, model in models(len(tokenizer_of(texts))):
            for name, begins, edited, longest in FOLDERS:
                if longest < 192 and kind == "gpt2":
                    continue  # its positions are weights
                folder = place / f"model-{kind}-{name.replace(' ', '-')}"
                if kind == "llama":
                    model.config.max_position_embeddings = longest
                model.save_pretrained(folder)
                tokenizer = tokenizer_of(texts, begins)
                tokenizer.save_pretrained(folder)
                if edited:
                    (folder / "tokenizer_config.json").write_text(json.dumps({"add_bos_token": False}))
                else:
                    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
                assert (tokenizer("a")["input_ids"][0] == 0) == begins, (kind, name)
                expected = theirs(model, tokenizer, place, max_length=longest)
                good = same_answers(f"{kind} {name}", expected, *ours(folder, place)) and good
        seen = set()
        for folder, model in exported(place, texts):
            seen.add(model.config.model_type)
            expected = theirs(model, byte_tokenizer(), place, max_length=256, add_bos_token=True)
            good = same_answers(f"{model.config.model_type} trained", expected, *ours(folder, place)) and good
        assert seen == {"gpt2", "llama"}, seen
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
