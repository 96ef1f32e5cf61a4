# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every test."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

import pytest
from _pytest.fixtures import reorder_items  # what pytest does for fixtures with parameters
from hypothesis import HealthCheck, settings

from lifeboat_lab import Lab
from lifeboat_lab.forks import Forks
from tests import warm

# Decisions are fast, but the machine may be busy.
settings.register_profile("house", deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")
forks = Forks()

# What takes longest comes first, so that no worker begins with it when the others have nothing left to do.
LONGEST = (
    "test_newcomer",
    "test_subscribe",
    "test_failback",
    "test_worst_day",
    "test_recovery_jobs",
    "test_store",
    "test_own_events",
    "test_configure",
    "test_rehearsal",
    "test_random_faults",
    "test_evidence",
    "test_recover",
    "test_jobs",
    "test_drill_engines",
    "test_prepare",
    "test_protect",
    "test_rulebook",
    "test_drill",
)


def pytest_configure() -> None:
    """Keep the tests away from real accounts, and every ansible-playbook with the Ansible that runs them."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    # The files of whoever runs the tests may hold working credentials; an instance's role would be some as well.
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"

    # Who starts the tests in the background may ignore it, and every process of a test would do so as well.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.default_int_handler)

    environment = Path(sys.prefix)
    root = Path(__file__).parent.parent
    os.environ["PATH"] = f"{environment / 'bin'}{os.pathsep}{os.environ['PATH']}"
    os.environ["ANSIBLE_CONFIG"] = str(root / "ansible.cfg")
    # ansible.cfg names the main environment; on the other line these are other versions.
    os.environ["ANSIBLE_COLLECTIONS_PATH"] = str(environment / "collections")
    # Print what is handed to a scheduler, for the tests that read it: set for these alone, it would keep them from the
    # warm process.
    os.environ["ANSIBLE_SHOW_CUSTOM_STATS"] = "true"
    Lab.spawn = forks.spawn


def pytest_unconfigure() -> None:
    warm.stop()
    forks.close()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bring the longest files forward, and tell each story from its beginning to the last test that was asked for."""
    modules: dict[pytest.Item | pytest.Module, list[pytest.Item]] = {}
    for item in items:
        modules.setdefault(item.getparent(pytest.Module) or item, []).append(item)
    ranks = {name: rank for rank, name in enumerate(LONGEST)}
    items[:] = [
        item
        for module in sorted(modules, key=lambda module: ranks.get(module.path.stem, len(ranks)))
        for item in told(module, modules[module])
    ]


def told(module: pytest.Item | pytest.Module, wanted: list[pytest.Item]) -> list[pytest.Item]:
    """Return the tests of a module that have to run for those that are wanted: in a story, all before them as well."""
    if not isinstance(module, pytest.Module) or module.get_closest_marker("story") is None:
        return wanted
    names = {item.nodeid for item in wanted}
    whole = reorder_items([item for item in module.collect() if isinstance(item, pytest.Item)])
    last = max(number for number, item in enumerate(whole) if item.nodeid in names)
    return whole[: last + 1]
