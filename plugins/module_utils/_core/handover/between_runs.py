# SPDX-License-Identifier: GPL-3.0-or-later
"""Manifests between runs: what a store's documents are worth, and what a site leaves there."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from ..errors import LifeboatError
from ..model import LANDED, RETAIN, iso
from ..naming import Lineage
from .manifest import VERSION, Published, read_landed, read_published

WRITTEN = "written"  # when a document was left: it says nothing about what it is of

# RDS User Guide, tagging: what a key and a value may be, and how many there may be.
MAX_TAGS, MAX_KEY, MAX_VALUE = 50, 128, 256
TAG_SIGNS = frozenset("_.:/=+-@")
# aws: and rds: are AWS's. Those of ours say what the snapshot itself is.
RESERVED = ("aws:", "rds:", "lifeboat:")
ROOM_FOR_OURS = 12


def why_unusable(document: Mapping[str, Any], wanted: str, account: str, region: str) -> str | None:
    """Why what a store has under the key of a site is not used, or None.

    A site speaks for its own databases only: who may write one account's document must not vouch for another's.
    """
    version = document.get("version")
    if isinstance(version, int) and version > VERSION:
        return f"it is of version {version}, and this release reads version {VERSION}: update lifeboat.rds here"
    if (document.get("account"), document.get("region")) != (account, region):
        return f"it is not of account {account}, {region}"
    try:
        if wanted == "landed":
            read_landed([document])
            return why_not_refused(document.get("refused"))
        entries = read_published([document]).values()
    except LifeboatError as error:
        return error.why
    foreign = [entry for entry in entries if {entry.database.account, entry.arn.split(":")[4]} != {account}]
    return f"it speaks of {foreign[0].arn}, which is another account's" if foreign else None


def why_not_refused(refused: Any) -> str | None:
    is_list = isinstance(refused, list) and all(isinstance(one, Mapping) for one in refused)
    is_right = is_list and all(isinstance(one.get(key), str) for one in refused for key in ("arn", "reason"))
    return None if is_right else "a list of what was refused, with ARNs and reasons, is expected"


def merge_published(
    earlier: Mapping[str, Any] | None, present: Mapping[str, Any], existing: Collection[str]
) -> dict[str, Any]:
    """What a source leaves: the entries of this pass, and earlier ones of databases of which this pass has none.

    A pass has none of a database that it does not select, whose new copy is in flight, or that is gone.

    :param existing: the names of the published copies that are still there.
    """
    told = {point["arn"]: point.get("recipe") for point in (earlier or {}).get("points", ())}
    # A source reads its parameter groups only for what has not landed.
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
    """What a DR site leaves: everything that ever landed and is still there, each with the time when it was first said.

    What a source does not offer any more is no part of a pass, yet the source may not have heard that it landed.

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
    """One entry of what the DR site does not take."""
    return {"name": arn.rpartition(":")[2], "arn": arn, "reason": reason}


def same(one: Mapping[str, Any] | None, other: Mapping[str, Any]) -> bool:
    """Whether two documents say the same, whenever they were left."""
    return one is not None and {**one, WRITTEN: None} == {**other, WRITTEN: None}


def differences(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The entries that two documents do not have in common, for the diff."""
    old, new = by_name(before or {}), by_name(after)
    return (
        {name: one for name, one in old.items() if new.get(name) != one},
        {name: one for name, one in new.items() if old.get(name) != one},
    )


def by_name(document: Mapping[str, Any]) -> dict[str, Any]:
    refused = {f"refused {one['arn']}": one for one in document.get("refused", ())}
    return {one["name"]: one for one in document.get("points", ())} | refused


def carried_tags(entry: Published, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The tags of a database that its DR copy takes over: AWS carries none across accounts.

    ``retain`` is left out: on a database it would pin every copy for ever.

    :param extra: tags that the copy gets in any case, beside ours.
    """
    given = extra or {}
    legal = [key for key, value in sorted(entry.database_tags.items()) if is_carried(key, value) and key not in given]
    return {key: entry.database_tags[key] for key in legal[: max(0, MAX_TAGS - ROOM_FOR_OURS - len(given))]}


def is_carried(key: str, value: str) -> bool:
    is_ours_to_give = key != RETAIN and not key.lower().startswith(RESERVED)
    fits = 1 <= len(key) <= MAX_KEY and len(value) <= MAX_VALUE
    return is_ours_to_give and fits and all(is_tag_sign(sign) for sign in key + value)


def is_tag_sign(sign: str) -> bool:
    """Letters, digits and separators of any script (L, N, Z), and some signs."""
    return sign in TAG_SIGNS or unicodedata.category(sign)[0] in "LNZ"


@dataclass(frozen=True, slots=True)
class Stale:
    """An entry of a manifest that is not shared any more, and why it need not be: no failure."""

    entry: Published
    why: Literal["landed", "overtaken", "withdrawn"]
    reason: str


def read_stale(
    entries: Iterable[Published], landed: Collection[Lineage], offered: Collection[Lineage], account: str
) -> list[Stale]:
    """What became of entries that a store's manifest has and that nobody shares with this account.

    :param landed: the lineages of the DR site's own recovery points.
    :param offered: the lineages of what is visibly shared.
    """
    newest: dict[str, datetime] = {}
    for lineage in (*landed, *offered):
        newest[lineage.digest] = max(lineage.original, newest.get(lineage.digest, lineage.original))
    return [stale(entry, newest, is_here=entry.lineage in landed, account=account) for entry in entries]


def stale(entry: Published, newest: Mapping[str, datetime], *, is_here: bool, account: str) -> Stale:
    if is_here:
        return Stale(entry, "landed", "it has landed here")
    latest = newest.get(entry.lineage.digest)
    if latest is not None and latest > entry.lineage.original:
        return Stale(entry, "overtaken", f"a newer one of {iso(latest)} is here or offered")
    if account in entry.landed_in:
        mark = f"{LANDED}:{account}"
        reason = "its source was told that it landed here, and it is not here any more"
        return Stale(entry, "withdrawn", f"{reason}: take its tag {mark} away there, and it is shared again")
    return Stale(entry, "withdrawn", "its source does not offer it any more: publish again")
