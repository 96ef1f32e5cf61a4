# SPDX-License-Identifier: GPL-3.0-or-later
"""What the steps of a run tell each other and its end: how each one ended at a site, in the fact lifeboat_outcomes.

For each step that ended (``publish``, ``replicate``, ``prune``, ``reap``, ``subscription``, ``drill``, ``recover``,
``on_event`` and the ``failback_*``) the fact holds

- ``failed`` and ``why``, an empty text where it succeeded,
- of a module that acts on items: ``changed``, ``steps``, ``in_flight`` and the ``manifest`` for the other side,
- ``partial``: it did only a part of what a schedule waits for,
- of one that deletes: ``where``, and ``planned`` in check mode,
- of a drill or a recovery: ``verdict``, ``beside`` (what failed beside the verdict), ``purpose``, ``drill_id``,
  ``summary``, ``databases``, and for a recovery the ``endpoints``,
- of a ``posture``: the ``posture`` with its ``verdict`` and ``words``, and ``beside``,
- of an event: the ``databases`` that it is about.

A ``plan`` is what a drill or a recovery would restore (``steps``, ``began``, ``warnings``), and what is in its way
(``problems``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .deletions import THINGS, names_of, told

Outcome = Mapping[str, Any]
Outcomes = Mapping[str, Outcome]
Row = Mapping[str, Any]

UNNAMED = "it failed without a reason"
# The parts of a result that later steps and the end of a run need.
KEPT = ("changed", "steps", "manifest", "in_flight", "databases")
REPORTED = ("summary", "databases")
PLANNED = ("steps", "began", "warnings")
# The passes whose steps are counted. Alarms expect each of them to succeed regularly.
PASSES = ("publish", "replicate", "prune", "reap")
ONLY_PLANNED = ("would_delete", "would_retire")
# Databases that have no recovery points and are no failure, by the status of their step.
ASIDE = {"excluded": "excluded", "replica": "replicas", "unprotected": "accepted without a recovery point"}
VERIFIED = "verified"
FATAL: Mapping[str, tuple[str, ...]] = {"never": (), "failed": ("failed",), "unverified": ("failed", "unverified")}
PURPOSES = {"drill": "drill", "recover": "recovery"}


def after_result(
    outcomes: Outcomes, step: str, result: Row, *, partial: bool = False, where: str = "", planned: bool = False
) -> dict[str, Any]:
    """Record the result of a step. A success clears an earlier failure of the same step.

    :param where: the account and the Region in which it may have deleted something.
    :param planned: whether it only planned, as in check mode.
    """
    why = failure_of(result) or (reason_of(result) if result.get("failed") else "")
    place = {"where": where, "planned": planned} if where else {}
    return {**outcomes, step: {"failed": bool(why), "why": why, "partial": partial, **place, **picked(result, KEPT)}}


def failure_of(result: Row) -> str:
    """Tell why a module failed that acts on items, a line for each item. Empty where it did not, or never began.

    Roles let the task itself pass, since Ansible shows the whole result of one that fails: every item with all its
    facts. Only results that failed have a message.
    """
    if "msg" not in result or "steps" not in result:
        return ""
    reasons = list(dict.fromkeys(step["reason"] for step in result["steps"] if step.get("status") == "failed"))
    return "\n".join(reasons) if reasons and reason_of(result) == " ".join(reasons) else reason_of(result)


def after_failure(outcomes: Outcomes, step: str, result: Row) -> dict[str, Any]:
    """Record why a step failed. What the step has recorded about its work stays."""
    recorded, why = outcomes.get(step, {}), reason_of(result)
    if recorded.get("failed") and why in recorded["why"]:
        return dict(outcomes)
    beside = {"beside": joined(recorded.get("beside"), why)} if "verdict" in recorded else {}
    return {**outcomes, step: {**recorded, "failed": True, "why": joined(recorded.get("why"), why), **beside}}


def after_plan(
    outcomes: Outcomes, planned: Row, unready: Sequence[Row] = (), *, purpose: str = "drill"
) -> dict[str, Any]:
    """Record what a drill or a recovery would restore. A plan with problems is not a failure.

    :param unready: databases that the check host cannot look at, each with its reason. A recovery restores them.
    """
    problems = [step["reason"] for step in planned.get("steps", []) if step["status"] == "failed"]
    blind = list(dict.fromkeys(str(one["reason"]) for one in unready))
    found = {"failed": False, "why": "", "problems": problems, **picked(planned, PLANNED)}
    key = "problems" if purpose == "drill" else "warnings"
    return {**outcomes, "plan": found | ({key: [*found.get(key, []), *blind]} if blind else {})}


def after_verdict(
    outcomes: Outcomes, step: str, report: Row, problems: Iterable[str] = (), *, planned: bool = False, **known: Any
) -> dict[str, Any]:
    """Record how a drill or a recovery ended. It failed unless it is verified and nothing else went wrong.

    :param problems: what went wrong besides the verdict.
    :param planned: whether it is only a plan. A plan proves nothing, so only problems make it fail.
    """
    verdict = report.get("verdict") or "unverified"
    beside = joined(*problems)
    unproven = "" if planned or verdict == VERIFIED else f"The {PURPOSES[step]} ended {verdict}."
    why = joined(beside, unproven)
    told = {"verdict": verdict, "beside": beside, "purpose": PURPOSES[step], **picked(report, REPORTED), **known}
    return {**outcomes, step: {"failed": bool(why), "why": why, **told}}


def after_posture(outcomes: Outcomes, posture: Row, fail_on: str, problem: str | None = None) -> dict[str, Any]:
    """Record the verdict on all databases.

    :param fail_on: the mildest verdict that is a failure: failed or unverified, or never.
    :param problem: why there is no posture.
    """
    is_fatal = posture.get("verdict") in FATAL[fail_on]
    found = f"The posture is {posture['verdict']}: {posture['words']}." if is_fatal else ""
    beside = joined(problem)
    told = {"posture": picked(posture, ("verdict", "words", "time")), "beside": beside}
    return {**outcomes, "posture": {"failed": bool(found or beside), "why": joined(beside, found), **told}}


def without(outcomes: Outcomes, *steps: str) -> dict[str, Any]:
    """Remove the outcomes of steps that begin again."""
    return {step: outcome for step, outcome in outcomes.items() if step not in steps}


def failures_of(outcomes: Outcomes, *, beside_verdicts: bool = False) -> list[str]:
    """List why steps failed, each reason once.

    :param beside_verdicts: leave out reasons that only say that a verdict is not "verified".
    """
    failed = (one for one in outcomes.values() if one["failed"])
    whys = (one.get("beside", one["why"]) if beside_verdicts else one["why"] for one in failed)
    return list(dict.fromkeys(why for why in whys if why))


def verdict_of(outcomes: Outcomes) -> str:
    """Find the worst verdict on all drills and recoveries. Without any, it is unverified."""
    verdicts = {outcomes[step]["verdict"] for step in PURPOSES if "verdict" in outcomes.get(step, {})}
    if "failed" in verdicts:
        return "failed"
    return VERIFIED if verdicts == {VERIFIED} else "unverified"


def summary_of(outcomes: Outcomes) -> str:
    """Summarize the run, for example ``4 databases, 2 changes``. Empty when no pass has looked at anything.

    What was deleted is told in sentences of its own.
    """
    steps = [step for name in PASSES for step in outcomes.get(name, {}).get("steps") or ()]
    changed = sum(bool(step.get("changed")) for step in steps)
    planned = sum(step["status"] in ONLY_PLANNED for step in steps)
    aside = Counter(word for step in steps if (word := ASIDE.get(step["status"])))
    databases = {
        step["database"] for step in steps if step.get("database") and step["status"] not in ("excluded", "replica")
    }
    done = f"{changed} changes" if changed + planned else "nothing to do"
    parts = [f"{len(databases)} databases", done, *([f"{planned} planned"] if planned else [])]
    parts += [f"{number} {word}" for word, number in aside.items()]
    gone = [line for name in THINGS for line in deleted_by(outcomes, name)[:1]]
    line = ", ".join(parts) if steps else ""
    return " ".join([f"{line}.", *gone]) if gone else line


def deleted_by(outcomes: Outcomes, step: str) -> list[str]:
    """Say in one line what a step deleted, then in a line for each what that was. Empty when it deleted nothing."""
    outcome = outcomes.get(step, {})
    steps = outcome.get("steps") or ()
    line = told(step, steps, outcome.get("where", ""), planned=outcome.get("planned", False))
    return [line, *names_of(steps)] if line else []


def plan_lines(steps: Iterable[Row]) -> list[str]:
    """Write a line for each snapshot that a pass would delete or retire, with the reason."""
    return [f"{one['name']}: {one['status']}: {one['reason']}" for one in steps if one["status"] in ONLY_PLANNED]


def succeeded(outcomes: Outcomes) -> list[str]:
    """List the passes that succeeded and did everything that a schedule waits for."""
    known = ((name, outcomes[name]) for name in PASSES if name in outcomes)
    return [name for name, one in known if not one["failed"] and not one.get("partial") and "steps" in one]


def manifests_of(sites: Iterable[Row], step: str, accounts: Iterable[str] | None = None) -> list[Row]:
    """Collect the manifests that other sites left earlier in this run. Sites outside of ``--limit`` left none.

    :param sites: the variables of their hosts.
    :param accounts: if set, only manifests of these accounts count.
    """
    wanted = None if accounts is None else {str(account) for account in accounts}
    outcomes = (site.get("lifeboat_outcomes", {}).get(step, {}) for site in sites)
    found = [outcome["manifest"] for outcome in outcomes if outcome.get("manifest")]
    return [one for one in found if wanted is None or one["account"] in wanted]


def picked(row: Row, names: Iterable[str]) -> dict[str, Any]:
    """Pick some keys of a row. Absent ones stay absent."""
    return {name: row[name] for name in names if name in row}


def reason_of(result: Row) -> str:
    """Read the message of a failed result."""
    return str(result.get("msg") or UNNAMED)


def joined(*reasons: str | None) -> str:
    """Join reasons into one text, each as a sentence."""
    return " ".join(one if one.endswith((".", "!", "?")) else f"{one}." for one in reasons if one)
