# SPDX-License-Identifier: GPL-3.0-or-later
"""A boto3 session that reads the times in answers quickly."""

from __future__ import annotations

from datetime import datetime
from typing import Any

try:
    import boto3
    import botocore.session
    from botocore.utils import parse_timestamp
except ImportError:  # AnsibleAWSModule reports the missing library
    pass


def open_session(profile: str | None) -> Any:
    """Open a session of a profile, or of the environment.

    botocore guesses the form of every time with dateutil, which is two thirds of what reading a snapshot's row costs.
    """
    core = botocore.session.get_session()
    core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=parse_rds_time)
    return boto3.session.Session(profile_name=profile, botocore_session=core)


def known_profiles() -> list[str]:
    """List the profiles of the AWS configuration."""
    return list(botocore.session.get_session().available_profiles)


def parse_rds_time(value: Any) -> datetime:
    """Read a time as RDS writes it. Any other form is left to botocore.

    :raises ValueError: when it is not a time.
    """
    try:
        moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
    except (AttributeError, TypeError, ValueError):  # a number, where a service speaks JSON; another spelling
        return parse_timestamp(value)
    return moment if moment.tzinfo else parse_timestamp(value)
