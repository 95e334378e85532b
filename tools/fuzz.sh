#!/usr/bin/env bash
# Fuzzes the targets of tests/fuzz: tools/fuzz.sh [SECONDS] [TARGET...]; without arguments each of them for 600 seconds.
# What is found is in tests/fuzz/artifacts; what was learnt on the way, in tests/fuzz/corpus, is where the next run begins.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$root"

seconds=600
case ${1:-} in [0-9]*) seconds=$1 && shift ;; esac
targets=("$@")
[ $# -gt 0 ] || targets=(definition path jsonata intrinsics execution api)

need cargo "Install Rust from https://rustup.rs."
need g++ "Debian: apt-get install g++."
export PATH="$tools_dir/bin:$PATH"
if ! command -v cargo-fuzz >/dev/null; then
  say "building cargo-fuzz into .tools (about a minute, once)"
  CARGO_TARGET_DIR="$tools_dir/build" cargo install -q cargo-fuzz --version 0.13.2 --root "$tools_dir"
  rm -rf "$tools_dir/build"
fi

# Coverage is a stable part of the compiler, and the sanitizers are not: without unsafe code they would find little.
fuzz() { RUSTC_BOOTSTRAP=1 cargo fuzz "$1" --fuzz-dir tests/fuzz --sanitizer none "${@:2}"; }

say "writing the first inputs"
seeds=(statemachine)
recordings=${RECORDINGS:-$root/../shared/recordings}
[ ! -e "$recordings" ] || seeds+=("$recordings")
python3 tests/fuzz/seeds.py tests/fuzz/corpus "${seeds[@]}"
fuzz build

# The engine's folders come and go by the thousand.
[ ! -d /dev/shm ] || export TMPDIR=/dev/shm
for target in "${targets[@]}"; do
  say "$target for $seconds seconds"
  dictionary=tests/fuzz/dictionaries/$target.dict
  [ "$target" != execution ] || dictionary=tests/fuzz/dictionaries/definition.dict
  fuzz run "$target" -- -max_total_time="$seconds" -timeout=60 -rss_limit_mb=1024 -max_len=8192 -dict="$dictionary" \
    -print_final_stats=1 -verbosity=1
done
