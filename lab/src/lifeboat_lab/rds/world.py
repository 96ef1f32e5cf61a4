# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold all databases and snapshots by account and Region. States follow from the clock, not from timers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from lifeboat_lab.accounts import PARTITION, Accounts, Principal
from lifeboat_lab.clock import Clock
from lifeboat_lab.engines import Engines
from lifeboat_lab.errors import AwsError
from lifeboat_lab.faults import Faults
from lifeboat_lab.keys import Keys
from lifeboat_lab.rds.database import Database
from lifeboat_lab.rds.events import Events
from lifeboat_lab.rds.groups import Groups
from lifeboat_lab.rds.kinds import CLUSTER, INSTANCE, Kind
from lifeboat_lab.rds.stored import Shelf, Snapshot
from lifeboat_lab.settings import Settings


@dataclass(frozen=True)
class Call:
    """One RDS request: who asks, where, and what for."""

    caller: Principal
    region: str
    action: str
    params: dict[str, Any]

    @property
    def account(self) -> str:
        return self.caller.account


@dataclass
class Place:
    """What one account has in one Region."""

    account: str
    region: str
    databases: dict[str, dict[str, Database]] = field(default_factory=lambda: {"instance": {}, "cluster": {}})
    snapshots: dict[str, Shelf] = field(default_factory=lambda: {"instance": Shelf(), "cluster": Shelf()})
    groups: Groups = field(default_factory=Groups)
    # By resource id of a database, the ARN of its copy that was the last to be completed here (aws_rds.md 1.7).
    anchors: dict[str, str] = field(default_factory=dict)


class World:
    """Everything RDS knows. Callers hold ``lock``; nothing here waits for a database server."""

    def __init__(self, accounts: Accounts, settings: Settings, faults: Faults, engines: Engines) -> None:
        self.accounts = accounts
        self.settings = settings
        self.faults = faults
        self.engines = engines
        self.keys = Keys(accounts, settings.rules)
        self.clock = Clock()
        self.events = Events(self.clock.now)
        self.lock = threading.RLock()
        self._places: dict[tuple[str, str], Place] = {}

    def now(self) -> float:
        return self.clock.now()

    def place(self, account: str, region: str) -> Place:
        """Return what an account has in a Region, without what has been deleted meanwhile."""
        place = self._places.setdefault((account, region), Place(account, region))
        now = self.now()
        for databases in place.databases.values():
            for name in [name for name, found in databases.items() if found.gone is not None and found.gone <= now]:
                self._forget(databases.pop(name))
        return place

    def _forget(self, database: Database) -> None:
        if database.cluster:
            database.cluster.members.remove(database)
        if database.source:
            database.source.replicas.remove(database)
            database.source = None
        # RDS promotes the replicas of a database that is deleted.
        for replica in database.replicas:
            replica.source, replica.source_arn = None, ""

    def forget_everything(self) -> None:
        """Forget all databases and snapshots. What is still planned for one of them finds it gone."""
        for found in self.databases():
            found.gone = self.now()
        self._places.clear()

    def places(self) -> Iterator[Place]:
        for account, region in list(self._places):
            yield self.place(account, region)

    def databases(self) -> Iterator[Database]:
        for place in self.places():
            for found in place.databases.values():
                yield from list(found.values())

    def snapshots(self, kind: Kind | None = None) -> Iterator[Snapshot]:
        for place in self.places():
            for name, found in place.snapshots.items():
                if kind is None or kind.name == name:
                    yield from list(found.values())

    def database(self, kind: Kind, name: str, account: str, region: str) -> Database:
        """Return an own database by name or ARN.

        :raises AwsError: when there is none.
        """
        plain = own_name(name, kind.arn_type, account, region)
        found = self.place(account, region).databases[kind.name].get(plain) if plain else None
        if found is None:
            raise AwsError(kind.not_found, f"{kind.noun} {name} not found.", 404)
        return found

    def snapshot(self, kind: Kind, name: str, account: str, region: str, *, anywhere: bool = False) -> Snapshot:
        """Return a snapshot by name, or by ARN if it may be seen. Other Regions count only for copies.

        :raises AwsError: when there is none, or none that this account may know of.
        """
        owner, where, plain = account, region, name.lower()
        if name.startswith("arn:"):
            owner, where, plain = snapshot_arn(name, kind)
        known = owner in {known.id for known in self.accounts.all} and (anywhere or where == region)
        found = self.place(owner, where).snapshots[kind.name].get(plain) if known else None
        dark = self.accounts.is_dark(owner, where)
        if found is None or dark or not found.visible_to(account):
            raise AwsError(kind.snapshot_not_found, f"{kind.snapshot} {name} not found.", 404)
        return found

    def then(self, database: Database, work: Callable[[], Any], *, gate: bool = True) -> Future[Any]:
        """Do something to a database's server after what is being done to it.

        With ``gate`` the database is not available before that is done.
        """
        before = database.job

        def in_turn() -> Any:
            if before is not None:
                before.result()
            return work()

        database.job = self.engines.jobs.submit(in_turn)
        if gate:
            database.wait_for(database.job)
        return database.job


def own_name(name: str, arn_type: str, account: str, region: str) -> str | None:
    """Return the plain name behind a name or an ARN of the caller's own place; None for anything else."""
    if not name.startswith("arn:"):
        return name.lower()
    prefix = f"arn:{PARTITION}:rds:{region}:{account}:{arn_type}:"
    return name.removeprefix(prefix).lower() if name.startswith(prefix) else None


def snapshot_arn(arn: str, kind: Kind) -> tuple[str, str, str]:
    """Return account, Region and name from a snapshot's ARN. Automated names contain a colon.

    :raises AwsError: when it is not the ARN of a snapshot of this kind.
    """
    parts = arn.split(":", 6)
    if len(parts) != 7 or parts[2] != "rds" or parts[5] != kind.snapshot_arn_type:
        raise AwsError("InvalidParameterValue", f"Invalid snapshot identifier:  {arn}")
    return parts[4], parts[3], parts[6].lower()


def kind_named(name: str) -> Kind:
    return INSTANCE if name == "instance" else CLUSTER
