# SPDX-License-Identifier: GPL-3.0-or-later
"""The history of a DR site: a chain of its drills and recoveries.

Each document contains the digest of the one before.

So a changed or missing document can be noticed, as long as a later one exists, or its digest is known from elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import LifeboatError
from ..words import printable

IN_HISTORIES = ("drill", "recovery")
KINDS = (*IN_HISTORIES, "posture")
# No folders and no hidden files: names may come from a bucket, too.
FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*\.json")
DIGEST = re.compile(r"[0-9a-f]{64}")

SiteId = tuple[str, str]  # account, Region


@dataclass(frozen=True, slots=True)
class Link:
    """A reference from one document to another."""

    file: str
    sha256: str

    def as_result(self) -> dict[str, str]:
        return {"file": self.file, "sha256": self.sha256}


@dataclass(frozen=True, slots=True)
class Entry:
    """A document of the evidence, with its place in the history of its site."""

    file: str
    sha256: str
    kind: str
    site: SiteId | None = None  # of drills and recoveries only
    number: int = 0  # in the history, from 1; 0 for documents that are not in one
    previous: Link | None = None
    signed_by: str | None = None

    @property
    def link(self) -> Link:
        return Link(self.file, self.sha256)


def read_entry(file: str, content: bytes) -> Entry:
    """Read what a document says about itself.

    :raises LifeboatError: when it is not a document of the evidence.
    """
    try:
        document = json.loads(content)
        return entry_of(file, hashlib.sha256(content).hexdigest(), document)
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        why = "it is not JSON" if isinstance(error, (ValueError, RecursionError)) else "a field is missing or wrong"
        remedy = "Restore the original file, or move files that are not evidence elsewhere"
        raise LifeboatError(f"Cannot read {printable(file)} as evidence", why=why, remedy=remedy) from error


def entry_of(file: str, digest: str, document: Mapping[str, Any]) -> Entry:
    """Read the fields of a document that the history needs.

    :raises KeyError, TypeError, AttributeError: when a field is missing or has a wrong type.
    """
    kind, signed_by = document["document"], document.get("signed_by")
    if kind not in KINDS:
        raise KeyError(kind)
    if kind not in IN_HISTORIES:
        return Entry(file, digest, kind, signed_by=signed_by)
    site, history = document["site"], document["history"]
    return Entry(
        file,
        digest,
        kind,
        site=(str(site["account_id"]), str(site["region"])),
        number=number_of(history["number"]),
        previous=link_of(history["previous"]),
        signed_by=signed_by,
    )


def number_of(value: object) -> int:
    """Read the number of a document.

    :raises TypeError: when it is not a positive whole number.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:  # True would be the number 1
        raise TypeError(value)
    return value


def link_of(previous: Mapping[str, Any] | None) -> Link | None:
    """Read the reference to the previous document."""
    return None if previous is None else Link(str(previous["file"]), str(previous["sha256"]))


def newest(entries: Iterable[Entry], site: SiteId) -> Entry | None:
    """Find the newest document of a site, which the next one must refer to."""
    own = [entry for entry in entries if entry.site == site]
    return max(own, key=lambda one: (one.number, one.file), default=None)


def next_place(entries: Iterable[Entry], site: SiteId) -> dict[str, Any]:
    """Build the field ``history`` of the next document of a site."""
    last = newest(entries, site)
    if last is None:
        return {"number": 1, "previous": None}
    return {"number": last.number + 1, "previous": last.link.as_result()}


def histories(entries: Iterable[Entry]) -> dict[SiteId, list[Entry]]:
    """Group the documents by site, each from the first to the newest."""
    found: dict[SiteId, list[Entry]] = {}
    for entry in sorted((one for one in entries if one.site), key=lambda one: (one.number, one.file)):
        found.setdefault(entry.site or ("", ""), []).append(entry)
    return found


def objections(history: Sequence[Entry]) -> Iterator[tuple[Entry, str]]:
    """Find what is wrong with one site's history, and with which document."""
    by_number: dict[int, list[Entry]] = {}
    for entry in history:
        by_number.setdefault(entry.number, []).append(entry)
    for number, same in by_number.items():
        for entry in same:
            if others := [one.file for one in same if one is not entry]:
                yield entry, f"{', '.join(others)} also claims to be number {number} of this history"
            yield from objections_before(entry, by_number.get(number - 1, []))


def objections_before(entry: Entry, before: Sequence[Entry]) -> Iterator[tuple[Entry, str]]:
    """Find what is wrong between a document and the one before it."""
    if entry.number == 1 or entry.previous is None:
        if entry.number != 1 or entry.previous is not None:
            yield entry, f"number {entry.number} of a history cannot follow {entry.previous and entry.previous.file}"
        return
    if entry.previous.sha256 in [one.sha256 for one in before]:
        return
    changed = [one for one in before if one.file == entry.previous.file]
    for one in changed:
        yield one, f"it was changed: {entry.file} names another digest of it"
    if not changed:
        yield entry, f"number {entry.number - 1}, {printable(entry.previous.file)}, is missing before it"
