# SPDX-License-Identifier: GPL-3.0-or-later
"""The evidence that a posture is drawn from, and where its document lies."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain, count
from pathlib import Path
from typing import Any

from .._core.errors import LifeboatError
from .._core.evidence.history import posture_stem
from .._core.evidence.last_drills import Drills, drilled_in, why_foreign
from .._core.foreign import EVIDENCE, read_object
from .._core.words import printable
from .evidence import add, check_writable, is_free, locked, pack, signature_of
from .regular import read_regular
from .signing import Signer, open_public_keys, why_not_signed

SHOWN = 3  # of the ignored files


def last_drills(directory: str, now: datetime, public_keys: Sequence[str] = ()) -> tuple[Drills, list[str]]:
    """Read the newest drill of each database from the evidence, and what to warn of.

    :param public_keys: when there are any, what none of them has signed does not count.
    :raises LifeboatError: when the directory may not be read, or a key cannot be used.
    """
    drills, ignored, keys = Drills(), [], open_public_keys(list(public_keys))
    for path in documents(directory):
        try:
            found = read_drill(Path(path), now, keys)
        except (OSError, ValueError) as error:
            ignored.append(f"{printable(os.path.basename(path))} ({printable(error)})")
            continue
        for one in drilled_in(found, os.path.basename(path)):
            drills.add(one)
    return drills, warnings(ignored)


def read_drill(path: Path, now: datetime, keys: Mapping[str, Any]) -> Mapping[str, Any]:
    """Read a document of the evidence.

    :raises ValueError: when it cannot be read, is something else, or is not signed by one of the keys.
    :raises OSError: when it may not be read.
    """
    content = read_regular(path)
    document = read_object(content, EVIDENCE)
    why = why_foreign(document.members, now)
    if keys and not why:
        why = why_not_signed(content, signature_of(path), document.text_or_none("signed_by"), keys)
    if why:
        raise ValueError(why)
    return document.members


def documents(directory: str) -> Iterator[str]:
    """List what may be evidence. Earlier postures are not, and neither is a hidden file: it is not whole yet.

    :raises LifeboatError: when the directory may not be read.
    """
    try:
        names = sorted(os.listdir(directory)) if os.path.isdir(directory) else []
    except OSError as error:
        why, remedy = error.strerror or type(error).__name__, "Let this user read it, or set directory to another one"
        raise LifeboatError(f"Cannot read the evidence in {directory}", why=why, remedy=remedy) from error
    wanted = (name for name in names if name.endswith(".json") and not name.startswith((".", "posture-")))
    return (os.path.join(directory, name) for name in wanted)


def warnings(ignored: list[str]) -> list[str]:
    """Return one warning for all: a directory full of other files would otherwise fill the screen."""
    if not ignored:
        return []
    more = f" and {len(ignored) - SHOWN} more" if len(ignored) > SHOWN else ""
    return [f"Ignored as evidence: {', '.join(ignored[:SHOWN])}{more}"]


def names(time: str) -> Iterator[str]:
    """Return the names that a posture of this time may have: two may be written within a second."""
    return (f"{posture_stem(time)}{end}.json" for end in chain([""], (f"-{number}" for number in count(2))))


def predict(directory: str, posture: Mapping[str, Any]) -> str:
    """Return the path that the document would get.

    :raises LifeboatError: when it could not be written.
    """
    check_writable(directory)
    return os.path.join(directory, next(name for name in names(posture["time"]) if is_free(Path(directory), name)))


def write(directory: str, posture: Mapping[str, Any], signer: Signer | None) -> str:
    """Write the document and its signature, and return its path.

    :raises LifeboatError: when that is not possible. Then no file is left behind.
    """
    with locked(directory) as folder:
        return str(add(folder, names(posture["time"]), pack(posture), signer))
