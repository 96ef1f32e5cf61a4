# SPDX-License-Identifier: GPL-3.0-or-later
"""What evidence_sync is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from ..._core.errors import LifeboatError
from ..._core.handover.store import Address, read_address
from .common import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveRequest(Request):
    """Which directory and which S3 prefix should have the same evidence, and for how long it is locked there."""

    directory: Path
    address: Address
    fetch: int  # documents, the newest; 0 fetches none
    push: bool
    retain_days: int | None
    retain_mode: Literal["governance", "compliance"]

    def lock_at(self, now: datetime) -> dict[str, Any]:
        """Return the object lock of a file that is put now, as S3 takes it."""
        if self.retain_days is None:
            return {}
        until = now + timedelta(days=self.retain_days)
        return {"ObjectLockMode": self.retain_mode.upper(), "ObjectLockRetainUntilDate": until}


def read_archive(params: Mapping[str, Any]) -> ArchiveRequest:
    """Read the options of evidence_sync.

    :raises LifeboatError: when the store is not an S3 prefix, or a number is too small.
    """
    address = read_address(params["store"])
    if address.bucket is None:
        remedy = "Set store to s3://BUCKET/PREFIX"
        raise LifeboatError(f"Cannot keep evidence in {address}", why="it is not an S3 prefix", remedy=remedy)
    check_least("fetch", params["fetch"], 0)
    check_least("retain_days", params["retain_days"], 1)
    return ArchiveRequest(
        account_id=params["account_id"],
        prefix=params["prefix"],
        directory=Path(params["directory"]).absolute(),
        address=address,
        fetch=params["fetch"],
        push=params["push"],
        retain_days=params["retain_days"],
        retain_mode=params["retain_mode"],
    )


def check_least(name: str, number: int | None, least: int) -> None:
    if number is not None and number < least:
        raise LifeboatError(
            f"Cannot keep evidence with {name} {number}",
            why=f"it is below {least}",
            remedy=f"Set {name} to {least} or more",
        )
