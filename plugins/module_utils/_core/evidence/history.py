# SPDX-License-Identifier: GPL-3.0-or-later
"""The history of a DR site: a chain of its drills and recoveries.

Each document contains the digest of the one before.

So a changed or missing document can be noticed, as long as a later one exists, or its digest is known from elsewhere.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import LifeboatError
from ..foreign import EVIDENCE, Malformed, Part, read_object
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
    name: str | None = None  # the drill_id, or the time of a posture: its file is named after it

    @property
    def link(self) -> Link:
        return Link(self.file, self.sha256)


def read_entry(file: str, content: bytes) -> Entry:
    """Read what a document says about itself.

    :raises LifeboatError: when it is not a document of the evidence.
    """
    try:
        return entry_of(file, hashlib.sha256(content).hexdigest(), read_object(content, EVIDENCE))
    except Malformed as error:
        raise unreadable(file, str(error)) from error


def unreadable(file: str, why: str) -> LifeboatError:
    """Build the error for a file that is named like a document, but is none."""
    remedy = "Restore the original file, or move files that are not evidence elsewhere"
    return LifeboatError(f"Cannot read {printable(file)} as evidence", why=why, remedy=remedy)


def entry_of(file: str, digest: str, document: Part) -> Entry:
    """Read the fields of a document that the history needs.

    :raises Malformed: when a field is missing or has a wrong type.
    """
    kind, signed_by = document.text("document"), document.text_or_none("signed_by")
    if kind not in KINDS:
        raise Malformed(f"a field is missing or wrong: document is not one of {', '.join(KINDS)}")
    if kind not in IN_HISTORIES:
        return Entry(file, digest, kind, signed_by=signed_by, name=document.text_or_none("time"))
    site, history = document.part("site"), document.part("history")
    return Entry(
        file,
        digest,
        kind,
        site=(site.text("account_id"), site.text("region")),
        number=history.count("number"),
        previous=link_of(history.part_or_none("previous")),
        signed_by=signed_by,
        name=document.text_or_none("drill_id"),
    )


def link_of(previous: Part | None) -> Link | None:
    """Read the reference to the previous document.

    :raises Malformed: when a field is missing or has a wrong type.
    """
    return None if previous is None else Link(previous.text("file"), previous.text("sha256"))


def why_misnamed(entry: Entry) -> str | None:
    """Explain why a document does not belong into a file of this name, or return None if it does."""
    if entry.name is None:
        return f"it does not say its {'drill_id' if entry.kind in IN_HISTORIES else 'time'}"
    stem = entry.name if entry.kind in IN_HISTORIES else posture_stem(entry.name)
    end = "-[1-9][0-9]*" if entry.kind in IN_HISTORIES else "(-[1-9][0-9]*)?"
    if re.fullmatch(re.escape(stem) + end + re.escape(".json"), entry.file):
        return None
    return f"it is the {entry.kind} {printable(entry.name)}, whose file has another name"


def posture_stem(time: str) -> str:
    """Build the start of the file name of a posture of this time."""
    return f"posture-{time.lower().replace('-', '').replace(':', '')}"


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
            before_it = entry.previous and printable(entry.previous.file)
            yield entry, f"number {entry.number} of a history cannot follow {before_it}"
        return
    if same := [one for one in before if one.sha256 == entry.previous.sha256]:
        if entry.previous.file not in [one.file for one in same]:
            yield entry, f"the document before it is {same[0].file}, but it names {printable(entry.previous.file)}"
        return
    changed = [one for one in before if one.file == entry.previous.file]
    for one in changed:
        yield one, f"it was changed: {entry.file} names another digest of it"
    if not changed:
        yield entry, f"number {entry.number - 1}, {printable(entry.previous.file)}, is missing before it"
