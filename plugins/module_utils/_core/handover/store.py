# SPDX-License-Identifier: GPL-3.0-or-later
"""The store, in which manifests stay between runs: its address, and the name of each document in it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ..errors import LifeboatError
from ..foreign import MANIFEST, Malformed, read_object
from ..sharing import ACCOUNT

BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")  # S3 User Guide, bucket naming rules
REGION = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+")
FILE = re.compile(r"(?P<account>[0-9]{12})-(?P<region>[a-z0-9-]+)\.json")


@dataclass(frozen=True, slots=True)
class Address:
    """A directory, or a bucket and a prefix of its keys."""

    path: str
    bucket: str | None = None

    def __str__(self) -> str:
        return self.path if self.bucket is None else f"s3://{self.bucket}/{self.path}".rstrip("/")


def read_address(text: str) -> Address:
    """Read the address of a store.

    :raises LifeboatError: when it is neither ``s3://BUCKET/PREFIX`` nor the absolute path of a directory.
    """
    if text.startswith("/"):
        return Address("/" + text.strip("/"))
    scheme, separator, rest = text.partition("://")
    bucket, _slash, path = rest.partition("/")
    if separator and scheme == "s3" and BUCKET.fullmatch(bucket):
        return Address("/".join(part for part in path.split("/") if part), bucket)
    raise LifeboatError(
        f"Cannot use the store {text!r}",
        why=f"{bucket!r} is not the name of a bucket"
        if scheme == "s3"
        else "it is neither an S3 prefix nor a directory",
        remedy="Set store to s3://BUCKET/PREFIX, or to the absolute path of a directory",
    )


def folder_of(prefix: str, document: str) -> str:
    """Build the prefix of the keys of all ``published`` or ``landed`` documents of an installation."""
    return f"{prefix}/{document}/"


def key_of(prefix: str, document: str, account: str, region: str) -> str:
    """Build the key of a site's document.

    :raises LifeboatError: when the account or the Region is malformed, because the key could lead elsewhere.
    """
    if not ACCOUNT.fullmatch(account) or not REGION.fullmatch(region):
        raise LifeboatError(
            f"Cannot look for the manifest of {account}, {region}",
            why="that is not an account and a Region",
            remedy="Correct the accounts and Regions",
        )
    return f"{folder_of(prefix, document)}{account}-{region}.json"


def site_of(key: str) -> tuple[str, str] | None:
    """Read the account and the Region from a key, or return None when the key has another form."""
    match = FILE.fullmatch(key.rpartition("/")[2])
    return (match["account"], match["region"]) if match else None


class StoreError(LifeboatError):
    """A document that cannot be read or written. It causes a warning, and never stops the run."""

    def __init__(
        self,
        what: str,
        *,
        why: str,
        remedy: str,
        code: str | None = None,
        is_down: bool = False,
        is_broken: bool = False,
    ) -> None:
        super().__init__(what, why=why, remedy=remedy, code=code)
        self.is_down = is_down  # the store does not answer, so asking for other documents would only take time
        self.is_broken = is_broken  # the document itself is invalid, and its owner may replace it


class Store(Protocol):
    """Keeps documents by key. Every method raises StoreError on failure."""

    def read(self, key: str) -> dict[str, Any] | None:
        """Read a document, or return None when it does not exist."""

    def write(self, key: str, document: Mapping[str, Any]) -> None:
        """Write a document. Readers get the old one or the new one, never a part of one."""

    def keys(self, folder: str) -> list[str]:
        """List the keys with this prefix. Some of them may not be documents."""


def pack(document: Mapping[str, Any]) -> bytes:
    """Write a document as compact JSON, since it may have thousands of entries."""
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode()


def unpack(content: bytes, where: str) -> dict[str, Any]:
    """Read a JSON document.

    :param where: the address of the document, for the message.
    :raises StoreError: when it is not a JSON object, or too large.
    """
    try:
        return dict(read_object(content, MANIFEST).members)
    except Malformed as error:
        remedy = "Delete it, and its site will write it again"
        raise StoreError(
            f"Cannot read {where}", why=f"it is not a document of this store ({error})", remedy=remedy, is_broken=True
        ) from error
