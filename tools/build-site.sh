#!/usr/bin/env bash
# Everything that the browser loads, in target/site, which the server carries inside itself.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$root"

tools/build-wasm.sh

site=target/site
mkdir -p "$site/pkg"
if ! up_to_date "$site/pkg/countersign.css" style tools/build-site.sh; then
  say "joining the style sheets"
  sheet=$(mktemp)
  while IFS= read -r line; do
    case $line in
      @import*) cat "style/$(cut -d '"' -f 2 <<<"$line")" ;;
      *) printf '%s\n' "$line" ;;
    esac
  done <style/main.css >"$sheet"
  mv "$sheet" "$site/pkg/countersign.css"
  chmod 644 "$site/pkg/countersign.css"
fi
cp -Ru public/. "$site/"
node tools/compress.mjs "$site"
