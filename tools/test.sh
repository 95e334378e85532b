#!/usr/bin/env bash
# Every check, stage by stage, with durations; stages that are named as arguments run alone, one after the other.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$root"

first=(setup format site server)
# Then two lanes side by side: what compiles is busy where what uses the program waits.
compiling=(rust clippy-wasm clippy-fuzz jsonata)
using=(lambdas peers conformance container browser)

setup() { tools/setup-wasm.sh && tools/setup-python.sh && tools/setup-peers.sh && tools/setup-browser.sh >/dev/null; }
format() { cargo fmt --all --check; }
site() { tools/build-site.sh; }
server() { tools/build.sh; }
# For work on the code: everything else has its lints checked as it is compiled for its tests.
clippy() {
  cargo clippy --workspace --all-targets --release -- -D warnings
  clippy-fuzz
}
clippy-fuzz() {
  # The fuzz targets are a workspace of their own. Nothing is linked here, so libFuzzer need not be built.
  CUSTOM_LIBFUZZER_PATH=/nowhere/libfuzzer.a cargo clippy --locked --release --target-dir target \
    --manifest-path tests/fuzz/Cargo.toml -- -D warnings
}
clippy-wasm() {
  if [ ! -d "$(rustc --print target-libdir --target wasm32-unknown-unknown)" ]; then
    say "skipped: Debian's compiler for the web has no clippy"
    return
  fi
  cargo clippy -p countersign --lib --profile wasm-release --target wasm32-unknown-unknown --no-default-features \
    --features hydrate --target-dir target/wasm -- -D warnings
}
rust() {
  # The largest crates are compiled without optimisation for their tests, which halves the stage; all that they build on is
  # what the program has. At the end, whatever was found, target/release has the program again, and not the tests'.
  local tests=(cargo test --release --workspace --no-fail-fast) crate
  for crate in countersign countersign-desk countersign-local; do
    tests+=(--config "profile.release.package.$crate.opt-level=0")
  done
  trap 'env -u RUSTC_WORKSPACE_WRAPPER cargo build --release --workspace' EXIT
  # Clippy's compiler makes the tests, and the benchmarks, which do not run here: to check everything once more without
  # making anything takes as long as the tests do, most of it for the dependencies.
  export RUSTC_WORKSPACE_WRAPPER=clippy-driver CLIPPY_ARGS=-Dwarnings__CLIPPY_HACKERY__
  "${tests[@]}"
  "${tests[@]}" --benches --no-run
  # The tests that are ignored need what not every machine has, and fail without it. Each group is named, run or not.
  local ignored=("${tests[@]}" --lib --tests -- --ignored)
  if [ -d ../shared/recordings ]; then "${ignored[@]}" --skip apart:: --skip the_reference_suite; else
    say "skipped: the tests of recordings (no ../shared/recordings)"
  fi
  if [ -d ../shared/jsonata-suite ]; then "${ignored[@]}" the_reference_suite; else
    say "skipped: the reference suite of JSONata (no ../shared/jsonata-suite)"
  fi
  if unshare --user --map-root-user --pid --fork --mount true; then "${ignored[@]}" apart::; else
    say "skipped: functions in namespaces (this system allows none)"
  fi
}
jsonata() {
  local made=tests/jsonata/node_modules/.package-lock.json
  up_to_date "$made" tests/jsonata/package-lock.json || npm ci --prefix tests/jsonata --no-audit --no-fund >/dev/null
  # With the whole workspace, so that nothing is compiled again with other features.
  cargo build --release --workspace --example jsonata
  node tests/jsonata/compare.mjs target/release/examples/jsonata
}
lambdas() { PYTHONDONTWRITEBYTECODE=1 python3 -m unittest discover -s lambdas -t lambdas; }
peers() {
  tools/setup-python.sh
  tools/setup-peers.sh
  PYTHONDONTWRITEBYTECODE=1 .tools/venv/bin/python -m unittest discover -v -s tests/peers -t tests/peers
}
conformance() { tools/conformance.sh; }
container() { tools/test-container.sh; }
browser() { tools/test-browser.sh; }

logs=$root/target/test

# One stage, with a line for the summary. In a shell of its own, because 'set -e' does not hold inside a condition.
run_stage() {
  local began=$SECONDS status=0
  say "$1"
  bash -euo pipefail "$0" --only "$1" || status=$?
  printf '%-12s %4d s  %s\n' "$1" $((SECONDS - began)) "$([ $status = 0 ] && echo passed || echo FAILED)" >>"$logs/summary"
  return $status
}

# Stages one after the other, each whatever the one before found. What each prints is shown when it ends: lanes would mix.
run_lane() {
  local stage status=0
  for stage in "$@"; do
    say "$stage: running, see target/test/$stage.log"
    run_stage "$stage" >"$logs/$stage.log" 2>&1 || status=1
    flock "$logs" cat "$logs/$stage.log"
  done
  return $status
}

run_everything() {
  local stage status=0
  # Nothing can be tested that does not build.
  for stage in "${first[@]}"; do
    run_stage "$stage" || { status=1; [ "$stage" = format ] || return 1; }
  done
  # The other lane puts the tests' own program into target/release for a while.
  cp target/release/countersign "$logs/countersign" || return 1
  # A group of processes of its own, so that it ends with this one. The tests that wait for a page go first.
  set -m
  nice -n 5 "$0" --lane "${compiling[@]}" &
  local lane=$!
  set +m
  trap 'kill -- -'"$lane"' 2>/dev/null || true' EXIT
  COUNTERSIGN=$logs/countersign run_lane "${using[@]}" || status=1
  wait "$lane" || status=1
  return $status
}

case ${1:-} in
  --only) "$2"; exit ;;
  --lane) run_lane "${@:2}"; exit ;;
esac
mkdir -p "$logs"
: >"$logs/summary"
failed=0
if [ $# = 0 ]; then
  run_everything || failed=1
else
  for stage in "$@"; do run_stage "$stage" || failed=1; done
fi
say "summary"
sed 's/^/    /' "$logs/summary" >&2
exit $failed
