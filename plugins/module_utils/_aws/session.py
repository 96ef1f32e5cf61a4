# SPDX-License-Identifier: GPL-3.0-or-later
"""A boto3 session that reads the times in answers quickly."""

from __future__ import annotations

import re
import sys
from datetime import datetime
from typing import Any

from .._core.errors import LifeboatError

try:
    import boto3
    import botocore
    import botocore.session
    from botocore.utils import parse_timestamp
except ImportError:  # AnsibleAWSModule reports the missing library
    pass

# The first that has all that we send and read: BackupRetentionPeriod of restores since .46, StorageEncryptionType of
# snapshots since .52.
LEAST_BOTOCORE = "1.42.52"


def require_botocore(found: str) -> None:
    """Refuse a botocore that does not know all parameters: a restore would fail in the middle of a drill.

    :raises LifeboatError: when it is too old.
    """
    if numbers(found) < numbers(LEAST_BOTOCORE):
        packages = f"'boto3>={LEAST_BOTOCORE}' 'botocore>={LEAST_BOTOCORE}'"
        raise LifeboatError(
            "Cannot talk to AWS",
            why=f"botocore is {found}, and {LEAST_BOTOCORE} is the oldest that knows all that is asked",
            remedy=f"Install a newer one: {sys.executable} -m pip install {packages}",
        )


def numbers(version: str) -> tuple[int, ...]:
    """Read the first three numbers of a version."""
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def open_session(profile: str | None) -> Any:
    """Open a session of a profile, or of the environment.

    botocore guesses the form of every time with dateutil, which is two thirds of what reading a snapshot's row costs.

    :raises LifeboatError: when botocore is too old.
    """
    require_botocore(botocore.__version__)
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
