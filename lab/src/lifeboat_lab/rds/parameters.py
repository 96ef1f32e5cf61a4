# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the parameters of parameter groups, by engine, from data/parameters.csv."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("data") / "parameters.csv"


@dataclass(frozen=True)
class Parameter:
    """One parameter of an engine."""

    name: str
    type: str
    is_static: bool
    modifiable: bool
    # What RDS sets; without it, the engine's own default holds and is not shown.
    default: str
    allowed: str
    about: str

    def admits(self, value: str) -> bool:
        """Tell whether a value is allowed. Formulas are accepted unchecked."""
        if not self.allowed or value.startswith(("{", "LEAST", "GREATEST", "SUM", "log")):
            return True
        if self.type in ("integer", "float") and "," not in self.allowed:
            return _within(value, self.allowed)
        return value.lower() in self.allowed.lower().split(",")


def _within(value: str, limits: str) -> bool:
    # A negative lower limit begins with the sign that separates the limits.
    low, _dash, high = limits[1:].partition("-")
    try:
        return float(limits[0] + low) <= float(value) <= float(high)
    except ValueError:
        return False


@cache
def _known() -> dict[str, dict[str, Parameter]]:
    found: dict[str, dict[str, Parameter]] = {}
    lines = [line for line in FILE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    for row in csv.DictReader(lines):
        found.setdefault(row["engine"], {})[row["name"]] = Parameter(
            row["name"], row["type"], row["apply"] == "static", row["modifiable"] == "yes", row["default"],
            row["allowed"], row["description"] or row["name"],
        )  # fmt: skip
    return found


def of_engine(engine: str) -> dict[str, Parameter]:
    """Return the parameters of an engine; related engines share them."""
    kin = {"postgres": "postgres", "aurora-postgresql": "postgres", "mysql": "mysql", "aurora-mysql": "mysql",
           "mariadb": "mysql"}  # fmt: skip
    return _known()[kin.get(engine) or engine.split("-")[0]]
