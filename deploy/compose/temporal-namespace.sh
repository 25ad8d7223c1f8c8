#!/bin/sh
# Makes the namespace, keeps 30 days of histories, and registers what the Web UI filters jobs by. Harmless to repeat.
set -eu
namespace=${TEMPORAL_NAMESPACE:-default}
if temporal operator namespace describe "$namespace" >/dev/null 2>&1; then
  temporal operator namespace update "$namespace" --retention 30d
else
  temporal operator namespace create "$namespace" --retention 30d
fi
# The server learns of a new namespace after a moment.
attempt=0
until temporal operator search-attribute list --namespace "$namespace" >/dev/null 2>&1; do
  attempt=$((attempt + 1))
  [ "$attempt" -lt 60 ] || { echo "namespace $namespace does not answer" >&2; exit 1; }
  sleep 1
done
for attribute in JobKind Repository; do
  temporal operator search-attribute list --namespace "$namespace" | grep -q "^ *$attribute " ||
    temporal operator search-attribute create --namespace "$namespace" --name "$attribute" --type Keyword
done
