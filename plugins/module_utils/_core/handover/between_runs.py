# SPDX-License-Identifier: GPL-3.0-or-later
"""Manifests between runs: which documents of a store can be used, and what a site writes there."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from ..errors import LifeboatError
from ..model import LANDED, RETAIN, iso
from ..naming import Lineage, Origin, newest_times
from .manifest import VERSION, Published, read_landed, read_published

WRITTEN = "written"  # the time of writing: two documents that differ only in it say the same

# RDS User Guide, tagging: the limits of tags and their characters.
MAX_TAGS, MAX_KEY, MAX_VALUE = 50, 128, 256
TAG_SIGNS = frozenset("_.:/=+-@")
# aws: and rds: belong to AWS. Ours describe the snapshot itself.
RESERVED = ("aws:", "rds:", "lifeboat:")

ROOM_FOR_OURS = 12  # tags


def why_unusable(document: Mapping[str, Any], wanted: str, account: str, region: str) -> str | None:
    """Explain why a document in a store cannot be used as the document of this site, or return None if it can.

    :param wanted: ``published`` or ``landed``.
    """
    version = document.get("version")
    if isinstance(version, int) and version > VERSION:
        return f"its version is {version}, and this release reads version {VERSION}: update lifeboat.rds here"
    if (document.get("account"), document.get("region")) != (account, region):
        return f"it is not from account {account}, {region}"
    try:
        if wanted == "landed":
            read_landed([document])
            return why_not_refused(document.get("refused"))
        read_published([document])
    except LifeboatError as error:
        return error.why
    return None


def why_not_refused(refused: Any) -> str | None:
    """Explain why the list of refusals in a landed manifest cannot be used, or return None if it can."""
    is_list = isinstance(refused, list) and all(isinstance(one, Mapping) for one in refused)
    is_right = is_list and all(isinstance(one.get(key), str) for one in refused for key in ("arn", "reason"))
    return None if is_right else "refused must be a list, and each entry needs an arn and a reason"


def merge_published(
    earlier: Mapping[str, Any] | None, present: Mapping[str, Any], existing: Collection[str]
) -> dict[str, Any]:
    """Merge the entries of this pass with earlier ones of databases that have no entry in this pass.

    A pass has no entry for a database that it does not select, whose new copy is in flight, or that is gone.

    :param existing: the names of the published copies that still exist.
    """
    told = {point["arn"]: point.get("recipe") for point in (earlier or {}).get("points", ())}
    # The source reads parameter groups only for copies that have not landed, so keep the recipe of an earlier entry.
    points = [{**({"recipe": told[p["arn"]]} if told.get(p["arn"]) else {}), **p} for p in present["points"]]
    known = {(point["kind"], point["resource_id"]) for point in points}
    points += [
        point
        for point in (earlier or {}).get("points", ())
        if point["name"] in existing and (point["kind"], point["resource_id"]) not in known
    ]
    return {**present, "points": sorted(points, key=lambda point: str(point["arn"]))}


def merge_landed(
    earlier: Mapping[str, Any] | None, present: Mapping[str, Any], existing: Collection[str]
) -> dict[str, Any]:
    """Merge the entries of this pass with earlier ones: all that ever landed and still exists.

    Each keeps the time at which it was first reported.

    A pass has no entry for what its source does not offer any more. The source may not have read yet that it landed.

    :param existing: the names of the recovery points that the DR site has.
    """
    points = {point["name"]: point for point in present["points"]}
    points |= {point["name"]: point for point in (earlier or {}).get("points", ()) if point["name"] in existing}
    refused = {one["arn"]: one for one in present["refused"]}
    return {
        **present,
        "points": [points[name] for name in sorted(points)],
        "refused": [refused[arn] for arn in sorted(refused)],
    }


def describe_refused(arn: str, reason: str) -> dict[str, str]:
    """Build the entry for a recovery point that the DR site refuses."""
    return {"name": arn.rpartition(":")[2], "arn": arn, "reason": reason}


def same(one: Mapping[str, Any] | None, other: Mapping[str, Any]) -> bool:
    """Tell whether two documents say the same, apart from the time of writing."""
    return one is not None and {**one, WRITTEN: None} == {**other, WRITTEN: None}


def differences(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """List the entries that differ between two documents, for the diff."""
    old, new = by_name(before or {}), by_name(after)
    return (
        {name: one for name, one in old.items() if new.get(name) != one},
        {name: one for name, one in new.items() if old.get(name) != one},
    )


def by_name(document: Mapping[str, Any]) -> dict[str, Any]:
    """Index the points and the refusals of a manifest."""
    refused = {f"refused {one['arn']}": one for one in document.get("refused", ())}
    return {one["name"]: one for one in document.get("points", ())} | refused


def carried_tags(entry: Published, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Choose the tags of a database for its DR copy. AWS does not copy tags across accounts.

    The tag ``retain`` is left out: on a database it would hold every copy for ever.

    :param extra: tags that the copy gets anyway, besides ours.
    """
    given = extra or {}
    legal = [key for key, value in sorted(entry.database_tags.items()) if is_carried(key, value) and key not in given]
    return {key: entry.database_tags[key] for key in legal[: max(0, MAX_TAGS - ROOM_FOR_OURS - len(given))]}


def is_carried(key: str, value: str) -> bool:
    """Tell whether a tag of a database can be copied: it is not reserved, and RDS accepts it."""
    is_ours_to_give = key != RETAIN and not key.lower().startswith(RESERVED)
    fits = 1 <= len(key) <= MAX_KEY and len(value) <= MAX_VALUE
    return is_ours_to_give and fits and all(is_tag_sign(sign) for sign in key + value)


def is_tag_sign(sign: str) -> bool:
    """Tell whether RDS allows a character in tags: letters, digits, separators (Unicode L, N, Z), and some signs."""
    return sign in TAG_SIGNS or unicodedata.category(sign)[0] in "LNZ"


@dataclass(frozen=True, slots=True)
class Stale:
    """An entry of a manifest that is not shared any more, and what became of it. This is not a failure."""

    entry: Published
    why: Literal["landed", "overtaken", "withdrawn"]
    reason: str


def read_stale(
    entries: Iterable[Published], landed: Collection[Lineage], offered: Collection[Lineage], account: str
) -> list[Stale]:
    """Find out what became of entries of a store's manifest that nobody shares with this account.

    :param landed: the lineages of the DR site's own recovery points.
    :param offered: the lineages of the visibly shared ones.
    :param account: the DR account.
    """
    newest, here = newest_times([*landed, *offered]), frozenset(landed)
    return [stale(entry, newest, is_here=entry.lineage in here, account=account) for entry in entries]


def stale(entry: Published, newest: Mapping[Origin, datetime], *, is_here: bool, account: str) -> Stale:
    """Find out what became of one entry.

    :param newest: by database, the time of the newest recovery point that is here or offered.
    :param is_here: whether it has landed.
    """
    if is_here:
        return Stale(entry, "landed", "it has landed here")
    latest = newest.get(entry.lineage.origin)
    if latest is not None and latest > entry.lineage.original:
        return Stale(entry, "overtaken", f"a newer one, of {iso(latest)}, is here or offered")
    if account in entry.landed_in:
        mark = f"{LANDED}:{account}"
        reason = "its source was told that it landed here, but it is not here any more"
        return Stale(entry, "withdrawn", f"{reason}: remove its tag {mark} there so that it is shared again")
    return Stale(entry, "withdrawn", "its source does not offer it any more: publish again")
