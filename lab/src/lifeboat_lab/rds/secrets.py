# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep master passwords in the account's Secrets Manager, which is moto's, as RDS does.

RDS User Guide, password management with Secrets Manager.
"""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from lifeboat_lab import keys
from lifeboat_lab.errors import AwsError
from lifeboat_lab.rds.database import Database, Secret

if TYPE_CHECKING:
    from lifeboat_lab.accounts import Principal
    from lifeboat_lab.rds.world import Call, World

DEFAULT_KEY = "alias/aws/secretsmanager"
# What others cannot do to a secret that a service owns (Secrets Manager API Reference, InvalidRequestException).
GUARDED = frozenset({
    "CancelRotateSecret", "DeleteSecret", "PutSecretValue", "RestoreSecret", "RotateSecret", "UpdateSecret",
    "UpdateSecretVersionStage",
})  # fmt: skip


def key_for(world: World, call: Call) -> str:
    """Return the ARN of the key for a new secret.

    :raises AwsError: when the one that is asked for cannot be used.
    """
    if name := call.params.get("MasterUserSecretKmsKeyId"):
        return world.keys.for_rds(name, call.caller, call.region, keys.TO_RUN).arn
    from moto.kms.models import kms_backends

    return str(kms_backends[call.account][call.region].describe_key(DEFAULT_KEY).arn)


def create(world: World, found: Database, password: str, key: str) -> None:
    """Put a database's master password into a new secret."""
    noun, name = ("DBCluster", "cluster") if found.is_cluster else ("DBInstance", "db")
    made = _backend(found).create_managed_secret(
        service_name="rds",
        secret_id=f"rds!{name}-{uuid.uuid4()}",
        secret_string=_value(found, password),
        description=f"The secret associated with the primary RDS DB {noun[2:].lower()}: {found.arn}",
        kms_key_id=key,
        tags=[{"Key": f"aws:rds:primary{noun}Arn", "Value": found.arn}],
    )
    found.secret = Secret(made.arn, key, world.now() + world.settings.seconds("modify"))


def rotate(world: World, found: Database, password: str) -> None:
    """Put a new master password into a database's secret."""
    assert found.secret is not None
    _backend(found).update_secret(
        found.secret.arn, secret_string=_value(found, password), client_request_token=str(uuid.uuid4())
    )
    found.secret.verb, found.secret.ready = "rotating", world.now() + world.settings.seconds("modify")


def drop(found: Database) -> None:
    """Delete a database's secret, if it has one."""
    if found.secret is not None:
        _backend(found).delete_secret(
            found.secret.arn, recovery_window_in_days=None, force_delete_without_recovery=True
        )
        found.secret = None


def check_change(caller: Principal, region: str, action: str, parameters: dict[str, Any]) -> None:
    """Refuse changes of a secret that RDS manages.

    :raises AwsError: when somebody tries.
    """
    if action not in GUARDED:
        return
    from moto.secretsmanager.models import secretsmanager_backends

    found = secretsmanager_backends[caller.account][region].secrets.get(str(parameters.get("SecretId")))
    if found is not None and found.owning_service == "rds":
        raise AwsError(
            "InvalidRequestException",
            f"The secret {found.name} is managed by rds. Use that service to change or delete it.",
        )


def _value(found: Database, password: str) -> str:
    return json.dumps({"username": found.master_username, "password": password})


def _backend(found: Database) -> Any:
    # Slow to import, and few databases have secrets.
    from moto.secretsmanager.models import secretsmanager_backends

    return secretsmanager_backends[found.account][found.region]
