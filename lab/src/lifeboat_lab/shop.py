# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a small shop to try things on: four databases with real rows, and ways to lose them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from lifeboat_lab import accounts, keys
from lifeboat_lab.accounts import Account
from lifeboat_lab.engines import Frozen
from lifeboat_lab.errors import AwsError
from lifeboat_lab.rds import backups, creation, members, servers, snapshots
from lifeboat_lab.rds.database import Database
from lifeboat_lab.rds.kinds import CLUSTER, INSTANCE, Kind
from lifeboat_lab.rds.world import Call, World
from lifeboat_lab.settings import BadRequest

KEY_ALIAS = "alias/shop-data"
MASTER = "shop"
ROWS = 3000
DAY = 86_400.0

HELPERS = f"""
CREATE TABLE canary (id int PRIMARY KEY, word text NOT NULL);
INSERT INTO canary VALUES (1, 'bright-harbour-7431');
CREATE TABLE heartbeat (at timestamptz NOT NULL);
INSERT INTO heartbeat VALUES (now() - interval '{DAY} seconds');
"""

# Every table has an id, something to read, an amount, and the moment when the row was made.
TABLE = f"""
CREATE TABLE {{table}} (
    id int PRIMARY KEY, label text NOT NULL, amount numeric(10, 2) NOT NULL, created_at timestamptz NOT NULL);
INSERT INTO {{table}}
    SELECT n, '{{label}} ' || n, (n * 37 % 10000) / 100.0, now() - make_interval(secs => ({ROWS} - n) * 60)
    FROM generate_series(1, {ROWS}) AS n;
"""


@dataclass(frozen=True)
class Item:
    """One database of the shop, named like the database in it."""

    name: str
    table: str
    label: str
    kind: Kind = INSTANCE
    key: str | None = None


ITEMS = (
    Item("orders", "orders", "order", key=keys.MANAGED_ALIAS),
    Item("billing", "invoices", "invoice", key=KEY_ALIAS),
    Item("catalog", "products", "product"),
    Item("events", "events", "event", kind=CLUSTER, key=KEY_ALIAS),
)


class Shop:
    """The shop's databases in the home Region of an account."""

    def __init__(self, world: World, home: Path) -> None:
        self.world = world
        self.secrets = home / "shop.json"

    def create(self, account: Account) -> dict[str, Any]:
        """Make everything at once, without the usual durations, and take snapshots.

        :raises BadRequest: when the shop is already there, or when there are no servers for it.
        """
        world = self.world
        if world.engines.metadata_only:
            raise BadRequest("the shop needs rows, and this lab has no database servers")
        password = secrets.token_urlsafe(18)
        try:
            with world.lock:
                _make_key(world, account)
                found = {item: _make_database(world, account, item, password) for item in ITEMS}
        except AwsError as error:
            raise BadRequest(f"the shop cannot be made: {error}") from None
        jobs = [world.engines.jobs.submit(_stock, world, item, database) for item, database in found.items()]
        older = self._results(jobs)
        self._open(found)
        with world.lock:
            for database, frozen in older:
                snapshots.take_automated(world, database, age=DAY, frozen=frozen)
        taken = self._snapshots(found)
        self._keep(account, password)
        return {"databases": [database.arn for database in found.values()], "snapshots": taken}

    def _keep(self, account: Account, password: str) -> None:
        """Keep the master password in the lab's home and nowhere else."""
        self.secrets.touch(0o600)
        known = json.loads(self.secrets.read_text() or "{}")
        known[account.name] = {"user": MASTER, "password": password}
        self.secrets.write_text(json.dumps(known))

    def beat_before_snapshots(self, account: Account) -> None:
        """Beat the heart of a running shop, so that a snapshot taken now has the newest beat."""
        if found := self._running(account):
            self._run_everywhere(found, (BEAT,))

    def _open(self, found: dict[Item, Database]) -> None:
        """Make all databases available now, and give the cluster its member."""
        world = self.world
        with world.lock:
            now = world.now()
            for database in found.values():
                database.ready, database.created = now, now - 30 * DAY
                backups.plan(world, database)
                if database.is_cluster:
                    _add_member(world, database)

    def _snapshots(self, found: dict[Item, Database]) -> list[str]:
        """Beat the heart, and take automated snapshots right after it."""
        world = self.world
        self._run_everywhere(found, (BEAT,))
        with world.lock:
            taken = [snapshots.take_automated(world, database) for database in found.values()]
        for snapshot in taken:
            snapshot.frozen.path()
        return [snapshot.arn for snapshot in taken]

    def beat(self, account: Account) -> dict[str, Any]:
        """Write a fresh heartbeat into all databases."""
        return self._everywhere(account, (BEAT,))

    def lose_rows(self, account: Account) -> dict[str, Any]:
        """Delete nearly all rows; the snapshots still have them."""
        return self._everywhere(account, ("DELETE FROM {table} WHERE id > 10",))

    def damage(self, account: Account) -> dict[str, Any]:
        """Delete half of the rows and the canary, and take snapshots that do not have them either."""
        result = self._everywhere(account, ("DELETE FROM {table} WHERE id % 2 = 0", "DELETE FROM canary"))
        return result | {"snapshots": self._snapshots(self._found(account))}

    def _everywhere(self, account: Account, statements: Iterable[str]) -> dict[str, Any]:
        found = self._found(account)
        self._run_everywhere(found, statements)
        return {"databases": [database.arn for database in found.values()]}

    def _run_everywhere(self, found: dict[Item, Database], statements: Iterable[str]) -> None:
        words, jobs = tuple(statements), self.world.engines.jobs
        self._results(jobs.submit(_execute, item, database, words) for item, database in found.items())

    def _found(self, account: Account) -> dict[Item, Database]:
        here = self._running(account)
        if not here:
            raise BadRequest(f"{account.name} has no shop whose databases run; make one first")
        return here

    def _running(self, account: Account) -> dict[Item, Database]:
        world = self.world
        with world.lock:
            place = world.place(account.id, account.region)
            found = {item: place.databases[item.kind.name].get(item.name) for item in ITEMS}
        return {item: each for item, each in found.items() if each and each.server and each.server.running}

    @staticmethod
    def _results(jobs: Iterable[Future[Any]]) -> list[Any]:
        return [job.result(60) for job in list(jobs)]


BEAT = "INSERT INTO heartbeat VALUES (now())"


def _make_key(world: World, account: Account) -> None:
    """Create a customer key with the policy that KMS gives by default."""
    from moto.kms.models import kms_backends

    if world.keys.find(KEY_ALIAS, account.id, account.region) is None:
        backend = kms_backends[account.id][account.region]
        key = backend.create_key(None, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "The shop's data", None)
        backend.create_alias(key.id, KEY_ALIAS)


def _make_database(world: World, account: Account, item: Item, password: str) -> Database:
    params: dict[str, Any] = {
        item.kind.identifier: item.name,
        "Engine": "postgres" if item.kind is INSTANCE else "aurora-postgresql",
        "MasterUsername": MASTER,
        "MasterUserPassword": password,
        "DBName" if item.kind is INSTANCE else "DatabaseName": item.name,
        "Tags": [{"Key": "app", "Value": "shop"}],
        "BackupRetentionPeriod": 7,
        # The next backups are due in a day.
        "PreferredBackupWindow": _half_an_hour(world.now()),
        "CopyTagsToSnapshot": False,
        "StorageEncrypted": item.key is not None,
    }
    if item.key:
        params["KmsKeyId"] = item.key
    call = Call(accounts.admin_of(account), account.region, "", params)
    return creation.new_database(world, call, item.kind)


def _half_an_hour(start: float) -> str:
    """Return the backup window that begins now."""
    return "-".join(f"{datetime.fromtimestamp(start + more, timezone.utc):%H:%M}" for more in (0, 1800))


def _add_member(world: World, cluster: Database) -> None:
    params: dict[str, Any] = {
        "DBInstanceIdentifier": f"{cluster.identifier}-1",
        "DBInstanceClass": "db.r6g.large",
        "Engine": cluster.engine,
        "Tags": [{"Key": "app", "Value": "shop"}],
        "DBClusterIdentifier": cluster.identifier,
    }
    caller = accounts.admin_of(world.accounts.find(cluster.account))
    members.add(world, Call(caller, cluster.region, "", params), cluster, seconds=0.0)


def _stock(world: World, item: Item, database: Database) -> tuple[Database, Frozen]:
    """Fill a database as soon as it runs, and freeze it as it was yesterday."""
    assert database.job is not None
    database.job.result(60)
    server = servers.server_of(database)
    server.start()
    _execute(item, database, (f"SET ROLE {MASTER}", *HELPERS.strip().splitlines(), TABLE))
    return database, world.engines.freeze_now(server)


def _execute(item: Item, database: Database, statements: Iterable[str]) -> None:
    words = [statement.format(table=item.table, label=item.label) for statement in statements]
    servers.server_of(database).execute(words, item.name)
