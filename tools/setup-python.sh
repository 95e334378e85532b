#!/usr/bin/env bash
# A Python environment in .tools/venv with boto3, the AWS CLI and moto. A second run takes no time.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

need python3 "Install Python 3.11 or later."
venv="$tools_dir/venv"
up_to_date "$venv/.installed" "$root/tools/requirements.txt" && exit
say "installing boto3, the AWS CLI and moto into .tools/venv"
mkdir -p "$tools_dir"
python3 -m venv "$venv" || die "python3 cannot make a virtual environment. On Debian, as root: apt-get install python3-venv"
"$venv/bin/pip" install -q --disable-pip-version-check -r "$root/tools/requirements.txt"
touch "$venv/.installed"
