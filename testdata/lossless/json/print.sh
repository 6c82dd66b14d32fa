#!/bin/sh
# Makes printed/: what sops prints when it opens what it has sealed. By hand is only printed/integers.json: sops 3.11 took
# integers for floats, 3.13.2 does not. Needs sops 3.11 (SOPS=path) and age-keygen; leaves nothing behind.
set -eu
cd "$(dirname "$0")"
sops=${SOPS:-sops}
HOME=$(mktemp -d)
export HOME
trap 'rm -rf "$HOME"' EXIT
age-keygen -o "$HOME/key" 2>/dev/null
export SOPS_AGE_KEY_FILE="$HOME/key"
for file in *.json; do
    [ "$file" = integers.json ] && continue
    "$sops" encrypt --age "$(age-keygen -y "$HOME/key")" "$file" > "$HOME/sealed.json"
    "$sops" decrypt "$HOME/sealed.json" > "printed/$file"
done
