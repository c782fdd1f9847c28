"""What a page is judged by besides its looks: whom it shuts out, and what it weighs."""

from __future__ import annotations

import gzip
from typing import Any

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

AXE = Axe()
ONLY_FAULTS = {"resultTypes": ["violations"]}
"""Every rule axe-core has on by itself, those of good practice too; less to send back."""
FIRST_LOAD = 100 * 1024
HTML = 12 * 1024
"""Compressed bytes: the budget for all a newcomer loads with a page, and for the page alone."""

# What was loaded with the page, from the network or the cache alike; pictures of receipts are not of the
# page, and the live line has no end.
WEIGH = """async () => {
  await document.fonts.ready;
  return performance.getEntriesByType('resource').filter((one) => one.name.includes('/static/'))
    .map((one) => [new URL(one.name).pathname, one.encodedBodySize]);
}"""


async def barriers(page: Page) -> list[str]:
    """What axe-core finds wrong with the page as it is shown now."""
    found = (await AXE.run(page, options=ONLY_FAULTS)).response["violations"]
    return [f"axe {one['id']}: {_where(one)} ({one['help']})" for one in found]


async def weight(page: Page) -> tuple[int, int]:
    """Compressed bytes of the page alone, and with all that was loaded with it."""
    html, loaded = await _weighed(page)
    return html, html + sum(loaded.values())


async def excess(page: Page) -> list[str]:
    """Where the page is heavier than the budget allows; pages are compressed by the proxy."""
    html, loaded = await _weighed(page)
    total = html + sum(loaded.values())
    found = [] if loaded and all(loaded.values()) else [f"a file without a size: {loaded}"]
    found += [f"{html} bytes of HTML, more than {HTML}"] if html > HTML else []
    return found + ([f"{total} bytes in all, more than {FIRST_LOAD}"] if total > FIRST_LOAD else [])


async def _weighed(page: Page) -> tuple[int, dict[str, int]]:
    return len(gzip.compress((await page.content()).encode(), 6)), dict(await page.evaluate(WEIGH))


def _where(violation: dict[str, Any]) -> str:
    return " and ".join(" ".join(map(str, node["target"])) for node in violation["nodes"][:3])
