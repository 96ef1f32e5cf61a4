# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the options of evidence_sync into what its pass is asked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..._core.errors import LifeboatError
from ..._core.handover.store import read_address
from ..._pass.requests.archive import ArchiveRequest
from ..arguments import read_request

CENTURY = 36_525  # the most days that S3 is asked to lock evidence for


def read_archive(params: Mapping[str, Any]) -> ArchiveRequest:
    """Read the options of evidence_sync.

    :raises LifeboatError: when the store is not an S3 prefix, or a number is too small or too large.
    """
    address = read_address(params["store"])
    if address.bucket is None:
        remedy = "Set store to s3://BUCKET/PREFIX"
        raise LifeboatError(f"Cannot keep evidence in {address}", why="it is not an S3 prefix", remedy=remedy)
    check_least("fetch", params["fetch"], 0)
    check_least("retain_days", params["retain_days"], 1)
    check_most("retain_days", params["retain_days"], CENTURY)
    return read_request(
        ArchiveRequest,
        params,
        directory=Path(params["directory"]).absolute(),
        address=address,
    )


def check_most(name: str, number: int | None, most: int) -> None:
    if number is not None and number > most:
        why, remedy = f"it is above {most}", f"Set {name} to {most} or less"
        raise LifeboatError(f"Cannot keep evidence with {name} {number}", why=why, remedy=remedy)


def check_least(name: str, number: int | None, least: int) -> None:
    if number is not None and number < least:
        raise LifeboatError(
            f"Cannot keep evidence with {name} {number}",
            why=f"it is below {least}",
            remedy=f"Set {name} to {least} or more",
        )
