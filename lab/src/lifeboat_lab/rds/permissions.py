# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell what an RDS request needs: each permission on each resource that it names (Service Authorization Reference)."""

from __future__ import annotations

from collections.abc import Iterator

from lifeboat_lab.accounts import PARTITION, Principal
from lifeboat_lab.authorization import Need, on_behalf, resource_tags
from lifeboat_lab.conditions import Values
from lifeboat_lab.engines.catalogue import offer
from lifeboat_lab.rds import request_facts
from lifeboat_lab.rds.database import Database
from lifeboat_lab.rds.kinds import KINDS
from lifeboat_lab.rds.request_facts import Asked
from lifeboat_lab.rds.world import World
from lifeboat_lab.requests import Request

TAGGING = "rds:AddTagsToResource"

# The resources that parameters name. An option group named for a copy is not looked at.
NAMED = {
    "DBInstanceIdentifier": "db",
    "SourceDBInstanceIdentifier": "db",
    "DBClusterIdentifier": "cluster",
    "SourceDBClusterIdentifier": "cluster",
    "DBSnapshotIdentifier": "snapshot",
    "SourceDBSnapshotIdentifier": "snapshot",
    "TargetDBSnapshotIdentifier": "snapshot",
    "DBClusterSnapshotIdentifier": "cluster-snapshot",
    "SourceDBClusterSnapshotIdentifier": "cluster-snapshot",
    "TargetDBClusterSnapshotIdentifier": "cluster-snapshot",
    "SnapshotIdentifier": "cluster-snapshot",
    "DBSubnetGroupName": "subgrp",
    "DBParameterGroupName": "pg",
    "SourceDBParameterGroupIdentifier": "pg",
    "TargetDBParameterGroupIdentifier": "pg",
    "DBInstanceParameterGroupName": "pg",
    "DBClusterParameterGroupName": "cluster-pg",
    "SourceDBClusterParameterGroupIdentifier": "cluster-pg",
    "TargetDBClusterParameterGroupIdentifier": "cluster-pg",
    "OptionGroupName": "og",
    "SourceOptionGroupIdentifier": "og",
    "TargetOptionGroupIdentifier": "og",
    "SubscriptionName": "es",
    "DBSecurityGroupName": "secgrp",
    "ResourceName": "",
    "ResourceArn": "",
}
NOT_LOOKED_AT = {"CopyDBSnapshot": {"OptionGroupName"}}

# Listing everything needs all resources of that type, as RDS's refusals show (db:*). Other lists need only *.
LISTED = {
    "DescribeDBInstances": "db",
    "DescribeDBClusters": "cluster",
    "DescribeDBSnapshots": "snapshot",
    "DescribeDBClusterSnapshots": "cluster-snapshot",
    "DescribeDBSubnetGroups": "subgrp",
    "DescribeDBParameterGroups": "pg",
    "DescribeDBClusterParameterGroups": "cluster-pg",
    "DescribeOptionGroups": "og",
    "DescribeEventSubscriptions": "es",
    "DescribeDBSecurityGroups": "secgrp",
    "DescribeGlobalClusters": "global-cluster",
}

# Requests that use groups also when they do not name them (RDS User Guide, policies to create DB instances).
WITH_GROUPS = {
    "CreateDBInstance": "DBParameterGroupName",
    "RestoreDBInstanceFromDBSnapshot": "DBParameterGroupName",
    "CreateDBCluster": "DBClusterParameterGroupName",
    "RestoreDBClusterFromSnapshot": "DBClusterParameterGroupName",
}

# What a request makes, and may tag at once (RDS User Guide, tagging on creation).
MADE = {
    **{f"Create{kind.noun}": kind.identifier for kind in KINDS},
    **{f"Create{kind.snapshot}": kind.snapshot_identifier for kind in KINDS},
    **{f"Copy{kind.snapshot}": f"Target{kind.snapshot_identifier}" for kind in KINDS},
    "CreateDBInstanceReadReplica": "DBInstanceIdentifier",
    "RestoreDBInstanceFromDBSnapshot": "DBInstanceIdentifier",
    "RestoreDBClusterFromSnapshot": "DBClusterIdentifier",
    "CreateDBSubnetGroup": "DBSubnetGroupName",
    "CreateDBParameterGroup": "DBParameterGroupName",
    "CopyDBParameterGroup": "TargetDBParameterGroupIdentifier",
    "CreateDBClusterParameterGroup": "DBClusterParameterGroupName",
    "CopyDBClusterParameterGroup": "TargetDBClusterParameterGroupIdentifier",
    "CreateOptionGroup": "OptionGroupName",
    "CopyOptionGroup": "TargetOptionGroupIdentifier",
    "CreateEventSubscription": "SubscriptionName",
    "CreateDBSecurityGroup": "DBSecurityGroupName",
}


RDS_SERVICE = "rds.amazonaws.com"


def needs(world: World, request: Request, caller: Principal) -> list[Need]:
    """Return every permission on every resource, with what conditions can ask about each."""
    permission = f"rds:{request.action}"
    asked = Asked(world, request.action, request.form, request.tags, caller.account, request.region)
    named = NAMED.keys() & request.form.keys() - NOT_LOOKED_AT.get(request.action, set())
    if not named:
        kind = LISTED.get(request.action)
        return [Need(permission, _arn(asked, kind, "*") if kind else "*")]
    arns = [_named(asked, parameter) for parameter in sorted(named)]
    with world.lock:
        about = request_facts.about(asked)
        found = [_need(asked, permission, arn) for arn in (*arns, *_default_groups(asked))]
        found += [*_tagging(asked), *_from_afar(asked, permission), *_dependent(asked)]
    return [Need(each.permission, each.resource, {**about, **each.context}) for each in found]


def _arn(asked: Asked, kind: str, name: str) -> str:
    """Return the ARN behind a name or an ARN. All names but those of subscriptions are stored in lower case."""
    if not name.startswith("arn:"):
        name = f"arn:{PARTITION}:rds:{asked.region}:{asked.account}:{kind}:{name}"
    parts = name.split(":", 6)
    return name if parts[5:6] == ["es"] else ":".join((*parts[:6], *(part.lower() for part in parts[6:])))


def _named(asked: Asked, parameter: str) -> str:
    return _arn(asked, NAMED[parameter], asked.form[parameter])


def _need(asked: Asked, permission: str, arn: str, more: dict[str, Values] | None = None) -> Need:
    return Need(permission, arn, request_facts.of_resource(asked, arn) | (more or {}))


def _default_groups(asked: Asked) -> Iterator[str]:
    """Yield the groups that are used when none is named; a member has its cluster's."""
    parameter_group = WITH_GROUPS.get(asked.action)
    if parameter_group is None or (asked.action == "CreateDBInstance" and "DBClusterIdentifier" in asked.form):
        return
    engine, version = request_facts.engine_of(asked)
    defaults = {
        "DBSubnetGroupName": "default",
        parameter_group: f"default.{offer(engine).parameter_family(version)}",
        "OptionGroupName": offer(engine).option_group(version),
    }
    for parameter, name in defaults.items():
        if parameter not in asked.form:
            yield _arn(asked, NAMED[parameter], name)


def _tagging(asked: Asked) -> Iterator[Need]:
    """Yield the permission to tag what is made with tags, given in the request or taken over from its source."""
    made = MADE.get(asked.action)
    if made is None or made not in asked.form:
        return
    if asked.tags:
        seen = resource_tags(asked.tags) if asked.world.settings.rules["tags_seen_at_creation"] else {}
        yield _need(asked, TAGGING, _named(asked, made), {"rds:tagsfromrequest": "true", **seen})
    elif request_facts.inherits_tags(asked):
        yield _need(asked, TAGGING, _named(asked, made), {"rds:tagsfromrequest": "false"})


def _from_afar(asked: Asked, permission: str) -> Iterator[Need]:
    """Yield what the caller needs in the source Region, which RDS asks on the caller's behalf (aws_rds.md 1.5)."""
    for kind in KINDS:
        parameter = f"Source{kind.snapshot_identifier}"
        if asked.action != f"Copy{kind.snapshot}" or parameter not in asked.form:
            continue
        arn = _named(asked, parameter)
        region = arn.split(":")[3]
        if region != asked.region:
            yield _need(asked, permission, arn, on_behalf(RDS_SERVICE, region))


def _dependent(asked: Asked) -> Iterator[Need]:
    """Yield permissions for what the request makes RDS do (the table's dependent actions)."""
    yield from _final_snapshot(asked)
    yield from _members(asked)
    yield from _secret(asked)
    if role := asked.form.get("MonitoringRoleArn"):
        yield Need("iam:PassRole", role, {"iam:passedtoservice": "monitoring.rds.amazonaws.com"})


def _final_snapshot(asked: Asked) -> Iterator[Need]:
    """Yield what the snapshot needs that a deletion or a stop may leave."""
    for kind in KINDS:
        asks = {f"Delete{kind.noun}": "FinalDBSnapshotIdentifier", "StopDBInstance": "DBSnapshotIdentifier"}
        name = asked.form.get(asks.get(asked.action, ""))
        if not name or kind.identifier not in asked.form:
            continue
        database = _named(asked, kind.identifier)
        snapshot = _arn(asked, kind.snapshot_arn_type, name)
        yield _need(asked, f"rds:Create{kind.snapshot}", database)
        yield _need(asked, f"rds:Create{kind.snapshot}", snapshot)
        if asked.action == "DeleteDBCluster":
            yield _need(asked, "rds:DeleteDBCluster", snapshot)
        if request_facts.hands_tags_on(request_facts.own(asked, database)):
            yield _need(asked, TAGGING, snapshot, {"rds:tagsfromrequest": "false"})


def _members(asked: Asked) -> Iterator[Need]:
    """Yield what the instances of a Multi-AZ DB cluster need: they come, change and go with it."""
    name = asked.form.get("DBClusterIdentifier")
    if name and asked.form.get("DBClusterInstanceClass") and asked.action in WITH_GROUPS:
        for number in (1, 2, 3):
            yield _need(asked, "rds:CreateDBInstance", _arn(asked, "db", f"{name}-instance-{number}"))
    if name and asked.action in ("DeleteDBCluster", "ModifyDBCluster", "RebootDBCluster"):
        cluster = request_facts.own(asked, _named(asked, "DBClusterIdentifier"))
        if isinstance(cluster, Database) and cluster.is_multi_az_cluster:
            for member in cluster.members:
                yield _need(asked, f"rds:{asked.action.replace('Cluster', 'Instance')}", member.arn)


def _secret(asked: Asked) -> Iterator[Need]:
    """Yield what the secret of a managed master password needs: RDS makes and rotates it for the caller."""
    kind = "cluster" if "Cluster" in asked.action else "db"
    name = f"rds!{kind}-00000000-0000-0000-0000-000000000000-AbCdEf"
    arn = f"arn:{PARTITION}:secretsmanager:{asked.region}:{asked.account}:secret:{name}"
    wanted = []
    if asked.form.get("ManageMasterUserPassword", "").lower() == "true":
        wanted += ["CreateSecret", "TagResource"]
    if asked.form.get("RotateMasterUserPassword", "").lower() == "true":
        wanted += ["RotateSecret"]
    for action in wanted:
        yield Need(f"secretsmanager:{action}", arn, on_behalf(RDS_SERVICE, asked.region))
