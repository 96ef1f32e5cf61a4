# SPDX-License-Identifier: GPL-3.0-or-later
"""Describe RDS's certificate authorities."""

from __future__ import annotations

import hashlib
from datetime import datetime, timezone
from typing import Any

from lifeboat_lab.accounts import PARTITION
from lifeboat_lab.errors import AwsError
from lifeboat_lab.rds import paging
from lifeboat_lab.rds.world import Call, World

# With the year in which they end (RDS User Guide, using SSL/TLS).
IDENTIFIERS = {"rds-ca-rsa2048-g1": 2061, "rds-ca-ecc384-g1": 2121, "rds-ca-rsa4096-g1": 2121}
DEFAULT = "rds-ca-rsa2048-g1"


def describe(_world: World, call: Call) -> dict[str, Any]:
    """Answer DescribeCertificates."""
    wanted = call.params.get("CertificateIdentifier")
    if wanted and wanted.lower() not in IDENTIFIERS:
        raise AwsError("CertificateNotFound", f"Certificate {wanted} not found.", 404)
    found = [name for name in IDENTIFIERS if wanted is None or wanted.lower() == name]
    page, marker = paging.page(found, call.params, str)
    rows = [_row(call.region, name) for name in page]
    return {"DefaultCertificateForNewLaunches": DEFAULT, "Certificates": rows, "Marker": marker}


def _row(region: str, name: str) -> dict[str, Any]:
    return {
        "CertificateIdentifier": name,
        "CertificateType": "CA",
        "Thumbprint": hashlib.sha1(f"{region} {name}".encode(), usedforsecurity=False).hexdigest(),
        "ValidFrom": datetime(2021, 5, 24, 22, tzinfo=timezone.utc).timestamp(),
        "ValidTill": datetime(IDENTIFIERS[name], 5, 24, 23, tzinfo=timezone.utc).timestamp(),
        "CertificateArn": f"arn:{PARTITION}:rds:{region}::cert:{name}",
        "CustomerOverride": False,
    }
