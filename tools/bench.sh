#!/usr/bin/env bash
# The figures of the README: start-up, page times, sizes; the pages at a steady rate of requests, and in a browser; plans and
# their replays; then the watch of a simulated account, the removal of tokens, and drawings.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$root"

[ -x target/release/countersign ] || die "target/release/countersign is not built. Run 'make build' first."
python3 benches/program.py
python3 benches/size.py
python3 benches/load.py
python3 benches/plan.py

CHROMIUM=$(tools/setup-browser.sh | head -1)
export CHROMIUM PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1
if ! up_to_date end2end/node_modules/.installed end2end/package-lock.json; then
  say "installing Playwright"
  npm --prefix end2end ci --no-audit --no-fund --silent
  touch end2end/node_modules/.installed
fi
node benches/browser/pages.mjs
node benches/browser/fresh.mjs

cargo bench -p countersign-replay --bench evidence
cargo bench -p countersign-desk --features fake --bench account
cargo bench -p countersign-desk --bench redact

drawing=crates/asl/benches/drawing
if command -v npm >/dev/null && ! up_to_date "$drawing/node_modules/.installed" "$drawing/package-lock.json"; then
  say "installing dagre into $drawing"
  npm ci --prefix "$drawing" --no-audit --no-fund --silent && touch "$drawing/node_modules/.installed"
fi
command -v dot >/dev/null || say "Graphviz is not installed: the drawing is compared without it"
cargo bench -p countersign-asl --bench drawing
