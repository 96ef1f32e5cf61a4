# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold what database_credentials is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..._core.model import Purpose
from .common import LoopRequest

Mode = Literal["random", "managed", "iam"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialsRequest(LoopRequest):
    """Which restored databases get new credentials, and of which kind."""

    purpose: Purpose
    names: frozenset[str]  # only of recoveries; the databases of a drill have its id
    drill_id: str
    mode: Mode
    username: str | None
