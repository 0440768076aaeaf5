#!/usr/bin/env bash
# Make an environment and install locked requirements and this package into it. Called by make; safe to run again.
# Usage: tools/set_up.sh [ENVIRONMENT [REQUIREMENTS]], by default .venv and requirements/dev.txt.
# Needs python 3.11 or later with venv (or with pip) and nothing else. Your pip configuration is respected.
# PYTHON chooses the interpreter (a name or a path); a .venv of another version is replaced.
set -euo pipefail
cd "$(dirname "$0")/.."
env=${1:-.venv}
locked=${2:-requirements/dev.txt}

say() { printf '==> %s\n' "$*"; }
fail() { printf 'set-up: %s\n' "$*" >&2; exit 1; }

find_python() {
  local name
  for name in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$name"
      return
    fi
  done
  fail "no Python 3.11 or later was found (tried: ${PYTHON:-python3, python3.13, python3.12, python3.11}).
  Debian or Ubuntu: apt-get install python3 python3-venv.  Elsewhere: PYTHON=/path/to/python3 make install"
}

# Debian splits ensurepip into python3-venv; without it an environment can still be filled by the system's own pip.
make_environment() {
  if "$python" -m venv $env >$env-log 2>&1; then
    rm -f $env-log
    return
  fi
  rm -rf $env
  if "$python" -m pip --version >/dev/null 2>&1 && "$python" -m venv --without-pip $env >>$env-log 2>&1; then
    rm -f $env-log
    return
  fi
  cat $env-log >&2
  rm -rf $env $env-log
  fail "$python cannot make a virtual environment: its venv (ensurepip) and its pip are both missing.
  Debian or Ubuntu: apt-get install python3-venv.  Then run the same make command again."
}

export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_USER=0
python=$(find_python)
version() { "$1" -c 'import sys; print(sys.version)' 2>/dev/null; }
found=$(version $env/bin/python || true)
if [ -z "$found" ] || { [ -n "${PYTHON:-}" ] && [ "$found" != "$(version "$python")" ]; }; then
  say "making $env with $("$python" --version)"
  rm -rf $env
  make_environment
fi
pip=($env/bin/python -m pip)
if ! "${pip[@]}" --version >/dev/null 2>&1; then
  pip=("$python" -m pip --python $env/bin/python)
  "${pip[@]}" --version >/dev/null 2>&1 || fail "$env has no pip and $python has none from 22.3 on.
  Remove $env, then apt-get install python3-venv (or upgrade pip) and run make again."
fi

say "installing the locked requirements ($locked, every file checked by its hash)"
"${pip[@]}" install --quiet --require-hashes --requirement $locked
say "installing tertiary itself, editable"
"${pip[@]}" install --quiet --no-deps --no-build-isolation --editable .
touch $env/installed
