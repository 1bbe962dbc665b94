#!/usr/bin/env bash
# How many instructions a message takes in the matching engine, by stream and kind, counted by
# callgrind: what a busy machine does not move. Three minutes.
# Usage: bench/engine_instructions.sh [build/release/bin/engine_bench]
set -euo pipefail
cd "$(dirname "$0")/.."
bench=${1:-build/release/bin/engine_bench}
counts=$(mktemp)
trap 'rm -f "$counts"' EXIT

echo "| instructions a message | add | immediate | cancel | change | all |"
echo "|---|---|---|---|---|---|"
for stream in calm deep swing thin; do
  row="| $stream |"
  all=0
  sent=0
  for kind in add immediate cancel change; do
    messages=$(valgrind --tool=callgrind --callgrind-out-file="$counts" --collect-atstart=no \
      --toggle-collect='*CountHere*' "$bench" --profile $stream --messages 300000 --count $kind \
      2> /dev/null)
    sum=$(sed -n 's/^\(summary\|totals\): //p' "$counts" | head -1)
    row+=" $((sum / messages)) |"
    all=$((all + sum))
    sent=$((sent + messages))
  done
  echo "$row $((all / sent)) |"
done
