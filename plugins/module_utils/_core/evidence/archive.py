# SPDX-License-Identifier: GPL-3.0-or-later
"""The evidence of one site at two places, a directory and an S3 prefix: what to fetch, what to put, what differs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from .history import FILE, Entry, SiteId

SIGNATURE = ".json.sig"
# What belongs to a document: its signature is as final as itself, its pages can be made anew.
KINDS = {".json": "application/json", SIGNATURE: "application/octet-stream", ".html": "text/html", ".xml": "text/xml"}
FINAL = (".json", SIGNATURE)
POSTURE = "posture/"

Sameness = Literal["same", "other", "unclear"]


@dataclass(frozen=True, slots=True)
class Stored:
    """A file as S3 lists it."""

    size: int  # bytes
    etag: str
    modified: float  # seconds of the epoch, by S3's clock


def folder_of(site: SiteId) -> str:
    """Under what the evidence of a site is kept. Two sites may call their drills alike."""
    account, region = site
    return f"{account}-{region}/"


def folder_for(entry: Entry, site: SiteId) -> str | None:
    """Where a document belongs, or None when another site keeps it."""
    if entry.site is None:
        return POSTURE
    return folder_of(site) if entry.site == site else None


def suffix_of(file: str) -> str | None:
    return next((suffix for suffix in KINDS if file.endswith(suffix)), None)


def files_of(document: str) -> list[str]:
    """A document, and what may lie beside it: the signature first, since a document promises it."""
    stem = document.removesuffix(".json")
    return [stem + suffix for suffix in (SIGNATURE, ".json", ".html", ".xml")]


def to_fetch(there: Mapping[str, Stored], here: Iterable[str], newest: int) -> list[str]:
    """What of the newest documents of a site, with their signatures, is there and not here; the oldest first."""
    documents = [file for file in there if FILE.fullmatch(file)]
    ordered = sorted(documents, key=lambda file: (there[file].modified, file))
    recent = ordered[max(0, len(ordered) - newest) :]
    wanted = [file for document in recent for file in files_of(document) if file.endswith(FINAL)]
    known = set(here)
    return [file for file in wanted if file in there and file not in known]


def oldest_first(entries: Iterable[Entry]) -> list[Entry]:
    """So that what is cut off in the middle lacks the newest, and not a link of the chain."""
    return sorted(entries, key=lambda entry: (entry.number, entry.file))


def compare(content: bytes, stored: Stored) -> Sameness:
    """Whether a file here is the one there, by its size and tag alone.

    The tag is the MD5 of a file that was written at once and is not under a key of KMS; of others it says nothing.
    """
    if len(content) != stored.size:
        return "other"
    return "same" if hashlib.md5(content, usedforsecurity=False).hexdigest() == stored.etag else "unclear"
