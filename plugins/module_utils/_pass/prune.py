# SPDX-License-Identifier: GPL-3.0-or-later
"""One pass over the recovery points of an account: retire what has landed, then delete what need not stay."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .._aws.errors import AwsRefusal
from .._aws.site import Site
from .._core.errors import LifeboatError
from .._core.handover.manifest import read_landed, read_refused
from .._core.inventory.selection import candidate_of_point, points_among
from .._core.keeping.bound import before, refusal, token_for, why_too_many, with_later
from .._core.keeping.floor import FLOOR, NO_FLOOR
from .._core.keeping.policy import Declared
from .._core.keeping.release import check_gone, homes, released_points
from .._core.keeping.retention import (
    Retention,
    Ruling,
    is_published_by,
    judge,
    recovered_from,
    retirements,
    undeclared,
    with_marks,
)
from .._core.model import LANDED, Kind, RecoveryPoint
from .._core.recipe import configuration_of, custom_groups, unused_groups
from .._core.result import Report, facts_of
from .._files.store import open_manifests
from .reconcile import GONE
from .requests.prune import PruneRequest

GUARDED = "a policy of AWS denies its deletion: it is too young, verified or has a tag retain"
WOULD = {"deleted": "would_delete", "retired": "would_retire"}


@dataclass(frozen=True, slots=True)
class PrunePass:
    """What a pass may do, and what it has done with recovery points so far, by their ARNs."""

    site: Site
    report: Report
    apply: bool  # otherwise it only reports what it would do
    retired: dict[str, list[str]] = field(default_factory=dict)  # and the accounts that they landed in
    failed: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)

    @property
    def writes(self) -> bool:
        return self.apply and not self.report.check_mode

    def changes(self, status: str, ruling: Ruling) -> None:
        """Report what changes, or would change."""
        shown = status if self.apply else WOULD[status]
        self.report.step(shown, reason=ruling.reason, changed=self.apply, **about(ruling.point))


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do with each recovery point, and why a run refuses to do it."""

    rulings: list[Ruling]
    refused: LifeboatError | None = None
    token: str = ""  # accepts the plan that is refused


def about(point: RecoveryPoint) -> dict[str, Any]:
    return {**facts_of(point), "region": point.region}


def prune(request: PruneRequest, site: Site, *, check_mode: bool) -> dict[str, Any]:
    """Retire what has landed, then delete what need not stay, unless that is too much for one run."""
    one = PrunePass(site, Report(check_mode=check_mode), request.apply)
    manifests = open_manifests(request.store, request.prefix, site, one.report)
    site.check_account(request.account_id)
    documents = [*manifests.landed_in(request.dr_accounts), *manifests.given(request.landed, "landed")]
    landed, refused = read_landed(documents), read_refused(documents)
    here = site.recovery_points("manual")
    points = points_among(here, request.selection, f"the recovery points of {where(site)}")
    released = look_up_released(request, here, points, one)
    for point, account, landed_time in retirements(points, request.prefix, site.account, landed):
        retire(point, account, landed_time, one)
    left = with_marks([point for point in points if point.arn not in one.gone], one.retired)
    plan = plan_for(left, retention_for(request, site, refused, released), request, one)
    if number := undeclared(plan.rulings):
        one.report.warnings.append(nothing_declared(number, site))
    if plan.refused and not one.writes:
        one.report.warnings.append(f"A run would refuse this plan. {plan.refused}")
    for ruling in plan.rulings:
        if ruling.point.arn not in one.failed:
            carry_out(ruling, one, is_refused=one.writes and plan.refused is not None)
    give_up_groups([point for point in here if point.arn in one.deleted], here, request.prefix, one)
    return result_of(plan, one)


def where(site: Site) -> str:
    return f"account {site.account}, {site.region}"


def result_of(plan: Plan, one: PrunePass) -> dict[str, Any]:
    """Build the result. A run that refuses its plan fails, whatever else it did."""
    result = one.report.as_result(**({"accept_deletions": plan.token} if plan.refused else {}))
    if plan.refused and one.writes:
        said = [str(plan.refused), *([result["msg"]] if result.get("failed") else [])]
        result |= {**plan.refused.as_result(), "failed": True, "msg": " ".join(said)}
    return result


def retention_for(request: PruneRequest, site: Site, refused: Mapping[str, str], released: frozenset[str]) -> Retention:
    """Gather what decides: what the user declared, and what the sites say."""
    declared_for = declarations(request)
    return Retention(
        request.prefix,
        site.account,
        site.now,
        lambda point: declared_for(point).policy,
        request.dr_accounts - {site.account},
        refused,
        released,
        floor_of=lambda point: NO_FLOOR if declared_for(point).below_floor else FLOOR,
    )


def plan_for(points: list[RecoveryPoint], retention: Retention, request: PruneRequest, one: PrunePass) -> Plan:
    """Decide what stays, and whether the run may delete the rest.

    A plan that deletes too much is carried out only when the user accepted exactly that plan. It is made again for the
    time of the token, without what came later.
    """
    rulings = judge_all(points, retention, one)
    why = why_too_many(rulings, retention.released, request.prefix)
    if why is None:
        return Plan(rulings)
    for token in request.accept_deletions:
        if token.at <= retention.now:
            then = judge_all(before(points, token.at), replace(retention, now=token.at), one)
            if token_for(then, token.at) == token:
                return Plan(with_later(then, rulings))
    token = token_for(rulings, retention.now)
    error = refusal(why, token, where(one.site), is_other=bool(request.accept_deletions))
    return Plan(rulings, error, str(token))


def nothing_declared(number: int, site: Site) -> str:
    """Explain once for the whole site why nothing is deleted."""
    databases = "1 database" if number == 1 else f"{number} databases"
    return (
        f"No retention is declared for {databases} in {where(site)}: all their recovery points stay. Set keep, "
        "max_age_days, daily, weekly, monthly or yearly (lifeboat_retention in the inventory)."
    )


def judge_all(points: list[RecoveryPoint], retention: Retention, one: PrunePass) -> list[Ruling]:
    """Decide what stays. Databases are read only if a landed recovery point would go that nobody released."""
    rulings = judge(points, retention)
    going = [each.point for each in rulings if not each.keep and each.point.name not in retention.released]
    if any(not is_published_by(one.site.account, point) for point in going):
        return judge(points, replace(retention, recovered=recovered_from(one.site.databases())))
    return rulings


def declarations(request: PruneRequest) -> Callable[[RecoveryPoint], Declared]:
    """Return a function from a recovery point to its retention: the default, changed by the overrides that match.

    Without overrides there is one retention, since a site may have thousands of recovery points.
    """
    if request.retention.overrides:
        return lambda point: request.retention.of(candidate_of_point(point, point))
    return lambda _point: request.retention.default


def look_up_released(
    request: PruneRequest, here: list[RecoveryPoint], selected: list[RecoveryPoint], one: PrunePass
) -> frozenset[str]:
    """Return the released names. Warn of one that is not here: an earlier run may have deleted it.

    :raises LifeboatError: when one of them must not be released.
    """
    found = released_points(request.release, here, selected, request.prefix)
    published = [point for point in found if is_published_by(one.site.account, point)]
    for region in sorted(homes(published)):
        check_gone(published, one.site.in_region(region).databases())
    names = frozenset(point.name for point in found)
    one.report.warnings += [
        f"{name} is not in {where(one.site)}: nothing to release." for name in sorted(request.release - names)
    ]
    return names


def retire(point: RecoveryPoint, account: str, landed_time: str, one: PrunePass) -> None:
    """Take back one account's share, then mark the snapshot: a mark means that the share is gone."""
    if point.arn in one.gone:
        return
    one.report.change(f"{point.name} for {account}", "shared", "landed")
    unshared = False
    try:
        if one.writes:
            one.site.share(point, remove=[account])
            unshared = True
            one.site.tag(point.arn, {f"{LANDED}:{account}": landed_time})
        one.retired.setdefault(point.arn, []).append(account)
    except AwsRefusal as refusal:
        if refusal.meaning == "missing":
            one.gone.add(point.arn)
            one.report.step("deleted", reason=GONE, **about(point))
            return
        one.failed.add(point.arn)
        one.report.step("failed", reason=str(refusal), changed=unshared, **about(point))


def carry_out(ruling: Ruling, one: PrunePass, *, is_refused: bool) -> None:
    """Delete a recovery point, or report why it stays."""
    point = ruling.point
    if ruling.keep and point.arn in one.retired:
        one.changes("retired", ruling)
    elif ruling.keep:
        one.report.step("kept", reason=ruling.reason, **about(point))
    elif is_refused:
        one.report.step(WOULD["deleted"], reason=ruling.reason, **about(point))
    else:
        delete(ruling, one)


def delete(ruling: Ruling, one: PrunePass) -> None:
    point = ruling.point
    try:
        if one.writes:
            one.site.delete_recovery_point(point)
    except AwsRefusal as refusal:
        if refusal.meaning == "missing":
            one.report.step("deleted", reason=GONE, **about(point))
        elif refusal.is_guarded:
            one.report.step("kept", reason=GUARDED, **about(point))
        else:
            one.report.step("failed", reason=str(refusal), **about(point))
        return
    one.report.change(point.name, {"arn": point.arn, "status": point.status}, None)
    one.deleted.add(point.arn)
    one.changes("deleted", ruling)


def give_up_groups(deleted: list[RecoveryPoint], here: list[RecoveryPoint], prefix: str, one: PrunePass) -> None:
    """Delete our parameter groups that only deleted recovery points named."""
    left = [point for point in here if point not in deleted]
    configurations = [found for found in map(configuration_of, deleted) if found]
    for kind in sorted({kind for found in configurations for kind, _name in custom_groups(found)}):
        try:
            for name in unused_groups(one.site.parameter_families(kind), left, prefix):
                give_up(kind, name, one)
        except AwsRefusal as refusal:  # an unused group costs nothing, and the next run tries again
            one.report.warnings.append(str(refusal))


def give_up(kind: Kind, name: str, one: PrunePass) -> None:
    one.report.change(name, {"parameter_group_of": kind}, None)
    if one.writes:
        one.site.delete_parameter_group(kind, name)
    one.report.changed |= one.apply
