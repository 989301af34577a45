#!/usr/bin/env bash
# Puts moto, which speaks the protocol of S3, into .extensions/moto/, for the test of object stores.
# Not part of `make test`: it weighs more than all other tools of the tests together.
set -euo pipefail
cd "$(dirname "$0")/.."
dest=$PWD/.extensions/moto
[ -x "$dest/bin/moto_server" ] && exit 0
mkdir -p .extensions
python3 -m venv "$dest"
"$dest/bin/pip" install --quiet --disable-pip-version-check 'moto[s3]==5.2.5' flask==3.1.3 flask-cors==6.0.5
