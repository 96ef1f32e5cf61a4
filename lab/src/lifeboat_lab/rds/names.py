# SPDX-License-Identifier: GPL-3.0-or-later
"""Check identifiers and tags (RDS API Reference)."""

from __future__ import annotations

import re
from typing import Any

from lifeboat_lab.errors import AwsError

_IDENTIFIER = re.compile(r"[A-Za-z](?:[A-Za-z0-9]|-(?!-))*\Z")
_TAG = re.compile(r"[\w\s.:/=+\-@]*\Z")
MOST_TAGS = 50


def identifier(value: str, parameter: str, longest: int = 63) -> str:
    """Return a legal identifier in lower case, as RDS stores it.

    :raises AwsError: when it is not legal.
    """
    if not _IDENTIFIER.match(value) or value.endswith("-"):
        raise AwsError(
            "InvalidParameterValue",
            f"The parameter {parameter} is not a valid identifier. Identifiers must begin with a letter; must contain "
            "only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive "
            "hyphens.",
        )
    if len(value) > longest:
        raise AwsError(
            "InvalidParameterValue", f"The parameter {parameter} must be at most {longest} characters: {value}"
        )
    return value.lower()


def area(region: str) -> str:
    """Return the part of the world that snapshots do not leave (aws_rds.md 1.5)."""
    return next((name for name in ("cn", "us-gov", "us-iso") if region.startswith(f"{name}-")), "commercial")


def tags(rows: list[dict[str, Any]] | None) -> dict[str, str]:
    """Read the tags of a request.

    :raises AwsError: when one of them is not legal.
    """
    found = {row["Key"]: row.get("Value") or "" for row in rows or []}
    for key, value in found.items():
        if not key or key.lower().startswith(("aws:", "rds:")) or not _TAG.match(key) or len(key) > 128:
            raise AwsError("InvalidParameterValue", f"Invalid tag key: {key}")
        if not _TAG.match(value) or len(value) > 256:
            raise AwsError("InvalidParameterValue", f"Invalid value of the tag {key}: {value}")
    check_tag_count(found)
    return found


def check_tag_count(found: dict[str, str]) -> None:
    if len(found) > MOST_TAGS:
        raise AwsError("InvalidParameterValue", f"A resource cannot have more than {MOST_TAGS} tags.")


def tag_rows(found: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in found.items()]
