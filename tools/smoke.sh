#!/usr/bin/env bash
# What must work wherever tertiary is installed. Usage: tools/smoke.sh PYTHON FOLDER (a scratch folder)
set -euo pipefail
python=${1:?python} folder=${2:?folder}
tertiary=("$python" -m tertiary.cli)
cd "$folder"
"$python" -c 'import tertiary; print("tertiary", tertiary.__version__, "from", tertiary.__file__)'
"${tertiary[@]}" --help >/dev/null
"${tertiary[@]}" synth month --area QMJ --months 2025-04..2025-04 --scale 0.005 --seed 1 >/dev/null
"${tertiary[@]}" run month --out run --register month/register
"${tertiary[@]}" show run ledger --by payer_kind
"${tertiary[@]}" profile run
