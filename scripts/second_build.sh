#!/usr/bin/env bash
# Builds the registry a second time, by another compiler (clang++, or $1), and has both builds play the
# same 40 sequences of 5,000 thrown commands: every byte of every journal, and every state, must be the
# same. Needs build/release/bin/registry_heads.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

first=build/release/bin/registry_heads
second=build/second
compiler=${1:-clang++}
[[ -x $first ]] || { echo "no $first: build it first (ninja -C build/release registry_heads)" >&2; exit 2; }
command -v "$compiler" >/dev/null || { echo "no $compiler here" >&2; exit 2; }
launcher=$(command -v ccache || true)

mkdir -p "$second"
objects=()
for source in tests/soak/registry_heads.cc registry/*.cc registry/model/*.cc base/*.cc; do
  [[ $source == *_test.cc ]] && continue
  object=$second/${source//\//_}.o
  $launcher "$compiler" -std=c++20 -O2 -ffp-contract=off -I. -c "$source" -o "$object"
  objects+=("$object")
done
"$compiler" "${objects[@]}" -o "$second/registry_heads"

if diff <("$first") <("$second/registry_heads"); then
  echo "the same by $compiler: $("$second/registry_heads" | sha256sum | cut -c1-16)"
else
  echo "another outcome by $compiler" >&2
  exit 1
fi
