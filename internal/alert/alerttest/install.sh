#!/bin/sh
# Installs the npm packages smtp-server and standardwebhooks into the cache of
# test tools. Doing it twice does nothing.
set -eu

repository=$(cd "$(dirname "$0")/../../.." && pwd)
tools=${GRADEWATCH_TEST_TOOLS:-$repository/.cache/tools}

fetch() {
  name=$1
  target=$tools/$name
  if [ -d "$target/node_modules/$name" ]; then return 0; fi
  command -v npm >/dev/null || { echo "npm is not installed: install the package npm." >&2; exit 1; }
  mkdir -p "$tools"
  work=$(mktemp -d "$tools/$name.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$work" "$name@$2"
  chmod 755 "$work" # the tests may run as another user
  # A rename is atomic: another run sees all of it or nothing.
  mv -T "$work" "$target" 2>/dev/null || [ -d "$target/node_modules/$name" ]
}

fetch smtp-server 3
fetch standardwebhooks 1
