"""Bring the web application's style into the package, from its own package, for offline use.

python tools/vendor_web.py     needs npm; writes src/tertiary/web/static

The NHS typeface is licensed and comes from elsewhere: its two font faces are taken out, so that pages ask no other
host and read in Arial. No logo is brought: branding is a setting.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
STATIC = REPO / "src" / "tertiary" / "web" / "static"
# the version that the templates of nhsuk-frontend-jinja 0.10.2 belong to
NHSUK = "nhsuk-frontend@10.6.1"
DIST = "package/dist/nhsuk"
ICONS = ("arrow-down", "arrow-up", "arrow-up-down", "cross")


def main() -> None:
    """Write style and icons; NOTICE names their licence (MIT)."""
    with tempfile.TemporaryDirectory() as folder:
        packed = subprocess.run(
            ["npm", "pack", "--silent", NHSUK], cwd=folder, check=True, capture_output=True, text=True
        ).stdout.split()[-1]
        with tarfile.open(Path(folder) / packed) as archive:
            archive.extractall(folder, filter="data")
        dist = Path(folder) / DIST
        style = (dist / "nhsuk-frontend.min.css").read_text(encoding="utf-8")
        style = re.sub(r"@font-face\{[^}]*\}", "", style).replace("/assets/images/", "/static/")
        style = re.sub(r"/\*# sourceMappingURL=.*?\*/", "", style)
        if "http" in style:
            raise SystemExit("The style still names another host.")
        STATIC.mkdir(parents=True, exist_ok=True)
        (STATIC / "nhsuk-frontend.css").write_text(style, encoding="utf-8")
        for icon in ICONS:
            shutil.copy(dist / "assets" / "images" / f"nhsuk-icon-{icon}.svg", STATIC)


if __name__ == "__main__":
    main()
