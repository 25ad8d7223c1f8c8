#!/bin/sh
# Prints the secrets that docker-compose.yml wants, made at random: ./deploy/compose/make-secrets.sh >> .env, once.
# Keep .env with the back-ups: a database opens with its first password only, and people stay hidden only with this key.
set -eu
random() { od -An -vtx1 -N"$1" /dev/urandom | tr -d ' \n'; }
printf 'POSTGRES_PASSWORD=%s\nTEMPORAL_POSTGRES_PASSWORD=%s\nOPT_OUT_KEY=%s\n' "$(random 24)" "$(random 24)" "$(random 32)"
