# SPDX-License-Identifier: GPL-3.0-or-later
"""The jobs of a scheduler, built from our definitions and the operator's changes."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.jobs import (
    SETTINGS,
    needs_more,
    plan_jobs,
    projects_of,
)

JOBS = {
    "publish": {"playbook": "publish.yml", "sliced": True},
    "drill": {"playbook": "drill.yml", "schedule": "weekly"},
}


def planned(said: dict[str, Any] | None = None, **more: Any) -> dict[str, dict[str, Any]]:
    return {job["name"]: job for job in plan_jobs(JOBS, said or {}, **more)}


def test_every_job_has_every_setting() -> None:
    assert all(set(job) == {"name", *SETTINGS, "credentials", "error", "success"} for job in planned().values())


def test_an_operator_has_the_last_word_on_a_job_and_on_no_other() -> None:
    found = planned({"drill": {"schedule": ""}})
    assert found["drill"]["schedule"] == ""
    assert found["drill"]["playbook"] == "drill.yml"
    assert found["publish"] == planned()["publish"]


def test_a_job_of_another_name_is_one_more() -> None:
    assert list(planned({"ours": {"playbook": "ours.yml"}})) == ["publish", "drill", "ours"]


def test_credentials_are_for_all_jobs_or_for_those_that_they_name() -> None:
    found = planned(credentials=[{"name": "all"}, {"name": "key", "jobs": ["drill"]}, {"name": "none", "jobs": []}])
    assert [job["credentials"] for job in found.values()] == [["all"], ["all", "key"]]


def test_a_failure_is_told_and_a_success_only_where_somebody_wants_to_know() -> None:
    found = planned(notifications=[{"name": "chat", "success": ["drill"]}, {"name": "mail", "error": ["publish"]}])
    assert [(job["error"], job["success"]) for job in found.values()] == [(["chat", "mail"], []), (["chat"], ["chat"])]


@pytest.mark.parametrize(
    ("said", "more", "words"),
    [
        ({"drill": {"shedule": ""}}, {}, ["drill", "unknown setting 'shedule'", "Did you mean 'schedule'?"]),
        ({"dril": {"schedule": ""}}, {}, ["dril", "no playbook"]),
        ({"drill": {"playbook": ""}}, {}, ["drill", "no playbook"]),
        (
            {},
            {"credentials": [{"name": "key", "jobs": ["drills"]}]},
            ["key", "unknown job 'drills'", "Did you mean 'drill'?"],
        ),
        (
            {},
            {"notifications": [{"name": "chat", "success": ["x"]}]},
            ["chat", "unknown job 'x'", "one of publish, drill"],
        ),
        (
            {"drill": {"survey": [{"variable": "drill_overrides", "type": "textarea"}]}},
            {},
            ["drill_overrides", "textarea", "text, multiplechoice, integer"],
        ),
    ],
)
def test_a_job_that_nobody_would_look_at_is_refused(said: Any, more: Any, words: list[str]) -> None:
    with pytest.raises(LifeboatError) as refused:
        planned(said, **more)
    assert [word for word in words if word not in str(refused.value)] == []


HERE = {"url": "https://example.com/rds", "branch": "main", "credential": ""}


@pytest.mark.parametrize(
    ("sites", "names"),
    [
        (HERE, ["Lifeboat"]),
        (HERE | {"credential": "other"}, ["Lifeboat"]),
        (HERE | {"branch": "sites"}, ["Lifeboat", "Lifeboat sites"]),
        (HERE | {"url": "https://example.com/sites"}, ["Lifeboat", "Lifeboat sites"]),
    ],
    ids=["the same", "another credential", "another branch", "another repository"],
)
def test_playbooks_and_sites_of_one_branch_are_one_project(sites: dict[str, str], names: list[str]) -> None:
    projects = projects_of("Lifeboat", HERE, sites)
    assert [one["name"] for one in projects] == names
    assert (projects[0]["url"], projects[-1]["url"]) == (HERE["url"], sites["url"])


@pytest.mark.parametrize(
    ("result", "needs"),
    [
        ({"failed": True, "msg": "Request returned 0 items, expected 1"}, True),
        ({"failed": True, "msg": "The project was not found"}, True),
        ({"failed": True, "msg": "'NoneType' object is not subscriptable"}, True),
        ({"failed": True, "msg": "Unauthorized"}, False),
        ({"failed": True}, False),
        ({"failed": False, "msg": "was not found"}, False),
    ],
    ids=["no item", "not found", "into nothing", "another failure", "without a reason", "a success"],
)
def test_only_a_missing_object_is_forgiven(result: dict[str, Any], needs: bool) -> None:
    assert needs_more(result) is needs
