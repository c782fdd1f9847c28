"""P12: what a page weighs when it is opened for the first time, and what Lighthouse says of it on a phone.

The whole product with its demo shop, served as `make run` serves it: without the proxy, so pages go over the
wire uncompressed here. The weight counts them compressed, as the suite's budget does.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence

from playwright.async_api import async_playwright

from tests.bench import browsing, lighthouse
from tests.bench.figures import Figure, Goal, Series
from tests.bench.ground import Ground
from tests.bench.lighthouse import Verdict, Wanted
from tests.browser.conftest import ARGUMENTS
from tests.browser.find import find_chromium
from tests.browser.judging import FIRST_LOAD, weight
from tests.browser.stack import running_stack

OWNERS = (
    *("/", "/receipts", "/receipts/all", "/transactions", "/customers", "/subscriptions", "/tickets"),
    *("/broadcasts", "/plans", "/cards", "/stock", "/features", "/settings", "/settings/payments"),
    *("/settings/notifications", "/settings/texts", "/team", "/audit", "/tokens", "/sessions", "/start"),
)
FOUND_ON = {"/receipts": r"/receipts/\d+", "/customers": r"/customers/\d+", "/plans": r"/plans/\d+"}
"""Pages of one row, by the list that links to them."""
STRANGERS = ("/login",)
LANGUAGES = ("fa", "en")
GOALS = {"performance": 98, "accessibility": 100, "best-practices": 100}
METRICS = {
    "largest-contentful-paint": ("largest contentful paint", "ms"),
    "total-blocking-time": ("total blocking time", "ms"),
    "cumulative-layout-shift": ("cumulative layout shift", ""),
}
MOST_TOLD = 6


async def measure(
    ground: Ground, *, languages: Sequence[str] = LANGUAGES, only: Sequence[str] = ()
) -> list[Figure]:
    with running_stack(ground.folder / "p12") as stack:
        owners_token = stack.tokens()[1]
        async with browsing.signed_in(stack.dashboard, owners_token) as owner:
            cookies = "; ".join(f"{one.key}={one.value}" for one in owner.http.cookie_jar)
            paths = list(OWNERS)
            for page, pattern in FOUND_ON.items():
                if link := re.search(f'href="({pattern})[?"]', await owner.get(page)):
                    paths.append(link[1])
            if only:
                paths = [path for path in paths if path in only]
            wanted = [
                Wanted(f"{path} {lang}", stack.dashboard + path, f"{who}lang={lang}")
                for lang in languages
                for who, some in ((f"{cookies}; ", paths), ("", STRANGERS))
                for path in some
            ]
            weights = await _weights(wanted)
            verdicts = await asyncio.to_thread(lighthouse.judge, wanted)
    return [_weighed(wanted, weights), *_scored(verdicts), *_timed(verdicts)]


async def _weights(pages: Sequence[Wanted]) -> list[float]:
    """Compressed kB of each page with all that is loaded with it, on a phone."""
    found = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        for one in pages:
            headers = {"Cookie": one.cookies}
            context = await browser.new_context(
                viewport={"width": 390, "height": 844}, extra_http_headers=headers
            )
            page = await context.new_page()
            await page.goto(one.url)
            _, total = await weight(page)
            found.append(total / 1024)
            await context.close()
        await browser.close()
    return found


def _weighed(pages: Sequence[Wanted], weights: Sequence[float]) -> Figure:
    heaviest = max(zip(weights, pages, strict=True), key=lambda pair: pair[0])
    return Figure(
        "P12",
        f"first load of {len(pages)} pages in both languages, compressed",
        Series(weights, "kB"),
        goal=Goal("at most", FIRST_LOAD / 1024, "kB"),
        compared=Series([heaviest[0]], "kB"),
        note=f"the heaviest: {heaviest[1].name}",
    )


def _scored(verdicts: Sequence[Verdict]) -> list[Figure]:
    figures = []
    for category, goal in GOALS.items():
        scores = [one.scores[category] for one in verdicts]
        below = sorted((one.scores[category], one.name) for one in verdicts if one.scores[category] < goal)
        told = [f"{name}: {score}" for score, name in below]
        if category != "performance":
            told += [f"{name}: {why}" for one in verdicts for name, why in one.faults.items()]
        figures.append(
            Figure(
                "P12",
                f"Lighthouse {lighthouse.version()}, {category}, {len(verdicts)} pages, phone",
                Series(scores, ""),
                goal=Goal("at least", goal, ""),
                compared=Series([min(scores)], ""),
                note="; ".join(told[:MOST_TOLD]),
            )
        )
    return figures


def _timed(verdicts: Sequence[Verdict]) -> list[Figure]:
    return [
        Figure(
            "P12",
            f"Lighthouse, {name}, slow 4G and a processor four times slower (simulated)",
            Series([one.figures[metric] for one in verdicts], unit),
        )
        for metric, (name, unit) in METRICS.items()
    ]
