#!/usr/bin/env bash
# Builds Camp and runs one example campaign, in a directory of its own that is thrown away.
# DEMO=examples/<name>/<file>.camp chooses another one.
set -euo pipefail
cd "$(dirname "$0")/.."

script=${DEMO:-$(find examples -name '*.camp' 2>/dev/null | LC_ALL=C sort | head -n 1)}
if [ -z "$script" ]; then
  echo "demo: there is no campaign under examples/ yet" >&2
  exit 1
fi

cargo build --release
# Where the binary really is: CARGO_TARGET_DIR or a setting may have moved it.
target=$(cargo metadata --format-version 1 --no-deps \
  | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')
camp=$target/release/camp

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -R "$(dirname "$script")/." "$work"
cd "$work"
echo "\$ camp run $(basename "$script")"
"$camp" run "$(basename "$script")"
