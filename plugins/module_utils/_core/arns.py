# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the parts of ARNs. A part that a text does not have is empty, so that what is not an ARN equals nothing."""

from __future__ import annotations


def region_of(arn: str) -> str:
    """Return the Region in an ARN."""
    return part(arn, 3)


def account_of(arn: str) -> str:
    """Return the account in an ARN."""
    return part(arn, 4)


def type_of(arn: str) -> str:
    """Return the type of resource in an ARN of RDS, such as ``db`` or ``cluster-snapshot``."""
    return part(arn, 5)


def name_of(arn: str) -> str:
    """Return the identifier at the end of an ARN of RDS. The name of an automated snapshot has a colon in it."""
    return part(arn, 6)


def part(arn: str, number: int) -> str:
    parts = arn.split(":", 6)
    return parts[number] if len(parts) > number else ""
