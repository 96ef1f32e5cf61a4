# SPDX-License-Identifier: GPL-3.0-or-later
"""Test DB subnet groups (RDS API Reference; RDS User Guide, working with a DB instance in a VPC)."""

from __future__ import annotations

from typing import Any

import pytest

from helpers import PRODUCTION, code_of, settings
from lifeboat_lab.testing import delete, fresh, instance, until

PLACE = "eu-north-1"


@pytest.fixture(scope="module")
def here(lab: Any) -> Any:
    return lab.client("production", "rds", PLACE)


@pytest.fixture(scope="module")
def ec2(lab: Any) -> Any:
    return lab.client("production", "ec2", PLACE)


@pytest.fixture(scope="module")
def subnets(ec2: Any) -> list[str]:
    """Create a VPC with a subnet in each of two Availability Zones, and a second one in the first."""
    vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    zones = [f"{PLACE}a", f"{PLACE}b", f"{PLACE}a"]
    return [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.7.{number}.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
        for number, zone in enumerate(zones)
    ]


def made(here: Any, subnets: list[str], **more: Any) -> str:
    name = fresh("subnets")
    here.create_db_subnet_group(
        DBSubnetGroupName=name, DBSubnetGroupDescription="a test", SubnetIds=subnets[:2], **more
    )
    return name


def row(here: Any, name: str) -> dict[str, Any]:
    return here.describe_db_subnet_groups(DBSubnetGroupName=name)["DBSubnetGroups"][0]


def test_a_group_shows_its_vpc_and_zones(here: Any, ec2: Any, subnets: list[str]) -> None:
    found = row(here, made(here, subnets))
    vpc = ec2.describe_subnets(SubnetIds=subnets[:1])["Subnets"][0]["VpcId"]
    assert (found["VpcId"], found["SubnetGroupStatus"]) == (vpc, "Complete")
    assert found["DBSubnetGroupArn"] == f"arn:aws:rds:{PLACE}:{PRODUCTION}:subgrp:{found['DBSubnetGroupName']}"
    zones = {each["SubnetIdentifier"]: each["SubnetAvailabilityZone"]["Name"] for each in found["Subnets"]}
    assert zones == {subnets[0]: f"{PLACE}a", subnets[1]: f"{PLACE}b"}


def test_there_is_a_default_group_that_cannot_be_changed(here: Any, subnets: list[str]) -> None:
    assert row(here, "default")["VpcId"].startswith("vpc-")
    refused = code_of(here.modify_db_subnet_group, DBSubnetGroupName="default", SubnetIds=subnets[:2])
    assert refused == "InvalidParameterValue"
    assert code_of(here.delete_db_subnet_group, DBSubnetGroupName="default") == "InvalidParameterValue"


@pytest.mark.parametrize("name", ["default", "1st", "with/slash"])
def test_names_that_are_refused(here: Any, subnets: list[str], name: str) -> None:
    wanted = {"DBSubnetGroupDescription": "x", "SubnetIds": subnets[:2]}
    assert code_of(here.create_db_subnet_group, DBSubnetGroupName=name, **wanted) == "InvalidParameterValue"


def test_names_are_lower_case_and_taken_once(here: Any, subnets: list[str]) -> None:
    name = made(here, subnets)
    wanted = {"DBSubnetGroupName": name.upper(), "DBSubnetGroupDescription": "x", "SubnetIds": subnets[:2]}
    assert code_of(here.create_db_subnet_group, **wanted) == "DBSubnetGroupAlreadyExists"
    assert row(here, name.upper())["DBSubnetGroupName"] == name


def test_subnets_must_exist_cover_two_zones_and_be_of_one_vpc(here: Any, subnets: list[str]) -> None:
    def refused(*wanted: str) -> str:
        about = {"DBSubnetGroupName": fresh("s"), "DBSubnetGroupDescription": "x", "SubnetIds": list(wanted)}
        return code_of(here.create_db_subnet_group, **about)

    other = row(here, "default")["Subnets"][1]["SubnetIdentifier"]
    assert refused("subnet-0", subnets[0]) == "InvalidParameterValue"
    assert refused(subnets[0], subnets[2]) == "DBSubnetGroupDoesNotCoverEnoughAZs"
    assert refused(subnets[0], other) == "InvalidSubnet"


def test_a_change_takes_the_place_of_all_subnets(here: Any, subnets: list[str]) -> None:
    name = made(here, subnets)
    here.modify_db_subnet_group(DBSubnetGroupName=name, SubnetIds=subnets[1:], DBSubnetGroupDescription="changed")
    found = row(here, name)
    assert [each["SubnetIdentifier"] for each in found["Subnets"]] == subnets[1:]
    assert found["DBSubnetGroupDescription"] == "changed"


@pytest.mark.parametrize("operation", ["describe_db_subnet_groups", "delete_db_subnet_group"])
def test_unknown_groups(here: Any, operation: str) -> None:
    assert code_of(getattr(here, operation), DBSubnetGroupName="none") == "DBSubnetGroupNotFoundFault"


def test_a_group_in_use_stays_where_its_databases_are(here: Any, subnets: list[str]) -> None:
    group, name = made(here, subnets), fresh("inside")
    here.create_db_instance(
        DBInstanceIdentifier=name, Engine="postgres", DBInstanceClass="db.t3.micro", AllocatedStorage=20,
        MasterUsername="master", MasterUserPassword="a-password", DBSubnetGroupName=group,
    )  # fmt: skip
    until(lambda: instance(here, name)["DBInstanceStatus"] == "available")
    assert instance(here, name)["DBSubnetGroup"]["VpcId"] == row(here, group)["VpcId"]
    assert code_of(here.delete_db_subnet_group, DBSubnetGroupName=group) == "InvalidDBSubnetGroupStateFault"
    elsewhere = [each["SubnetIdentifier"] for each in row(here, "default")["Subnets"]]
    refused = code_of(here.modify_db_subnet_group, DBSubnetGroupName=group, SubnetIds=elsewhere)
    assert refused == "InvalidDBSubnetGroupStateFault"
    delete(here, name)
    here.delete_db_subnet_group(DBSubnetGroupName=group)
    assert code_of(here.describe_db_subnet_groups, DBSubnetGroupName=group) == "DBSubnetGroupNotFoundFault"


def test_pages_tags_and_the_quota(lab: Any, here: Any, subnets: list[str]) -> None:
    with settings(lab, quotas={"subnet_groups": 30}):
        while len(here.describe_db_subnet_groups()["DBSubnetGroups"]) < 31:
            last = made(here, subnets, Tags=[{"Key": "team", "Value": "shop"}])
        wanted = {"DBSubnetGroupDescription": "x", "SubnetIds": subnets[:2]}
        refused = code_of(here.create_db_subnet_group, DBSubnetGroupName=fresh("s"), **wanted)
    assert refused == "DBSubnetGroupQuotaExceeded"
    pages = list(here.get_paginator("describe_db_subnet_groups").paginate(PaginationConfig={"PageSize": 20}))
    assert [len(page["DBSubnetGroups"]) for page in pages] == [20, 11]
    arn = row(here, last)["DBSubnetGroupArn"]
    assert here.list_tags_for_resource(ResourceName=arn)["TagList"] == [{"Key": "team", "Value": "shop"}]
