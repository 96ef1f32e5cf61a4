# SPDX-License-Identifier: GPL-3.0-or-later
"""Drills of what has landed, in this process, beside databases that are nobody's to touch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.lifeboat.rds.plugins.modules import database_credentials, snapshot_restore
from tests.fleet.fleet import DR, Fleet, Side, writing
from tests.fleet.routes import ROUTES, Route

BY_NAME = {route.name: route for route in ROUTES}
# An instance under the DR site's key, a cluster that is encrypted as it is restored, and what stood in for a cluster.
CLASSES = ("multi-az-cluster", "customer-key-instance", "unencrypted-cluster")
DRILL, MINUTES = "d1", 240
STARTS = ("RestoreDBInstanceFromDBSnapshot", "RestoreDBClusterFromSnapshot", "CreateDBInstance")
POWERS = {*STARTS, "ModifyDBInstance", "ModifyDBCluster", "DeleteDBInstance", "DeleteDBCluster"}
OURS = {"lifeboat:managed-by": "lifeboat", "lifeboat:purpose": "drill", "lifeboat:drill-id": DRILL}
PAST, FUTURE = "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"
# Instances that are there before each drill and must be there after it, by name, with their tags.
BYSTANDERS = {
    "production": {},
    "lifeboat-d1-looks-like-ours": {},
    "inherited-our-tags": OURS | {"lifeboat:expires": PAST},
    "lifeboat-d2-another-drill": OURS | {"lifeboat:drill-id": "d2", "lifeboat:expires": FUTURE},
    "lifeboat-r1-a-recovery": OURS | {"lifeboat:purpose": "recovery", "lifeboat:expires": PAST},
    "lifeboat-d3-without-expiry": OURS | {"lifeboat:drill-id": "d3"},
}


@dataclass
class Range:
    """A DR site in which drills take place: what has landed, a private network, bystanders."""

    fleet: Fleet
    network: dict[str, Any]

    @classmethod
    def prepare(cls, fleet: Fleet, databases: int = 1) -> Range:
        """Prepare a fleet in which every class has landed and nothing is in flight."""
        first, *others = (offered(BY_NAME[name], fleet) for name in CLASSES)
        fleet.begin(first, databases, and_of=others)
        results = fleet.protect()
        assert not any(one.get("failed") for one in results), results
        prepared = cls(fleet, make_network(fleet))
        for name, tags in BYSTANDERS.items():
            prepared.add(name, tags)
        fleet.pass_time(86400)
        fleet.new_calls()
        return prepared

    def add(self, name: str, tags: Mapping[str, str]) -> None:
        """Create a database that belongs to somebody else."""
        self.fleet.others(DR).create_db_instance(
            DBInstanceIdentifier=name,
            DBInstanceClass="db.t4g.medium",
            Engine="postgres",
            MasterUsername="owner",
            MasterUserPassword="not-a-secret",
            AllocatedStorage=20,
            BackupRetentionPeriod=0,
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )

    def restore(self, **given: Any) -> dict[str, Any]:
        usual = {"drill_id": DRILL, "kms_key_id": self.fleet.keys["dr"], "expires_after": MINUTES, **self.network}
        return self.fleet.run(snapshot_restore, DR, **{**usual, **given})

    def remove(self, **given: Any) -> dict[str, Any]:
        return self.fleet.run(snapshot_restore, DR, state="absent", **{"drill_id": DRILL, **given})

    def reap(self) -> dict[str, Any]:
        return self.fleet.run(snapshot_restore, DR, state="absent", expired=True)

    def drill(self, **given: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Do what the role does: restore, set new passwords, and remove everything in any case."""
        restored = self.restore(**given)
        self.fleet.run(database_credentials, DR, drill_id=DRILL)
        return restored, self.remove()

    def seen(self) -> dict[str, Any]:
        """All databases and snapshots there are, in both accounts, as nobody may change them."""
        status = self.fleet.status()
        rows = [*status["databases"], *status["snapshots"]]
        return {row["arn"]: row for row in rows}


def offered(route: Route, fleet: Fleet) -> Route:
    """Give the databases the version that the lab offers."""
    found = fleet.others(DR).describe_db_engine_versions(Engine=route.seed["engine"])["DBEngineVersions"]
    return replace(route, seed={**route.seed, "version": found[0]["EngineVersion"]})


def make_network(
    fleet: Fleet, cidr: str = "10.8", name: str = "drill", *, public: bool = False, side: Side = DR
) -> dict[str, Any]:
    """Subnets in a VPC of their own, and a security group that lets in what is inside: options of the module."""
    ec2, rds = fleet.others(side, "ec2"), fleet.others(side)
    vpc = ec2.create_vpc(CidrBlock=f"{cidr}.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"{cidr}.{number}.0/24", AvailabilityZone=f"{side.region}{zone}")
        for number, zone in enumerate("ab")
    ]
    if public:
        open_to_the_world(ec2, vpc)
    ids = [one["Subnet"]["SubnetId"] for one in subnets]
    rds.create_db_subnet_group(DBSubnetGroupName=name, DBSubnetGroupDescription=name, SubnetIds=ids)
    group = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
    let_in(ec2, group, f"{cidr}.0.0/16")
    return {"db_subnet_group_name": name, "vpc_security_group_ids": [group]}


def open_to_the_world(ec2: Any, vpc: str) -> None:
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    (table,) = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    ec2.create_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)


def let_in(ec2: Any, group: str, cidr: str) -> None:
    block = {"Ipv6Ranges": [{"CidrIpv6": cidr}]} if ":" in cidr else {"IpRanges": [{"CidrIp": cidr}]}
    rule = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, **block}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])


# -- what must hold, from the lab's state and log alone ---------------------------------------------------------------


def touched(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """Report what is left of a drill, and what else has changed."""
    yield from (f"left: {arn}" for arn in sorted(set(after) - set(before)))
    yield from (f"gone: {arn}" for arn in sorted(set(before) - set(after)))
    yield from (f"changed: {arn}" for arn in sorted(set(before) & set(after)) if before[arn] != after[arn])


def drill_trespasses(calls: list[dict[str, Any]]) -> Iterator[str]:
    """Report calls that a drill must not even try."""
    for call in writing(calls):
        if call["action"] not in POWERS:
            yield f"called {call['action']}"
        elif call["action"].startswith(("Delete", "Modify")):
            yield from (f"{call['action']} of {arn}" for arn in call["resources"] if f":lifeboat-{DRILL}-" not in arn)


def twice(calls: list[dict[str, Any]]) -> Iterator[str]:
    """Report what was made more than once. The first resource of a call is the one that it makes."""
    made = [call["resources"][0] for call in calls if call["action"] in STARTS and call.get("status") == 200]
    yield from (f"made twice: {arn}" for arn in sorted(set(made)) if made.count(arn) > 1)
