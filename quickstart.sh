#!/usr/bin/env bash
# From a bare Debian 12 or Ubuntu 24.04 to the answer: sets up, builds, trains sweeps/quickstart.yaml
# (four architectures, four sizes, a decade of compute; about 12 minutes on two cores), prints the
# savings table and writes the report. Run it again to go on where it stopped.
set -euo pipefail
cd "$(dirname "$0")"
scripts/setup.sh release isoloss
out=results/runs/quickstart
ranks=${ISOLOSS_RANKS:-$(nproc)}
echo "== What will be trained"
build/isoloss plan sweeps/quickstart.yaml --ranks "$ranks"
echo "== Training on $ranks ranks"
build/isoloss run sweeps/quickstart.yaml --out "$out" --ranks "$ranks"
echo "== Compute saved at equal loss"
for pair in transformer:primer-ez transformer:primer transformer:transformer++ \
  transformer++:primer-ez transformer++:primer; do
  build/isoloss savings "$out" --baseline "${pair%%:*}" --candidate "${pair#*:}" --from-budget 4e11 ||
    echo "(no verdict for ${pair#*:} over ${pair%%:*}: see the line above)"
done
build/isoloss report "$out" --from-budget 4e11
