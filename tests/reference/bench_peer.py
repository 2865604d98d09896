"""`isoloss bench --peer` beside a real PyTorch: a row's JSON holds both of its modes, the ratio to the
faster one with its range, and everybody's memory. Times are not judged."""

import json
import os
import subprocess
import sys


def main():
    command = [os.environ["ISOLOSS"], "bench", "--peer", "--size", "0.8M", "--architecture", "gpt2",
               "--steps", "1", "--threads", "1", "--json"]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    result = json.loads(printed)
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
