"""Bring the web application's style and scripts into the package, from their own packages, for offline use.

python tools/vendor_web.py     needs npm; writes src/tertiary/web/static

The NHS typeface is licensed and comes from elsewhere: its two font faces are taken out, so that pages ask no other
host and read in Arial. No logo is brought: branding is a setting. NOTICE names each licence.
"""

from __future__ import annotations

import re
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
STATIC = REPO / "src" / "tertiary" / "web" / "static"
ICONS = ("arrow-down", "arrow-up", "arrow-up-down", "cross")
# package and version, and which of its files is brought under which name
BROUGHT: Mapping[str, Mapping[str, str]] = {
    "nhsuk-frontend@10.6.1": {
        "dist/nhsuk/nhsuk-frontend.min.css": "nhsuk-frontend.css",
        **{f"dist/nhsuk/assets/images/nhsuk-icon-{icon}.svg": f"nhsuk-icon-{icon}.svg" for icon in ICONS},
    },
    "htmx.org@4.0.1": {"dist/htmx.min.js": "htmx.js", "LICENSE": "htmx-licence.txt"},
    "vega@6.4.0": {"build/vega.min.js": "vega.js", "LICENSE": "vega-licence.txt"},
    # the newest that vl-convert draws as a picture too is 6.4
    "vega-lite@6.4.3": {"build/vega-lite.min.js": "vega-lite.js", "LICENSE": "vega-lite-licence.txt"},
    "vega-embed@7.3.0": {"build/vega-embed.min.js": "vega-embed.js", "LICENSE": "vega-embed-licence.txt"},
}


def main() -> None:
    """Write style, icons and scripts."""
    STATIC.mkdir(parents=True, exist_ok=True)
    for package, files in BROUGHT.items():
        with tempfile.TemporaryDirectory() as folder:
            packed = subprocess.run(
                ["npm", "pack", "--silent", package], cwd=folder, check=True, capture_output=True, text=True
            ).stdout.split()[-1]
            with tarfile.open(Path(folder) / packed) as archive:
                archive.extractall(folder, filter="data")
            for source, name in files.items():
                text = (Path(folder) / "package" / source).read_text(encoding="utf-8")
                (STATIC / name).write_text(_style(text) if name.endswith(".css") else _script(text), encoding="utf-8")


def _style(text: str) -> str:
    text = re.sub(r"@font-face\{[^}]*\}", "", text).replace("/assets/images/", "/static/")
    text = re.sub(r"/\*# sourceMappingURL=.*?\*/", "", text)
    if "http" in text:
        raise SystemExit("The style still names another host.")
    return text


def _script(text: str) -> str:
    return re.sub(r"^//# sourceMappingURL=.*$", "", text, flags=re.MULTILINE)


if __name__ == "__main__":
    main()
