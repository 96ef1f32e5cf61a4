# SPDX-License-Identifier: GPL-3.0-or-later
"""Read and change the tags of databases, snapshots and subscriptions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from . import rows
from .connection import Connection
from .errors import refusals, refusals_or_gone


class Tags(Connection):
    """The tags of one thing."""

    def tags(self, arn: str) -> dict[str, str]:
        """Read the tags of one resource, where its row does not have them."""
        with refusals(f"Cannot read the tags of {arn}"):
            return rows.tags_of(self._client("rds").list_tags_for_resource(ResourceName=arn))

    def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        """Add tags to a database or snapshot."""
        with refusals_or_gone(f"Cannot tag {arn}", lambda: self._is_there(arn)):
            self._client("rds").add_tags_to_resource(ResourceName=arn, Tags=rows.tag_list(tags))

    def untag(self, arn: str, keys: Iterable[str]) -> None:
        """Remove tags."""
        with refusals(f"Cannot remove tags from {arn}"):
            self._client("rds").remove_tags_from_resource(ResourceName=arn, TagKeys=list(keys))
