# SPDX-License-Identifier: GPL-3.0-or-later
"""Before the first write of a restore: the recovery points are chosen, and everything that could go wrong is looked at.

What holds for all databases stops the call. What is wrong with one database alone fails that one and stops no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from .._aws.site import Site
from .._core.errors import LifeboatError, raise_all
from .._core.inventory.overrides import read_overrides, settings_for
from .._core.inventory.selection import Candidate
from .._core.keeping.retention import Named
from .._core.keys import check_key
from .._core.model import RECOVERY_POINT, Database, Key, Purpose, iso
from .._core.naming import restored_name
from .._core.restoring.choice import Choice, by_original, choose, landed_by_database, read_choice, why_none
from .._core.restoring.isolation import Network, check_accounts, check_isolation, chosen_groups, doubts
from .._core.restoring.needs import Available, named, obstacles, wanted_class
from .._core.restoring.ownership import belongs_to, is_made_for, require_distinct, require_own
from .._core.restoring.room import lacking
from .._core.restoring.target import (
    Databases,
    RestoreOptions,
    Target,
    check_drill_id,
    plan_target,
    why_not_recoverable,
    why_not_restorable,
)
from .._module.arguments import selection
from .._module.result import Report

CANNOT = "Cannot restore"
# Where a restored database lives. Left out, RDS would choose the default network.
NETWORK = ("db_subnet_group_name", "vpc_security_group_ids")
# What may differ from database to database.
SETTINGS = (
    *NETWORK,
    "db_instance_class",
    "db_parameter_group_name",
    "db_cluster_parameter_group_name",
    "expires_after",
    "serverless",
    "restore_as",
    "multi_az",
    "backup_retention_period",
)
# What drills decide for themselves.
OF_RECOVERIES = ("restore_as", "multi_az", "backup_retention_period")
RETENTION = range(1, 36)  # days that RDS keeps backups where there are any
BACKUP_DAYS = 7  # unless told otherwise
RestoreWish = tuple[Candidate, list[Named], dict[str, Any]]  # a database, its recovery points, and how it is wanted


@dataclass(frozen=True, slots=True)
class Run:
    """What is the same for all databases of one call."""

    purpose: Purpose
    prefix: str
    drill_id: str
    choice: Choice
    key: Key | None
    networks: Mapping[str, Network]
    databases: Databases
    iam: bool


def look(params: Mapping[str, Any], site: Site, report: Report) -> tuple[list[Target], Databases, str | None]:
    """The databases to make, what there is already, and AWS's time when it all began.

    :raises LifeboatError: when nothing may be restored here.
    """
    check_drill_id(params["drill_id"])
    choice = read_choice(params["recovery_point"])
    site.check_account(params["account_id"])
    began = iso(site.now)
    wishes = read_wishes(candidates(params, site), params)
    for _one, _rows, settings in wishes:
        check_settings(settings, params["purpose"])
    run = guarded(params, choice, wishes, site, report)
    planned = [one for wish in wishes if (one := plan(wish, run, site, report))]
    targets = without_obstacles([replace(one, began=began) for one in planned], run, site, report)
    return [replace(one, chosen=iso(site.now)) for one in targets], run.databases, began


def candidates(params: Mapping[str, Any], site: Site) -> list[tuple[Candidate, list[Named]]]:
    """The selected databases with what has landed of each. A recovery knows them by the names that they had."""
    where = f"the landed recovery points of account {site.account}, {site.region}"
    found = landed_by_database(site.recovery_points("manual"), params["prefix"], selection(params), where)
    return by_original(found) if params["purpose"] == "recovery" else found


def read_wishes(candidates: Iterable[tuple[Candidate, list[Named]]], params: Mapping[str, Any]) -> list[RestoreWish]:
    """How each database is wanted.

    :raises LifeboatError: when one of them would have no network.
    """
    overrides = read_overrides(params["overrides"])
    defaults = {name: params[name] for name in SETTINGS}
    wishes = [(one, rows, settings_for(one, defaults, overrides)) for one, rows in candidates]
    for one, _rows, settings in wishes:
        require_network(one.identifier, settings)
    if not wishes:  # a mistake is told at once, not when the first database has landed
        require_network("databases", defaults)
    return wishes


def require_network(what: str, settings: Mapping[str, Any]) -> None:
    for name in NETWORK:
        if not settings[name]:
            raise LifeboatError(
                f"{CANNOT} {what} without a network",
                why=f"{name} is not set",
                remedy="Name an isolated network of the DR site",
            )


def check_settings(settings: Mapping[str, Any], purpose: Purpose) -> None:
    """:raises LifeboatError: when a drill is told what only a recovery may be told, or backups would be off."""
    told = [name for name in OF_RECOVERIES if settings[name] is not None]
    if purpose == "drill" and told:
        why = "a drill's databases have names of their own, no standby and no backups"
        raise LifeboatError(f"Cannot use {told[0]} in a drill", why=why, remedy="Leave it out")
    days = settings["backup_retention_period"]
    if days is not None and days not in RETENTION:
        why = f"a recovery keeps backups for {RETENTION[0]} to {RETENTION[-1]} days"
        raise LifeboatError(f"Cannot use backup_retention_period {days}", why=why, remedy="Choose such a number")


def guarded(params: Mapping[str, Any], choice: Choice, wishes: list[RestoreWish], site: Site, report: Report) -> Run:
    """What all restores share, once it is known to be isolated and usable.

    :raises LifeboatError: naming all that is not.
    """
    points = [point for _one, rows, _settings in wishes for _lineage, point in rows]
    wanted = [settings for _one, _rows, settings in wishes] or [dict(params)]
    networks = site.networks(settings["db_subnet_group_name"] for settings in wanted)
    key_id = params["kms_key_id"]
    pairs = {(settings[NETWORK[0]], tuple(settings[NETWORK[1]])) for settings in wanted}
    key: list[Key] = []
    is_drill = params["purpose"] == "drill"
    check_all(
        lambda: check_accounts(site.account, params["source_accounts"], points),
        *((lambda network=network: check_isolation(network)) for network in networks.values() if is_drill),
        *((lambda pair=pair: chosen_groups(networks[pair[0]], pair[1])) for pair in sorted(pairs)),
        lambda: key.append(check_key(site.key(key_id), site.account, site.region)) if key_id else None,
    )
    report.warnings += [] if is_drill else [doubt for network in networks.values() for doubt in doubts(network)]
    return Run(
        purpose=params["purpose"],
        prefix=params["prefix"],
        drill_id=params["drill_id"],
        choice=choice,
        key=next(iter(key), None),
        networks=networks,
        databases=by_key(site.databases()),
        iam=params["iam_authentication"],
    )


def check_all(*checks: Callable[[], Any]) -> None:
    """:raises LifeboatError: naming all problems that the checks find."""
    problems = []
    for check in checks:
        try:
            check()
        except LifeboatError as problem:
            problems.append(problem)
    raise_all(CANNOT, problems)


def plan(wish: RestoreWish, run: Run, site: Site, report: Report) -> Target | None:
    """The database that is to be made of one of these recovery points, or None when there is no fit one."""
    one, rows, settings = wish
    options = options_for(settings, run, site)
    chosen, problem = pick(rows, run)
    if chosen:
        problem = why_not_restorable(chosen[1], site.account) or why_not_recoverable(chosen[1], options) or ""
    if problem or chosen is None:
        about = f"{one.identifier} from {chosen[1].name}" if chosen else one.identifier
        report.step("failed", reason=f"{CANNOT} {about}: {problem}", database=one.identifier, kind=one.kind)
        return None
    target = plan_target(*chosen, options)
    found = run.databases.get(target.key)
    return replace(target, adopted=found is not None and is_made_for(found, target))


def pick(rows: list[Named], run: Run) -> tuple[Named | None, str]:
    """The recovery point to restore, or why there is none. What a killed drill had begun decides for the next one."""
    running = started_before(rows, run)
    if running:
        wanted = running.tags.get(RECOVERY_POINT)
        gone = f"it was restored from {wanted}, which is gone. Choose another drill_id."
        return next((row for row in rows if row[1].name == wanted), None), gone
    return choose(rows, run.choice, run.drill_id), why_none(run.choice, rows)


def started_before(rows: list[Named], run: Run) -> Database | None:
    """What a run of this drill that was killed made of this database."""
    lineage, point = rows[0]
    name = restored_name(run.prefix, run.drill_id, point.database, lineage.digest)
    found = run.databases.get(("instance", name)) or run.databases.get(("cluster", name))
    return found if found and belongs_to(found, run.prefix, run.drill_id) else None


def options_for(settings: Mapping[str, Any], run: Run, site: Site) -> RestoreOptions:
    network = run.networks[settings["db_subnet_group_name"]]
    days = settings["backup_retention_period"]
    return RestoreOptions(
        prefix=run.prefix,
        drill_id=run.drill_id,
        subnet_group=network.subnet_group,
        security_groups=tuple(chosen_groups(network, settings["vpc_security_group_ids"])),
        instance_class=settings["db_instance_class"],
        kms_key_id=run.key.arn if run.key else None,
        expires=site.now + timedelta(minutes=settings["expires_after"]),
        purpose=run.purpose,
        restore_as=settings["restore_as"],
        multi_az=settings["multi_az"],
        backup_retention_days=(BACKUP_DAYS if days is None else days) if run.purpose == "recovery" else 0,
        serverless=settings["serverless"],
        iam=run.iam,
        parameter_group=settings["db_parameter_group_name"],
        cluster_parameter_group=settings["db_cluster_parameter_group_name"],
    )


def without_obstacles(targets: list[Target], run: Run, site: Site, report: Report) -> list[Target]:
    """The targets that can be made here; the others are reported.

    :raises LifeboatError: when a name is taken, or the account has no room for all.
    """
    new = [one for one in targets if not one.adopted]
    available = read_available(new, run, site)
    stopped = {one.key: found for one in new if (found := obstacles(one, available))}
    for one in new:
        if one.key in stopped:
            reason = f"{CANNOT} {one.identifier}: {' '.join(stopped[one.key])}"
            report.step("failed", reason=reason, database=one.identifier, kind=one.database_kind)
    free = [one for one in targets if one.key not in stopped]
    check_all(
        lambda: require_distinct(free),
        lambda: require_own(free, run.databases),
        lambda: require_room([one for one in free if not one.adopted], site),
    )
    return free


def require_room(targets: list[Target], site: Site) -> None:
    """:raises LifeboatError: when the quotas of the account do not suffice for all."""
    problems = lacking(targets, site.account_quotas()) if targets else []
    if problems:
        raise LifeboatError(f"{CANNOT} {len(targets)} databases in {site.region}", why=" ".join(problems))


def read_available(targets: list[Target], run: Run, site: Site) -> Available:
    """What there is of what these targets need: a call for each class, key and parameter group."""
    own = {run.key.arn: run.key} if run.key else {}
    keys, refused = site.keys(one.key_of_point for one in targets if one.key_of_point not in own)
    return Available(
        classes={wanted: site.class_offer(wanted) for wanted in sorted({wanted_class(one) for one in targets})},
        keys=own | keys,
        refused_keys=refused,
        option_groups=frozenset(site.option_groups() if any(one.option_group for one in targets) else ()),
        parameter_groups=site.parameter_groups(named(one.parameter_group for one in targets)),
        cluster_parameter_groups=site.cluster_parameter_groups(named(one.cluster_parameter_group for one in targets)),
    )


def by_key(databases: Iterable[Database]) -> dict[tuple[str, str], Database]:
    return {(one.id.kind, one.id.identifier): one for one in databases}
