# SPDX-License-Identifier: GPL-3.0-or-later
"""Which databases need no recovery points of their own: those that somebody excluded, and replicas.

Excluded is what the inventory says with ``protect: false`` and a reason. A replica is covered by the database that it
replicates, unless the inventory says ``protect: true``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from ..errors import LifeboatError
from .overrides import Override

# Why a database has no recovery points of its own, as steps, status and posture say it.
Exemption = Literal["excluded", "replica"]


@dataclass(frozen=True, slots=True)
class Protection:
    """What the inventory says about protecting a database."""

    protect: bool | None = None  # None: nothing, so that it is protected unless it is a replica
    reason: str | None = None


def exemption_of(said: Protection, replica_of: str | None) -> tuple[Exemption, str] | None:
    """Tell why a database needs no recovery points of its own, in a word and in a sentence, or return None.

    :param replica_of: the ARN of what it replicates, or None.
    """
    if said.protect is False:
        return "excluded", f"excluded: {said.reason}"
    if replica_of and not said.protect:
        return "replica", f"a replica of {replica_of}, and covered by it"
    return None


def check_protection(overrides: Iterable[Override]) -> None:
    """Refuse exclusions without a reason.

    :raises LifeboatError: for the first one.
    """
    for one in overrides:
        if one.settings.get("protect") is False and not str(one.settings.get("reason") or "").strip():
            named = ", ".join(one.selection.identifiers) or "databases"
            why = "protect is false, and there is no reason for reports to show"
            raise LifeboatError(f"Cannot exclude {named}", why=why, remedy="Set reason beside protect: false")
