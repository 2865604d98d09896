#!/usr/bin/env bash
# Makes a bare Debian 12 or Ubuntu 24.04 ready and builds isoloss: packages, LibTorch, configure,
# build. Says what it does, does nothing twice, and stops with what is missing where it can't go on.
#   scripts/setup.sh [PRESET [TARGET ...]]   (release; analysis-only and lean need neither LibTorch nor
#                                MPI; TARGET isoloss builds the program alone, without tests)
# Honoured: ISOLOSS_TORCH=FOLDER (the torch folder of a wheel) or Torch_DIR, to use a LibTorch of
# your own; ISOLOSS_CPU=x86-64-v3 for a binary that moves between machines; ISOLOSS_JOBS;
# ISOLOSS_PACKAGES="NAME ...", to install more packages.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${1:-release}
targets=("${@:2}")
((${#targets[@]})) || targets=(all)
torch_version=2.11.0

say() { printf '== %s\n' "$*"; }
stop() { printf 'isoloss setup: %s\n' "$*" >&2; exit 2; }

packages=(g++ cmake ninja-build ccache pkg-config git python3 ca-certificates
  libhdf5-dev hdf5-tools libyaml-cpp-dev libboost-program-options-dev libboost-context-dev libboost-dev
  libeigen3-dev nlohmann-json3-dev libfmt-dev libxxhash-dev
  libgtest-dev libgmock-dev gnuplot-nox)
train_packages=(zlib1g-dev libopenmpi-dev openmpi-bin libsentencepiece-dev sentencepiece libbenchmark-dev
  python3-venv python3-pip python3-dev python3-h5py python3-numpy)  # -dev: torch.compile includes Python.h
case $preset in
  analysis-only | asan-ubsan | lean) ;;
  *) packages+=("${train_packages[@]}") ;;
esac
optional_packages=(libsnappy-dev libzstd-dev)  # what parquet files are packed by
read -ra more_packages <<<"${ISOLOSS_PACKAGES:-}"
packages+=("${more_packages[@]}")

missing=()
optional_missing=()
if command -v dpkg-query >/dev/null; then
  installed() { dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }
  for package in "${packages[@]}"; do installed "$package" || missing+=("$package"); done
  for package in "${optional_packages[@]}"; do
    installed "$package" || optional_missing+=("$package")
  done
else
  stop "this is not Debian or Ubuntu (dpkg-query is missing); install by hand: ${packages[*]}"
fi
if ((${#missing[@]})); then
  command -v apt-get >/dev/null || stop "packages are missing (no apt-get here); install: ${missing[*]}"
  as_root=()
  if ((EUID != 0)); then
    command -v sudo >/dev/null ||
      stop "packages are missing (not root and no sudo); ask an administrator for: ${missing[*]}"
    as_root=(sudo)
  fi
  missing+=("${optional_missing[@]}")
  say "Installing ${#missing[@]} packages: ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
    stop "apt-get could not install the packages (see above); install: ${missing[*]}"
elif ((${#optional_missing[@]})); then
  # One who may not install goes on without.
  as_root=()
  ((EUID == 0)) || as_root=(sudo -n)
  { "${as_root[@]}" apt-get update -qq && "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${optional_missing[@]}"; } >/dev/null 2>&1 &&
    say "Installed ${optional_missing[*]}" ||
    say "Going on without ${optional_missing[*]}: parquet files that need them are refused, and tests of those are skipped"
else
  say "Packages: all there"
fi

options=()
if [[ $preset != analysis-only && $preset != asan-ubsan && $preset != lean ]]; then
  if [[ -n ${ISOLOSS_TORCH:-} || -n ${Torch_DIR:-} ]]; then
    say "LibTorch: yours (${ISOLOSS_TORCH:-$Torch_DIR})"
  elif found=$(python3 -c 'import os, torch; print(os.path.dirname(torch.__file__))' 2>/dev/null); then
    say "LibTorch: the one python3 imports ($found)"
    ISOLOSS_TORCH=$found
  else
    python=$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    store=${XDG_CACHE_HOME:-$HOME/.cache}/isoloss/torch-$torch_version-py$python
    if [[ ! -e $store/complete ]]; then
      say "Fetching LibTorch $torch_version (530 MB; 1.2 GB unpacked) into $store"
      rm -rf "$store" "$store.part"
      mkdir -p "$store.part"
      python3 -m venv "$store.part/venv" ||
        stop "python3 cannot make a virtual environment; install python3-venv and run again"
      # The wheel is a CUDA build; its CPU libraries load with these two small packages alone.
      "$store.part/venv/bin/pip" install -q --disable-pip-version-check --no-deps \
        --target "$store.part/site" "torch==$torch_version" \
        nvidia-cuda-runtime==13.0.96 nvidia-cuda-cupti==13.0.85 ||
        stop "LibTorch could not be fetched (no network, or no wheel for Python $python); set ISOLOSS_TORCH to the torch folder of a PyTorch $torch_version of your own"
      rm -rf "$store.part/venv"
      touch "$store.part/complete"
      mv "$store.part" "$store"
    else
      say "LibTorch $torch_version: there ($store)"
    fi
    ISOLOSS_TORCH=$store/site/torch
  fi
  [[ -n ${ISOLOSS_TORCH:-} ]] && options+=("-DISOLOSS_TORCH=$ISOLOSS_TORCH")
  [[ -n ${Torch_DIR:-} ]] && options+=("-DTorch_DIR=$Torch_DIR")
fi
[[ -n ${ISOLOSS_CPU:-} ]] && options+=("-DISOLOSS_CPU=$ISOLOSS_CPU")

build=build
[[ $preset == release ]] || build=build-$preset
# A first build compiles a room's files together, which takes half as long; who works on them turns
# that off in the folder (CONTRIBUTING.md), and it stays off.
[[ -e $build/CMakeCache.txt ]] || options+=(-DISOLOSS_UNITY=ON)
say "Configuring $preset"
mkdir -p "$build"
cmake --preset "$preset" "${options[@]}" >"$build/configure.log" 2>&1 ||
  { tail -n 20 "$build/configure.log" >&2; stop "cmake could not configure (log: $build/configure.log)"; }
say "Building ${targets[*]} of $preset into $build/ (minutes the first time, seconds after)"
cmake --build "$build" --target "${targets[@]}" -j "${ISOLOSS_JOBS:-$(nproc)}" ||
  stop "the build failed (see above); run again with ISOLOSS_JOBS=1 if memory ran out"
