#!/usr/bin/env bash
# Durable double-entry transfers a second: PostgreSQL 15 beside this registry, in one run on one
# machine, and their ratio. README.md beside this file says what is compared and what is not.
#
#   bench/compare/postgres.sh [--build DIR] [--batches N] [--seconds S]
#
# Makes a private cluster in a temporary folder, on a Unix socket only, and takes it away again. The
# server ends by itself after 15 minutes whatever happens to this script. Needs the packages
# postgresql-15 and postgresql-client-15; as root it runs as the user postgres.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)

build=$root/build/release batches=40 seconds=20 clients=64 firms=5560
while (($#)); do
  case $1 in
    --build) build=$2; shift 2 ;;
    --batches) batches=$2; shift 2 ;;
    --seconds) seconds=$2; shift 2 ;;
    *) sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
  esac
done

bin=${PGBIN:-/usr/lib/postgresql/15/bin}
[[ -x $bin/initdb && -x $bin/pgbench ]] || {
  echo "no PostgreSQL 15 in $bin: apt-get install postgresql-15, or set PGBIN" >&2
  exit 2
}
[[ -x $build/bin/registry_bench ]] || {
  echo "no $build/bin/registry_bench: ninja -C $build registry_bench" >&2
  exit 2
}

build=$(cd "$build" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/capclear-postgres-XXXXXX")
as_postgres=()
if [[ $(id -u) == 0 ]]; then
  as_postgres=(setpriv --reuid=postgres --regid=postgres --clear-groups)
  chown postgres: "$work"
fi
server=
stop() {
  if [[ -n $server ]] && kill -INT "$server" 2>/dev/null; then wait "$server" || true; fi
  rm -rf "$work"
}
trap stop EXIT

cd "$work"
export PGHOST=$work PGUSER=postgres PGDATABASE=postgres LC_ALL=C
"${as_postgres[@]}" "$bin/initdb" --pgdata "$work/data" --username postgres --auth trust \
  --encoding UTF8 --no-locale > "$work/initdb.log"
cat >> "$work/data/postgresql.conf" << CONF
listen_addresses = ''
unix_socket_directories = '$work'
max_connections = 100
# Durable, as the registry is: an answer only after the write-ahead log is on the disk.
fsync = on
synchronous_commit = on
full_page_writes = on
wal_sync_method = fdatasync
# Given what it can use: everything stays in memory and no checkpoint falls into a measurement.
shared_buffers = 2GB
work_mem = 64MB
wal_buffers = 64MB
max_wal_size = 16GB
checkpoint_timeout = 1h
jit = off
CONF
"${as_postgres[@]}" timeout --signal=INT --kill-after=30 900 \
  "$bin/postgres" -D "$work/data" > "$work/server.log" 2>&1 &
server=$!
for _ in $(seq 100); do
  "$bin/pg_isready" --quiet && break
  kill -0 "$server" 2>/dev/null || { cat "$work/server.log" >&2; exit 1; }
  sleep 0.1
done

sql() { "$bin/psql" --no-psqlrc --quiet --tuples-only --no-align -v ON_ERROR_STOP=1 "$@"; }
sql -v firms="$firms" -v batches="$((3 * batches))" -f "$here/schema.sql" > /dev/null

# Transfers a second of one way to apply a batch, one client, each batch its own transaction.
batch_rate() {  # NAME
  printf 'select %s(nextval(%s)::int);\n' "$1" "'next_batch'" > "$work/$1.sql"
  sql -c 'checkpoint' -c 'vacuum analyze balance, journal, journal_of_requests'
  "$bin/pgbench" --no-vacuum --client 1 --transactions "$batches" --protocol prepared \
    --file "$work/$1.sql" > "$work/$1.out"
  awk -v n=8190 '/^tps/ { printf "%.0f", $3 * n }' "$work/$1.out"
}
say() { printf '%-66s %12s\n' "$1" "$2"; }

echo "PostgreSQL $(sql -c 'show server_version'), $(nproc) cores, $firms accounts, batches of 8,190"
by_row=$(batch_rate batch_by_row)
say "PostgreSQL, a batch row by row, an id a transfer (transfers/s)" "$by_row"
as_sets=$(batch_rate batch_as_sets)
say "PostgreSQL, a batch as sets, an id a transfer (transfers/s)" "$as_sets"
as_request=$(batch_rate batch_as_request)
say "PostgreSQL, a batch as sets, an id a request (transfers/s)" "$as_request"

cat > "$work/single.sql" << SQL
\set debit random(1, $firms)
\set step random(1, $((firms - 1)))
\set credit 1 + (:debit - 1 + :step) % $firms
select transfer(gen_random_uuid(), :debit, :credit, 1);
SQL
sql -c 'checkpoint' -c 'vacuum analyze balance, journal'
"$bin/pgbench" --no-vacuum --client "$clients" --jobs 2 --time "$seconds" --protocol prepared \
  --log --log-prefix "$work/single" --file "$work/single.sql" > "$work/single.out"
single=$(awk '/^tps/ { printf "%.0f", $3 }' "$work/single.out")
single_p99=$(cat "$work"/single.[0-9]* | awk '{ print $3 }' | sort -n |
  awk '{ v[NR] = $1 } END { printf "%.1f", v[int(NR * 0.99)] / 1000 }')
say "PostgreSQL, single transfers, $clients clients (transfers/s)" "$single"
say "PostgreSQL, single transfers, $clients clients, p99 (ms)" "$single_p99"
sql -f "$here/check.sql"
kill -INT "$server" && { wait "$server" || true; }
server=

# Ours, now that the other one has left the machine: in process, and over gRPC where that is built.
"$build/bin/registry_bench" --benchmark_filter='EveryBatch|Durable' \
  --benchmark_format=json > "$work/ours.json" 2> "$work/ours.err"
: > "$work/grpc.out"
if [[ -x $build/bin/registry_grpc_bench ]]; then
  "$build/bin/registry_grpc_bench" --seconds "$seconds" --data "$work/ours" > "$work/grpc.out"
else
  echo "no $build/bin/registry_grpc_bench: ours over gRPC is left out" >&2
fi
python3 "$here/ratio.py" "$work/ours.json" "$work/grpc.out" --batch "$as_request" \
  --batch-with-ids "$as_sets" --single "$single"
