#!/usr/bin/env bash
# Runs a reference script in the environment of scripts/python_environment.sh; exits 77, which ctest
# reads as skipped, where there is none.
set -euo pipefail
environment=${ISOLOSS_PYTHON_ENVIRONMENT:-${XDG_CACHE_HOME:-$HOME/.cache}/isoloss/python}
if [[ ! -e $environment/complete ]]; then
  echo "skipped: no PyTorch for Python in $environment; run scripts/python_environment.sh"
  exit 77
fi
exec "$environment/bin/python" "$@"
