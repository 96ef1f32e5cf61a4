# SPDX-License-Identifier: GPL-3.0-or-later
"""The manifests: small JSON documents for the other side, with the facts that AWS does not pass between accounts.

``published`` goes from a source site to the DR sites, ``landed`` back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..arns import account_of
from ..errors import LifeboatError
from ..foreign import is_whole
from ..model import LANDED, Database, DatabaseId, RecoveryPoint, from_iso, iso
from ..naming import Lineage, lineage_of
from ..recipe import Recipe, read_recipe
from ..sharing import ACCOUNT
from ..words import printable

VERSION = 1
LONGEST = 2048  # characters of a name; an ARN has no more


@dataclass(frozen=True, slots=True)
class Published:
    """A recovery point that a source published, as the source describes it."""

    database: DatabaseId
    lineage: Lineage
    name: str
    arn: str
    engine: str
    engine_version: str | None
    encrypted: bool
    kms_key_id: str | None

    size_gib: int | None
    snapshot_resource_id: str | None  # of the database or stand-in that the snapshot was taken from
    database_tags: Mapping[str, str] = field(default_factory=dict)
    landed_in: tuple[str, ...] = ()  # the DR accounts in which it has landed, as far as the source knows
    recipe: Recipe | None = None  # how the database is configured


@dataclass(frozen=True, slots=True)
class Landed:
    """A recovery point that has landed at the DR site."""

    name: str
    arn: str

    landed_time: str  # when the DR site first said so, as an ISO string


def describe_published(
    database: Database, original: datetime, point: RecoveryPoint, recipe: Recipe | None = None
) -> dict[str, Any]:
    """Build one entry of the published manifest."""
    one = database.id
    told = {"recipe": recipe.as_document()} if recipe else {}
    return told | {
        "account": one.account,
        "region": one.region,
        "kind": one.kind,
        "identifier": one.identifier,
        "resource_id": one.resource_id,
        "original_time": iso(original),
        "name": point.name,
        "arn": point.arn,
        "engine": point.engine,
        "engine_version": point.engine_version,
        "encrypted": point.encrypted,
        "kms_key_id": point.kms_key_id,
        "size_gib": point.size_gib,
        "snapshot_resource_id": point.resource_id,  # differs from resource_id when a stand-in was used
        "database_tags": dict(database.tags),
        "landed_in": sorted(tag.rsplit(":", 1)[1] for tag in point.tags if tag.startswith(f"{LANDED}:")),
    }


def published_manifest(account: str, region: str, points: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Build the published manifest of a source site."""
    return {"version": VERSION, "document": "published", "account": account, "region": region, "points": list(points)}


def landed_manifest(
    account: str, region: str, points: Iterable[Landed], refused: Iterable[Mapping[str, Any]]
) -> dict[str, Any]:
    """Build the landed manifest of a DR site."""
    landed = [{"name": one.name, "arn": one.arn, "landed_time": one.landed_time} for one in points]
    head = {"version": VERSION, "document": "landed", "account": account, "region": region}
    return head | {"points": landed, "refused": list(refused)}


def read_published(documents: Iterable[Mapping[str, Any]]) -> dict[str, Published]:
    """Read the entries of published manifests, by ARN, as far as they concern the account of their document.

    :raises LifeboatError: when a document is not a published manifest.
    """
    told = [(document, read_entry(point)) for document in documents for point in points_of(document, "published")]
    return {entry.arn: entry for document, entry in told if why_foreign(entry, document) is None}


def read_landed(documents: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Read landed manifests: for each DR account, the time at which each name landed.

    :raises LifeboatError: when a document is not a landed manifest.
    """
    landed: dict[str, dict[str, str]] = {}
    for document in documents:
        points, account = points_of(document, "landed"), str(document.get("account"))
        if not ACCOUNT.fullmatch(account) or not all(is_landed(point) for point in points):
            raise not_a_manifest("landed", "an account, and a name and a landed_time for each point are expected")
        landed.setdefault(account, {}).update({point["name"]: point["landed_time"] for point in points})
    return landed


def read_refused(documents: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Read why DR sites refused recovery points, by ARN, or by name for an entry without an ARN."""
    said: dict[str, list[str]] = {}
    for document in documents:
        entries = document.get("refused")
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, Mapping) and (what := entry.get("arn") or entry.get("name")):
                said.setdefault(str(what), []).append(
                    f"the DR site {printable(document.get('account'))} says {printable(entry.get('reason'))}"
                )
    return {what: ", and ".join(dict.fromkeys(reasons)) for what, reasons in said.items()}


def is_landed(point: Mapping[str, Any]) -> bool:
    """Tell whether an entry of a landed manifest has a name and a valid time."""
    try:
        read_exact_time(point.get("landed_time"))
    except ValueError:
        return False
    return isinstance(point.get("name"), str)


def points_of(document: Mapping[str, Any], wanted: str) -> list[dict[str, Any]]:
    """Check the frame of a manifest, and return its points.

    :raises LifeboatError: when its version or its type is another one, or when it has no list of points.
    """
    points, version = document.get("points"), document.get("version")
    is_list = isinstance(points, list) and all(isinstance(point, Mapping) for point in points)
    is_ours = version == VERSION and not isinstance(version, bool) and document.get("document") == wanted
    if not is_ours or not is_list:
        raise not_a_manifest(wanted, f"version {VERSION}, document {wanted!r} and a list of points are expected")
    return list(document["points"])


def readable_points(document: Mapping[str, Any], wanted: str) -> tuple[dict[str, Any], list[str]]:
    """Leave out the entries of a manifest that cannot be read. Also return what is wrong with each of them.

    A document that is no such manifest at all is returned as it is.
    """
    points, wrong = document.get("points"), {}
    if not isinstance(points, list):
        return dict(document), []
    for place, point in enumerate(points):
        try:
            points_of({**document, "points": [point]}, wanted)
            if wanted == "landed":
                read_landed([{**document, "points": [point]}])
            elif (entry := read_entry(point)) and (why := why_foreign(entry, document)):
                wrong[place] = why
        except LifeboatError as error:
            wrong[place] = error.why
    kept = [point for place, point in enumerate(points) if place not in wrong]
    return {**document, "points": kept}, list(wrong.values())


def why_foreign(entry: Published, document: Mapping[str, Any]) -> str | None:
    """Explain why a site may not say this, or return None if it may: a site describes its own databases only.

    Whoever can write one account's document must not vouch for another's.
    """
    if entry.database.account == account_of(entry.arn) == document.get("account"):
        return None
    return f"it describes {printable(entry.arn)}, which belongs to another account"


def read_entry(entry: Mapping[str, Any]) -> Published:
    """Read one entry of a published manifest.

    :raises LifeboatError: when a field is missing or has a wrong type.
    """
    try:
        require_types(entry)
        database = DatabaseId(*(entry[key] for key in ("account", "region", "kind", "identifier", "resource_id")))
        return Published(
            database=database,
            lineage=lineage_of(database, read_exact_time(entry["original_time"])),
            snapshot_resource_id=entry.get("snapshot_resource_id"),
            database_tags=dict(entry.get("database_tags", {})),
            landed_in=tuple(entry.get("landed_in", ())),
            recipe=read_recipe(entry["recipe"]) if entry.get("recipe") else None,
            **{key: entry[key] for key in ENTRY_FIELDS},
        )
    except (KeyError, ValueError, TypeError) as error:
        raise not_a_manifest("published", f"an entry cannot be read ({error})") from error


ENTRY_FIELDS = ("name", "arn", "engine", "engine_version", "encrypted", "kms_key_id", "size_gib")
TEXTS = ("account", "region", "kind", "identifier", "resource_id", "name", "arn", "engine")
TEXTS_IF_KNOWN = ("engine_version", "kms_key_id", "snapshot_resource_id")


def require_types(entry: Mapping[str, Any]) -> None:
    """Check the types of the fields of an entry.

    :raises ValueError: for the first field that has another type than we write.
    """
    tags, landed_in = entry.get("database_tags", {}), entry.get("landed_in", [])
    rules = {key: is_name(entry[key]) for key in TEXTS}
    rules |= {key: entry.get(key) is None or is_name(entry[key]) for key in TEXTS_IF_KNOWN}
    rules |= {
        "kind": entry["kind"] in ("instance", "cluster"),
        "arn": str(entry["arn"]).split(":")[6:] == [entry["name"]],
        "encrypted": isinstance(entry["encrypted"], bool),
        "size_gib": entry["size_gib"] is None or is_whole(entry["size_gib"]),
        "database_tags": isinstance(tags, Mapping)
        and all(isinstance(one, str) for pair in tags.items() for one in pair),
        "landed_in": isinstance(landed_in, list) and all(isinstance(one, str) for one in landed_in),
    }
    if wrong := [key for key, is_right in rules.items() if not is_right]:
        raise ValueError(f"{wrong[0]} is {printable(repr(entry.get(wrong[0])), 60)}")


def is_name(value: Any) -> bool:
    """Tell whether it is a text that AWS could have given: short, and of characters that can be shown."""
    return isinstance(value, str) and len(value) <= LONGEST and value.isprintable()


def read_exact_time(text: Any) -> datetime:
    """Read a time that iso wrote. Other forms are refused, because the text becomes a tag.

    :raises ValueError: when the text has another form.
    """
    try:
        moment = from_iso(str(text))
        if iso(moment) == text:
            return moment
    except (ValueError, OverflowError):  # the year 1 has no UTC east of Greenwich
        pass
    raise ValueError(f"{printable(text)} is not a time")


def not_a_manifest(wanted: str, why: str) -> LifeboatError:
    """Build the error for a document that is not the wanted manifest."""
    return LifeboatError(
        f"Cannot read the {wanted} manifest", why=why, remedy="Pass the manifest that the other side's module returned"
    )
