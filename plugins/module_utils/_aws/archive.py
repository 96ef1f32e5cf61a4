# SPDX-License-Identifier: GPL-3.0-or-later
"""Files in an S3 prefix that are written once and never again."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from .._core.evidence.archive import Stored
from .._core.handover.store import StoreError
from .bucket import Bucket, asking

EXISTS = ("PreconditionFailed", "ConditionalRequestConflict")  # the answers to If-None-Match


class Archive(Bucket):
    """The files below one prefix. Every method raises StoreError when S3 refuses or fails."""

    def files(self, folder: str) -> dict[str, Stored]:
        """List one folder by name. A page holds a thousand files."""
        start = self._full(folder)
        with asking(f"Cannot list {self}/{folder}"):
            lister = self._site.storage().get_paginator("list_objects_v2")
            pages = lister.paginate(Bucket=self._address.bucket, Prefix=start)
            rows = [row for page in pages for row in page.get("Contents", [])]
        return {row["Key"].removeprefix(start): stored(row) for row in rows}

    def content(self, key: str) -> bytes:
        with asking(f"Cannot read {self}/{key}"):
            return bytes(self._site.storage().get_object(**self._named(key))["Body"].read())

    def digest(self, key: str) -> str:
        """Return the SHA-256 of a file: from S3 if the writer gave it, otherwise from the content."""
        with asking(f"Cannot look at {self}/{key}"):
            head = self._site.storage().head_object(**self._named(key), ChecksumMode="ENABLED")
        told = head.get("ChecksumSHA256")
        return base64.b64decode(told).hex() if told else hashlib.sha256(self.content(key)).hexdigest()

    def add(self, key: str, content: bytes, kind: str, lock: Mapping[str, Any]) -> bool:
        """Write a file unless it is there, and tell whether this call wrote it.

        :param lock: mode and date of the object lock, as S3 names them. A bucket with a default needs none.
        """
        # S3 refuses a file under a lock without a checksum. It returns this one later (see digest).
        settings = {"ContentType": kind, "IfNoneMatch": "*", "ChecksumAlgorithm": "SHA256", **lock}
        try:
            with asking(f"Cannot write {self}/{key}"):
                self._site.storage().put_object(**self._named(key), Body=content, **settings)
        except StoreError as error:
            if error.code in EXISTS:
                return False
            raise
        return True


def stored(row: Mapping[str, Any]) -> Stored:
    return Stored(row["Size"], row["ETag"].strip('"'), row["LastModified"].timestamp())
