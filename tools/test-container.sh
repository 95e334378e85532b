#!/usr/bin/env bash
# The container file: what it must have, and, where something builds images, the image itself and its health.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$root"

# The last stage is the image.
image=$(awk '/^FROM /{ stage = "" } { stage = stage "\n" $0 } END { print stage }' Containerfile)
has() { grep -Eq "$1" <<<"$image" || die "Containerfile: the image $2."; }
has '^USER [1-9][0-9]*(:[1-9][0-9]*)?$' "runs as root: name another user by its number, as Kubernetes asks"
has '^HEALTHCHECK .*CMD \["countersign", "health"\]' "has no health check by countersign health"
has '^ENTRYPOINT \["countersign"\]' "does not start countersign"
# What runs functions imports json, decimal and http.client, which python3-minimal does not have.
has 'apt-get install .* python3( |$)' "has no Python with its library, without which no function runs"
grep -Eq '^(/)?\.git$' .dockerignore || die ".dockerignore lets the history into the build."
while read -r source; do
  [ -e "$source" ] || die "Containerfile copies $source, which is not there."
done < <(awk '$1 == "COPY" && $2 !~ /^--from/ { for (i = 2; i < NF; i++) print $i }' Containerfile)

builder=
for one in podman docker buildah; do
  # A client without its daemon builds nothing.
  if command -v "$one" >/dev/null && "$one" info >/dev/null 2>&1; then
    builder=$one
    break
  fi
done
if [ -z "$builder" ]; then
  say "skipped: no image is built (no builder: podman, docker or buildah, running)"
  exit
fi
for base in $(awk '/^FROM /{ print $2 }' Containerfile); do
  if ! "$builder" pull "$base" >/dev/null 2>&1 && [ -z "$("$builder" images --quiet "$base" 2>/dev/null)" ]; then
    say "skipped: no image is built ($builder reaches no registry that has $base)"
    exit
  fi
done
case $builder in
  docker) docker build -f Containerfile -t countersign-test . ;;
  # An image in the format OCI has no health check.
  *) "$builder" build --format docker -f Containerfile -t countersign-test . ;;
esac
if [ "$builder" = buildah ]; then
  say "skipped: the image is not run (buildah only builds)"
  exit
fi
container=$("$builder" run --detach --rm countersign-test)
trap '"$builder" kill "$container" >/dev/null' EXIT
inside() { "$builder" exec "$container" "$@"; }
[ "$(inside id -u)" != 0 ] || die "the container runs as root."
[ -n "$("$builder" inspect --format '{{.Config.Healthcheck}}' "$container" | grep countersign)" ] ||
  die "the container has no health check."
inside ldd /usr/local/bin/countersign 2>&1 | grep -Eq 'statically linked|not a dynamic executable' ||
  die "the program is not linked statically."
inside python3 -c 'import decimal, http.client, json' || die "the container's Python cannot run functions."
for _ in $(seq 60); do
  inside countersign health 2>/dev/null && { say "the container is healthy"; exit; }
  sleep 1
done
inside countersign health || die "the container does not become healthy."
