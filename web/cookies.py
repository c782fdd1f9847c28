"""The cookies we set, by name and by kind.

Behind https their names carry ``__Host-``: the browser then takes them from this host alone, for all paths,
over an encrypted connection. Without https (a run on one's own machine) browsers would refuse such names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from litestar.datastructures import Cookie

LANGUAGE = "lang"
THEME = "theme"
DENSITY = "density"
KEYS = "keys"
YEAR_SECONDS = 365 * 24 * 3600
NOTICE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Cookies:
    """``secure``: whether the world reaches us by https."""

    secure: bool

    @property
    def session(self) -> str:
        return self._host("pishkhan")

    @property
    def csrf(self) -> str:
        """Holds the token of the sign-in form, where there is no session to hold it."""
        return self._host("csrf")

    @property
    def pending(self) -> str:
        """Held by a browser that waits for a tap in its person's chat."""
        return self._host("pending")

    @property
    def notice(self) -> str:
        """Holds what the next page shall say once."""
        return self._host("notice")

    def keep_pending(self, value: str, *, seconds: int) -> Cookie:
        return self._cookie(self.pending, value, seconds=seconds)

    def drop_pending(self) -> Cookie:
        return self._cookie(self.pending, "", seconds=0)

    def keep_session(self, value: str, *, seconds: int | None) -> Cookie:
        """``seconds``: how long the browser keeps it; None until it is closed."""
        return self._cookie(self.session, value, seconds=seconds)

    def drop_session(self) -> Cookie:
        return self._cookie(self.session, "", seconds=0)

    def keep_csrf(self, value: str) -> Cookie:
        return self._cookie(self.csrf, value, same_site="strict")

    def keep_notice(self, code: str) -> Cookie:
        """What the next page shall say once."""
        return self._cookie(self.notice, code, seconds=NOTICE_SECONDS)

    def drop_notice(self) -> Cookie:
        return self._cookie(self.notice, "", seconds=0)

    def _host(self, name: str) -> str:
        return f"__Host-{name}" if self.secure else name

    def _cookie(
        self,
        name: str,
        value: str,
        *,
        seconds: int | None = None,
        same_site: Literal["lax", "strict"] = "lax",
    ) -> Cookie:
        return Cookie(
            key=name,
            value=value,
            path="/",
            max_age=seconds,
            httponly=True,
            secure=self.secure,
            samesite=same_site,
        )


def choice(name: str, value: str, *, secure: bool) -> str:
    """``Set-Cookie`` of a choice that is no secret: the language, the theme. Scripts may change it."""
    only_https = "; Secure" if secure else ""
    return f"{name}={value}; Path=/; Max-Age={YEAR_SECONDS}; SameSite=Lax{only_https}"
