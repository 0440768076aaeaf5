#!/usr/bin/env bash
# An agreement of three boards to share a budget, taken from draft to in force in the decision store of the demo,
# with what they contribute. Everything in it is made up.
set -euo pipefail
tertiary=$1 folder=$2
store="sqlite:///$folder/decisions.sqlite"
rm -rf "$folder/decisions.sqlite" "$folder/pools"
mkdir -p "$folder/pools"
cat > "$folder/pools/agreement.json" <<'JSON'
{
  "kind": "agreement",
  "subject": "London specialised pool",
  "parties": [["QMJ", "host"], ["QMJ", "partner"], ["QMF", "partner"], ["QRV", "partner"]],
  "valid_from": "2025-04-01",
  "terms": {
    "name": "London specialised pool", "host": "QMJ", "partners": ["QMF", "QMJ", "QRV"], "valid_from": "2025-04-01",
    "contribution": "C1", "risk": "R4", "risk_parameters": {"corridor": "0.02"}, "contingency": "0.005"
  }
}
JSON
cat > "$folder/pools/partners-1.csv" <<'CSV'
partner,contribution,need
QMF,80000000,52
QMJ,92000000,60
QRV,94000000,58
CSV
step() { "$tertiary" decisions step 1 "$1" --by "$2" --why "$3" --store "$store" > /dev/null; }
"$tertiary" decisions draft "$folder/pools/agreement.json" --by icb:QMJ --why "joint committee" --store "$store" > /dev/null
step proposed icb:QMJ "sent to partners"
step sense_checked region:Y56 "no objection"
for board in QMF QMJ QRV; do step agreed "icb:$board" "board meeting"; done
step in_force icb:QMJ "signed by all"
