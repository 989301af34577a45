#!/usr/bin/env bash
# Puts DuckDB's own build of libduckdb into .duckdb/, where .cargo/config.toml expects it.
#
# Sources, in this order; nothing is used whose hash is not the one pinned below:
#   1. .duckdb/ itself, when it is already right            (milliseconds)
#   2. the cache, $CAMP_CACHE or ~/.cache/camp/duckdb       (a fresh clone downloads nothing)
#   3. DuckDB's npm package, by `npm pack`                  (honours the user's registry and mirrors)
#   4. the release archive of DuckDB's GitHub page, by curl
set -euo pipefail

version=1.5.5
npm_version=1.5.5-r.5

cd "$(dirname "$0")/.."
dest=$PWD/.duckdb

say() { printf 'setup: %s\n' "$*" >&2; }

give_up() {
  cat >&2 <<EOF
setup: libduckdb $version could not be put in place: $1

Any of these helps:
  * install npm or curl, check the network or the npm registry setting, and run \`make setup\` again
  * export DUCKDB_LIB_DIR=/a/directory/with/libduckdb, if you have DuckDB $version already
  * cargo build --features bundled, which compiles DuckDB from source (needs a C++ compiler, takes
    half an hour or more, and has no time zones until DuckDB may fetch its extension "icu")
EOF
  exit 1
}

# sha512 of the npm package, sha256 of the library in it. Of the GitHub archive only the library is
# checked: it is the same file, byte for byte.
case "$(uname -s)-$(uname -m)" in
  Linux-x86_64)
    platform=linux-x64 lib=libduckdb.so archive=libduckdb-linux-amd64.zip
    package_sha512=kCyq6BXhn6QXfwF8yVdVKriSSHP+rfVWcJ56cG8qZzlOZpxyvT5WGm6jMshxg4ditLlOsHsIN/D47RYrcjXuHQ==
    lib_sha256=fc23f12e376c47be520f75221288281906e7942e8fd6f6ce4849198ba60d0405 ;;
  Linux-aarch64 | Linux-arm64)
    platform=linux-arm64 lib=libduckdb.so archive=libduckdb-linux-arm64.zip
    package_sha512=CafH2AIvXtpwDynG3KB/4uEOHRGlFoB7auCRMIwH3BKNIobsANV5LSpDJ3tfyRCFIsK6e8AT1eseWVnu2Dv3cw==
    lib_sha256=d00d007f3f7ca1f2896a5e4b89c2ce141bf0508506a9d6d56f9598b8e59d074e ;;
  Darwin-arm64)
    platform=darwin-arm64 lib=libduckdb.dylib archive=libduckdb-osx-universal.zip
    package_sha512=WJdeLTFy4pRg60rkbp9smtlP1iIQ8ErtIJkxS+2LQtM1ZZMSByyW+3WPpNoKe7IwPtVl2fLlPw7tDmQW4Z974g==
    lib_sha256=b9027d18ef3e8d960568f77e946a83ca68009cb22d71cf7f94de842afdd094d8 ;;
  Darwin-x86_64)
    platform=darwin-x64 lib=libduckdb.dylib archive=libduckdb-osx-universal.zip
    package_sha512=rN0KjX13MwVQ5V5ufykolty/tf4SaafOpGWcUA1Cegf98jPeRdsJsEE1IMXn8n3u6WvMSZEVJmHJ3ma4Hr7Vzg==
    lib_sha256=b9027d18ef3e8d960568f77e946a83ca68009cb22d71cf7f94de842afdd094d8 ;;
  *)
    platform='' lib='' ;;
esac

if [ -n "${DUCKDB_LIB_DIR:-}" ] && ls "$DUCKDB_LIB_DIR"/libduckdb.* >/dev/null 2>&1; then
  say "using DUCKDB_LIB_DIR=$DUCKDB_LIB_DIR"
  exit 0
fi
[ -n "$platform" ] || give_up "there is no pinned build for $(uname -s) $(uname -m)"

sha256_of() {
  if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d' ' -f1
}
is_right() { [ -f "$1" ] && [ "$(sha256_of "$1")" = "$lib_sha256" ]; }

# The stamp saves hashing 70 MB each time: it holds the hash that was checked, and is newer than the
# library unless somebody touched the library afterwards.
stamp=$dest/.checked
if [ -f "$dest/$lib" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$lib_sha256" ] \
  && [ ! "$dest/$lib" -nt "$stamp" ]; then
  exit 0
fi

cache=${CAMP_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/camp}/duckdb/$version-$platform
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Both are complete or absent: copied under another name on the same disk, then renamed.
put() {
  mkdir -p "$2" && cp "$1" "$2/.$lib.$$" && mv -f "$2/.$lib.$$" "$2/$lib"
}

from_npm() {
  command -v npm >/dev/null || { say "npm is not installed"; return 1; }
  command -v openssl >/dev/null || { say "openssl, which checks the npm package, is not installed"; return 1; }
  say "fetching libduckdb $version for $platform by npm"
  (cd "$work" && npm pack --silent "@duckdb/node-bindings-$platform@$npm_version" >/dev/null) \
    || { say "npm pack failed"; return 1; }
  local got
  got=$(openssl dgst -sha512 -binary "$work"/*.tgz | openssl base64 -A)
  [ "$got" = "$package_sha512" ] || { say "the npm package has the wrong hash: sha512-$got"; return 1; }
  tar -xzf "$work"/*.tgz -C "$work" "package/$lib" && mv "$work/package/$lib" "$work/$lib"
}

from_github() {
  command -v curl >/dev/null || { say "curl is not installed"; return 1; }
  say "fetching libduckdb $version for $platform from DuckDB's releases"
  curl -fsSL --retry 2 --connect-timeout 20 -o "$work/$archive" \
    "https://github.com/duckdb/duckdb/releases/download/v$version/$archive" \
    || { say "the download failed"; return 1; }
  if command -v unzip >/dev/null; then
    unzip -qo "$work/$archive" "$lib" -d "$work"
  elif command -v python3 >/dev/null; then
    python3 -m zipfile -e "$work/$archive" "$work"
  else
    say "neither unzip nor python3 is installed"; return 1
  fi
}

if is_right "$dest/$lib"; then
  :
elif is_right "$cache/$lib"; then
  put "$cache/$lib" "$dest"
else
  { from_npm && is_right "$work/$lib"; } \
    || { from_github && is_right "$work/$lib"; } \
    || give_up "no source gave a library with the pinned hash $lib_sha256"
  put "$work/$lib" "$dest"
  put "$work/$lib" "$cache" 2>/dev/null || say "not cached: $cache is not writable"
fi
# cp sets the time of the library to now, so the stamp has to come after it.
printf '%s\n' "$lib_sha256" >"$stamp"
say "libduckdb $version is in .duckdb/"
