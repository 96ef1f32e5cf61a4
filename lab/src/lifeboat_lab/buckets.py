# SPDX-License-Identifier: GPL-3.0-or-later
"""moto's buckets: whose they are, and the policies that the lab judges by in moto's stead."""

from __future__ import annotations

from functools import cache
from typing import Any


def find(name: str) -> Any:
    """The bucket of this name, whosever it is, or None."""
    backends = _backends()
    partition, account = backends.bucket_accounts.get(name, (None, None))
    return backends[account][partition].buckets.get(name) if account else None


def policy_of(bucket: Any) -> str | None:
    return None if bucket.policy is None else bucket.policy.decode()


@cache
def _backends() -> Any:
    """Imported when somebody uses S3. moto itself looks at neither principals nor conditions: it must not judge."""
    from moto.iam.access_control import PermissionResult
    from moto.s3.models import FakeBucket, S3Backend, s3_backends

    read = S3Backend.get_object_lock_configuration

    def as_it_was_set(backend: Any, bucket_name: str) -> tuple[Any, ...]:
        """Days or years: moto tells the other one as 0, S3 not at all."""
        return tuple(value or None for value in read(backend, bucket_name))

    S3Backend.get_object_lock_configuration = as_it_was_set  # type: ignore[method-assign, assignment]
    FakeBucket.get_permission = lambda *_about: PermissionResult.NEUTRAL  # type: ignore[method-assign]
    return s3_backends
