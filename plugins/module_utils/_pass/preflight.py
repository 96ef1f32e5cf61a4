# SPDX-License-Identifier: GPL-3.0-or-later
"""Before the first write of a restore: choose the recovery points, and check everything that could go wrong.

A problem that concerns all databases stops the call. A problem of one database fails only that one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from .._aws.errors import AwsRefusal
from .._aws.site import Site
from .._core.errors import LifeboatError, raise_all
from .._core.inventory.selection import Candidate, rank
from .._core.keeping.retention import Named
from .._core.keys import check_key
from .._core.model import RECOVERY_POINT, Database, Key, iso
from .._core.naming import restored_name
from .._core.regions import in_one_region
from .._core.restoring.aside import leave_out
from .._core.restoring.choice import by_original, check_time, choose, landed_by_database, why_none
from .._core.restoring.isolation import Network, check_accounts, check_isolation, chosen_groups, doubts
from .._core.restoring.needs import Available, named, obstacles, wanted_class
from .._core.restoring.ownership import belongs_to, is_made_for, twins, why_taken
from .._core.restoring.room import without_room
from .._core.restoring.target import Databases, RestoreOptions, Target
from .._core.restoring.target_plan import plan_target, why_not_recoverable, why_not_restorable
from .._core.result import Report
from .requests.restore import RestoreRequest, RestoreSettings, check_settings

CANNOT = "Cannot restore"
BACKUP_DAYS = 7  # unless told otherwise


@dataclass(frozen=True, slots=True)
class RestoreWish:
    """A database, its recovery points, newest first, and how it is wanted."""

    database: Candidate
    points: list[Named]
    settings: RestoreSettings


@dataclass(frozen=True, slots=True)
class RestoreContext:
    """What is known before the first restore, and is the same for all databases of one call."""

    request: RestoreRequest
    key: Key | None
    networks: Mapping[str, Network]
    databases: Databases


def look(request: RestoreRequest, site: Site, report: Report) -> tuple[list[Target], Databases, str | None]:
    """Return the databases to make, what there is already, and AWS's time when it all began.

    :raises LifeboatError: when nothing may be restored here.
    """
    site.check_account(request.account_id)
    began = iso(site.now)
    check_time(request.choice, site.now)
    wishes = wishes_of(request, site, report)
    context, wishes = guarded(request, wishes, site, report)
    if request.purpose == "drill":  # in a recovery it is too late for that
        origins = (point.database_arn for wish in wishes for _lineage, point in wish.points)
        report.warnings += in_one_region(origins, site.account, site.region)
    planned = [one for wish in wishes if (one := plan(wish, context, site, report))]
    targets = without_obstacles([one.with_progress(began=began) for one in planned], context, site, report)
    return [one.with_progress(chosen=iso(site.now)) for one in targets], context.databases, began


def wishes_of(request: RestoreRequest, site: Site, report: Report) -> list[RestoreWish]:
    """Return the selected databases with what has landed of each, and how each is wanted.

    For a recovery, all recovery points of one original are those of one database, even if it was created again.

    :raises LifeboatError: when none has landed yet and the settings could not serve any.
    """
    where = f"the landed recovery points of account {site.account}, {site.region}"
    found = landed_by_database(site.recovery_points("manual"), request.prefix, request.selection, where)
    left_out = set()
    for (one, rows), status, reason in leave_out(
        found, request.selection, request.choice, request.protection, request.purpose
    ):
        left_out.add(rows[0][0].origin)
        report.step(status, reason=reason, database=one.identifier, kind=one.kind)
    found = [one for one in found if one[1][0][0].origin not in left_out]
    candidates = by_original(found) if request.purpose == "recovery" else found
    wishes = [RestoreWish(one, rows, request.settings.of(one)) for one, rows in candidates]
    if not wishes:  # report a mistake at once, not when the first database has landed
        require_network("databases", request.settings.default)
    return wishes


def require_network(what: str, settings: RestoreSettings) -> None:
    """Refuse to let RDS choose the default network.

    :raises LifeboatError: when no subnet group or no security group is named.
    """
    needed = {
        "db_subnet_group_name": settings.db_subnet_group_name,
        "vpc_security_group_ids": settings.vpc_security_group_ids,
    }
    for name, value in needed.items():
        if not value:
            raise LifeboatError(
                f"{CANNOT} {what} without a network",
                why=f"{name} is not set",
                remedy=f"Set {name} to an isolated one of the DR site",
            )


def guarded(
    request: RestoreRequest, wishes: list[RestoreWish], site: Site, report: Report
) -> tuple[RestoreContext, list[RestoreWish]]:
    """Return what all restores share, and the wishes whose own settings are isolated and usable; report the others.

    :raises LifeboatError: naming all problems, when none of the wishes is left, or the account or the key is wrong.
    """
    points = [point for wish in wishes for _lineage, point in wish.points]
    named_by_all = [wish.settings for wish in wishes] or [request.settings.default]
    networks, refused = read_networks(named_by_all, site)
    trouble = [troubles(one, request, networks, refused) for one in named_by_all]
    of_all = [why for found in trouble for why in found] if all(trouble) else []
    key_id = request.kms_key_id
    key: list[Key] = []
    of_site = problems_of(
        lambda: check_accounts(site.account, request.source_accounts, points),
        lambda: key.append(check_key(site.key(key_id), site.account, site.region)) if key_id else None,
    )
    raise_all(CANNOT, [*of_site, *{str(why): why for why in of_all}.values()])
    left = []
    for wish, found in zip(wishes, trouble, strict=False):  # without wishes, the trouble is that of the default
        if found:
            reason = f"{CANNOT} {wish.database.identifier}: {' '.join(map(str, found))}"
            report.step("failed", reason=reason, database=wish.database.identifier, kind=wish.database.kind)
        else:
            left.append(wish)
    used = {str(wish.settings.db_subnet_group_name): None for wish in left}
    report.warnings += (
        [] if request.purpose == "drill" else [doubt for name in used for doubt in doubts(networks[name])]
    )
    here = databases_by_id(site.databases())
    return RestoreContext(request, key=next(iter(key), None), networks=networks, databases=here), left


def read_networks(
    settings: Iterable[RestoreSettings], site: Site
) -> tuple[dict[str, Network], dict[str, LifeboatError]]:
    """Look at the subnet groups that are named, and find why some cannot be read."""
    names = sorted({one.db_subnet_group_name for one in settings if one.db_subnet_group_name})
    networks: dict[str, Network] = {}
    refused: dict[str, LifeboatError] = {}
    try:
        return site.networks(names), refused
    except AwsRefusal:
        for name in names:  # one by one, to find the one that is wrong
            try:
                networks |= site.networks([name])
            except AwsRefusal as refusal:
                refused[name] = refusal
    return networks, refused


def troubles(
    settings: RestoreSettings,
    request: RestoreRequest,
    networks: Mapping[str, Network],
    refused: Mapping[str, LifeboatError],
) -> list[LifeboatError]:
    """Find what is wrong with the settings of one database: the purpose, or a network that is not isolated."""
    name = str(settings.db_subnet_group_name)
    unfit = problems_of(
        lambda: require_network("databases", settings), lambda: check_settings(settings, request.purpose)
    )
    if unfit or name in refused:
        return unfit or [refused[name]]
    return problems_of(
        lambda: check_isolation(networks[name]) if request.purpose == "drill" else None,
        lambda: chosen_groups(networks[name], settings.vpc_security_group_ids),
    )


def problems_of(*checks: Callable[[], Any]) -> list[LifeboatError]:
    """Run all checks, so that one run tells all that is wrong, and return the problems that they find."""
    problems = []
    for check in checks:
        try:
            check()
        except LifeboatError as problem:
            problems.append(problem)
    return problems


def plan(wish: RestoreWish, context: RestoreContext, site: Site, report: Report) -> Target | None:
    """Return the database to make of one of these recovery points, or report why none is fit and return None."""
    one, options = wish.database, options_for(wish.settings, context, site)
    chosen, problem = pick(wish.points, context)
    if chosen:
        problem = why_not_restorable(chosen[1], site.account) or why_not_recoverable(chosen[1], options) or ""
    if problem or chosen is None:
        about = f"{one.identifier} from {chosen[1].name}" if chosen else one.identifier
        report.step("failed", reason=f"{CANNOT} {about}: {problem}", database=one.identifier, kind=one.kind)
        return None
    try:
        target = plan_target(*chosen, options)
    except LifeboatError as refused:
        report.step("failed", reason=str(refused), database=one.identifier, kind=one.kind)
        return None
    found = context.databases.get(target.key)
    return target.with_progress(adopted=found is not None and is_made_for(found, target))


def pick(rows: list[Named], context: RestoreContext) -> tuple[Named | None, str]:
    """Return the recovery point to restore, and why there may be none. What a killed drill chose stays chosen."""
    running = started_before(rows, context)
    if running:
        wanted = running.tags.get(RECOVERY_POINT)
        gone = f"it was restored from {wanted}, which is gone. Set drill_id to a new id."
        return next((row for row in rows if row[1].name == wanted), None), gone
    choice = context.request.choice
    return choose(rows, choice, context.request.drill_id), why_none(choice, rows)


def started_before(rows: list[Named], context: RestoreContext) -> Database | None:
    """Return what an earlier run of this drill, which was killed, made of this database."""
    lineage, point = rows[0]
    prefix, drill_id = context.request.prefix, context.request.drill_id
    name = restored_name(prefix, drill_id, point.database, lineage.digest)
    found = context.databases.get(("instance", name)) or context.databases.get(("cluster", name))
    return found if found and belongs_to(found, prefix, drill_id) else None


def options_for(settings: RestoreSettings, context: RestoreContext, site: Site) -> RestoreOptions:
    network, request = context.networks[str(settings.db_subnet_group_name)], context.request
    days = BACKUP_DAYS if settings.backup_retention_period is None else settings.backup_retention_period
    return RestoreOptions(
        prefix=request.prefix,
        drill_id=request.drill_id,
        subnet_group=network.subnet_group,
        security_groups=tuple(chosen_groups(network, settings.vpc_security_group_ids)),
        instance_class=settings.db_instance_class,
        kms_key_id=context.key.arn if context.key else None,
        expires=site.now + timedelta(minutes=settings.expires_after),
        purpose=request.purpose,
        restore_as=settings.restore_as,
        fallback_class=request.fallback_class,
        multi_az=settings.multi_az,
        backup_retention_days=days if request.purpose == "recovery" else 0,
        serverless=settings.serverless,
        iam=request.iam,
        parameter_group=settings.db_parameter_group_name,
        cluster_parameter_group=settings.db_cluster_parameter_group_name,
    )


def without_obstacles(targets: list[Target], context: RestoreContext, site: Site, report: Report) -> list[Target]:
    """Return the targets that can be made here; report the others. What is wrong with one of them stops no other."""
    available = read_available([one for one in targets if not one.progress.adopted], context, site)
    same = {one.original.recovery_point_arn: refused for one, refused in twins(targets)}
    free = []
    for one in targets:
        if refused := same.get(one.original.recovery_point_arn):
            # With a name, so that the step of the other does not replace this one.
            report_failed(one, str(refused), report, name=one.original.recovery_point)
        elif taken := why_taken(one, context.databases):
            report_failed(one, str(taken), report)
        elif found := [] if one.progress.adopted else obstacles(one, available):
            report_failed(one, f"{CANNOT} {one.original.identifier}: {' '.join(found)}", report)
        else:
            free.append(one)
    return with_room(free, context, site, report)


def report_failed(target: Target, reason: str, report: Report, **about: Any) -> None:
    report.step("failed", reason=reason, database=target.original.identifier, kind=target.original.kind, **about)


def with_room(targets: list[Target], context: RestoreContext, site: Site, report: Report) -> list[Target]:
    """Return the targets that the quotas of the account suffice for, in the order of the selection; report the others.

    What a killed run started has its room already.
    """
    wanted = context.request.selection.identifiers
    ordered = sorted(targets, key=lambda one: rank(one.original.identifier, wanted))
    new = [one for one in ordered if not one.progress.adopted]
    refused = {one.key: why for one, why in without_room(new, site.account_quotas())} if new else {}
    for one in ordered:
        if one.key in refused:
            report_failed(one, f"{CANNOT} {one.original.identifier} in {site.region}: {refused[one.key]}", report)
    return [one for one in ordered if one.key not in refused]


def read_available(targets: list[Target], context: RestoreContext, site: Site) -> Available:
    """Read what there is of what these targets need: a call for each class, key and parameter group."""
    own = {context.key.arn: context.key} if context.key else {}
    keys, refused = site.keys(one.original.kms_key_id for one in targets if one.original.kms_key_id not in own)
    classes = sorted({wanted_class(one) for one in targets}, key=str)
    return Available(
        classes={wanted: site.class_offer(wanted) for wanted in classes},
        keys=own | keys,
        refused_keys=refused,
        option_groups=frozenset(site.option_groups() if any(one.setup.option_group for one in targets) else ()),
        parameter_groups=site.parameter_groups(named(one.setup.parameter_group for one in targets)),
        cluster_parameter_groups=site.cluster_parameter_groups(
            named(one.setup.cluster_parameter_group for one in targets)
        ),
    )


def databases_by_id(databases: Iterable[Database]) -> dict[tuple[str, str], Database]:
    return {(one.id.kind, one.id.identifier): one for one in databases}
