"""tools/gpu_check.sh on made machines: programs that act as the tests, the bench and nvidia-smi of a
GPU, and what the script makes of them."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "tools" / "gpu_check.sh"

SMI = """#!/usr/bin/env python3
import sys, time
fields = next(a for a in sys.argv if a.startswith("--query-gpu=")).split("=")[1].split(",")
known = {"name": "NVIDIA H100 80GB HBM3", "driver_version": "580.1", "compute_cap": "9.0",
         "clocks.sm": "1755", "clocks.mem": "2619", "power.draw": "512.50", "temperature.gpu": "61",
         "utilization.gpu": "99", "clocks_event_reasons.active": "0x0000000000000004"}
# Set nothing: nvidia-smi without --query-gpu would have ended above.
if any(f not in known and f != "timestamp" for f in fields):
    sys.exit(2)
while True:
    now = time.time()
    known["timestamp"] = time.strftime("%Y/%m/%d %H:%M:%S", time.localtime(now)) + ".%03d" % (now % 1 * 1000)
    print(", ".join(known[f] for f in fields), flush=True)
    if "-lms" not in sys.argv:
        break
    time.sleep(0.05)
"""

# Of four tests the second fails, the third ends the process, the fourth would pass.
TESTS = """#!/usr/bin/env python3
import sys
if "--gtest_list_tests" in sys.argv:
    print("Kernel.\\n  Adds\\n  Fails\\n  Crashes\\nSizes/Other.\\n  Goes/0  # GetParam() = 8")
    sys.exit(0)
chosen = next((a.split("=")[1] for a in sys.argv if a.startswith("--gtest_filter=")), "")
for name in ["Kernel.Adds", "Kernel.Fails", "Kernel.Crashes", "Sizes/Other.Goes/0"]:
    if chosen and name != chosen:
        continue
    print("[ RUN      ] " + name, flush=True)
    if name == "Kernel.Fails":
        print("x is 1, expected 2\\n[  FAILED  ] Kernel.Fails (0 ms)")
    elif name == "Kernel.Crashes":
        print("an illegal memory access", flush=True)
        sys.exit(3)
    else:
        print("[       OK ] " + name + " (0 ms)")
"""

PASSING_TESTS = TESTS.replace('name == "Kernel.Fails"', "False").replace(
    'name == "Kernel.Crashes"', "False")

BENCH = """#!/usr/bin/env python3
import json, sys, time
if "describe" in sys.argv:
    print('{"kind": "device", "name": "NVIDIA H100 80GB HBM3"}')
    sys.exit(0)
print('{"kind": "device", "name": "NVIDIA H100 80GB HBM3"}')
began = time.time()
time.sleep(0.5)
print(json.dumps({"kind": "row", "model": "m", "kernel": "k", "seconds": 1e-3, "began": began, "ended": time.time()}))
print('{"kind": "peak", "bfloat16_flops": 7e14}')
"""

NO_DEVICE = """#!/bin/sh
echo "device_bench: no GPU" >&2
exit 77
"""

HANGS = """#!/usr/bin/env python3
import sys, time
if "--gtest_list_tests" in sys.argv:
    print("Kernel.\\n  Hangs\\n  Waits")
else:
    print("[ RUN      ] Kernel.Hangs", flush=True)
    time.sleep(60)
"""


class GpuCheck(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        (self.folder / "bin").mkdir()
        (self.folder / "build").mkdir()

    def program(self, where, text):
        path = self.folder / where
        path.write_text(text)
        path.chmod(0o755)

    def check(self, *options, smi=True, path=None):
        if smi:
            self.program("bin/nvidia-smi", SMI)
        environment = dict(os.environ, PATH=path or f"{self.folder / 'bin'}:{os.environ['PATH']}")
        out = self.folder / "out.json"
        process = subprocess.run([str(SCRIPT), "--out", str(out), "--build", str(self.folder / "build"),
                                  *options], capture_output=True, text=True, env=environment)
        return process, json.loads(out.read_text()) if out.exists() else None

    def test_a_machine_without_a_device_is_said_to_have_none(self):
        self.program("build/device_bench", NO_DEVICE)
        self.program("build/gpu_some_test", TESTS)
        process, result = self.check("--built", smi=False)
        self.assertEqual(process.returncode, 77)
        self.assertEqual(result["status"], "no device")
        self.assertEqual(result["first_device_call"], "device_bench: no GPU")
        self.assertEqual(result["not_done"], ["tests (no device)", "bench (no device)"])
        self.assertEqual(result["tests"], {})

    def test_each_test_has_its_result_also_after_a_crash(self):
        self.program("build/device_bench", BENCH)
        self.program("build/gpu_some_test", TESTS)
        process, result = self.check("--built")
        self.assertEqual(process.returncode, 1)
        self.assertEqual(result["status"], "failed")
        results = {name: one["result"] for name, one in result["tests"].items()}
        self.assertEqual(results, {"gpu_some_test/Kernel.Adds": "passed",
                                   "gpu_some_test/Kernel.Fails": "failed",
                                   "gpu_some_test/Kernel.Crashes": "failed",
                                   "gpu_some_test/Sizes/Other.Goes/0": "passed"})
        self.assertIn("expected 2", result["tests"]["gpu_some_test/Kernel.Fails"]["said"])
        self.assertIn("status 3", result["tests"]["gpu_some_test/Kernel.Crashes"]["said"])

    def test_says_where_nccl_was_not_found(self):
        self.program("build/device_bench", BENCH)
        self.program("build/gpu_some_test", PASSING_TESTS)
        process, result = self.check("--built")
        self.assertEqual(process.returncode, 0, process.stdout + process.stderr)
        self.assertIn("not found", result["nccl"])
        self.program("build/gpu_harness_nccl_one_device_test", PASSING_TESTS)
        process, result = self.check("--built")
        self.assertEqual(process.returncode, 0, process.stdout + process.stderr)
        self.assertNotIn("nccl", result)
        self.assertIn("gpu_harness_nccl_one_device_test/Kernel.Adds", result["tests"])

    def test_beside_each_figure_stand_clocks_power_and_throttling(self):
        self.program("build/device_bench", BENCH)
        self.program("build/gpu_some_test", PASSING_TESTS)
        process, result = self.check("--built")
        self.assertEqual(process.returncode, 0, process.stdout + process.stderr)
        self.assertEqual(result["status"], "passed")
        row, = result["bench"]["steps"]["rows"]
        self.assertGreater(row["state"]["samples"], 2)
        self.assertEqual(row["state"]["clocks.sm"], [1755, 1755])
        self.assertEqual(row["state"]["power.draw"], [512.5, 512.5])
        self.assertEqual(row["state"]["throttled"], ["power cap"])
        self.assertEqual(result["bench"]["kernels"]["peak"], {"bfloat16_flops": 7e14})
        self.assertEqual(result["machine"]["gpu"]["driver_version"], "580.1")
        self.assertEqual(result["machine"]["device"]["name"], "NVIDIA H100 80GB HBM3")
        self.assertEqual(result["build"]["architecture"], "90a-real")

    def test_it_ends_in_its_time_and_says_what_it_did_not_do(self):
        self.program("build/device_bench", BENCH)
        self.program("build/gpu_some_test", HANGS)
        started = time.monotonic()
        process, result = self.check("--built", "--budget", "8")
        self.assertLess(time.monotonic() - started, 40)  # it would hang for a minute a test
        self.assertEqual(process.returncode, 1)
        self.assertIn("ran out of time", result["tests"]["gpu_some_test/Kernel.Hangs"]["said"])
        self.assertEqual(result["tests"]["gpu_some_test/Kernel.Waits"]["result"], "not run")
        self.assertEqual(result["not_done"], ["1 tests (out of time)", "bench of steps (out of time)",
                                              "bench of kernels (out of time)"])

    def test_without_googletest_the_bench_runs_and_tests_are_not_done(self):
        self.program("build/device_bench", BENCH)
        process, result = self.check("--built")
        self.assertEqual(process.returncode, 1)
        self.assertEqual(result["status"], "incomplete")
        self.assertEqual(len(result["bench"]["kernels"]["rows"]), 1)
        self.assertIn("GoogleTest is missing", result["not_done"][0])

    def test_without_its_tools_it_names_the_first_and_builds_nothing(self):
        tools = self.folder / "tools"
        tools.mkdir()
        for tool in ("bash", "python3", "dirname", "env"):
            (tools / tool).symlink_to(subprocess.run(["which", tool], capture_output=True, text=True,
                                                     check=True).stdout.strip())
        process, result = self.check(smi=False, path=str(tools))
        self.assertEqual(process.returncode, 2)
        self.assertIn("gpu_check: cmake is not on the path", process.stderr)
        self.assertIsNone(result)


if __name__ == "__main__":
    sys.exit(unittest.main())
