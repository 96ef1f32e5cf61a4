# SPDX-License-Identifier: GPL-3.0-or-later
"""Metrics of CloudWatch: what PutMetricData accepts, and how much in one call (CloudWatch API Reference)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus

from ..errors import LifeboatError
from ..words import printable, read_time

MAX_METRICS, MAX_BYTES, MAX_DIMENSIONS = 1000, 1_000_000, 30  # per call, per call, per metric
MAX_NAME, MAX_VALUE = 255, 1024  # characters of a name, and of the value of a dimension
LARGEST = 2.0**360
SIZES = tuple(f"{many}{size}" for size in ("bytes", "bits") for many in ("kilo", "mega", "giga", "tera"))
AMOUNTS = ("Count", "Bytes", "Bits", *(size.capitalize() for size in SIZES))
UNITS = ("Seconds", "Milliseconds", "Microseconds", "Percent", "None", *AMOUNTS, *(f"{one}/Second" for one in AMOUNTS))
# Older clients send the call as a query, in which a field has a name of up to this length:
# MetricData.member.1000.Dimensions.member.30.Value.
FIELD, FIELDS = 52, ("MetricName", "Value", "Unit", "Timestamp")
NUMBER = 32  # the most bytes of a value, a unit or a time


@dataclass(frozen=True, slots=True)
class Metric:
    """One value at one time."""

    name: str
    value: float
    unit: str = "None"
    dimensions: tuple[tuple[str, str], ...] = ()
    time: datetime | None = None  # None: the time of the call

    @property
    def size(self) -> int:
        """Return the bytes that it needs in a call, in the longest form that clients use."""
        words = [self.name, *(word for pair in self.dimensions for word in pair)]
        return len(FIELDS) * (FIELD + NUMBER) + sum(FIELD + len(quote_plus(word)) for word in words)


def read_namespace(namespace: str) -> str:
    """Check the name of a namespace, and return it.

    :raises LifeboatError: when CloudWatch does not accept it.
    """
    if why := why_no_name(namespace) or ("it is one of AWS's own" if namespace.startswith("AWS/") else None):
        what = f"Cannot put metrics into the namespace {printable(repr(namespace))}"
        raise LifeboatError(what, why=why, remedy="Set namespace to a short name of your own, such as Lifeboat")
    return namespace


def read_metrics(rows: Iterable[Mapping[str, Any]]) -> list[Metric]:
    """Read the option ``metrics`` of a module.

    :raises LifeboatError: for the first metric that CloudWatch does not accept.
    """
    return [read_metric(row) for row in rows]


def read_metric(row: Mapping[str, Any]) -> Metric:
    """Read one metric.

    :raises LifeboatError: when CloudWatch does not accept it.
    """
    dimensions = {str(key): str(value) for key, value in (row.get("dimensions") or {}).items()}
    what = f"Cannot put the metric {printable(repr(row['name']))}"
    if reason := why_refused(row, dimensions):
        why, remedy = reason
        raise LifeboatError(what, why=why, remedy=remedy)
    return Metric(
        name=row["name"],
        value=float(row["value"]),
        unit=row.get("unit") or "None",
        dimensions=tuple(sorted(dimensions.items())),
        time=read_time(f"{what} (timestamp)", row["timestamp"]) if row.get("timestamp") else None,
    )


def why_refused(row: Mapping[str, Any], dimensions: Mapping[str, str]) -> tuple[str, str] | None:
    """Explain why CloudWatch does not accept a metric, with the remedy, or return None if it does."""
    value, unit = row["value"], row.get("unit") or "None"
    if why := why_no_name(row["name"]):
        return why, "Give it a name such as RecoveryPointAge"
    if not math.isfinite(value) or abs(value) > LARGEST:
        return f"its value is {value}", "Leave out unknown values, and use numbers up to 2^360"
    if unit not in UNITS:
        return f"its unit is {printable(repr(unit))}", f"Use one of {', '.join(UNITS)}"
    if len(dimensions) > MAX_DIMENSIONS:
        return f"it has {len(dimensions)} dimensions", f"Use at most {MAX_DIMENSIONS}"
    for name, word in dimensions.items():
        if why := why_no_name(name) or why_no_word(word, MAX_VALUE):
            return f"its dimension {printable(repr(name))} is invalid: {why}", "Correct the dimension, or leave it out"
    return None


def why_no_name(text: str) -> str | None:
    """Explain why a text cannot be the name of a metric or a dimension, or return None if it can."""
    return "its name begins with a colon" if text.startswith(":") else why_no_word(text, MAX_NAME)


def why_no_word(text: str, longest: int) -> str | None:
    """Explain why CloudWatch does not accept a text, or return None if it does."""
    if not text.strip():
        return "it is empty"
    if len(text) > longest:
        return f"it has {len(text)} characters, and {longest} are allowed"
    return None if text.isascii() and text.isprintable() else "it has other characters than printable ASCII"


def heartbeat(prefix: str, name: str) -> dict[str, Any]:
    """Build the metric that reports a successful pass. An alarm on its absence notices that nothing runs any more."""
    return {"name": "SuccessfulRun", "value": 1, "unit": "Count", "dimensions": {"Installation": prefix, "Pass": name}}


def batches(metrics: Iterable[Metric]) -> Iterator[list[Metric]]:
    """Split metrics into batches that fit into one call, by number and by size."""
    batch: list[Metric] = []
    size = 0
    for metric in metrics:
        if batch and (len(batch) == MAX_METRICS or size + metric.size > MAX_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(metric)
        size += metric.size
    if batch:
        yield batch
