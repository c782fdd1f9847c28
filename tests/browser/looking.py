"""What holds for every page of ours, in every language, theme and width: a browser sees what does not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, Page, Request

DIRECTIONS = {"fa": "rtl", "en": "ltr"}
COOKIES = {"lang": "language", "theme": "theme", "sandbox_lang": "language", "sandbox_theme": "theme"}

# Widths are those of the page's own fonts and after it was drawn anew, so both are waited for. A target may
# be smaller inside a sentence (WCAG 2.5.8), and counts with the label that belongs to it.
LOOK = """async () => {
  await document.fonts.ready;
  await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
  const shown = (e) => e.getClientRects().length && getComputedStyle(e).visibility === 'visible';
  const small = [];
  for (const e of document.querySelectorAll('a, button, summary, select, textarea, input')) {
    if (!shown(e) || e.closest('.sr, .skip')) continue;
    const boxes = [e, ...(e.labels ?? [])].map((x) => x.getBoundingClientRect());
    const style = getComputedStyle(e), cover = getComputedStyle(e, '::after');
    if (boxes.some((box) => box.width >= 23.5 && box.height >= 23.5)) continue;
    if (cover.position === 'absolute' && cover.content !== 'none') continue;
    if (style.display === 'inline' && e.parentElement.textContent.trim() !== e.textContent.trim()) continue;
    const { width, height } = boxes[0];
    small.push(`${e.outerHTML.slice(0, 90)} is ${Math.round(width)}x${Math.round(height)}`);
  }
  const root = document.documentElement;
  return { lang: root.lang, dir: root.dir, theme: root.dataset.theme, small,
           wide: root.scrollWidth - document.documentElement.clientWidth };
}"""


HEAR = """addEventListener('securitypolicyviolation', (event) => window.forbidden(
  `${event.effectiveDirective} ${event.blockedURI} ${event.sample} at ${location.pathname}`));"""


def hearing_the_policy(
    new_context: Callable[..., Awaitable[BrowserContext]], heard: list[str]
) -> Callable[..., Awaitable[BrowserContext]]:
    """The same, and every page of the context says when its policy has forbidden something."""

    async def opened(**options: Any) -> BrowserContext:
        context = await new_context(**options)
        await context.expose_binding("forbidden", lambda _source, what: heard.append(what))
        await context.add_init_script(HEAR)
        return context

    return opened


@dataclass(frozen=True, slots=True)
class Look:
    """How a page is looked at."""

    language: str
    theme: str

    async def put_on(self, context: BrowserContext, *addresses: str) -> None:
        """Every page of ``context`` at ``addresses`` speaks and looks like this from now on."""
        await context.add_cookies(
            [
                {"name": name, "value": getattr(self, field), "url": address}
                for address in addresses
                for name, field in COOKIES.items()
            ]
        )


async def sign_in(page: Page, dashboard: str, token: str) -> None:
    """As a person does: the token, then the button."""
    await page.goto(f"{dashboard}/login")
    await page.locator("#api-token").fill(token)
    await page.locator("#api-token").press("Enter")
    await page.wait_for_url(lambda address: "/login" not in address)


async def go_to(page: Page, screen: str, *, more: str) -> None:
    """By the bar at the bottom of a phone: ``screen`` itself, or behind the last place, called ``more``."""
    bar = page.locator(".bottomnav")
    link = bar.get_by_role("link", name=screen)
    if not await link.is_visible():
        await bar.locator("summary", has_text=more).click()
    await link.click()


def watch(page: Page, *expected: str) -> list[str]:
    """Everything the browser complains of from now on, and every request to another host.

    A message that contains one of ``expected`` is none.
    """
    complaints: list[str] = []

    def complain(text: str) -> None:
        if not any(part in text for part in expected):
            complaints.append(text)

    def check(request: Request) -> None:
        address, here = urlsplit(request.url), urlsplit(page.url)
        if address.scheme in ("http", "https") and here.netloc not in ("", address.netloc):
            complain(f"a request left for {request.url}")

    page.on("console", lambda message: complain(message.text))
    page.on("pageerror", lambda error: complain(str(error)))
    page.on("request", lambda request: None if request.is_navigation_request() else check(request))
    return complaints


async def faults(page: Page, look: Look) -> list[str]:
    """What is wrong with the page as it is shown now."""
    seen: dict[str, Any] = await page.evaluate(LOOK)
    found = [f"a small target: {target}" for target in seen["small"]]
    if seen["wide"] > 0:
        found.append(f"{seen['wide']} pixels too wide")
    wanted = (look.language, DIRECTIONS[look.language], look.theme)
    if (seen["lang"], seen["dir"], seen["theme"]) != wanted:
        found.append(f"speaks {seen['lang']} {seen['dir']} in {seen['theme']} instead of {wanted}")
    return found
