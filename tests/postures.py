# SPDX-License-Identifier: GPL-3.0-or-later
"""Sites for a posture: what recovery_point_info says of a database at each side."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import iso
from ansible_collections.lifeboat.rds.plugins.module_utils._core.naming import digest_of
from tests.builders import DR, EAST, NOW, SOURCE, WEST, hours_ago

Row = dict[str, Any]
QUOTAS = {"ManualSnapshots": {"used": 40, "max": 100, "free": 60}}


def digest_by_name(name: str) -> str:
    return digest_of(SOURCE, WEST, f"db-{name.upper()}")


DIGEST = digest_by_name("orders")


def newest_row(place: str, name: str) -> Row:
    point = {"name": f"lifeboat-{name}", "arn": "arn", "original_time": iso(hours_ago(1)), "age_seconds": 3600}
    return {place: {**point, "database_arn": None}}


def row(name: str = "orders", **more: Any) -> Row:
    """Build a protected database as its source site sees it."""
    return {
        "database": name,
        "kind": "instance",
        "engine": "postgres",
        "database_arn": f"arn:aws:rds:{WEST}:{SOURCE}:db:{name}",
        "account_id": SOURCE,
        "region": WEST,
        "digest": digest_by_name(name),
        "tags": {},
        "exists": True,
        "newest": newest_row(f"{SOURCE}/{WEST}/automated", name) | newest_row(f"{DR} (landed)", name),
        "last_verified": None,
        "in_flight": [],
        "age_seconds": 3600,
        "rpo": 86400,
        "state": {False: "unprotected", None: "unknown"}.get(more.get("protected", True), "protected"),
        "replica_of": None,
        "recipe": None,
        "protected": True,
        "reason": None,
        **more,
    }


def seen_at_dr(name: str = "orders", **more: Any) -> Row:
    """Build the same database as the DR site sees it."""
    return row(name, **{"exists": False, "newest": newest_row(f"{DR}/{EAST}/manual", name), **more})


def looked(rows: tuple[Row, ...], now: datetime) -> Row:
    return {"databases": list(rows), "quotas": QUOTAS, "now": iso(now)}


def source_site(*rows: Row, now: datetime = NOW, **more: Any) -> Row:
    place = {"name": "production", "side": "source", "account_id": SOURCE, "region": WEST, "dr_accounts": [DR]}
    return {**place, "problem": None, "result": looked(rows, now), **more}


def dr_site(*rows: Row, now: datetime = NOW, **more: Any) -> Row:
    place = {"name": "production_dr", "side": "dr", "account_id": DR, "region": EAST, "dr_accounts": []}
    return {**place, "problem": None, "result": looked(rows, now), **more}


def dark(site: Row) -> Row:
    return {**site, "problem": "it is dark", "result": None}
