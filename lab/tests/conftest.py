# SPDX-License-Identifier: GPL-3.0-or-later
"""Run one lab for all tests, with the shop in it and short durations."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bare import Bare
from helpers import DR, ONCE, PRODUCTION, make_key
from lifeboat_lab import Lab
from lifeboat_lab.forks import Forks
from lifeboat_lab.testing import fresh

forks = Forks()


def pytest_configure() -> None:
    """Keep the tests away from real accounts, and let them find the programs of the Python that runs them."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    # The files of whoever runs the tests may hold working credentials; an instance's role would be some as well.
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    os.environ["PATH"] = f"{Path(sys.prefix, 'bin')}{os.pathsep}{os.environ['PATH']}"
    Lab.spawn = forks.spawn


def pytest_unconfigure() -> None:
    forks.close()


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    roles = {"reader": "production/reader", "copier": "production_dr/copier", "nobody": "production/nobody"}
    with Lab(shop=True, scale=20000, roles=roles) as running:
        yield running


@pytest.fixture(scope="session")
def empty_lab() -> Iterator[Lab]:
    """Run a lab without servers, in AWS's own time: nothing happens until the clock is advanced."""
    with Lab(metadata_only=True, scale=1) as running:
        quotas = ("manual_snapshots", "manual_cluster_snapshots", "instances", "clusters")
        running.admin("PATCH", "settings", {"quotas": dict.fromkeys(quotas, 10_000)})
        yield running


@pytest.fixture(scope="session")
def rds(lab: Lab) -> Any:
    """Return RDS as the production account sees it at home."""
    return lab.client("production", "rds")


@pytest.fixture(scope="session")
def dr(lab: Lab) -> Any:
    """Return RDS as the DR account sees it at home."""
    return lab.client("production_dr", "rds")


@pytest.fixture(scope="session")
def dr_here(lab: Lab) -> Any:
    """Return RDS as the DR account sees it in production's Region."""
    return lab.client("production_dr", "rds", "us-west-2")


@pytest.fixture(scope="session")
def open_key(lab: Lab) -> str:
    """Create a production key that also admits the DR account."""
    return make_key(lab.client("production", "kms"), PRODUCTION, DR)


@pytest.fixture(scope="session")
def dr_key(lab: Lab) -> str:
    return make_key(lab.client("production_dr", "kms"), DR)


@pytest.fixture(scope="session")
def dr_key_here(lab: Lab) -> str:
    """Create a key of the DR account in production's Region."""
    return make_key(lab.client("production_dr", "kms", "us-west-2"), DR)


@pytest.fixture
def bare(empty_lab: Lab) -> Bare:
    """Return the client with which a test acts as production in the lab without servers."""
    return Bare(empty_lab)


@pytest.fixture(scope="module")
def own_lab() -> Iterator[Lab]:
    """Start a lab without servers for one file, which may let days pass."""
    with Lab(metadata_only=True, scale=20_000) as running:
        yield running


@pytest.fixture(scope="session")
def sns(lab: Lab) -> Any:
    return lab.client("production", "sns")


@pytest.fixture(scope="session")
def sqs(lab: Lab) -> Any:
    return lab.client("production", "sqs")


@pytest.fixture
def topic(sns: Any) -> Iterator[str]:
    """Make a topic for one test."""
    arn = sns.create_topic(Name=fresh("topic"))["TopicArn"]
    yield arn
    sns.delete_topic(TopicArn=arn)


@pytest.fixture
def faults(lab: Lab) -> Iterator[Any]:
    """Break something until the test is over."""
    yield lambda **fault: lab.admin("POST", "faults", fault)
    lab.admin("DELETE", "faults")


@pytest.fixture(scope="session")
def once(lab: Lab) -> Any:
    """RDS for the production account, with a client that does not try again."""
    return lab.client("production", "rds", config=ONCE)
