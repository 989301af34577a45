#!/usr/bin/env bash
# Builds Camp and runs the first examples, in a directory of its own that is thrown away: what a run
# reports, what the catalogue holds then, and who is in an audience.
# DEMO=my.camp runs another campaign instead; its whole folder is copied.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts=${DEMO:-examples/01_first_audience.camp examples/02_win_back.camp examples/05_control_group.camp}

cargo build --release
# Where the binary really is: CARGO_TARGET_DIR or a setting may have moved it.
target=$(cargo metadata --format-version 1 --no-deps \
  | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')
PATH=$target/release:$PATH

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -R "$(dirname "${scripts%% *}")/." "$work"
cd "$work"
# A project that somebody has run in the examples' own folder would not be a first run.
rm -rf ./*.duckdb ./*.duckdb.wal ./*.duckdb.tmp out

show() {
  printf '\n$'
  for word in "$@"; do
    case $word in
      *' '*) printf ' "%s"' "$word" ;;
      *) printf ' %s' "$word" ;;
    esac
  done
  printf '\n\n'
  "$@"
}

for script in $scripts; do
  script=$(basename "$script")
  printf '\n$ cat %s\n\n' "$script"
  cat "$script"
  # The sample data ends in November 2026; relative dates are counted from this day.
  show camp run "$script" --as-of 2026-11-24
done

show camp audiences list
last=$(camp audiences list --format json | sed -n 's/^ *"label": "\(.*\)",*$/\1/p' | tail -n 1)
show camp audiences members "$last" --limit 5
