#!/bin/sh
# Makes the files beside it with the sops named by SOPS (default: on the PATH). They change with every run: new keys, new dates.
set -eu
cd "$(dirname "$0")"
sops=${SOPS:-sops}
keys=$(cd ../../../keys && pwd)
HOME=$(mktemp -d)
GNUPGHOME=$HOME/gnupg
export HOME GNUPGHOME
mkdir -m 700 "$GNUPGHOME"
trap 'gpgconf --kill gpg-agent; rm -rf "$HOME"' EXIT
gpg --quiet --batch --import "$keys/pgp.asc"
pgp=$(gpg --with-colons --list-keys | awk -F: '$1 == "fpr" { print $10; exit }')
one=$(age-keygen -y "$keys/age-1.txt")
two=$(age-keygen -y "$keys/age-2.txt")

cat >"$HOME/.sops.yaml" <<RULES
creation_rules:
  - path_regex: ^shamir
    shamir_threshold: 2
    encrypted_regex: ^(a|b)<&>
    mac_only_encrypted: true
    key_groups:
      - {age: [$one], pgp: [$pgp]}
      - {age: [$two]}
      - {pgp: [$pgp]}
  - path_regex: ^one
    shamir_threshold: 3
    age: $one, $two
    pgp: $pgp
RULES
printf 'a: 1\nb_unencrypted: x\n' >"$HOME/plain.yaml"
printf '{"a": 1, "b_unencrypted": "x"}\n' >"$HOME/plain.json"
printf 'a=1\nb_unencrypted=x\n' >"$HOME/plain.env"
printf '[s]\na = 1\nb_unencrypted = x\n' >"$HOME/plain.ini"
printf 'text\n' >"$HOME/plain.bin"
here=$PWD
cd "$HOME"
for groups in one shamir; do
    for ending in yaml json env ini bin; do
        "$sops" encrypt --filename-override "$groups.$ending" "plain.$ending" >"$here/$groups.$ending"
    done
done
