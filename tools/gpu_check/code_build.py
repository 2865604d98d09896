"""The device code alone, built for this machine's GPU: the bench first, then the tests, as far as they
go."""
import os
import re
import shutil
import time

from machine import SOURCE, architecture, wheel_folder
from processes import run


def configure(options, result):
    """Whether there is a GoogleTest to build tests with: installed, or sources of it."""
    build = result.data["build"]
    build["architecture"] = architecture(result.data["machine"].get("gpu", {}).get("compute_cap", ""))
    command = ["cmake", "-S", str(SOURCE), "-B", str(options.build), "-DCMAKE_BUILD_TYPE=Release",
               "-DISOLOSS_TRAIN=OFF", "-DISOLOSS_CUDA=ON", "-DISOLOSS_LEAN=ON",
               f"-DCMAKE_CUDA_ARCHITECTURES={build['architecture']}"]
    if shutil.which("ninja"):
        command += ["-G", "Ninja"]
    for home, found in {"NCCL_HOME": wheel_folder("nccl.h", "libnccl.so"),
                        "CUBLAS_HOME": wheel_folder("cublasLt.h", "libcublasLt.so")}.items():
        if os.environ.get(home) or found:
            command.append(f"-D{home}={os.environ.get(home) or found}")
    if options.googletest:
        command.append(f"-DISOLOSS_GOOGLETEST={options.googletest}")
    ended = run(command, 120, result.build_log)
    if ended.status != 0:
        raise RuntimeError(f"cmake: {ended.reason()}\n{ended.text[-2500:]}")
    cache = note_found(options, result)
    build["configured"] = True
    return "ISOLOSS_GOOGLETEST_FOUND:INTERNAL=ON" in cache


def note_found(options, result):
    """What CMake has found; its cache."""
    path = options.build / "CMakeCache.txt"
    cache = path.read_text(errors="replace") if path.is_file() else ""
    for name in ("CMAKE_GENERATOR", "NCCL_LIBRARY", "CUBLASLT_LIBRARY", "CUDA_cublasLt_LIBRARY"):
        match = re.search(f"^{name}:[A-Z]+=(.*)$", cache, re.MULTILINE)
        if match:
            result.data["build"][name] = match[1]
    return cache


def compile_programs(options, result, time_left):
    """Builds device_bench and then the rest, each within its share of what is left, and notes what
    was not built."""
    build = result.data["build"]
    ninja = build.get("CMAKE_GENERATOR") == "Ninja"
    command = ["cmake", "--build", str(options.build), "-j", str(options.jobs)]
    keep_going = ["--", "-k", "0"] if ninja else ["--", "-k"]
    stages = [("bench", ["--target", "device_bench", *keep_going])]
    if not options.without_tests:
        stages.append(("tests", keep_going))
    for stage, arguments in stages:
        began = time.monotonic()
        ended = run(command + arguments, 0.35 * time_left(), result.build_log)
        build[f"{stage}_seconds"] = round(time.monotonic() - began, 1)
        if ended.status != 0:
            build.setdefault("not_built", [])
            build[f"{stage}_error"] = ended.reason()
            build[f"{stage}_said"] = [line for line in ended.text.splitlines()
                                      if re.search(r"\berror[: ]|FAILED:|undefined reference|fatal", line)][:30]
        result.save()
    if "not_built" in build:
        build["not_built"] = [name for name in programs_of(command, result)
                              if (name == "device_bench" or not options.without_tests)
                              and not complete(command + ["--target", name], result)]


def programs_of(command, result):
    ended = run(command + ["--target", "help"], 30, result.build_log)
    return sorted(set(re.findall(r"^(?:\.\.\. )?(gpu_\w+_test|device_bench)(?=:| |$)", ended.text,
                                 re.MULTILINE)))


def complete(command, result):
    """Whether the program is what its sources say: else what lies there may be an earlier build's."""
    return run(command, 20, result.build_log).status == 0


def programs(options, result, pattern):
    """Those that were built, by name."""
    if not options.built and not result.data["build"].get("configured"):
        return {}  # what lies there is an earlier build's
    stale = result.data["build"].get("not_built", [])
    return {path.name: path for path in sorted(options.build.glob(f"**/{pattern}"))
            if path.is_file() and path.name not in stale}
