# What run.sh and test.sh share: the Debian packages a build needs, and the build itself.
# Sourced from the root of the checkout; safe to repeat, and quick when nothing is left to do.

readonly kBuildDir=build/release

# Debian 12. librocksdb-dev brings the compression libraries its CMake file looks for.
readonly kPackages=(
  g++ cmake ninja-build ccache pkg-config python3 git
  libgtest-dev libgmock-dev libbenchmark-dev
  libcli11-dev libtomlplusplus-dev nlohmann-json3-dev
  libsqlitecpp-dev libsqlite3-dev librocksdb-dev
  libboost-dev libspdlog-dev libfmt-dev libssl-dev libzip-dev libpugixml-dev
  libquickfix-dev
  libgrpc++-dev libprotobuf-dev protobuf-compiler protobuf-compiler-grpc
)

say() { printf '== %s\n' "$*"; }
fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# Prints the packages of the list that are not installed, one a line.
missing_packages() {
  local installed
  installed=$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' "${kPackages[@]}" 2>/dev/null |
    sed -n 's/ installed$//p' || true)
  local package
  for package in "${kPackages[@]}"; do
    grep -qxF -- "$package" <<<"$installed" || printf '%s\n' "$package"
  done
}

ensure_packages() {
  command -v dpkg-query >/dev/null ||
    fail "this is not a Debian system (no dpkg-query); install by hand: ${kPackages[*]}"
  local missing
  mapfile -t missing < <(missing_packages)
  ((${#missing[@]} == 0)) && return

  say "installing ${#missing[@]} missing packages: ${missing[*]}"
  [[ $(id -u) == 0 ]] ||
    fail "installing packages needs root: run this script as root, or run first
       sudo apt-get install ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  local apt=(apt-get -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300)
  "${apt[@]}" update || fail "apt-get update failed: is the package mirror reachable?"
  "${apt[@]}" install --yes --no-install-recommends "${missing[@]}" ||
    fail "apt-get could not install: ${missing[*]}"
}

# Configures once, then builds what is named (ninja's targets; everything without a name).
build() {
  ensure_packages
  if [[ ! -f $kBuildDir/build.ninja ]]; then
    say "configuring $kBuildDir"
    cmake -S . -B "$kBuildDir" -G Ninja -DCMAKE_BUILD_TYPE=Release ||
      fail "cmake could not configure $kBuildDir; if the folder was moved here, remove it"
  fi
  say "building $kBuildDir (the first time takes some minutes, then only what changed)"
  ninja -C "$kBuildDir" -j "$(nproc)" "$@" || fail "the build failed; the first error is above"
}
