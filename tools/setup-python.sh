#!/usr/bin/env bash
# A Python environment in .tools/venv with boto3, the AWS CLI and moto, and moto's own tests in .tools/moto-tests, which its
# source distribution carries. A second run takes no time.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

venv="$tools_dir/venv"
suite="$tools_dir/moto-tests"
up_to_date "$venv/.installed" "$root/tools/requirements.txt" && up_to_date "$suite/.unpacked" "$root/tools/requirements.txt" && exit
mkdir -p "$tools_dir"

if ! up_to_date "$venv/.installed" "$root/tools/requirements.txt"; then
  say "installing boto3, the AWS CLI and moto into .tools/venv"
  if ! python3 -m venv "$venv" >/dev/null 2>&1; then
    { as_root apt-get update -q && as_root apt-get install -y -q python3-venv; } >&2 ||
      die "python3 cannot make a virtual environment. Install Python 3.11 or later (Debian, as root: apt-get install python3-venv)."
    python3 -m venv "$venv"
  fi
  "$venv/bin/pip" install -q --disable-pip-version-check -r "$root/tools/requirements.txt"
  touch "$venv/.installed"
fi

say "unpacking moto's tests into .tools/moto-tests"
version=$(sed -n 's/^moto[^=]*==//p' "$root/tools/requirements.txt")
sources=$(mktemp -d)
trap 'rm -rf "$sources"' EXIT
"$venv/bin/pip" download -q --disable-pip-version-check --no-deps --no-binary moto -d "$sources" "moto==$version"
rm -rf "$suite"
mkdir -p "$suite"
tar -xzf "$sources/moto-$version.tar.gz" -C "$suite" --strip-components=1 "moto-$version/tests"
touch "$suite/.unpacked"
