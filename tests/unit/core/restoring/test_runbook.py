# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import Any

import botocore.session
import pytest
from botocore import xform_name

from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.runbook import Occasion, as_cli, runbook

Row = dict[str, Any]

ABOUT = Occasion(
    site="production_dr",
    account="222222222222",
    region="us-east-1",
    profile="rescue",
    time="2026-11-23T14:00:00Z",
    credentials="managed",
    check_host="bastion",
    hook="/etc/hook.yml",
)
PLACE = {"DBSubnetGroupName": "production", "VpcSecurityGroupIds": ["sg-1", "sg-2"]}
RESTORE = {
    "operation": "restore_db_instance_from_db_snapshot",
    "parameters": {"DBInstanceIdentifier": "orders", "DBInstanceClass": "db.r6g.large", "MultiAZ": True, **PLACE},
}
CLUSTER = [
    {
        "operation": "restore_db_cluster_from_snapshot",
        "parameters": {"DBClusterIdentifier": "events", "Engine": "aurora-postgresql", **PLACE},
    },
    {
        "operation": "create_db_instance",
        "parameters": {"DBInstanceIdentifier": "events-1", "DBClusterIdentifier": "events", "DBInstanceClass": "db.c"},
    },
]
ORDERS: Row = {
    "database": "orders",
    "restored_kind": "instance",
    "name": "orders",
    "status": "restoring",
    "reason": "it does not run yet",
    "engine": "postgres",
    "engine_version": "16.4",
    "recovery_point": "lifeboat-orders-20261123120000-5f0c2a9b7d31",
    "original_time": "2026-11-23T12:00:00Z",
    "kms_key_id": "arn:aws:kms:us-east-1:222222222222:key/dr",
    "calls": [RESTORE],
}
EVENTS: Row = {**ORDERS, "database": "events", "restored_kind": "cluster", "name": "events", "calls": CLUSTER}
CHECKS = {"orders": [{"check": "canary", "table": "canary", "column": "word", "where": {"id": 1}, "expected": "hush"}]}


def written(*steps: Row, **changes: Any) -> str:
    return "\n".join(runbook(steps, CHECKS, replace(ABOUT, **changes)))


def commands(text: str) -> list[list[str]]:
    blocks = "\n".join(block.split("```", 1)[0] for block in text.split("```sh\n")[1:])
    return [shlex.split(line) for line in blocks.replace("\\\n", " ").splitlines() if line]


# -- commands ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        pytest.param({"DBInstanceIdentifier": "orders"}, ["--db-instance-identifier", "orders"], id="text"),
        pytest.param({"MultiAZ": True}, ["--multi-az"], id="true"),
        pytest.param({"PubliclyAccessible": False}, ["--no-publicly-accessible"], id="false"),
        pytest.param({"BackupRetentionPeriod": 7}, ["--backup-retention-period", "7"], id="number"),
        pytest.param({"VpcSecurityGroupIds": ["a", "b"]}, ["--vpc-security-group-ids", "a", "b"], id="list"),
        pytest.param(
            {"ServerlessV2ScalingConfiguration": {"MinCapacity": 0.5}},
            ["--serverless-v2-scaling-configuration", '{"MinCapacity": 0.5}'],
            id="structure",
        ),
        pytest.param(
            {"Tags": [{"Key": "who", "Value": "Bob's, & co"}]},
            ["--tags", '[{"Key": "who", "Value": "Bob\'s, & co"}]'],
            id="what a shell would take apart",
        ),
    ],
)
def test_a_parameter_becomes_an_option(parameters: Row, words: list[str]) -> None:
    told = as_cli("restore_db_instance_from_db_snapshot", parameters, {"profile": "p"})
    start = ["aws", "rds", "restore-db-instance-from-db-snapshot", "--profile", "p"]
    assert shlex.split(told.replace("\\\n", " ")) == [*start, *words]


def test_the_options_of_all_calls_are_called_as_the_cli_calls_them() -> None:
    """The AWS CLI derives its option names like botocore does."""
    model = botocore.session.get_session().get_service_model("rds")
    for operation in ("RestoreDBInstanceFromDBSnapshot", "RestoreDBClusterFromSnapshot", "CreateDBInstance"):
        for name in model.operation_model(operation).input_shape.members:
            words = shlex.split(as_cli("x", {name: "v"}, {}).replace("\\\n", " "))
            assert words[3] == f"--{xform_name(name, '-')}", name


def test_an_instance_is_restored_waited_for_and_gets_its_password() -> None:
    assert [words[2:4] if words[2] == "wait" else words[2:3] for words in commands(written(ORDERS))] == [
        ["restore-db-instance-from-db-snapshot"],
        ["wait", "db-instance-available"],
        ["modify-db-instance"],
        ["wait", "db-instance-available"],
        ["describe-db-instances"],
    ]


def test_a_cluster_gets_its_member_before_its_password() -> None:
    told = commands(written(EVENTS))
    assert [words[3] if words[2] == "wait" else words[2] for words in told] == [
        "restore-db-cluster-from-snapshot",
        "db-cluster-available",
        "create-db-instance",
        "db-instance-available",
        "modify-db-cluster",
        "db-cluster-available",
        "describe-db-clusters",
    ]
    assert all("--profile" in words and "--region" in words for words in told)


def test_with_tokens_no_password_is_set() -> None:
    text = written(ORDERS, credentials="iam")
    assert "modify-db-instance" not in text and "IAM tokens" in text


def test_without_a_profile_the_commands_have_none() -> None:
    assert "--profile" not in written(ORDERS, profile="")


# -- words ------------------------------------------------------------------------------------------------------------


def test_the_table_says_what_becomes_of_each_database() -> None:
    key = ORDERS["kms_key_id"]
    text = written(ORDERS, EVENTS)
    network = "production, sg-1 sg-2"
    line = f"| orders | 2026-11-23T12:00:00Z | 2 h | orders | db.r6g.large, Multi-AZ | {network} | {key} |"
    assert line in text
    assert f"| events | 2026-11-23T12:00:00Z | 2 h | events | db.c | {network} | {key} |" in text


def test_it_names_the_checks_and_never_what_they_expect() -> None:
    text = written(ORDERS)
    assert "- canary of canary, word" in text
    assert "hush" not in text


def test_a_database_without_checks_is_told_what_that_means() -> None:
    assert "It has no checks" in written(EVENTS)


@pytest.mark.parametrize(
    ("step", "line"),
    [
        pytest.param({"status": "restored", "reason": "it runs"}, "Nothing to do: it runs.", id="runs"),
        pytest.param({"status": "failed", "reason": "no class."}, "It cannot be restored: no class.", id="cannot"),
    ],
)
def test_what_needs_no_restore_says_why(step: Row, line: str) -> None:
    left = {name: value for name, value in ORDERS.items() if name != "calls"}
    text = written({**left, **step})
    assert line in text and "There is nothing to restore." in text


def test_warnings_the_hook_and_the_end_are_told() -> None:
    text = written(ORDERS, warnings=["mind the gap"])
    assert "- Warning: mind the gap" in text
    assert "the tasks in `/etc/hook.yml` run" in text
    assert "no hook is set" in written(ORDERS, hook="")
    assert "Different from the original: class" in written({**ORDERS, "unlike": ["class: a instead of b"]})


def test_text_from_elsewhere_stays_in_its_cell_and_its_line() -> None:
    text = written({**ORDERS, "database": "a|b\n# c"})
    assert "\n# c" not in text
    assert "a\\|b" in text
