"""A picture of every page, at 1200 and at 320 pixels, to look at and judge.

python tools/picture_pages.py FOLDER                  of the small world that the tests make
python tools/picture_pages.py FOLDER --over demo      of the run, contracts and closes in the folder demo
python tools/picture_pages.py FOLDER --only /map      of addresses that begin so
python tools/picture_pages.py FOLDER --tall 1000      no more of a page than that

Pages are those of tests/browser/places.py, each as the first account that it names.
"""

from __future__ import annotations

import argparse
import base64
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "browser")]

import small_world
from places import places
from serving import serving

import small_png
from chromium import browsing, context_of

if TYPE_CHECKING:
    import numpy as np
    from playwright.sync_api import BrowserContext, Page

WIDTHS = (1200, 320)
# the browser reads its own picture, so that no library for pictures is needed
READ = """async text => {
    const picture = await createImageBitmap(new Blob([Uint8Array.from(atob(text), c => c.charCodeAt(0))]));
    const canvas = new OffscreenCanvas(picture.width, picture.height);
    const drawn = canvas.getContext('2d');
    drawn.drawImage(picture, 0, 0);
    const bytes = new Uint8Array(drawn.getImageData(0, 0, picture.width, picture.height).data.buffer);
    let found = '';
    for (let at = 0; at < bytes.length; at += 32768) found += String.fromCharCode(...bytes.subarray(at, at + 32768));
    return [picture.width, picture.height, btoa(found)];
}"""


def main() -> None:
    """Make the pictures and name them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--over", type=Path)
    parser.add_argument("--only", default="/")
    parser.add_argument("--tall", type=int, default=4000)
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        world = small_world.World(asked.over) if asked.over else small_world.make(Path(made))
        with serving(world.options()) as address, browsing() as browser:
            contexts: dict[str, BrowserContext] = {}
            for place in places():
                if not place.address.startswith(asked.only):
                    continue
                account = place.accounts[0]
                if account not in contexts:
                    contexts[account] = context_of(browser, address, account)
                page = contexts[account].new_page()
                page.goto(place.address)
                for width in WIDTHS:
                    page.set_viewport_size({"width": width, "height": 800})
                    page.wait_for_load_state("networkidle")
                    name = re.sub(r"[^a-z0-9]+", "-", place.address.lower()).strip("-") or "overview"
                    path = asked.folder / f"{name}-{account}-{width}.png"
                    path.write_bytes(small_png.written(_pixels(page, width, asked.tall)))
                    print(f"{path} {path.stat().st_size / 1000:.0f} kB")
                page.close()


def _pixels(page: Page, width: int, tall: int) -> np.ndarray:
    import numpy as np

    tall = min(tall, page.evaluate("document.scrollingElement.scrollHeight"))
    shot = page.screenshot(full_page=True, clip={"x": 0, "y": 0, "width": width, "height": tall})
    wide, high, text = page.evaluate(READ, base64.b64encode(shot).decode())
    return np.frombuffer(base64.b64decode(text), dtype=np.uint8).reshape(high, wide, 4)[:, :, :3]


if __name__ == "__main__":
    main()
