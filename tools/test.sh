#!/usr/bin/env bash
# Every check, stage by stage, with durations; a stage's name as an argument runs that stage alone.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$root"

stages=(setup format site server clippy clippy-wasm rust jsonata lambdas peers conformance container browser)
summary=()
failed=0

setup() { tools/setup-wasm.sh && tools/setup-python.sh && tools/setup-peers.sh && tools/setup-browser.sh >/dev/null; }
format() { cargo fmt --all --check; }
site() { tools/build-site.sh; }
server() { tools/build.sh; }
clippy() {
  cargo clippy --workspace --all-targets --release -- -D warnings
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
  trap 'cargo build --release --workspace' EXIT
  "${tests[@]}"
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

run_stage() {
  local began=$SECONDS status=0
  say "$1"
  # In a shell of its own, because 'set -e' does not hold inside a condition.
  bash -euo pipefail "$0" --only "$1" || status=$?
  summary+=("$(printf '%-12s %4d s  %s' "$1" $((SECONDS - began)) "$([ $status = 0 ] && echo passed || echo FAILED)")")
  [ $status = 0 ] || failed=1
  return $status
}

if [ "${1:-}" = --only ]; then
  "$2"
  exit
fi
for stage in "${@:-${stages[@]}}"; do
  # Nothing can be tested that does not build; every other stage runs whatever the others found.
  run_stage "$stage" || case $stage in setup | site | server) break ;; esac
done
say "summary"
printf '    %s\n' "${summary[@]}" >&2
exit $failed
