# SPDX-License-Identifier: GPL-3.0-or-later
"""Look up services and actions of AWS in botocore's models."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import botocore.session
from botocore.model import ServiceModel

from lifeboat_lab import s3
from lifeboat_lab.settings import BadRequest
from lifeboat_lab.spelling import unknown

# The services that are used around RDS, searched in this order.
NEAR_RDS = ("rds", "sts", "kms", "sns", "sqs", "iam", "s3", "secretsmanager", "cloudwatch", "events", "logs", "ssm",
            "lambda", "backup", "tag", "servicequotas", "organizations", "cloudtrail", "ec2")  # fmt: skip
# Where the name in a signature is not the one in policies.
POLICY_NAMES = {"monitoring": "cloudwatch", "tagging": "tag", "email": "ses"}
# Where botocore's name for a service is neither of them.
_MODELS = {"servicequotas": "service-quotas", "tag": "resourcegroupstaggingapi", "states": "stepfunctions"}
_PLACEHOLDER = re.compile(r"\{(\w+)(\+?)\}")


@cache
def session() -> botocore.session.Session:
    """Return one botocore session for all callers: it keeps what it has read."""
    return botocore.session.Session()


@cache
def model(service: str) -> ServiceModel | None:
    """Return a service's model by the name that it has in signatures, in policies, or in botocore."""
    name = POLICY_NAMES.get(service, service)
    name = _MODELS.get(name, name)
    return session().get_service_model(name) if name in session().get_available_services() else None


def signing_name(service: str) -> str:
    """Return the name that a service has in signatures.

    :raises BadRequest: when there is no such service.
    """
    found = model(service)
    if found is None:
        raise BadRequest(unknown("service", service, session().get_available_services(), list_all=False))
    return str(found.signing_name)


def actions(service: str | None) -> Iterator[frozenset[str]]:
    """Yield the actions of one service, or of each service that is used around RDS."""
    for name in (service,) if service else NEAR_RDS:
        yield _actions_of(name)


@cache
def _actions_of(service: str) -> frozenset[str]:
    found = None if service == "s3" else model(service)
    return frozenset(found.operation_names) if found else s3.ACTIONS


def rest_action(service: str, method: str, path: str) -> str:
    """Return the action that a method and a path stand for; an empty text when none is known."""
    for wanted, pattern, name in _routes(service):
        if wanted == method and pattern.fullmatch(path):
            return name
    return ""


@cache
def _routes(service: str) -> list[tuple[str, re.Pattern[str], str]]:
    """Return a service's routes, those with fewer placeholders first because they are more specific."""
    found = model(service)
    if found is None:
        return []
    http = {name: found.operation_model(name).http for name in found.operation_names}
    uris = {name: rule["requestUri"].partition("?")[0] for name, rule in http.items()}
    ordered = sorted(uris, key=lambda name: len(_PLACEHOLDER.findall(uris[name])))
    return [(http[name]["method"], _pattern(uris[name]), name) for name in ordered]


def _pattern(uri: str) -> re.Pattern[str]:
    parts, place = [], 0
    for found in _PLACEHOLDER.finditer(uri):
        parts += [re.escape(uri[place : found.start()]), ".+" if found[2] else "[^/]+"]
        place = found.end()
    return re.compile("".join(parts) + re.escape(uri[place:].rstrip("/")) + "/?")
