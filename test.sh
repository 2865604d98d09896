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
# installed), twenty kills, whole trajectories beside PyTorch, intervals of simulated studies, benches,
# and every model of the catalogue on emulated devices or scored.
packages="slurm-wlm munge"
tests=()
slow='study_survives|^chaos/|^reference/|/Coverage|BenchCommand|ScorerOfEveryModel|DeviceModelOf|mpi_device_study|gpu_check'
if ((quick)); then packages="" tests=(-E "$slow"); fi
# Where CUDA is, everything is tested as the program for GPUs has it, whether there is one or not.
[[ -x /usr/local/cuda/bin/nvcc ]] && PATH=$PATH:/usr/local/cuda/bin
preset=release build=build
if ((!quick)) && command -v nvcc >/dev/null; then preset=cuda build=build-cuda; fi
ISOLOSS_PACKAGES=$packages scripts/setup.sh "$preset"
((quick)) || scripts/python_environment.sh >/dev/null || echo "== Tests against PyTorch will be skipped"
echo "== Tests"
ctest --test-dir "$build" --output-on-failure -j "${ISOLOSS_JOBS:-$(nproc)}" "${tests[@]}"
((quick)) && exit 0
echo "== Address and undefined-behaviour sanitizers over the rooms without LibTorch"
scripts/setup.sh asan-ubsan
ctest --test-dir build-asan-ubsan --output-on-failure -j "${ISOLOSS_JOBS:-$(nproc)}"
echo "== The program without LibTorch and MPI"
scripts/setup.sh analysis-only isoloss cli_test rooms_test
ctest --test-dir build-analysis-only --output-on-failure -j "${ISOLOSS_JOBS:-$(nproc)}" -R '^(cli|rooms)/'
if [[ $preset != cuda ]]; then
  echo "== Device code for GPUs is not compiled: nvcc is missing (install CUDA's toolkit)"
elif nvidia-smi -L 2>/dev/null | grep -q .; then
  echo "== Device code alone, as a bare machine with a GPU builds it, its tests and bench"
  tools/gpu_check.sh --build build-lean --out build-lean/gpu_check.json --budget 1200 \
    --jobs "${ISOLOSS_JOBS:-$(nproc)}"
else
  echo "== No GPU here: tests that need one were skipped above (tools/gpu_check.sh runs them where there is one)"
fi
