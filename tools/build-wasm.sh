#!/usr/bin/env bash
# The library for the browser: target/site/pkg/countersign.js and countersign_bg.wasm, optimised for size.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$root"

pkg=target/site/pkg
# What the browser's part is made of: not the server.
sources=(Cargo.toml Cargo.lock crates/json src/*.rs src/app src/wire tools/build-wasm.sh tools/snip.mjs)
stamp=target/wasm/.built
if [ -e "$pkg/countersign_bg.wasm" ] && up_to_date "$stamp" "${sources[@]}"; then exit; fi
# Dated before the compiler reads the sources: what is edited meanwhile is newer, and built by the next run.
mkdir -p target/wasm
touch "$stamp.begun"

say "compiling the browser's part to WebAssembly"
# Asked for here and not in Cargo.toml, where it would be built, and built again between tests and runs, for the server too.
options=(rustc -p countersign --lib --crate-type cdylib --profile wasm-release --target wasm32-unknown-unknown --no-default-features --features hydrate --target-dir target/wasm)
# Names in the order of their types: similar functions lie side by side, and compress better.
names=(-- -C symbol-mangling-version=v0)
if [ -d "$(rustc --print target-libdir --target wasm32-unknown-unknown)" ]; then
  cargo "${options[@]}" "${names[@]}"
else
  # Debian's compiler for the web has no compiled standard library for this target, so cargo builds it.
  RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=wasm-ld-19 \
    /usr/bin/cargo "${options[@]}" -Zbuild-std=std,panic_abort "${names[@]}"
fi

mkdir -p "$pkg"
bindings=$(mktemp -d)
trap 'rm -rf "$bindings"' EXIT
"$tools_dir/bin/wasm-bindgen" --target web --no-typescript --out-dir "$bindings" --out-name countersign \
  target/wasm/wasm32-unknown-unknown/wasm-release/countersign.wasm
say "optimising it for size"
node tools/snip.mjs "$bindings/countersign_bg.wasm" "$bindings/snipped.wasm"
# Every call stays a call: a copy of a small function compresses worse than a call of it.
tools/node_modules/.bin/wasm-opt -Oz --converge --always-inline-max-function-size=0 --flexible-inline-max-function-size=0 \
  --one-caller-inline-max-function-size=0 --enable-bulk-memory --enable-nontrapping-float-to-int --enable-sign-ext \
  --enable-mutable-globals --enable-reference-types --enable-multivalue \
  "$bindings/snipped.wasm" -o "$bindings/small.wasm"
rm "$bindings/snipped.wasm"
mv "$bindings/small.wasm" "$bindings/countersign_bg.wasm"
rm -rf "$pkg/snippets"
cp -R "$bindings/." "$pkg/"
mv "$stamp.begun" "$stamp"
