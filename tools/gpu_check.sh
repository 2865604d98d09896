#!/usr/bin/env bash
# On a machine with an NVIDIA GPU, CUDA, CMake and Python: builds the device code alone, runs every
# test labelled gpu and the bench, and writes one JSON file. Ends within ten minutes and changes no
# setting of the GPU. tools/gpu_check.sh --help
set -euo pipefail
command -v python3 >/dev/null ||
  { echo "gpu_check: python3 is missing (it writes the JSON file); install it" >&2; exit 2; }
# Where CUDA's installer puts it, which no distribution's PATH names.
for folder in /usr/local/cuda/bin /usr/local/cuda-*/bin; do
  if ! command -v nvcc >/dev/null && [[ -x $folder/nvcc ]]; then export PATH=$PATH:$folder; fi
done
exec python3 -B "$(dirname "$0")/gpu_check" "$@"
