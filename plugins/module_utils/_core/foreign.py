# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads JSON documents that somebody else wrote: whatever they contain, the answer is a value or a stated problem."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, TypeGuard

from .words import printable

NO_BRACKETS = bytes(one for one in range(256) if one not in b"[]{}")
STRING = re.compile(rb'"[^"]*"')
ENDS = (1 << 63) - 1  # the greatest whole number; no honest document has one of more than 64 bits
DIGITS = 20  # of a whole number, with its sign


class Malformed(ValueError):
    """A document of another form than the reader demands. Its text says what is wrong."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How large a document may be."""

    size: int  # bytes
    values: int  # in all lists and objects together
    depth: int = 32  # lists and objects inside each other


EVIDENCE = Bounds(16 * 1024 * 1024, 500_000)
MANIFEST = Bounds(32 * 1024 * 1024, 1_000_000)  # thousands of databases, with the contents of their parameter groups


def is_whole(value: object) -> TypeGuard[int]:
    """Tell whether a value is a whole number. To Python, true is the number 1 as well."""
    return isinstance(value, int) and not isinstance(value, bool)


def read_json(content: bytes, bounds: Bounds) -> Any:
    """Read a JSON document.

    Size, count and depth are measured in the bytes, before values are built, since these need far more memory.

    :raises Malformed: when it is too large, is not JSON in UTF-8, or has a number or a text that JSON cannot carry, or
        an object that names a key twice, of which other readers may take the other value.
    """
    if why := why_too_large(content, bounds):
        raise Malformed(why)
    try:
        text = content.decode("utf-8")
        document = json.loads(
            text, object_pairs_hook=one_of_each, parse_constant=refuse, parse_float=finite, parse_int=whole
        )
    except Malformed:
        raise
    except (ValueError, RecursionError) as error:
        raise Malformed(f"it is not JSON ({printable(error)})") from error
    # Only escapes can carry these: UTF-8 has no lone surrogates, and JSON no control characters.
    if "\\u" in text.lower() and not all(map(is_valid, texts_in(document))):
        raise Malformed("a text in it is not valid")
    return document


def why_too_large(content: bytes, bounds: Bounds) -> str | None:
    """Explain why a document is too large to be read, or return None if it is not."""
    if len(content) > bounds.size:
        return f"it has more than {bounds.size} bytes"
    bare = content.replace(b"\\\\", b"").replace(b'\\"', b"")
    # Each value has at most a key and a text, with two quotes each.
    if bare.count(b'"') <= 4 * bounds.values:
        bare = STRING.sub(b"", bare)
        if bare.count(b",") + bare.count(b"[") + bare.count(b"{") <= bounds.values:
            return why_too_deep(bare, bounds.depth)
    return f"it has more than {bounds.values} values"


def why_too_deep(bare: bytes, most: int) -> str | None:
    """Explain why a document is nested too deeply, or return None if it is not.

    :param bare: the document without its texts.
    """
    depth = 0
    for one in bare.translate(None, NO_BRACKETS):
        depth += 1 if one in b"[{" else -1
        if depth > most:
            return f"its lists and objects are more than {most} levels deep"
    return None


def one_of_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object.

    :raises Malformed: when a key occurs twice.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _value in pairs]
        twice = next(name for name in found if names.count(name) > 1)
        raise Malformed(f"it names {printable(twice)} twice in one object")
    return found


def refuse(name: str) -> NoReturn:
    raise Malformed(f"{name} in it is not a number of JSON")


def finite(text: str) -> float:
    """Read a number with a fraction or an exponent.

    :raises Malformed: when it is larger than a float can be.
    """
    value = float(text)
    if not math.isfinite(value):
        raise Malformed("a number in it is too large")
    return value


def whole(text: str) -> int:
    """Read a whole number.

    :raises Malformed: when it has more than 64 bits.
    """
    if len(text) > DIGITS or abs(int(text)) > ENDS:
        raise Malformed("a number in it is too large")
    return int(text)


def texts_in(document: Any) -> Iterator[str]:
    """List all texts of a document, keys included."""
    left = [document]
    while left:
        one = left.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            left += [*one, *one.values()]
        elif isinstance(one, list):
            left += one


def is_valid(text: str) -> bool:
    """Tell whether a text can be written everywhere: it has no lone surrogates and no NUL."""
    return "\0" not in text and not any("\ud800" <= one <= "\udfff" for one in text)


@dataclass(frozen=True, slots=True)
class Part:
    """An object in a document, whose members are read by the type that they must have."""

    members: Mapping[str, Any]
    where: str = ""  # in the document, with a dot at the end

    def text(self, name: str) -> str:
        """Read a text that is not empty.

        :raises Malformed: when the member is missing or anything else.
        """
        value = self.members.get(name)
        if not isinstance(value, str) or not value:
            raise self._wrong(name, "a text")
        return value

    def text_or_none(self, name: str) -> str | None:
        """Read a text, or return None for null and for a member that is missing.

        :raises Malformed: when the member is anything else.
        """
        return None if self.members.get(name) is None else self.text(name)

    def count(self, name: str) -> int:
        """Read a whole number of at least 1.

        :raises Malformed: when the member is missing or anything else.
        """
        value = self.members.get(name)
        if not is_whole(value) or value < 1:
            raise self._wrong(name, "a whole number of at least 1")
        return value

    def part(self, name: str) -> Part:
        """Read an object.

        :raises Malformed: when the member is missing or anything else.
        """
        value = self.members.get(name)
        if not isinstance(value, Mapping):
            raise self._wrong(name, "an object")
        return Part(value, f"{self.where}{name}.")

    def part_or_none(self, name: str) -> Part | None:
        """Read an object, or return None for null and for a member that is missing.

        :raises Malformed: when the member is anything else.
        """
        return None if self.members.get(name) is None else self.part(name)

    def _wrong(self, name: str, wanted: str) -> Malformed:
        what = "is not" if name in self.members else "is missing, and must be"
        return Malformed(f"a field is missing or wrong: {self.where}{name} {what} {wanted}")


def read_object(content: bytes, bounds: Bounds) -> Part:
    """Read a document that must be an object.

    :raises Malformed: when it is anything else, or cannot be read.
    """
    document = read_json(content, bounds)
    if not isinstance(document, Mapping):
        raise Malformed("a field is missing or wrong: the document is not an object")
    return Part(document)
