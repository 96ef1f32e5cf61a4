# SPDX-License-Identifier: GPL-3.0-or-later
"""Find moto's buckets and their owners and policies; the lab judges by these policies in moto's place."""

from __future__ import annotations

from functools import cache
from typing import Any


def find(name: str) -> Any:
    """Return the bucket of this name in whatever account, or None."""
    backends = _backends()
    partition, account = backends.bucket_accounts.get(name, (None, None))
    return backends[account][partition].buckets.get(name) if account else None


def policy_of(bucket: Any) -> str | None:
    return None if bucket.policy is None else bucket.policy.decode()


@cache
def _backends() -> Any:
    """Import moto's S3 on first use, and switch off its policy check, which ignores principals and conditions."""
    from moto.iam.access_control import PermissionResult
    from moto.s3.models import FakeBucket, S3Backend, s3_backends

    read = S3Backend.get_object_lock_configuration

    def as_it_was_set(backend: Any, bucket_name: str) -> tuple[Any, ...]:
        """Return the retention as it was set, in days or years: moto shows the unset one as 0, S3 leaves it out."""
        return tuple(value or None for value in read(backend, bucket_name))

    S3Backend.get_object_lock_configuration = as_it_was_set  # type: ignore[method-assign, assignment]
    FakeBucket.get_permission = lambda *_about: PermissionResult.NEUTRAL  # type: ignore[method-assign]
    return s3_backends
