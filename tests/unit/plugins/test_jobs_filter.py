# SPDX-License-Identifier: GPL-3.0-or-later
"""The answers of surveys, and what a playbook looks up before it needs it."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.lifeboat.rds.plugins.filter.jobs import awx_jobs, words
from ansible_collections.lifeboat.rds.plugins.test.installed import installed


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("", []),
        ("orders", ["orders"]),
        ("orders,billing", ["orders", "billing"]),
        (" orders,  billing events,", ["orders", "billing", "events"]),
        (["orders", "billing"], ["orders", "billing"]),
        ([], []),
    ],
)
def test_a_list_may_be_given_as_text(given: str | list[str], found: list[str]) -> None:
    assert words(given) == found


def test_a_wrong_setting_is_an_error_that_ansible_shows() -> None:
    with pytest.raises(AnsibleFilterError, match="unknown setting 'shedule'"):
        awx_jobs({"drill": {"playbook": "drill.yml"}}, {"drill": {"shedule": ""}})


@pytest.mark.parametrize(
    ("collection", "there"), [("lifeboat.rds", True), ("lifeboat.other", False), ("nobody.nothing", False)]
)
def test_the_filter_tells_whether_a_collection_is_installed(collection: str, there: bool) -> None:
    assert installed(collection) is there


def test_a_text_that_is_not_the_name_of_a_collection_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="NAMESPACE"):
        installed("lifeboat")
