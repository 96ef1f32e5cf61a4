# SPDX-License-Identifier: GPL-3.0-or-later
"""The evidence of a site in a directory and in an S3 prefix. Neither place ever overwrites a file."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .._aws.archive import Archive
from .._core.errors import LifeboatError
from .._core.evidence.archive import (
    FINAL,
    KINDS,
    Stored,
    compare,
    files_of,
    folder_for,
    folder_of,
    oldest_first,
    suffix_of,
    to_fetch,
)
from .._core.evidence.history import FILE, SiteId, read_entry
from .._core.foreign import EVIDENCE, Malformed
from .._core.handover.store import StoreError
from .._core.result import Report
from .evidence import documents_in, locked, place, read_entries
from .regular import read_regular

WHAT = {".json": "document", ".json.sig": "signature"}


@dataclass
class Places:
    """The directory and the archive, as one run sees them."""

    directory: Path
    archive: Archive
    site: SiteId
    report: Report
    lock: Callable[[], Mapping[str, Any]]  # the object lock of an upload, by the time of AWS
    listed: dict[str, dict[str, Stored]] = field(default_factory=dict)

    def there(self, folder: str) -> dict[str, Stored]:
        """Return the files in a folder of the archive, which is listed only once."""
        if folder not in self.listed:
            self.listed[folder] = self.archive.files(folder)
        return self.listed[folder]

    def done(self, status: str, file: str, reason: str, where: str, after: str) -> None:
        self.report.change(where, None, after)
        self.report.step(status, reason=reason, changed=True, name=file, kind=kind_of(file))

    @contextmanager
    def one_file(self, file: str) -> Iterator[None]:
        """Report what goes wrong with one file; the others go on.

        :raises StoreError: when S3 does not answer: then it does not answer for the next file either.
        """
        try:
            yield
        except LifeboatError as error:
            if isinstance(error, StoreError) and error.is_down:
                raise
            self.report.step("failed", reason=str(error), name=file, kind=kind_of(file))


def kind_of(file: str) -> str:
    return WHAT.get(suffix_of(file) or "", "page")


def fetch(places: Places, newest: int) -> None:
    """Download those of the newest documents that are missing here, so that the history continues."""
    folder = folder_of(places.site)
    there = places.there(folder)
    here = [path.name for path in places.directory.iterdir()] if places.directory.is_dir() else []
    for file in to_fetch(there, here, newest):
        with places.one_file(file):
            fetch_one(places, folder + file, file, there[file])


def fetch_one(places: Places, key: str, file: str, stored: Stored) -> None:
    """Download one file, keeping its original mtime so that it is not mistaken for this run's output."""
    if stored.size > EVIDENCE.size:
        raise LifeboatError(
            f"Cannot fetch {places.archive}/{key}",
            why=f"it has {stored.size} bytes, and a file of the evidence at most {EVIDENCE.size}",
            remedy="Look at it by hand",
        )
    if not places.report.check_mode:
        content = places.archive.content(key)
        check_fetched(f"{places.archive}/{key}", file, content, places.site)
        with locked(str(places.directory)) as directory:
            place(directory / file, content, stored.modified)
    places.done("fetched", file, "it was missing here", str(places.directory / file), f"{stored.size} bytes")


def check_fetched(where: str, file: str, content: bytes, site: SiteId) -> None:
    """Refuse a file that does not belong to this history.

    :raises LifeboatError: when it is not a document, or one of another site.
    """
    if not FILE.fullmatch(file) or read_entry(file, content).site == site:
        return
    raise LifeboatError(
        f"Cannot fetch {where}", why="it is the evidence of another site", remedy="Move it to the prefix of that site"
    )


def put(places: Places) -> None:
    """Upload what the archive lacks, and compare the files that are at both places."""
    entries, unreadable = read_entries(documents_in(places.directory))
    places.report.warnings += [str(error) for error in unreadable]
    for entry in oldest_first(entries.values()):
        folder = folder_for(entry, places.site)
        if folder is not None:
            put_all(places, folder, [file for file in files_of(entry.file) if os.path.lexists(places.directory / file)])


def put_all(places: Places, folder: str, files: Iterable[str]) -> None:
    there = places.there(folder)
    for file in files:
        if file in there and not file.endswith(FINAL):
            continue  # a page may have been made again here
        with places.one_file(file):
            put_one(places, folder + file, file, there.get(file))


def put_one(places: Places, key: str, file: str, stored: Stored | None) -> None:
    """Upload one file, or check that the archive has the same one.

    :raises LifeboatError: when it is not.
    """
    content = read_local(places.directory / file)
    if stored is not None:
        check_same(places, key, content, stored)
    elif places.report.check_mode or places.archive.add(key, content, KINDS[suffix_of(file) or ""], places.lock()):
        places.done("put", file, "it was missing there", f"{places.archive}/{key}", f"{len(content)} bytes")
    elif file.endswith(FINAL):  # somebody else uploaded it meanwhile
        check_digest(places, key, content)


def read_local(path: Path) -> bytes:
    """Read a file of the directory. A link could lead to a file that is not to be uploaded.

    :raises LifeboatError: when it is not a regular file, or too large.
    """
    try:
        return read_regular(path)
    except Malformed as error:
        remedy = "Move it elsewhere, or put the file itself in its place"
        raise LifeboatError(f"Cannot put {path}", why=str(error), remedy=remedy) from error


def check_same(places: Places, key: str, content: bytes, stored: Stored) -> None:
    """Check that the file in the archive is the same. Its content is read only where size and ETag do not tell.

    :raises LifeboatError: when it is another one.
    """
    found = compare(content, stored)
    if found == "other":
        raise differs(places, key)
    if found == "unclear":
        check_digest(places, key, content)


def check_digest(places: Places, key: str, content: bytes) -> None:
    """Check the content of the file in the archive by its digest.

    :raises LifeboatError: when it is another one.
    """
    if places.archive.digest(key) != hashlib.sha256(content).hexdigest():
        raise differs(places, key)


def differs(places: Places, key: str) -> LifeboatError:
    return LifeboatError(
        f"Cannot put {places.archive}/{key}",
        why=f"it differs from the file of that name in {places.directory}",
        remedy="Find out with evidence_verify which of the two was changed; neither was overwritten",
    )
