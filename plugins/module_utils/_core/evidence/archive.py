# SPDX-License-Identifier: GPL-3.0-or-later
"""The evidence of one site in a directory and in S3: what to download, what to upload, and what differs."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from .history import FILE, Entry, SiteId

SIGNATURE = ".json.sig"
# The files of a document. Its signature is as final as the document; its pages can be generated again.
KINDS = {".json": "application/json", SIGNATURE: "application/octet-stream", ".html": "text/html", ".xml": "text/xml"}
FINAL = (".json", SIGNATURE)
POSTURE = "posture/"
SITE_FOLDER = re.compile(r"[0-9]{12}-[a-z0-9]+(-[a-z0-9]+)+/")

Sameness = Literal["same", "other", "unclear"]


@dataclass(frozen=True, slots=True)
class Stored:
    """A file as S3 lists it."""

    size: int  # bytes
    etag: str
    modified: float  # seconds since the epoch, by S3's clock


def folder_of(site: SiteId) -> str:
    """Name the folder of a site's evidence. Each site has its own, since two sites may have drills of the same name."""
    account, region = site
    return f"{account}-{region}/"


def folder_for(entry: Entry, site: SiteId) -> str | None:
    """Find the folder of a document, or return None when it belongs to another site."""
    if entry.site is None:
        return POSTURE
    return folder_of(site) if entry.site == site else None


def suffix_of(file: str) -> str | None:
    """Find which kind of file this is, by its suffix, or return None."""
    return next((suffix for suffix in KINDS if file.endswith(suffix)), None)


def files_of(document: str) -> list[str]:
    """List the files that a document may have. The signature comes first, because the document says that it exists."""
    stem = document.removesuffix(".json")
    return [stem + suffix for suffix in (SIGNATURE, ".json", ".html", ".xml")]


def to_fetch(there: Mapping[str, Stored], here: Iterable[str], newest: int) -> list[str]:
    """List the files of the newest documents that are in S3 but not here, the oldest document first.

    Pages are left out.

    :param there: the files of the site in S3.
    :param here: the files in the directory.
    :param newest: how many documents to consider.
    """
    documents = [file for file in there if FILE.fullmatch(file)]
    ordered = sorted(documents, key=lambda file: (there[file].modified, file))
    recent = ordered[max(0, len(ordered) - newest) :]
    wanted = [file for document in recent for file in files_of(document) if file.endswith(FINAL)]
    known = set(here)
    return [file for file in wanted if file in there and file not in known]


def oldest_first(entries: Iterable[Entry]) -> list[Entry]:
    """Sort documents so that an interrupted upload lacks the newest ones, and not a link inside the chain."""
    return sorted(entries, key=lambda entry: (entry.number, entry.file))


def compare(content: bytes, stored: Stored) -> Sameness:
    """Compare a local file with one in S3 by size and ETag.

    The ETag is the MD5 only of a file that was uploaded in one part and is not under a KMS key. Otherwise a different
    ETag means nothing, so the answer is ``unclear``.
    """
    if len(content) != stored.size:
        return "other"
    return "same" if hashlib.md5(content, usedforsecurity=False).hexdigest() == stored.etag else "unclear"
