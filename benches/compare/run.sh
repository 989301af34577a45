#!/usr/bin/env bash
# Compares Camp with dbt-duckdb, sqlmesh and plain statements on the same audiences; see README.md beside this file.
#
#   benches/compare/run.sh [--audiences N] [--rounds N]
#
# Environment: CAMP is a program to take instead of building it, CAMP_BENCH_DATA the folder of the data,
# CAMP_COMPARE_VENV the folder of the Python environment.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
here=$root/benches/compare
venv=${CAMP_COMPARE_VENV:-$root/target/compare-venv}
data=${CAMP_BENCH_DATA:-$root/target/bench-data}
cd "$root"

if ! cmp --silent "$here/requirements.txt" "$venv/installed.txt"; then
  python3 -m venv --clear "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
  cp "$here/requirements.txt" "$venv/installed.txt"
fi

if [ -z "${CAMP:-}" ]; then
  make build
  # Where the program really is: CARGO_TARGET_DIR or a setting may have moved it.
  CAMP=$(cargo metadata --format-version 1 --no-deps \
    | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')/release/camp
fi

if [ ! -e "$data/orders.parquet" ] || [ ! -e "$data/customers.parquet" ]; then
  CAMP_BENCH_DATA=$data cargo bench --bench camp -- data
fi

exec "$venv/bin/python" "$here/compare.py" --camp "$CAMP" --data "$data" "$@"
