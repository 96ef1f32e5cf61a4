# SPDX-License-Identifier: GPL-3.0-or-later
"""What was measured, beside what was promised."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Figure:
    """One measured number; ``most`` or ``least`` is what it may be."""

    what: str
    value: float
    unit: str = ""
    most: float | None = None
    least: float | None = None

    @property
    def verdict(self) -> str:
        if self.most is None and self.least is None:
            return ""
        too_much = self.most is not None and self.value > self.most
        too_little = self.least is not None and self.value < self.least
        return "misses" if too_much or too_little else "meets"

    @property
    def promise(self) -> str:
        return f"≤ {shown(self.most)}" if self.most is not None else f"≥ {shown(self.least)}" if self.least else ""


def shown(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def medians(runs: list[list[Figure]]) -> list[Figure]:
    """Each figure's median over the runs."""
    by_name: dict[str, list[Figure]] = {}
    for figure in (figure for run in runs for figure in run):
        by_name.setdefault(figure.what, []).append(figure)
    return [
        Figure(name, median(each.value for each in found), found[-1].unit, found[-1].most, found[-1].least)
        for name, found in by_name.items()
    ]


def table(figures: Iterable[Figure]) -> str:
    """As Markdown, so that it may go into docs/benchmarks.md as it is."""
    lines = ["| what | measured | promised | |", "|---|---|---|---|"]
    lines += [f"| {one.what} | {shown(one.value)} {one.unit} | {one.promise} | {one.verdict} |" for one in figures]
    return "\n".join(lines)
