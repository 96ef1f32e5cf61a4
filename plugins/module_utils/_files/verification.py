# SPDX-License-Identifier: GPL-3.0-or-later
"""The verification of an evidence directory. With keys, everything that lies in it is accounted for or is a problem."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from .._core.errors import LifeboatError
from .._core.evidence.archive import SIGNATURE
from .._core.evidence.audit import Seen, audit, odd_digests
from .._core.evidence.history import FILE
from .._core.words import printable
from .evidence import LOCK, read_document, signature_of
from .regular import read_regular, why_not_regular
from .signing import open_public_keys, why_not_signed

PAGES = (".html", ".xml")
MOST = 200_000  # files and folders; a drill a day leaves 1500 files a year
DEEPEST = 16  # folders inside each other


@dataclass(frozen=True, slots=True)
class Likeness:
    """How a page was compared with the one that its document gives, and what is wrong with it, or an empty text."""

    compared: str
    why: str = ""


# Compares a page, by the path and the digest of its document, its own path, and its bytes.
Compare = Callable[[Path, str, Path, bytes], Likeness]


@dataclass(slots=True)
class Contents:
    """What lies in a directory and its subfolders: the regular files, and what is wrong with anything else."""

    files: list[Path] = field(default_factory=list)
    odd: list[tuple[Path, str]] = field(default_factory=list)


def verify(
    directory: str, public_keys: Sequence[str], newest_sha256: Sequence[str], compare: Compare
) -> dict[str, list[Any]]:
    """Verify the documents of a directory, and with keys all else that lies there.

    :raises LifeboatError: when it cannot be verified at all.
    """
    if odd := odd_digests(newest_sha256):
        raise LifeboatError(
            f"Cannot look for {odd[0]!r} (newest_sha256)",
            why="it is not a SHA-256 digest",
            remedy="Set newest_sha256 to the sha256 of a result of drill_report",
        )
    keys, folder = open_public_keys(list(public_keys)), Path(directory)
    contents = look_into(folder)
    seen, unreadable = read_all(folder, contents.files, keys)
    found = audit([one for _path, one in seen], newest_sha256)
    pages = compare_pages(folder, contents, seen, found["documents"], compare) if keys else []
    named = [f"{row['file']}: {row['reason']}" for row in pages if not row["good"]]
    named += [f"{printable(path.relative_to(folder))}: {why}" for path, why in others(contents, strict=bool(keys))]
    return found | {"pages": pages, "problems": [*found["problems"], *unreadable, *named]}


def others(contents: Contents, *, strict: bool) -> Iterator[tuple[Path, str]]:
    """Find what is wrong with all that is neither a document nor a page.

    :param strict: whether files count whose names mean nothing to us.
    """
    files = set(contents.files)
    for path in contents.files:
        if path.name.endswith(SIGNATURE) and is_ours(path) and document_of(path) not in files:
            yield path, "its document is missing"
        elif strict and (why := why_unaccounted(path)):
            yield path, why
    yield from ((path, why) for path, why in contents.odd if strict or is_ours(path))


def look_into(directory: Path) -> Contents:
    """List what lies in a directory and its subfolders. Links are not followed.

    :raises LifeboatError: when the directory cannot be listed.
    """
    contents, left = Contents(), [directory]
    while left:
        folder = left.pop()
        try:
            left += folders_in(folder, contents, deepest=len(directory.parts) + DEEPEST)
        except OSError as error:
            is_none = isinstance(error, (FileNotFoundError, NotADirectoryError))
            why = "it is not a directory" if is_none else error.strerror or type(error).__name__
            if folder == directory:
                remedy = "Set directory to that of the evidence"
                raise LifeboatError(f"Cannot verify {directory}", why=why, remedy=remedy) from error
            contents.odd.append((folder, why))
    return contents


def folders_in(folder: Path, contents: Contents, deepest: int) -> list[Path]:
    """Add what lies in one folder to the contents, and return its subfolders.

    :raises OSError: when it cannot be listed.
    """
    with os.scandir(folder) as listed:
        inside = sorted(islice(listed, MOST + 1), key=lambda one: one.name)
    if len(contents.files) + len(inside) > MOST or len(folder.parts) > deepest:
        why = f"it was not looked into: there are more than {MOST} files, or {DEEPEST} folders inside each other"
        contents.odd.append((folder, why))
        return []
    folders = [folder / one.name for one in inside if one.is_dir(follow_symlinks=False)]
    for path in (folder / one.name for one in inside if not one.is_dir(follow_symlinks=False)):
        if why_odd := why_not_regular(path.lstat().st_mode):
            contents.odd.append((path, why_odd))
        else:
            contents.files.append(path)
    return folders


def read_all(folder: Path, files: Sequence[Path], keys: Mapping[str, Any]) -> tuple[list[tuple[Path, Seen]], list[str]]:
    """Read the documents with their signatures. Also return what is wrong with those that cannot be read."""
    seen, problems = [], []
    for path in sorted((one for one in files if FILE.fullmatch(one.name)), key=lambda one: one.name):
        try:
            entry, content = read_document(path)
            signature = why_not_signed(content, signature_of(path), entry.signed_by, keys) if keys else None
            seen.append((path, Seen(entry, path.relative_to(folder), signature)))
        except LifeboatError as error:
            problems.append(str(error))
        except OSError as error:
            problems.append(f"{printable(path.relative_to(folder))}: {error.strerror or type(error).__name__}")
    return seen, problems


def document_of(path: Path) -> Path:
    """Return the path of the document that a signature or a page belongs to."""
    return path.with_suffix("") if path.name.endswith(SIGNATURE) else path.with_suffix(".json")


def is_page(path: Path) -> bool:
    return path.suffix in PAGES and bool(FILE.fullmatch(document_of(path).name))


def is_ours(path: Path) -> bool:
    """Tell whether something is named like a document or its signature. Without keys, nothing else is looked at."""
    return bool(FILE.fullmatch(path.name.removesuffix(".sig")))


def compare_pages(
    folder: Path,
    contents: Contents,
    seen: Sequence[tuple[Path, Seen]],
    rows: Sequence[Mapping[str, Any]],
    compare: Compare,
) -> list[dict[str, Any]]:
    """Build the result for each page.

    :param rows: the results for the documents.
    """
    good = {(row["file"], row["sha256"]) for row in rows if row["good"]}
    documents = {path: one.entry for path, one in seen}
    found = []
    for path in filter(is_page, contents.files):
        entry = documents.get(document_of(path))
        if entry is None:
            like = Likeness("nothing", "its document is missing")
        elif (entry.file, entry.sha256) not in good:
            like = Likeness("nothing", "its document is not as it was written")
        else:
            like = compare_one(document_of(path), entry.sha256, path, compare)
        row = {"file": printable(path.relative_to(folder)), "compared": like.compared}
        found.append(row | {"good": not like.why, "reason": like.why})
    return found


def compare_one(document: Path, digest: str, path: Path, compare: Compare) -> Likeness:
    """Compare one page with its document."""
    try:
        return compare(document, digest, path, read_regular(path))
    except (OSError, ValueError, LifeboatError) as error:
        return Likeness("nothing", f"it cannot be compared ({printable(error)})")


def why_unaccounted(path: Path) -> str | None:
    """Explain why a file does not belong into a directory of evidence, or return None if it does."""
    if path.name == LOCK:
        return "it is not empty, but only locks the directory" if path.stat().st_size else None
    if is_page(path) or is_ours(path):
        return None
    return "it is neither a document of the evidence, nor its signature or its page"
