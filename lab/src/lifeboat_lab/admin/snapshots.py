# SPDX-License-Identifier: GPL-3.0-or-later
"""Take automated snapshots, and those of AWS Backup, on request."""

from __future__ import annotations

from typing import Any

from lifeboat_lab import regions
from lifeboat_lab.admin.forms import Routes, known, seconds
from lifeboat_lab.rds import snapshots
from lifeboat_lab.rds.database import Database
from lifeboat_lab.rds.kinds import INSTANCE
from lifeboat_lab.rds.world import World
from lifeboat_lab.settings import BadRequest
from lifeboat_lab.shop import Shop


def routes(world: World, shop: Shop) -> Routes:
    return {("POST", "automated-snapshots"): lambda body: _take_automated(world, shop, body)}


def _take_automated(world: World, shop: Shop, body: Any) -> list[str]:
    """Take automated snapshots of an account's databases, or those of AWS Backup, now or as if some time ago."""
    known(body, "account", "region", "databases", "age", "type")
    type_ = body.get("type", "automated")
    if type_ not in ("automated", "awsbackup"):
        raise BadRequest("type must be automated or awsbackup")
    account = world.accounts.find(body.get("account"))
    region = regions.check(body.get("region") or account.region)
    age = seconds(body, "age")
    if not age:
        shop.beat_before_snapshots(account)
    with world.lock:
        chosen = _chosen(world, account.id, region, body.get("databases"))
        if type_ == "awsbackup":  # for clusters it is not a type of its own
            chosen = [found for found in chosen if found.kind is INSTANCE]
        taken = [snapshots.take_automated(world, found, type_=type_, age=age) for found in chosen]
    for snapshot in taken:
        snapshot.frozen.path()
    return [snapshot.arn for snapshot in taken]


def _chosen(world: World, account: str, region: str, wanted: Any) -> list[Database]:
    """Return the named databases; without names, every one that has automated backups.

    A member has none, only its cluster.
    """
    place, now = world.place(account, region), world.now()
    found = [each for table in place.databases.values() for each in table.values() if each.cluster is None]
    if wanted is None:
        return [each for each in found if _is_backed_up(each) and each.status(now) == "available"]
    if not isinstance(wanted, list) or not all(isinstance(name, str) for name in wanted):
        raise BadRequest("databases must be a list of names")
    by_name = {each.identifier: each for each in found}
    if missing := [name for name in wanted if name not in by_name]:
        raise BadRequest(f"no such database in {account} {region}: {', '.join(missing)}")
    if busy := [name for name in wanted if by_name[name].status(now) != "available"]:
        raise BadRequest(f"not available: {', '.join(busy)}")
    return [by_name[name] for name in wanted]


def _is_backed_up(found: Database) -> bool:
    return bool(found.options.get("BackupRetentionPeriod"))
