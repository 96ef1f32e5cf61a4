# SPDX-License-Identifier: GPL-3.0-or-later
"""Test DB parameter groups and DB cluster parameter groups (RDS API Reference)."""

from __future__ import annotations

from typing import Any

import pytest

from helpers import PRODUCTION, code_of, settings
from lifeboat_lab.testing import fresh

PLACE = "eu-north-1"


class Twin:
    """The operations of one kind of parameter group under one name."""

    def __init__(self, client: Any, infix: str) -> None:
        self.client, self.infix = client, infix
        self.name = f"DB{infix.title()}ParameterGroupName"
        self.family = "aurora-postgresql15" if infix else "postgres15"

    def operation(self, pattern: str) -> Any:
        return getattr(self.client, pattern.replace("*", f"db_{self.infix}_" if self.infix else "db_"))

    def made(self, **more: Any) -> str:
        wanted = {self.name: fresh("parameters"), "DBParameterGroupFamily": self.family, "Description": "x"} | more
        self.operation("create_*parameter_group")(**wanted)
        return wanted[self.name]

    def set(self, group: str, name: str, value: str, method: str = "immediate") -> None:
        self.operation("modify_*parameter_group")(**self.change(group, name, value, method))

    def change(self, group: str, name: str, value: str, method: str = "immediate") -> dict[str, Any]:
        parameter = {"ParameterName": name, "ParameterValue": value, "ApplyMethod": method}
        return {self.name: group, "Parameters": [parameter]}

    def values(self, group: str, **more: Any) -> dict[str, dict[str, Any]]:
        pages = self.client.get_paginator(f"describe_db_{self.infix + '_' if self.infix else ''}parameters")
        found = pages.paginate(**{self.name: group}, **more).build_full_result()["Parameters"]
        return {each["ParameterName"]: each for each in found}


@pytest.fixture(scope="module", params=["", "cluster"], ids=["instance", "cluster"])
def twin(lab: Any, request: pytest.FixtureRequest) -> Twin:
    return Twin(lab.client("production", "rds", PLACE), request.param)


def test_a_new_group_has_the_defaults_of_its_family(twin: Twin) -> None:
    group = twin.made()
    key = twin.name.removesuffix("Name")
    found = twin.operation("describe_*parameter_groups")(**{twin.name: group})[f"{key}s"][0]
    part = "cluster-pg" if twin.infix else "pg"
    assert found[f"{key}Arn"] == f"arn:aws:rds:{PLACE}:{PRODUCTION}:{part}:{group}"
    assert found["DBParameterGroupFamily"] == twin.family
    assert twin.values(group, Source="user") == {}
    assert len(twin.values(group)) > 200
    assert "ParameterValue" not in twin.values(group)["work_mem"]


def test_what_was_set_is_shown_until_it_is_reset(twin: Twin) -> None:
    group = twin.made()
    twin.set(group, "work_mem", "65536")
    twin.set(group, "max_connections", "300", "pending-reboot")
    found = twin.values(group, Source="user")
    assert {name: (each["ParameterValue"], each["ApplyMethod"]) for name, each in found.items()} == {
        "work_mem": ("65536", "immediate"), "max_connections": ("300", "pending-reboot")
    }  # fmt: skip
    one = [{"ParameterName": "work_mem", "ApplyMethod": "immediate"}]
    twin.operation("reset_*parameter_group")(**{twin.name: group}, Parameters=one)
    assert list(twin.values(group, Source="user")) == ["max_connections"]
    twin.operation("reset_*parameter_group")(**{twin.name: group}, ResetAllParameters=True)
    assert twin.values(group, Source="user") == {}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("no_such_thing", "1"), "InvalidParameterValue"),
        (("port", "1", "pending-reboot"), "InvalidParameterValue"),
        (("max_connections", "300"), "InvalidParameterCombination"),
        (("work_mem", "lots"), "InvalidParameterValue"),
        (("work_mem", "1"), "InvalidParameterValue"),
        (("rds.force_ssl", "maybe"), "InvalidParameterValue"),
    ],
    ids=["unknown", "not modifiable", "static at once", "no number", "too small", "not on the list"],
)
def test_changes_that_are_refused(twin: Twin, change: tuple[str, ...], code: str) -> None:
    group = twin.made()
    assert code_of(twin.operation("modify_*parameter_group"), **twin.change(group, *change)) == code


def test_twenty_parameters_a_request(twin: Twin) -> None:
    group = twin.made()
    one = twin.change(group, "work_mem", "65536")["Parameters"]
    refused = code_of(twin.operation("modify_*parameter_group"), **{twin.name: group}, Parameters=one * 21)
    assert refused == "InvalidParameterValue"


def test_default_groups_exist_and_stay_as_they_are(twin: Twin) -> None:
    name = f"default.{twin.family}"
    assert twin.values(name)
    state = "InvalidDBParameterGroupState"
    assert code_of(twin.operation("delete_*parameter_group"), **{twin.name: name}) == state
    assert code_of(twin.operation("reset_*parameter_group"), **{twin.name: name}, ResetAllParameters=True) == state
    assert code_of(twin.operation("modify_*parameter_group"), **twin.change(name, "work_mem", "65536")) == state


def test_a_name_is_taken_once_and_a_family_must_exist(twin: Twin) -> None:
    create, group = twin.operation("create_*parameter_group"), twin.made()
    about = {"Description": "x", "DBParameterGroupFamily": twin.family}
    assert code_of(create, **{twin.name: group}, **about) == "DBParameterGroupAlreadyExists"
    wrong = about | {twin.name: fresh("p"), "DBParameterGroupFamily": "postgres1"}
    assert code_of(create, **wrong) == "InvalidParameterValue"


@pytest.mark.parametrize("operation", ["describe_*parameter_groups", "describe_*parameters", "delete_*parameter_group"])
def test_unknown_groups(twin: Twin, operation: str) -> None:
    assert code_of(twin.operation(operation), **{twin.name: "none"}) == "DBParameterGroupNotFound"


def test_a_copy_has_what_its_source_has(twin: Twin) -> None:
    source, target = twin.made(), fresh("copy")
    twin.set(source, "work_mem", "65536")
    prefix = twin.name.removesuffix("Name")
    names = {f"Source{prefix}Identifier": source, f"Target{prefix}Identifier": target}
    twin.operation("copy_*parameter_group")(**names, **{f"Target{prefix}Description": "y"})
    assert twin.values(target, Source="user")["work_mem"]["ParameterValue"] == "65536"
    names = {f"Source{prefix}Identifier": f"default.{twin.family}", f"Target{prefix}Identifier": fresh("copy")}
    refused = code_of(twin.operation("copy_*parameter_group"), **names, **{f"Target{prefix}Description": "y"})
    assert refused == "InvalidDBParameterGroupState"


def test_deleted_groups_are_gone(twin: Twin) -> None:
    group = twin.made()
    twin.operation("delete_*parameter_group")(**{twin.name: group})
    assert code_of(twin.operation("describe_*parameters"), **{twin.name: group}) == "DBParameterGroupNotFound"


def test_parameters_by_name_and_by_page(twin: Twin) -> None:
    group = twin.made()
    wanted = {"Name": "parameter-name", "Values": ["work_mem", "rds.force_ssl"]}
    assert sorted(twin.values(group, Filters=[wanted])) == ["rds.force_ssl", "work_mem"]
    first = twin.operation("describe_*parameters")(**{twin.name: group})
    assert (len(first["Parameters"]), bool(first["Marker"])) == (100, True)


def test_the_defaults_of_an_engine(lab: Any) -> None:
    client = lab.client("production", "rds", PLACE)
    found = client.describe_engine_default_parameters(DBParameterGroupFamily="mysql8.0")["EngineDefaults"]
    assert (found["DBParameterGroupFamily"], len(found["Parameters"]) > 50) == ("mysql8.0", True)
    wanted = {"DBParameterGroupFamily": "aurora-postgresql15"}
    found = client.describe_engine_default_cluster_parameters(**wanted)["EngineDefaults"]
    assert (len(found["Parameters"]), bool(found["Marker"])) == (100, True)


def test_the_quota(lab: Any) -> None:
    twin = Twin(lab.client("stranger", "rds", PLACE), "")
    twin.made()
    about = {twin.name: fresh("p"), "DBParameterGroupFamily": twin.family, "Description": "x"}
    with settings(lab, quotas={"parameter_groups": 1}):
        assert code_of(twin.operation("create_*parameter_group"), **about) == "DBParameterGroupQuotaExceeded"


def test_tags(twin: Twin) -> None:
    group = twin.made(Tags=[{"Key": "team", "Value": "shop"}])
    part = "cluster-pg" if twin.infix else "pg"
    arn = f"arn:aws:rds:{PLACE}:{PRODUCTION}:{part}:{group}"
    assert twin.client.list_tags_for_resource(ResourceName=arn)["TagList"] == [{"Key": "team", "Value": "shop"}]
