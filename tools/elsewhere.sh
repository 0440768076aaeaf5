#!/usr/bin/env bash
# Try the project in a scratch copy, so that nothing here changes. Called by make; the copy goes when it is over.
#   tools/elsewhere.sh canary [pytest arguments]   upgrade every dependency, run the tests, say what changed
#   tools/elsewhere.sh minimal                     only what a user installs: import, help, a tiny month end to end
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '==> %s\n' "$*"; }

what=${1:?canary or minimal}
shift
here=$PWD
scratch=$(mktemp -d -t "tertiary-$what-XXXXXX")
trap 'rm -rf "$scratch"' EXIT

copy() {
  mkdir "$scratch/copy"
  git ls-files -z --cached --others --exclude-standard | tar --null --files-from=- -cf - | tar -xf - -C "$scratch/copy"
}

pins() {
  grep -hoE '^[A-Za-z0-9._-]+==[^ ;\\]+' "$1/requirements/dev.txt" | sort -u
}

changed() {
  local found
  found=$(diff <(pins "$here") <(pins "$scratch/copy") | grep '^[<>]' || true)
  echo "${found:-nothing}"
}

canary() {
  copy
  say "choosing the newest versions that pyproject.toml allows (in a copy; requirements/ here stays as it is)"
  bash "$scratch/copy/tools/lock.sh" "$here/.tools/bin/uv" --upgrade
  say "what would change (< locked here, > newest)"
  changed
  say "setting up the copy"
  bash "$scratch/copy/tools/set_up.sh"
  say "running the tests on it"
  (cd "$scratch/copy" && .venv/bin/python -m pytest -n "${WORKERS:-2}" "$@")
}

minimal() {
  copy
  say "building the wheel"
  (cd "$scratch/copy" && "$here/.venv/bin/python" -m hatchling build -t wheel -d "$scratch" >/dev/null)
  say "installing it with the locked run-time requirements and nothing else"
  "${PYTHON:-$here/.venv/bin/python}" -m venv "$scratch/venv"
  export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_USER=0
  "$scratch/venv/bin/python" -m pip install --quiet --require-hashes --requirement requirements/runtime.txt
  "$scratch/venv/bin/python" -m pip install --quiet --no-deps "$scratch"/tertiary-*.whl
  bash tools/smoke.sh "$scratch/venv/bin/python" "$scratch"
}

unset PYTHONPATH
case $what in
  canary) canary "$@" ;;
  minimal) minimal ;;
  *) echo "tools/elsewhere.sh: $what is neither canary nor minimal" >&2; exit 2 ;;
esac
