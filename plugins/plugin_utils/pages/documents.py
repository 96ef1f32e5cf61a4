# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the documents of an evidence directory for pages."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.evidence.document import VERSION
from ansible_collections.lifeboat.rds.plugins.module_utils._core.evidence.shape import scrub
from ansible_collections.lifeboat.rds.plugins.module_utils._core.foreign import EVIDENCE, Malformed, read_json
from ansible_collections.lifeboat.rds.plugins.module_utils._core.words import printable
from ansible_collections.lifeboat.rds.plugins.module_utils._files.regular import read_regular

DRILLS = ("drill", "recovery")
KINDS = (*DRILLS, "posture")
# A document without these cannot be shown. Anything else that is missing is shown as "not known".
NEEDED = {
    **dict.fromkeys(DRILLS, ("drill_id", "verdict", "site", "started", "finished", "databases")),
    "posture": ("time", "sites", "databases"),
}


@dataclass(frozen=True, slots=True)
class Document:
    """A document of the evidence, with facts about its file."""

    path: str
    sha256: str  # hexadecimal, of the file's bytes
    signature: str | None  # the name of its signature file, or None
    facts: dict[str, Any]

    @property
    def file(self) -> str:
        return os.path.basename(self.path)

    @property
    def kind(self) -> str:
        return str(self.facts["document"])

    @property
    def is_drill(self) -> bool:
        """Tell whether it is about restored databases. If so, it has a verdict and a history."""
        return self.kind in DRILLS

    @property
    def site(self) -> tuple[str, str]:
        """Return the account and the Region. Each pair has one history."""
        site = self.facts["site"]
        return str(site.get("account_id")), str(site.get("region"))

    @property
    def order(self) -> tuple[int, str, str]:
        """Sort the documents of a history."""
        number = (self.facts.get("history") or {}).get("number")
        return number if isinstance(number, int) else 0, str(self.facts["started"]), self.file


def read(path: str) -> Document:
    """Read a document. All its texts become safe to show anywhere.

    :raises LifeboatError: when it cannot be read, or is not one of ours.
    """
    what = f"Cannot render {printable(path)}"
    try:
        data = read_regular(Path(path))
        facts = read_json(data, EVIDENCE)
    except OSError as error:
        remedy = "Set documents to documents of the evidence directory"
        raise LifeboatError(what, why=error.strerror or type(error).__name__, remedy=remedy) from error
    except Malformed as error:
        raise LifeboatError(what, why=str(error), remedy="Restore it from a copy of the evidence") from error
    if why := why_strange(facts):
        raise LifeboatError(what, why=why, remedy="List only drills, recoveries and postures of this collection")
    signature = f"{path}.sig" if os.path.isfile(f"{path}.sig") else None
    name = os.path.basename(signature) if signature else None
    return Document(path, hashlib.sha256(data).hexdigest(), name, scrub(facts))


def why_strange(facts: object) -> str | None:
    """Explain why a document cannot be shown, or return None if it can."""
    if not isinstance(facts, dict) or facts.get("document") not in KINDS:
        return "it is not a drill, a recovery or a posture"
    if facts.get("version") != VERSION:
        return f"its version is {printable(facts.get('version'))}, and this collection reads {VERSION}"
    if not isinstance(facts.get("site") or {}, dict) or not isinstance(facts.get("history") or {}, dict):
        return "its site or its history is not an object"
    missing = [name for name in NEEDED[facts["document"]] if facts.get(name) is None]
    if missing:
        return f"it lacks {', '.join(missing)}"
    rows = facts["databases"]
    if not isinstance(rows, list) or not all(isinstance(one, dict) for one in rows):
        return "its databases are not a list of objects"
    return None


def paths_of(directory: str, documents: Sequence[str]) -> list[str]:
    """Find the paths of the given documents, or of all documents of ours in the directory.

    :raises LifeboatError: when the directory cannot be read.
    """
    if documents:
        return [os.path.abspath(os.path.join(directory, name)) for name in dict.fromkeys(documents)]
    try:
        names = sorted(os.listdir(directory))
    except OSError as error:
        what = f"Cannot render the evidence in {directory}"
        remedy = "Set directory to the directory with the evidence"
        raise LifeboatError(what, why=error.strerror or type(error).__name__, remedy=remedy) from error
    found = [os.path.abspath(os.path.join(directory, name)) for name in names if is_document_name(name)]
    return [path for path in found if not is_foreign(path)]


def is_document_name(name: str) -> bool:
    """Tell whether a file may be a document, by its name. Hidden files are drafts."""
    return name.endswith(".json") and not name.startswith(".")


def is_foreign(path: str) -> bool:
    """Tell whether a file is valid JSON but not a document of ours.

    A broken file may be ours, so it is reported later.
    """
    with suppress(OSError, Malformed):
        facts = read_json(read_regular(Path(path)), EVIDENCE)
        return not isinstance(facts, dict) or facts.get("document") not in KINDS
    return False


def readable(paths: Iterable[str]) -> list[Document]:
    """Read those documents that can be read. The others are reported when somebody asks for their pages."""
    found = []
    for path in paths:
        with suppress(LifeboatError):
            found.append(read(path))
    return found


def history_of(document: Document, others: Iterable[Document]) -> list[Document]:
    """List the site's drills and recoveries up to this one, in order. Later ones do not change its page."""
    same = [one for one in others if one.is_drill and one.site == document.site and one.path != document.path]
    return [*sorted((one for one in same if one.order < document.order), key=lambda one: one.order), document]
