# SPDX-License-Identifier: GPL-3.0-or-later
"""Test many callers at once: nobody waits for ever, and nothing that was done gets lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from helpers import PRODUCTION, automated, done, settings, snapshot
from lifeboat_lab import Lab
from lifeboat_lab.testing import fresh, until

THREADS, TURNS = 6, 8
REGION = "ap-south-1"
KEEN = Config(retries={"mode": "standard", "total_max_attempts": 10}, max_pool_connections=20)


def all_at_once(*works: Callable[[int], Any]) -> None:
    """Do each piece of work again and again, all of them together; the first mistake is raised."""
    ready = threading.Barrier(len(works))

    def repeat(work: Callable[[int], Any]) -> None:
        ready.wait(30)
        for turn in range(TURNS):
            work(turn)

    with ThreadPoolExecutor(len(works)) as pool:
        for job in [pool.submit(repeat, work) for work in works]:
            job.result(120)


def test_nothing_is_lost_while_everything_happens_at_once(lab: Lab, rds: Any) -> None:
    source = automated(rds, "catalog")["DBSnapshotArn"]
    client = lab.client("production", "rds", REGION, config=KEEN)
    reader = lab.client("production", "iam", config=KEEN)
    prefix = fresh("crowd")
    topic = lab.client("production", "sns", REGION, config=KEEN)

    def copy(worker: int) -> Callable[[int], Any]:
        return lambda turn: client.copy_db_snapshot(
            SourceDBSnapshotIdentifier=source, TargetDBSnapshotIdentifier=f"{prefix}-{worker}-{turn}"
        )

    def list_all(_turn: int) -> None:
        client.describe_db_snapshots()
        reader.list_users()

    def change_settings(turn: int) -> None:
        lab.admin("PATCH", "settings", {"quotas": {"event_subscriptions": 20 + turn}})

    def break_things(_turn: int) -> None:
        with lab.fault("throttle", region=REGION, count=2), lab.fault("server-error", service="iam"):
            lab.admin("GET", "faults")

    def go_dark(_turn: int) -> None:
        lab.admin("POST", "dark", {"account": "stranger"})
        lab.admin("POST", "dark", {"account": "stranger", "dark": False})

    def make_topic(turn: int) -> None:
        topic.create_topic(Name=f"{prefix}-{turn}")

    with settings(lab, quotas={"manual_snapshots": 1000, "snapshot_copies": 1000}):
        all_at_once(
            *(copy(worker) for worker in range(THREADS)), list_all, list_all, change_settings, break_things, go_dark,
            make_topic, lambda _turn: lab.calls(limit=5), lambda _turn: lab.admin("GET", "status"),
        )  # fmt: skip
        assert lab.admin("GET", "settings")["quotas"]["event_subscriptions"] == 20 + TURNS - 1
    rows = client.describe_db_snapshots()["DBSnapshots"]
    names = {row["DBSnapshotIdentifier"] for row in rows if row["DBSnapshotIdentifier"].startswith(prefix)}
    assert names == {f"{prefix}-{worker}-{turn}" for worker in range(THREADS) for turn in range(TURNS)}
    assert len([row for row in topic.list_topics()["Topics"] if prefix in row["TopicArn"]]) == TURNS
    assert lab.admin("GET", "faults") == []
    until(lambda: all(done(snapshot(client, name)) for name in names), timeout=60)
    for name in names:
        client.delete_db_snapshot(DBSnapshotIdentifier=name)


def test_one_name_is_given_to_one_of_many(lab: Lab, rds: Any) -> None:
    source, name = automated(rds, "catalog")["DBSnapshotArn"], fresh("wanted")
    client = lab.client("production", "rds", config=Config(max_pool_connections=20))

    def attempt(_number: int) -> str:
        try:
            client.copy_db_snapshot(SourceDBSnapshotIdentifier=source, TargetDBSnapshotIdentifier=name)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "ok"

    with ThreadPoolExecutor(12) as pool:
        answers = sorted(pool.map(attempt, range(12)))
    assert answers == ["DBSnapshotAlreadyExists"] * 11 + ["ok"]


def test_every_tag_of_many_writers_stays(lab: Lab, rds: Any) -> None:
    arn = f"arn:aws:rds:us-west-2:{PRODUCTION}:db:catalog"
    keys = [fresh("tag") for _turn in range(24)]
    client = lab.client("production", "rds", config=KEEN)
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(lambda key: client.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": key, "Value": ""}]), keys)
        )
    assert set(keys) <= {row["Key"] for row in rds.list_tags_for_resource(ResourceName=arn)["TagList"]}
    client.remove_tags_from_resource(ResourceName=arn, TagKeys=keys)


def test_a_fault_strikes_exactly_as_often_as_told_whoever_calls(lab: Lab) -> None:
    client = lab.client("production", "rds", config=Config(retries={"total_max_attempts": 1}, max_pool_connections=20))

    def attempt(_number: int) -> bool:
        try:
            client.describe_db_clusters()
        except ConnectionClosedError:
            return False
        return True

    with lab.fault("reset-before", action="DescribeDBClusters", count=7, skip=5) as fault:
        with ThreadPoolExecutor(10) as pool:
            assert list(pool.map(attempt, range(60))).count(False) == 7
        assert fault.used() == 7


def test_every_call_is_in_the_log_once(lab: Lab) -> None:
    client = lab.client("production", "rds", REGION, config=Config(max_pool_connections=20))
    before = lab.calls(limit=1)[0]["sequence"]
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda _: client.describe_db_clusters(), range(100)))
    calls = lab.calls(since=before, region=REGION, action="DescribeDBClusters")
    assert len({call["sequence"] for call in calls}) == len(calls) == 100


@pytest.mark.parametrize("service", ["rds", "sns"])
def test_slow_answers_hold_up_nobody(lab: Lab, service: str) -> None:
    client = lab.client("production", service, REGION, config=Config(max_pool_connections=20))
    operation = getattr(client, {"rds": "describe_db_clusters", "sns": "list_topics"}[service])
    with lab.fault("slow", service=service, region=REGION, seconds=2.0, count=5):
        began = time.monotonic()
        with ThreadPoolExecutor(5) as pool:
            list(pool.map(lambda _: operation(), range(5)))
        assert 2.0 <= time.monotonic() - began < 5 * 2.0, "one after the other"
