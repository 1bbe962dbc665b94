#!/usr/bin/env bash
# Installs what is missing, builds, and runs China's transition. Arguments go to `capclear run`:
# ./run.sh --seed 7 --out runs/mine
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
source scripts/build.sh

build bin/capclear
exec "$kBuildDir/bin/capclear" run scenarios/china-transition.toml "$@"
