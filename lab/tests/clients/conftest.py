# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a lab in which nothing takes time, for clients that ask once in half a minute."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from helpers import PRODUCTION, document
from lifeboat_lab import Lab
from lifeboat_lab.settings import DURATIONS

READ_ONLY = ["Describe*", "List*", "Get*"]


@pytest.fixture(scope="session")
def quick() -> Iterator[Lab]:
    """Run a lab without database servers, in which the profile ``checker`` may only read."""
    instant = dict.fromkeys(DURATIONS, 0.0)
    with Lab(durations=instant, metadata_only=True, roles={"checker": "production/checker"}) as running:
        _make_checker(running.client("production", "iam"))
        yield running


@pytest.fixture(scope="session")
def ansible(quick: Lab) -> dict[str, str]:
    """Return the environment for Ansible, with settings of its own wherever these tests run."""
    return quick.env() | {"ANSIBLE_CONFIG": str(Path(__file__).with_name("ansible.cfg"))}


def _make_checker(iam: Any) -> None:
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{PRODUCTION}:root"}, "Action": "sts:AssumeRole"}
    services = ("rds", "ec2", "kms", "sns", "sqs", "iam", "tag")
    actions = [f"{service}:{verb}" for service in services for verb in READ_ONLY]
    reading = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    iam.create_role(RoleName="checker", AssumeRolePolicyDocument=document(trust))
    iam.put_role_policy(RoleName="checker", PolicyName="reads", PolicyDocument=document(reading))
