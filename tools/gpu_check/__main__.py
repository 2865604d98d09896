"""What tools/gpu_check.sh does. Exit status: 0 all was done and passed; 1 something failed or time ran
out; 2 bad usage, or something to build with is missing; 77 no device. The JSON file is written after
every part, and in every case but bad usage."""
import argparse
import os
import pathlib
import shutil
import signal
import sys
import time

STARTED = time.monotonic()

from bench import bench, lines_of  # noqa: E402  (the clock runs from the start)
from code_build import compile_programs, configure, note_found, programs  # noqa: E402
from gpu_tests import test  # noqa: E402
from machine import DESCRIPTION, SOURCE, describe, query  # noqa: E402
from processes import Stopped, run  # noqa: E402
from progress import say  # noqa: E402
from result_file import UNFINISHED, ResultFile  # noqa: E402
from state_log import STATE, StateLog  # noqa: E402

NO_DEVICE, BAD_USAGE = 77, 2
ADVICE = ("GoogleTest is missing (not installed, and no sources are named): without it no test is built; "
          "give --googletest DIR, a folder of its sources, or --without-tests")


SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


def stopped(*_):
    for one in SIGNALS:  # a second one must not break off what ends its programs
        signal.signal(one, signal.SIG_IGN)
    raise Stopped


def options_of():
    parser = argparse.ArgumentParser(prog="tools/gpu_check.sh", description=(
        "Builds the device code alone, runs all gpu tests and the bench on this machine's first GPU, "
        "and writes one JSON file, with logs beside it. Asks nvidia-smi and sets nothing."))
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("gpu_check.json"))
    parser.add_argument("--build", type=pathlib.Path, default=SOURCE / "build-lean",
                        help="folder to build in")
    parser.add_argument("--built", action="store_true", help="use what the folder has; build nothing")
    parser.add_argument("--budget", type=float, default=540, help="seconds for all of it (540)")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--googletest", default=os.environ.get("ISOLOSS_GOOGLETEST", ""),
                        help="folder of GoogleTest's sources, where it is not installed "
                             "(default: $ISOLOSS_GOOGLETEST, then /usr/src/googletest)")
    parser.add_argument("--without-tests", action="store_true", help="build and run the bench alone")
    parser.add_argument("--code", default="", help="which code this is, where no checkout says")
    parser.add_argument("--program-seconds", type=float, default=90,
                        help="that a program of tests may take at a time (90)")
    parser.add_argument("--silent-seconds", type=float, default=45,
                        help="after which a program of tests that prints nothing is stopped (45)")
    parser.add_argument("--test-seconds", type=float, default=30,
                        help="that a test may take alone (30)")
    options = parser.parse_args()
    options.build = options.build.resolve()
    return options


def first_device_call(options, result):
    """Whether there may be a device: False where the bench says that there is none."""
    program = programs(options, result, "device_bench").get("device_bench")
    if program is None:
        result.data["first_device_call"] = "device_bench was not built"
        return True  # tests may have been
    ended = run([str(program), "describe"], 60, result.machine_log)
    result.data["first_device_call"] = ended.text.strip()[:2000]
    if ended.status == NO_DEVICE:
        return False
    for line in lines_of(ended.text):
        result.data["machine"]["device"] = line
    if ended.status != 0:
        raise RuntimeError(f"first device call: {ended.reason()}")
    return True


def check(options, result):
    """Status 2 where there is nothing to build tests with."""
    def left():
        return STARTED + options.budget - time.monotonic()

    data = result.data
    log = StateLog(result.state_log, [])
    try:
        with result.part("what this machine is"):
            answers = query(DESCRIPTION + STATE, result.machine_log)
            log = StateLog(result.state_log, [field for field in STATE if field in answers])
            data["machine"] = describe(answers, options, result.machine_log)
        if options.built:
            note_found(options, result)
        elif not build(options, result, left):
            return BAD_USAGE
        if not programs(options, result, "device_bench") and not programs(options, result, "gpu_*_test"):
            data["status"] = "build failed"
            return 1
        there = True
        with result.part("first call of a device"):
            there = first_device_call(options, result)
        if there:
            measure(options, result, log, left)
        else:
            data["status"] = "no device"
            data["not_done"] += ["tests (no device)", "bench (no device)"]
    finally:
        log.finish()
        for part in data["bench"].values():
            log.lay_beside(part["rows"])
    return 0


def build(options, result, left):
    """Whether it began: not without a GoogleTest, unless nobody wants tests."""
    with_tests = True
    with result.part(f"building in {options.build}"):
        with_tests = configure(options, result) or options.without_tests
        if with_tests:
            compile_programs(options, result, left)
    if not with_tests:
        say(f"gpu_check: {ADVICE}", sys.stderr)
        result.data["status"] = ADVICE
    return with_tests


def measure(options, result, log, left):
    end_of_tests = time.monotonic() + 0.4 * left()  # what they leave is the bench's
    if options.without_tests:
        result.data["not_done"].append("tests (--without-tests)")
    else:
        test(options, result, lambda: end_of_tests - time.monotonic())
    bench(options, result, log, left)


def main():
    options = options_of()
    if not options.built:
        for tool in ("cmake", "nvcc", "c++"):
            if shutil.which(tool) is None:
                say(f"gpu_check: {tool} is not on the path (the device code is built from its "
                    "source); install it or set PATH", sys.stderr)
                return BAD_USAGE
    for one in SIGNALS:
        if signal.getsignal(one) != signal.SIG_IGN:  # as nohup does
            signal.signal(one, stopped)
    result = ResultFile(options.out, STARTED)
    status = 1
    try:
        status = check(options, result)
    except Stopped:
        if result.data["status"] == UNFINISHED:
            result.data["status"] = "stopped"
    except Exception:
        result.error("between parts")
    result.finish()
    return status or {"passed": 0, "no device": NO_DEVICE}.get(result.data["status"], 1)


if __name__ == "__main__":
    sys.exit(main())
