# SPDX-License-Identifier: GPL-3.0-or-later
"""What more than one module is asked; each request is read from the options once and never changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._core.copying.plan import Limits
from ..._core.handover.store import Address

# What an earlier pass left in flight: plain values, since they travel through the result of the module.
Documents = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What every module is told: the account that it must find itself in, and the prefix of what is ours."""

    account_id: str
    prefix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopRequest(Request):
    """A request that takes several passes. The first one has no ``resume`` and reads everything."""

    resume: Documents | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyRequest(LoopRequest):
    """What both modules that copy snapshots are told."""

    wait: bool
    limits: Limits
    tags: Mapping[str, str]
    store: Address | None
