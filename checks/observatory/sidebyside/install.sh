#!/bin/sh
# Installs the npm package @mdn/mdn-http-observatory into the cache of test
# tools. Its own scripts would fetch lists, so they do not run. What it depends
# on is as it was on a day, so that every machine gets the same. Doing it twice
# does nothing.
set -eu

version=1.4.8
repository=$(cd "$(dirname "$0")/../../.." && pwd)
tools=${GRADEWATCH_TEST_TOOLS:-$repository/.cache/tools}
target=$tools/mdn-http-observatory-$version

if [ -d "$target/node_modules/@mdn/mdn-http-observatory" ]; then
  exit 0
fi
command -v npm >/dev/null || { echo "npm is not installed: install the package npm." >&2; exit 1; }

mkdir -p "$tools"
work=$(mktemp -d "$tools/mdn-http-observatory.XXXXXX")
trap 'rm -rf "$work"' EXIT
npm install --silent --no-audit --no-fund --ignore-scripts --before=2026-11-22 --prefix "$work" "@mdn/mdn-http-observatory@$version"
chmod 755 "$work" # the tests may run as another user
# A rename is atomic: another run sees all of it or nothing.
mv -T "$work" "$target" 2>/dev/null || [ -d "$target/node_modules/@mdn/mdn-http-observatory" ]
