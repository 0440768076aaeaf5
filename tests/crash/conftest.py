"""A server that forks quick children, two small inputs, and a small disk."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
Start = Callable[..., Any]


@pytest.fixture(scope="session")
def start() -> Start:
    """`start(function, *arguments)` runs it in a process of its own, which is returned."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["crash_children"])
    # the server finds modules by the environment alone
    former = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(HERE), str(HERE.parents[1] / "src"), *filter(None, [former])])
    forkserver.ensure_running()
    if former is None:
        del os.environ["PYTHONPATH"]
    else:
        os.environ["PYTHONPATH"] = former

    def started(function: Callable[..., None], *arguments: Any) -> Any:
        process = context.Process(target=function, args=arguments, daemon=True)
        process.start()
        return process

    return started


@pytest.fixture(scope="session")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two folders, each with `in` (a month of outpatients) and `register`."""
    from tertiary.synth import write

    whole = tmp_path_factory.mktemp("synthetic")
    write(whole, area="QMJ", months="2025-04..2025-05", scale=0.005, seed=3, defects=0.02)
    made = []
    for month, file in enumerate(sorted((whole / "op").glob("*.csv"))):
        folder = whole / f"inputs{month}"
        (folder / "in").mkdir(parents=True)
        shutil.copy(file, folder / "in")
        (folder / "register").symlink_to(whole / "register")
        made.append(folder)
    one, two = made
    return one, two


@pytest.fixture
def tmp_path(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in memory where there is one: every commit waits for the disk, and here nobody cuts the power."""
    memory = Path("/dev/shm")
    if not memory.is_dir() or not os.access(memory, os.W_OK) or shutil.disk_usage(memory).free < 200_000_000:
        yield tmp_path_factory.mktemp("crash")
        return
    with tempfile.TemporaryDirectory(prefix="tertiary-crash-", dir=memory) as folder:
        yield Path(folder)


@pytest.fixture
def temp(tmp_path: Path) -> Path:
    """The children's folder for temporary files: a run leaves nothing there, killed or not."""
    folder = tmp_path / "temp"
    folder.mkdir()
    return folder


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 32 MB, where a file system may be mounted."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=32m", "none", str(place)]
    if not sys.platform.startswith("linux") or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no file system may be mounted here; the tests of a quota go the same ways")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)
