# SPDX-License-Identifier: GPL-3.0-or-later
"""List the Regions, and the services that are in none."""

from __future__ import annotations

from functools import cache
from typing import Any

import botocore.session

from lifeboat_lab.settings import BadRequest
from lifeboat_lab.spelling import unknown

# Global services: their only endpoint is in no Region, whatever Region signs for it.
_GLOBAL = frozenset({"iam", "organizations", "route53", "cloudfront"})
_STS_GLOBAL = "us-east-1"


@cache
def all_regions() -> frozenset[str]:
    return frozenset(botocore.session.Session().get_available_regions("rds"))


def check(name: Any) -> str:
    """Check that a Region exists.

    :raises BadRequest: when there is no such Region.
    """
    if name not in all_regions():
        raise BadRequest(unknown("Region", name, sorted(all_regions())))
    return str(name)


def of_service(service: str, region: str) -> str | None:
    """Return the Region that answers a call; None for global services. STS's global endpoint signs as us-east-1."""
    is_global = service in _GLOBAL or (service, region) == ("sts", _STS_GLOBAL)
    return None if is_global else region
