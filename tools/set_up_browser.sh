#!/usr/bin/env bash
# See that the tests of the pages find a browser. Called by `make test` and `make pictures`; safe to run again.
# A Chromium that is here is used (TERTIARY_BROWSER names another); else Debian's or Ubuntu's package is installed, by
# root or by sudo without a password; else Playwright's own is fetched. Where none can be had this says so, and the
# tests that need one are skipped and named at the end: it fails nothing by itself.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '==> %s\n' "$*"; }
warn() { printf '==> NO BROWSER: %s\n' "$*" >&2; }

present() {
  local name
  for name in ${TERTIARY_BROWSER:-} chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name"; then
      return
    fi
  done
  .venv/bin/python - 2>/dev/null <<'PY'
from pathlib import Path
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    found = playwright.chromium.executable_path
if not Path(found).exists():
    raise SystemExit(1)
print(found)
PY
}

install_package() {
  command -v apt-get >/dev/null || return 1
  local as=()
  if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2>/dev/null || return 1
    as=(sudo -n)
  fi
  say "installing chromium with apt-get"
  "${as[@]}" apt-get update -qq && "${as[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends chromium fonts-liberation >/dev/null
}

if found=$(present); then
  say "pages are tested in $found"
elif install_package && found=$(present); then
  say "pages are tested in $found"
else
  say "fetching the browser that Playwright brings"
  if .venv/bin/python -m playwright install chromium; then
    say "pages are tested in Playwright's Chromium"
  else
    warn "install chromium (Debian: apt-get install chromium) or name one in TERTIARY_BROWSER, and run this again."
    warn "The tests of pages in a browser are skipped until then."
  fi
fi
