# SPDX-License-Identifier: GPL-3.0-or-later
"""Turn the outcomes of a run into events of its own, and into the metrics that alarms wait for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any

from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.events import Reporter, events_of
from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.metrics import heartbeat
from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.outcomes import Outcomes, failures_of

Row = dict[str, Any]


def own_events(outcomes: Outcomes, name: str, account_id: str, region: str) -> list[Row]:
    """Make the events of one site, for event_send. What a verdict says is told by the verdict's own events."""
    failures = failures_of(outcomes, beside_verdicts=True)
    return [asdict(event) for event in events_of(Reporter(name, str(account_id), region), outcomes, failures)]


def heartbeats(passes: Iterable[str], prefix: str = "lifeboat") -> list[Row]:
    """One number for each pass that succeeded, for metric_put."""
    return [heartbeat(prefix, one) for one in passes]


class FilterModule:
    """The filters of the role conclude."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"own_events": own_events, "heartbeats": heartbeats}
