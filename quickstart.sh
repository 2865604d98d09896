#!/usr/bin/env bash
# From a bare Debian 12 or Ubuntu 24.04 to the answer: sets up, builds, trains sweeps/quickstart.yaml
# (four architectures, five sizes, a decade of compute; 7 to 12 minutes on two cores), prints the
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
# Budgets below 4e11 are still on the plateau of the bigram: shown, not fitted.
report=$(build/isoloss report "$out" --from-budget 4e11)
echo "== Compute saved at equal loss (the baseline's FLOPs over the candidate's, 95 % intervals)"
awk -F, 'NR == 1 { printf "%-15s %-15s %8s %9s   %s\n", "candidate", "against", "at loss", "savings", "interval" }
  $3 == "FLOPs" && $5 == "" { printf "%-15s %-15s refused: the report says why\n", $1, $2 }
  $3 == "FLOPs" && $5 != "" { printf "%-15s %-15s %8.3f %8.2fx   [%.2f, %.2f]\n", $1, $2, $4, $5, $6, $7 }' \
  "$out/report/savings.csv"
echo "An interval that holds 1 means that no saving is resolved. Verdicts, plots and the study card:"
echo "$report"
