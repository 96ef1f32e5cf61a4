# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the pages of an evidence directory next to its documents, and only where they change."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from jinja2 import TemplateError

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.evidence.junit import junit

from .documents import Document, history_of, paths_of, read, readable
from .pictures import is_available
from .render import page

ENDINGS = {"html": ".html", "junit": ".xml"}
Make = Callable[[Document], str]


@dataclass(slots=True)
class Result:
    """The result for one document."""

    document: str
    pages: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    reason: str | None = None

    def as_result(self) -> dict[str, Any]:
        return {
            "document": self.document,
            "pages": self.pages,
            "changed": bool(self.written),
            "reason": self.reason,
        }


def render_all(directory: str, names: Sequence[str], formats: Iterable[str], *, check_mode: bool) -> dict[str, Any]:
    """Bring the pages of documents up to date. A document that cannot be shown does not stop the others.

    :param names: names or paths of documents; without any, all documents of the directory.
    :param formats: the kinds of pages, ``html`` and ``junit``.
    :raises LifeboatError: when the directory cannot be read.
    """
    here = os.path.abspath(directory)
    paths, with_pictures = paths_of(here, names), is_available()
    makers = {one: maker for one, maker in makers_of(here, with_pictures=with_pictures).items() if one in set(formats)}
    found = [render_one(path, makers, check_mode=check_mode) for path in paths]
    result = {
        "changed": any(one.written for one in found),
        "documents": [one.as_result() for one in found],
        "pictures": with_pictures,
        "diff": diff_of(found),
    }
    reasons = [one.reason for one in found if one.reason]
    return result | ({"failed": True, "msg": " ".join(reasons)} if reasons else {})


def makers_of(directory: str, *, with_pictures: bool) -> dict[str, Make]:
    """Build a function for each kind of page. They read the history at most once, and only if a page needs it."""
    known: list[Document] = []

    def html(document: Document) -> str:
        if document.is_drill and not known:
            known.extend(readable(paths_of(directory, [])))
        documents = history_of(document, known) if document.is_drill else []
        return page(document, documents, with_pictures=with_pictures)

    return {"html": html, "junit": lambda document: junit(document.facts)}


def render_one(path: str, makers: dict[str, Make], *, check_mode: bool) -> Result:
    """Bring the pages of one document up to date."""
    result = Result(path)
    try:
        document = read(path)
        for name, make in makers.items():
            if name == "html" or document.is_drill:
                target = path.removesuffix(".json") + ENDINGS[name]
                text = made(document, make)
                result.pages.append(target)
                if bring_up_to_date(target, text, check_mode=check_mode):
                    result.written.append(target)
    except LifeboatError as error:
        result.reason = str(error)
    return result


def made(document: Document, make: Make) -> str:
    """Make a page.

    :raises LifeboatError: when a part of the document has another form than this collection writes.
    """
    try:
        return make(document)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, TemplateError) as error:
        why = f"a part of it is not valid ({type(error).__name__}: {error})"
        remedy = "Compare it with a copy of the evidence"
        raise LifeboatError(f"Cannot render {document.path}", why=why, remedy=remedy) from error


def bring_up_to_date(path: str, text: str, *, check_mode: bool) -> bool:
    """Write a page if it is missing or different. Returns whether it was, also in check mode.

    :raises LifeboatError: when it cannot be written.
    """
    data, folder = text.encode("utf-8"), os.path.dirname(path)
    try:
        if content(path) == data:
            return False
        if not check_mode:
            write(path, data)
        elif not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(13, "Permission denied")
    except OSError as error:
        why, remedy = error.strerror or type(error).__name__, "Allow this user to write to that directory"
        raise LifeboatError(f"Cannot write {path}", why=why, remedy=remedy) from error
    return True


def content(path: str) -> bytes | None:
    """Read a file, or return None when it does not exist."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def write(path: str, data: bytes) -> None:
    """Write a file completely or not at all. Its owner may write it, and its group may read it."""
    folder, name = os.path.split(path)
    handle, draft = tempfile.mkstemp(dir=folder, prefix=f".{name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), 0o640)
            os.fsync(file.fileno())
        os.replace(draft, path)
    except OSError:
        os.unlink(draft)
        raise


def diff_of(found: Iterable[Result]) -> list[dict[str, str]]:
    """List the new or changed pages by name, for the diff. Nobody reads the text of a page in a diff."""
    written = [path for one in found for path in one.written]
    return [{"before": "", "after": "".join(f"{path}\n" for path in written)}] if written else []
