#!/usr/bin/env bash
# Resolve pyproject.toml to pinned, hashed requirements that name no download address (docs/decisions/0010).
# Usage: tools/lock.sh UV [more options for uv pip compile, such as --upgrade]
set -euo pipefail
cd "$(dirname "$0")/.."
uv=$1
shift
compile() {
  "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
    --no-emit-find-links --custom-compile-command 'make lock' pyproject.toml "$@"
}
compile --output-file requirements/runtime.txt "$@"
compile --group dev --extra spark --extra postgres --extra models --extra charts --extra web --constraints requirements/runtime.txt --output-file requirements/dev.txt "$@"
compile --group bench --extra spark --extra web --constraints requirements/dev.txt --output-file requirements/bench.txt "$@"
echo "requirements/runtime.txt, requirements/dev.txt and requirements/bench.txt are written"
