# SPDX-License-Identifier: GPL-3.0-or-later
"""Make many databases and snapshots at once as rows without servers and files, for benchmarks and tests without SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timezone
from typing import Any

from lifeboat_lab import accounts, keys
from lifeboat_lab.accounts import Account
from lifeboat_lab.engines import NOTHING
from lifeboat_lab.errors import AwsError
from lifeboat_lab.rds import names, option_rules, replication, snapshots
from lifeboat_lab.rds.database import Database
from lifeboat_lab.rds.kinds import CLUSTER, INSTANCE, Kind
from lifeboat_lab.rds.stored import Portrait, Snapshot
from lifeboat_lab.rds.world import World, kind_named
from lifeboat_lab.settings import BadRequest
from lifeboat_lab.spelling import unknown

MOST = 100_000
DAY = 86_400.0


@dataclass(frozen=True)
class Seed:
    """A request for rows. Ages and intervals are seconds, storage GiB; ``key`` is as KmsKeyId or ``sse-rds``.

    ``replica_of`` is the name or the ARN of what all of them replicate.
    """

    account: str
    region: str | None = None
    engine: str = "postgres"
    kind: str | None = None
    version: str = "17.4"
    databases: int = 1
    snapshots: int = 0
    prefix: str = "db"
    type: str = "automated"
    age: float = 0.0
    interval: float = DAY
    storage: int = 20
    retention: int = 35
    key: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    shared_with: list[str] = field(default_factory=list)
    replica_of: str | None = None
    global_cluster: str | None = None

    @classmethod
    def read(cls, body: Any) -> Seed:
        """Read a request for rows.

        :raises BadRequest: when the request is not valid.
        """
        known = {each.name: each for each in fields(cls)}
        if not isinstance(body, Mapping):
            raise BadRequest("the body must be a JSON object")
        if wrong := sorted(set(body) - set(known)):
            raise BadRequest(unknown("field", wrong, known))
        if "account" not in body:
            raise BadRequest("account is missing")
        seed = cls(**body)
        seed.check()
        return seed

    def check(self) -> None:
        """Check the types of all values, and that not too many rows are wanted.

        :raises BadRequest: when a value is not of its kind, or too many are wanted.
        """
        for name in ("databases", "snapshots", "storage", "retention", "age", "interval"):
            value = getattr(self, name)
            whole = name in ("age", "interval") or isinstance(value, int)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0 or not whole:
                raise BadRequest(f"{name} must be a number, and not negative")
        if self.kind not in (None, "instance", "cluster"):
            raise BadRequest("kind must be instance or cluster")
        for name in ("region", "engine", "version", "prefix", "type", "key", "replica_of", "global_cluster"):
            if not isinstance(getattr(self, name), (str, type(None))):
                raise BadRequest(f"{name} must be a string")
        if not isinstance(self.tags, dict) or not isinstance(self.shared_with, list):
            raise BadRequest("tags must be an object, and shared_with a list")
        if self.type not in ("automated", "manual", "awsbackup"):
            raise BadRequest("type must be automated, manual or awsbackup")
        if self.databases * max(1, self.snapshots) > MOST:
            raise BadRequest(f"databases times snapshots must be at most {MOST}")
        if self.type != "manual" and self.shared_with:
            raise BadRequest("only manual snapshots can be shared")


def sow(world: World, seed: Seed) -> dict[str, int]:
    """Register everything, or nothing.

    :raises BadRequest: when a name is not legal or taken, or the key cannot be used.
    """
    account = world.accounts.find(seed.account)
    region = seed.region or account.region
    with world.lock:
        try:
            key = _key(world, seed, account, region)
            source = _source(world, seed, account, region)
            found = [_database(world, seed, account, region, key, number) for number in range(seed.databases)]
            stored = [each for database in found for each in _snapshots(world, seed, database)]
        except AwsError as error:
            raise BadRequest(str(error)) from None
        place = world.place(account.id, region)
        for table, new in ((place.databases, found), (place.snapshots, stored)):
            taken = [each.identifier for each in new if each.identifier in table[each.kind.name]]
            if taken:
                raise BadRequest(f"already there: {', '.join(taken[:5])}")
        place.databases[_kind(seed).name].update({each.identifier: each for each in found})
        place.snapshots[_kind(seed).name].add(*stored)
        for each in found if source else ():
            replication.attach(world, each, source)
    return {"databases": len(found), "snapshots": len(stored)}


def _kind(seed: Seed) -> Kind:
    if seed.kind:
        return kind_named(seed.kind)
    return CLUSTER if seed.engine.startswith("aurora") or seed.engine in ("neptune", "docdb") else INSTANCE


def _key(world: World, seed: Seed, account: Account, region: str) -> str | None:
    if seed.key in (None, "sse-rds"):
        return keys.AWS_OWNED if seed.key else None
    return world.keys.for_rds(seed.key, accounts.admin_of(account), region, keys.TO_RUN).arn


def _source(world: World, seed: Seed, account: Account, region: str) -> str:
    """Return the ARN of what is replicated, or an empty text. A name is that of a database in the same place."""
    name = seed.replica_of or ""
    if not name or name.startswith("arn:"):
        return replication.check_arn(name) if name else ""
    return world.database(_kind(seed), name, account.id, region).arn


def _database(world: World, seed: Seed, account: Account, region: str, key: str | None, number: int) -> Database:
    name = names.identifier(f"{seed.prefix}-{number:05}", "prefix")
    oldest = world.now() - seed.age - (seed.snapshots + 1) * seed.interval
    return Database(
        _kind(seed), account.id, region, name, seed.engine, seed.version, "master", None, key,
        ready=oldest, created=oldest, storage=seed.storage, tags=dict(seed.tags),
        options={"BackupRetentionPeriod": seed.retention, "DBInstanceClass": "db.r6g.large"},
        global_cluster=seed.global_cluster or "",
    )  # fmt: skip


def _snapshots(world: World, seed: Seed, database: Database) -> list[Snapshot]:
    about, group = snapshots.portrait(world, database), option_rules.of_database(database)
    newest = world.now() - seed.age
    moments = [newest - turn * seed.interval for turn in range(seed.snapshots)]
    return [_snapshot(seed, database, about, group, moment) for moment in moments]


def _snapshot(seed: Seed, database: Database, about: Portrait, group: str, moment: float) -> Snapshot:
    stem = {"automated": "rds:", "manual": "", "awsbackup": "awsbackup:job-"}[seed.type]
    when = datetime.fromtimestamp(moment, timezone.utc)
    name = f"{stem}{database.identifier}-{when:%Y-%m-%d-%H-%M}"
    return Snapshot(
        database.kind, database.account, database.region, name, seed.type, about, database.key, group,
        started=moment, ready=moment, frozen=NOTHING, created=moment, original=moment, taken=moment,
        tags=dict(seed.tags), shared_with=list(seed.shared_with), finished=True,
    )  # fmt: skip
