#!/usr/bin/env bash
# Plays recordings of AWS Step Functions on the embedded engine and compares every answer.
# The recordings are no part of this repository: RECORDINGS names their folder (it holds play.py).
# Those that need services, workers or mocks are played with what tools/conformance_services.py makes around them.
# Fails where one differs that tools/conformance-known.txt does not name; skipped where there are no recordings.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$root"

recordings=${RECORDINGS:-$root/../shared/recordings}
groups=${GROUPS_PLAYED:-}
if [ ! -e "$recordings/play.py" ]; then
  say "skipped: no recordings in $recordings (set RECORDINGS to their folder)"
  exit
fi
tools/setup-python.sh
program=${COUNTERSIGN:-target/release/countersign}
[ -x "$program" ] || die "$program is not built. Run 'make build' first."

work=$(mktemp -d)
engine=
finish() {
  [ -z "$engine" ] || { kill "$engine" && wait "$engine"; } 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT

python=$tools_dir/venv/bin/python
port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
services=("$python" tools/conformance_services.py "$recordings")
PYTHONDONTWRITEBYTECODE=1 "${services[@]}" --write-functions "$work/functions" >&2
PYTHONDONTWRITEBYTECODE=1 "${services[@]}" --write-mocks "$work/mocks.json"
SFN_MOCK_CONFIG=$work/mocks.json "$program" engine --listen "127.0.0.1:$port" --data "$work/data" --functions "$work/functions/functions.toml" 2>"$work/engine.log" &
engine=$!
for _ in $(seq 100); do
  (: >"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
  kill -0 "$engine" 2>/dev/null || { cat "$work/engine.log" >&2; die "the engine ended before it answered."; }
  sleep 0.1
done

say "playing the recordings${groups:+ of the groups $groups}"
PYTHONDONTWRITEBYTECODE=1 "${services[@]}" "http://127.0.0.1:$port" ${groups:+--group "$groups"} \
  --report "${REPORT:-target/conformance.jsonl}"
kill -0 "$engine" 2>/dev/null || { cat "$work/engine.log" >&2; die "the engine ended while the recordings were played."; }
