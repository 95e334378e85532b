#!/usr/bin/env bash
# Prints the path of Chromium, which is installed where it is missing and may be.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

find_browser() {
  local name
  for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
    [ -n "$name" ] && command -v "$name" && return
  done
  return 1
}

if ! find_browser; then
  say "installing Chromium for the browser tests"
  { as_root apt-get update -q && as_root apt-get install -y -q chromium; } >&2 ||
    die "no Chromium. Install it (Debian, as root: apt-get install chromium), or set CHROMIUM to the path of a Chromium or Chrome."
  find_browser || die "Chromium was installed but is not on the PATH. Set CHROMIUM to its path."
fi
