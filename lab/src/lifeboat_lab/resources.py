# SPDX-License-Identifier: GPL-3.0-or-later
"""Name the resources of a call, as ARNs where it says enough for one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lifeboat_lab.accounts import PARTITION
from lifeboat_lab.requests import Request

# RDS User Guide, ARNs. What comes before (Source, Target, New, ...) says which of several is meant.
_RDS = {
    "DBInstanceIdentifier": "db",
    "DBClusterIdentifier": "cluster",
    "DBSnapshotIdentifier": "snapshot",
    "DBClusterSnapshotIdentifier": "cluster-snapshot",
    "DBSubnetGroupName": "subgrp",
    "DBParameterGroupName": "pg",
    "DBParameterGroupIdentifier": "pg",
    "DBClusterParameterGroupName": "cluster-pg",
    "DBClusterParameterGroupIdentifier": "cluster-pg",
    "OptionGroupName": "og",
    "OptionGroupIdentifier": "og",
    "SubscriptionName": "es",
}
_RDS_PREFIXES = ("Source", "Target", "Final", "New", "")
# Other services, as {account}, {region} and {name} give their ARNs.
_OTHERS = {
    ("kms", "AliasName"): "arn:{partition}:kms:{region}:{account}:{name}",
    ("sns", "Name"): "arn:{partition}:sns:{region}:{account}:{name}",
    ("sqs", "QueueName"): "arn:{partition}:sqs:{region}:{account}:{name}",
    ("iam", "RoleName"): "arn:{partition}:iam::{account}:role/{name}",
    ("iam", "UserName"): "arn:{partition}:iam::{account}:user/{name}",
}


def named(request: Request, account: str) -> list[str]:
    """Return the ARNs of a call's resources; the bare name where the kind of resource is unknown."""
    found = [_bucket(request)] if request.service == "s3" else [*_of_params(request, account)]
    return list(dict.fromkeys(filter(None, found)))


def also_listed(request: Request) -> list[str]:
    """Return the values of filters, which narrow a list down."""
    return [value for name, value in request.form.items() if ".Values." in name]


def _of_params(request: Request, account: str) -> Iterator[str]:
    rules: Callable[[Request, str], str | None] = _rds_type if request.service == "rds" else _nothing
    for name, value in request.params.items():
        if not isinstance(value, str) or not value or name.startswith("Tags."):
            continue
        if value.startswith("arn:"):
            yield value
        elif name.endswith("KmsKeyId") or (request.service == "kms" and name.endswith("KeyId")):
            yield _key(value, request.region, account)
        elif type_ := rules(request, name):
            yield f"arn:{PARTITION}:rds:{request.region}:{account}:{type_}:{value.lower()}"
        elif pattern := _OTHERS.get((request.service, name)):
            yield pattern.format(partition=PARTITION, region=request.region, account=account, name=value)
        elif name == "QueueUrl":
            yield _queue(value, request.region)
        elif name in ("SecretId", "Name"):
            yield value


def _nothing(_request: Request, _name: str) -> None:
    return None


def _rds_type(request: Request, name: str) -> str | None:
    if name == "SnapshotIdentifier" or (name == "FinalDBSnapshotIdentifier" and request.action == "DeleteDBCluster"):
        return "cluster-snapshot"
    plain = next(name.removeprefix(prefix) for prefix in _RDS_PREFIXES if name.startswith(prefix))
    return _RDS.get(plain)


def _key(name: str, region: str, account: str) -> str:
    return f"arn:{PARTITION}:kms:{region}:{account}:{name if name.startswith('alias/') else f'key/{name}'}"


def _queue(url: str, region: str) -> str:
    parts = url.rstrip("/").rsplit("/", 2)
    return f"arn:{PARTITION}:sqs:{region}:{parts[-2]}:{parts[-1]}" if len(parts) == 3 else url


def _bucket(request: Request) -> str:
    path = request.path.strip("/")
    return f"arn:{PARTITION}:s3:::{path}" if path else ""


def place_of(arn: str) -> tuple[str, str | None]:
    """Return account and Region of an ARN; the account is empty when it cannot be told."""
    parts = arn.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn":
        return "", None
    if parts[2] == "s3":
        return _owner_of_bucket(parts[5].partition("/")[0]), None
    return parts[4], parts[3] or None


def _owner_of_bucket(name: str) -> str:
    """Return a bucket's account, which its ARN does not have."""
    from moto.s3.models import s3_backends

    found = s3_backends.bucket_accounts.get(name)
    return found[1] if found else ""
