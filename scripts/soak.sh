#!/usr/bin/env bash
# Puts what is built to the test for as long as one likes, and adds up the counts.
#
#   scripts/soak.sh --minutes N [--seed S] [--slice SECONDS] [--bin FOLDER] [--only PATTERN] [--markdown]
#
# Runs every FOLDER/*_soak (build/release/bin by default) in rotation, each for a slice of so many
# seconds (30) with a new seed each round (S, S+1, ...; 1 by default), until the time is used up. Such
# a program takes --seed and --seconds, ends with a line
#
#   RESULT <name> seed=<seed> <count>=<number> ... broken=<number>
#
# and exits with 0 when nothing that must hold was broken. Ends with one line a program (a table with
# --markdown), and with 1 when a program broke a promise, failed or printed no result.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

minutes='' seed=1 slice=30 bin=build/release/bin only='*' form=text
usage() {
  echo "usage: scripts/soak.sh --minutes N [--seed S] [--slice SECONDS] [--bin FOLDER]" \
    "[--only PATTERN] [--markdown]" >&2
  exit 2
}
while (($#)); do
  case $1 in
    --minutes) minutes=${2-}; shift ;;
    --seed) seed=${2-}; shift ;;
    --slice) slice=${2-}; shift ;;
    --bin) bin=${2-}; shift ;;
    --only) only=${2-}; shift ;;
    --markdown) form=markdown ;;
    *) usage ;;
  esac
  shift || usage
done
for number in "$minutes" "$seed" "$slice"; do
  [[ $number =~ ^[0-9]+$ ]] || usage
done

programs=()
for program in "$bin"/*_soak; do
  # shellcheck disable=SC2053
  [[ -x $program && ${program##*/} == $only ]] && programs+=("$program")
done
((${#programs[@]})) || { echo "no $only among $bin/*_soak: build first (./test.sh does)" >&2; exit 2; }

results=$(mktemp)
trap 'rm -f "$results"' EXIT
failed=0 rounds=0
end=$((SECONDS + minutes * 60))
while ((SECONDS < end)); do
  for program in "${programs[@]}"; do
    left=$((end - SECONDS))
    ((left > 0)) || break
    ((left < slice)) && slice_now=$left || slice_now=$slice
    output=$("$program" --seed "$((seed + rounds))" --seconds "$slice_now" 2>&1)
    code=$?
    printf '%s\n' "$output" | grep -v '^RESULT ' || true
    line=$(printf '%s\n' "$output" | grep '^RESULT ' | tail -n 1)
    if [[ -n $line ]]; then
      printf '%s\n' "$line" >>"$results"
    else
      echo "${program##*/} --seed $((seed + rounds)): no result (exit code $code)"
      failed=1
    fi
    ((code == 0)) || failed=1
  done
  rounds=$((rounds + 1))
done

# Adds up each program's counts, in the order in which they first appear.
awk -v form="$form" '
  {
    name = $2
    if (!(name in runs)) names[++n] = name
    ++runs[name]
    for (i = 3; i <= NF; ++i) {
      split($i, pair, "=")
      if (pair[1] == "seed") {
        if (!(name in low) || pair[2] + 0 < low[name]) low[name] = pair[2] + 0
        if (!(name in high) || pair[2] + 0 > high[name]) high[name] = pair[2] + 0
        continue
      }
      key = name SUBSEP pair[1]
      if (!(key in sum)) order[name, ++counts[name]] = pair[1]
      sum[key] += pair[2]
    }
  }
  END {
    if (form == "markdown") print "| program | seeds | counts | broken |\n|---|---|---|---|"
    for (i = 1; i <= n; ++i) {
      name = names[i]
      text = ""
      for (j = 1; j <= counts[name]; ++j) {
        what = order[name, j]
        if (what == "broken") continue
        shown = what
        gsub("_", " ", shown)
        text = text (text == "" ? "" : ", ") sprintf("%d %s", sum[name, what], shown)
      }
      line = "%s: seeds %d to %d: %s; broken: %d\n"
      if (form == "markdown") line = "| `%s` | %d to %d | %s | %d |\n"
      printf line, name, low[name], high[name], text, sum[name, "broken"]
    }
  }' "$results"
exit "$failed"
