"""device_bench: whole steps, a process a model, then kernels; each row beside clocks and power."""
import json
import math

from code_build import programs
from processes import ASKED_TO_END, OUT_OF_TIME, run
from progress import say

# What is wanted most comes first; seconds that each may take.
STEPS = {"gpt2 124M": 75, "primer-ez of that shape": 75, "packed trials": 60, "gpt2 1.5B": 120,
         "gpt2 1M": 40}
# By default streams share eight queues to the device, and a trial's copies stand before another's
# kernels.
ENVIRONMENT = {"packed trials": {"CUDA_DEVICE_MAX_CONNECTIONS": "32"}}
RESTARTS = 3  # of kernels, behind the row that took the device with it
SILENT = 30  # seconds that a kernel's row may take


def lines_of(text):
    """Its JSON lines; what a library prints between them is none."""
    found = []
    for line in text.splitlines():
        if line.startswith("{"):
            try:
                found.append(json.loads(line))
            except json.JSONDecodeError:
                pass  # cut off in its middle
    return [line for line in found if isinstance(line, dict) and "kind" in line]


def say_row(row):
    if "tokens_per_second" in row:
        say(f"   {row['model']}: {row['tokens_per_second']:.0f} tokens/s; loss {row.get('first_loss')} "
            f"to {row.get('last_loss')} in {row.get('steps_taken')} steps, "
            f"{'all' if row.get('finite') else 'not all'} finite")


class Part:
    """One part of device_bench; its rows gather over processes."""

    def __init__(self, name, program, result, log):
        self.name, self.program, self.result, self.log = name, program, result, log
        self.found = result.data["bench"].setdefault(name, {"status": [], "rows": [], "failed": []})

    def run(self, arguments, most, left, silent=None, environment=None):
        """Runs it for `most` seconds or what is `left` of them, and takes its rows. (Whether it went
        to its end, the last row that began)."""
        seconds = min(most, left)
        ended = run([str(self.program), self.name, *arguments, "--budget", f"{max(seconds - 10, 1):.0f}"],
                    seconds, self.result.bench_log, silent, environment,
                    lambda ended: self.take(ended, arguments, environment, left < most))
        last = [line for line in lines_of(ended.text) if line["kind"] == "begins"][-1:]
        return ended.status == 0, last[0] if last else None

    def take(self, ended, arguments, environment, short):
        """`short`: it had less than it may take."""
        self.found["status"].append(ended.status if not ended.why else ended.why)
        begun = None
        failed = False
        for line in lines_of(ended.text):
            kind = line.pop("kind")
            if kind == "begins":
                begun = line
            elif kind == "row":
                if begun and any(line.get(key) != begun[key] for key in ("model", "kernel")):
                    failed = True
                    self.found["failed"].append(dict(begun, reason="its row is of something else: "
                                                     f"{line.get('model')}, {line.get('kernel')}"))
                self.found["rows"].append(dict(line, environment=environment) if environment else line)
                say_row(line)
                begun = None
            elif kind == "failed":
                self.found["failed"].append(line)
                begun, failed = None, True
            elif kind == "not done":
                self.result.data["not_done"].append(
                    f"bench: {line.get('model')}, {line.get('kernel')} (out of time)")
        if begun or (ended.status != 0 and not failed):
            # A kill is laid to what had begun.
            what = begun or {"model": self.name, "kernel": " ".join(arguments)}
            if ended.why.startswith(ASKED_TO_END) or (ended.why.startswith(OUT_OF_TIME) and short):
                self.result.data["not_done"].append(
                    f"bench: {what.get('model')}, {what.get('kernel')} ({ended.why})")
            else:
                self.found["failed"].append(dict(what, reason=ended.reason()))
        self.log.lay_beside(self.found["rows"])
        lay_peaks(self.result.data)
        self.result.save()


def ceilings(part, time_left):
    if time_left() < 5:
        part.result.data["not_done"].append("bench of ceilings (out of time)")
        return
    part.run([], 45, time_left(), SILENT)


def steps(part, time_left):
    for name, seconds in STEPS.items():
        if time_left() < 5:
            part.result.data["not_done"].append(f"bench: {name}, step (out of time)")
            continue
        with part.result.part(f"steps of {name}"):
            part.run(["--only", name], seconds, time_left(), environment=ENVIRONMENT.get(name))


def kernels(part, time_left):
    after = 0
    for _ in range(RESTARTS + 1):
        if time_left() < 5:
            part.result.data["not_done"].append(f"bench of kernels behind row {after} (out of time)")
            return
        whole, last = part.run(["--after", str(after)], math.inf, time_left(), SILENT)
        if whole or last is None or last["row"] + 1 >= last["of"]:
            return
        after = last["row"] + 1
    part.result.data["not_done"].append(f"bench of kernels behind row {after} (too many of them end it)")


def lay_peaks(data):
    """The fastest products and copy that were measured, and the steps' shares of them."""
    def fastest(rows):
        return max((row["flops_per_second"] for row in rows), default=0)

    def products(part):
        return [row for row in data["bench"].get(part, {}).get("rows", [])
                if row.get("product") and row.get("dtype") == "bfloat16"]

    of_models = products("kernels")
    copies = [row["bytes_per_second"] for row in data["bench"].get("ceilings", {}).get("rows", [])
              if row.get("kernel") == "copy"]
    data["peaks"] = {"bfloat16_flops_of_squares": fastest(products("ceilings")),
                     "bfloat16_flops_of_models_products": fastest(of_models),
                     "copy_bytes_per_second": max(copies, default=0)}
    for row in data["bench"].get("steps", {}).get("rows", []):
        own = [one for one in of_models if one["model"] == row["model"]]
        for of, peak in {"squares": data["peaks"]["bfloat16_flops_of_squares"],
                         "models_products": fastest(own or of_models)}.items():
            for count in ("6N_6LCT", "6N_12LTd"):
                if peak > 0 and f"flops_per_token_{count}" in row:
                    row[f"utilisation_{count}_of_{of}"] = (
                        row["tokens_per_second"] * row[f"flops_per_token_{count}"] / peak)


def bench(options, result, log, time_left):
    program = programs(options, result, "device_bench").get("device_bench")
    if program is None:
        result.data["not_done"].append("bench (device_bench was not built)")
        return
    # Steps leave a fifth to the kernels, which take what is there.
    for name, measure, kept in (("ceilings", ceilings, 0), ("steps", steps, 0.2 * time_left()),
                                ("kernels", kernels, 0)):
        with result.part(f"bench of {name}"):
            measure(Part(name, program, result, log), lambda kept=kept: time_left() - kept)
