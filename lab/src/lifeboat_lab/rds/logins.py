# SPDX-License-Identifier: GPL-3.0-or-later
"""Check IAM database authentication: tokens in place of passwords (RDS User Guide, IAM database authentication)."""

from __future__ import annotations

import io
from datetime import datetime, timedelta, timezone
from typing import Any

from lifeboat_lab import accounts, authorization, requests, signatures
from lifeboat_lab.accounts import PARTITION
from lifeboat_lab.authorization import Need
from lifeboat_lab.errors import AwsError
from lifeboat_lab.rds.database import Database
from lifeboat_lab.rds.network import HOST
from lifeboat_lab.rds.world import World
from lifeboat_lab.requests import Environ

OPTION = "EnableIAMDatabaseAuthentication"
SERVICE = "rds-db"
LIFETIME = timedelta(minutes=15)
# How far a client's clock may be ahead (as for every signature).
SKEW = timedelta(minutes=5)


class Refused(Exception):
    """Raised with the reason why a token is refused."""


def check_option(world: World, engine: str, params: dict[str, Any]) -> None:
    """Refuse IAM authentication for an engine whose server cannot take tokens.

    :raises AwsError: when tokens are asked for where the server cannot take them.
    """
    reason = world.engines.why_no_tokens(engine) if params.get(OPTION) else None
    if reason:
        raise AwsError(
            "InvalidParameterCombination", f"IAM Database Authentication is not supported for {engine} here. {reason}"
        )


def why_not(world: World, port: int, user: str, token: str) -> str | None:
    """Return why the server on a port refuses this token of this database user; None when it admits him."""
    try:
        database = _database_at(world, port)
        _check(world, database, port, user, token)
    except Refused as refused:
        return str(refused)
    except AwsError as error:
        return error.message
    return None


def _database_at(world: World, port: int) -> Database:
    with world.lock:
        for found in world.databases():
            if found.server and found.server.port == port and found.gone is None:
                if found.options.get(OPTION):
                    return found
                raise Refused(f"{found.identifier} has no IAM database authentication")
    raise Refused(f"no database has the port {port}")


def _check(world: World, database: Database, port: int, user: str, token: str) -> None:
    """Check that the token is genuine, fresh and for this server, and that its maker may enter.

    :raises Refused: or AwsError, unless the token is genuine, fresh, for this door, and its maker may enter.
    """
    endpoint, _slash, query = token.partition("/?")
    environ: Environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/",
        "RAW_URI": f"/?{query}",
        "QUERY_STRING": query,
        "HTTP_HOST": endpoint,
        "wsgi.input": io.BytesIO(),
    }
    request = requests.read(environ)
    if request.service != SERVICE or request.region != database.region or request.action != "connect":
        raise Refused(f"the token is not for {SERVICE}:connect in {database.region}")
    if endpoint != f"{HOST}:{port}":
        raise Refused(f"the token is for {endpoint}, not for {HOST}:{port}")
    if request.form.get("DBUser") != user:
        raise Refused(f"the token is not for the user {user}")
    _check_age(request.form, datetime.fromtimestamp(world.now(), timezone.utc))
    caller = world.accounts.principal_of(request.access_key)
    world.accounts.check_token(request.access_key, signatures.token(environ))
    signatures.check(environ, SERVICE, accounts.secret_of(caller.account, request.access_key))
    if caller.account != database.account:
        raise Refused(f"{caller.caller_arn} belongs to another account")
    arn = f"arn:{PARTITION}:{SERVICE}:{database.region}:{database.account}:dbuser:{database.resource_id}/{user}"
    authorization.check(
        caller, [Need(request.permission, arn)], authorization.circumstances(request, caller, world.now())
    )


def _check_age(form: dict[str, str], now: datetime) -> None:
    try:
        made = datetime.strptime(form.get("X-Amz-Date", ""), "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
        lifetime = min(LIFETIME, timedelta(seconds=int(form.get("X-Amz-Expires", ""))))
    except (ValueError, OverflowError):
        raise Refused("the token does not say how long it is valid") from None
    if not made - SKEW <= now < made + lifetime:
        raise Refused("the token has expired")
