"""Where the reference files are, when they are there at all."""

from __future__ import annotations

import os
from pathlib import Path


def reference_folder() -> Path | None:
    """Folder of the public reference files, or None."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "reference"
    folder = Path(os.environ.get("TERTIARY_REFERENCE", beside))
    return folder if (folder / "services.csv").is_file() else None
