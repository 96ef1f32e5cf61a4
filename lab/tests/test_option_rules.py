# SPDX-License-Identifier: GPL-3.0-or-later
"""Test option groups of snapshots (aws_rds.md 1.8, 2)."""

from __future__ import annotations

from typing import Any

import pytest

from bare import LONG, Bare
from helpers import DR, code_of, message_of, snapshot
from lifeboat_lab.testing import fresh


def group(client: Any, *options: str, engine: str = "oracle-ee") -> str:
    """Create an option group with these options."""
    name = fresh("group")
    major = {"oracle-ee": "19", "sqlserver-ee": "16.00", "mysql": "8.0"}[engine]
    client.create_option_group(
        OptionGroupName=name, EngineName=engine, MajorEngineVersion=major, OptionGroupDescription="x"
    )
    if options:
        client.modify_option_group(
            OptionGroupName=name, OptionsToInclude=[{"OptionName": option} for option in options], ApplyImmediately=True
        )
    return name


def snapshot_with(bare: Bare, *options: str, engine: str = "oracle-ee") -> tuple[str, str]:
    """Take a snapshot of a database with an option group, and return both names."""
    database, name, options_of = fresh("database"), fresh("snapshot"), group(bare.rds, *options, engine=engine)
    versions = {"oracle-ee": "19.0.0.0.ru-2025-07.rur-2025-07.r1", "sqlserver-ee": "16.00.4210.1.v1", "mysql": "8.0.43"}
    bare.rds.create_db_instance(
        DBInstanceIdentifier=database, Engine=engine, EngineVersion=versions[engine], OptionGroupName=options_of,
        DBInstanceClass="db.r6g.large", AllocatedStorage=20, MasterUsername="master", MasterUserPassword="a-password",
        BackupRetentionPeriod=0,
    )  # fmt: skip
    bare.advance(LONG)
    bare.rds.create_db_snapshot(DBInstanceIdentifier=database, DBSnapshotIdentifier=name)
    bare.advance(LONG)
    return name, options_of


def test_a_copy_at_home_keeps_its_option_group_and_one_elsewhere_has_the_default_one(bare: Bare) -> None:
    name, options = snapshot_with(bare, "MEMCACHED", engine="mysql")
    there = bare.lab.client("production", "rds", "eu-west-1")
    assert bare.snapshot(name)["OptionGroupName"] == options
    assert bare.snapshot(bare.copy(name))["OptionGroupName"] == options
    abroad = bare.copy(bare.arn(name), there)
    bare.advance(LONG)
    assert snapshot(there, abroad)["OptionGroupName"] == "default:mysql-8-0"


def test_the_option_group_of_a_copy_can_be_named(bare: Bare) -> None:
    name, _options = snapshot_with(bare, "MEMCACHED", engine="mysql")
    there = bare.lab.client("production", "rds", "eu-west-1")
    mine, other = group(there, engine="mysql"), group(there, engine="oracle-ee")
    copy = bare.copy(bare.arn(name), there, OptionGroupName=mine)
    bare.advance(LONG)
    assert snapshot(there, copy)["OptionGroupName"] == mine
    words = {"SourceDBSnapshotIdentifier": bare.arn(name), "TargetDBSnapshotIdentifier": fresh("copy")}
    assert code_of(there.copy_db_snapshot, OptionGroupName="nowhere", **words) == "OptionGroupNotFoundFault"
    assert code_of(there.copy_db_snapshot, OptionGroupName=other, **words) == "InvalidParameterCombination"


@pytest.mark.parametrize("engine", ["oracle-ee", "sqlserver-ee"])
def test_tde_needs_its_option_group_in_the_other_region(bare: Bare, engine: str) -> None:
    name, _options = snapshot_with(bare, "TDE", engine=engine)
    there = bare.lab.client("production", "rds", "eu-west-1")
    words = {"SourceDBSnapshotIdentifier": bare.arn(name), "TargetDBSnapshotIdentifier": fresh("copy")}
    code, message = message_of(there.copy_db_snapshot, **words)
    assert code == "InvalidParameterCombination"
    assert message == "The snapshot requires a target option group with the following options: TDE"
    assert code_of(there.copy_db_snapshot, OptionGroupName=group(there, engine=engine), **words) == code
    assert there.copy_db_snapshot(OptionGroupName=group(there, "TDE", engine=engine), **words)


@pytest.mark.parametrize("engine", ["oracle-ee", "sqlserver-ee"])
def test_tde_cannot_be_shared(bare: Bare, engine: str) -> None:
    """Follow aws_rds.md 2."""
    name, _options = snapshot_with(bare, "TDE", engine=engine)
    code, message = message_of(
        bare.rds.modify_db_snapshot_attribute,
        DBSnapshotIdentifier=name, AttributeName="restore", ValuesToAdd=[DR],
    )  # fmt: skip
    assert (code, "TDE" in message) == ("InvalidDBSnapshotState", True)


def test_oracles_timezone_is_shared_and_needs_its_option_on_the_other_side(bare: Bare) -> None:
    name, options = snapshot_with(bare, "Timezone")
    bare.share(name)
    dr = bare.lab.client("production_dr", "rds", "us-west-2")
    words = {"SourceDBSnapshotIdentifier": bare.arn(name)}
    refused = code_of(dr.copy_db_snapshot, TargetDBSnapshotIdentifier=fresh("copy"), **words)
    assert refused == "InvalidParameterCombination"
    mine = group(dr, "Timezone")
    assert snapshot(dr, bare.copy(bare.arn(name), dr, OptionGroupName=mine))["OptionGroupName"] == mine
    brought = bare.copy(bare.arn(name), dr, CopyOptionGroup=True)
    assert snapshot(dr, brought)["OptionGroupName"] == options
    found = dr.describe_option_groups(OptionGroupName=options)["OptionGroupsList"][0]
    assert [option["OptionName"] for option in found["Options"]] == ["Timezone"]


def test_copy_option_group_is_for_oracle_across_accounts_within_a_region(bare: Bare) -> None:
    name, options = snapshot_with(bare, "Timezone")
    bare.share(name)
    plain = bare.own_copy(bare.sow(1)[0])
    bare.share(plain)
    here, away = (bare.lab.client("production_dr", "rds", region) for region in ("us-west-2", "us-east-1"))
    for client, source, more in (
        (bare.rds, name, {}),
        (away, name, {}),
        (here, plain, {}),
        (here, name, {"OptionGroupName": options}),
    ):
        refused = code_of(
            client.copy_db_snapshot,
            SourceDBSnapshotIdentifier=bare.arn(source), TargetDBSnapshotIdentifier=fresh("copy"),
            CopyOptionGroup=True, **more,
        )  # fmt: skip
        assert refused == "InvalidParameterCombination"
