# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrong input is refused before the first write, with what failed, on what, why, and what to do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from lifeboat_lab import Lab
from tests.integration.play import DR, EAST, SOURCE, WEST, forget_calls, play, snapshots, writes

COPY = {"account_id": SOURCE, "kms_key_id": "alias/lifeboat", "share_with": [DR]}
REPLICATE = {"account_id": DR, "kms_key_id": "alias/lifeboat", "source_accounts": [SOURCE], "source_regions": [WEST]}
RESTORE = {
    "account_id": DR,
    "drill_id": "bad",
    "db_subnet_group_name": "lifeboat-drill",
    "vpc_security_group_ids": ["lifeboat-drill"],
}

# What is wrong, the call, and what the error must say: the remedy is a part of it.
CASES: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    "unknown database": (
        "snapshot_copy",
        COPY | {"databases": ["odrers"]},
        ["'odrers'", "there are: billing, catalog, events, orders", "Correct the name"],
    ),
    "wrong account behind the profile": (
        "snapshot_copy",
        COPY | {"account_id": "444444444444"},
        ["444444444444", f"belong to account {SOURCE}", "Correct the profile"],
    ),
    "sharing with itself": (
        "snapshot_copy",
        COPY | {"share_with": [SOURCE]},
        ["must be another one", "Name the DR account"],
    ),
    "sharing with everybody": ("snapshot_copy", COPY | {"share_with": ["all"]}, ["never shared with everybody"]),
    "a key that does not exist": (
        "snapshot_copy",
        COPY | {"kms_key_id": "alias/nothing"},
        ["alias/nothing", WEST, "Name a key or alias"],
    ),
    "a disabled key": (
        "snapshot_copy",
        COPY | {"kms_key_id": "@disabled"},
        ["it is Disabled", "Set kms_key_id to an enabled"],
    ),
    "a key of another Region": (
        "snapshot_copy",
        COPY | {"kms_key_id": "@elsewhere"},
        [f"Cannot use the KMS key|a key of {EAST}"],
    ),
    "the AWS-managed key": (
        "snapshot_copy",
        COPY | {"kms_key_id": "alias/aws/rds"},
        ["AWS-managed", "customer managed key"],
    ),
    "sharing an automated snapshot": (
        "snapshot_share",
        {"account_id": SOURCE, "snapshots": ["@automated"], "accounts": [DR]},
        ["is automated", "copy it with snapshot_copy first"],
    ),
    "sharing under aws/rds": (
        "snapshot_share",
        {"account_id": SOURCE, "snapshots": ["by-hand"], "accounts": [DR]},
        ["aws/rds", "customer managed key with snapshot_copy"],
    ),
    "sharing what does not exist": (
        "snapshot_share",
        {"account_id": SOURCE, "snapshots": ["nothing"], "accounts": [DR]},
        ["no such snapshot", "Correct the name"],
    ),
    "keeping nothing": ("snapshot_prune", {"account_id": SOURCE, "keep": 0}, ["Set keep to 1"]),
    "the DR account as its own source": (
        "snapshot_replicate",
        REPLICATE | {"source_accounts": [DR]},
        ["must be another one"],
    ),
    "the source's key for DR copies": (
        "snapshot_replicate",
        REPLICATE | {"kms_key_id": "@source"},
        [f"account {SOURCE}|Cannot use the KMS key"],
    ),
    "not a manifest": (
        "snapshot_replicate",
        REPLICATE | {"published": [{"points": []}]},
        ["Cannot read the published manifest"],
    ),
    "a name that is taken at the DR site": (
        "snapshot_replicate",
        REPLICATE,
        ["does not carry our tag", "choose another prefix"],
    ),
    "a drill without a subnet group": (
        "snapshot_restore",
        RESTORE | {"db_subnet_group_name": ""},
        ["db_subnet_group_name is not set"],
    ),
    "a drill without security groups": (
        "snapshot_restore",
        RESTORE | {"vpc_security_group_ids": []},
        ["vpc_security_group_ids is not set"],
    ),
    "a drill with a security group of another network": (
        "snapshot_restore",
        RESTORE | {"vpc_security_group_ids": ["sg-0123456789abcdef0"]},
        ["sg-0123456789abcdef0", "has no such group", "Name a group of that VPC"],
    ),
    "a drill in public": (
        "snapshot_restore",
        RESTORE | {"db_subnet_group_name": "open"},
        ["internet gateway", "private subnets only"],
    ),
    "a drill in a subnet group that does not exist": (
        "snapshot_restore",
        RESTORE | {"db_subnet_group_name": "nothing"},
        ["nothing", "Name a DB subnet group"],
    ),
    "a drill of an unknown database": ("snapshot_restore", RESTORE | {"databases": ["odrers"]}, ["'odrers'"]),
    "a drill id that no identifier can carry": (
        "snapshot_restore",
        RESTORE | {"drill_id": "A_B"},
        ["Choose such an id"],
    ),
    "a prefix that no name can start with": (
        "recovery_point_info",
        {"account_id": DR, "prefix": "-x"},
        ["Choose a prefix"],
    ),
}


@pytest.fixture(scope="module")
def answers(lab: Lab, evidence: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, dict[str, Any]]]:
    """Each call once, in one run for each site; the answers by what is wrong."""
    folder = tmp_path_factory.mktemp("bad")
    assert play(lab, "publish.yml", evidence=evidence).code == 0
    names = make_traps(lab)
    forget_calls(lab)
    (folder / "bad.yml").write_text(
        yaml.safe_dump([site_play(host, names) for host in ("production", "production_dr")])
    )
    done = play(lab, str(folder / "bad.yml"), "-e", f"bad_answers={folder}", evidence=evidence)
    assert done.code == 0, done.output
    assert writes(lab) == []
    found: dict[str, dict[str, Any]] = {}
    for path in folder.glob("*.json"):
        found |= json.loads(path.read_text())
    yield found


def site_play(host: str, names: dict[str, str]) -> dict[str, Any]:
    """A play with one task for each call of a site, and one that leaves the answers."""
    mine = {name: case for name, case in CASES.items() if is_at_source(case[1]) == (host == "production")}
    numbered = dict(enumerate(mine.items()))
    calls = [
        {
            "name": name,
            f"lifeboat.rds.{module}": fill(options, names),
            "register": f"answer_{number}",
            "ignore_errors": True,
        }
        for number, (name, (module, options, _said)) in numbered.items()
    ]
    left = {name: f"{{{{ answer_{number} }}}}" for number, (name, _case) in numbered.items()}
    leave = {
        "ansible.builtin.copy": {"content": "{{ all_answers | to_json }}", "dest": f"{{{{ bad_answers }}}}/{host}.json"}
    }
    return {
        "hosts": host,
        "gather_facts": False,
        "module_defaults": {"group/lifeboat.rds.all": {"profile": host, "region": "{{ lifeboat_region }}"}},
        "tasks": [*calls, {"name": "Leave the answers", **leave, "vars": {"all_answers": left}}],
    }


def is_at_source(options: dict[str, Any]) -> bool:
    return options["account_id"] != DR


def fill(value: Any, names: dict[str, str]) -> Any:
    """Put the real ARN or name where a case says ``@something``."""
    if isinstance(value, dict):
        return {key: fill(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [fill(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value


def make_traps(lab: Lab) -> dict[str, str]:
    """Keys, snapshots and a network that are wrong in one way each."""
    kms, elsewhere = lab.client("production", "kms", WEST), lab.client("production", "kms", EAST)
    disabled = kms.create_key()["KeyMetadata"]["Arn"]
    kms.disable_key(KeyId=disabled)
    rds = lab.client("production", "rds", WEST)
    automated = rds.describe_db_snapshots(SnapshotType="automated")["DBSnapshots"][0]["DBSnapshotIdentifier"]
    rds.create_db_snapshot(DBInstanceIdentifier="orders", DBSnapshotIdentifier="by-hand")
    rds.get_waiter("db_snapshot_available").wait(DBSnapshotIdentifier="by-hand", WaiterConfig={"Delay": 1})
    take_name(lab)
    open_network(lab)
    return {
        "@disabled": disabled,
        "@elsewhere": elsewhere.create_key()["KeyMetadata"]["Arn"],
        "@automated": automated,
        "@source": kms.describe_key(KeyId="alias/lifeboat")["KeyMetadata"]["Arn"],
    }


def take_name(lab: Lab) -> None:
    """A snapshot at the DR site that bears the name of a copy to come, and not our tag."""
    shared = snapshots(lab, "production_dr", WEST, SnapshotType="shared")
    arn = next(row["Name"] for row in shared if row["Of"] == "catalog")
    dr = lab.client("production_dr", "rds", EAST)
    dr.copy_db_snapshot(
        SourceDBSnapshotIdentifier=arn, TargetDBSnapshotIdentifier=arn.split(":")[-1], SourceRegion=WEST
    )


def open_network(lab: Lab) -> None:
    """A DB subnet group whose subnets lead to the internet."""
    ec2 = lab.client("production_dr", "ec2", EAST)
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/24")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.1.0.{start}/25", AvailabilityZone=f"{EAST}{zone}")["Subnet"][
            "SubnetId"
        ]
        for start, zone in ((0, "a"), (128, "b"))
    ]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    (table,) = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    ec2.create_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    lab.client("production_dr", "rds", EAST).create_db_subnet_group(
        DBSubnetGroupName="open", DBSubnetGroupDescription="leads outside", SubnetIds=subnets
    )


@pytest.mark.parametrize("name", CASES)
def test_is_refused_with_reason_and_remedy(name: str, answers: dict[str, dict[str, Any]]) -> None:
    answer = answers[name]
    assert answer["failed"], answer
    for wanted in CASES[name][2]:
        assert any(part in answer["msg"] for part in wanted.split("|")), answer["msg"]
