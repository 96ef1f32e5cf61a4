# SPDX-License-Identifier: GPL-3.0-or-later
"""One lab without database servers, in AWS's own time, for as many worlds as the tests need."""

from __future__ import annotations

import time
from collections.abc import Iterator
from types import SimpleNamespace

import botocore.endpoint
import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._aws.pace import Pace
from tests.fleet.drills import Range
from tests.fleet.fleet import Fleet
from tests.fleet.inside import Inside


@pytest.fixture(scope="session")
def fleet() -> Iterator[Fleet]:
    with Inside() as lab:
        yield Fleet(lab, lab.connect)


@pytest.fixture(scope="module")
def ground(fleet: Fleet) -> Range:
    """One DR site in which something has landed, for all drills and recoveries of a file."""
    return Range.prepare(fleet)


@pytest.fixture(autouse=True)
def _retries_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore sleeps before it tries again, and we before what AWS would refuse; here only the lab's time passes."""

    def sleep(_seconds: float) -> None:
        pass

    monkeypatch.setattr(botocore.endpoint, "time", SimpleNamespace(sleep=sleep))
    monkeypatch.setattr(Pace.__init__, "__defaults__", (time.monotonic, sleep))
