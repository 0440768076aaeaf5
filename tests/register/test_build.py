"""The build gives the same bytes twice, and the bytes that are committed.

The reference files are not part of the repository. Without them (folder `shared/reference` beside the
repository, or TERTIARY_REFERENCE) this module defines no test, and pytest's header says so.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests_reference import reference_folder

REPO = Path(__file__).resolve().parents[2]
SOURCE = reference_folder()

if SOURCE is not None:
    sys.path.insert(0, str(REPO / "tools"))
    import build_register

    def test_build_is_deterministic_and_committed(tmp_path: Path) -> None:
        one, two = tmp_path / "one", tmp_path / "two"
        build_register.build(SOURCE, one)
        build_register.build(SOURCE, two)
        names = sorted(p.name for p in one.iterdir())
        assert names == sorted(p.name for p in two.iterdir())
        shipped = REPO / "src" / "tertiary" / "register" / "data"
        assert names == sorted(p.name for p in shipped.iterdir())
        for name in names:
            built = (one / name).read_bytes()
            assert built == (two / name).read_bytes(), name
            if not name.endswith(".parquet"):  # Parquet bytes also depend on the Arrow version
                assert built == (shipped / name).read_bytes(), name
