#!/usr/bin/env bash
# The AWS SDK for JavaScript in tests/peers/js and the AWS CDK in tests/peers/cdk, at the versions of their lock files. A
# second run takes no time.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

# `$1` is the folder in tests/peers, `$2` what is in it.
install() {
  local folder="$root/tests/peers/$1"
  up_to_date "$folder/node_modules/.installed" "$folder/package-lock.json" && return
  need npm "Install Node.js 20 or later with npm."
  say "installing $2 into tests/peers/$1"
  npm ci --prefix "$folder" --no-audit --no-fund --silent
  touch "$folder/node_modules/.installed"
}

install js "the AWS SDK for JavaScript"
install cdk "the AWS CDK"
