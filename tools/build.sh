#!/usr/bin/env bash
# The set-up, the site and the release binary target/release/countersign. Does only what is not done yet.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$root"

command -v python3 >/dev/null || say "python3 is not installed: the demonstration's functions need it (Debian, as root: apt-get install python3)"
tools/setup-wasm.sh
tools/build-site.sh
# The files below are part of the program. cargo sees that one has changed, but not that one was added.
list=$(find target/site statemachine lambdas -type f -not -path '*/__pycache__/*' | sort)
if [ "$list" != "$(cat target/site.list 2>/dev/null)" ]; then
  touch src/server/http/assets.rs src/server/shipped.rs
fi
[ -x target/release/countersign ] || say "compiling the server (some minutes the first time)"
# The whole workspace, because the tests build it so: what both need is compiled once.
cargo build --release --workspace
printf '%s\n' "$list" >target/site.list
