# SPDX-License-Identifier: GPL-3.0-or-later
"""One pass over the recovery points of an account: retire what has landed, then delete what need not stay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from .._aws.errors import AwsRefusal
from .._aws.site import Site
from .._core.handover.manifest import read_landed, read_refused
from .._core.inventory.selection import candidate_of_point, points_among
from .._core.keeping.policy import Policy
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
        self.report.step(shown, reason=ruling.reason, changed=self.apply, **facts_of(ruling.point))


def prune(request: PruneRequest, site: Site, *, check_mode: bool) -> dict[str, Any]:
    """Retire what has landed, then delete what need not stay."""
    one = PrunePass(site, Report(check_mode=check_mode), request.apply)
    manifests = open_manifests(request.store, request.prefix, site, one.report)
    site.check_account(request.account_id)
    documents = [*manifests.landed_in(request.dr_accounts), *request.landed]
    landed, refused = read_landed(documents), read_refused(documents)
    here = site.recovery_points("manual")
    points = points_among(here, request.selection, f"the recovery points of account {site.account}, {site.region}")
    released = look_up_released(request, here, points, one)
    for point, account, landed_time in retirements(points, request.prefix, site.account, landed):
        retire(point, account, landed_time, one)
    left = with_marks([point for point in points if point.arn not in one.gone], one.retired)
    others = request.dr_accounts - {site.account}
    policy_of = policies_of(request)
    retention = Retention(request.prefix, site.account, site.now, policy_of, others, refused, released)
    rulings = judge_all(left, retention, one)
    if number := undeclared(rulings):
        one.report.warnings.append(nothing_declared(number, site))
    for ruling in rulings:
        if ruling.point.arn not in one.failed:
            carry_out(ruling, one)
    give_up_groups([point for point in here if point.arn in one.deleted], here, request.prefix, one)
    return one.report.as_result()


def nothing_declared(number: int, site: Site) -> str:
    """Explain once for the whole site why nothing is deleted."""
    databases = "1 database" if number == 1 else f"{number} databases"
    return (
        f"No retention is declared for {databases} in account {site.account}, {site.region}: all their recovery points "
        "stay. Set keep, max_age_days, daily, weekly, monthly or yearly (lifeboat_retention in the inventory)."
    )


def judge_all(points: list[RecoveryPoint], retention: Retention, one: PrunePass) -> list[Ruling]:
    """Decide what stays. Databases are read only if a landed recovery point would go that nobody released."""
    rulings = judge(points, retention)
    going = [each.point for each in rulings if not each.keep and each.point.name not in retention.released]
    if any(not is_published_by(one.site.account, point) for point in going):
        return judge(points, replace(retention, recovered=recovered_from(one.site.databases())))
    return rulings


def policies_of(request: PruneRequest) -> Callable[[RecoveryPoint], Policy | None]:
    """Return a function from a recovery point to its policy: the default, changed by the overrides that match.

    Without overrides there is one policy, since a site may have thousands of recovery points.
    """
    if request.retention.overrides:
        return lambda point: request.retention.of(candidate_of_point(point, point)).policy
    policy = request.retention.default.policy
    return lambda _point: policy


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
    where = f"account {one.site.account}, {one.site.region}"
    one.report.warnings += [
        f"{name} is not in {where}: nothing to release." for name in sorted(request.release - names)
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
            one.report.step("deleted", reason=GONE, **facts_of(point))
            return
        one.failed.add(point.arn)
        one.report.step("failed", reason=str(refusal), changed=unshared, **facts_of(point))


def carry_out(ruling: Ruling, one: PrunePass) -> None:
    """Delete a recovery point, or report why it stays."""
    point = ruling.point
    if ruling.keep and point.arn in one.retired:
        one.changes("retired", ruling)
    elif ruling.keep:
        one.report.step("kept", reason=ruling.reason, **facts_of(point))
    else:
        delete(ruling, one)


def delete(ruling: Ruling, one: PrunePass) -> None:
    point = ruling.point
    one.report.change(point.name, {"arn": point.arn, "status": point.status}, None)
    try:
        if one.writes:
            one.site.delete_recovery_point(point)
    except AwsRefusal as refusal:
        if refusal.meaning == "missing":
            one.report.step("deleted", reason=GONE, **facts_of(point))
        else:
            one.report.step("failed", reason=str(refusal), **facts_of(point))
        return
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
