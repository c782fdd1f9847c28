"""How a handler answers: a whole page, the part of it that htmx asked for, or the way elsewhere.

Every name of htmx's headers is in this file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self, cast
from urllib.parse import quote, urlencode, urlsplit
from zoneinfo import ZoneInfo

from litestar import Response
from litestar.datastructures import Cookie

from shop.actors import OWNING, SHOP_SEE, may
from shop.i18n import LANGUAGES, N_, translations
from shop.staff import scopes
from shop.staff.sessions import SignedIn
from web import cookies
from web.auth import csrf_token, person_at
from web.forms import local_path
from web.page import Page
from web.parts import Parts, WebRequest, parts_of
from web.security import DENSITIES, SHORTCUTS, THEMES

HTML = "text/html"
VARY = {"Vary": "HX-Request"}
TO_TOASTS = {"HX-Retarget": "#toasts", "HX-Reswap": "beforeend"}
PUSH_URL = "HX-Push-Url"
CONFIRM = "/confirm"
PLATFORM_TIMEZONE = "Asia/Tehran"
PLATFORM_SCREEN = "shops"
_PATH_SIGNS = "/:@!$&'()*+,;=-._~"

NOTICES = {
    "approved": N_("Approved; the customer gets it now."),
    "rejected": N_("Rejected; the customer was told why."),
    "handed_on": N_("Handed over; it is first in your colleague's queue."),
    "undone": N_("Undone; the receipt waits again."),
    "card_added": N_("Added; it takes its turn from now on."),
    "card_changed": N_("Saved; it counts from the next buyer on."),
    "cards_added": N_("All of them were added."),
    "card_rests": N_("It rests; others take its turns."),
    "card_back": N_("It takes its turns again."),
    "card_on": N_("Switched on; it takes its turn again."),
    "card_off": N_("Switched off; it is shown to nobody new."),
    "card_moved": N_("Moved."),
    "card_archived": N_("Put away; what was paid to it stays in the books."),
    "strategy_kept": N_("Saved; it counts from the next buyer on."),
    "session_ended": N_("Signed out there."),
    "shop_signed_out": N_("Everybody of this shop is signed out."),
    "telegram_unlinked": N_("Unlinked and signed out everywhere; the account was told."),
    "second_factor_on": N_("From now on a sign-in waits for a tap in Telegram."),
    "second_factor_off": N_("From now on the token alone is enough to sign in."),
    "colleague_changed": N_("Saved; it counts from now on."),
    "colleague_left": N_("Signed out everywhere; nothing opens for this person any more."),
    "noted": N_("Noted; your colleagues see it here."),
    "wallet_corrected": N_("Booked; the customer is told."),
    "customer_written_to": N_("Your message is on its way."),
    "subscription_extended": N_("Given; the customer is told."),
    "order_tried_again": N_("Delivered; the customer gets the line now."),
    "order_waits_on": N_("Nothing is left in stock for it; it is served as soon as you fill it."),
    "subscription_sent_again": N_("The bot sends the line again now."),
    "ticket_answered": N_("Your answer is on its way."),
    "nobody_waits": N_("Nobody else waits in this list."),
    "ticket_noted": N_("Noted; only your team reads it."),
    "ticket_closed": N_("Closed; the customer was told."),
    "ticket_reopened": N_("Open again."),
    "ticket_linked": N_("Saved."),
    "ticket_assigned": N_("Saved."),
    "reply_saved": N_("Saved; it is ready in every ticket."),
    "reply_deleted": N_("Deleted."),
    "view_kept": N_("Saved; it stands above this list, for you alone."),
    "view_renamed": N_("Saved."),
    "view_deleted": N_("Deleted."),
    "customer_blocked": N_("Blocked; the bot serves this person no more."),
    "customer_unblocked": N_("The bot serves this person again."),
    "broadcast_kept": N_("Saved; nothing has gone out yet."),
    "broadcast_shown": N_("It is on its way to you alone."),
    "broadcast_off": N_("It goes out; you can still take it back."),
    "broadcast_back": N_("Taken back; it is a draft again."),
    "broadcast_paused": N_("Paused; no more goes out."),
    "broadcast_resumed": N_("It goes on."),
    "broadcast_stopped": N_("Stopped for good."),
    "settings_saved": N_("Saved; the bot obeys from the next message on."),
    "token_asked": N_("Sealed; it is shown to Telegram now."),
    "reason_saved": N_("Saved; it counts for the next receipt."),
    "reason_moved": N_("Moved."),
    "reason_deleted": N_("Deleted; what was said with it stays."),
    "text_reset": N_("The bot speaks in the original words again."),
    "test_begun": N_("Your Telegram account tries the shop now; open your bot."),
    "tests_cleared": N_("The test purchases are cleared away."),
    "test_sent": N_("The test is on its way; look in the chat."),
    "no_chat": N_("No chat is linked yet, so there is nowhere to send a test."),
    "panel_saved": N_("Saved on this device."),
    "plan_on": N_("On sale; the bot shows it from now on."),
    "plan_off": N_("Off sale; the bot shows it no more."),
    "plans_ordered": N_("The order is saved."),
    "plan_saved": N_("Saved; orders that were placed keep what they were sold with."),
    "plan_archived": N_("Archived; whoever bought it keeps it."),
    "put_back": N_("Back as it was."),
    "group_saved": N_("Saved; the bot shows a group as soon as something in it is on sale."),
    "group_archived": N_("Archived; its plans stand without a group now."),
    "group_restored": N_("The group is back, with the plans that were in it."),
    "plan_restored": N_("Back on the list, off sale until you switch it on."),
    "plan_deleted": N_("Deleted."),
    "prices_changed": N_("The prices are changed; orders that were placed keep theirs."),
    "token_already_made": N_(
        "It is made already; a token is shown only once. Replace it if it was not copied."
    ),
    "token_revoked": N_("Revoked; whoever signed in with it is signed out."),
}
"""What a page may say once about the form before it; the cookie carries only the key."""


def wants_part(request: WebRequest) -> bool:
    """True when htmx swaps a part; false for a first visit, a whole body, or a page out of the history."""
    headers = request.headers
    return (
        headers.get("hx-request") == "true"
        and headers.get("hx-request-type") != "full"
        and headers.get("hx-history-restore-request") != "true"
    )


@dataclass(frozen=True, slots=True)
class Undo:
    """What puts back what a toast tells of: the form it posts, and the part of the page that shows it."""

    url: str
    target: str
    fields: Mapping[str, str]
    kept: str = ""
    """For the cookie of the notice, where it has to be offered by the next page."""


UNDONE_BY = {
    "plan_archived": ("/plans/{}/restore", "#plans"),
    "group_archived": ("/plans/groups/{}/restore", "#plans"),
    "card_archived": ("/cards/{}/restore", "#cards"),
}
"""What puts back the thing that a notice tells of. The cookie carries the thing's number and whether it was
on, never an address."""
_KEPT = re.compile(r"(\w+)\.([0-9]{1,19})\.(on|off)", re.ASCII)


def undo_of(notice: str, about: int, was: str) -> Undo:
    """What puts the thing back as it was: ``on`` or ``off``."""
    url, target = UNDONE_BY[notice]
    return Undo(url.format(about), target, {"to": was}, f"{notice}.{about}.{was}")


@dataclass(frozen=True, slots=True)
class Screen:
    """One answer to one request: who looks, in which language, at which time."""

    request: WebRequest
    parts: Parts
    who: SignedIn | None
    lang: str
    theme: str
    density: str
    keys: str
    tz: ZoneInfo
    now: datetime

    @classmethod
    def of(cls, request: WebRequest) -> Self:
        """Never fails: an error page is a screen too."""
        parts, who = parts_of(request), person_at(request)
        usual = who.shop.language if who is not None else LANGUAGES[0]
        return cls(
            request=request,
            parts=parts,
            who=who,
            lang=_chosen(request, cookies.LANGUAGE, LANGUAGES, usual),
            theme=_chosen(request, cookies.THEME, THEMES, THEMES[0]),
            density=_chosen(request, cookies.DENSITY, DENSITIES, DENSITIES[0]),
            keys=_chosen(request, cookies.KEYS, SHORTCUTS, SHORTCUTS[0]),
            tz=ZoneInfo(who.shop.timezone if who is not None else PLATFORM_TIMEZONE),
            now=parts.units.clock(),
        )

    def say(self, sentence: str) -> str:
        return translations(self.lang).gettext(sentence)

    def page(
        self,
        template: str,
        *,
        active: str = "",
        waiting: int = 0,
        code: int = 200,
        headers: Mapping[str, str] | None = None,
        csrf: str | None = None,
        send_cookies: Sequence[Cookie] = (),
        **context: Any,
    ) -> Response[str]:
        """A whole page of ``templates/web/``. ``csrf``: where there is no session to take it from."""
        kept = self.request.cookies.get(self.parts.cookies.notice, "")
        found = _KEPT.fullmatch(kept)
        notice = NOTICES.get(found[1] if found else kept)
        undo = undo_of(found[1], int(found[2]), found[3]) if found and found[1] in UNDONE_BY else None
        frame = replace(
            self._frame(active, waiting, csrf), notice=self.say(notice) if notice else None, undo=undo
        )
        drop = [self.parts.cookies.drop_notice()] if notice else []
        return self._response(
            self._render(template, frame, context),
            code=code,
            headers={**VARY, **(headers or {})},
            send_cookies=[*send_cookies, *drop],
        )

    def part(
        self,
        template: str,
        *,
        code: int = 200,
        headers: Mapping[str, str] | None = None,
        csrf: str | None = None,
        **context: Any,
    ) -> Response[str]:
        """A part of a page, for htmx."""
        content = self._render(template, self._frame("", 0, csrf), context)
        return self._response(content, code=code, headers={**VARY, **(headers or {})})

    def keep_notice(self, notice: str, undo: Undo | None = None) -> Cookie:
        """Let the next page say it, with the way back where there is one."""
        return self.parts.cookies.keep_notice(undo.kept if undo is not None and undo.kept else notice)

    def text(self, template: str, **context: Any) -> str:
        """A part of a page as it is, without an answer around it."""
        return self._render(template, self._frame("", 0, None), context)

    def answer(self, content: str, *, code: int = 200) -> Response[str]:
        """What was rendered before, as an answer."""
        return self._response(content, code=code, headers=VARY)

    def nothing(self) -> Response[str]:
        """Done, and nothing on the page changes."""
        return self._response("", code=204, headers=VARY)

    def page_or_part(
        self,
        page: str,
        part: str,
        *,
        active: str = "",
        waiting: int = 0,
        csrf: str | None = None,
        send_cookies: Sequence[Cookie] = (),
        **context: Any,
    ) -> Response[str]:
        """``part`` for an htmx swap; ``page``, which includes it, otherwise."""
        if wants_part(self.request):
            return self.part(part, csrf=csrf, **context)
        return self.page(
            page, active=active, waiting=waiting, csrf=csrf, send_cookies=send_cookies, **context
        )

    def toast(self, sentence: str, *, tone: str = "", undo: Undo | None = None) -> str:
        """A sentence beside another part in one answer; htmx puts it among the toasts."""
        return self._render(
            "_shared/_toast_oob.html",
            self._frame("", 0, None),
            {"message": sentence, "tone": tone, "undo": undo},
        )

    def _frame(self, active: str, waiting: int, csrf: str | None) -> Page:
        who = self.who
        if who is None:
            return Page(csrf_token=csrf or "", active=active)
        # The platform's own pages belong to no shop, unless one is being looked at.
        has_shop = who.is_viewing or active != PLATFORM_SCREEN
        return Page(
            csrf_token=csrf if csrf is not None else csrf_token(who),
            active=active,
            staff_name=who.name,
            is_master=who.is_master,
            shop_name=who.shop.name if has_shop else None,
            shop_handle=who.shop.username if has_shop else None,
            has_sold=who.shop.has_sold,
            cards_shut=who.shop.cards_shut if has_shop and may(who.actor, SHOP_SEE) else None,
            waiting=waiting,
            permissions=frozenset(one for one in OWNING if may(who.actor, one)),
            viewing=who.shop.name if who.is_viewing else None,
            viewing_until=who.viewing_until,
            token_ends_at=who.token_ends_at if scopes.is_ending(who.token_ends_at, now=self.now) else None,
        )

    def _render(self, template: str, frame: Page, context: Mapping[str, Any]) -> str:
        return self.parts.environment.get_template(f"web/{template}").render(
            lang=self.lang,
            theme=self.theme,
            density=self.density,
            keys=self.keys,
            tz=self.tz,
            now=self.now,
            page=frame,
            **context,
        )

    @staticmethod
    def _response(
        content: str, *, code: int, headers: Mapping[str, str], send_cookies: Sequence[Cookie] = ()
    ) -> Response[str]:
        return Response(
            content, media_type=HTML, status_code=code, headers=dict(headers), cookies=list(send_cookies)
        )


def isolated(name: str) -> str:
    """A name inside a sentence of plain text: its direction does not spill over."""
    return f"\u2068{name}\u2069"


def _chosen(request: WebRequest, name: str, known: Sequence[str], usual: str) -> str:
    """The query's wish, then the cookie's, then the usual."""
    wishes = (request.query_params.get(name), request.cookies.get(name))
    return next((cast("str", wish) for wish in wishes if wish in known), usual)


def see_other(url: str, *, send_cookies: Sequence[Cookie] = ()) -> Response[str]:
    """After a form that was posted without script: the next page, by GET."""
    return Response("", status_code=303, headers={"Location": url}, cookies=list(send_cookies))


def move_on(request: WebRequest, url: str, send_cookies: Sequence[Cookie]) -> Response[str]:
    """After a form, with script or without: the whole of another page."""
    if request.headers.get("hx-request") == "true":
        headers = {"HX-Redirect": url, **VARY}
        return Response("", status_code=200, media_type=HTML, headers=headers, cookies=list(send_cookies))
    return see_other(url, send_cookies=send_cookies)


def to_sign_in(request: WebRequest) -> Response[str]:
    """Sign in first, then go on where this was: the page itself, or the page a form or a part is on."""
    path = _page_of(request)
    url = "/login" if path == "/" else f"/login?{urlencode({'next': path})}"
    if request.headers.get("hx-request") == "true":
        return Response("", status_code=401, media_type=HTML, headers={"HX-Redirect": url, **VARY})
    return see_other(url)


def to_confirmation(screen: Screen, back: str) -> Response[str]:
    """The person is known, the proof is old: prove it again, then go on at ``back``. Always 403."""
    request = screen.request
    if request.headers.get("hx-request") == "true":
        url = f"{CONFIRM}?{urlencode({'next': back})}"
        return Response("", status_code=403, media_type=HTML, headers={"HX-Redirect": url, **VARY})
    in_chat = screen.who is not None and screen.who.confirms_in_chat
    return screen.page("auth/confirm.html", code=403, next=back, is_asked=True, in_chat=in_chat, error=None)


def _page_of(request: WebRequest) -> str:
    if request.headers.get("hx-request") == "true":
        shown = urlsplit(request.headers.get("hx-current-url", ""))
        return local_path(f"{shown.path}?{shown.query}" if shown.query else shown.path)
    if request.method != "GET":
        return "/"
    query = request.scope["query_string"].decode("latin-1")
    path = quote(request.scope["path"], safe=_PATH_SIGNS)
    return local_path(f"{path}?{query}" if query else path)
