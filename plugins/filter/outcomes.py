# SPDX-License-Identifier: GPL-3.0-or-later
"""Record how each step of a run ended, in one fact of the site: lifeboat_outcomes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

Outcomes = Mapping[str, Mapping[str, Any]]
Row = Mapping[str, Any]

UNNAMED = "it failed without a reason"
# What of a module's result the later steps and the end of a run need.
KEPT = ("changed", "steps", "manifest", "in_flight")


def record_result(outcomes: Outcomes, step: str, result: Row) -> dict[str, Any]:
    """Record the result of a step's module. A success clears an earlier failure of the same step."""
    failed = bool(result.get("failed"))
    outcome = {
        "failed": failed,
        "why": reason_of(result) if failed else "",
        **{key: result[key] for key in KEPT if key in result},
    }
    return {**outcomes, step: outcome}


def record_failure(outcomes: Outcomes, step: str, result: Row) -> dict[str, Any]:
    """Record what ended a step, unless the step has recorded the same itself."""
    why, recorded = reason_of(result), outcomes.get(step, {})
    if recorded.get("failed") and recorded["why"] == why:
        return dict(outcomes)
    known = {key: recorded[key] for key in KEPT if key in recorded}
    return {**outcomes, step: {**known, "failed": True, "why": why}}


def record_verdict(
    outcomes: Outcomes, step: str, report: Row, problems: Iterable[str] = (), *, planned: bool = False
) -> dict[str, Any]:
    """Record how a drill or a recovery ended. It failed unless it is verified and nothing else went wrong.

    :param problems: what went wrong beside the verdict.
    :param planned: a plan proves nothing, so it fails by its problems alone.
    """
    verdict = report.get("verdict") or "unverified"
    beside = " ".join(sentence(one) for one in problems if one)
    unproven = [] if planned or verdict == "verified" else [f"The {step_name(step)} ended {verdict}."]
    reasons = [one for one in (beside, *unproven) if one]
    outcome = {"failed": bool(reasons), "why": " ".join(reasons), "beside": beside, "verdict": verdict}
    return {**outcomes, step: outcome}


def run_failures(outcomes: Outcomes, *, beside_verdicts: bool = False) -> list[str]:
    """Return why steps failed, each reason once.

    :param beside_verdicts: leave out that a verdict is not "verified", for those who are told the verdict anyway.
    """
    failed = (one for one in outcomes.values() if one["failed"])
    whys = (one.get("beside", one["why"]) if beside_verdicts else one["why"] for one in failed)
    return list(dict.fromkeys(why for why in whys if why))


def reason_of(result: Row) -> str:
    return str(result.get("msg") or UNNAMED)


def sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def step_name(step: str) -> str:
    return {"recover": "recovery"}.get(step, step)


class FilterModule:
    """The filters over the outcomes of steps."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "record_failure": record_failure,
            "record_result": record_result,
            "record_verdict": record_verdict,
            "run_failures": run_failures,
        }
