# SPDX-License-Identifier: GPL-3.0-or-later
"""Test a Region that goes dark, for everybody or for one account, beside an account that is dark everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from botocore.exceptions import ConnectionClosedError

from helpers import DR, ONCE, PRODUCTION, STRANGER, automated, code_of, copied, done, settings, share, snapshot
from lifeboat_lab import Lab, cli
from lifeboat_lab.testing import fresh, instance, until


@contextmanager
def gone(lab: Lab, **place: str) -> Iterator[None]:
    """Take an account, a Region, or an account in a Region away for a while."""
    lab.admin("POST", "dark", place)
    try:
        yield
    finally:
        lab.admin("POST", "dark", {**place, "dark": False})


def answers(lab: Lab, profile: str, service: str, operation: str, region: str) -> bool:
    try:
        getattr(lab.client(profile, service, region, config=ONCE), operation)()
    except ConnectionClosedError:
        return False
    return True


LISTS = {"rds": "describe_db_instances", "kms": "list_keys", "sns": "list_topics", "sts": "get_caller_identity",
         "iam": "list_users"}  # fmt: skip


def test_an_outage_is_over_when_it_is_said_to_be_and_not_before(lab: Lab) -> None:
    """Bring an account and a Region that are both dark back one by one."""
    client = lab.client("stranger", "rds", "eu-central-1", config=ONCE)
    with gone(lab, account="stranger"), gone(lab, region="eu-central-1"):
        lab.admin("POST", "dark", {"account": "stranger", "dark": False})
        with pytest.raises(ConnectionClosedError):
            client.describe_db_instances()
        lab.admin("POST", "dark", {"region": "eu-central-1", "dark": False})
        assert client.describe_db_instances()["DBInstances"] == []


@pytest.mark.parametrize(
    ("place", "silent"),
    [
        ({"region": "eu-west-1"}, {("production", "eu-west-1"), ("production_dr", "eu-west-1")}),
        ({"account": "production_dr", "region": "eu-west-1"}, {("production_dr", "eu-west-1")}),
        ({"account": "production_dr"}, {("production_dr", "eu-west-1"), ("production_dr", "us-east-1")}),
    ],
)
def test_what_is_dark_answers_nothing_and_all_else_does(
    lab: Lab, place: dict[str, str], silent: set[tuple[str, str]]
) -> None:
    seats = [(profile, region) for profile in ("production", "production_dr") for region in ("eu-west-1", "us-east-1")]
    with gone(lab, **place):
        heard = {seat for seat in seats if answers(lab, seat[0], "rds", "describe_db_instances", seat[1])}
    assert set(seats) - heard == silent
    assert all(answers(lab, profile, "rds", "describe_db_instances", region) for profile, region in seats)


def test_a_region_takes_its_services_along_and_leaves_the_global_ones(lab: Lab) -> None:
    def heard(region: str) -> dict[str, bool]:
        return {name: answers(lab, "stranger", name, operation, region) for name, operation in LISTS.items()}

    with gone(lab, region="eu-west-1"):
        assert heard("eu-west-1") == {"rds": False, "kms": False, "sns": False, "sts": False, "iam": True}
    with gone(lab, region="us-east-1"):
        # Its STS endpoint is also the global one.
        assert heard("us-east-1") == {"rds": False, "kms": False, "sns": False, "sts": True, "iam": True}
    with gone(lab, account="stranger", region="us-east-1"):
        assert heard("us-east-1")["iam"]
    with gone(lab, account="stranger"):
        assert heard("us-east-1") == dict.fromkeys(LISTS, False)


def test_a_copy_cannot_read_from_a_region_that_is_dark(lab: Lab, rds: Any) -> None:
    source = automated(rds, "catalog")["DBSnapshotArn"]
    away = lab.client("production", "rds", "eu-west-3")
    names = [fresh("early"), fresh("late")]
    with settings(lab, scale=1):
        away.copy_db_snapshot(SourceDBSnapshotIdentifier=source, TargetDBSnapshotIdentifier=names[0])
    with gone(lab, region="us-west-2"):
        refused = code_of(away.copy_db_snapshot, SourceDBSnapshotIdentifier=source, TargetDBSnapshotIdentifier=names[1])
        assert refused == "DBSnapshotNotFound"
        assert until(lambda: done(snapshot(away, names[0])))["Status"] == "failed"
    assert copied(away, source, names[1])["Status"] == "available"


def test_a_copy_fails_when_the_key_of_its_source_goes_dark(
    lab: Lab, rds: Any, dr: Any, dr_here: Any, open_key: str, dr_key: str
) -> None:
    source = copied(rds, automated(rds, "billing")["DBSnapshotArn"], KmsKeyId=open_key)
    share(rds, source["DBSnapshotIdentifier"], DR)
    mine = copied(dr_here, source["DBSnapshotArn"], KmsKeyId=open_key)
    name = fresh("late")
    with settings(lab, scale=1):
        dr.copy_db_snapshot(
            SourceDBSnapshotIdentifier=mine["DBSnapshotArn"], TargetDBSnapshotIdentifier=name, KmsKeyId=dr_key
        )
    with gone(lab, account="production"):
        assert until(lambda: done(snapshot(dr, name)))["Status"] == "failed"


def test_databases_of_a_dark_region_do_not_answer_and_come_back(lab: Lab, rds: Any) -> None:
    endpoint = instance(rds, "catalog")["Endpoint"]

    def error() -> str:
        with pytest.raises(psycopg.OperationalError) as caught:
            psycopg.connect(host="127.0.0.1", port=endpoint["Port"], user="shop", password="x", dbname="catalog")
        return str(caught.value)

    with gone(lab, account="production", region="us-west-2"):
        assert "refused" in error()
    assert "password" in error()


def test_what_a_dark_account_owns_is_silent_for_others_too(lab: Lab) -> None:
    topic = lab.client("production", "sns").create_topic(Name=fresh("topic"))["TopicArn"]
    bucket = fresh("bucket")
    s3 = lab.client("production", "s3")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    s3.put_object(Bucket=bucket, Key="a", Body=b"data")
    others = lab.client("production_dr", "s3", config=ONCE)
    publisher = lab.client("production_dr", "sns", "us-west-2", config=ONCE)
    with gone(lab, account="production"):
        with pytest.raises(ConnectionClosedError):
            others.get_object(Bucket=bucket, Key="a")
        with pytest.raises(ConnectionClosedError):
            publisher.publish(TopicArn=topic, Message="x")
        assert "Buckets" in others.list_buckets()


def test_the_status_says_what_is_dark(lab: Lab) -> None:
    with (
        gone(lab, account="stranger"),
        gone(lab, region="eu-west-1"),
        gone(lab, account="production", region="sa-east-1"),
    ):
        status = lab.admin("GET", "status")
    assert [row["name"] for row in status["accounts"] if row["dark"]] == ["stranger"]
    assert status["dark"] == [
        {"account": PRODUCTION, "region": "sa-east-1"},
        {"account": STRANGER, "region": None},
        {"account": None, "region": "eu-west-1"},
    ]
    assert lab.admin("GET", "status")["dark"] == []


def test_the_command_line_does_it_too(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_URL", lab.url)

    def dark() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = lab.admin("GET", "status")["dark"]
        return found

    assert cli.main(["dark", "stranger", "--region", "us-west-2"]) == 0
    assert dark() == [{"account": STRANGER, "region": "us-west-2"}]
    assert cli.main(["dark", "stranger", "--region", "us-west-2", "--off"]) == 0
    assert cli.main(["dark", "--region", "us-west-2"]) == 0
    assert dark() == [{"account": None, "region": "us-west-2"}]
    assert cli.main(["dark", "--region", "us-west-2", "--off"]) == 0
    assert (dark(), cli.main(["dark"])) == ([], 1)
