# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws pictures with matplotlib, where it is installed. The page has the same figures in a table."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ansible_collections.lifeboat.rds.plugins.module_utils._core.words import UNITS

from .svg import COLOURS, inline
from .words import WORDS, shorten

WIDTH, LEFT, RIGHT = 10.5, 2.4, 1.9  # inches: the picture, the names, the labels at the end of the rows
ROW, HEAD, FOOT = 0.34, 0.42, 0.62  # inches
ROWS = 20  # in one picture, so that it fits on a printed page
NAME = 26  # characters
SETTINGS: dict[str, Any] = {
    "svg.fonttype": "none",  # text remains text, so it can be selected and searched
    "svg.hashsalt": "lifeboat",  # makes pictures of the same figures identical
    "text.parse_math": False,  # names may contain a $, which is not a formula here
    "axes.unicode_minus": False,
    "font.family": "sans-serif",
    "font.size": 11,
    "text.color": COLOURS["ink"],
    "axes.edgecolor": COLOURS["line"],
    "axes.labelcolor": COLOURS["muted"],
    "xtick.color": COLOURS["muted"],
    "ytick.color": COLOURS["ink"],
    "grid.color": COLOURS["line"],
}
SAME = "The table below has the same figures."
MARKERS = {"verified": "o", "failed": "X", "unverified": "^"}


@dataclass(frozen=True, slots=True)
class Bar:
    """A row of a picture: the pieces of its bar in seconds, and its label."""

    name: str
    pieces: tuple[tuple[str, float], ...]  # colour, length
    label: str
    goal: float | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """One drill in the trend. Times are in seconds, or None when not measured."""

    label: str
    verdict: str
    rto: float | None
    rpo: float | None


def is_available() -> bool:
    """Tell whether matplotlib is installed."""
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        return False
    return True


@contextmanager
def drawing() -> Iterator[None]:
    """Use our own settings instead of this machine's, and ignore missing fonts, since the browser has its own."""
    import matplotlib

    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(SETTINGS)
        yield


def picture(draw: Callable[[Any], None], height: float, *, chart: str, title: str, description: str) -> str:
    """Draw a figure as an SVG element.

    :param draw: draws on the empty figure.
    :param height: in inches.
    """
    with drawing():
        from matplotlib.figure import Figure

        figure, out = Figure(figsize=(WIDTH, height)), io.StringIO()
        figure.patch.set_visible(False)
        draw(figure)
        figure.savefig(out, format="svg", metadata={"Date": None})
    return inline(out.getvalue(), chart=chart, title=title, description=description)


def by_page(
    bars: Sequence[Bar],
    limit: float,
    size: float,
    finish: Callable[[Any, Any], None],
    *,
    chart: str,
    title: str,
    description: str,
) -> list[str]:
    """Draw rows of bars, in several pictures if they do not fit on one printed page.

    :param limit: the greatest length on the axis, in seconds or per cent.
    :param size: the length of one unit of the axis.
    :param finish: completes a figure and its axes after the bars are drawn.
    """

    def drawer(some: Sequence[Bar]) -> Callable[[Any], None]:
        return lambda figure: finish(figure, rows(figure, some, limit, size))

    parts = [bars[start : start + ROWS] for start in range(0, len(bars), ROWS)]
    return [
        picture(
            drawer(some), HEAD + FOOT + ROW * len(some), chart=f"{chart}-{place}", title=title, description=description
        )
        for place, some in enumerate(parts, 1)
    ]


def phases(bars: Sequence[Bar], legend: Sequence[tuple[str, str]]) -> list[str]:
    """Draw the phases of each database. Each row begins when the recovery of that database began.

    :param legend: each colour, with the name of its phase.
    """
    longest = max((sum(length for _colour, length in drawn.pieces) for drawn in bars), default=0) or 1
    size, unit = scale(longest)

    def finish(figure: Any, axes: Any) -> None:
        from matplotlib.patches import Patch

        handles = [Patch(color=COLOURS[colour], label=name) for colour, name in legend]
        handles += [objective()] if any(is_within(drawn.goal, longest) for drawn in bars) else []
        figure.legend(handles=handles, loc="upper left", ncols=len(handles), frameon=False, fontsize=10,
                      handlelength=0.9, handleheight=0.9, columnspacing=1.2, handletextpad=0.5)  # fmt: skip
        axes.set_xlabel(f"{unit} since the recovery of the database began")

    description = f"One row a database, one piece a phase, in their order. {SAME}"
    return by_page(bars, longest * 1.02, size, finish, chart="phases", title="The phases", description=description)


def ages(bars: Sequence[Bar]) -> list[str]:
    """Draw the age of each database in per cent of its objective. Bars over 200 per cent are cut off at the border."""

    def finish(_figure: Any, axes: Any) -> None:
        axes.axvline(100, color=COLOURS["ink"], linewidth=1.2)
        axes.set_xlabel("age of the newest recovery point that counts, in per cent of the objective")

    description = f"One row a database; beyond 100 per cent it is unprotected. {SAME}"
    return by_page(bars, 200, 1, finish, chart="ages", title="Ages against the objectives", description=description)


def rows(figure: Any, bars: Sequence[Bar], limit: float, size: float) -> Any:
    """Draw a row for each bar, and return the axes.

    :param size: the length of one unit of the axis.
    """
    height = figure.get_figheight()
    box = (LEFT / WIDTH, FOOT / height, (WIDTH - LEFT - RIGHT) / WIDTH, ROW * len(bars) / height)
    axes = figure.add_axes(box, facecolor="none")
    for place, drawn in enumerate(bars):
        start = 0.0
        for colour, length in drawn.pieces:
            axes.barh(place, length / size, left=start, height=0.56, color=COLOURS[colour],
                      edgecolor=COLOURS["paper"], linewidth=0.6)  # fmt: skip
            start += length / size
        if is_within(drawn.goal, limit):
            axes.vlines((drawn.goal or 0) / size, place - 0.42, place + 0.42, color=COLOURS["ink"], linewidth=1.6)
        axes.annotate(drawn.label, (1, place), (8, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
                      va="center", annotation_clip=False)  # fmt: skip
    axes.set_xlim(0, limit / size)
    axes.set_ylim(len(bars) - 0.5, -0.5)
    axes.set_yticks(range(len(bars)), [shorten(drawn.name, NAME) for drawn in bars])
    quiet(axes)
    return axes


def is_within(goal: float | None, longest: float) -> bool:
    """Tell whether an objective fits into the picture without making the bars too short to see."""
    return goal is not None and goal <= longest


def objective() -> Any:
    """Draw the sign of an objective for the legend."""
    from matplotlib.lines import Line2D

    look: dict[str, Any] = {
        "linestyle": "",
        "marker": "|",
        "markersize": 11,
        "markeredgewidth": 1.8,
        "color": COLOURS["ink"],
    }
    return Line2D([], [], **look, label="objective")


def quiet(axes: Any) -> None:
    """Remove frame and ticks. The grid is enough."""
    axes.tick_params(length=0)
    axes.grid(axis="x", linewidth=0.6)
    axes.set_axisbelow(True)
    for spine in axes.spines.values():
        spine.set_visible(False)


def trend(points: Sequence[Point]) -> str:
    """Draw the slowest recovery and the oldest recovery point of each drill, in order."""

    def draw(figure: Any) -> None:
        recoveries, recovery_points = [one.rto for one in points], [one.rpo for one in points]
        panels = (("Slowest recovery", recoveries), ("Oldest recovery point", recovery_points))
        for place, (name, values) in enumerate(panels):
            axes = figure.add_axes((0.05 + 0.5 * place, 0.26, 0.43, 0.6), facecolor="none")
            curve(axes, name, values, points)
        from matplotlib.lines import Line2D

        handles = [
            Line2D([], [], linestyle="", marker=marker, color=COLOURS[verdict], label=WORDS[verdict].lower())
            for verdict, marker in MARKERS.items()
        ]
        figure.legend(handles=handles, loc="lower center", ncols=3, frameon=False, fontsize=10)

    return picture(
        draw,
        2.9,
        chart="trend",
        title="The trend of the site",
        description="The slowest recovery and the oldest recovery point of each drill. " + SAME,
    )


def curve(axes: Any, name: str, values: Sequence[float | None], points: Sequence[Point]) -> None:
    """Draw one measurement over the drills, with a gap where it is missing, and a marker for each verdict."""
    size, unit = scale(max((one for one in values if one is not None), default=1))
    known = [float("nan") if one is None else one / size for one in values]
    axes.plot(range(len(known)), known, color=COLOURS["muted"], linewidth=1)
    for verdict, marker in MARKERS.items():
        places = [place for place, one in enumerate(points) if one.verdict == verdict]
        axes.plot(places, [known[place] for place in places], linestyle="", marker=marker, markersize=7,
                  color=COLOURS[verdict])  # fmt: skip
    axes.set_title(f"{name}, in {unit}", loc="left", fontsize=11, color=COLOURS["ink"])
    highest = max((one / size for one in values if one is not None), default=0)
    axes.set_ylim(0, (highest or 1) * 1.15)
    axes.set_xlim(-0.5, len(points) - 0.5)
    shown = sorted({0, len(points) - 1} if len(points) > 4 else set(range(len(points))))
    axes.set_xticks(shown, [points[place].label for place in shown])
    quiet(axes)
    axes.tick_params(axis="x", pad=8)
    axes.grid(visible=False, axis="x")
    axes.grid(axis="y", linewidth=0.6)


def scale(longest: float) -> tuple[int, str]:
    """Choose the unit for a length: its size in seconds, and its name."""
    names = {"d": "days", "h": "hours", "min": "minutes", "s": "seconds"}
    size, unit = next(((size, unit) for unit, size in UNITS if longest >= 2 * size), (1, "s"))
    return size, names[unit]
