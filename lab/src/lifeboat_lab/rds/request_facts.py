# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell what conditions of policies can ask about an RDS request and its resources (Service Authorization Reference)."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lifeboat_lab.authorization import request_tags, resource_tags
from lifeboat_lab.conditions import Values, key_name
from lifeboat_lab.engines.catalogue import offer
from lifeboat_lab.errors import AwsError
from lifeboat_lab.rds import tags
from lifeboat_lab.rds.database import Database
from lifeboat_lab.rds.events import Subscription
from lifeboat_lab.rds.groups import Group
from lifeboat_lab.rds.kinds import CLUSTER, KINDS
from lifeboat_lab.rds.stored import Snapshot
from lifeboat_lab.rds.world import World

Form = Mapping[str, str]


@dataclass(frozen=True)
class Asked:
    """One RDS request, as it came."""

    world: World
    action: str
    form: Form
    tags: Mapping[str, str]
    account: str
    region: str


def about(asked: Asked) -> dict[str, Values]:
    """Return what conditions can ask about the request as a whole."""
    known = request_tags(asked.tags)
    known |= {key_name(f"rds:req-tag/{tag}"): value for tag, value in asked.tags.items()}
    if asked.action == "RemoveTagsFromResource":
        known["aws:tagkeys"] = tuple(value for name, value in asked.form.items() if name.startswith("TagKeys."))
    if asked.action == "AddTagsToResource":
        known["rds:tagsfromrequest"] = "true"
    if asked.action == "CopyDBSnapshot":
        known["rds:copyoptiongroup"] = _flag(asked.form, "CopyOptionGroup")
    if asked.action.startswith(("Create", "Restore", "Modify")) and not asked.action.endswith("Attribute"):
        known |= _database_facts(asked)
    return known


def _flag(form: Form, parameter: str, *, default: object = False) -> str:
    return form.get(parameter, str(default)).lower()


def _database_facts(asked: Asked) -> dict[str, Values]:
    """Return what the database will be like: as the request says, otherwise as its source or its present state."""
    form, source = asked.form, _source(asked)
    options, storage = _options(source)
    known: dict[str, Values] = {
        "rds:databaseengine": engine_of(asked)[0],
        "rds:databaseclass": form.get("DBInstanceClass") or form.get("DBClusterInstanceClass")
        or str(options.get("DBInstanceClass") or options.get("DBClusterInstanceClass") or ""),
        "rds:databasename": form.get("DBName") or form.get("DatabaseName") or _database_name(source),
        "rds:storagesize": form.get("AllocatedStorage") or storage,
        "rds:piops": form.get("Iops") or str(options.get("Iops") or 0),
        "rds:multiaz": _flag(form, "MultiAZ", default=options.get("MultiAZ") or False),
        "rds:storageencrypted": _flag(form, "StorageEncrypted", default=bool(source and source.key)),
        "rds:managemasteruserpassword": _flag(form, "ManageMasterUserPassword"),
        "rds:vpc": "true",
        "rds:backuptarget": form.get("BackupTarget", "region"),
    }  # fmt: skip
    # The default depends on the network; a request that does not say it does not have the key.
    if "PubliclyAccessible" in form and asked.action in ("CreateDBInstance", "RestoreDBInstanceFromDBSnapshot"):
        known["rds:publiclyaccessible"] = _flag(form, "PubliclyAccessible")
    return {key: value for key, value in known.items() if value}


def _source(asked: Asked) -> Database | Snapshot | None:
    """Return the snapshot to restore, or the database to change or to add a member to."""
    form, restores = asked.form, asked.action.startswith("Restore")
    for kind in reversed(KINDS):
        name = form.get(kind.snapshot_identifier if restores else kind.identifier)
        if restores and kind is CLUSTER:
            name = name or form.get("SnapshotIdentifier")
        arn_type = kind.snapshot_arn_type if restores else kind.arn_type
        if name and (there := _look(asked, arn_type, name)):
            return there
    return None


def _look(asked: Asked, arn_type: str, name: str) -> Database | Snapshot | None:
    """Return the database or snapshot behind a name or an ARN, also a shared one.

    RDS itself reports a missing one later.
    """
    for kind in KINDS:
        with contextlib.suppress(AwsError):
            if arn_type == kind.snapshot_arn_type:
                return asked.world.snapshot(kind, name, asked.account, asked.region, anywhere=True)
            if arn_type == kind.arn_type:
                return asked.world.database(kind, name, asked.account, asked.region)
    return None


def _options(source: Database | Snapshot | None) -> tuple[Mapping[str, Any], str]:
    if isinstance(source, Snapshot):
        return source.portrait.options, str(source.portrait.storage)
    return (source.options, str(source.storage)) if source else ({}, "")


def _database_name(source: Database | Snapshot | None) -> str:
    about = source.portrait if isinstance(source, Snapshot) else source
    return (about.database_name if about else None) or ""


def engine_of(asked: Asked) -> tuple[str, str]:
    """Return the engine of the request's database, and its version."""
    source = _source(asked)
    known = source.portrait if isinstance(source, Snapshot) else source
    engine = asked.form.get("Engine") or (known.engine if known else "")
    return engine, asked.form.get("EngineVersion") or (known.version if known else offer(engine).version)


def of_resource(asked: Asked, arn: str) -> dict[str, Values]:
    """Return the tags of an own resource. RDS never shows another account's tags (aws_rds.md 1.10)."""
    there = own(asked, arn)
    if there is None or not there.tags:
        return {}
    arn_type = arn.split(":", 6)[5]
    return resource_tags(there.tags) | {
        key_name(f"rds:{arn_type}-tag/{tag}"): value for tag, value in there.tags.items()
    }


def own(asked: Asked, arn: str) -> Database | Snapshot | Group | Subscription | None:
    """Return the account's own resource behind an ARN."""
    parts = arn.split(":", 6)
    if len(parts) < 7 or parts[4] != asked.account:
        return None
    with contextlib.suppress(AwsError):
        return tags.resource(asked.world, arn, asked.account, parts[3])
    return None


def inherits_tags(asked: Asked) -> bool:
    """Tell whether a new snapshot takes over tags that the request does not name (aws_rds.md 1.10, 1.12)."""
    for kind in KINDS:
        if asked.action == f"Copy{kind.snapshot}" and _flag(asked.form, "CopyTags") == "true":
            source = _look(asked, kind.snapshot_arn_type, asked.form.get(f"Source{kind.snapshot_identifier}", ""))
            return bool(source and source.account == asked.account and source.tags)
        if asked.action == f"Create{kind.snapshot}":
            return hands_tags_on(_look(asked, kind.arn_type, asked.form.get(kind.identifier, "")))
    return False


def hands_tags_on(database: object) -> bool:
    """Tell whether a database's tags go to its snapshots."""
    return isinstance(database, Database) and bool(database.tags and database.options.get("CopyTagsToSnapshot"))
