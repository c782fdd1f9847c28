"""Every way into the dashboard, read from the application itself: a new route is in it at once."""

from __future__ import annotations

import re
from dataclasses import dataclass

from litestar import Litestar
from litestar.di import Provide
from litestar.response import Stream
from litestar.routes import HTTPRoute

from web.access import Access, access_of, is_sign_in_form, takes_files
from web.app import ROUTES
from web.deps import provide_uow
from web.guards import SAFE_METHODS

_PARAMETER = re.compile(r"\{([a-z_]+):[a-z]+\}")


@dataclass(frozen=True)
class Door:
    """One method of one route."""

    method: str
    path: str
    access: Access
    takes_files: bool
    is_sign_in_form: bool
    is_stream: bool
    """Its answer does not end while the page is open."""

    @property
    def is_unsafe(self) -> bool:
        return self.method not in SAFE_METHODS

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names in its path, as ``payment_id``."""
        return tuple(_PARAMETER.findall(self.path))

    def at(self, **values: object) -> str:
        """The path with its parameters put in; a parameter that is not named gets ``1``."""
        return _PARAMETER.sub(lambda found: str(values.get(found[1], 1)), self.path)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def doors() -> list[Door]:
    """All of them, in the order of the routes; those of one address, which come in no order, by method."""
    app = Litestar(
        route_handlers=ROUTES,
        dependencies={"uow": Provide(provide_uow)},
        openapi_config=None,
        logging_config=None,
    )
    return [
        Door(
            str(method),
            route.path,
            access_of(handler),
            takes_files(handler),
            is_sign_in_form(handler),
            handler.parsed_return_field.annotation is Stream,
        )
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method, (handler, _) in sorted(route.route_handler_map.items())
        if method != "OPTIONS"
    ]


DOORS = doors()
