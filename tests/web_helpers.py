"""What the tests of pages have in common."""

from __future__ import annotations

import re

from fastapi.testclient import TestClient


def token(client: TestClient, page: str = "/sign-in") -> dict[str, str]:
    """What a form must carry, as a page gives it to the person who asks."""
    return dict(re.findall(r'name="(form_token)" value="([^"]+)"', client.get(page).text))
