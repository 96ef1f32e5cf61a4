# SPDX-License-Identifier: GPL-3.0-or-later
"""Serve the lab's own endpoints under ``/_lab``: JSON in, JSON out, and 400 with the reason for a bad request.

Each topic is a module with its ``routes``.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from lifeboat_lab.admin import (
    breakage,
    calls,
    clock,
    corrupt,
    organization,
    recording,
    reset,
    seed,
    settings,
    shop,
    snapshots,
    status,
)
from lifeboat_lab.admin.forms import Routes
from lifeboat_lab.journal import Journal
from lifeboat_lab.rds.world import World
from lifeboat_lab.recording import Recording, Replay
from lifeboat_lab.requests import Environ
from lifeboat_lab.settings import BadRequest
from lifeboat_lab.shop import Shop
from lifeboat_lab.wire import Answer

log = logging.getLogger("lifeboat_lab")


class Admin:
    """Answer requests to the lab itself."""

    def __init__(
        self, world: World, journal: Journal, recorded: Recording, replay: Callable[[], Replay], home: Path
    ) -> None:
        self.shop = Shop(world, home)
        self.routes: Routes = {
            **status.routes(world),
            **calls.routes(journal, world.accounts),
            **recording.routes(recorded, replay),
            **organization.routes(world.accounts),
            **settings.routes(world),
            **clock.routes(world),
            **snapshots.routes(world, self.shop),
            **seed.routes(world),
            **reset.routes(world),
            **breakage.routes(world),
            **corrupt.routes(world),
            **shop.routes(world, self.shop),
        }

    def answer(self, environ: Environ) -> Answer:
        method = environ["REQUEST_METHOD"]
        name = environ["PATH_INFO"].removeprefix("/_lab").strip("/")
        route = self.routes.get((method, name))
        try:
            if route is not None:
                return _json(route(_given(environ)))
            head, _slash, rest = name.partition("/")
            if rest and (route := self.routes.get((method, f"{head}/*"))):
                return _json(route(rest))
        except (BadRequest, LookupError) as error:
            return _json({"error": str(error.args[0] if error.args else error)}, 400)
        except Exception as error:
            log.exception("%s %s", method, name)
            return _json({"error": repr(error)}, 500)
        known = [f"{method} /_lab/{path}" for method, path in self.routes]
        return _json({"error": f"nothing here: {method} /_lab/{name}", "there are": known}, 404)


def _given(environ: Environ) -> Any:
    """Return the input of a request: the query of a GET, otherwise the JSON body."""
    if environ["REQUEST_METHOD"] == "GET":
        return dict(parse_qsl(environ.get("QUERY_STRING", "")))
    text = environ["wsgi.input"].read()
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError as error:
        raise BadRequest(f"the body is not JSON: {error}") from None


def _json(value: Any, status: int = 200) -> Answer:
    return Answer(json.dumps(value), status, "application/json")
