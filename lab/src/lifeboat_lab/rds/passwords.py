# SPDX-License-Identifier: GPL-3.0-or-later
"""Set the master user's password: given in a request, or kept in a secret, and set in the real engine."""

from __future__ import annotations

import string
from secrets import SystemRandom
from typing import Any

from lifeboat_lab.errors import AwsError
from lifeboat_lab.rds import secrets, servers
from lifeboat_lab.rds.database import Database
from lifeboat_lab.rds.world import Call, World

STATUS = "resetting-master-credentials"
_FORBIDDEN = frozenset('/@" ')
_GENERATED = string.ascii_letters + string.digits + "!#$%*+-.:=?^_~"
GENERATED_LENGTH = 28
# API Reference, MasterUserPassword.
_LONGEST = {"postgres": 128, "oracle": 30, "sqlserver": 128, "db2": 255}
LONGEST = 41


def at_creation(world: World, call: Call, *, is_cluster: bool) -> tuple[str, str | None]:
    """Return the password of a new database, and the key of the secret that keeps it, if one does.

    :raises AwsError: when the request gives none or two, or one that is not legal.
    """
    params = call.params
    given, managed = params.get("MasterUserPassword"), params.get("ManageMasterUserPassword")
    if managed:
        _check_alone(given)
        return generate(), secrets.key_for(world, call)
    if params.get("MasterUserSecretKmsKeyId"):
        raise AwsError("InvalidParameterCombination", "MasterUserSecretKmsKeyId needs ManageMasterUserPassword.")
    if not given:
        raise AwsError(
            "InvalidParameterValue", "The parameter MasterUserPassword must be provided and must not be blank."
        )
    return check(given, params["Engine"], is_cluster=is_cluster), None


def generate() -> str:
    return "".join(SystemRandom().choices(_GENERATED, k=GENERATED_LENGTH))


def check(password: str, engine: str, *, is_cluster: bool) -> str:
    """Check a password's length and characters.

    :raises AwsError: when it is too short, too long, or has a character that RDS does not take.
    """
    family = next((name for name in _LONGEST if engine.startswith(name)), "")
    longest = LONGEST if is_cluster else _LONGEST.get(family, LONGEST)
    legal = password.isascii() and password.isprintable() and not _FORBIDDEN & set(password)
    if not 8 <= len(password) <= longest or not legal:
        raise AwsError(
            "InvalidParameterValue",
            "The parameter MasterUserPassword is not a valid password. Only printable ASCII characters besides '/', "
            f"'@', '\"', ' ' may be used, at least 8 and at most {longest} of them.",
        )
    return password


def _check_alone(given: Any) -> None:
    if given:
        raise AwsError("InvalidParameterCombination", "MasterUserPassword goes not with ManageMasterUserPassword.")


def check_change(world: World, call: Call, found: Database) -> None:
    """Check that the master password can change as the request wants it.

    :raises AwsError: when the master password cannot be changed as the request wants it.
    """
    params = call.params
    given, managed = params.get("MasterUserPassword"), params.get("ManageMasterUserPassword")
    if managed or (found.secret and managed is None):
        _check_alone(given)
    if managed is False and found.secret and not given:
        raise AwsError(
            "InvalidParameterCombination", "MasterUserPassword is needed when RDS shall no longer manage it."
        )
    if given:
        check(given, found.engine, is_cluster=found.is_cluster)
    if params.get("MasterUserSecretKmsKeyId") and (found.secret or not managed):
        raise AwsError(
            "InvalidParameterCombination",
            "MasterUserSecretKmsKeyId can be given only when ManageMasterUserPassword is turned on.",
        )
    if managed and found.secret is None:
        secrets.key_for(world, call)
    if params.get("RotateMasterUserPassword"):
        _check_rotation(call, found)


def _check_rotation(call: Call, found: Database) -> None:
    if found.secret is None:
        raise AwsError("InvalidParameterCombination", "RotateMasterUserPassword needs a password that RDS manages.")
    if not call.params.get("ApplyImmediately"):
        raise AwsError("InvalidParameterCombination", "RotateMasterUserPassword needs ApplyImmediately.")


def change(world: World, call: Call, found: Database) -> bool:
    """Change the master password at once, as a checked request wants it; say whether it did."""
    params = call.params
    if params.get("ManageMasterUserPassword") and found.secret is None:
        key, password = secrets.key_for(world, call), generate()
        secrets.create(world, found, password, key)
    elif params.get("RotateMasterUserPassword"):
        password = generate()
        secrets.rotate(world, found, password)
    elif params.get("MasterUserPassword"):
        password = params["MasterUserPassword"]
        secrets.drop(found)
    else:
        return False
    _set(world, found, password)
    return True


def _set(world: World, found: Database, password: str) -> None:
    user = found.master_username
    found.occupy(STATUS, world.now() + world.settings.seconds("modify"))
    servers.ask(world, found, lambda server: server.set_password(user, password))
    world.events.emit("RDS-EVENT-0016", found)
