# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at KMS keys."""

from __future__ import annotations

from collections.abc import Iterable

from .._core.arns import region_of
from .._core.model import Key
from .connection import Connection
from .errors import AwsRefusal, refusals
from .rows import Row


class Keys(Connection):
    """KMS keys, wherever they are."""

    def key(self, key_id: str) -> Key:
        """Look at a KMS key by id, ARN or alias, from this Region."""
        with refusals(f"Cannot use the KMS key {key_id} in {self.region}"):
            return as_key(self._client("kms").describe_key(KeyId=key_id)["KeyMetadata"])

    def keys(self, key_ids: Iterable[str | None]) -> tuple[dict[str, Key], dict[str, str]]:
        """Look at each key in its own Region. Return the keys, and why the others cannot be seen."""
        found: dict[str, Key] = {}
        refused: dict[str, str] = {}
        for key_id in sorted({one for one in key_ids if one}):
            home = self.in_region(region_of(key_id)) if key_id.startswith("arn:") else self
            try:
                found[key_id] = home.key(key_id)
            except AwsRefusal as refusal:
                if refusal.meaning == "unreachable":
                    raise
                refused[key_id] = refusal.why
        return found, refused


def as_key(row: Row) -> Key:
    """Convert the KeyMetadata of kms:DescribeKey."""
    known: dict[bool | None, str] = {True: "Enabled", False: "Disabled"}
    return Key(
        arn=row["Arn"],
        account=row["AWSAccountId"],
        region=region_of(row["Arn"]),
        state=row.get("KeyState") or known.get(row.get("Enabled")),
        is_aws_managed=row.get("KeyManager") == "AWS",
    )
