# SPDX-License-Identifier: GPL-3.0-or-later
"""Values for tests: a database, its snapshots, its copies. Each takes only what the test is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from ansible_collections.lifeboat.rds.plugins.module_utils._aws.errors import AwsRefusal
from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.plan import Copy
from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.replicate import start_of
from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.routes import (
    Place,
    Start,
    Steps,
    Unsupported,
    to_own,
    to_publish,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import (
    DATABASE,
    DRILL_ID,
    MANAGED_BY,
    ORIGIN,
    PURPOSE,
    RESOURCE_ID,
    Database,
    DatabaseId,
    Key,
    RecoveryPoint,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.naming import lineage_of, name_for

SOURCE, DR, STRANGER = "111111111111", "222222222222", "333333333333"
WEST, EAST = "us-west-2", "us-east-1"
NOW = datetime(2026, 11, 23, 14, 0, tzinfo=timezone.utc)
SOURCE_KEY = f"arn:aws:kms:{WEST}:{SOURCE}:key/source"
DR_KEY = f"arn:aws:kms:{EAST}:{DR}:key/dr"


def hours_ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


def database(identifier: str = "orders", kind: str = "instance", **more: Any) -> Database:
    identity = DatabaseId(SOURCE, WEST, kind, identifier, more.pop("resource_id", f"db-{identifier.upper()}"))
    engine = "postgres" if kind == "instance" else "aurora-postgresql"
    facts: dict[str, Any] = {"engine": engine, "engine_version": "16.4", "status": "available", **more}
    return Database(id=identity, **facts)


def automated(identifier: str = "orders", hours: float = 1, **more: Any) -> RecoveryPoint:
    """Build a snapshot that RDS took by itself at the source."""
    name = f"rds:{identifier}-{hours_ago(hours):%Y-%m-%d-%H-%M}"
    facts: dict[str, Any] = {
        "kind": "instance",
        "name": name,
        "arn": f"arn:aws:rds:{WEST}:{SOURCE}:snapshot:{name}",
        "account": SOURCE,
        "region": WEST,
        "origin": "automated",
        "status": "available",
        "engine": "postgres",
        "engine_version": "16.4",
        "identifier": identifier,
        "resource_id": f"db-{identifier.upper()}",
        "size_gib": 20,
        "created": hours_ago(hours),
        "original": hours_ago(hours),
        **more,
    }
    return RecoveryPoint(**facts)


def copied(
    identifier: str = "orders", hours: float = 1, account: str = SOURCE, *, of: str = SOURCE, **more: Any
) -> RecoveryPoint:
    """Build one of our copies: published at the source, or landed at the DR site.

    :param of: the account of the original database.
    """
    one = replace(database(identifier).id, account=of)
    region = EAST if account == DR else WEST
    name = name_for("lifeboat", identifier, lineage_of(one, hours_ago(hours)))
    ours = {MANAGED_BY: "lifeboat", DATABASE: one.arn, RESOURCE_ID: one.resource_id, ORIGIN: of}
    tags = {**ours, **more.pop("tags", {})}
    published = {} if account == of else {"source_arn": f"arn:aws:rds:{WEST}:{of}:snapshot:{name}"}
    return automated(
        identifier,
        hours,
        **{
            "name": name,
            "arn": f"arn:aws:rds:{region}:{account}:snapshot:{name}",
            "account": account,
            "region": region,
            "origin": "manual",
            "tags": tags,
            **published,
            **more,
        },
    )


def key(arn: str = SOURCE_KEY, **more: Any) -> Key:
    _arn, _aws, _kms, region, account, _name = arn.split(":")
    facts = {"account": account, "region": region, "state": "Enabled", "is_aws_managed": False, **more}
    return Key(arn=arn, **facts)


def landed(identifier: str = "orders", hours: float = 1, **more: Any) -> RecoveryPoint:
    """Build the DR site's own copy of what ``copied`` published."""
    return copied(identifier, hours, DR, **{"encrypted": True, "kms_key_id": DR_KEY, **more})


def of_cluster(point: RecoveryPoint) -> RecoveryPoint:
    """Turn a recovery point into one of a DB cluster, whose rows have fewer members."""
    arn = point.arn.replace(":snapshot:", ":cluster-snapshot:")
    engine = "aurora-postgresql"
    return replace(point, kind="cluster", arn=arn, engine=engine, original=None, database_time=None)


def restored(name: str = "lifeboat-d1-orders", kind: str = "instance", drill: str = "d1", **more: Any) -> Database:
    """Build a running database that a drill made at the DR site."""
    tags = {MANAGED_BY: "lifeboat", PURPOSE: "drill", DRILL_ID: drill, **more.pop("tags", {})}
    facts: dict[str, Any] = {"host": f"{name}.example", "port": 5432, "master_username": "master", **more}
    one = database(name, kind, tags=tags, **facts)
    return replace(one, id=replace(one.id, account=DR, region=EAST))


def copying(copy: Copy, account: str, region: str, **more: Any) -> RecoveryPoint:
    """Build the row that AWS answers to a copy that it started."""
    point = copied(copy.identifier, account=account)
    facts = {"status": "copying", "created": None, "original": None, "tags": copy.tags, "engine": copy.engine, **more}
    return replace(
        point,
        kind=copy.kind,
        name=copy.name,
        arn=copy.arn,
        region=region,
        account=account,
        resource_id=copy.resource_id,
        kms_key_id=copy.kms_key_id,
        encrypted=copy.kms_key_id is not None,
        size_gib=copy.size_gib,
        source_arn=copy.source_arn,
        **facts,
    )


def route(
    start: Start, source: Place, dr: Place, *, publish_in: str | None = None, single_step: bool = True
) -> Steps | Unsupported:
    """List the steps of both sides, as their modules plan them. The DR site sees only what is shared.

    Without a DR account the copy stays in the source's account, in another Region.
    """
    if source.account == dr.account:
        return to_publish(start, source, dr.region, share=False)
    region = publish_in or source.region
    published = to_publish(start, source, region)
    if isinstance(published, Unsupported):
        return published
    kind = "instance" if start.is_of_multi_az_cluster else start.kind
    shared = replace(copied(), kind=kind, engine=start.engine, encrypted=start.encryption != "none")
    return published + to_own(start_of(shared), Place(source.account, region), dr, single_step=single_step)


def refusal(meaning: str, why: str = "AWS said no") -> AwsRefusal:
    return AwsRefusal("Cannot do it", why=why, code="Code", meaning=meaning)  # type: ignore[arg-type]


class FakeClock:
    """Time that passes only while somebody sleeps."""

    def __init__(self, orphaned_after: float = float("inf")) -> None:
        self.seconds = 0.0
        self.slept: list[float] = []
        self._orphaned_after = orphaned_after

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds

    def is_orphaned(self) -> bool:
        return self.seconds > self._orphaned_after


def by_kind_and_name(*databases: Any) -> dict[tuple[str, str], Any]:
    """Return databases as a pass looks them up."""
    return {(one.id.kind, one.id.identifier): one for one in databases}


class Encrypted:
    """A value of Ansible Vault: whoever reads it needs the password."""

    def __str__(self) -> str:
        raise AssertionError("it was decrypted")

    __repr__ = __str__
