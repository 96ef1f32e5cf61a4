# SPDX-License-Identifier: GPL-3.0-or-later
"""The store of manifests: a directory, or an S3 prefix that is read and written through the site's own session."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from .._core.errors import LifeboatError
from .._core.handover.store import Address
from .errors import AwsRefusal, refusals
from .site import Site

DENIED = "AccessDenied"
# Of a store's mode what it hands on to what is made in it: never more than its group may do.
FOLDER_MODE, FILE_MODE = 0o2770, 0o660


class StoreError(LifeboatError):
    """A document that cannot be read or written: worth a warning, never the run."""

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
        self.is_down = is_down  # nobody answers: asking for the next document would only take time
        self.is_broken = is_broken  # the document itself: its owner may replace it


class Store(Protocol):
    """Documents by key. Every method raises StoreError when the store does not do it."""

    def read(self, key: str) -> dict[str, Any] | None:
        """The document, or None when there is none."""

    def write(self, key: str, document: Mapping[str, Any]) -> None:
        """Leave a document: readers see the former one or this one, never a part."""

    def keys(self, folder: str) -> list[str]:
        """The keys that start so; not all of them need to be documents."""


def open_store(address: Address, site: Site) -> Store:
    return Directory(Path(address.path)) if address.bucket is None else Bucket(address, site)


def pack(document: Mapping[str, Any]) -> bytes:
    """Compact: there are thousands of entries."""
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode()


def unpack(content: bytes, where: str) -> dict[str, Any]:
    """:raises StoreError: when it is not JSON."""
    try:
        document = json.loads(content)
        why = None if isinstance(document, dict) else "it is not an object"
    except (ValueError, RecursionError) as error:
        document, why = None, str(error)
    if why is not None:
        remedy = "Delete it: its site writes it again"
        raise StoreError(
            f"Cannot read {where}", why=f"it is not a JSON document ({why})", remedy=remedy, is_broken=True
        )
    return dict(document)


class Directory:
    """A directory that the sites share."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __str__(self) -> str:
        return str(self._path)

    def read(self, key: str) -> dict[str, Any] | None:
        path = self._path / key
        with troubles(f"Cannot read {path}"):
            content = content_of(path)
        return None if content is None else unpack(content, str(path))

    def write(self, key: str, document: Mapping[str, Any]) -> None:
        path = self._path / key
        with troubles(f"Cannot write {path}"):
            self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
            mode = self._path.stat().st_mode
            for folder in reversed(path.relative_to(self._path).parents[:-1]):
                make_folder(self._path / folder, mode & FOLDER_MODE)
            replace(path, pack(document), mode & FILE_MODE)

    def keys(self, folder: str) -> list[str]:
        path = self._path / folder
        with troubles(f"Cannot list {path}"):
            return [f"{folder}{name}" for name in sorted(os.listdir(path))] if path.is_dir() else []


@contextmanager
def troubles(what: str) -> Iterator[None]:
    """Turn what the system says into a StoreError.

    :raises StoreError: when the call inside fails.
    """
    try:
        yield
    except OSError as error:
        why, remedy = error.strerror or str(error), "Let the user who runs the playbooks read and write the store"
        raise StoreError(what, why=why, remedy=remedy) from error


def content_of(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def make_folder(folder: Path, mode: int) -> None:
    """Make a folder that is missing, as open as the store."""
    if not folder.is_dir():
        folder.mkdir(exist_ok=True)
        folder.chmod(mode)  # the mode that mkdir takes is cut by the umask


def replace(path: Path, content: bytes, mode: int) -> None:
    """Write a file under another name, onto the disk, and only then give it its own."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError:
        with suppress(OSError):
            Path(name).unlink()
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """The new name, too, must outlive a power failure."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


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
                content = self._site.storage().get_object(**self._named(key))["Body"].read()
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
        """S3 denies what is not there to whom it does not let list the whole bucket (API Reference, GetObject)."""
        try:
            return key not in self.keys(key)
        except StoreError:
            return False


@contextmanager
def asking(what: str) -> Iterator[None]:
    """Turn what S3 refuses into a StoreError.

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
