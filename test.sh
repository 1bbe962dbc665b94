#!/usr/bin/env bash
# Installs what is missing, builds everything and runs every test. Arguments go to ctest:
# ./test.sh -R '^policy/'
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
source scripts/build.sh

build
say "testing"
exec ctest --test-dir "$kBuildDir" --output-on-failure --progress -j "$(nproc)" "$@"
