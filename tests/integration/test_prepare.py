# SPDX-License-Identifier: GPL-3.0-or-later
"""What prepare.yml makes, in a new process; and that a lab which replays it is no different."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lifeboat_lab import Lab
from tests.integration.play import DR, EAST, ROLES, ROOT, SOURCE, WEST, forget_calls, play, writes

Steps = list[dict[str, Any]]
SITES = {"production": (SOURCE, WEST), "production_dr": (DR, EAST)}


@pytest.fixture(scope="module")
def labs() -> Iterator[dict[str, Lab]]:
    """One lab in which ansible-playbook ran as users start it, and one in which that was replayed."""
    with Lab(roles=ROLES, metadata_only=True) as cold, Lab(roles=ROLES, metadata_only=True) as replayed:
        for one in (cold, replayed):
            kms = one.client("production", "kms", WEST)
            kms.create_alias(AliasName="alias/shop-data", TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
        with cold.recording() as steps:
            command = ["ansible-playbook", str(ROOT / "playbooks" / "prepare.yml")]
            done = subprocess.run(command, cwd=ROOT, env=cold.env(), capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
        replayed.replay(steps)
        yield {"cold": cold, "replayed": replayed}


@pytest.fixture(params=["cold", "replayed"])
def lab(labs: dict[str, Lab], request: pytest.FixtureRequest) -> Lab:
    return labs[request.param]


def test_preparing_again_changes_nothing(lab: Lab, tmp_path: Path) -> None:
    done = play(lab, "prepare.yml", evidence=tmp_path)
    assert done.code == 0, done.output
    assert [done.recap(site)["changed"] for site in SITES] == [0, 0], done.output


def rights(lab: Lab) -> dict[str, Any]:
    """Read who may become each role, what it may do, and who may use each key."""
    found: dict[str, Any] = {}
    for site, (_account, region) in SITES.items():
        iam, kms = lab.client(site, "iam"), lab.client(site, "kms", region)
        for role in iam.list_roles()["Roles"]:
            name = role["RoleName"]
            policies = [
                iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
                for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
            ]
            found[f"{site}/{name}"] = [role["AssumeRolePolicyDocument"], policies]
        for alias in kms.list_aliases()["Aliases"]:
            if (key := alias.get("TargetKeyId")) and key in keys(lab):
                policy = kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"]
                found[f"{site}/{alias['AliasName']}"] = json.loads(policy)
    return found


def keys(lab: Lab) -> dict[str, str]:
    """Return the alias of each key by its id. AWS's own do not exist before somebody needs them."""
    return {
        alias["TargetKeyId"]: alias["AliasName"]
        for site, (_account, region) in SITES.items()
        for alias in lab.client(site, "kms", region).list_aliases()["Aliases"]
        if not alias["AliasName"].startswith("alias/aws/")
    }


def test_a_replayed_lab_has_the_same_roles_and_rights(labs: dict[str, Lab]) -> None:
    texts = {}
    for name, lab in labs.items():
        texts[name] = json.dumps(rights(lab), indent=1, sort_keys=True)
        for key, alias in keys(lab).items():
            texts[name] = texts[name].replace(key, alias)
    assert texts["replayed"].splitlines() == texts["cold"].splitlines()


NO = "not-there"
ARN = f"arn:aws:rds:{WEST}:{SOURCE}:snapshot:{NO}"
COPY = {"SourceDBSnapshotIdentifier": ARN, "TargetDBSnapshotIdentifier": f"lifeboat-{NO}"}
DROP = {"DBSnapshotIdentifier": f"lifeboat-{NO}"}
SHARE = {"DBSnapshotIdentifier": f"lifeboat-{NO}", "AttributeName": "restore", "ValuesToAdd": [DR]}
RESTORE = {"DBInstanceIdentifier": f"lifeboat-{NO}", "DBSnapshotIdentifier": NO}
REMOVE = {"DBInstanceIdentifier": NO, "SkipFinalSnapshot": True}
TABLE = [
    ("production_publish", "describe_db_instances", {}, True),
    ("production_publish", "modify_db_snapshot_attribute", SHARE, False),  # only of what carries our tag
    ("production_publish", "delete_db_instance", REMOVE, False),
    ("production_dr_replicate", "describe_db_snapshots", {}, True),
    ("production_publish", "delete_db_snapshot", DROP, False),
    ("production_prune", "describe_db_snapshots", {}, True),
    ("production_prune", "copy_db_snapshot", COPY, False),
    ("production_dr_replicate", "modify_db_snapshot_attribute", SHARE, False),
    ("production_dr_replicate", "delete_db_snapshot", DROP, False),
    ("production_dr_prune", "describe_db_snapshots", {}, True),
    ("production_dr_prune", "copy_db_snapshot", COPY, False),
    ("production_dr_prune", "modify_db_snapshot_attribute", SHARE, False),
    ("production_dr_prune", "restore_db_instance_from_db_snapshot", RESTORE, False),
    ("production_dr_replicate", "restore_db_instance_from_db_snapshot", RESTORE, False),
    ("production_dr_drill", "describe_db_snapshots", {}, True),
    ("production_dr_drill", "delete_db_snapshot", DROP, False),
    ("production_dr_drill", "copy_db_snapshot", COPY, False),
    ("production_dr_recover", "delete_db_snapshot", DROP, False),
    ("production_subscribe", "describe_event_subscriptions", {}, True),
    ("production_subscribe", "delete_db_snapshot", DROP, False),
    ("production_listen", "describe_db_instances", {}, False),
]


@pytest.mark.parametrize(("profile", "operation", "words", "may"), TABLE, ids=[f"{row[0]}-{row[1]}" for row in TABLE])
def test_each_role_may_do_its_own_work_alone(
    lab: Lab, profile: str, operation: str, words: dict[str, Any], may: bool
) -> None:
    region = EAST if profile.startswith("production_dr") else WEST
    assert is_let(getattr(lab.client(profile, "rds", region), operation), words) == may


def is_let(call: Callable[..., Any], words: dict[str, Any]) -> bool:
    try:
        call(**words)
    except ClientError as error:
        return error.response["Error"]["Code"] != "AccessDenied"
    return True


@pytest.mark.parametrize("stranger", ["stranger", "production"])
def test_nobody_else_becomes_a_role_of_the_dr_account(lab: Lab, stranger: str) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        role = f"arn:aws:iam::{DR}:role/lifeboat-drill"
        lab.client(stranger, "sts").assume_role(RoleArn=role, RoleSessionName="me")


@pytest.mark.parametrize("playbook", ["prepare.yml", "subscribe.yml"])
def test_credentials_of_another_account_stop_it_before_the_first_write(
    labs: dict[str, Lab], playbook: str, tmp_path: Path
) -> None:
    """What these write with modules of other collections would go to whichever account the credentials belong to."""
    lab = labs["replayed"]
    forget_calls(lab)
    done = play(lab, playbook, "-e", "lifeboat_account_id=999999999999", evidence=tmp_path)
    assert done.code == 2, done.output
    work = playbook.removesuffix(".yml")
    assert f"of lifeboat_profiles.{work}). Correct lifeboat_profiles.{work}, or account_id" in done.on_one_line()
    assert writes(lab) == []
    assert {call["action"] for call in lab.calls()} <= {"GetCallerIdentity", "AssumeRole"}
