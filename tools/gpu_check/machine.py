"""What the figures were taken on and of: GPU, driver, tools, code."""
import hashlib
import importlib.util
import os
import pathlib
import shutil

from processes import run

SOURCE = pathlib.Path(__file__).resolve().parents[2]
# Of nvidia-smi, which is asked and never told. Names differ by driver: what one refuses is left out.
DESCRIPTION = ["name", "driver_version", "vbios_version", "memory.total", "compute_cap", "pstate",
               "power.limit", "power.default_limit", "clocks.max.sm", "clocks.max.memory",
               "clocks.applications.graphics", "ecc.mode.current", "mig.mode.current",
               "compute_mode", "persistence_mode"]
TOOLS = {"nvcc": ["nvcc", "--version"], "cmake": ["cmake", "--version"],
         "compiler": ["c++", "--version"], "python": ["python3", "--version"]}


def query(fields, log):
    """nvidia-smi's answers of the first GPU by field; those that this driver knows."""
    if shutil.which("nvidia-smi") is None:
        return {}

    def ask(some):
        ended = run(["nvidia-smi", "-i", "0", f"--query-gpu={','.join(some)}",
                     "--format=csv,noheader,nounits"], 20, log)
        for line in ended.text.splitlines() if ended.status == 0 else []:
            values = [value.strip() for value in line.split(",")]
            if len(values) == len(some):
                return dict(zip(some, values)), ended
        return {}, ended

    left = list(fields)
    while left:  # one question takes a second where the driver sleeps between
        answers, ended = ask(left)
        refused = [field for field in left if f'"{field}"' in ended.text]
        if answers or ended.why or not refused:
            break
        left = [field for field in left if field not in refused]
    if answers or ended.why:
        return answers
    for field in left:
        answers.update(ask([field])[0])
    return answers


def describe(answers, options, log):
    found = {"gpu": {field: answers[field] for field in DESCRIPTION if field in answers}}
    for name, command in TOOLS.items():
        if shutil.which(command[0]):
            lines = run(command, 20, log).text.strip().splitlines()
            if lines:
                found[name] = lines[-2 if name == "nvcc" and len(lines) > 1 else 0]
    found["kernel"] = " ".join(os.uname()[i] for i in (0, 2, 4))
    found["cpus"] = len(os.sched_getaffinity(0))
    found["sources_sha256"] = digest()
    found["code"] = options.code or described_by_git(log) or "sources " + found["sources_sha256"][:16]
    return found


def described_by_git(log):
    """A commit; "" where there is no checkout."""
    ended = run(["git", "-C", str(SOURCE), "describe", "--always", "--dirty"], 20, log)
    return ended.text.strip() if ended.status == 0 else ""


def digest():
    """Of what is built, so that figures can be laid to a commit where no checkout is."""
    total = hashlib.sha256()
    for folder in ("CMakeLists.txt", "cmake", "harness", "model", "tests"):
        top = SOURCE / folder
        for path in [top] if top.is_file() else sorted(top.rglob("*")):
            if path.is_file() and path.suffix in (".cpp", ".cu", ".h", ".txt", ".cmake"):
                total.update(f"{path.relative_to(SOURCE)}\0".encode() + path.read_bytes())
    return total.hexdigest()


def architecture(capability):
    """CMAKE_CUDA_ARCHITECTURES of a compute capability; Hopper's own instructions need the a."""
    number = capability.replace(".", "") or "90"
    return f"{number}a-real" if number == "90" else f"{number}-real"


def wheel_folder(header, library):
    """Folder of Python's wheels of NVIDIA, as they come with PyTorch, that has lib/library* and
    include/header; None: there is none."""
    try:
        nvidia = importlib.util.find_spec("nvidia")
    except (ImportError, ValueError):
        return None
    for place in (nvidia.submodule_search_locations or []) if nvidia else []:
        for found in sorted(pathlib.Path(place).glob(f"*/include/{header}")):
            if any((found.parents[1] / "lib").glob(library + "*")):
                return found.parents[1]
    return None
