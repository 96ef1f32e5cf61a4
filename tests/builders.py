# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values for tests: a database, its snapshots, its copies. Each takes only what the test is about."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import (
    DATABASE,
    MANAGED_BY,
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
    """A snapshot that RDS took by itself at the source."""
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


def copied(identifier: str = "orders", hours: float = 1, account: str = SOURCE, **more: Any) -> RecoveryPoint:
    """One of our copies: published at the source, or landed at the DR site."""
    one = database(identifier).id
    region = WEST if account == SOURCE else EAST
    name = name_for("lifeboat", identifier, lineage_of(one, hours_ago(hours)))
    tags = {MANAGED_BY: "lifeboat", DATABASE: one.arn, RESOURCE_ID: one.resource_id, **more.pop("tags", {})}
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
            **more,
        },
    )


def key(arn: str = SOURCE_KEY, **more: Any) -> Key:
    _arn, _aws, _kms, region, account, _name = arn.split(":")
    facts = {"account": account, "region": region, "state": "Enabled", "is_aws_managed": False, **more}
    return Key(arn=arn, **facts)
