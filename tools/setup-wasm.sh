#!/usr/bin/env bash
# The compiler for wasm32 and wasm-bindgen of the version in Cargo.lock. A second run takes no time.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

need cargo "Install Rust from https://rustup.rs."

# rustup's target where it can be had, else Debian's compiler with the standard library's source.
target() {
  local libraries
  libraries=$(rustc --print target-libdir --target wasm32-unknown-unknown)
  [ -d "$libraries" ] && return
  if [ -d /usr/lib/rustlib/src ] && [ -x /usr/bin/rustc ] && command -v wasm-ld-19 >/dev/null; then return; fi
  if command -v rustup >/dev/null && { say "adding the wasm32-unknown-unknown target"; rustup target add wasm32-unknown-unknown; }; then return; fi
  say "rustup cannot add the target; installing Debian's wasm compiler instead"
  { as_root apt-get update -q && as_root apt-get install -y -q rustc-web cargo-web rust-web-src lld-19; } >&2 ||
    die "no compiler for wasm32. Run 'rustup target add wasm32-unknown-unknown', or as root: apt-get install rustc-web cargo-web rust-web-src lld-19"
}

wasm_bindgen() {
  local version
  version=$(awk '$0 == "name = \"wasm-bindgen\"" { getline; gsub(/[^0-9.]/, ""); print }' "$root/Cargo.lock")
  [ "$("$tools_dir/bin/wasm-bindgen" --version 2>/dev/null)" = "wasm-bindgen $version" ] && return
  say "building wasm-bindgen $version into .tools (about 3 minutes, once)"
  # Without --locked: the lock file that the release carries does not resolve everywhere. It runs for seconds, so it is not
  # worth minutes of the compiler's time.
  CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_LTO=false CARGO_TARGET_DIR="$tools_dir/build" cargo install -q wasm-bindgen-cli --version "$version" --root "$tools_dir" --force
  rm -rf "$tools_dir/build"
}

# wasm-opt.
node_tools() {
  need npm "Install Node.js 20 or later with npm."
  up_to_date "$root/tools/node_modules/.installed" "$root/tools/package-lock.json" && return
  say "installing the build's Node.js tools"
  npm --prefix "$root/tools" ci --no-audit --no-fund --silent
  touch "$root/tools/node_modules/.installed"
}

target
wasm_bindgen
node_tools
