# SPDX-License-Identifier: GPL-3.0-or-later
"""Test what is on offer: engine versions, instance classes, certificates, quotas (RDS API Reference)."""

from __future__ import annotations

from typing import Any

import pytest

from helpers import code_of, settings
from lifeboat_lab.testing import fresh


def test_each_version_names_its_major_version_and_family(rds: Any) -> None:
    found = rds.describe_db_engine_versions(Engine="postgres")["DBEngineVersions"]
    assert len(found) == 1
    major = found[0]["EngineVersion"].split(".")[0]
    assert (found[0]["MajorEngineVersion"], found[0]["DBParameterGroupFamily"]) == (major, f"postgres{major}")
    assert "rds-ca-rsa2048-g1" in found[0]["SupportedCACertificateIdentifiers"]


@pytest.mark.parametrize(
    ("wanted", "engines"),
    [
        ({"Engine": "aurora-postgresql", "DefaultOnly": True}, ["aurora-postgresql"]),
        ({"Engine": "postgres", "EngineVersion": "1.1"}, []),
        ({"Filters": [{"Name": "engine", "Values": ["postgres"]}]}, ["postgres"]),
        ({"Filters": [{"Name": "status", "Values": ["deprecated"]}]}, []),
    ],
    ids=["default only", "unknown version", "engine filter", "status filter"],
)
def test_versions_are_selected(rds: Any, wanted: dict[str, Any], engines: list[str]) -> None:
    found = rds.describe_db_engine_versions(**wanted)["DBEngineVersions"]
    assert [row["Engine"] for row in found] == engines


def test_versions_by_major_version_and_family(rds: Any) -> None:
    version = rds.describe_db_engine_versions(Engine="postgres")["DBEngineVersions"][0]
    wanted = {"Engine": "postgres", "EngineVersion": version["MajorEngineVersion"]}
    assert rds.describe_db_engine_versions(**wanted)["DBEngineVersions"] == [version]
    family = version["DBParameterGroupFamily"]
    assert rds.describe_db_engine_versions(DBParameterGroupFamily=family)["DBEngineVersions"] == [version]
    refused = code_of(rds.describe_db_engine_versions, DBParameterGroupFamily="postgres1")
    assert refused == "InvalidParameterValue"


def test_major_versions_with_their_support_dates(rds: Any) -> None:
    found = rds.describe_db_major_engine_versions(Engine="postgres", MajorEngineVersion="15")["DBMajorEngineVersions"]
    dates = {
        each["LifecycleSupportName"]: each["LifecycleSupportEndDate"] for each in found[0]["SupportedEngineLifecycles"]
    }
    assert f"{dates['open-source-rds-standard-support']:%Y-%m-%d}" == "2028-02-29"
    assert f"{dates['open-source-rds-extended-support']:%Y-%m-%d}" == "2031-02-28"


def test_options_by_class_come_with_each_storage_type(rds: Any) -> None:
    wanted = {"Engine": "postgres", "DBInstanceClass": "db.r6g.large"}
    found = rds.describe_orderable_db_instance_options(**wanted)["OrderableDBInstanceOptions"]
    assert [row["StorageType"] for row in found] == ["gp2", "gp3", "io1", "io2"]
    assert {row["SupportsIAMDatabaseAuthentication"] for row in found} == {True}
    assert len(found[0]["AvailabilityZones"]) > 1


def test_only_aurora_is_serverless(rds: Any) -> None:
    def has_it(engine: str) -> bool:
        wanted = {"Engine": engine, "DBInstanceClass": "db.serverless"}
        return bool(rds.describe_orderable_db_instance_options(**wanted)["OrderableDBInstanceOptions"])

    assert (has_it("aurora-postgresql"), has_it("postgres")) == (True, False)


def test_options_have_longer_pages_than_other_lists(rds: Any) -> None:
    describe = rds.describe_orderable_db_instance_options
    first = describe(Engine="postgres")
    assert (len(first["OrderableDBInstanceOptions"]), bool(first["Marker"])) == (100, True)
    assert len(describe(Engine="postgres", MaxRecords=1000)["OrderableDBInstanceOptions"]) > 200
    assert code_of(describe, Engine="postgres", MaxRecords=1001) == "InvalidParameterValue"
    assert code_of(describe, Engine="none") == "InvalidParameterValue"


def test_certificates(rds: Any) -> None:
    found = rds.describe_certificates()
    assert found["DefaultCertificateForNewLaunches"] == "rds-ca-rsa2048-g1"
    assert len(found["Certificates"]) == 3
    one = rds.describe_certificates(CertificateIdentifier="RDS-CA-ECC384-G1")["Certificates"]
    assert [row["ValidTill"].year for row in one] == [2121]
    assert code_of(rds.describe_certificates, CertificateIdentifier="none") == "CertificateNotFound"


def test_quotas_count_what_was_made_and_not_the_defaults(lab: Any) -> None:
    client = lab.client("stranger", "rds", "ap-south-1")

    def quotas() -> dict[str, tuple[int, int]]:
        found = client.describe_account_attributes()["AccountQuotas"]
        return {row["AccountQuotaName"]: (row["Used"], row["Max"]) for row in found}

    assert quotas()["OptionGroups"] == (0, 20)
    client.create_option_group(
        OptionGroupName=fresh("o"), EngineName="mysql", MajorEngineVersion="8.0", OptionGroupDescription="x"
    )
    with settings(lab, quotas={"option_groups": 7}):
        assert quotas()["OptionGroups"] == (1, 7)
    assert quotas()["DBParameterGroups"] == (0, 50)
