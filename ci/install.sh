#!/bin/sh
# Builds `countersign` from the checkout that this script lies in, unless it is there already: docs/with-ci.md.
# The first argument is the folder to put it into; its folder bin has to be in PATH. What this script built itself is built
# anew from another commit: a cache without a key would otherwise keep an old command for ever.
set -eu

root=${1:?give the folder to install into}
checkout=$(cd "$(dirname "$0")/.." && pwd)
# A copy without a history has no commit; what caches it needs a key that tells.
commit=$(git -C "$checkout" rev-parse HEAD 2>/dev/null) || commit=unknown
built=$root/countersign.commit
if [ -x "$root/bin/countersign" ] && { [ ! -e "$built" ] || [ "$(cat "$built")" = "$commit" ]; }; then
  echo "countersign is there: $("$root/bin/countersign" --version)"
  exit 0
fi
if ! command -v cargo >/dev/null; then
  echo "countersign: there is no cargo to build it with" >&2
  echo "  fix: use a machine or an image with Rust, or put the command into $root/bin" >&2
  exit 2
fi
cd "$checkout"
cargo install --locked --force --path cli --root "$root"
printf '%s\n' "$commit" >"$built"
