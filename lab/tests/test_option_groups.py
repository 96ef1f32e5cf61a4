# SPDX-License-Identifier: GPL-3.0-or-later
"""Test option groups (RDS User Guide, working with option groups; aws_rds.md 1.8)."""

from __future__ import annotations

from typing import Any

import pytest

from helpers import DR, PRODUCTION, code_of, settings
from lifeboat_lab.testing import fresh

PLACE = "eu-north-1"


@pytest.fixture(scope="module")
def here(lab: Any) -> Any:
    """Return RDS in a Region where nothing else is."""
    return lab.client("production", "rds", PLACE)


def made(here: Any, engine: str = "oracle-ee", major: str = "19", *options: dict[str, Any]) -> str:
    name = fresh("options")
    here.create_option_group(
        OptionGroupName=name, EngineName=engine, MajorEngineVersion=major, OptionGroupDescription="a test"
    )
    if options:
        here.modify_option_group(OptionGroupName=name, OptionsToInclude=list(options), ApplyImmediately=True)
    return name


def row(here: Any, name: str) -> dict[str, Any]:
    return here.describe_option_groups(OptionGroupName=name)["OptionGroupsList"][0]


def names(here: Any, name: str) -> list[str]:
    return [option["OptionName"] for option in row(here, name)["Options"]]


def test_a_new_group_is_empty_and_has_an_arn(here: Any) -> None:
    found = row(here, made(here))
    assert found["OptionGroupArn"] == f"arn:aws:rds:{PLACE}:{PRODUCTION}:og:{found['OptionGroupName']}"
    assert (found["Options"], found["AllowsVpcAndNonVpcInstanceMemberships"]) == ([], True)
    assert (found["EngineName"], found["MajorEngineVersion"]) == ("oracle-ee", "19")


def test_default_groups_exist_and_stay_as_they_are(here: Any) -> None:
    assert row(here, "default:postgres-15")["Options"] == []
    assert code_of(here.delete_option_group, OptionGroupName="default:postgres-15") == "InvalidOptionGroupStateFault"
    wanted = {"OptionGroupName": "default:mysql-8-0", "OptionsToInclude": [{"OptionName": "MARIADB_AUDIT_PLUGIN"}]}
    assert code_of(here.modify_option_group, **wanted) == "InvalidOptionGroupStateFault"


def test_names_are_taken_once(here: Any) -> None:
    wanted = {"EngineName": "mysql", "MajorEngineVersion": "8.0", "OptionGroupDescription": "x"}
    assert code_of(here.create_option_group, OptionGroupName=made(here), **wanted) == "OptionGroupAlreadyExistsFault"


def test_engine_and_version_must_exist(here: Any) -> None:
    about = {"OptionGroupName": fresh("o"), "OptionGroupDescription": "x"}
    create = here.create_option_group
    assert code_of(create, EngineName="none", MajorEngineVersion="1", **about) == "InvalidParameterValue"
    assert code_of(create, EngineName="mysql", MajorEngineVersion="9", **about) == "InvalidParameterCombination"


@pytest.mark.parametrize("operation", ["describe_option_groups", "delete_option_group", "modify_option_group"])
def test_unknown_groups(here: Any, operation: str) -> None:
    assert code_of(getattr(here, operation), OptionGroupName="none") == "OptionGroupNotFoundFault"


def test_settings_that_are_not_given_keep_their_value_or_default(here: Any) -> None:
    name = made(here, "mysql", "8.0", {"OptionName": "MARIADB_AUDIT_PLUGIN"})
    for setting, value in (("SERVER_AUDIT_EVENTS", "QUERY"), ("SERVER_AUDIT_FILE_ROTATIONS", "5")):
        option = {"OptionName": "MARIADB_AUDIT_PLUGIN", "OptionSettings": [{"Name": setting, "Value": value}]}
        here.modify_option_group(OptionGroupName=name, OptionsToInclude=[option])
    found = {each["Name"]: each.get("Value") for each in row(here, name)["Options"][0]["OptionSettings"]}
    assert (found["SERVER_AUDIT_EVENTS"], found["SERVER_AUDIT_FILE_ROTATIONS"]) == ("QUERY", "5")
    assert found["SERVER_AUDIT_QUERY_LOG_LIMIT"] == "1024"


@pytest.mark.parametrize(
    ("option", "code"),
    [
        ({"OptionName": "MEMCACHED"}, "InvalidParameterValue"),
        ({"OptionName": "STATSPACK", "OptionSettings": [{"Name": "X", "Value": "1"}]}, "InvalidParameterValue"),
        ({"OptionName": "STATSPACK", "Port": 1000}, "InvalidParameterCombination"),
        ({"OptionName": "OEM_AGENT"}, "InvalidParameterValue"),
        ({"OptionName": "S3_INTEGRATION", "OptionVersion": "7"}, "InvalidParameterValue"),
        ({"OptionName": "OEM", "VpcSecurityGroupMemberships": ["sg-0"]}, "InvalidParameterValue"),
    ],
    ids=["another engine's", "unknown setting", "no port", "required setting", "unknown version", "security group"],
)
def test_options_that_cannot_be(here: Any, option: dict[str, Any], code: str) -> None:
    name = made(here)
    assert code_of(here.modify_option_group, OptionGroupName=name, OptionsToInclude=[option]) == code
    assert names(here, name) == []


def test_mutually_exclusive_options(here: Any) -> None:
    name = made(here, "oracle-ee", "19", {"OptionName": "SSL"})
    wanted = [{"OptionName": "NATIVE_NETWORK_ENCRYPTION"}]
    refused = code_of(here.modify_option_group, OptionGroupName=name, OptionsToInclude=wanted)
    assert refused == "InvalidParameterCombination"


@pytest.mark.parametrize("option", ["TDE", "Timezone", "OLS"])
def test_permanent_options_are_never_removed(here: Any, option: str) -> None:
    name = made(here, "oracle-ee", "19", {"OptionName": option})
    refused = code_of(here.modify_option_group, OptionGroupName=name, OptionsToRemove=[option])
    assert (refused, names(here, name)) == ("InvalidOptionGroupStateFault", [option])
    here.delete_option_group(OptionGroupName=name)


def test_a_persistent_option_goes_when_nobody_uses_it(here: Any) -> None:
    name = made(here, "sqlserver-ee", "15.00", {"OptionName": "TDE"})
    assert row(here, name)["Options"][0]["Persistent"] is True
    assert row(here, name)["Options"][0]["Permanent"] is False
    here.modify_option_group(OptionGroupName=name, OptionsToRemove=["TDE"])
    assert names(here, name) == []


def test_an_option_with_security_groups_links_the_group_to_their_vpc(lab: Any, here: Any) -> None:
    ec2 = lab.client("production", "ec2", PLACE)
    group = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["default"]}])["SecurityGroups"][0]
    name = made(here, "oracle-ee", "19", {"OptionName": "OEM", "VpcSecurityGroupMemberships": [group["GroupId"]]})
    found = row(here, name)
    assert (found["VpcId"], found["AllowsVpcAndNonVpcInstanceMemberships"]) == (group["VpcId"], False)
    assert found["Options"][0]["Port"] == 5500
    assert found["Options"][0]["VpcSecurityGroupMemberships"][0]["VpcSecurityGroupId"] == group["GroupId"]


def test_a_copy_is_a_group_of_its_own(here: Any) -> None:
    source, name = made(here, "mysql", "8.0", {"OptionName": "MEMCACHED"}), fresh("copied")
    found = here.copy_option_group(
        SourceOptionGroupIdentifier=row(here, source)["OptionGroupArn"], TargetOptionGroupIdentifier=name,
        TargetOptionGroupDescription="another",
    )["OptionGroup"]  # fmt: skip
    assert (found["SourceAccountId"], found["SourceRegion"]) == (PRODUCTION, PLACE)
    assert (names(here, name), found["CopyTimestamp"] is not None) == (["MEMCACHED"], True)
    here.modify_option_group(OptionGroupName=name, OptionsToRemove=["MEMCACHED"])
    assert (names(here, name), names(here, source)) == ([], ["MEMCACHED"])


def test_groups_belong_to_one_account_and_region(lab: Any, here: Any) -> None:
    name = made(here)
    for other in (lab.client("production_dr", "rds", PLACE), lab.client("production", "rds")):
        assert code_of(other.describe_option_groups, OptionGroupName=name) == "OptionGroupNotFoundFault"
    foreign = f"arn:aws:rds:{PLACE}:{DR}:og:{name}"
    wanted = {"TargetOptionGroupIdentifier": fresh("c"), "TargetOptionGroupDescription": "x"}
    refused = code_of(here.copy_option_group, SourceOptionGroupIdentifier=foreign, **wanted)
    assert refused == "OptionGroupNotFoundFault"


def test_lists_by_engine_and_by_page(here: Any) -> None:
    for _turn in range(3):
        made(here, "mariadb", "10.11")
    pages = list(here.get_paginator("describe_option_groups").paginate(PaginationConfig={"PageSize": 20}))
    assert len(pages) > 1
    assert len({each["OptionGroupName"] for page in pages for each in page["OptionGroupsList"]}) > 40
    found = here.describe_option_groups(EngineName="mariadb", MajorEngineVersion="10.11")["OptionGroupsList"]
    assert len(found) == 4
    assert code_of(here.describe_option_groups, MajorEngineVersion="15") == "InvalidParameterCombination"
    refused = code_of(here.describe_option_groups, OptionGroupName="default:mysql-8-0", EngineName="mysql")
    assert refused == "InvalidParameterCombination"


def test_options_on_offer(here: Any) -> None:
    def offers(engine: str, major: str) -> dict[str, Any]:
        found = here.describe_option_group_options(EngineName=engine, MajorEngineVersion=major)["OptionGroupOptions"]
        return {each["Name"]: each for each in found}

    oracle = offers("oracle-ee", "19")
    assert (oracle["TDE"]["Permanent"], oracle["TDE"]["Persistent"]) == (True, True)
    assert oracle["OEM"]["OptionsConflictsWith"] == ["OEM_AGENT"]
    assert offers("sqlserver-se", "15.00").keys().isdisjoint({"TDE"})
    assert "TDE" in offers("sqlserver-se", "16.00")
    assert (offers("mysql", "8.0")["MEMCACHED"]["DefaultPort"], "MEMCACHED" in offers("mysql", "8.4")) == (11211, False)
    assert offers("postgres", "15") == {}


def test_the_quota(lab: Any) -> None:
    client = lab.client("stranger", "rds", PLACE)
    made(client)
    wanted = {"EngineName": "mysql", "MajorEngineVersion": "8.0", "OptionGroupDescription": "x"}
    with settings(lab, quotas={"option_groups": 1}):
        refused = code_of(client.create_option_group, OptionGroupName=fresh("o"), **wanted)
    assert refused == "OptionGroupQuotaExceededFault"


def test_tags(here: Any) -> None:
    arn = row(here, made(here))["OptionGroupArn"]
    here.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": "team", "Value": "shop"}])
    assert here.list_tags_for_resource(ResourceName=arn)["TagList"] == [{"Key": "team", "Value": "shop"}]
    here.remove_tags_from_resource(ResourceName=arn, TagKeys=["team"])
    assert here.list_tags_for_resource(ResourceName=arn)["TagList"] == []
    assert code_of(here.list_tags_for_resource, ResourceName=f"{arn}-not") == "OptionGroupNotFoundFault"
