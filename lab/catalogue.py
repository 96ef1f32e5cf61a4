# SPDX-License-Identifier: GPL-3.0-or-later
"""Which services and actions AWS has, from botocore's models."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import botocore.session

from lab.requests import POLICY_NAMES, S3_ACTIONS
from lab.settings import BadRequest

# The services that are used around RDS, looked through in this order.
NEAR_RDS = ("rds", "sts", "kms", "sns", "sqs", "iam", "s3", "secretsmanager", "cloudwatch", "events", "logs", "ssm",
            "lambda", "backup", "tag", "servicequotas", "organizations", "cloudtrail", "ec2")  # fmt: skip
# Where botocore's name for a service is neither the one in signatures nor the one in policies.
_MODELS = {"servicequotas": "service-quotas", "tag": "resourcegroupstaggingapi", "states": "stepfunctions"}


@cache
def session() -> botocore.session.Session:
    """One for all: it keeps what it has read."""
    return botocore.session.Session()


@cache
def signing_name(service: str) -> str:
    """The name that a service has in signatures, by that, botocore's, or the one in policies.

    :raises BadRequest: when there is no such service.
    """
    name = _model_name(service)
    if name not in session().get_available_services():
        raise BadRequest(f"no service {service!r}")
    return str(session().get_service_model(name).signing_name)


def actions(service: str | None) -> Iterator[frozenset[str]]:
    """The actions of a service, or of each of those that are used around RDS."""
    for name in (service,) if service else NEAR_RDS:
        yield _actions_of(_model_name(name))


def _model_name(service: str) -> str:
    name = POLICY_NAMES.get(service, service)
    return _MODELS.get(name, name)


@cache
def _actions_of(name: str) -> frozenset[str]:
    return S3_ACTIONS if name == "s3" else frozenset(session().get_service_model(name).operation_names)
