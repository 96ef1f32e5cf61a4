# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit of an evidence directory: its documents and histories, and everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from .archive import POSTURE, SITE_FOLDER, folder_of
from .history import DIGEST, Entry, SiteId, histories, objections, why_misnamed

Reasons = Mapping[Entry, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Seen:
    """A document, and what was found where it lies. A directory may have several copies of one."""

    entry: Entry
    where: PurePath  # below the directory
    signature: str | None = None  # what is wrong with it, or an empty text; None when it was not verified

    def reasons(self) -> list[str]:
        """List what is wrong with this copy by itself."""
        found = (self.signature, why_misnamed(self.entry), why_misplaced(self.entry, self.where))
        return [why for why in found if why]


def why_misplaced(entry: Entry, where: PurePath) -> str | None:
    """Explain why a document does not belong into its folder, or return None if it does.

    In S3 each site has a folder, and the postures have one. Folders of other names mean nothing.
    """
    folder = f"{where.parent.name}/"
    own = POSTURE if entry.site is None else folder_of(entry.site)
    if folder == own or not (folder == POSTURE or SITE_FOLDER.fullmatch(folder)):
        return None
    return f"it belongs into the folder {own}, and lies in {folder}"


def reasons_of(seen: Iterable[Seen]) -> dict[Entry, list[str]]:
    """List what is wrong with each document: with a copy of it, or with its place in the history."""
    found: dict[Entry, list[str]] = {}
    for one in seen:
        reasons = found.setdefault(one.entry, [])
        reasons += [why for why in one.reasons() if why not in reasons]
    for history in histories(unique(found)).values():
        for entry, why in objections(history):
            found[entry].append(why)
    return found


def unique(entries: Iterable[Entry]) -> list[Entry]:
    """Remove copies of the same document."""
    return list({entry.link: entry for entry in entries}.values())


def document_row(entry: Entry, reasons: Sequence[str], signatures: Collection[str | None]) -> dict[str, Any]:
    """Build the result for one document."""
    account, region = entry.site or (None, None)
    return {
        "file": entry.file,
        "sha256": entry.sha256,
        "document": entry.kind,
        "account_id": account,
        "region": region,
        "number": entry.number or None,
        "signed_by": entry.signed_by,
        "signature": "unchecked" if None in signatures else "bad" if any(signatures) else "good",
        "good": not reasons,
        "reason": "; ".join(reasons),
    }


def history_row(site: SiteId, history: Sequence[Entry], reasons: Reasons) -> dict[str, Any]:
    """Build the result for one history."""
    account, region = site
    return {
        "account_id": account,
        "region": region,
        "documents": len(history),
        "first": history[0].number,
        "newest": {**history[-1].link.as_result(), "number": history[-1].number},
        "good": not any(reasons[entry] for entry in history),
    }


def audit(seen: Sequence[Seen], known: Collection[str]) -> dict[str, list[Any]]:
    """Audit all documents and histories, and list the problems as sentences.

    :param known: the digests, kept elsewhere, of documents that must exist.
    """
    reasons = reasons_of(seen)
    signatures: dict[Entry, set[str | None]] = {}
    for one in seen:
        signatures.setdefault(one.entry, set()).add(one.signature)
    here = {entry.sha256 for entry in reasons}
    gone = [f"the document with the digest {digest} is missing" for digest in known if digest.lower() not in here]
    nothing = [] if reasons else ["there is no document"]
    return {
        "documents": [document_row(entry, why, signatures[entry]) for entry, why in reasons.items()],
        "histories": [history_row(site, history, reasons) for site, history in sorted(histories(reasons).items())],
        "problems": [f"{entry.file}: {why}" for entry, found in reasons.items() for why in found] + gone + nothing,
    }


def odd_digests(known: Iterable[str]) -> list[str]:
    """List those texts that cannot be the digest of a document."""
    return [digest for digest in known if not DIGEST.fullmatch(digest.lower())]
