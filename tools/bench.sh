#!/usr/bin/env bash
# The figures of the README: start-up, page times, sizes; then the watch of a simulated account, and the removal of tokens.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$root"

[ -x target/release/countersign ] || die "target/release/countersign is not built. Run 'make build' first."
python3 benches/program.py
python3 benches/size.py
cargo bench -p countersign-desk --features fake --bench account
cargo bench -p countersign-desk --bench redact

drawing=crates/asl/benches/drawing
if command -v npm >/dev/null && ! up_to_date "$drawing/node_modules/.installed" "$drawing/package-lock.json"; then
  say "installing dagre into $drawing"
  npm ci --prefix "$drawing" --no-audit --no-fund --silent && touch "$drawing/node_modules/.installed"
fi
command -v dot >/dev/null || say "Graphviz is not installed: the drawing is compared without it"
cargo bench -p countersign-asl --bench drawing
