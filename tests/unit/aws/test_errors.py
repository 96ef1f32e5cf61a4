# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ProfileNotFound,
)

from ansible_collections.lifeboat.rds.plugins.module_utils._aws.errors import REMEDIES, AwsRefusal, meaning_of, refusals
from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError


@pytest.mark.parametrize(
    ("code", "message", "meaning"),
    [
        pytest.param("SnapshotQuotaExceeded", "Cannot copy more than 20 snapshots across regions", "wait", id="copies"),
        pytest.param("SnapshotQuotaExceeded", "Cannot create more than 100 manual snapshots", "prune", id="snapshots"),
        ("Throttling", "Rate exceeded", "wait"),
        ("ThrottlingException", "Rate exceeded", "wait"),
        ("RequestLimitExceeded", "", "wait"),
        ("InternalFailure", "", "wait"),
        ("ServiceUnavailable", "", "wait"),
        ("InvalidDBInstanceState", "", "wait"),
        ("InvalidDBClusterStateFault", "", "wait"),
        ("AccessDenied", "", "permission"),
        ("AccessDeniedException", "", "permission"),
        ("UnauthorizedOperation", "", "permission"),
        ("KMSKeyNotAccessibleFault", "", "permission"),
        ("InvalidClientTokenId", "", "permission"),
        ("DBSnapshotAlreadyExists", "", "taken"),
        ("DBClusterSnapshotAlreadyExistsFault", "", "taken"),
        ("DBInstanceAlreadyExists", "", "taken"),
        ("DBSnapshotNotFound", "", "missing"),
        ("DBClusterSnapshotNotFoundFault", "", "missing"),
        ("DBSubnetGroupNotFoundFault", "", "missing"),
        ("NotFoundException", "", "missing"),
        ("InvalidParameterValue", "", "refused"),
        ("InvalidDBSnapshotState", "", "refused"),
        ("SharedSnapshotQuotaExceeded", "", "refused"),
        ("Unknown", "", "refused"),
    ],
)
def test_a_code_means_what_can_be_done_about_it(code: str, message: str, meaning: str) -> None:
    assert meaning_of(code, message) == meaning


def test_a_refusal_says_what_was_done_why_not_and_what_helps() -> None:
    error = ClientError({"Error": {"Code": "AccessDenied", "Message": "not you"}}, "CopyDBSnapshot")
    with pytest.raises(AwsRefusal) as caught, refusals("Cannot copy a to b"):
        raise error
    refusal = caught.value
    assert str(refusal) == f"Cannot copy a to b: not you (AccessDenied). {REMEDIES['permission']}."
    assert (refusal.code, refusal.meaning, refusal.__cause__) == ("AccessDenied", "permission", error)


def test_an_error_that_says_nothing_is_still_a_refusal() -> None:
    with pytest.raises(AwsRefusal, match="Cannot copy") as caught, refusals("Cannot copy"):
        raise ClientError({}, "CopyDBSnapshot")
    assert (caught.value.code, caught.value.meaning) == ("Unknown", "refused")


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url="https://rds.example"),
        ConnectTimeoutError(endpoint_url="https://rds.example"),
        NoCredentialsError(),
        ProfileNotFound(profile="production"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_never_reached_aws_is_unreachable(error: Exception) -> None:
    with pytest.raises(AwsRefusal) as caught, refusals("Cannot list"):
        raise error
    assert (caught.value.meaning, caught.value.code) == ("unreachable", type(error).__name__)


def test_an_error_of_our_own_stays_what_it_is() -> None:
    with pytest.raises(LifeboatError) as caught, refusals("Cannot list"):
        raise LifeboatError("Cannot do it", why="no")
    assert not isinstance(caught.value, AwsRefusal)
    with pytest.raises(KeyError), refusals("Cannot list"):
        raise KeyError("a bug")


def test_every_meaning_has_a_remedy_or_none_on_purpose() -> None:
    meanings = {"wait", "prune", "permission", "missing", "taken", "quota", "capacity", "refused", "unreachable"}
    assert set(REMEDIES) == meanings
