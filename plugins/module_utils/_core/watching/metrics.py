# SPDX-License-Identifier: GPL-3.0-or-later
"""Metrics of CloudWatch: what it takes, and how many in one call (CloudWatch API Reference, PutMetricData)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus

from ..checking.checks import printable, read_time
from ..errors import LifeboatError

MAX_METRICS, MAX_BYTES, MAX_DIMENSIONS = 1000, 1_000_000, 30  # of a call, of a call, of a metric
MAX_NAME, MAX_VALUE = 255, 1024  # characters of a name, and of a dimension's value
LARGEST = 2.0**360
SIZES = tuple(f"{many}{size}" for size in ("bytes", "bits") for many in ("kilo", "mega", "giga", "tera"))
AMOUNTS = ("Count", "Bytes", "Bits", *(size.capitalize() for size in SIZES))
UNITS = ("Seconds", "Milliseconds", "Microseconds", "Percent", "None", *AMOUNTS, *(f"{one}/Second" for one in AMOUNTS))
# In the form of a query, which older clients send, a field is called as much as
# MetricData.member.1000.Dimensions.member.30.Value.
FIELD, FIELDS = 52, ("MetricName", "Value", "Unit", "Timestamp")
NUMBER = 32  # bytes of a value, a unit or a time at most


@dataclass(frozen=True, slots=True)
class Metric:
    """One number at one time."""

    name: str
    value: float
    unit: str = "None"
    dimensions: tuple[tuple[str, str], ...] = ()
    time: datetime | None = None  # when CloudWatch gets it, if None

    @property
    def size(self) -> int:
        """The bytes that it takes in a call, in the longest form in which clients write it."""
        words = [self.name, *(word for pair in self.dimensions for word in pair)]
        return len(FIELDS) * (FIELD + NUMBER) + sum(FIELD + len(quote_plus(word)) for word in words)


def read_namespace(namespace: str) -> str:
    """A namespace of one's own.

    :raises LifeboatError: when CloudWatch would not take it.
    """
    if why := why_no_name(namespace) or ("it is one of AWS's own" if namespace.startswith("AWS/") else None):
        what = f"Cannot publish metrics in the namespace {printable(repr(namespace))}"
        raise LifeboatError(what, why=why, remedy="Choose a short name of your own, such as Lifeboat")
    return namespace


def read_metrics(rows: Iterable[Mapping[str, Any]]) -> list[Metric]:
    """The option ``metrics`` of a module.

    :raises LifeboatError: naming the first one that CloudWatch would not take, and what to do about it.
    """
    return [read_metric(row) for row in rows]


def read_metric(row: Mapping[str, Any]) -> Metric:
    dimensions = {str(key): str(value) for key, value in (row.get("dimensions") or {}).items()}
    what = f"Cannot publish the metric {printable(repr(row['name']))}"
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
    """What is wrong with a metric, and the remedy; or None."""
    value, unit = row["value"], row.get("unit") or "None"
    if why := why_no_name(row["name"]):
        return why, "Give it a name such as RecoveryPointAge"
    if not math.isfinite(value) or abs(value) > LARGEST:
        return f"its value is {value}", "Leave out what is not known, and keep to numbers up to 2^360"
    if unit not in UNITS:
        return f"its unit is {printable(repr(unit))}", f"Use one of {', '.join(UNITS)}"
    if len(dimensions) > MAX_DIMENSIONS:
        return f"it has {len(dimensions)} dimensions", f"Use at most {MAX_DIMENSIONS}"
    for name, word in dimensions.items():
        if why := why_no_name(name) or why_no_word(word, MAX_VALUE):
            return f"of the dimension {printable(repr(name))}: {why}", "Correct the dimension, or leave it out"
    return None


def why_no_name(text: str) -> str | None:
    return "its name begins with a colon" if text.startswith(":") else why_no_word(text, MAX_NAME)


def why_no_word(text: str, longest: int) -> str | None:
    if not text.strip():
        return "it is empty"
    if len(text) > longest:
        return f"it has {len(text)} characters, and {longest} are allowed"
    return None if text.isascii() and text.isprintable() else "it has other characters than printable ASCII"


def heartbeat(prefix: str, name: str) -> dict[str, Any]:
    """That a pass succeeded. Of what does not run, nobody hears: an alarm waits for this."""
    return {"name": "SuccessfulRun", "value": 1, "unit": "Count", "dimensions": {"Installation": prefix, "Pass": name}}


def batches(metrics: Iterable[Metric]) -> Iterator[list[Metric]]:
    """As many metrics as one call takes, by their number and by their size."""
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
