# SPDX-License-Identifier: GPL-3.0-or-later
"""Test that a fault strikes exactly what it names, as often as told, and that a wrong one is refused."""

from __future__ import annotations

from typing import Any

import pytest

from helpers import ONCE, PRODUCTION, automated, code_of, make_role, outcomes
from lifeboat_lab import Lab
from lifeboat_lab.testing import fresh

pytestmark = pytest.mark.usefixtures("faults")  # none is left


def assumed(lab: Lab, role: str) -> Any:
    """Return RDS as a role of the production account."""
    arn = f"arn:aws:iam::{PRODUCTION}:role/{role}"
    found = lab.client("production", "sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
    return lab.client(
        "production", "rds", config=ONCE, aws_access_key_id=found["AccessKeyId"],
        aws_secret_access_key=found["SecretAccessKey"], aws_session_token=found["SessionToken"],
    )  # fmt: skip


def test_an_action_fails_as_often_as_told(lab: Lab) -> None:
    client = lab.client("production_dr", "rds", config=ONCE)
    with lab.fault("error", action="DescribeDBClusters", code="Throttling", message="m", status=400, count=2) as fault:
        assert outcomes(client.describe_db_clusters, 3) == ["Throttling", "Throttling", "ok"]
        assert client.describe_db_instances()
        assert fault.used() == 2


def test_the_third_call_fails_and_no_other(lab: Lab, once: Any) -> None:
    with lab.fault("throttle", action="DescribeDBInstances", skip=2):
        assert outcomes(once.describe_db_instances, 4) == ["ok", "ok", "ThrottlingException", "ok"]


def test_always_is_a_count_of_null_and_taking_it_back_ends_it(lab: Lab, once: Any) -> None:
    fault = lab.fault("server-error", action="DescribeDBInstances", count=None)
    assert outcomes(once.describe_db_instances, 3) == ["InternalFailure"] * 3
    fault.take_back()
    assert outcomes(once.describe_db_instances, 1) == ["ok"]


def test_chance_can_be_repeated(lab: Lab, once: Any) -> None:
    def run(seed: int) -> list[str]:
        with lab.fault("throttle", action="DescribeDBInstances", count=None, probability=0.5, seed=seed):
            return outcomes(once.describe_db_instances, 20)

    first = run(7)
    assert {"ok", "ThrottlingException"} == set(first)
    assert run(7) == first
    assert run(8) != first


@pytest.mark.parametrize(
    ("words", "strikes"),
    [
        ({}, True),
        ({"action": "Describe*"}, True),
        ({"action": ["CopyDBSnapshot", "DescribeDB*"]}, True),
        ({"action": ["CopyDBSnapshot", "DeleteDBSnapshot"]}, False),
        ({"service": "rds"}, True),
        ({"service": "kms"}, False),
        ({"account": "production"}, True),
        ({"account": PRODUCTION}, True),
        ({"account": "production_dr"}, False),
        ({"region": "us-west-2"}, True),
        ({"region": "us-east-1"}, False),
        ({"resource": "orders"}, True),
        ({"resource": "ORDERS"}, True),
        ({"resource": f"arn:aws:rds:us-west-2:{PRODUCTION}:db:orders"}, True),
        ({"resource": f"arn:aws:rds:us-east-1:{PRODUCTION}:db:orders"}, False),
        ({"resource": "ord*"}, True),
        ({"resource": "billing"}, False),
        ({"action": "DescribeDBInstances", "account": "production", "resource": "billing"}, False),
    ],
)
def test_a_fault_strikes_only_what_it_names(lab: Lab, once: Any, words: dict[str, Any], strikes: bool) -> None:
    with lab.fault("throttle", **words) as fault:
        found = outcomes(once.describe_db_instances, 1, DBInstanceIdentifier="orders")
        assert (found, fault.used()) == ((["ThrottlingException"], 1) if strikes else (["ok"], 0))


@pytest.mark.parametrize("which", ["source", "source ARN", "target", "target ARN"])
def test_a_resource_is_the_source_or_the_target(lab: Lab, rds: Any, once: Any, which: str) -> None:
    arn, name = automated(rds, "catalog")["DBSnapshotArn"], fresh("target")
    resource = {
        "source": arn.split(":", 6)[-1],
        "source ARN": arn,
        "target": name,
        "target ARN": f"arn:aws:rds:us-west-2:{PRODUCTION}:snapshot:{name}",
    }[which]
    with lab.fault("access-denied", resource=resource):
        refused = code_of(once.copy_db_snapshot, SourceDBSnapshotIdentifier=arn, TargetDBSnapshotIdentifier=name)
    assert refused == "AccessDenied"


def test_a_resource_is_also_what_a_list_is_filtered_by(lab: Lab, once: Any) -> None:
    with lab.fault("throttle", resource="orders"):
        asked = {"Filters": [{"Name": "db-instance-id", "Values": ["billing", "orders"]}]}
        assert outcomes(once.describe_db_instances, 1, **asked) == ["ThrottlingException"]


def test_each_of_two_faults_counts_every_call_and_the_first_that_is_due_is_used(lab: Lab, once: Any) -> None:
    with (
        lab.fault("throttle", action="DescribeDBInstances"),
        lab.fault("error", action="DescribeDBInstances", code="Later", skip=2, status=400),
    ):
        assert outcomes(once.describe_db_instances, 4) == ["ThrottlingException", "ok", "Later", "ok"]


def test_a_call_that_is_not_permitted_uses_up_no_fault(lab: Lab) -> None:
    make_role(lab.client("production", "iam"), "onlooker", PRODUCTION, "rds:Describe*")
    onlooker = assumed(lab, "onlooker")
    with lab.fault("reset-before", action="DeleteDBSnapshot") as fault:
        assert code_of(onlooker.delete_db_snapshot, DBSnapshotIdentifier="x") == "AccessDenied"
        assert fault.used() == 0


# --- The list of faults ---


def test_the_list_says_what_waits_and_how_often_it_was_used(lab: Lab, once: Any) -> None:
    first = lab.fault("throttle", action="DescribeDBInstances", account="production", count=3)
    second = lab.fault("slow", seconds=1, region="eu-west-1", count=None)
    outcomes(once.describe_db_instances, 2)
    assert lab.admin("GET", "faults") == [
        {"id": first.id, "kind": "throttle", "action": ["DescribeDBInstances"], "account": PRODUCTION, "count": 3,
         "probability": 1, "code": "ThrottlingException", "message": "Rate exceeded", "status": 400,
         "matched": 2, "used": 2},
        {"id": second.id, "kind": "slow", "region": "eu-west-1", "seconds": 1, "count": None, "probability": 1,
         "matched": 0, "used": 0},
    ]  # fmt: skip


def test_one_is_taken_back_or_all(lab: Lab) -> None:
    first, second = lab.fault("throttle"), lab.fault("reset-before")
    first.take_back()
    assert [row["id"] for row in lab.admin("GET", "faults")] == [second.id]
    with pytest.raises(ValueError, match="There is no fault"):
        first.take_back()
    lab.admin("DELETE", "faults")
    assert lab.admin("GET", "faults") == []


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ({"kind": "earthquake"}, "kind must be one of error, throttle"),
        ({}, "kind must be one of"),
        ([], "JSON object"),
        ({"kind": "throttle", "colour": "red"}, "Unknown field 'colour'. Known are kind, action"),
        ({"kind": "throttle", "seconds": 1}, "Unknown field 'seconds'"),
        ({"kind": "throttle", "account": "nobody"}, "Unknown account"),
        ({"kind": "throttle", "region": "moon-1"}, "Unknown Region 'moon-1'"),
        ({"kind": "throttle", "service": "pizza"}, "Unknown service 'pizza'"),
        ({"kind": "throttle", "service": 3}, "service must be a string"),
        ({"kind": "throttle", "resource": ""}, "resource must be a string"),
        (
            {"kind": "throttle", "action": "CopyDbSnapshot"},
            "Unknown action 'CopyDbSnapshot'. Did you mean 'CopyDBSnapshot'",
        ),
        ({"kind": "throttle", "action": []}, "action must be"),
        ({"kind": "throttle", "action": [1]}, "action must be"),
        ({"kind": "throttle", "service": "kms", "action": "CopyDBSnapshot"}, "Unknown action of kms 'CopyDBSnapshot'"),
        ({"kind": "failed-copy", "service": "kms"}, "a failed-copy strikes rds only"),
        ({"kind": "failed-copy", "action": "GetCallerIdentity"}, "Unknown action of rds"),
        ({"kind": "throttle", "count": 0}, "count must be a whole number, 1 or more"),
        ({"kind": "throttle", "count": True}, "count must be"),
        ({"kind": "throttle", "skip": -1}, "skip must be"),
        ({"kind": "throttle", "skip": 1.5}, "skip must be a whole number"),
        ({"kind": "throttle", "probability": 2}, "between 0 and 1"),
        ({"kind": "throttle", "seed": "x"}, "seed must be"),
        ({"kind": "error", "status": 200}, "status must be between 400 and 599"),
        ({"kind": "error", "code": 7}, "code must be a string"),
        ({"kind": "server-error", "status": 404}, "status must be one of 500, 503"),
        ({"kind": "slow"}, "seconds must be a number"),
        ({"kind": "slow", "seconds": -1}, "seconds must be a number, 0 or more"),
        ({"kind": "wrong-date", "seconds": "soon"}, "seconds must be a number"),
        ({"kind": "event-late"}, "seconds must be a number"),
        ({"kind": "restore-ends", "status": "happy"}, "status must be one of incompatible-restore"),
        ({"kind": "restore-ends"}, "status must be one of"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused_with_the_reason(lab: Lab, words: Any, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        lab.admin("POST", "faults", words)
    assert lab.admin("GET", "faults") == []


def test_every_kind_can_be_asked_for(lab: Lab) -> None:
    more: dict[str, dict[str, Any]] = {kind: {"seconds": 1} for kind in ("slow", "wrong-date", "event-late")}
    more["restore-ends"] = {"status": "failed"}
    with pytest.raises(ValueError, match="kind must be one of") as caught:
        lab.fault("?")
    kinds = str(caught.value).removeprefix("kind must be one of ").split(", ")
    for kind in kinds:
        lab.fault(kind, resource="nothing", **more.get(kind, {}))
    assert [row["kind"] for row in lab.admin("GET", "faults")] == kinds
