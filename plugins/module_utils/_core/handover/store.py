# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Where manifests stay between runs: an S3 prefix or a directory, and the name of each document in it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import LifeboatError
from ..sharing import ACCOUNT

BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")  # S3 User Guide, bucket naming rules
REGION = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+")
FILE = re.compile(r"(?P<account>[0-9]{12})-(?P<region>[a-z0-9-]+)\.json")


@dataclass(frozen=True, slots=True)
class Address:
    """A directory, or a bucket and the start of all keys in it."""

    path: str
    bucket: str | None = None

    def __str__(self) -> str:
        return self.path if self.bucket is None else f"s3://{self.bucket}/{self.path}".rstrip("/")


def read_address(text: str) -> Address:
    """The address of a store.

    :raises LifeboatError: when it is neither ``s3://BUCKET/PREFIX`` nor an absolute directory.
    """
    if text.startswith("/"):
        return Address("/" + text.strip("/"))
    scheme, separator, rest = text.partition("://")
    bucket, _slash, path = rest.partition("/")
    if separator and scheme == "s3" and BUCKET.fullmatch(bucket):
        return Address("/".join(part for part in path.split("/") if part), bucket)
    raise LifeboatError(
        f"Cannot use the store {text!r}",
        why=f"{bucket!r} is no name of a bucket" if scheme == "s3" else "it is neither an S3 prefix nor a directory",
        remedy="Set store to s3://BUCKET/PREFIX, or to the absolute path of a directory",
    )


def folder_of(prefix: str, document: str) -> str:
    """What the keys of all ``published`` or ``landed`` documents of an installation start with."""
    return f"{prefix}/{document}/"


def key_of(prefix: str, document: str, account: str, region: str) -> str:
    """Under which key a site leaves its document.

    :raises LifeboatError: when the account or the Region is none, and would lead elsewhere.
    """
    if not ACCOUNT.fullmatch(account) or not REGION.fullmatch(region):
        raise LifeboatError(
            f"Cannot look for the manifest of {account}, {region}",
            why="that is not an account and a Region",
            remedy="Correct the accounts and Regions",
        )
    return f"{folder_of(prefix, document)}{account}-{region}.json"


def site_of(key: str) -> tuple[str, str] | None:
    """The account and the Region whose document has this key, or None when it is something else."""
    match = FILE.fullmatch(key.rpartition("/")[2])
    return (match["account"], match["region"]) if match else None
