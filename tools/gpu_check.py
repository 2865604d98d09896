"""What tools/gpu_check.sh does. Exit status: 0 all was done and passed; 1 something failed or time ran
out; 2 bad usage or a tool is missing; 77 no device. The JSON file is written in every case but 2."""
import argparse
import datetime
import importlib.util
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

SOURCE = pathlib.Path(__file__).resolve().parent.parent
NO_DEVICE = 77
# Of nvidia-smi, which is asked and never told. Names differ by driver: what one refuses is left out.
DESCRIPTION = ["name", "driver_version", "vbios_version", "memory.total", "compute_cap", "pstate",
               "power.limit", "power.default_limit", "clocks.max.sm", "clocks.max.memory",
               "clocks.applications.graphics", "ecc.mode.current", "mig.mode.current",
               "compute_mode", "persistence_mode"]
STATE = ["timestamp", "clocks.sm", "clocks.mem", "power.draw", "temperature.gpu", "utilization.gpu",
         "clocks_event_reasons.active"]
# Bits of clocks_event_reasons.active that mean a GPU ran slower than it could (NVML's
# nvmlClocksEventReasons; idle and a clock that the user set are none).
THROTTLES = {0x4: "power cap", 0x8: "hardware slowdown", 0x20: "software thermal",
             0x40: "hardware thermal", 0x80: "power brake"}


class Budget:
    def __init__(self, seconds):
        self.end = time.monotonic() + seconds

    def left(self):
        return self.end - time.monotonic()


def say(text):
    print(f"== {text}", flush=True)


def run(command, seconds, output=None):
    """Status (None: stopped after `seconds`) and output; to the file `output` where one is named."""
    out = open(output, "w") if output else subprocess.PIPE
    process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, text=True,
                               errors="replace", start_new_session=True)
    try:
        text, _ = process.communicate(timeout=max(seconds, 1))
        return process.returncode, text or ""
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # its own process group: with what it started
        text, _ = process.communicate()
        return None, text or ""
    finally:
        if output:
            out.close()


def query(fields):
    """nvidia-smi's answers of the first GPU by field; those that this driver knows."""
    if shutil.which("nvidia-smi") is None:
        return {}
    answers = {}
    for field in fields:
        status, text = run(["nvidia-smi", "-i", "0", f"--query-gpu={field}",
                            "--format=csv,noheader,nounits"], 20)
        if status == 0 and text.strip():
            answers[field] = text.strip().splitlines()[0]
    return answers


def describe():
    found = {"gpu": query(DESCRIPTION)}
    for name, command in {"nvcc": ["nvcc", "--version"], "cmake": ["cmake", "--version"],
                          "compiler": ["c++", "--version"],
                          "code": ["git", "-C", str(SOURCE), "describe", "--always", "--dirty"]}.items():
        if shutil.which(command[0]):
            status, text = run(command, 20)
            lines = text.strip().splitlines()
            if status == 0 and lines:
                found[name] = lines[-2 if name == "nvcc" and len(lines) > 1 else 0]
    found["kernel"] = " ".join(os.uname()[i] for i in (0, 2, 4))
    return found


def architecture(capability):
    """CMAKE_CUDA_ARCHITECTURES of a compute capability; Hopper's own instructions need the a."""
    number = capability.replace(".", "") or "90"
    return f"{number}a-real" if number == "90" else f"{number}-real"


def nccl_of_python():
    """Folder of the wheel nvidia-nccl, which comes with PyTorch; None: there is none."""
    try:
        found = importlib.util.find_spec("nvidia.nccl")
    except ModuleNotFoundError:
        return None
    return next(iter(found.submodule_search_locations), None) if found else None


def build(options, result, budget):
    say(f"Building device code for {result['build']['architecture']} in {options.build}")
    options.build.mkdir(parents=True, exist_ok=True)
    log = options.build / "gpu_check.log"
    configure = ["cmake", "-S", str(SOURCE), "-B", str(options.build), "-DCMAKE_BUILD_TYPE=Release",
                 "-DISOLOSS_TRAIN=OFF", "-DISOLOSS_CUDA=ON", "-DISOLOSS_LEAN=ON",
                 f"-DCMAKE_CUDA_ARCHITECTURES={result['build']['architecture']}"]
    if shutil.which("ninja"):
        configure += ["-G", "Ninja"]
    nccl = os.environ.get("NCCL_HOME") or nccl_of_python()
    if nccl:
        configure += [f"-DNCCL_HOME={nccl}"]
    if options.googletest:
        configure += [f"-DISOLOSS_GOOGLETEST={options.googletest}"]
    started = time.monotonic()
    for command in (configure, ["cmake", "--build", str(options.build), "-j", str(options.jobs)]):
        status, _ = run(command, budget.left(), log)
        if status != 0:
            what = "ran out of time" if status is None else f"ended with status {status}"
            result["build"]["error"] = f"{' '.join(command[:3])} {what}"
            result["build"]["log"] = log.read_text(errors="replace")[-4000:]
            break
    result["build"]["seconds"] = round(time.monotonic() - started, 1)
    return "error" not in result["build"]


def listed(program):
    """Names of a GoogleTest program's tests."""
    status, text = run([str(program), "--gtest_list_tests"], 60)
    names, suite = [], ""
    for line in text.splitlines() if status == 0 else []:
        name = line.split("#")[0].rstrip()
        if name and not line.startswith(" "):
            suite = name
        elif name:
            names.append(suite + name.strip())
    return names


def run_tests(program, seconds, names):
    """Result by name of what the program says of the tests `names` (all: None), as far as it came."""
    command = [str(program)] + ([f"--gtest_filter={':'.join(names)}"] if names else [])
    status, text = run(command, seconds)
    results = {}
    begun = None
    failure = []
    for line in text.splitlines():
        match = re.match(r"\[ *(RUN|OK|FAILED|SKIPPED) *\] ([\w./<>]+)(.*)", line)
        if match and match[1] == "RUN":
            begun, failure = match[2], []
        elif match and begun == match[2]:
            results[begun] = {"result": {"OK": "passed", "FAILED": "failed", "SKIPPED": "skipped"}[match[1]]}
            if match[1] != "OK":
                results[begun]["said"] = "\n".join(failure)[-1500:]
            begun = None
        elif begun:
            failure.append(line)
    if begun:
        why = "ran out of time" if status is None else f"the program ended with status {status}"
        results[begun] = {"result": "failed", "said": "\n".join(failure + [why])[-1500:]}
    return results


def test(options, result, budget):
    results = result["tests"]
    for program in sorted(options.build.glob("**/gpu_*_test")):
        names = listed(program)
        say(f"{program.name}: {len(names)} tests")
        found = run_tests(program, budget.left(), None)
        # After a crash or an error of the device nothing that follows in its process counts: the
        # rest runs in processes of its own, as do failures, one each.
        for name in names:
            if found.get(name, {}).get("result") not in ("passed", "skipped") and budget.left() > 1:
                found.update(run_tests(program, min(60, budget.left()), [name]))
        for name in names:
            results[f"{program.name}/{name}"] = found.get(name, {"result": "not run"})
    if not any(options.build.glob("**/gpu_harness_nccl_*_test")):
        result["nccl"] = "not found (name its folder with NCCL_HOME): its tests were left out"
    unfinished = [name for name, one in results.items() if one["result"] == "not run"]
    if unfinished:
        result["not_done"].append(f"{len(unfinished)} tests (out of time)")
    if not results:
        result["not_done"].append("tests (none was built: GoogleTest is missing; name a folder of its "
                                  "sources with --googletest)")


class StateLog:
    """nvidia-smi's clocks, power, temperature and reasons of throttling, five times a second."""

    def __init__(self, path):
        self.path, self.process = path, None
        self.fields = STATE
        if shutil.which("nvidia-smi"):
            self.fields = [field for field in STATE if field in query(STATE)]
            self.file = open(path, "w")
            self.process = subprocess.Popen(
                ["nvidia-smi", "-i", "0", f"--query-gpu={','.join(self.fields)}",
                 "--format=csv,noheader,nounits", "-lms", "200"],
                stdout=self.file, stderr=subprocess.DEVNULL)

    def finish(self):
        """Samples: (seconds since 1970, {field: value})."""
        if self.process is None:
            return []
        self.process.terminate()
        self.process.wait()
        self.file.close()
        samples = []
        for line in self.path.read_text().splitlines():
            values = [value.strip() for value in line.split(",")]
            if len(values) != len(self.fields):
                continue  # cut off in its middle
            sample = dict(zip(self.fields, values))
            try:
                when = datetime.datetime.strptime(sample.pop("timestamp"), "%Y/%m/%d %H:%M:%S.%f")
            except (KeyError, ValueError):
                continue
            samples.append((when.timestamp(), sample))
        return samples


def state_between(samples, began, ended):
    """Lowest and highest of each number while a figure was taken, and why the GPU held back."""
    during = [sample for when, sample in samples if began <= when <= ended]
    state = {"samples": len(during)}
    for field in ("clocks.sm", "clocks.mem", "power.draw", "temperature.gpu"):
        values = []
        for sample in during:
            try:
                values.append(float(sample[field]))
            except (KeyError, ValueError):
                pass
        if values:
            state[field] = [min(values), max(values)]
    reasons = 0
    for sample in during:
        try:
            reasons |= int(sample.get("clocks_event_reasons.active", "0"), 16)
        except ValueError:
            pass
    state["throttled"] = [name for bit, name in THROTTLES.items() if reasons & bit]
    return state


def bench(part, options, result, budget):
    """One part of device_bench, "kernels" or "steps", in a process of its own."""
    program = next(iter(sorted(options.build.glob("**/device_bench"))))
    seconds = budget.left() - 15  # for what it has begun by then
    if seconds < 10:
        result["not_done"].append(f"bench of {part} (out of time)")
        return
    say(f"device_bench {part}, at most {seconds:.0f} s")
    lines = options.build / f"bench_{part}.jsonl"
    log = StateLog(options.build / f"state_{part}.csv")
    status, _ = run([str(program), part, "--budget", f"{seconds:.0f}"], budget.left(), lines)
    samples = log.finish()
    found = result["bench"][part] = {"status": status, "rows": [], "failed": []}
    for line in lines.read_text(errors="replace").splitlines():
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            found.setdefault("said", []).append(line)
            continue
        kind = row.pop("kind")
        if kind == "row":
            row["state"] = state_between(samples, row["began"], row["ended"])
            found["rows"].append(row)
        elif kind == "failed":
            found["failed"].append(row)
        elif kind == "not done":
            result["not_done"].append(f"bench: {row['model']}, {row['kernel']} (out of time)")
        else:
            found[kind] = row
    if status is None:
        result["not_done"].append(f"bench of {part}: what follows its last row (out of time)")


def first_device_call(options):
    """(whether there is a device, what its program said). None: the program is missing."""
    program = next(iter(sorted(options.build.glob("**/device_bench"))), None)
    if program is None:
        return None, "device_bench was not built"
    status, text = run([str(program), "describe"], 60)
    return {0: True, NO_DEVICE: False}.get(status), text.strip()


def check(options, result):
    whole = Budget(options.budget)
    if not options.built and not build(options, result, Budget(min(0.5 * options.budget, whole.left()))):
        return "build failed"
    there, said = first_device_call(options)
    result["first_device_call"] = said
    if there:
        result["machine"]["device"] = json.loads(said)
    if there is None:
        return "first device call failed"
    if not there:
        result["not_done"] += ["tests (no device)", "bench (no device)"]
        return "no device"
    # Each part leaves the rest their share of what is left, and what it does not use is theirs.
    test(options, result, Budget(0.6 * whole.left()))
    bench("steps", options, result, Budget(0.6 * whole.left()))
    bench("kernels", options, result, whole)
    failed = [name for name, one in result["tests"].items() if one["result"] == "failed"]
    if failed or any(part["failed"] or part["status"] not in (0, None)
                     for part in result["bench"].values()):
        return "failed"
    return "incomplete" if result["not_done"] else "passed"


def main():
    parser = argparse.ArgumentParser(prog="tools/gpu_check.sh", description=(
        "Builds the device code alone, runs all gpu tests and the bench on this machine's first GPU, "
        "and writes one JSON file."))
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("gpu_check.json"))
    parser.add_argument("--build", type=pathlib.Path, default=SOURCE / "build-lean",
                        help="folder to build in")
    parser.add_argument("--built", action="store_true", help="use what the folder has; build nothing")
    parser.add_argument("--budget", type=float, default=570, help="seconds for all of it (570)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--googletest", default=os.environ.get("ISOLOSS_GOOGLETEST", ""),
                        help="folder of GoogleTest's sources, where it is not installed "
                             "(default: $ISOLOSS_GOOGLETEST, then /usr/src/googletest)")
    options = parser.parse_args()
    options.build = options.build.resolve()
    if not options.built:
        for tool in ("cmake", "nvcc", "c++"):
            if shutil.which(tool) is None:
                print(f"gpu_check: {tool} is not on the path (the device code is built from its "
                      "source); install it or set PATH", file=sys.stderr)
                return 2
    started = time.time()
    result = {"status": "", "date": time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(started))}
    result["machine"] = describe()
    result["build"] = {"architecture": architecture(result["machine"]["gpu"].get("compute_cap", ""))}
    result.update({"tests": {}, "bench": {}, "not_done": []})
    result["status"] = check(options, result)
    result["seconds"] = round(time.time() - started, 1)
    options.out.write_text(json.dumps(result, indent=1) + "\n")
    counts = {}
    for one in result["tests"].values():
        counts[one["result"]] = counts.get(one["result"], 0) + 1
    rows = sum(len(part["rows"]) for part in result["bench"].values())
    say(f"{result['status']} after {result['seconds']} s; tests: {counts or 'none'}; bench rows: "
        f"{rows}; written to {options.out}")
    for what in result["not_done"]:
        print(f"   not done: {what}")
    return {"passed": 0, "no device": NO_DEVICE}.get(result["status"], 1)


if __name__ == "__main__":
    sys.exit(main())
