# SPDX-License-Identifier: GPL-3.0-or-later
"""Identifiers that carry the lineage across accounts, where RDS drops the tags.

A recovery point that we make is called ``PREFIX-READABLE-TIME-DIGEST``: the UTC time of the original snapshot and a
digest of the original database. The name depends on nothing else, so it is the same at every place and a second run
finds the first one's copy. The digest begins with a part that depends on the account alone: whoever sees a name beside
an ARN can tell whether it may come from that account.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from .errors import LifeboatError
from .model import MANAGED_BY, DatabaseId, RecoveryPoint, iso

MAX_LENGTH = 63  # of a cluster snapshot's name; a DB snapshot's may be longer, but one shape serves both
TIME_FORMAT = "%Y%m%d%H%M%S"
ACCOUNT_PART, DATABASE_PART = 4, 8  # characters of five bits each
DIGEST = rf"[0-9a-v]{{{ACCOUNT_PART + DATABASE_PART}}}"  # in base32hex
NAME = re.compile(rf"(?P<start>[a-z][a-z0-9-]*)-(?P<time>\d{{14}})-(?P<digest>{DIGEST})")
ROUNDING = timedelta(seconds=1)
IDENTIFIER = re.compile(r"[a-z](?:[a-z0-9]|-(?=[a-z0-9]))*")
PREFIX = re.compile(r"[a-z](?:[a-z0-9]|-(?=[a-z0-9])){0,19}")


@dataclass(frozen=True, slots=True, order=True)
class Lineage:
    """What ties every copy of one recovery point together."""

    digest: str
    original: datetime

    def __str__(self) -> str:
        return f"{self.original.strftime(TIME_FORMAT)}-{self.digest}"


def digest_of(account: str, region: str, resource_id: str) -> str:
    """Name a database in 12 characters. A database created anew under an old name gets another digest."""
    return short_hash(account, ACCOUNT_PART) + short_hash(f"{account}/{region}/{resource_id}", DATABASE_PART)


def short_hash(text: str, length: int) -> str:
    """Hash a text into digits and lower-case letters, which every name of AWS may hold."""
    return base64.b32hexencode(hashlib.sha256(text.encode()).digest()).decode().lower()[:length]


def may_come_from(lineage: Lineage, account: str) -> bool:
    """Tell whether the digest was made for a database of this account."""
    return lineage.digest.startswith(short_hash(account, ACCOUNT_PART))


def why_time_not_believed(lineage: Lineage, point: RecoveryPoint) -> str | None:
    """Compare the time that a name claims with AWS's own time of that row. On every honest route it is not later.

    A DB snapshot's copies keep the original time (RDS API, DBSnapshot); of a cluster snapshot there is only the time of
    its creation.
    """
    known = point.original or point.created
    if known is None:
        return "AWS does not say when it was made"
    if lineage.original > known + ROUNDING:
        return f"its name says {iso(lineage.original)}, but AWS says that it was made at {iso(known)}"
    return None


def digest_of_database(one: DatabaseId) -> str:
    return digest_of(one.account, one.region, one.resource_id)


def lineage_of(database: DatabaseId, original: datetime) -> Lineage:
    """The lineage of a recovery point of this database, first made at that time."""
    moment = original.astimezone(timezone.utc).replace(microsecond=0)
    return Lineage(digest_of_database(database), moment)


def check_prefix(prefix: str) -> str:
    """Return the prefix.

    :raises LifeboatError: when names could not start with it.
    """
    if not PREFIX.fullmatch(prefix):
        raise LifeboatError(
            f"Cannot use the prefix {prefix!r}",
            why="a snapshot name needs lower-case letters, digits and single hyphens, a letter first",
            remedy="Choose a prefix of at most 20 such characters",
        )
    return prefix


def check_apart(one: str, other: str) -> None:
    """Two installations or directions in one account must not take each other's names for their own.

    :raises LifeboatError: when a name of the one could be read as a name of the other.
    """
    if f"{one}-".startswith(f"{other}-") or f"{other}-".startswith(f"{one}-"):
        raise LifeboatError(
            f"Cannot use the prefixes {one} and {other} side by side",
            why="a name that starts with the one starts with the other as well",
            remedy="Choose prefixes that begin differently, such as lifeboat and failback",
        )


def readable(identifier: str, length: int) -> str:
    """As much of an identifier as fits, in legal characters."""
    text = re.sub(r"[^a-z0-9]+", "-", identifier.lower())
    return text[:length].strip("-")


def name_for(prefix: str, identifier: str, lineage: Lineage) -> str:
    """The name that this recovery point has at every place."""
    room = MAX_LENGTH - len(prefix) - len(str(lineage)) - 2
    middle = readable(identifier, room)
    return "-".join(part for part in (prefix, middle, str(lineage)) if part)


def intermediate_name(prefix: str, identifier: str, lineage: Lineage) -> str:
    """The name of a snapshot that a route leaves on its way, where the recovery point itself comes to be as well."""
    return name_for(prefix, f"via-{identifier}", lineage)


def stand_in_name(prefix: str, identifier: str, lineage: Lineage) -> str:
    """The identifier of the instance that stands in for a Multi-AZ DB cluster; it tells which recovery point it is."""
    return name_for(prefix, f"standin-{identifier}", lineage)


def parse(name: str, prefix: str) -> Lineage | None:
    """Read the lineage out of a name, or None when it is not one of ours."""
    match = NAME.fullmatch(name)
    if match is None or not f"{match['start']}-".startswith(f"{prefix}-"):
        return None
    try:
        original = datetime.strptime(match["time"], TIME_FORMAT).replace(tzinfo=timezone.utc)
    except ValueError:
        return None
    return Lineage(match["digest"], original)


def own_lineage(name: str, tags: Mapping[str, str], prefix: str) -> Lineage | None:
    """The lineage of what our installation made: it has both our tag and our name, or it is not ours to touch."""
    return parse(name, prefix) if tags.get(MANAGED_BY) == prefix else None


def is_our_point(point: RecoveryPoint, prefix: str) -> bool:
    return own_lineage(point.name, point.tags, prefix) is not None


def restored_name(prefix: str, run: str, identifier: str, digest: str) -> str:
    """The identifier of a database that a drill or a recovery makes: the same again for the same run."""
    room = MAX_LENGTH - len(prefix) - len(run) - 6 - 3 - 2  # and -1 for the member of a cluster
    return "-".join(part for part in (prefix, run, readable(identifier, room), digest[-6:]) if part)


def recovered_name(pattern: str | None, identifier: str, prefix: str, longest: int = MAX_LENGTH) -> str:
    """The identifier of a recovery: the original's, or another one in which ``{database}`` stands for it.

    What we make for a time is called ``PREFIX-...``, and cleaners go by that: a recovery is never called so.

    :raises LifeboatError: when no database may be called like that.
    """
    name = (pattern or "{database}").replace("{database}", identifier).lower()
    what = f"Cannot restore {identifier} as {name}"
    if not IDENTIFIER.fullmatch(name) or len(name) > longest:
        why = f"an identifier has a letter first, then letters, digits and single hyphens, at most {longest} here"
        raise LifeboatError(what, why=why, remedy="Choose another name with restore_as")
    if name.startswith(f"{prefix}-"):
        why = f"names that start with {prefix}- are for databases that are removed again"
        raise LifeboatError(what, why=why, remedy="Choose another name with restore_as")
    return name
