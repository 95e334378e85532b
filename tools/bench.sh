#!/usr/bin/env bash
# The figures of the README: start-up, page times, sizes; then the watch of a simulated account, and the removal of tokens.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$root"

[ -x target/release/countersign ] || die "target/release/countersign is not built. Run 'make build' first."
python3 benches/program.py
cargo bench -p countersign-desk --features fake --bench account
cargo bench -p countersign-desk --bench redact
