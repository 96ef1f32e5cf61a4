# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell what a request needs to be allowed: permissions on resources (Service Authorization Reference).

RDS, KMS and STS have modules of their own; SNS, SQS, Secrets Manager, S3 and CloudWatch are here. Of the other services
only the action is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote

from lifeboat_lab import buckets, kms_needs, sts
from lifeboat_lab.accounts import PARTITION, Principal
from lifeboat_lab.authorization import Need, request_tags, resource_tags
from lifeboat_lab.conditions import Values, key_name
from lifeboat_lab.rds import permissions
from lifeboat_lab.rds.world import World
from lifeboat_lab.requests import Request

# Policies of queues cannot give these to other accounts (SQS Developer Guide, overview of managing access).
OWN_QUEUES_ONLY = frozenset({
    "AddPermission", "CancelMessageMoveTask", "CreateQueue", "DeleteQueue", "ListMessageMoveTasks", "ListQueues",
    "ListQueueTags", "RemovePermission", "SetQueueAttributes", "StartMessageMoveTask", "TagQueue", "UntagQueue",
})  # fmt: skip


def of(world: World, request: Request, caller: Principal) -> list[Need]:
    """Return everything that the caller must be allowed to do for this request.

    :raises NoAnswer: when it is about an account that is dark.
    """
    if request.service == "rds":
        return permissions.needs(world, request, caller)
    if request.service == "kms":
        return kms_needs.needs(world.keys, request, caller)
    if request.service == "sts":
        return sts.needs(world.accounts, request)
    read = _SERVICES.get(request.service)
    return list(read(world, request, caller)) if read else [Need(request.permission)]


def _sns(world: World, request: Request, caller: Principal) -> Iterator[Need]:
    asked = request.params
    permission = request.permission.removesuffix("Batch")
    arn = asked.get("TopicArn") or asked.get("TargetArn") or asked.get("ResourceArn")
    known = request_tags(request.tags)
    for name in ("Protocol", "Endpoint"):
        if name in asked:
            known[f"sns:{name.lower()}"] = asked[name]
    if request.action == "CreateTopic":
        name = f"arn:{PARTITION}:sns:{request.region}:{caller.account}:{asked.get('Name', '')}"
        yield Need(permission, name, known)
        if request.tags:
            yield Need("sns:TagResource", name, known)
    elif not arn:
        yield Need(permission, "*", known)
    else:
        topic = _topic(world, arn)
        tags = resource_tags(topic._tags) if topic else {}
        yield Need(permission, arn, known | tags, owner=_owner(arn), document=topic.policy if topic else None)


def _owner(arn: str) -> str:
    parts = arn.split(":")
    return parts[4] if len(parts) > 5 else ""


def _topic(world: World, arn: str) -> Any:
    from moto.sns.models import sns_backends

    if arn.count(":") != 5 or not world.accounts.knows(_owner(arn)):
        return None
    return sns_backends[_owner(arn)][arn.split(":")[3]].topics.get(arn)


def _sqs(world: World, request: Request, caller: Principal) -> Iterator[Need]:
    asked = request.params
    # A batch needs what each of its messages needs.
    permission = request.permission.removesuffix("Batch")
    known = request_tags(request.tags)
    owner, name = caller.account, asked.get("QueueName", "")
    if "QueueUrl" in asked:
        owner, name = [caller.account, *str(asked["QueueUrl"]).rstrip("/").split("/")][-2:]
    elif arn := asked.get("SourceArn") or asked.get("TaskHandle"):
        owner, name = _owner(arn) or owner, arn.rsplit(":", 1)[-1]
    elif "QueueOwnerAWSAccountId" in asked:
        owner = asked["QueueOwnerAWSAccountId"]
    arn = f"arn:{PARTITION}:sqs:{request.region}:{owner}:{name}"
    if not name or request.action == "CreateQueue":
        yield Need(permission, arn if name else "*", known)
        return
    queue = _queue(world, owner, request.region, name)
    opens = queue is not None and (owner == caller.account or request.action not in OWN_QUEUES_ONLY)
    tags = resource_tags(queue.tags) if queue else {}
    yield Need(permission, arn, known | tags, owner=owner, document=queue.policy if opens else None)


def _queue(world: World, owner: str, region: str, name: str) -> Any:
    from moto.sqs.models import sqs_backends

    return sqs_backends[owner][region].queues.get(name) if world.accounts.knows(owner) else None


def _secrets(_world: World, request: Request, caller: Principal) -> Iterator[Need]:
    """Yield what a request to Secrets Manager needs.

    Policies of secrets are not looked at; a secret belongs to its account.
    """
    asked = request.params
    known = request_tags(request.tags)
    name = str(asked.get("SecretId") or asked.get("Name") or "")
    if not name:
        yield Need(request.permission, "*", known)
        return
    known["secretsmanager:name" if "Name" in asked else "secretsmanager:secretid"] = name
    prefix = f"arn:{PARTITION}:secretsmanager:{request.region}:{caller.account}:secret:"
    secret = _secret(caller.account, request.region, name)
    arn = secret.arn if secret else name if name.startswith("arn:") else f"{prefix}{name}-AbCdEf"
    tags = {tag["Key"]: tag["Value"] for tag in (secret.tags if secret else None) or []}
    own: dict[str, Values] = {key_name(f"secretsmanager:ResourceTag/{tag}"): value for tag, value in tags.items()}
    yield Need(request.permission, arn, known | resource_tags(tags) | own, owner=caller.account)
    if request.action == "CreateSecret" and request.tags:
        yield Need("secretsmanager:TagResource", arn, known)


def _secret(account: str, region: str, name: str) -> Any:
    from moto.secretsmanager.models import secretsmanager_backends

    return secretsmanager_backends[account][region].secrets.get(name)


def _s3(_world: World, request: Request, _caller: Principal) -> Iterator[Need]:
    bucket, _slash, key = request.path.lstrip("/").partition("/")
    if request.action == "DeleteObject":
        key = key or "*"
    arn = f"arn:{PARTITION}:s3:::{bucket}"
    known: dict[str, Values] = {"s3:prefix": request.form["prefix"]} if "prefix" in request.form else {}
    found = buckets.find(bucket) if bucket and request.action != "CreateBucket" else None
    owner, document = (found.account_id, buckets.policy_of(found)) if found else (None, None)
    resource = (f"{arn}/{unquote(key)}" if key else arn) if bucket else "*"
    yield Need(request.permission, resource, known, owner=owner, document=document)
    if found and request.action == "GetObject" and unquote(key) not in found.keys:
        # Whether something is there, S3 tells only those who may list it (API Reference, GetObject).
        yield Need("s3:ListBucket", arn, owner=owner, document=document)


def _cloudwatch(_world: World, request: Request, caller: Principal) -> Iterator[Need]:
    """Yield what a request to CloudWatch needs.

    Alarms are resources; of metrics, conditions can only ask the namespace.
    """
    if request.action in ("PutMetricAlarm", "DeleteAlarms"):
        named = request.params.get("AlarmNames") or [request.params.get("AlarmName") or "*"]
        prefix = f"arn:{PARTITION}:cloudwatch:{request.region}:{caller.account}:alarm"
        yield from (Need(request.permission, f"{prefix}:{name}") for name in named)
        return
    namespace = request.params.get("Namespace")
    is_asked = request.action == "PutMetricData" and namespace
    yield Need(request.permission, "*", {"cloudwatch:namespace": str(namespace)} if is_asked else {})


_SERVICES: dict[str, Callable[[World, Request, Principal], Iterator[Need]]] = {
    "sns": _sns,
    "sqs": _sqs,
    "secretsmanager": _secrets,
    "s3": _s3,
    "monitoring": _cloudwatch,
}
