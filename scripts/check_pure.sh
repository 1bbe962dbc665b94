#!/usr/bin/env bash
# Fails when a deterministic library can reach a clock, chance, a disk, a socket or a thread.
# It looks into what was built, not into what was written.
#
# Usage: check_pure.sh LIBRARY.a...
set -euo pipefail

clock='_clock::now|clock_gettime|gettimeofday|\b(time|localtime|localtime_r|gmtime|clock)$'
chance='random_device|getrandom|\b(rand|srand|random|drand48|arc4random)$'
disk='basic_[io]?f(stream|ilebuf)|std::filesystem|\b(fopen|fopen64|freopen|open|open64|openat|creat|unlink|remove|rename|mkdir)$'
world='getenv|\b(socket|connect|accept|bind|recv|send|system|popen|fork)$'
thread='std::thread|std::this_thread|pthread_create|sleep_for|\b(nanosleep|usleep|sleep)$'

for library in "$@"; do
  [[ -f $library ]] || { echo "$library: not built"; exit 2; }
done
# Undefined symbols, demangled, without the argument lists; a version suffix (@GLIBC_2.34) is cut.
found=$(nm -uCA "$@" 2>/dev/null | sed 's/@.*//' | grep -E "$clock|$chance|$disk|$world|$thread" || true)
if [[ -n $found ]]; then
  echo "$found"
  echo "impure symbols: take these in as an argument instead"
  exit 1
fi
echo "pure: $# libraries"
