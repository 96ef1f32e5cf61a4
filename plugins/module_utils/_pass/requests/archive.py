# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold what evidence_sync is asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from ..._core.handover.store import Address
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
