# SPDX-License-Identifier: GPL-3.0-or-later
"""The manifests that the sites leave for each other in a store. A problem with them is only a warning."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from .._aws.bucket import Bucket
from .._aws.site import Site
from .._core.errors import sentence
from .._core.handover.between_runs import WRITTEN, differences, merge_landed, merge_published, same, why_unusable
from .._core.handover.manifest import read_landed, read_published, readable_points
from .._core.handover.store import Address, Store, StoreError, folder_of, key_of, site_of
from .._core.model import iso
from .._core.result import Report
from .._core.words import printable
from .directory import Directory

Document = dict[str, Any]


class Manifests:
    """The manifests of one installation, for one pass. Without a store there are none."""

    def __init__(self, store: Store | None, prefix: str, site: Site, report: Report) -> None:
        self._store = store
        self._prefix = prefix
        self._site = site
        self._report = report
        self.news: frozenset[str] = frozenset()  # names in its document that the previous one did not have

    def published_by(self, accounts: Iterable[str], regions: Iterable[str]) -> list[Document]:
        """Read what the source sites in these accounts and Regions left."""
        places = sorted({(account, region) for account in accounts for region in regions})
        found = [self._read("published", *place) for place in places]
        return [document for document in found if document is not None]

    def landed_in(self, accounts: Collection[str]) -> list[Document]:
        """Read what the DR sites of these accounts left, in all Regions: a source knows only their accounts."""
        places = [place for place in map(site_of, self._keys("landed")) if place and place[0] in accounts]
        found = [self._read("landed", *place) for place in sorted(places)]
        return [document for document in found if document is not None]

    def given(self, documents: Iterable[Mapping[str, Any]], wanted: str) -> list[Document]:
        """Return manifests that a run was handed, without the entries that cannot be used, as of those in the store.

        :raises LifeboatError: when one is no such manifest at all: then the run was called wrongly.
        """
        return [self._readable(document, wanted, f"a {wanted} manifest") for document in documents]

    def leave(self, document: Document, existing: Collection[str]) -> Document:
        """Merge a document into the stored one, write it if that changes it, and return the merged document.

        :param existing: the names of its own recovery points that are still there.
        """
        if self._store is None:
            return document
        wanted, account, region = (document[part] for part in ("document", "account", "region"))
        key = key_of(self._prefix, wanted, account, region)
        try:
            earlier = earlier_in(self._store, key, wanted, account, region)
        except StoreError as error:
            self._warn(error)  # the stored document may be right, so it is not overwritten unread
            return document
        merged = (merge_published if wanted == "published" else merge_landed)(earlier, document, existing)
        self.news = names_in(merged) - names_in(earlier) if earlier else frozenset()
        if not same(earlier, merged):
            self._write(self._store, key, earlier, merged)
        return merged

    def _keys(self, wanted: str) -> list[str]:
        if self._store is None:
            return []
        try:
            return self._store.keys(folder_of(self._prefix, wanted))
        except StoreError as error:
            self._warn(error)
            return []

    def _read(self, wanted: str, account: str, region: str) -> Document | None:
        """Read a document. Return None when it is missing or unusable."""
        if self._store is None:
            return None
        key = key_of(self._prefix, wanted, account, region)
        try:
            document = self._store.read(key)
        except StoreError as error:
            self._warn(error)
            return None
        if document is None:
            return None
        document, wrong = readable_points(document, wanted)
        why = why_unusable(document, wanted, account, region)
        if why is None:
            self._warn_of(wrong, f"{self._store}/{key}", document)
            return document
        remedy = "The run goes on without it, and its site writes it again"
        self._report.warnings.append(sentence(f"Cannot use {self._store}/{key}", why, remedy))
        return None

    def _write(self, store: Store, key: str, earlier: Document | None, merged: Document) -> None:
        try:
            if not self._report.check_mode:
                store.write(key, {**merged, WRITTEN: iso(self._site.now)})
        except StoreError as error:
            self._warn(error)
            return
        self._report.change(f"{store}/{key}", *differences(earlier, merged))
        self._report.changed = True

    def _readable(self, document: Mapping[str, Any], wanted: str, where: str) -> Document:
        frame = {**document, "points": []} if isinstance(document.get("points"), list) else document
        (read_landed if wanted == "landed" else read_published)([frame])
        usable, wrong = readable_points(document, wanted)
        self._warn_of(wrong, where, document)
        return usable

    def _warn_of(self, wrong: list[str], where: str, document: Mapping[str, Any]) -> None:
        """Warn of the entries of a document that were left out: one warning, however many they are."""
        if wrong:
            what = f"Cannot use {len(wrong)} {'entry' if len(wrong) == 1 else 'entries'} of {where}"
            source = f"{printable(document.get('account'))}, {printable(document.get('region'))}"
            remedy = f"The run goes on without them. Ask who runs {source}"
            self._report.warnings.append(sentence(what, wrong[0], remedy))

    def _warn(self, error: StoreError) -> None:
        self._report.warnings.append(f"{error} The run goes on without it.")
        if error.is_down:
            self._store = None


def names_in(document: Document) -> frozenset[str]:
    return frozenset(point["name"] for point in document["points"])


def earlier_in(store: Store, key: str, wanted: str, account: str, region: str) -> Document | None:
    """Return the document that a site left earlier, or None when no usable one is there.

    :raises StoreError: when one may be there, but cannot be read.
    """
    try:
        document = store.read(key)
    except StoreError as error:
        if not error.is_broken:
            raise
        return None
    return None if document is None or why_unusable(document, wanted, account, region) else document


def open_store(address: Address, site: Site) -> Store:
    return Directory(Path(address.path)) if address.bucket is None else Bucket(address, site)


def open_manifests(address: Address | None, prefix: str, site: Site, report: Report) -> Manifests:
    """Return the manifests in a store, or an object that reads and keeps none where no store is used."""
    return Manifests(None if address is None else open_store(address, site), prefix, site, report)
