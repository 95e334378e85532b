# Shared by the scripts of this folder: progress lines, the repository's folder, stages with their durations.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
tools_dir="$root/.tools"

# One line of progress, on standard error so that a script's output stays its own.
say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }

# What happened and what to do about it, then the end.
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

need() { command -v "$1" >/dev/null || die "$1 is not installed. $2"; }

# Root's, or nothing where this is root already; fails where neither works without a question.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then sudo "$@"; else return 1; fi
}

# True when the file `$1` exists and nothing among the files and folders that follow is newer.
up_to_date() {
  local made=$1
  shift
  [ -e "$made" ] && [ -z "$(find "$@" -type f -newer "$made" -print -quit 2>/dev/null)" ]
}
