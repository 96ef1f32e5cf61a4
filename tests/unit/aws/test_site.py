# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any
from unittest.mock import Mock

import pytest
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError

from ansible_collections.lifeboat.rds.plugins.module_utils._aws.connection import IDS_A_CALL, RETRIES, chunks
from ansible_collections.lifeboat.rds.plugins.module_utils._aws.errors import AwsRefusal
from ansible_collections.lifeboat.rds.plugins.module_utils._aws.site import Site
from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.plan import Copy
from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.quota import Quota
from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.stand_in import StandIn
from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.naming import lineage_of
from ansible_collections.lifeboat.rds.plugins.module_utils._core.option_groups import OptionGroup
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.isolation import SecurityGroup
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.needs import ClassOffer, WantedClass
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.target import RestoreOptions
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.target_plan import plan_target
from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.metrics import Metric
from tests.builders import (
    DR,
    DR_KEY,
    EAST,
    NOW,
    SOURCE,
    SOURCE_KEY,
    STRANGER,
    WEST,
    database,
    landed,
    of_cluster,
    restored,
)
from tests.unit.aws.wire import WHEN, AwsError, Http

Row = dict[str, Any]

NO_CLUSTERS: Row = {"DBClusters": []}
NO_CLUSTER_SNAPSHOTS: Row = {"DBClusterSnapshots": []}


def snapshot(name: str, engine: str = "postgres") -> Row:
    arn = f"arn:aws:rds:{EAST}:{DR}:snapshot:{name}"
    about = {"DBInstanceIdentifier": "orders", "SnapshotType": "manual", "Status": "available", "Encrypted": True}
    return {"DBSnapshotIdentifier": name, "DBSnapshotArn": arn, "Engine": engine, **about}


def cluster_snapshot(name: str, engine: str = "aurora-postgresql") -> Row:
    arn = f"arn:aws:rds:{EAST}:{DR}:cluster-snapshot:{name}"
    about = {"DBClusterIdentifier": "shop", "SnapshotType": "manual", "Status": "available", "StorageEncrypted": True}
    return {"DBClusterSnapshotIdentifier": name, "DBClusterSnapshotArn": arn, "Engine": engine, **about}


def instance(name: str, engine: str = "postgres") -> Row:
    arn = f"arn:aws:rds:{EAST}:{DR}:db:{name}"
    about = {"DbiResourceId": f"db-{name}", "DBInstanceStatus": "available", "StorageEncrypted": True}
    return {"DBInstanceIdentifier": name, "DBInstanceArn": arn, "Engine": engine, **about}


def cluster(name: str, engine: str = "aurora-postgresql") -> Row:
    arn = f"arn:aws:rds:{EAST}:{DR}:cluster:{name}"
    about = {"DbClusterResourceId": f"c-{name}", "Status": "available", "StorageEncrypted": True}
    return {"DBClusterIdentifier": name, "DBClusterArn": arn, "Engine": engine, **about}


# -- rows that lack something ------------------------------------------------------------------------------------------


def test_a_row_that_lacks_what_nothing_can_replace_costs_that_row_and_is_told(aws: Any) -> None:
    nameless = {name: value for name, value in snapshot("old").items() if name != "DBSnapshotArn"}
    site, _wire = aws(
        DescribeDBSnapshots={"DBSnapshots": [nameless, snapshot("b")]},
        DescribeDBClusterSnapshots={"DBClusterSnapshots": [{}]},
    )
    assert [one.name for one in site.recovery_points()] == ["b"]
    assert site.left_out == [
        "AWS does not show the DBSnapshotArn of old in us-east-1, so it is left out.",
        "AWS does not show the DBClusterSnapshotArn of a row in us-east-1, so it is left out.",
    ]


def test_what_other_regions_leave_out_is_told_together(aws: Any) -> None:
    site, _wire = aws(
        DescribeDBInstances={"DBInstances": [{"DBInstanceIdentifier": "orders"}]},
        DescribeDBClusters={"DBClusters": []},
    )
    assert site.in_region(WEST).databases() == []
    assert "DBInstanceArn of orders in us-west-2" in site.left_out[0]


def test_a_copy_that_aws_started_is_started_whatever_its_answer_shows(aws: Any) -> None:
    site, _wire = aws(CopyDBSnapshot={"DBSnapshot": {"Status": "pending"}})
    row = site.copy(copy("instance", WEST, DR_KEY))
    assert (row.name, row.is_in_progress) == ("ours", True)


# -- reading by page --------------------------------------------------------------------------------------------------


def test_every_page_of_both_kinds_is_read(aws: Any) -> None:
    site, wire = aws(
        DescribeDBSnapshots=[{"DBSnapshots": [snapshot("a")], "Marker": "next"}, {"DBSnapshots": [snapshot("b")]}],
        DescribeDBClusterSnapshots={"DBClusterSnapshots": [cluster_snapshot("c")]},
    )
    assert [(one.kind, one.name) for one in site.recovery_points()] == [
        ("instance", "a"),
        ("instance", "b"),
        ("cluster", "c"),
    ]
    assert [params.get("Marker") for params in wire.params("DescribeDBSnapshots")] == [None, "next"]


@pytest.mark.parametrize(
    ("origin", "sent"),
    [
        pytest.param(None, {}, id="own ones, manual and automated"),
        pytest.param("manual", {"SnapshotType": "manual"}, id="manual"),
        pytest.param("shared", {"SnapshotType": "shared"}, id="of other accounts"),
    ],
)
def test_snapshots_are_asked_for_by_where_they_come_from(aws: Any, origin: str | None, sent: Row) -> None:
    site, wire = aws(DescribeDBSnapshots={"DBSnapshots": []}, DescribeDBClusterSnapshots=NO_CLUSTER_SNAPSHOTS)
    site.recovery_points(origin)
    assert wire.asked == [("DescribeDBSnapshots", sent), ("DescribeDBClusterSnapshots", sent)]


def test_databases_of_both_kinds_are_read(aws: Any) -> None:
    site, _wire = aws(
        DescribeDBInstances=[{"DBInstances": [instance("a")], "Marker": "m"}, {"DBInstances": [instance("b")]}],
        DescribeDBClusters={"DBClusters": [cluster("c")]},
    )
    assert [(one.id.kind, one.id.identifier) for one in site.databases()] == [
        ("instance", "a"),
        ("instance", "b"),
        ("cluster", "c"),
    ]


@pytest.mark.parametrize("engine", ["docdb", "neptune"])
def test_engines_that_only_share_the_api_are_left_out(aws: Any, engine: str) -> None:
    site, _wire = aws(
        DescribeDBInstances={"DBInstances": [instance("a", engine)]},
        DescribeDBClusters={"DBClusters": [cluster("c", engine)]},
        DescribeDBSnapshots={"DBSnapshots": [snapshot("a", engine)]},
        DescribeDBClusterSnapshots={"DBClusterSnapshots": [cluster_snapshot("c", engine)]},
    )
    assert (site.databases(), site.recovery_points()) == ([], [])


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({}, id="no global database"),
        pytest.param({"GlobalClusterIdentifier": "g", "ReadReplicaIdentifiers": ["arn"]}, id="the primary"),
        pytest.param(
            {"GlobalClusterIdentifier": "g", "ReplicationSourceIdentifier": "arn:main"}, id="names its source"
        ),
    ],
)
def test_global_databases_are_only_read_when_the_rows_do_not_tell(aws: Any, more: Row) -> None:
    site, wire = aws(DescribeDBInstances={"DBInstances": []}, DescribeDBClusters={"DBClusters": [cluster("c") | more]})
    (one,) = site.databases()
    assert one.replica_of == more.get("ReplicationSourceIdentifier")
    assert "DescribeGlobalClusters" not in [name for name, _params in wire.asked]


def test_a_secondary_cluster_that_names_no_source_is_a_replica_of_the_primary(aws: Any) -> None:
    row = cluster("c") | {"GlobalClusterIdentifier": "g"}
    members = [{"DBClusterArn": "arn:main", "IsWriter": True}, {"DBClusterArn": row["DBClusterArn"], "IsWriter": False}]
    site, _wire = aws(
        DescribeDBInstances={"DBInstances": []},
        DescribeDBClusters={"DBClusters": [row]},
        DescribeGlobalClusters={"GlobalClusters": [{"GlobalClusterMembers": members}]},
    )
    assert [one.replica_of for one in site.databases()] == ["arn:main"]


def test_without_the_permission_to_ask_it_counts_as_a_database_of_its_own(aws: Any) -> None:
    site, _wire = aws(
        DescribeDBInstances={"DBInstances": []},
        DescribeDBClusters={"DBClusters": [cluster("c") | {"GlobalClusterIdentifier": "g"}]},
        DescribeGlobalClusters=AwsError("AccessDenied", status=403),
    )
    assert [one.replica_of for one in site.databases()] == [None]


def test_any_other_refusal_of_global_databases_is_not_taken_for_an_answer(aws: Any) -> None:
    site, _wire = aws(
        DescribeDBInstances={"DBInstances": []},
        DescribeDBClusters={"DBClusters": [cluster("c") | {"GlobalClusterIdentifier": "g"}]},
        DescribeGlobalClusters=AwsError("InvalidParameterValue"),
    )
    with pytest.raises(AwsRefusal, match="Cannot list GlobalClusters"):
        site.databases()


def test_quotas_are_those_of_manual_snapshots_in_one_call(aws: Any) -> None:
    rows = [("DBInstances", 4, 40), ("ManualSnapshots", 12, 100), ("ManualClusterSnapshots", 3, 50)]
    answer = [{"AccountQuotaName": name, "Used": used, "Max": most} for name, used, most in rows]
    site, wire = aws(DescribeAccountAttributes={"AccountQuotas": answer})
    assert site.quotas() == {(EAST, "instance"): Quota(12, 100), (EAST, "cluster"): Quota(3, 50)}
    assert wire.asked == [("DescribeAccountAttributes", {})]


def test_a_quota_that_aws_does_not_tell_is_not_made_up(aws: Any) -> None:
    site, _wire = aws(DescribeAccountAttributes={"AccountQuotas": []})
    assert site.quotas() == {}


NAMES = [f"n{number:03d}" for number in range(IDS_A_CALL + 1)]


@pytest.mark.parametrize(
    ("read", "operation", "answer", "name"),
    [
        ("recovery_points_named", "DescribeDBSnapshots", {"DBSnapshots": []}, "db-snapshot-id"),
        ("recovery_points_named", "DescribeDBClusterSnapshots", NO_CLUSTER_SNAPSHOTS, "db-cluster-snapshot-id"),
        ("databases_named", "DescribeDBInstances", {"DBInstances": []}, "db-instance-id"),
        ("databases_named", "DescribeDBClusters", NO_CLUSTERS, "db-cluster-id"),
    ],
)
def test_names_are_asked_for_in_filters_of_fifty_and_only_where_there_are_any(
    aws: Any, read: str, operation: str, answer: Row, name: str
) -> None:
    site, wire = aws(**{operation: answer})
    kind = "cluster" if "Cluster" in operation else "instance"
    getattr(site, read)({kind: reversed(NAMES)})
    filters = [params["Filters"] for params in wire.params(operation)]
    assert filters == [[{"Name": name, "Values": part}] for part in (NAMES[:50], NAMES[50:])]
    assert {asked for asked, _params in wire.asked} == {operation}


def test_no_names_cost_no_call(aws: Any) -> None:
    site, wire = aws()
    assert site.recovery_points_named({"instance": [], "cluster": []}) == site.databases_named({}) == []
    assert wire.asked == []


@pytest.mark.parametrize(("number", "sizes"), [(0, []), (1, [1]), (50, [50]), (51, [50, 1]), (101, [50, 50, 1])])
def test_a_filter_takes_fifty_names(number: int, sizes: list[int]) -> None:
    assert [len(part) for part in chunks(str(n) for n in range(number))] == sizes


def test_a_list_that_cannot_be_read_says_where(aws: Any) -> None:
    site, _wire = aws(DescribeDBSnapshots=AwsError("AccessDenied"))
    with pytest.raises(AwsRefusal, match=f"Cannot list DBSnapshots in {EAST}") as caught:
        site.recovery_points()
    assert caught.value.meaning == "permission"


@pytest.mark.parametrize("kind", ["instance", "cluster"])
def test_the_accounts_of_a_snapshot_are_those_that_may_restore_it(aws: Any, kind: str) -> None:
    point = landed() if kind == "instance" else of_cluster(landed())
    prefix = "DBSnapshot" if kind == "instance" else "DBClusterSnapshot"
    attributes = [
        {"AttributeName": "restore", "AttributeValues": [STRANGER, SOURCE]},
        {"AttributeName": "other", "AttributeValues": ["x"]},
    ]
    answer = {f"{prefix}AttributesResult": {f"{prefix}Identifier": point.name, f"{prefix}Attributes": attributes}}
    site, wire = aws(**{f"Describe{prefix}Attributes": answer})
    assert site.shared_with(point) == {SOURCE, STRANGER}
    assert wire.asked == [(f"Describe{prefix}Attributes", {f"{prefix}Identifier": point.name})]


def test_a_snapshot_without_attributes_is_shared_with_nobody(aws: Any) -> None:
    site, _wire = aws(DescribeDBSnapshotAttributes={"DBSnapshotAttributesResult": {"DBSnapshotAttributes": []}})
    assert site.shared_with(landed()) == frozenset()


# -- keys and networks ------------------------------------------------------------------------------------------------


def metadata(arn: str, **more: Any) -> Row:
    account = arn.split(":")[4]
    return {"KeyMetadata": {"Arn": arn, "AWSAccountId": account, "KeyId": "k", "KeyState": "Enabled", **more}}


def test_a_key_is_what_an_alias_means_here(aws: Any) -> None:
    site, wire = aws(DescribeKey=metadata(DR_KEY))
    assert (site.key("alias/lifeboat").arn, wire.params("DescribeKey")) == (DR_KEY, [{"KeyId": "alias/lifeboat"}])


def test_each_key_is_asked_for_once_and_in_its_own_region(aws: Any) -> None:
    site, wire = aws(DescribeKey=[metadata(DR_KEY), metadata(SOURCE_KEY)])
    found, refused = site.keys([SOURCE_KEY, DR_KEY, None, SOURCE_KEY])
    assert (set(found), refused) == ({SOURCE_KEY, DR_KEY}, {})
    assert sorted(zip(wire.regions, [one["KeyId"] for one in wire.params("DescribeKey")], strict=True)) == [
        (EAST, DR_KEY),
        (WEST, SOURCE_KEY),
    ]


def test_a_key_that_cannot_be_seen_says_why_and_does_not_stop_the_others(aws: Any) -> None:
    site, _wire = aws(DescribeKey=[AwsError("AccessDeniedException", "no grant"), metadata(SOURCE_KEY)])
    found, refused = site.keys([DR_KEY, SOURCE_KEY])
    assert (set(found), refused) == ({SOURCE_KEY}, {DR_KEY: "no grant (AccessDeniedException)"})


def test_a_key_service_that_cannot_be_reached_says_nothing_about_a_key(aws: Any) -> None:
    site, _wire = aws(DescribeKey=EndpointConnectionError(endpoint_url="https://kms.example"))
    with pytest.raises(AwsRefusal, match="Cannot use the KMS key") as caught:
        site.keys([DR_KEY])
    assert caught.value.meaning == "unreachable"


def test_a_network_is_its_subnets_and_which_of_them_are_public(aws: Any) -> None:
    group = {
        "DBSubnetGroupName": "private",
        "VpcId": "vpc-1",
        "Subnets": [{"SubnetIdentifier": "a"}, {"SubnetIdentifier": "b"}],
    }
    outside = {"Associations": [{"SubnetId": "b", "Main": False}], "Routes": [{"GatewayId": "igw-1"}]}
    site, wire = aws(
        DescribeDBSubnetGroups={"DBSubnetGroups": [group]},
        DescribeRouteTables={"RouteTables": [outside, {"Associations": [{"Main": True}], "Routes": []}]},
    )
    network = site.network("private")
    assert (network.vpc_id, network.subnets, network.public_subnets) == ("vpc-1", ("a", "b"), ("b",))
    assert wire.params("DescribeRouteTables") == [{"Filters": [{"Name": "vpc-id", "Values": ["vpc-1"]}]}]


def test_a_network_that_does_not_exist_is_named(aws: Any) -> None:
    site, _wire = aws(DescribeDBSubnetGroups=AwsError("DBSubnetGroupNotFoundFault"))
    with pytest.raises(AwsRefusal, match="Cannot use the DB subnet group private"):
        site.network("private")


def subnet_group(name: str, vpc: str, *subnets: str) -> Row:
    rows = [{"SubnetIdentifier": subnet} for subnet in subnets]
    return {"DBSubnetGroups": [{"DBSubnetGroupName": name, "VpcId": vpc, "Subnets": rows}]}


def test_networks_come_with_the_security_groups_of_their_vpcs_and_each_vpc_is_read_once(aws: Any) -> None:
    rule = {"IpRanges": [{"CidrIp": "10.0.0.0/8"}], "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}
    group = {"GroupId": "sg-1", "GroupName": "drill", "IpPermissions": [rule]}
    site, wire = aws(
        DescribeDBSubnetGroups=[subnet_group("a", "vpc-1", "s"), subnet_group("b", "vpc-1", "t")],
        DescribeRouteTables={"RouteTables": []},
        DescribeSecurityGroups={"SecurityGroups": [group]},
    )
    networks = site.networks(["b", "a", "b"])
    assert {name: one.subnets for name, one in networks.items()} == {"a": ("s",), "b": ("t",)}
    assert networks["b"].security_groups == (SecurityGroup("sg-1", "drill", ("10.0.0.0/8", "::/0")),)
    assert [name for name, _params in wire.asked][2:] == ["DescribeRouteTables", "DescribeSecurityGroups"]


def test_every_page_of_routes_and_security_groups_is_read(aws: Any) -> None:
    open_table = {"Associations": [{"SubnetId": "s", "Main": False}], "Routes": [{"GatewayId": "igw-1"}]}
    site, _wire = aws(
        DescribeDBSubnetGroups=subnet_group("a", "vpc-1", "s"),
        DescribeRouteTables=[{"RouteTables": [], "NextToken": "next"}, {"RouteTables": [open_table]}],
        DescribeSecurityGroups=[
            {"SecurityGroups": [{"GroupId": "sg-1", "GroupName": "a"}], "NextToken": "next"},
            {"SecurityGroups": [{"GroupId": "sg-2", "GroupName": "b"}]},
        ],
    )
    network = site.networks(["a"])["a"]
    assert (network.public_subnets, [one.id for one in network.security_groups]) == (("s",), ["sg-1", "sg-2"])


# -- what is offered --------------------------------------------------------------------------------------------------

CLASS = WantedClass("postgres", "16.4", "db.t4g.medium")


@pytest.mark.parametrize(
    ("found", "offer"),
    [
        pytest.param([], ClassOffer(False), id="not at all"),
        pytest.param([{"SupportsIAMDatabaseAuthentication": False}], ClassOffer(True), id="without IAM"),
        pytest.param([{}, {"SupportsIAMDatabaseAuthentication": True}], ClassOffer(True, iam=True), id="with IAM"),
    ],
)
def test_an_offer_is_asked_for_by_engine_version_and_class(aws: Any, found: list[Row], offer: ClassOffer) -> None:
    site, wire = aws(DescribeOrderableDBInstanceOptions={"OrderableDBInstanceOptions": found})
    assert site.class_offer(CLASS) == offer
    assert wire.asked == [
        (
            "DescribeOrderableDBInstanceOptions",
            {"Engine": "postgres", "EngineVersion": "16.4", "DBInstanceClass": "db.t4g.medium"},
        )
    ]


@pytest.mark.parametrize(
    ("method", "operation", "key"),
    [
        ("parameter_groups", "DescribeDBParameterGroups", "DBParameterGroups"),
        ("cluster_parameter_groups", "DescribeDBClusterParameterGroups", "DBClusterParameterGroups"),
    ],
)
def test_parameter_groups_that_are_missing_are_told_from_those_that_cannot_be_seen(
    aws: Any, method: str, operation: str, key: str
) -> None:
    site, _wire = aws(**{operation: [{key: []}, AwsError("DBParameterGroupNotFound", status=404)]})
    assert getattr(site, method)(["a", "b"]) == {"a"}
    site, _wire = aws(**{operation: AwsError("AccessDenied")})
    with pytest.raises(AwsRefusal, match="Cannot see the parameter group a"):
        getattr(site, method)(["a"])


def test_account_quotas_are_told_by_the_names_that_aws_gives_them(aws: Any) -> None:
    row = {"AccountQuotaName": "DBInstances", "Used": 3, "Max": 40}
    site, _wire = aws(DescribeAccountAttributes={"AccountQuotas": [row]})
    assert site.account_quotas() == {"DBInstances": Quota(3, 40)}


# -- copies and shares ------------------------------------------------------------------------------------------------


def copy(kind: str, source_region: str, key: str | None) -> Copy:
    return Copy(
        kind=kind,  # type: ignore[arg-type]
        identifier="orders",
        origin=lineage_of(database().id, NOW).origin,
        name="ours",
        account=DR,
        region=EAST,
        source_arn=f"arn:aws:rds:{source_region}:{SOURCE}:snapshot:ours",
        resource_id="db-ORDERS",
        size_gib=20,
        engine="postgres",
        reason="",
        kms_key_id=key,
        tags={"b": "2", "a": "1"},
    )


@pytest.mark.parametrize(
    ("source_region", "key", "more"),
    [
        pytest.param(EAST, None, {}, id="within a Region, the key stays"),
        pytest.param(EAST, DR_KEY, {"KmsKeyId": DR_KEY}, id="within a Region, re-keyed"),
        pytest.param(WEST, DR_KEY, {"KmsKeyId": DR_KEY, "SourceRegion": WEST}, id="across Regions"),
        pytest.param(WEST, None, {"SourceRegion": WEST}, id="across Regions, unencrypted"),
    ],
)
@pytest.mark.parametrize("kind", ["instance", "cluster"])
def test_a_copy_sends_what_it_must_and_never_asks_to_copy_tags(
    aws: Any, kind: str, source_region: str, key: str | None, more: Row
) -> None:
    """Across accounts tags cannot be copied: what they say is sent."""
    prefix, row = ("DBSnapshot", snapshot) if kind == "instance" else ("DBClusterSnapshot", cluster_snapshot)
    site, wire = aws(**{f"Copy{prefix}": {prefix: {**row("ours"), "Status": "copying"}}})
    wanted = copy(kind, source_region, key)
    answer = site.copy(wanted)
    assert (answer.kind, answer.name, answer.is_in_progress) == (kind, "ours", True)
    assert wire.asked == [
        (
            f"Copy{prefix}",
            {
                f"Source{prefix}Identifier": wanted.source_arn,
                f"Target{prefix}Identifier": "ours",
                "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}],
                **more,
            },
        )
    ]


@pytest.mark.parametrize(
    ("kind", "source", "operation", "sent"),
    [
        (
            "instance",
            "db:orders",
            "CreateDBSnapshot",
            {"DBInstanceIdentifier": "orders", "DBSnapshotIdentifier": "ours"},
        ),
        (
            "cluster",
            "cluster:orders",
            "CreateDBClusterSnapshot",
            {"DBClusterIdentifier": "orders", "DBClusterSnapshotIdentifier": "ours"},
        ),
    ],
)
def test_a_copy_of_a_database_is_a_snapshot_that_is_taken(
    aws: Any, kind: str, source: str, operation: str, sent: Row
) -> None:
    """Its key is that of the database: there is no parameter for one."""
    prefix, row = ("DBSnapshot", snapshot) if kind == "instance" else ("DBClusterSnapshot", cluster_snapshot)
    site, wire = aws(**{operation: {prefix: {**row("ours"), "Status": "creating"}}})
    site.copy(replace(copy(kind, EAST, None), source_arn=f"arn:aws:rds:{EAST}:{DR}:{source}"))
    ((asked, parameters),) = wire.asked
    assert (asked, {name: one for name, one in parameters.items() if name != "Tags"}) == (operation, sent)


@pytest.mark.parametrize(
    ("changes", "sent"),
    [({"option_group": "ours"}, {"OptionGroupName": "ours"}), ({"copy_option_group": True}, {"CopyOptionGroup": True})],
)
def test_a_copy_names_its_option_group_or_takes_it_along(aws: Any, changes: Row, sent: Row) -> None:
    site, wire = aws(CopyDBSnapshot={"DBSnapshot": snapshot("ours")})
    site.copy(replace(copy("instance", EAST, None), **changes))
    ((_operation, parameters),) = wire.asked
    assert {name: one for name, one in parameters.items() if "OptionGroup" in name} == sent


def test_a_stand_in_is_private_alone_and_keeps_no_backups(aws: Any) -> None:
    answer = {"DBInstance": {**instance("stand-in"), "DBInstanceStatus": "creating"}}
    site, wire = aws(RestoreDBInstanceFromDBSnapshot=answer)
    arn = f"arn:aws:rds:{EAST}:{DR}:cluster-snapshot:rds:sales"
    site.stand_in(StandIn("sales", "stand-in", "postgres", arn, "private", ["sg-1"], "db.t4g.medium", {"a": "1"}))
    ((_operation, sent),) = wire.asked
    assert (sent["DBClusterSnapshotIdentifier"], sent["Engine"]) == (arn, "postgres")
    assert (sent["DBSubnetGroupName"], sent["VpcSecurityGroupIds"]) == ("private", ["sg-1"])
    assert (sent["PubliclyAccessible"], sent["MultiAZ"], sent["BackupRetentionPeriod"]) == (False, False, 0)
    assert sent["Tags"] == [{"Key": "a", "Value": "1"}]


def test_option_groups_tell_on_which_options_data_depend(aws: Any) -> None:
    options = [
        {"OptionName": "TDE", "Permanent": True},
        {"OptionName": "Timezone", "Persistent": True},
        {"OptionName": "STATSPACK"},
    ]
    row = {"OptionGroupName": "secure", "EngineName": "oracle-ee", "Options": options}
    site, _wire = aws(DescribeOptionGroups={"OptionGroupsList": [row]})
    assert site.option_groups() == {"secure": OptionGroup("secure", "oracle-ee", frozenset({"TDE", "Timezone"}))}


def test_one_list_shows_what_is_ours_and_what_others_share(aws: Any) -> None:
    site, wire = aws(DescribeDBSnapshots={"DBSnapshots": []}, DescribeDBClusterSnapshots={"DBClusterSnapshots": []})
    site.recovery_points(shared=True)
    assert [parameters for _operation, parameters in wire.asked] == [{"IncludeShared": True}] * 2


def test_aws_backup_has_no_type_of_its_own_for_clusters(aws: Any) -> None:
    site, wire = aws(DescribeDBSnapshots={"DBSnapshots": []})
    site.recovery_points("awsbackup")
    assert wire.asked == [("DescribeDBSnapshots", {"SnapshotType": "awsbackup"})]


def test_a_copy_that_is_refused_says_from_where_to_where(aws: Any) -> None:
    message = "Cannot copy more than 20 snapshots across regions"
    site, _wire = aws(CopyDBSnapshot=AwsError("SnapshotQuotaExceeded", message))
    with pytest.raises(AwsRefusal, match=f"Cannot copy .*snapshot:ours to ours in {EAST}: {message}") as caught:
        site.copy(copy("instance", WEST, DR_KEY))
    assert caught.value.meaning == "wait"


@pytest.mark.parametrize(
    ("add", "remove", "sent"),
    [
        pytest.param([SOURCE], [], {"ValuesToAdd": [SOURCE]}, id="add"),
        pytest.param([], [SOURCE], {"ValuesToRemove": [SOURCE]}, id="remove"),
        pytest.param(
            {STRANGER, SOURCE}, {DR}, {"ValuesToAdd": [SOURCE, STRANGER], "ValuesToRemove": [DR]}, id="both, in order"
        ),
    ],
)
@pytest.mark.parametrize("kind", ["instance", "cluster"])
def test_a_share_changes_who_may_restore_a_snapshot(aws: Any, kind: str, add: Any, remove: Any, sent: Row) -> None:
    point = landed() if kind == "instance" else of_cluster(landed())
    prefix = "DBSnapshot" if kind == "instance" else "DBClusterSnapshot"
    site, wire = aws(**{f"Modify{prefix}Attribute": {}})
    site.share(point, add=add, remove=remove)
    assert wire.asked == [
        (f"Modify{prefix}Attribute", {f"{prefix}Identifier": point.name, "AttributeName": "restore", **sent})
    ]


def test_tags_are_added_to_what_an_arn_names(aws: Any) -> None:
    site, wire = aws(AddTagsToResource={})
    site.tag(landed().arn, {"lifeboat:verified": "t"})
    assert wire.asked == [
        (
            "AddTagsToResource",
            {"ResourceName": landed().arn, "Tags": [{"Key": "lifeboat:verified", "Value": "t"}]},
        )
    ]


# -- databases --------------------------------------------------------------------------------------------------------

OPTIONS = RestoreOptions("lifeboat", "d1", "private", ("sg-1",), "db.t4g.medium", DR_KEY, NOW)
TARGET = plan_target(lineage_of(database().id, NOW), landed(), OPTIONS)
CLUSTER_TARGET = plan_target(
    lineage_of(database().id, NOW), of_cluster(landed(encrypted=False, kms_key_id=None)), OPTIONS
)


def test_an_instance_is_restored_private_in_the_named_network(aws: Any) -> None:
    site, wire = aws(RestoreDBInstanceFromDBSnapshot={"DBInstance": instance(TARGET.name)})
    site.restore(TARGET)
    (sent,) = wire.params("RestoreDBInstanceFromDBSnapshot")
    assert {name: value for name, value in sent.items() if name != "Tags"} == {
        "DBInstanceIdentifier": TARGET.name,
        "DBSnapshotIdentifier": landed().arn,
        "DBInstanceClass": "db.t4g.medium",
        "DBSubnetGroupName": "private",
        "VpcSecurityGroupIds": ["sg-1"],
        "PubliclyAccessible": False,
        "MultiAZ": False,
        "AutoMinorVersionUpgrade": False,
        "DeletionProtection": False,
        "CopyTagsToSnapshot": False,
        "BackupRetentionPeriod": 0,
    }


def test_a_cluster_is_restored_with_its_version_and_encrypted_on_the_way(aws: Any) -> None:
    site, wire = aws(RestoreDBClusterFromSnapshot={"DBCluster": cluster(CLUSTER_TARGET.name)})
    site.restore(CLUSTER_TARGET)
    (sent,) = wire.params("RestoreDBClusterFromSnapshot")
    assert {name: value for name, value in sent.items() if name != "Tags"} == {
        "DBClusterIdentifier": CLUSTER_TARGET.name,
        "SnapshotIdentifier": of_cluster(landed()).arn,
        "Engine": "aurora-postgresql",
        "EngineVersion": "16.4",
        "KmsKeyId": DR_KEY,
        "DBSubnetGroupName": "private",
        "VpcSecurityGroupIds": ["sg-1"],
        "DeletionProtection": False,
        "CopyTagsToSnapshot": False,
        "BackupRetentionPeriod": 1,
    }


def test_a_member_is_added_to_its_cluster_and_private(aws: Any) -> None:
    site, wire = aws(CreateDBInstance={})
    site.add_member(CLUSTER_TARGET)
    (sent,) = wire.params("CreateDBInstance")
    assert {name: value for name, value in sent.items() if name != "Tags"} == {
        "DBInstanceIdentifier": CLUSTER_TARGET.member,
        "DBClusterIdentifier": CLUSTER_TARGET.name,
        "DBInstanceClass": "db.t4g.medium",
        "Engine": "aurora-postgresql",
        "PubliclyAccessible": False,
        "AutoMinorVersionUpgrade": False,
    }


@pytest.mark.parametrize("kind", ["instance", "cluster"])
def test_a_password_is_changed_at_once(aws: Any, kind: str) -> None:
    prefix = "DBInstance" if kind == "instance" else "DBCluster"
    site, wire = aws(**{f"Modify{prefix}": {}})
    site.set_password(restored("a", kind), "word-of-the-day")
    assert wire.asked == [
        (
            f"Modify{prefix}",
            {f"{prefix}Identifier": "a", "MasterUserPassword": "word-of-the-day", "ApplyImmediately": True},
        )
    ]


def test_a_password_replaces_one_that_rds_manages(aws: Any) -> None:
    """RDS refuses a password for a database whose own it manages (API Reference, ModifyDBInstance)."""
    site, wire = aws(ModifyDBInstance={})
    site.set_password(restored("a", secret_arn="arn"), "word-of-the-day")
    assert wire.params("ModifyDBInstance")[0]["ManageMasterUserPassword"] is False


@pytest.mark.parametrize("kind", ["instance", "cluster"])
def test_rds_is_asked_to_manage_a_password(aws: Any, kind: str) -> None:
    prefix = "DBInstance" if kind == "instance" else "DBCluster"
    site, wire = aws(**{f"Modify{prefix}": {}})
    site.manage_password(restored("a", kind))
    sent = {f"{prefix}Identifier": "a", "ManageMasterUserPassword": True, "ApplyImmediately": True}
    assert wire.asked == [(f"Modify{prefix}", sent)]


def test_a_managed_password_is_read_from_its_secret(aws: Any) -> None:
    site, wire = aws(GetSecretValue={"SecretString": '{"username": "master", "password": "of-rds"}'})
    assert site.managed_password(restored("a", secret_arn="arn:secret")) == "of-rds"
    assert wire.asked == [("GetSecretValue", {"SecretId": "arn:secret"})]


def test_a_token_is_made_for_one_user_at_one_endpoint_without_a_call(aws: Any) -> None:
    site, wire = aws()
    token = site.token(restored("a"), "clerk")
    assert token.startswith("a.example:5432/?")
    assert {"Action=connect", "DBUser=clerk"} <= set(token.partition("?")[2].split("&"))
    assert wire.asked == []


def test_a_password_that_is_refused_is_not_in_the_message(aws: Any) -> None:
    site, _wire = aws(ModifyDBInstance=AwsError("InvalidParameterValue"))
    with pytest.raises(AwsRefusal, match="Cannot set the master password of a") as caught:
        site.set_password(restored("a"), "word-of-the-day")
    assert "word-of-the-day" not in str(caught.value)


@pytest.mark.parametrize(
    ("one", "operation", "sent"),
    [
        pytest.param(
            restored("a"),
            "DeleteDBInstance",
            {"DBInstanceIdentifier": "a", "DeleteAutomatedBackups": True},
            id="an instance and its backups",
        ),
        pytest.param(
            restored("a", cluster="c"),
            "DeleteDBInstance",
            {"DBInstanceIdentifier": "a"},
            id="a member, whose cluster has the backups",
        ),
        pytest.param(
            restored("a", "cluster"),
            "DeleteDBCluster",
            {"DBClusterIdentifier": "a", "DeleteAutomatedBackups": True},
            id="a cluster and its backups",
        ),
    ],
)
def test_nothing_is_kept_of_a_database_that_is_deleted(aws: Any, one: Any, operation: str, sent: Row) -> None:
    site, wire = aws(**{operation: {}})
    site.delete_database(one)
    assert wire.asked == [(operation, {"SkipFinalSnapshot": True, **sent})]


@pytest.mark.parametrize(
    ("point", "operation", "sent"),
    [
        pytest.param(landed(), "DeleteDBSnapshot", {"DBSnapshotIdentifier": landed().name}, id="instance"),
        pytest.param(
            of_cluster(landed()),
            "DeleteDBClusterSnapshot",
            {"DBClusterSnapshotIdentifier": landed().name},
            id="cluster",
        ),
    ],
)
def test_a_snapshot_is_deleted_as_what_it_is(aws: Any, point: Any, operation: str, sent: Row) -> None:
    site, wire = aws(**{operation: {}})
    site.delete_recovery_point(point)
    assert wire.asked == [(operation, sent)]


def act(site: Site, what: str) -> None:
    point, one = landed(), restored("a")
    calls = {
        "share": lambda: site.share(point, add=[SOURCE]),
        "shared_with": lambda: site.shared_with(point),
        "tag": lambda: site.tag(point.arn, {"a": "b"}),
        "delete_recovery_point": lambda: site.delete_recovery_point(point),
        "restore": lambda: site.restore(TARGET),
        "add_member": lambda: site.add_member(CLUSTER_TARGET),
        "set_password": lambda: site.set_password(one, "word"),
        "managed_password": lambda: site.managed_password(restored("a", secret_arn="arn")),
        "delete_database": lambda: site.delete_database(one),
    }
    calls[what]()


@pytest.mark.parametrize(
    ("what", "operation", "message"),
    [
        ("share", "ModifyDBSnapshotAttribute", f"Cannot share {landed().name} in {EAST}"),
        ("shared_with", "DescribeDBSnapshotAttributes", f"Cannot see with whom {landed().name} in {EAST} is shared"),
        ("tag", "AddTagsToResource", f"Cannot tag {landed().arn}"),
        ("delete_recovery_point", "DeleteDBSnapshot", f"Cannot delete {landed().name} in {EAST}"),
        ("restore", "RestoreDBInstanceFromDBSnapshot", f"Cannot restore {landed().name} as {TARGET.name}"),
        ("add_member", "CreateDBInstance", f"Cannot add {CLUSTER_TARGET.member} to the cluster"),
        ("set_password", "ModifyDBInstance", "Cannot set the master password of a"),
        ("managed_password", "GetSecretValue", "Cannot read the managed password of a"),
        ("delete_database", "DeleteDBInstance", "Cannot delete a"),
    ],
)
def test_a_refusal_says_what_was_being_done(aws: Any, what: str, operation: str, message: str) -> None:
    site, _wire = aws(**{operation: AwsError("AccessDenied", "not you"), **STANDS})
    with pytest.raises(AwsRefusal, match=message) as caught:
        act(site, what)
    assert "not you (AccessDenied)" in str(caught.value)


# What AWS says of a thing that it has denied access to, when asked for it.
STANDS: Row = {"DescribeDBSnapshots": {"DBSnapshots": []}, "DescribeDBInstances": {"DBInstances": []}}
IS_GONE = {
    "DescribeDBSnapshots": AwsError("DBSnapshotNotFound", status=404),
    "DescribeDBInstances": AwsError("DBInstanceNotFound", status=404),
}
CANNOT_BE_SEEN = dict.fromkeys(STANDS, AwsError("AccessDenied"))
ON_A_ROW = (
    ("share", "ModifyDBSnapshotAttribute"),
    ("tag", "AddTagsToResource"),
    ("delete_recovery_point", "DeleteDBSnapshot"),
    ("restore", "RestoreDBInstanceFromDBSnapshot"),
    ("delete_database", "DeleteDBInstance"),
)


@pytest.mark.parametrize(("what", "operation"), ON_A_ROW)
@pytest.mark.parametrize(
    ("then", "meaning", "why"),
    [
        pytest.param(IS_GONE, "missing", "it does not exist any more", id="gone"),
        pytest.param(STANDS, "permission", "not you (AccessDenied)", id="there"),
        pytest.param(CANNOT_BE_SEEN, "permission", "not you (AccessDenied)", id="not to be seen"),
    ],
)
def test_what_is_gone_is_told_from_what_is_not_allowed(
    aws: Any, what: str, operation: str, then: Row, meaning: str, why: str
) -> None:
    """Policies with a condition on tags never allow what does not exist: that has no tags."""
    site, wire = aws(**{operation: AwsError("AccessDenied", "not you"), **then})
    with pytest.raises(AwsRefusal) as caught:
        act(site, what)
    assert (caught.value.meaning, caught.value.why) == (meaning, why)
    assert [name for name, _params in wire.asked if name.startswith("Describe")] == wire_looks(what)


def wire_looks(what: str) -> list[str]:
    return ["DescribeDBInstances" if what == "delete_database" else "DescribeDBSnapshots"]


def test_a_snapshot_of_another_account_is_looked_for_by_its_arn(aws: Any) -> None:
    site, wire = aws(CopyDBSnapshot=AwsError("AccessDenied"), **IS_GONE)
    with pytest.raises(AwsRefusal, match="it does not exist any more"):
        site.copy(copy("instance", WEST, DR_KEY))
    (asked,) = wire.params("DescribeDBSnapshots")
    assert (asked["IncludeShared"], asked["DBSnapshotIdentifier"]) == (True, copy("instance", WEST, DR_KEY).source_arn)


def test_another_refusal_takes_no_look(aws: Any) -> None:
    site, wire = aws(DeleteDBSnapshot=AwsError("InvalidDBSnapshotState"))
    with pytest.raises(AwsRefusal):
        site.delete_recovery_point(landed())
    assert [name for name, _params in wire.asked] == ["DeleteDBSnapshot"]


# -- the session ------------------------------------------------------------------------------------------------------


def test_the_credentials_must_be_those_of_the_declared_account(aws: Any) -> None:
    site, wire = aws()
    site.check_account(DR)
    with pytest.raises(
        LifeboatError, match=f"Cannot work on account {SOURCE}: these credentials belong to account {DR}"
    ):
        site.check_account(SOURCE)
    assert len(wire.asked) == 1


def test_credentials_that_aws_does_not_know_are_refused(aws: Any) -> None:
    site, _wire = aws(GetCallerIdentity=AwsError("InvalidClientTokenId"))
    with pytest.raises(AwsRefusal, match="Cannot tell whose credentials these are"):
        site.check_account(DR)


def test_another_region_is_seen_through_the_same_credentials(aws: Any) -> None:
    site, wire = aws(DescribeDBSnapshots={"DBSnapshots": []}, DescribeDBClusterSnapshots=NO_CLUSTER_SNAPSHOTS)
    site.check_account(DR)
    other = site.in_region(WEST)
    other.check_account(DR)
    other.recovery_points("shared")
    assert (other.region, wire.regions[1:]) == (WEST, [WEST, WEST])
    assert other.account == DR
    assert [name for name, _params in wire.asked].count("GetCallerIdentity") == 1


def test_the_own_region_is_the_site_itself(aws: Any) -> None:
    site, _wire = aws()
    assert site.in_region(EAST) is site


def test_the_time_is_that_of_the_last_answer_of_aws(aws: Any) -> None:
    site, wire = aws(AddTagsToResource={})
    site.check_account(DR)
    assert site.now == WHEN
    wire.headers["Date"] = "Mon, 23 Nov 2026 15:00:00 GMT"
    site.tag(landed().arn, {"a": "b"})
    assert site.now == WHEN.replace(hour=15, minute=0, second=0)


def test_the_time_is_asked_for_once_where_nothing_else_was_asked(aws: Any) -> None:
    site, wire = aws()
    assert (site.now, site.now) == (WHEN, WHEN)
    assert [name for name, _params in wire.asked] == ["GetCallerIdentity"]


def test_without_any_date_there_is_no_time(aws: Any) -> None:
    site, wire = aws()
    del wire.headers["Date"]
    with pytest.raises(LifeboatError, match="answers of AWS have no Date"):
        assert site.now


def test_an_answer_without_a_date_leaves_the_time_as_it_was(aws: Any) -> None:
    site, wire = aws(AddTagsToResource={})
    site.check_account(DR)
    del wire.headers["Date"]
    site.tag(landed().arn, {"a": "b"})
    assert site.now == WHEN


def test_a_refusal_tells_the_time_too(aws: Any) -> None:
    site, _wire = aws(AddTagsToResource=AwsError("InvalidDBSnapshotState"))
    with pytest.raises(AwsRefusal):
        site.tag(landed().arn, {"a": "b"})
    assert site.now == WHEN


# -- on the wire ------------------------------------------------------------------------------------------------------

IDENTITY = f"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::{DR}:user/x</Arn><UserId>AIDATEST</UserId><Account>{DR}</Account></GetCallerIdentityResult>
</GetCallerIdentityResponse>"""
COPIED = """<CopyDBSnapshotResponse xmlns="http://rds.amazonaws.com/doc/2014-10-31/"><CopyDBSnapshotResult><DBSnapshot>
<DBSnapshotIdentifier>ours</DBSnapshotIdentifier><DBInstanceIdentifier>orders</DBInstanceIdentifier>
<DBSnapshotArn>arn:aws:rds:us-east-1:222222222222:snapshot:ours</DBSnapshotArn><Engine>postgres</Engine>
<Status>creating</Status></DBSnapshot></CopyDBSnapshotResult></CopyDBSnapshotResponse>"""


@pytest.fixture
def over_http(session: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)

    def over_http(*answers: tuple[int, str]) -> tuple[Site, Http]:
        wire = Http(session, list(answers))
        return Site(wire, EAST, {"config": Config(retries=dict(RETRIES))}), wire

    return over_http


def test_calls_are_counted_by_http_attempt_with_their_retries(over_http: Any) -> None:
    site, _wire = over_http((503, ""), (500, ""), (200, IDENTITY))
    assert (site.account, site.now) == (DR, WHEN)
    assert site.api_calls == {"sts:GetCallerIdentity": 3}


def test_a_call_that_fails_for_good_is_counted_too(over_http: Any) -> None:
    site, wire = over_http(*[(503, "")] * 99)
    with pytest.raises(AwsRefusal):
        site.check_account(DR)
    assert site.api_calls == {"sts:GetCallerIdentity": len(wire.sent)}
    assert len(wire.sent) == 1 + RETRIES["max_attempts"]


def test_calls_in_another_region_are_counted_together(over_http: Any) -> None:
    site, _wire = over_http((200, IDENTITY), (200, COPIED))
    site.check_account(DR)
    site.in_region(WEST).copy(copy("instance", WEST, None))
    assert site.api_calls == {"sts:GetCallerIdentity": 1, "rds:CopyDBSnapshot": 1}


def test_a_copy_across_regions_carries_a_signed_address_of_its_source(over_http: Any) -> None:
    site, wire = over_http((200, COPIED))
    site.copy(copy("instance", WEST, DR_KEY))
    (sent,) = wire.sent
    assert (sent["KmsKeyId"], "CopyTags" in sent, "SourceRegion" in sent) == (DR_KEY, False, False)
    assert sent["PreSignedUrl"].startswith(f"https://rds.{WEST}.amazonaws.com/")


# -- the connection options -------------------------------------------------------------------------------------------


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Connect with some of the options of every AWS module; returns the site and what its clients are made with."""
    made: Row = {}

    def session(**options: Any) -> Mock:
        made["session"] = options
        return Mock(client=client)

    def client(service: str, **settings: Any) -> Mock:
        made["client"] = settings
        return Mock(**{"get_caller_identity.return_value": {"Account": DR}})

    def connect(**given: Any) -> tuple[Site, Row]:
        monkeypatch.setattr("boto3.session.Session", session)
        site = Site.connect(module(**given))
        assert site.account == DR
        return site, made

    return connect


def module(**given: Any) -> Mock:
    options = "region endpoint_url access_key secret_key session_token profile aws_ca_bundle aws_config"
    unset = dict.fromkeys([*options.split(), "debug_botocore_endpoint_logs"])
    return Mock(params={**unset, "validate_certs": True, **given}, fail_json=Mock(side_effect=AssertionError))


def test_a_site_is_where_its_options_say(connect: Any) -> None:
    site, made = connect(region=WEST, endpoint_url="http://127.0.0.1:1", profile="production")
    assert (site.region, made["session"]["profile_name"]) == (WEST, "production")
    assert (made["client"]["region_name"], made["client"]["endpoint_url"]) == (WEST, "http://127.0.0.1:1")


def test_credentials_that_are_given_are_used(connect: Any) -> None:
    _site, made = connect(region=WEST, access_key="AKIATEST", secret_key="word", session_token="token")
    names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
    assert [made["client"][name] for name in names] == ["AKIATEST", "word", "token"]


def test_a_site_says_who_calls_and_does_not_give_up_at_once(connect: Any) -> None:
    config = connect(region=WEST)[1]["client"]["config"]
    assert ("lifeboat.rds" in config.user_agent_extra, config.retries["mode"]) == (True, "standard")


def test_the_callers_own_botocore_options_count(connect: Any) -> None:
    config = connect(region=WEST, aws_config={"connect_timeout": 3, "retries": {"max_attempts": 1}})[1]["client"][
        "config"
    ]
    assert (config.connect_timeout, config.retries["max_attempts"]) == (3, 1)


def test_a_site_without_a_region_is_refused() -> None:
    with pytest.raises(LifeboatError, match=r"Cannot choose a Region.*Set region"):
        Site.connect(module())


def test_a_profile_that_does_not_exist_is_refused() -> None:
    with pytest.raises(AwsRefusal, match="nobody") as caught:
        Site.connect(module(region=WEST, profile="nobody"))
    assert caught.value.meaning == "unreachable"


# -- metrics ----------------------------------------------------------------------------------------------------------


def test_metrics_go_to_cloudwatch_in_one_call_each_with_its_dimensions(aws: Any) -> None:
    site, wire = aws(PutMetricData={})
    site.put_metrics("Lifeboat", [Metric("Age", 60.0, "Seconds", (("Database", "orders"),), NOW), Metric("One", 1.0)])
    assert wire.params("PutMetricData") == [
        {
            "Namespace": "Lifeboat",
            "MetricData": [
                {
                    "MetricName": "Age",
                    "Value": 60.0,
                    "Unit": "Seconds",
                    "Dimensions": [{"Name": "Database", "Value": "orders"}],
                    "Timestamp": NOW,
                },
                {"MetricName": "One", "Value": 1.0, "Unit": "None", "Dimensions": []},
            ],
        }
    ]


def test_a_refusal_of_cloudwatch_names_the_namespace(aws: Any) -> None:
    site, _wire = aws(PutMetricData=AwsError("AccessDenied"))
    with pytest.raises(AwsRefusal, match=r"Cannot put metrics into the namespace Lifeboat in us-east-1") as caught:
        site.put_metrics("Lifeboat", [Metric("One", 1.0)])
    assert caught.value.meaning == "permission"


def test_other_regions_are_counted_and_those_that_do_not_answer_are_named(aws: Any, monkeypatch: Any) -> None:
    instances = [{"DBInstanceIdentifier": one, "Engine": one} for one in ("postgres", "neptune", "mysql")]
    answers = [{"DBInstances": instances}, AwsError("InvalidClientTokenId"), {"DBInstances": []}]
    site, wire = aws(DescribeDBInstances=answers)
    regions = Mock(return_value=["ap-east-1", "ap-east-2", EAST, WEST])
    monkeypatch.setattr(wire, "get_available_regions", regions, raising=False)
    assert site.instances_elsewhere() == ({"ap-east-1": 2, WEST: 0}, ["ap-east-2"])
    assert wire.regions == ["ap-east-1", "ap-east-2", WEST]
    regions.assert_called_once_with("rds", partition_name="aws")
