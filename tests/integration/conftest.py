# SPDX-License-Identifier: GPL-3.0-or-later
"""Real playbooks on a lab of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lifeboat_lab import Lab
from tests.integration.play import ROLES, Run, play
from tests.prepared import prepare

SCALE = 1200  # a copy takes a second


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("evidence")


@pytest.fixture(scope="module")
def lab(evidence: Path) -> Iterator[Lab]:
    """Start the shop in production, with both accounts prepared."""
    with Lab(roles=ROLES, scale=SCALE, shop=True) as running:
        prepare(running, evidence=evidence)
        yield running


@pytest.fixture(scope="module")
def protected(lab: Lab, evidence: Path) -> None:
    """Everything has landed at the DR site."""
    done = play(lab, "protect.yml", evidence=evidence)
    assert done.code == 0, done.output


@pytest.fixture
def run(lab: Lab, evidence: Path) -> Callable[..., Run]:
    def run_playbook(playbook: str, *arguments: str, **more: Any) -> Run:
        return play(lab, playbook, *arguments, evidence=evidence, **more)

    return run_playbook
