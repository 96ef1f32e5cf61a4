# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import get_args

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    InvalidRegionError,
    NoCredentialsError,
    ParamValidationError,
    ProfileNotFound,
)

from ansible_collections.lifeboat.rds.plugins.module_utils._aws.errors import (
    REMEDIES,
    AwsRefusal,
    Meaning,
    meaning_of,
    refusals,
)
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
        ("InvalidEventSubscriptionState", "", "wait"),
        ("AuthorizationError", "", "permission"),
        ("SNSNoAuthorization", "", "permission"),
        ("SubscriptionAlreadyExist", "", "taken"),
        ("SubscriptionNotFound", "", "missing"),
        ("SNSInvalidTopic", "", "refused"),
        ("AccessDenied", "", "permission"),
        ("AccessDeniedException", "", "permission"),
        ("UnauthorizedOperation", "", "permission"),
        ("KMSKeyNotAccessibleFault", "", "permission"),
        ("InvalidClientTokenId", "", "permission"),
        ("ExpiredTokenException", "", "permission"),
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


def test_an_error_of_our_own_is_not_changed() -> None:
    with pytest.raises(LifeboatError) as caught, refusals("Cannot list"):
        raise LifeboatError("Cannot do it", why="no")
    assert not isinstance(caught.value, AwsRefusal)
    with pytest.raises(KeyError), refusals("Cannot list"):
        raise KeyError("a bug")


@pytest.mark.parametrize("meaning", get_args(Meaning))
def test_every_refusal_says_what_on_what_why_and_what_to_do(meaning: Meaning) -> None:
    refusal = AwsRefusal("Cannot copy a to b in us-east-1", why="no (Odd)", code="Odd", meaning=meaning)
    assert REMEDIES[meaning]
    assert str(refusal) == f"Cannot copy a to b in us-east-1: no (Odd). {REMEDIES[meaning]}."


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        pytest.param("NotFoundException", "Name a key or alias", id="a key or alias that does not exist"),
        pytest.param("KMSKeyNotAccessibleFault", "Enable the key", id="a key out of use or out of reach"),
        pytest.param("DBSubnetGroupNotFoundFault", "Name a DB subnet group", id="a subnet group that does not exist"),
        pytest.param("OptionGroupNotFoundFault", "Name an option group", id="an option group that does not exist"),
        pytest.param("DBSnapshotNotFound", "run it again, or correct its name", id="a snapshot that is gone"),
        pytest.param("InvalidDBSnapshotState", "when the snapshot is available", id="an unfinished snapshot"),
        pytest.param("InvalidDBClusterSnapshotStateFault", "when the snapshot is available", id="an unfinished one"),
        pytest.param("SharedSnapshotQuotaExceeded", "fewer accounts", id="shared too often"),
        pytest.param("InstanceQuotaExceeded", "larger quota", id="too many instances"),
        pytest.param("DBClusterQuotaExceededFault", "larger quota", id="too many clusters"),
        pytest.param("StorageQuotaExceeded", "larger quota", id="too much storage"),
        pytest.param("InsufficientDBInstanceCapacity", "Set db_instance_class to another", id="no capacity"),
        pytest.param("ExpiredTokenException", "Renew the credentials", id="expired credentials"),
        pytest.param("InvalidClientTokenId", "Renew the credentials", id="unknown credentials"),
        pytest.param("SignatureDoesNotMatch", "Renew the credentials", id="wrong credentials"),
        pytest.param("DBInstanceAlreadyExists", "choose another prefix", id="a name that is taken"),
        pytest.param("InvalidParameterValue", "Correct what AWS names", id="anything else"),
    ],
)
def test_a_refusal_names_the_remedy_for_what_is_wrong(code: str, remedy: str) -> None:
    with pytest.raises(AwsRefusal) as caught, refusals("Cannot do it"):
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "Do")
    assert str(caught.value).startswith(f"Cannot do it: no ({code}). ")
    assert remedy in caught.value.remedy


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(
            ParamValidationError(report="Unknown parameter in input: 'BackupRetentionPeriod'"), id="a parameter"
        ),
        pytest.param(InvalidRegionError(region_name="eu west 1"), id="a Region"),
    ],
)
def test_what_botocore_does_not_send_is_refused_and_not_out_of_reach(error: Exception) -> None:
    with pytest.raises(AwsRefusal) as caught, refusals("Cannot restore orders"):
        raise error
    assert (caught.value.meaning, caught.value.is_out_of_reach) == ("refused", False)
    assert caught.value.remedy.startswith("Correct the option that is named there")
    assert "\n" not in str(caught.value)
