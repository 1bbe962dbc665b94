#!/usr/bin/env bash
# Runs the default scenario with a tenth, all and ten times its firms, on one core, and prints how
# time and memory grow. Usage: bench/scale.sh [build/release/bin/capclear]
set -euo pipefail
cd "$(dirname "$0")/.."
capclear=${1:-build/release/bin/capclear}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$capclear" population scenarios/china-transition.toml --out "$work/all.csv" > "$work/log"
awk 'NR == 1 || NR % 10 == 2' "$work/all.csv" > "$work/tenth.csv"
awk -F, -v OFS=, 'NR == 1 { print; next }
  { name = $1; for (i = 0; i < 10; ++i) { $1 = name "-" i; print } }' "$work/all.csv" > "$work/ten.csv"

printf '%10s %10s %12s %14s %12s\n' firms seconds 'memory MiB' 'us/firm-day' 'trades'
for size in tenth all ten; do
  firms=$(($(wc -l < "$work/$size.csv") - 1))
  taskset -c 0 /usr/bin/env python3 - "$capclear" "$work/$size.csv" "$work/run-$size" "$firms" <<'PY'
import json, resource, subprocess, sys, time
binary, csv, out, firms = sys.argv[1:]
start = time.time()
subprocess.run([binary, "run", "scenarios/china-transition.toml", "--out", out, "--set", f"firms={csv}"],
               check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
seconds = time.time() - start
memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
run = json.load(open(out + "/run.json"))
print(f"{int(firms):>10} {seconds:>10.2f} {memory:>12.0f} {seconds * 1e6 / int(firms) / run['days']:>14.3f} {run['trades']:>12}")
PY
done
