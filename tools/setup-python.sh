#!/usr/bin/env bash
# A Python environment in .tools/venv with boto3, the AWS CLI and moto. A second run takes no time.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

venv="$tools_dir/venv"
up_to_date "$venv/.installed" "$root/tools/requirements.txt" && exit
say "installing boto3, the AWS CLI and moto into .tools/venv"
mkdir -p "$tools_dir"
if ! python3 -m venv "$venv" >/dev/null 2>&1; then
  { as_root apt-get update -q && as_root apt-get install -y -q python3-venv; } >&2 ||
    die "python3 cannot make a virtual environment. Install Python 3.11 or later (Debian, as root: apt-get install python3-venv)."
  python3 -m venv "$venv"
fi
"$venv/bin/pip" install -q --disable-pip-version-check -r "$root/tools/requirements.txt"
touch "$venv/.installed"
