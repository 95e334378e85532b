#!/usr/bin/env bash
# The figures that the README tells: start-up, a page's rendering, sizes.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$root"

[ -x target/release/countersign ] || die "target/release/countersign is not built. Run 'make build' first."
exec python3 benches/program.py
