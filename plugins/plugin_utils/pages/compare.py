# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares pages with those that their documents give, so that a forged page beside a good document is noticed."""

from __future__ import annotations

import re
from pathlib import Path

from ansible_collections.lifeboat.rds.plugins.module_utils._files.verification import Likeness

from .documents import read
from .files import Make, made, makers_of
from .pictures import is_available

DIFFERENT = (
    "it is not what this release makes of its document and those before it in its folder: make it again with"
    " evidence_render, and compare them"
)
NO_PICTURES = b"because matplotlib was not installed where it was made"
NO_MATPLOTLIB = "its pictures cannot be drawn again: matplotlib is not installed for the Python of ansible-playbook"
KINDS = {".html": "html", ".xml": "junit"}
PICTURE = re.compile(r'(?<=tabindex="0">)<svg .*?</svg>(?=</div>)', re.DOTALL)
TAG = re.compile(r"<[^>]*>")
# matplotlib's own names for shapes contain a digest of their numbers.
SHAPE = re.compile(r"-[A-Za-z][0-9a-f]{10}\b")
NUMBER = re.compile(r"(?<![\w#-])-?\d+(\.\d+)?(e-?\d+)?\b")


class Comparison:
    """Makes pages again and compares them. Each history is read only once."""

    def __init__(self) -> None:
        self._makers: dict[tuple[Path, bool], dict[str, Make]] = {}

    def __call__(self, path: Path, sha256: str, page: Path, content: bytes) -> Likeness:
        """Compare a page with its document.

        :raises LifeboatError: when the document cannot be shown.
        :raises UnicodeDecodeError: when the page is not UTF-8.
        """
        document, kind = read(str(path)), KINDS[page.suffix]
        if document.sha256 != sha256:
            return Likeness("nothing", "its document was changed meanwhile")
        if kind == "junit" and not document.is_drill:
            return Likeness("nothing", "a posture has no JUnit XML")
        with_pictures = kind == "html" and NO_PICTURES not in content
        if with_pictures and not is_available():
            return Likeness("nothing", NO_MATPLOTLIB)
        expected = made(document, self._makers_for(path.parent, with_pictures=with_pictures)[kind])
        return compare(content.decode("utf-8"), expected)

    def _makers_for(self, folder: Path, *, with_pictures: bool) -> dict[str, Make]:
        key = folder, with_pictures
        if key not in self._makers:
            self._makers[key] = makers_of(str(folder), with_pictures=with_pictures)
        return self._makers[key]


def compare(found: str, expected: str) -> Likeness:
    """Compare a page with the expected one.

    Another version of matplotlib computes other numbers. So where only pictures differ, their outlines are compared.
    """
    if found == expected:
        return Likeness("bytes")
    is_alike = PICTURE.search(expected) is not None and outline_of(found) == outline_of(expected)
    return Likeness("outlines") if is_alike else Likeness("bytes", DIFFERENT)


def outline_of(page: str) -> str:
    """Remove the numbers from the tags of its pictures. Texts, colours, shapes and their order stay."""
    return PICTURE.sub(lambda picture: TAG.sub(lambda tag: plain(tag[0]), picture[0]), page)


def plain(tag: str) -> str:
    return NUMBER.sub("0", SHAPE.sub("-shape", tag))
