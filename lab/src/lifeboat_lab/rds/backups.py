# SPDX-License-Identifier: GPL-3.0-or-later
"""Take automated backups: a first one after the creation, then one each day in the window; delete old ones.

RDS User Guide, working with backups. Retention is calendar time: it is not scaled.
"""

from __future__ import annotations

from lifeboat_lab.rds import agenda, removal, snapshots, windows
from lifeboat_lab.rds.database import Database
from lifeboat_lab.rds.world import World

TOPIC = "backup"
# In a window that found the database busy.
RETRY = 60.0


def retention(found: Database) -> int:
    """Return for how many days a database's automated backups are kept."""
    return int(found.options.get("BackupRetentionPeriod") or 0)


def begin(world: World, found: Database) -> None:
    """Take a first backup after the creation; the database is available only then (aws_rds.md 7.3)."""
    if retention(found) and not found.fate:
        seconds = world.settings.seconds("initial_backup")
        found.occupy("backing-up", found.ready + seconds)
        agenda.gate(world, found, found.ready, lambda: _take(world, found, seconds))
    plan(world, found)


def plan(world: World, found: Database) -> None:
    """Plan the next backup for when the window opens."""
    window = windows.backup(found.options["PreferredBackupWindow"])
    agenda.plan(world, found, TOPIC, window.next_start(world.now()), lambda: _run(world, found))


def _run(world: World, found: Database) -> None:
    now = world.now()
    if found.gone is None and retention(found) and not world.accounts.is_dark(found.account, found.region):
        if found.is_usable(now):
            _take(world, found)
        elif found.is_busy(now) and windows.backup(found.options["PreferredBackupWindow"]).is_open(now):
            agenda.plan(world, found, TOPIC, now + RETRY, lambda: _run(world, found))
            return
    expire(world, found)
    if found.gone is None or snapshots.automated(world, found):
        plan(world, found)


def _take(world: World, found: Database, seconds: float | None = None) -> None:
    if found.fate or found.broken:
        return
    snapshot = snapshots.take_automated(world, found, seconds=seconds)
    found.occupy("backing-up", snapshot.ready)


def expire(world: World, found: Database) -> None:
    """Delete backups older than the retention; without retention, all.

    Backups are not taken at the same second each day, so one that is half an hour too young counts as old.
    """
    oldest = world.now() - retention(found) * windows.DAY + (windows.SHORTEST if retention(found) else 0)
    for snapshot in snapshots.automated(world, found):
        if snapshot.taken <= oldest:
            removal.remove(world, snapshot)


def retention_changed(world: World, found: Database, before: int) -> None:
    """Take a backup at once when backups were turned on, and delete what is too old now."""
    if not before and retention(found):
        _take(world, found)
    expire(world, found)
