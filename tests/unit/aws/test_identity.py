# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, ProfileNotFound

from ansible_collections.lifeboat.rds.plugins.module_utils._aws.errors import AwsRefusal
from ansible_collections.lifeboat.rds.plugins.module_utils._aws.identity import Chosen

VARIABLE = "lifeboat_profiles.publish"


def chosen(
    profile: str | None, variable: str | None = VARIABLE, *, is_told: bool = False, **environment: str
) -> Chosen:
    return Chosen.of(profile, variable, environment, is_told=is_told)


@pytest.mark.parametrize(
    ("found", "text", "to_correct"),
    [
        (chosen("staging"), f"profile staging, of {VARIABLE}", VARIABLE),
        (chosen("staging", None), "profile staging", "the profile"),
        (
            chosen("mine", AWS_PROFILE="mine"),
            f"profile mine, of {VARIABLE} or AWS_PROFILE",
            f"{VARIABLE} or AWS_PROFILE",
        ),
        (
            chosen("mine", None, AWS_DEFAULT_PROFILE="mine"),
            "profile mine, of AWS_DEFAULT_PROFILE",
            "AWS_DEFAULT_PROFILE",
        ),
        (chosen("staging", AWS_PROFILE="mine"), f"profile staging, of {VARIABLE}", VARIABLE),
        (chosen(None), f"the default credentials, since {VARIABLE} is not set", VARIABLE),
        (chosen(None, None), "the default credentials", "the profile"),
        (chosen(None, None, is_told=True), "the keys that the task was given", "the profile"),
    ],
)
def test_credentials_are_told_with_what_chose_them(found: Chosen, text: str, to_correct: str) -> None:
    assert (str(found), found.to_correct) == (text, to_correct)


def refused(error: Exception, found: Chosen) -> AwsRefusal:
    with pytest.raises(AwsRefusal) as caught, found.told("Cannot tell whose these are"):
        raise error
    return caught.value


@pytest.fixture
def profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").write_text("[profile production]\n[profile staging]\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.delenv("AWS_PROFILE", raising=False)


EXPIRED: Any = {"Error": {"Code": "ExpiredToken", "Message": "old"}}
DENIED: Any = {"Error": {"Code": "AccessDenied", "Message": "no"}}


@pytest.mark.parametrize(
    ("error", "found", "remedy", "is_out_of_reach"),
    [
        pytest.param(
            ProfileNotFound(profile="stagign"),
            chosen("stagign"),
            f"Correct {VARIABLE}, or add the profile to the AWS configuration. Did you mean staging?",
            True,
            id="misspelt",
        ),
        pytest.param(
            ProfileNotFound(profile="x"),
            chosen("x", None),
            "Correct the profile, or add the profile to the AWS configuration",
            True,
            id="unlike any",
        ),
        pytest.param(
            NoCredentialsError(),
            chosen(None),
            f"Set {VARIABLE} to an AWS profile that has credentials",
            True,
            id="no credentials",
        ),
        pytest.param(
            ClientError(EXPIRED, "GetCallerIdentity"),
            chosen("staging"),
            "Renew the credentials of profile staging",
            True,
            id="expired",
        ),
        pytest.param(
            ClientError(DENIED, "GetCallerIdentity"),
            chosen("staging"),
            "Allow it to this role (playbooks/prepare.yml does), and check the policy of the key",
            False,
            id="no permission",
        ),
        pytest.param(
            EndpointConnectionError(endpoint_url="http://x"),
            chosen("staging"),
            "Check the profile, its endpoint, the Region and the network",
            True,
            id="no network",
        ),
    ],
)
@pytest.mark.usefixtures("profiles")
def test_a_refusal_names_the_credentials_and_what_to_correct(
    error: Exception, found: Chosen, remedy: str, is_out_of_reach: bool
) -> None:
    refusal = refused(error, found)
    assert str(refusal).startswith(f"Cannot tell whose these are ({found}): ")
    assert (refusal.remedy, refusal.is_out_of_reach) == (remedy, is_out_of_reach)
