# SPDX-License-Identifier: GPL-3.0-or-later
"""Test the AWS CLI, unmodified, through `lifeboat-lab env` and through profiles."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from helpers import DR, PRODUCTION, snapshot
from lifeboat_lab import Lab
from lifeboat_lab.testing import fresh

AWS = Path(sys.prefix, "awscli", "bin", "aws")
# What version 1 of the CLI ends with: refused by the service or in vain, misused.
REFUSED, MISUSED = 255, 2


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    output: str
    errors: str

    @property
    def json(self) -> Any:
        return json.loads(self.output)


Aws = Callable[..., Done]


def run(command: list[str], environment: dict[str, str]) -> Done:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def aws(quick: Lab, tmp_path_factory: pytest.TempPathFactory) -> Aws:
    """Return a function that runs the CLI as an account's administrator, in words as they are typed."""
    assert AWS.exists(), "make .venv/awscli/ready"
    home = tmp_path_factory.mktemp("home")

    def ask(words: str, profile: str = "production", region: str = "us-west-2", code: int = 0) -> Done:
        # Version 1 of the CLI knows its own address of RDS in this Region better than the profile's.
        where = ["--endpoint-url", quick.url] if region == "us-east-1" else []
        command = [str(AWS), "--profile", profile, "--region", region, *where, *shlex.split(words)]
        done = run(command, quick.env() | {"HOME": str(home)})
        assert done.code == code, done.errors
        return done

    return ask


@pytest.fixture(scope="module")
def database(quick: Lab) -> str:
    """Create an unencrypted instance that the CLI's tests share."""
    name = fresh("typed")
    quick.client("production", "rds").create_db_instance(
        DBInstanceIdentifier=name, Engine="postgres", DBInstanceClass="db.t4g.micro", AllocatedStorage=20,
        MasterUsername="keeper", MasterUserPassword="a-password",
    )  # fmt: skip
    return name


def test_the_environment_that_the_lab_prints_is_enough(quick: Lab) -> None:
    printed = (
        f'eval "$({shlex.quote(sys.executable)} -m lifeboat_lab env production_dr)" && {AWS} sts get-caller-identity'
    )
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = run(["bash", "-c", printed], clean | {"LAB_HOME": str(quick.home)})
    assert done.json["Arn"] == f"arn:aws:iam::{DR}:user/admin"


def test_a_role_is_a_profile(aws: Aws) -> None:
    found = aws("sts get-caller-identity", profile="checker").json
    assert found["Arn"].startswith(f"arn:aws:sts::{PRODUCTION}:assumed-role/checker/")


def test_a_snapshot_is_taken_shared_copied_and_restored(aws: Aws, database: str) -> None:
    name, copy, restored = fresh("typed"), fresh("typed-copy"), fresh("typed-restored")
    aws(f"rds create-db-snapshot --db-instance-identifier {database} --db-snapshot-identifier {name}")
    aws(f"rds wait db-snapshot-available --db-snapshot-identifier {name}")
    share = f"rds modify-db-snapshot-attribute --db-snapshot-identifier {name} --attribute-name restore"
    attributes = aws(f"{share} --values-to-add {DR}").json["DBSnapshotAttributesResult"]["DBSnapshotAttributes"]
    assert attributes == [{"AttributeName": "restore", "AttributeValues": [DR]}]
    query = "--query 'DBSnapshots[].[DBSnapshotArn,SnapshotType]' --output text"
    arn, kind = aws(f"rds describe-db-snapshots --snapshot-type shared {query}", "production_dr").output.split()
    assert (arn, kind) == (f"arn:aws:rds:us-west-2:{PRODUCTION}:snapshot:{name}", "shared")
    taken = f"--source-db-snapshot-identifier {arn} --source-region us-west-2 --target-db-snapshot-identifier {copy}"
    found = aws(f"rds copy-db-snapshot {taken} --tags Key=team,Value=shop", "production_dr", "us-east-1").json
    assert found["DBSnapshot"]["SourceDBSnapshotIdentifier"] == arn
    restore = f"--db-instance-identifier {restored} --db-snapshot-identifier {copy} --no-multi-az"
    aws(f"rds restore-db-instance-from-db-snapshot {restore}", "production_dr", "us-east-1")
    aws(f"rds wait db-instance-available --db-instance-identifier {restored}", "production_dr", "us-east-1")


def test_a_cluster_snapshot_is_taken_copied_and_deleted(aws: Aws) -> None:
    cluster, name = fresh("typed"), fresh("typed")
    who = "--master-username keeper --master-user-password a-password"
    aws(f"rds create-db-cluster --db-cluster-identifier {cluster} --engine aurora-postgresql {who}")
    named = f"--db-cluster-snapshot-identifier {name}"
    aws(f"rds create-db-cluster-snapshot --db-cluster-identifier {cluster} {named}")
    aws(f"rds wait db-cluster-snapshot-available {named}")
    copy = f"--source-db-cluster-snapshot-identifier {name} --target-db-cluster-snapshot-identifier {name}-copy"
    assert aws(f"rds copy-db-cluster-snapshot {copy}").json["DBClusterSnapshot"]["SourceDBClusterSnapshotArn"]
    assert aws(f"rds delete-db-cluster-snapshot {named}").json["DBClusterSnapshot"]["Status"] == "deleted"
    aws(f"rds wait db-cluster-snapshot-deleted {named}")


def test_pages_are_put_together_and_can_be_cut(quick: Lab, aws: Aws, database: str) -> None:
    client = quick.client("production", "rds")
    for _turn in range(25):
        client.create_db_snapshot(DBSnapshotIdentifier=fresh("page"), DBInstanceIdentifier=database)
    quick.admin("DELETE", "calls")
    which = f"rds describe-db-snapshots --db-instance-identifier {database}"
    everything = aws(f"{which} --page-size 20").json["DBSnapshots"]
    assert len(everything) >= 25
    assert len(quick.calls(action="DescribeDBSnapshots")) == 2
    first = aws(f"{which} --max-items 10").json
    rest = aws(f"{which} --starting-token {first['NextToken']}").json
    assert [*first["DBSnapshots"], *rest["DBSnapshots"]] == everything


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ("rds delete-db-snapshot --db-snapshot-identifier none", REFUSED, "DBSnapshotNotFound"),
        ("rds wait db-snapshot-available --db-snapshot-identifier none", REFUSED, "DBSnapshotNotFound"),
        ("rds describe-tenant-databases", REFUSED, "InvalidAction"),
        ("rds copy-db-snapshot --source-db-snapshot-identifier a", MISUSED, "target-db-snapshot-identifier"),
    ],
    ids=["not found", "waiting in vain", "not implemented", "misused"],
)
def test_errors_have_their_exit_codes(aws: Aws, words: str, code: int, says: str) -> None:
    assert says in aws(words, code=code).errors


def test_a_role_may_do_only_what_it_may(aws: Aws, database: str) -> None:
    wanted = f"--db-instance-identifier {database} --db-snapshot-identifier {fresh('typed')}"
    assert "AccessDenied" in aws(f"rds create-db-snapshot {wanted}", profile="checker", code=REFUSED).errors


def test_a_failed_copy_ends_waiting(quick: Lab, aws: Aws, database: str) -> None:
    client, source, target = quick.client("production", "rds"), fresh("typed"), fresh("typed-bad")
    client.create_db_snapshot(DBSnapshotIdentifier=source, DBInstanceIdentifier=database)
    quick.admin("POST", "faults", {"kind": "failed-copy", "resource": source})
    client.copy_db_snapshot(SourceDBSnapshotIdentifier=source, TargetDBSnapshotIdentifier=target)
    assert snapshot(client, target)["Status"] == "failed"
    done = aws(f"rds wait db-snapshot-available --db-snapshot-identifier {target}", code=REFUSED)
    assert "terminal failure state" in done.errors


def test_options_are_added_and_removed_in_the_words_of_the_cli(aws: Aws) -> None:
    name = fresh("typed")
    about = "--engine-name mysql --major-engine-version 8.0 --option-group-description typed"
    aws(f"rds create-option-group --option-group-name {name} {about}")
    option = "OptionName=MARIADB_AUDIT_PLUGIN,OptionSettings=[{Name=SERVER_AUDIT_EVENTS,Value=QUERY}]"
    added = aws(f"rds add-option-to-option-group --option-group-name {name} --apply-immediately --options '{option}'")
    assert [each["OptionName"] for each in added.json["OptionGroup"]["Options"]] == ["MARIADB_AUDIT_PLUGIN"]
    gone = f"rds remove-option-from-option-group --option-group-name {name} --options MARIADB_AUDIT_PLUGIN"
    assert aws(gone).json["OptionGroup"]["Options"] == []
