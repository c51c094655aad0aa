#!/bin/sh
# Installs the npm package axe-core into the cache of test tools. Doing it twice
# does nothing.
set -eu

repository=$(cd "$(dirname "$0")/../.." && pwd)
tools=${GRADEWATCH_TEST_TOOLS:-$repository/.cache/tools}
target=$tools/axe-core

if [ -e "$target/node_modules/axe-core/axe.min.js" ]; then
  exit 0
fi
command -v npm >/dev/null || { echo "npm is not installed: install the package npm." >&2; exit 1; }

mkdir -p "$tools"
work=$(mktemp -d "$tools/axe-core.XXXXXX")
trap 'rm -rf "$work"' EXIT
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$work" axe-core@4
chmod 755 "$work" # the tests may run as another user
# A rename is atomic: another run sees all of it or nothing.
mv -T "$work" "$target" 2>/dev/null || [ -e "$target/node_modules/axe-core/axe.min.js" ]
