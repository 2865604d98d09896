#!/usr/bin/env bash
# Makes the Python environment of the reference tests and of `isoloss bench --peer`: the PyTorch whose
# LibTorch isoloss links, transformers, safetensors and lm-evaluation-harness. Prints the interpreter's path as its last
# line; does nothing twice. scripts/setup.sh comes first.
#   scripts/python_environment.sh   (1 GB and a minute the first time; no second copy of torch)
# Honoured: ISOLOSS_TORCH=FOLDER, as in setup.sh; ISOLOSS_PYTHON_ENVIRONMENT=FOLDER for another place.
set -euo pipefail
cd "$(dirname "$0")/.."
torch_version=2.11.0
packages=(numpy==2.4.6 safetensors==0.8.0 transformers==5.24.0 filelock fsspec jinja2 networkx sympy
  typing_extensions h5py)
# lm-evaluation-harness and what it imports; it and accelerate ask for another copy of PyTorch, so
# their own wishes are passed over.
harness=(datasets==5.2.0 evaluate==0.4.6 jsonlines more-itertools psutil pytablewriter rouge-score sacrebleu
  scikit-learn sqlitedict tqdm-multiprocess word2number zstandard)
harness_alone=(lm_eval==0.4.13 accelerate==1.15.0)

say() { printf '== %s\n' "$*" >&2; }
stop() { printf 'isoloss python environment: %s\n' "$*" >&2; exit 2; }

cache=${XDG_CACHE_HOME:-$HOME/.cache}/isoloss
environment=${ISOLOSS_PYTHON_ENVIRONMENT:-$cache/python}
contents="$(sha256sum <scripts/python_environment.sh) ${ISOLOSS_TORCH:-}"
if [[ -e $environment/complete && $(<"$environment/complete") == "$contents" ]]; then
  say "Python environment: there ($environment)"
  echo "$environment/bin/python"
  exit 0
fi

# PyTorch's wheel is a CUDA build: Python loads all of its libraries, and these name NVIDIA's (4 GB).
# On a machine without a GPU nothing calls them, so stand-ins that stop the process do.
stand_in_for_cuda() {
  local torch_lib=$1/torch/lib place=$1/nvidia/cu13/lib name
  local work=$environment/stand-ins
  mkdir -p "$place" "$work"
  echo >"$work/empty.c"
  for name in $(readelf -d "$torch_lib"/*.so | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort -u |
    grep -E '^lib(cu|nccl|nvshmem|nvrtc|nvJitLink)'); do
    [[ -e $place/$name || $name == libcuda.so.1 ]] && continue
    gcc -fPIC -shared -Wl,-soname,"$name" -o "$place/$name" "$work/empty.c"
  done
  {
    echo '#include <stdio.h>'
    echo '#include <stdlib.h>'
    echo '#define STAND_IN(name) void name(void) { fprintf(stderr, "%s is absent (PyTorch was set up for the CPU alone)\n", #name); abort(); }'
    LC_ALL=C ldd -r "$torch_lib/libtorch_python.so" 2>/dev/null |
      sed -n 's/^undefined symbol: *\([A-Za-z0-9_]*\).*/\1/p' | grep -vE '^_?Py' | sort -u |
      sed 's/.*/STAND_IN(&)/'
  } >"$work/functions.c"
  gcc -w -fPIC -shared -Wl,-soname,libcufile.so.0 -o "$place/libcufile.so.0" "$work/functions.c"
}

say "Making the Python environment in $environment (1 GB)"
rm -rf "$environment"
mkdir -p "$(dirname "$environment")"
python3 -m venv "$environment" ||
  stop "python3 cannot make a virtual environment; install python3-venv and run again"
site=$("$environment/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')
pip=("$environment/bin/pip" install -q --disable-pip-version-check)
"${pip[@]}" --only-binary :all: "${packages[@]}" >&2 ||
  stop "packages could not be fetched (see above); give pip a network or an index that has: ${packages[*]}"
# Without these the comparison with lm-evaluation-harness alone is skipped. Some have no wheels.
"${pip[@]}" "${harness[@]}" >&2 && "${pip[@]}" --no-deps "${harness_alone[@]}" >&2 ||
  say "lm-evaluation-harness could not be fetched (see above); its comparison will be skipped"

python=$("$environment/bin/python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
wheel=$cache/torch-$torch_version-py$python/site
if [[ -n ${ISOLOSS_TORCH:-} ]]; then
  dirname "$(realpath "$ISOLOSS_TORCH")" >"$site/torch.pth"
elif found=$(python3 -c 'import os, torch; print(os.path.dirname(os.path.dirname(torch.__file__)))' 2>/dev/null); then
  echo "$found" >"$site/torch.pth"
elif [[ -e $wheel/torch ]]; then
  # Hard links, so that the stand-ins lie beside them and not in the folder that isoloss links.
  cp -al "$wheel/." "$site/" 2>/dev/null || cp -a "$wheel/." "$site/"
  command -v gcc >/dev/null || stop "gcc is missing; run scripts/setup.sh first"
  stand_in_for_cuda "$site"
else
  stop "PyTorch $torch_version for Python $python is not there ($wheel); run scripts/setup.sh first"
fi
"$environment/bin/python" -c 'import torch, transformers, safetensors; torch.ones(2, 2) @ torch.ones(2, 2)' ||
  stop "PyTorch does not load in $environment (see above); report it, or set ISOLOSS_TORCH to the torch folder of a PyTorch that Python imports"
echo "$contents" >"$environment/complete"
say "Python environment: ready"
echo "$environment/bin/python"
