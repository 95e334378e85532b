#!/usr/bin/env bash
# The AWS SDK for JavaScript in tests/peers/js, at the versions of its lock file. A second run takes no time.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

folder="$root/tests/peers/js"
up_to_date "$folder/node_modules/.installed" "$folder/package-lock.json" && exit
need npm "Install Node.js 20 or later with npm."
say "installing the AWS SDK for JavaScript into tests/peers/js"
npm ci --prefix "$folder" --no-audit --no-fund --silent
touch "$folder/node_modules/.installed"
