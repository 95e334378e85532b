#!/usr/bin/env bash
# The browser tests of end2end/, in Chromium, on the release binary. Arguments go to Playwright.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$root"

program=${COUNTERSIGN:-target/release/countersign}
[ -x "$program" ] || die "$program is not built. Run 'make build' first."
CHROMIUM=$(tools/setup-browser.sh | head -1)
export CHROMIUM PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1
if ! up_to_date end2end/node_modules/.installed end2end/package-lock.json; then
  say "installing Playwright"
  npm --prefix end2end ci --no-audit --no-fund --silent
  touch end2end/node_modules/.installed
fi
cd end2end
exec node_modules/.bin/playwright test "$@"
