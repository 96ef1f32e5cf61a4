# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit of an evidence directory: its documents and histories, and everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from .history import DIGEST, IN_HISTORIES, Entry, SiteId, histories, objections

Reasons = Mapping[Entry, Sequence[str]]


def must_be_signed(entry: Entry) -> bool:
    """Tell whether a document needs a valid signature. A posture needs one only if it says that it is signed."""
    return entry.kind in IN_HISTORIES or entry.signed_by is not None


def unique(entries: Iterable[Entry]) -> list[Entry]:
    """Remove copies of the same document."""
    return list({entry.link: entry for entry in entries}.values())


def reasons_of(entries: Sequence[Entry], signatures: Mapping[Entry, str]) -> dict[Entry, list[str]]:
    """List what is wrong with each document: its signature, or its place in the history.

    :param signatures: for each document whose signature was checked, what is wrong with it, or an empty text.
    """
    found = {entry: [why] if (why := signatures.get(entry)) else [] for entry in entries}
    for history in histories(entries).values():
        for entry, why in objections(history):
            found[entry].append(why)
    return found


def document_row(entry: Entry, reasons: Sequence[str], signature: str | None) -> dict[str, Any]:
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
        "signature": "unchecked" if signature is None else "bad" if signature else "good",
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


def audit(
    entries: Sequence[Entry], signatures: Mapping[Entry, str], known: Collection[str]
) -> dict[str, list[dict[str, Any]] | list[str]]:
    """Audit all documents and histories, and list the problems as sentences.

    :param known: the digests, kept elsewhere, of documents that must exist.
    """
    reasons = reasons_of(entries, signatures)
    here = {entry.sha256 for entry in entries}
    gone = [f"the document with the digest {digest} is missing" for digest in known if digest.lower() not in here]
    nothing = [] if entries else ["there is no document"]
    return {
        "documents": [document_row(entry, reasons[entry], signatures.get(entry)) for entry in entries],
        "histories": [history_row(site, history, reasons) for site, history in sorted(histories(entries).items())],
        "problems": [f"{entry.file}: {why}" for entry in entries for why in reasons[entry]] + gone + nothing,
    }


def odd_digests(known: Iterable[str]) -> list[str]:
    """List those texts that cannot be the digest of a document."""
    return [digest for digest in known if not DIGEST.fullmatch(digest.lower())]
