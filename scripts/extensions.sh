#!/usr/bin/env bash
# Puts the extensions that tests of other sources than files need under .extensions/: by pip, pinned by hash.
# Where that does not work nothing fails: the tests say that they were left out.
set -euo pipefail
cd "$(dirname "$0")/.."
dest=$PWD/.extensions
wanted=(postgres_scanner sqlite_scanner ducklake httpfs)

say() { printf 'extensions: %s\n' "$*" >&2; }

mark=$(cksum < scripts/extensions.txt)
if [ "$(cat "$dest/.checked" 2>/dev/null)" = "$mark" ]; then exit 0; fi

cache=${CAMP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/camp}/wheels
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$cache"
pip=(python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all:
  -r scripts/extensions.txt --dest "$work")
# What an earlier clone has fetched is good enough when its hash is right.
if ! "${pip[@]}" --no-index --find-links "$cache" 2>/dev/null && ! "${pip[@]}"; then
  say "pip could not fetch them: tests of other sources than files will be left out"
  exit 0
fi
cp "$work"/*.whl "$cache"/
for wheel in "$work"/*.whl; do python3 -m zipfile -e "$wheel" "$work/out"; done
mkdir -p "$dest"
for name in "${wanted[@]}"; do
  find "$work/out" -name "$name.duckdb_extension" -exec cp {} "$dest/" \;
  [ -f "$dest/$name.duckdb_extension" ] || { say "$name is not in its package"; exit 0; }
done
printf '%s' "$mark" > "$dest/.checked"
say "ready in $dest"
