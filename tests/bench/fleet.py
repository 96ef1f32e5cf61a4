# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab full of databases, as rows: of both kinds, under each class of key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lifeboat_lab import Lab
from lifeboat_lab.settings import DURATIONS
from tests.bench.floor import Place

SOURCE, DR = "111111111111", "222222222222"
SOURCE_REGION, DR_REGION = "us-west-2", "us-east-1"
LARGE = 1_000_000
PLENTY = {"manual_snapshots": LARGE, "manual_cluster_snapshots": LARGE}
# Lists of the RDS API by what their rows are; a status of the lab tells rows apart by the word in their ARN.
WORDS = {
    "db": "DBInstances",
    "cluster": "DBClusters",
    "snapshot": "DBSnapshots",
    "cluster-snapshot": "DBClusterSnapshots",
}


@dataclass(frozen=True)
class Share:
    """A part of the fleet, in hundredths, that is alike."""

    hundredths: int
    prefix: str
    engine: str
    key: str | None
    kind: str = "instance"


# Four instances to each cluster: at 20 and 5 copies in flight, both kinds need the same time.
MIX = (
    Share(20, "plain", "postgres", None),
    Share(30, "default", "mysql", "alias/aws/rds"),
    Share(30, "own", "postgres", "alias/shop"),
    Share(5, "aurora", "aurora-postgresql", None, "cluster"),
    Share(5, "aurora-owned", "aurora-postgresql", "sse-rds", "cluster"),
    Share(5, "aurora-default", "aurora-mysql", "alias/aws/rds", "cluster"),
    Share(5, "aurora-own", "aurora-postgresql", "alias/shop", "cluster"),
)


@contextmanager
def fleet(databases: int, *, snapshots: int = 1, seconds: float = 0.0, quotas: dict[str, int] | None = None,
          rate: float | None = None) -> Iterator[Lab]:  # fmt: skip
    """Start a lab with so many databases (a multiple of 20), each with snapshots. A copy takes so many seconds."""
    durations = {**dict.fromkeys(DURATIONS, 0.0), "copy": seconds}
    with Lab(metadata_only=True, scale=1, durations=durations) as lab:
        lab.admin("PATCH", "settings", {"quotas": PLENTY | (quotas or {})})
        make_keys(lab)
        for share in MIX:
            seed(lab, share, databases * share.hundredths // 100, snapshots)
        lab.admin("PATCH", "settings", {"rate": {"per_second": rate, "burst": 20}})
        forget(lab)
        yield lab


def seed(lab: Lab, share: Share, databases: int, snapshots: int) -> None:
    like = {"prefix": share.prefix, "engine": share.engine, "key": share.key, "kind": share.kind}
    found = lab.client("production", "rds").describe_db_engine_versions(Engine=share.engine)["DBEngineVersions"]
    like["version"] = found[0]["EngineVersion"]  # what can be restored is what is offered
    lab.admin("POST", "seed", {"account": "production", "databases": databases, "snapshots": snapshots, **like})


def make_keys(lab: Lab) -> None:
    """Make the databases' own key, and one key at each site for the recovery points."""
    for profile, alias, principals in (
        ("production", "alias/shop", (SOURCE, DR)),
        ("production", "alias/lifeboat", (SOURCE, DR)),
        ("production_dr", "alias/lifeboat", (DR,)),
    ):
        kms = lab.client(profile, "kms")
        key = kms.create_key(Policy=open_to(principals))["KeyMetadata"]["KeyId"]
        kms.create_alias(AliasName=alias, TargetKeyId=key)


def make_network(lab: Lab) -> None:
    """Private subnets and a security group named drill at the DR site."""
    ec2, rds = lab.client("production_dr", "ec2"), lab.client("production_dr", "rds")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{number}.0/24", AvailabilityZone=f"{DR_REGION}{zone}")
        for number, zone in enumerate("ab")
    ]
    ids = [one["Subnet"]["SubnetId"] for one in subnets]
    rds.create_db_subnet_group(DBSubnetGroupName="drill", DBSubnetGroupDescription="drill", SubnetIds=ids)
    ec2.create_security_group(GroupName="drill", Description="drill", VpcId=vpc)


def open_to(accounts: tuple[str, ...]) -> str:
    names = [f"arn:aws:iam::{account}:root" for account in accounts]
    allow = {"Effect": "Allow", "Principal": {"AWS": names}, "Action": "kms:*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [allow]})


def forget(lab: Lab) -> None:
    """Forget the calls that were made until now."""
    lab.admin("DELETE", "calls")
    lab.admin("DELETE", "cost")


def look(lab: Lab) -> tuple[Place, Place]:
    """Count what is at the source site and at the DR site, in the lab's own state."""
    status = lab.admin("GET", "status")
    arns = [row["arn"] for row in (*status["databases"], *status["snapshots"])]
    return place(arns, SOURCE_REGION, SOURCE), place(arns, DR_REGION, DR)


def place(arns: list[str], region: str, account: str) -> Place:
    rows = dict.fromkeys(WORDS.values(), 0)
    automated = dict.fromkeys(WORDS.values(), 0)
    for arn in arns:
        _arn, _aws, _rds, where, whose, word, name = arn.split(":", 6)
        if (where, whose) == (region, account):
            rows[WORDS[word]] += 1
            automated[WORDS[word]] += name.startswith("rds:")
    return Place(rows, automated)


def lab_seconds(lab: Lab) -> float:
    """Return the processor time that the lab itself took for the calls."""
    return sum(row["cpu_seconds"] for row in lab.admin("GET", "cost"))


def calls_by_action(lab: Lab) -> dict[str, int]:
    return {f"{row['service']}:{row['action']}": row["calls"] for row in lab.admin("GET", "cost")}


Call = dict[str, Any]


def moment(call: Call) -> float:
    """Return when the lab answered a call of its log."""
    return datetime.fromisoformat(call["time"]).timestamp()
