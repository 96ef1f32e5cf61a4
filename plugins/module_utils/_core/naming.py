# SPDX-License-Identifier: GPL-3.0-or-later
"""Identifiers that carry the lineage across accounts, where RDS drops the tags.

A recovery point that we make is called ``PREFIX-READABLE-TIME-DIGEST``: the UTC time of the original snapshot and a
digest of the original database. The name depends on nothing else, so it is the same at every place and a second run
finds the first one's copy. The first part of the digest depends on the account alone, so a name can be compared with
the account in an ARN.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from .errors import LifeboatError
from .model import MANAGED_BY, DatabaseId, RecoveryPoint, iso

MAX_LENGTH = 63  # for cluster snapshots; DB snapshots may have longer names, but both kinds use the same format
TIME_FORMAT = "%Y%m%d%H%M%S"
ACCOUNT_PART, DATABASE_PART = 4, 8  # characters of five bits each
DIGEST = rf"[0-9a-v]{{{ACCOUNT_PART + DATABASE_PART}}}"  # in base32hex
NAME = re.compile(rf"(?P<start>[a-z][a-z0-9-]*)-(?P<time>[0-9]{{14}})-(?P<digest>{DIGEST})")
ROUNDING = timedelta(seconds=1)
IDENTIFIER = re.compile(r"[a-z](?:[a-z0-9]|-(?=[a-z0-9]))*")
PREFIX = re.compile(r"[a-z](?:[a-z0-9]|-(?=[a-z0-9])){0,19}")


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """Identifies an original database among those of all sources.

    What is decided about one origin never depends on another one, so every decision groups by it.
    """

    account: str  # as AWS tells it, never as a name or a manifest does
    digest: str  # of the database, see digest_of


@dataclass(frozen=True, slots=True, order=True)
class Lineage:
    """Identifies one recovery point: every copy of it, at every place, has the same lineage."""

    origin: Origin
    original: datetime  # when the original snapshot was made, in UTC, without microseconds

    @property
    def digest(self) -> str:
        return self.origin.digest

    def __str__(self) -> str:
        return f"{self.original.strftime(TIME_FORMAT)}-{self.digest}"


def digest_of(account: str, region: str, resource_id: str) -> str:
    """Compute the 12 characters that identify a database. A new database under an old name gets another digest."""
    return short_hash(account, ACCOUNT_PART) + short_hash(f"{account}/{region}/{resource_id}", DATABASE_PART)


def short_hash(text: str, length: int) -> str:
    """Hash a text into digits and lower-case letters, which AWS allows in every name."""
    return base64.b32hexencode(hashlib.sha256(text.encode()).digest()).decode().lower()[:length]


def why_time_not_believed(lineage: Lineage, point: RecoveryPoint, *, is_taken: bool = True) -> str | None:
    """Explain why the time in a snapshot's name is not believed, or return None if it is.

    It cannot be later than the time that AWS shows. For a DB snapshot that is the original time, which copies keep (RDS
    API, DBSnapshot). For a cluster snapshot AWS shows the creation time only.

    :param is_taken: whether it may have been taken for the time in its name, so that AWS's time is a little later.
        Otherwise the original time of a DB snapshot is the time in its name.
    """
    known = point.known_time
    if known is None:
        return "AWS does not say when it was made"
    if lineage.original > known + ROUNDING:
        return f"its name says {iso(lineage.original)}, but AWS says that it was made at {iso(known)}"
    if not is_taken and point.original is not None and point.original - lineage.original > ROUNDING:
        return f"its name says {iso(lineage.original)}, but it is a copy of a snapshot of {iso(point.original)}"
    return None


def origin_of(account: str, region: str, resource_id: str) -> Origin:
    """Build the origin of a database (see digest_of)."""
    return Origin(account, digest_of(account, region, resource_id))


def origin_of_database(one: DatabaseId) -> Origin:
    """Build the origin of a database that is known."""
    return origin_of(one.account, one.region, one.resource_id)


def lineage_of(database: DatabaseId, original: datetime) -> Lineage:
    """Build the lineage of a recovery point from its database and the time of its original snapshot."""
    moment = original.astimezone(timezone.utc).replace(microsecond=0)
    return Lineage(origin_of_database(database), moment)


def check_prefix(prefix: str) -> str:
    """Check that names may begin with this prefix, and return it.

    :raises LifeboatError: when the prefix has illegal characters or more than 20 characters.
    """
    if not PREFIX.fullmatch(prefix):
        raise LifeboatError(
            f"Cannot use the prefix {prefix!r}",
            why="a snapshot name has lower-case letters, digits and single hyphens, and begins with a letter",
            remedy="Set prefix to at most 20 such characters",
        )
    return prefix


def check_apart(one: str, other: str) -> None:
    """Check that two prefixes can be used in the same account without mixing up each other's snapshots.

    :raises LifeboatError: when a name with one prefix could be read as a name with the other.
    """
    if f"{one}-".startswith(f"{other}-") or f"{other}-".startswith(f"{one}-"):
        raise LifeboatError(
            f"Cannot use the prefixes {one} and {other} side by side",
            why="every name that starts with one of them also starts with the other",
            remedy="Choose prefixes that begin differently, such as lifeboat and failback",
        )


def readable(identifier: str, length: int) -> str:
    """Shorten an identifier to the given length, and replace characters that names may not contain."""
    text = re.sub(r"[^a-z0-9]+", "-", identifier.lower())
    return text[:length].strip("-")


def name_for(prefix: str, identifier: str, lineage: Lineage) -> str:
    """Build the name of a recovery point, which is the same at every place."""
    room = MAX_LENGTH - len(prefix) - len(str(lineage)) - 2
    middle = readable(identifier, room)
    return "-".join(part for part in (prefix, middle, str(lineage)) if part)


def intermediate_name(prefix: str, identifier: str, lineage: Lineage) -> str:
    """Build the name of an intermediate snapshot. It differs from the final name, because both may be in one Region."""
    return name_for(prefix, f"via-{identifier}", lineage)


def stand_in_name(prefix: str, identifier: str, lineage: Lineage) -> str:
    """Build the identifier of a stand-in instance. Like a snapshot's name, it contains the lineage."""
    return name_for(prefix, f"standin-{identifier}", lineage)


def parse(name: str, prefix: str, account: str | None) -> Lineage | None:
    """Read the lineage out of a name.

    :param account: the account of the original database, or None when it is not known.
    :return: None when the name does not have our format, or was made for a database of another account.
    """
    found = read_name(name, prefix)
    if found is None or account is None or not found[0].startswith(short_hash(account, ACCOUNT_PART)):
        return None
    digest, original = found
    return Lineage(Origin(account, digest), original)


def newest_times(lineages: Iterable[Lineage]) -> dict[Origin, datetime]:
    """Find the time of the newest recovery point of each database."""
    newest: dict[Origin, datetime] = {}
    for lineage in lineages:
        newest[lineage.origin] = max(lineage.original, newest.get(lineage.origin, lineage.original))
    return newest


def read_name(name: str, prefix: str) -> tuple[str, datetime] | None:
    """Read the digest and the time that a name claims, or return None when it does not have our format."""
    match = NAME.fullmatch(name)
    if match is None or not f"{match['start']}-".startswith(f"{prefix}-"):
        return None
    try:
        return match["digest"], datetime.strptime(match["time"], TIME_FORMAT).replace(tzinfo=timezone.utc)
    except ValueError:
        return None


def own_lineage(point: RecoveryPoint, prefix: str) -> Lineage | None:
    """Read the lineage of a snapshot that our installation made, or return None when it is not ours.

    The tag and the name must be ours, and the name must fit the origin: less is not enough to touch it.
    """
    return parse(point.name, prefix, point.origin_account) if has_our_tag(point.tags, prefix) else None


def has_our_tag(tags: Mapping[str, str], prefix: str) -> bool:
    """Tell whether our installation tagged a resource of this account as its own."""
    return tags.get(MANAGED_BY) == prefix


def is_our_point(point: RecoveryPoint, prefix: str) -> bool:
    """Tell whether our installation made this snapshot (see own_lineage)."""
    return own_lineage(point, prefix) is not None


def is_of_unknown_origin(point: RecoveryPoint, prefix: str) -> bool:
    """Tell whether a snapshot looks like ours, but nobody knows a database that it may come from."""
    if own_lineage(point, prefix) is not None:
        return False
    return has_our_tag(point.tags, prefix) and read_name(point.name, prefix) is not None


def restored_name(prefix: str, run: str, identifier: str, digest: str) -> str:
    """Build the identifier of a restored database. The same run always gets the same name."""
    room = MAX_LENGTH - len(prefix) - len(run) - len(digest) - 3 - 2  # 3 hyphens, 2 for a member's "-1"
    return "-".join(part for part in (prefix, run, readable(identifier, room), digest) if part)


def recovered_name(pattern: str | None, identifier: str, prefix: str, longest: int = MAX_LENGTH) -> str:
    """Build the identifier of a recovered database from a pattern.

    In the pattern, ``{database}`` stands for the original's identifier.

    It may not begin with ``PREFIX-``: databases with such names are temporary, and clean-ups remove them.

    :param pattern: the option restore_as; without it, the original's identifier is used.
    :param longest: the greatest allowed length, in characters.
    :raises LifeboatError: when RDS does not allow the identifier, or when it begins with the prefix.
    """
    name = (pattern or "{database}").replace("{database}", identifier).lower()
    what = f"Cannot restore {identifier} as {name}"
    if not IDENTIFIER.fullmatch(name) or len(name) > longest:
        why = f"an identifier begins with a letter, and has letters, digits and single hyphens, at most {longest} here"
        raise LifeboatError(what, why=why, remedy="Set restore_as to another name")
    if name.startswith(f"{prefix}-"):
        why = f"names that start with {prefix}- belong to temporary databases, which are removed again"
        raise LifeboatError(what, why=why, remedy="Set restore_as to another name")
    return name
