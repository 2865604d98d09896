"""Programs of a made machine with a GPU, for gpu_check_test.py. What they do beside their work is asked
for by the environment; FOLDER is the test's."""

SMI = """#!/usr/bin/env python3
import os, sys, time
if "-lms" in sys.argv:
    open(os.environ["FOLDER"] + "/watching", "w").write(str(os.getpid()))
fields = next(a for a in sys.argv if a.startswith("--query-gpu=")).split("=")[1].split(",")
known = {"name": "NVIDIA H100 80GB HBM3", "driver_version": "580.1", "compute_cap": "9.0",
         "clocks.sm": "1755", "clocks.mem": "2619", "power.draw": "512.50", "temperature.gpu": "61",
         "utilization.gpu": "99", "clocks_event_reasons.active": "0x0000000000000004"}
known.update({f: "[N/A]" for f in ("vbios_version", "memory.total", "pstate", "power.limit",
              "power.default_limit", "clocks.max.sm", "clocks.max.memory",
              "clocks.applications.graphics", "ecc.mode.current", "mig.mode.current", "compute_mode",
              "persistence_mode")})
# Set nothing: nvidia-smi without --query-gpu would have ended above.
for f in fields:
    if f not in known and f != "timestamp":
        print('Field "%s" is not a valid field to query.' % f)
        sys.exit(2)
while True:
    now = time.time()
    known["timestamp"] = time.strftime("%Y/%m/%d %H:%M:%S", time.localtime(now)) + ".%03d" % (now % 1 * 1000)
    print(", ".join(known[f] for f in fields), flush=True)
    if "-lms" not in sys.argv:
        break
    time.sleep(0.05)
"""

# Leaves a copy of the JSON file as it stood when it began.
BENCH = """#!/usr/bin/env python3
import json, os, shutil, sys, time
folder = os.environ["FOLDER"]
STATES = folder + "/out_state.csv"
part = sys.argv[1]
option = lambda name: sys.argv[sys.argv.index(name) + 1] if name in sys.argv else ""
def say(kind, **values):
    print(json.dumps(dict(values, kind=kind)), flush=True)
def does(what, name):
    return os.environ.get(what) == name
shutil.copy(folder + "/out.json", (folder + "/seen " + part + " " + option("--only")).strip() + ".json")
print("a library: something of no interest", file=sys.stderr, flush=True)
say("device", name="NVIDIA H100 80GB HBM3")
def row(number, rows, model, kernel, row_of=None, **values):
    name = model if kernel == "step" else kernel
    say("begins", row=number, of=rows, model=model, kernel=kernel)
    if does("CRASHES", name):
        print("an illegal memory access", flush=True)
        os._exit(3)
    if does("HANGS", name) or does("HANGS", part):
        open(folder + "/hanging", "w").write(str(os.getpid()))
        time.sleep(60)
    began = time.time()
    if model == "gpt2 124M" and kernel == "step" and os.path.exists(STATES):
        # Until the machine's state was noted often enough meanwhile.
        noted = len(open(STATES).readlines())
        while len(open(STATES).readlines()) < noted + 4 and time.time() < began + 30:
            time.sleep(0.01)
    else:
        time.sleep(0.01)
    say("row", model=row_of or model, kernel=kernel, dtype="bfloat16", began=began, ended=time.time(), **values)
if part == "ceilings":
    flops = {} if "NO_FLOPS" in os.environ else {"flops_per_second": 6e14}
    row(0, 2, "ceiling", "copy", product=False, bytes_per_second=3e12)
    row(1, 2, "ceiling", "product of squares", product=True, **flops)
if part == "kernels":
    for i, (model, flops) in enumerate([("gpt2 124M", 3e14), ("gpt2 1.5B", 5e14), ("gpt2 1.5B", 9e14)]):
        if i >= int(option("--after")):
            row(i, 3, model, "kernel %d" % i, product=i < 2, flops_per_second=flops)
if part == "steps":
    names = ["gpt2 124M", "primer-ez of that shape", "gpt2 1.5B", "gpt2 1M", "packed trials"]
    if option("--only") not in names:
        sys.exit("device_bench: '%s' is not a row of steps" % option("--only"))
    for i, name in enumerate(names):
        if name != option("--only"):
            continue
        finite = not does("NOT_FINITE", name)
        row(i, 5, name, "step", tokens_per_second=3e5, flops_per_token_6N_6LCT=8e8, first_loss=10.8,
            last_loss=10.1, steps_taken=9, finite=finite, queues=os.environ.get("CUDA_DEVICE_MAX_CONNECTIONS"),
            row_of="8 x gpt2 1M" if does("MISNAMES", name) else name)
        if not finite:
            say("failed", row=i, of=5, model=name, kernel="step", reason="not finite")
"""

NO_DEVICE = """#!/bin/sh
echo "device_bench: no GPU" >&2
exit 77
"""


def tests_program(tests):
    """A GoogleTest program: {"Suite.Name": what it does}."""
    return f"""#!/usr/bin/env python3
import os, sys, time
tests = {tests!r}
if "--gtest_list_tests" in sys.argv:
    for name in tests:
        suite, test = name.split(".")
        print(suite + ".\\n  " + test + "  # a comment")
    sys.exit(0)
chosen = next((a.split("=")[1].split(":") for a in sys.argv if a.startswith("--gtest_filter=")), list(tests))
lost = failed = False
for name in chosen:
    does = tests[name]
    print("[ RUN      ] " + name, flush=True)
    if does == "hangs":
        open(os.environ["FOLDER"] + "/hanging", "w").write(str(os.getpid()))
    if does == "hangs" or (does == "takes a while in company" and len(chosen) > 1):
        time.sleep(60)
    if does == "crashes":
        print("an illegal memory access", flush=True)
        sys.exit(3)
    lost = lost or (does == "loses the device in company" and len(chosen) > 1)
    if lost:
        print("cudaMalloc failed (an illegal memory access was encountered)")
    if lost or does == "fails" or (does == "fails in company" and len(chosen) > 1):
        print("x is 1, expected 2\\n[  FAILED  ] " + name + " (0 ms)", flush=True)
        failed = True
    else:
        print("[       OK ] " + name + " (0 ms)", flush=True)
if failed:
    sys.exit(1)
"""


# Configures a folder, and "builds" what the test made_ ready but for the targets in FAILS. The build that
# HANGS has a ninja with a job, which has a process group of its own and ends if ninja is asked to.
CMAKE = """#!/usr/bin/env python3
import os, shutil, signal, subprocess, sys, time
folder, fails = os.environ["FOLDER"], os.environ.get("FAILS", "").split()
option = lambda name: sys.argv[sys.argv.index(name) + 1] if name in sys.argv else ""
if "--version" in sys.argv:
    print("cmake version 3.25.1")
elif "--build" not in sys.argv:
    open(option("-B") + "/CMakeCache.txt", "w").write(
        "CMAKE_GENERATOR:INTERNAL=Ninja\\nISOLOSS_GOOGLETEST_FOUND:INTERNAL=%s\\nNCCL_LIBRARY:FILEPATH=%s\\n"
        % (os.environ["GOOGLETEST"], os.environ["NCCL"]))
    print("configured")
elif os.environ.get("HANGS") == "build":
    if os.fork() == 0:
        job = subprocess.Popen(["sleep", "60"], start_new_session=True)
        def end(*_):
            time.sleep(0.3)
            job.kill()
            os._exit(1)
        signal.signal(signal.SIGTERM, end)
        open(folder + "/hanging", "w").write(str(job.pid))
    time.sleep(60)
elif option("--target") == "help":
    print("device_bench: phony\\ngpu_some_test: phony\\ngpu_other_test: phony\\nall: phony")
else:
    print("building", option("--target") or "all")
    for name in [option("--target")] if option("--target") else ["device_bench", "gpu_some_test", "gpu_other_test"]:
        made = folder + "/made_" + name
        if name in fails:
            print("FAILED: " + name)
        elif os.path.exists(made):
            os.chmod(shutil.copy(made, option("--build") + "/" + name), 0o755)
    sys.exit(1 if set(fails) & ({option("--target")} if option("--target") else set(fails)) else 0)
"""
