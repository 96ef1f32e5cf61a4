# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents in an S3 prefix, read and written through the site's own session."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from .._core.foreign import MANIFEST
from .._core.handover.store import Address, StoreError, pack, unpack
from .errors import AwsRefusal, refusals
from .site import Site

DENIED = "AccessDenied"


class Bucket:
    """The keys of an S3 bucket that start with one prefix."""

    def __init__(self, address: Address, site: Site) -> None:
        self._address = address
        self._site = site

    def __str__(self) -> str:
        return str(self._address)

    def read(self, key: str) -> dict[str, Any] | None:
        try:
            with asking(f"Cannot read {self}/{key}"):
                content = self._site.storage().get_object(**self._named(key))["Body"].read(MANIFEST.size + 1)
        except StoreError as error:
            if error.code == "NoSuchKey" or (error.code == DENIED and self._is_absent(key)):
                return None
            raise
        return unpack(content, f"{self}/{key}")

    def write(self, key: str, document: Mapping[str, Any]) -> None:
        with asking(f"Cannot write {self}/{key}"):
            self._site.storage().put_object(**self._named(key), Body=pack(document), ContentType="application/json")

    def keys(self, folder: str) -> list[str]:
        home = self._full("")
        with asking(f"Cannot list {self}/{folder}"):
            lister = self._site.storage().get_paginator("list_objects_v2")
            pages = lister.paginate(Bucket=self._address.bucket, Prefix=self._full(folder))
            return [row["Key"].removeprefix(home) for page in pages for row in page.get("Contents", [])]

    def _full(self, key: str) -> str:
        return f"{self._address.path}/{key}" if self._address.path else key

    def _named(self, key: str) -> dict[str, str | None]:
        return {"Bucket": self._address.bucket, "Key": self._full(key)}

    def _is_absent(self, key: str) -> bool:
        """Tell a missing key from a denied one. S3 denies both unless the caller may list (API, GetObject)."""
        try:
            return key not in self.keys(key)
        except StoreError:
            return False


@contextmanager
def asking(what: str) -> Iterator[None]:
    """Turn a refusal of S3 into a StoreError.

    :raises StoreError: when the call inside fails.
    """
    problem: StoreError | None = None
    try:
        with refusals(what):
            yield
    except AwsRefusal as refusal:
        problem = store_error(what, refusal)
    if problem is not None:
        raise problem


def store_error(what: str, refusal: AwsRefusal) -> StoreError:
    remedy = "Check the store and who may use it (playbooks/prepare.yml makes both)"
    if refusal.code == "NoSuchBucket":
        remedy = "Make it with playbooks/prepare.yml, or correct store"
    elif refusal.code == "AccessDenied":
        remedy = "Allow it to this role, and in the policy of the bucket (playbooks/prepare.yml does both)"
    elif refusal.meaning in ("wait", "unreachable", "permission"):
        remedy = refusal.remedy
    is_down = refusal.meaning == "unreachable"
    return StoreError(what, why=refusal.why, remedy=remedy, code=refusal.code, is_down=is_down)
