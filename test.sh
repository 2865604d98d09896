#!/usr/bin/env bash
# Sets up, builds and tests. ./test.sh runs everything, sanitizers and the build without LibTorch and
# MPI among it, and is what CI calls; ./test.sh --quick the unit, golden, MPI and fault tests.
set -euo pipefail
cd "$(dirname "$0")"
quick=0
case ${1:-} in
  "") ;;
  --quick) quick=1 ;;
  *) echo "test.sh: '$1' is not an option (only --quick is); run ./test.sh or ./test.sh --quick" >&2; exit 2 ;;
esac
# --quick leaves out what takes long: the study that a real Slurm preempts (for which the daemons are
# installed), twenty kills, whole trajectories beside PyTorch, intervals of simulated studies.
packages="slurm-wlm munge"
tests=()
if ((quick)); then packages="" tests=(-E 'study_survives|^chaos/|^reference/|/Coverage'); fi
ISOLOSS_PACKAGES=$packages scripts/setup.sh release
((quick)) || scripts/python_environment.sh >/dev/null || echo "== Tests against PyTorch will be skipped"
echo "== Tests"
ctest --test-dir build --output-on-failure -j "${ISOLOSS_JOBS:-$(nproc)}" "${tests[@]}"
((quick)) && exit 0
echo "== Address and undefined-behaviour sanitizers over the rooms without LibTorch"
scripts/setup.sh asan-ubsan
ctest --test-dir build-asan-ubsan --output-on-failure -j "${ISOLOSS_JOBS:-$(nproc)}"
echo "== The program without LibTorch and MPI"
scripts/setup.sh analysis-only
ctest --test-dir build-analysis-only --output-on-failure -j "${ISOLOSS_JOBS:-$(nproc)}" -R '^(cli|rooms)/'
if command -v nvcc >/dev/null || [[ -x /usr/local/cuda/bin/nvcc ]]; then
  echo "== Device code: compiled and linked for GPUs; its tests and bench run where there is one"
  status=0
  tools/gpu_check.sh --build build-lean --out build-lean/gpu_check.json --budget 1200 \
    --jobs "${ISOLOSS_JOBS:-$(nproc)}" || status=$?
  if ((status == 77)); then
    ctest --test-dir build-lean -L gpu -j "${ISOLOSS_JOBS:-$(nproc)}" | tail -n 3
  elif ((status != 0)); then
    exit "$status"
  fi
  echo "== What joins GPUs: compiled and linked with NCCL; its tests run where there are some"
  cmake -S . -B build-nccl -G Ninja -DCMAKE_BUILD_TYPE=Release -DISOLOSS_TRAIN=OFF -DISOLOSS_CUDA=ON \
    -DISOLOSS_UNITY=ON >/dev/null
  cmake --build build-nccl --target harness_nccl_test -j "${ISOLOSS_JOBS:-$(nproc)}"
  ctest --test-dir build-nccl -R '^harness/nccl/' --output-on-failure
else
  echo "== Device code for GPUs is not compiled: nvcc is missing (install CUDA's toolkit)"
fi
