#!/usr/bin/env bash
# Copies what `make build` made to where programs are installed:
#
#   PREFIX/bin/camp                the program
#   PREFIX/lib/libduckdb.so        the engine, which the program looks for beside itself
#   PREFIX/lib/camp/plugins/       the plugins that ship, found the same way
#   PREFIX/share/man/man1/         a manual page for each command
#   PREFIX/share/…                 completions for bash, zsh and fish
#
# PREFIX is /usr/local unless set; DESTDIR goes in front of it, for packages. BUILD names another
# folder of a build than target/release.
set -euo pipefail
cd "$(dirname "$0")/.."

prefix=${PREFIX:-/usr/local}
dest=${DESTDIR:-}$prefix
build=${BUILD:-${CARGO_TARGET_DIR:-target}/release}
case "$(uname -s)" in
  Darwin) suffix=dylib ;;
  *) suffix=so ;;
esac

give_up() {
  printf 'install: %s\n' "$*" >&2
  exit 1
}

[ -x "$build/camp" ] || give_up "there is no $build/camp: run \`make build\` first"
install -d "$dest/bin" "$dest/lib/camp/plugins"

# Every crate right under plugins/ is one that ships.
for manifest in plugins/*/Cargo.toml; do
  plugin=$(basename "$(dirname "$manifest")")
  library=$build/libcamp_$plugin.$suffix
  [ -f "$library" ] || give_up "there is no $library: run \`make build\` first"
  install -m 755 "$library" "$dest/lib/camp/plugins/"
done

# A build that has the engine inside needs no library of it.
engine=${DUCKDB_LIB_DIR:-$PWD/.duckdb}/libduckdb.$suffix
if [ -f "$engine" ]; then
  install -m 755 "$engine" "$dest/lib/"
fi

# The program knows its own options best; where it cannot run, it was built for another machine.
share=$dest/share
if "$build/camp" man --into "$share/man/man1" 2>/dev/null; then
  install -d "$share/bash-completion/completions" "$share/zsh/site-functions" "$share/fish/vendor_completions.d"
  "$build/camp" completions bash >"$share/bash-completion/completions/camp"
  "$build/camp" completions zsh >"$share/zsh/site-functions/_camp"
  "$build/camp" completions fish >"$share/fish/vendor_completions.d/camp.fish"
else
  printf 'install: %s does not run here: no manual pages, no completions\n' "$build/camp" >&2
fi

# Last, so that a program never runs without what it needs.
install -m 755 "$build/camp" "$dest/bin/"
printf 'install: %s, with %s plugins\n' "$dest/bin/camp" "$(find "$dest/lib/camp/plugins" -name "libcamp_*.$suffix" | wc -l | tr -d ' ')"
