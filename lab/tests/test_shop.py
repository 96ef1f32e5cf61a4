# SPDX-License-Identifier: GPL-3.0-or-later
"""Test the sample databases, and the ways to spoil them."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest

from helpers import automated, restored
from lifeboat_lab import Lab
from lifeboat_lab.testing import ask, instance

TABLES = {"orders": "orders", "billing": "invoices", "catalog": "products", "events-1": "events"}


@pytest.fixture(scope="module")
def shop(lab: Lab) -> Any:
    """Make a second shop, since this one gets damaged."""
    lab.admin("POST", "shop", {"do": "create", "account": "stranger"})
    return lab.client("stranger", "rds")


@pytest.fixture(scope="module")
def password(lab: Lab, shop: Any) -> str:
    """Read it in the lab's home, where only its owner can."""
    kept = lab.home / "shop.json"
    assert kept.stat().st_mode & 0o077 == 0
    return json.loads(kept.read_text())["stranger"]["password"]


def test_every_database_has_rows_a_canary_and_a_heartbeat(shop: Any, password: str) -> None:
    for name, table in TABLES.items():
        row = instance(shop, name)
        database = name.removesuffix("-1")
        assert row["DBName"] == database
        assert ask(row, f"SELECT count(*) FROM {table}", password=password) == 3000
        assert ask(row, "SELECT id || word FROM canary", password=password) == "1bright-harbour-7431"
        assert ask(row, "SELECT now() - max(at) < interval '5 minutes' FROM heartbeat", password=password)
        assert ask(row, f"SELECT count(created_at) FROM {table} WHERE id > 0", password=password) == 3000


def test_the_shop_is_encrypted_in_three_ways(lab: Lab, shop: Any) -> None:
    kms = lab.client("stranger", "kms")
    managed, customer = (
        kms.describe_key(KeyId=f"alias/{name}")["KeyMetadata"]["Arn"] for name in ("aws/rds", "shop-data")
    )
    keys = {name: instance(shop, name).get("KmsKeyId") for name in TABLES}
    assert keys == {"orders": managed, "billing": customer, "catalog": None, "events-1": customer}


def test_the_newest_snapshot_has_a_fresh_heartbeat_and_the_older_one_yesterdays(shop: Any) -> None:
    rows = shop.describe_db_snapshots(DBInstanceIdentifier="orders", SnapshotType="automated")["DBSnapshots"]
    older, newest = sorted(rows, key=lambda row: row["SnapshotCreateTime"])
    for row, hours in ((older, 23), (newest, 0)):
        found = restored(shop, row["DBSnapshotIdentifier"])
        age = ask(found, "SELECT extract(epoch FROM now() - max(at)) / 3600 FROM heartbeat")
        assert hours <= age < hours + 2
        shop.delete_db_instance(DBInstanceIdentifier=found["DBInstanceIdentifier"], SkipFinalSnapshot=True)


def test_lost_rows_are_still_in_the_snapshots(lab: Lab, shop: Any, password: str) -> None:
    lab.admin("POST", "shop", {"do": "lose-rows", "account": "stranger"})
    assert ask(instance(shop, "catalog"), "SELECT count(*) FROM products", password=password) == 10
    found = restored(shop, automated(shop, "catalog")["DBSnapshotIdentifier"])
    assert ask(found, "SELECT count(*) FROM products") == 3000


def test_damage_is_in_the_newest_snapshots(lab: Lab, shop: Any) -> None:
    before = automated(shop, "orders")["DBSnapshotIdentifier"]
    lab.admin("POST", "shop", {"do": "damage", "account": "stranger"})
    newest = automated(shop, "orders")["DBSnapshotIdentifier"]
    assert newest != before
    found = restored(shop, newest)
    assert ask(found, "SELECT count(*) FROM orders") <= 1500
    assert ask(found, "SELECT count(*) FROM canary") == 0


def test_nobody_gets_in_without_the_password(shop: Any) -> None:
    endpoint = instance(shop, "orders")["Endpoint"]
    for user in ("shop", "rdsadmin", "postgres"):
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(host="127.0.0.1", port=endpoint["Port"], user=user, password="guess", dbname="orders")
