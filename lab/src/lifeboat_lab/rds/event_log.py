# SPDX-License-Identifier: GPL-3.0-or-later
"""Answer DescribeEvents and DescribeEventCategories."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from lifeboat_lab.errors import AwsError
from lifeboat_lab.rds import paging
from lifeboat_lab.rds.catalogue import CATEGORIES
from lifeboat_lab.rds.events import KEEP_MINUTES, Event, check_source_type

if TYPE_CHECKING:
    from lifeboat_lab.rds.world import Call, World


def describe(world: World, call: Call) -> dict[str, Any]:
    """Answer DescribeEvents."""
    params = call.params
    source_type, source = params.get("SourceType"), params.get("SourceIdentifier")
    if source and not source_type:
        raise AwsError("InvalidParameterCombination", "SourceIdentifier cannot be given without SourceType.")
    if source_type:
        check_source_type(source_type)
    start, end = _span(params, world.now())
    categories = params.get("EventCategories") or []
    found = [
        event
        for event in world.events.of(call.account, call.region)
        if start <= event.moment <= end
        and source_type in (None, event.source_type)
        and (not source or event.source == source.lower())
        and (not categories or event.category in categories)
    ]
    page, marker = paging.page(paging.filtered(found, params, {}), params, lambda event: f"{event.number:012}")
    return {"Events": [_row(event) for event in page], "Marker": marker}


def _row(event: Event) -> dict[str, Any]:
    """Build an event's row, which has no event id (aws_rds.md 5.5)."""
    return {
        "SourceIdentifier": event.source,
        "SourceType": event.source_type,
        "Message": event.message,
        "EventCategories": [event.category],
        "Date": event.moment,
        "SourceArn": event.arn,
    }


def _span(params: Mapping[str, Any], now: float) -> tuple[float, float]:
    """Return the wanted span. A duration counts back from the end, otherwise forward from the start."""
    minutes = params.get("Duration", 60)
    if not 1 <= minutes <= KEEP_MINUTES:
        raise AwsError(
            "InvalidParameterValue", f"Invalid value {minutes} for Duration. Must be between 1 and {KEEP_MINUTES}"
        )
    start, end = _moment(params, "StartTime"), _moment(params, "EndTime")
    if start is None:
        end = now if end is None else end
        return end - minutes * 60, end
    if end is None:
        end = start + minutes * 60 if "Duration" in params else now
    if start > end:
        raise AwsError("InvalidParameterValue", "StartTime must not be after EndTime.")
    return start, end


def _moment(params: Mapping[str, Any], name: str) -> float | None:
    text = params.get(name)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise AwsError("InvalidParameterValue", f"Invalid value for {name}: {text}") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()


def describe_categories(_world: World, call: Call) -> dict[str, Any]:
    """Answer DescribeEventCategories."""
    wanted = call.params.get("SourceType")
    if wanted:
        check_source_type(wanted)
    paging.filtered([], call.params, {})
    return {
        "EventCategoriesMapList": [
            {"SourceType": source_type, "EventCategories": list(categories)}
            for source_type, categories in CATEGORIES.items()
            if wanted in (None, "", source_type)
        ]
    }
