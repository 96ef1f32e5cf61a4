# SPDX-License-Identifier: GPL-3.0-or-later
"""The least that reading costs: a fresh Python that imports boto3 and turns the pages of some lists.

Usage: bare.py PROFILE REGION/OPERATION[:TYPE] ...
"""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

import boto3


def main(profile: str, lists: list[str]) -> None:
    session = boto3.session.Session(profile_name=profile)

    @cache
    def client(region: str) -> Any:
        return session.client("rds", region_name=region)

    for word in lists:
        operation, _colon, kind = word.partition(":")
        region, _slash, operation = operation.partition("/")
        for _page in client(region).get_paginator(operation).paginate(**({"SnapshotType": kind} if kind else {})):
            pass


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
