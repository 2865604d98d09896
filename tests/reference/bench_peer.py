"""`isoloss bench --peer` and `bench --study` beside a real PyTorch: a row's JSON holds both of its modes, the ratio to the
faster one with its range, and everybody's memory. Times are not judged."""

import json
import os
import subprocess
import sys


def bench(*options):
    command = [os.environ["ISOLOSS"], "bench", *options, "--json"]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def study():
    """Four budgets of one model, each from step 0: as many steps as the budgets hold."""
    result = bench("--study", "--architecture", "transformer", "--size", "32x2", "--flops", "1e9",
                   "--ranks", "1")["study"]
    (row,) = result["peer"]
    assert row["mode"] in ("eager", "compiled"), row
    assert abs(result["over_peer"] * result["makespan_seconds"] - row["seconds"]) < 1e-9, result
    # Of the same FLOPs a step, so that steps go as FLOPs do.
    steps_of_run = row["steps"] * result["flops"] / result["flops_without_sharing"]
    assert abs(steps_of_run - round(steps_of_run)) < 1e-6, result


def main():
    study()
    result = bench("--peer", "--size", "0.8M", "--architecture", "gpt2", "--steps", "1",
                   "--threads", "1")
    assert len(result["rows"]) == 1, result
    row = result["rows"][0]
    peer = row["peer"]
    for of in (row, peer["eager"], peer["compiled"]):
        # A step is 12 rows of 64 tokens.
        assert abs(of["tokens_per_second"] * of["step_seconds"] - 768) < 1e-6, of
        assert of["peak_memory_bytes"] > 50e6, of
    low, high = peer["ratio_range"]
    assert 0 < low <= peer["ratio"] <= high, peer
    # One round: the ratio is of the medians that stand beside it.
    fastest = min(peer["eager"]["step_seconds"], peer["compiled"]["step_seconds"])
    assert abs(peer["ratio"] - fastest / row["step_seconds"]) < 1e-9 * peer["ratio"], row
    print(f"over the faster of eager and compiled: {peer['ratio']:.2f}")


if __name__ == "__main__":
    sys.exit(main())
