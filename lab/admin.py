# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's own endpoints under ``/_lab``: JSON in, JSON out, and 400 with the reason for nonsense."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from lab import outages, shop
from lab.journal import Journal
from lab.rds import databases, snapshots
from lab.rds.world import Database, World
from lab.requests import Environ
from lab.settings import BadRequest
from lab.wire import Answer, iso


class Admin:
    """What can be asked of the lab itself."""

    def __init__(self, world: World, journal: Journal, home: Path) -> None:
        self.world = world
        self.journal = journal
        self.shop = shop.Shop(world, home)
        self.routes: dict[tuple[str, str], Callable[[Any], Any]] = {
            ("GET", "status"): self._status,
            ("GET", "calls"): self.journal.read,
            ("DELETE", "calls"): self._forget_calls,
            ("GET", "settings"): lambda _body: self.world.settings.as_dict(),
            ("PATCH", "settings"): self._set,
            ("POST", "automated-snapshots"): self._take_automated,
            ("POST", "dark"): self._darken,
            ("GET", "faults"): lambda _body: self.world.faults.as_list(),
            ("POST", "faults"): self._fault,
            ("DELETE", "faults"): self._forget_faults,
            ("POST", "shop"): self._shop,
        }

    def answer(self, environ: Environ) -> Answer:
        name = environ["PATH_INFO"].removeprefix("/_lab").strip("/")
        route = self.routes.get((environ["REQUEST_METHOD"], name))
        if route is None:
            return _json({"error": f"nothing here: {environ['REQUEST_METHOD']} /_lab/{name}",
                          "there are": [f"{method} /_lab/{path}" for method, path in self.routes]}, 404)  # fmt: skip
        try:
            return _json(route(_given(environ)))
        except (BadRequest, LookupError) as error:
            return _json({"error": str(error.args[0] if error.args else error)}, 400)

    def _status(self, _body: Any) -> dict[str, Any]:
        world = self.world
        with world.lock:
            return {
                "accounts": [
                    {"name": account.name, "id": account.id, "region": account.region,
                     "dark": account.id in world.accounts.dark}
                    for account in world.accounts.all
                ],
                "databases": [_seen(world, found) for found in world.databases()],
                "snapshots": [
                    {"arn": found.arn, "type": found.type, "status": found.status(world.now())}
                    for found in world.snapshots()
                ],
                "settings": world.settings.as_dict(),
                "postgresql": world.engine.program.version,
            }  # fmt: skip

    def _forget_calls(self, _body: Any) -> dict[str, Any]:
        self.journal.clear()
        return {}

    def _forget_faults(self, _body: Any) -> dict[str, Any]:
        self.world.faults.clear()
        return {}

    def _set(self, body: Any) -> dict[str, Any]:
        with self.world.lock:
            self.world.settings.update(body)
            return self.world.settings.as_dict()

    def _take_automated(self, body: Any) -> list[str]:
        """Take automated snapshots of an account's databases, now or as if some time ago."""
        _known(body, "account", "region", "databases", "age")
        account = self.world.accounts.find(body.get("account"))
        age = body.get("age", 0)
        if isinstance(age, bool) or not isinstance(age, (int, float)) or age < 0:
            raise BadRequest("age must be a number of seconds, and not negative")
        if not age:
            self.shop.beat_before_snapshots(account)
        with self.world.lock:
            chosen = self._chosen(account.id, body.get("region") or account.region, body.get("databases"))
            taken = [snapshots.take_automated(self.world, found, age=float(age)) for found in chosen]
        for snapshot in taken:
            snapshot.frozen.path()
        return [snapshot.arn for snapshot in taken]

    def _chosen(self, account: str, region: str, wanted: Any) -> list[Database]:
        """Without names, every database that has automated backups; never members, whose cluster has them."""
        place = self.world.place(account, region)
        found = [each for table in place.databases.values() for each in table.values() if each.cluster is None]
        if wanted is None:
            now = self.world.now()
            return [each for each in found if _is_backed_up(each) and each.status(now) == "available"]
        if not isinstance(wanted, list):
            raise BadRequest("databases must be a list of names")
        by_name = {each.identifier: each for each in found}
        if missing := [name for name in wanted if name not in by_name]:
            raise BadRequest(f"no such database in {account} {region}: {', '.join(map(str, missing))}")
        if busy := [name for name in wanted if by_name[name].status(self.world.now()) != "available"]:
            raise BadRequest(f"not available: {', '.join(busy)}")
        return [by_name[name] for name in wanted]

    def _darken(self, body: Any) -> dict[str, Any]:
        _known(body, "account", "dark")
        account = self.world.accounts.find(body.get("account"))
        dark = body.get("dark", True)
        if not isinstance(dark, bool):
            raise BadRequest("dark must be true or false")
        (outages.go_dark if dark else outages.come_back)(self.world, account.id)
        return {"account": account.id, "dark": dark}

    def _fault(self, body: Any) -> dict[str, Any]:
        if isinstance(body, dict) and body.get("account"):
            body = body | {"account": self.world.accounts.find(body["account"]).id}
        return vars(self.world.faults.add(body))

    def _shop(self, body: Any) -> dict[str, Any]:
        _known(body, "do", "account")
        account = self.world.accounts.find(body.get("account", "production"))
        deeds = {"create": self.shop.create, "lose-rows": self.shop.lose_rows, "damage": self.shop.damage,
                 "beat": self.shop.beat}  # fmt: skip
        if body.get("do") not in deeds:
            raise BadRequest(f"do must be one of {', '.join(deeds)}")
        return deeds[body["do"]](account)


def _is_backed_up(found: Database) -> bool:
    return bool(found.options.get("BackupRetentionPeriod"))


def _seen(world: World, found: Database) -> dict[str, Any]:
    server = found.data.server
    running = server is not None and server.running
    return {
        "arn": found.arn,
        "status": found.status(world.now()),
        "port": databases.server_of(found).port if server else None,
        "running": running,
        "created": iso(found.created),
    }


def _known(body: Any, *names: str) -> None:
    if not isinstance(body, dict):
        raise BadRequest("the body must be a JSON object")
    if unknown := sorted(set(body) - set(names)):
        raise BadRequest(f"unknown: {', '.join(unknown)}; known are {', '.join(names)}")


def _given(environ: Environ) -> Any:
    """What comes with a request: the query of a GET, the JSON body of everything else."""
    if environ["REQUEST_METHOD"] == "GET":
        return dict(parse_qsl(environ.get("QUERY_STRING", "")))
    text = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError as error:
        raise BadRequest(f"the body is not JSON: {error}") from None


def _json(value: Any, status: int = 200) -> Answer:
    return Answer(json.dumps(value), status, "application/json")
