# SPDX-License-Identifier: GPL-3.0-or-later
"""A site on the wire that is cut, and what AWS itself says of its rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.config import Config
from botocore.validate import validate_parameters

from ansible_collections.lifeboat.rds.plugins.module_utils._aws.connection import RETRIES
from ansible_collections.lifeboat.rds.plugins.module_utils._aws.site import Site
from tests.builders import DR, EAST
from tests.unit.aws.wire import Aws

Row = dict[str, Any]


@pytest.fixture(scope="session")
def session() -> boto3.session.Session:
    """One for all tests: it keeps what it read of AWS's own description of the API."""
    return boto3.session.Session(aws_access_key_id="AKIATEST", aws_secret_access_key="secret")


@pytest.fixture
def aws(session: boto3.session.Session) -> Callable[..., tuple[Site, Aws]]:
    """Make sites of the DR account whose operations are answered with given answers."""

    def aws(region: str = EAST, **answers: Any) -> tuple[Site, Aws]:
        identity = {"Account": DR, "Arn": f"arn:aws:iam::{DR}:user/x", "UserId": "AIDATEST"}
        wire = Aws(session, {"GetCallerIdentity": identity, **answers})
        return Site(wire, region, {"config": Config(retries=dict(RETRIES))}), wire

    return aws


@pytest.fixture(scope="session")
def legal() -> Callable[[str, str, Row], Row]:
    """Check a row against AWS's own description of the API. Fail the test if it is not legal."""
    model = botocore.session.get_session().get_service_model("rds")

    def legal(operation: str, key: str, row: Row) -> Row:
        validate_parameters({key: [row]}, model.operation_model(operation).output_shape)
        return row

    return legal
