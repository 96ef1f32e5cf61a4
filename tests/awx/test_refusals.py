# SPDX-License-Identifier: GPL-3.0-or-later
"""What does not fit is told before anything is made; and a stand-in that took everything would prove nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.awx.conftest import PLAYBOOKS, Configure
from tests.awx.standin import API, Awx
from tests.awx.variables import DEFAULTS, VARIABLES

JOB = {"awx_jobs": {"reap": DEFAULTS["awx_jobs"]["reap"]}, "awx_notifications": [], "awx_credentials": []}


def test_check_mode_says_that_everything_would_be_made_and_makes_nothing(awx: Awx, configure: Configure) -> None:
    done = configure(VARIABLES | JOB, "--check")
    assert done.code == 0, done.output
    assert (done.tasks_changed, awx.writes) == (8, [])


def test_bad_settings_stop_everything_before_the_first_write(awx: Awx, configure: Configure) -> None:
    done = configure(VARIABLES | JOB | {"awx_job_settings": {"reap": {"shedule": ""}}})
    assert done.code == 2
    assert "unknown setting 'shedule'. Did you mean 'schedule'?" in done.output
    assert awx.writes == []


def test_every_job_has_its_playbook() -> None:
    named = {job["playbook"] for job in DEFAULTS["awx_jobs"].values()}
    assert named <= set(PLAYBOOKS)


@pytest.fixture(scope="module")
def known() -> Awx:
    """Make an AWX with an organization, a project, an inventory and a job."""
    made = Awx(["playbooks/reap.yml"])
    for resource, body in {
        "organizations": {"name": "o"},
        "projects": {"name": "p", "organization": 3, "scm_type": "git", "scm_url": "https://example.com"},
        "inventories": {"name": "i", "organization": 3},
    }.items():
        assert made.answer("POST", f"{API}{resource}/", [], body)[0] == 201
    job = {"name": "j", "project": made.named("projects", "p")["id"], "playbook": "playbooks/reap.yml"}
    job["inventory"] = made.named("inventories", "i")["id"]
    assert made.answer("POST", f"{API}job_templates/", [], job)[0] == 201
    return made


RULE = "DTSTART:20260101T000000Z RRULE:FREQ=DAILY;INTERVAL=1"
QUESTION = {"variable": "v", "question_name": "q", "required": False, "type": "text"}


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("organizations", {"name": "o"}, "already exist"),
        ("organizations", {"name": "x", "nmae": "y"}, "Not a field"),
        ("organizations", {}, "This field is required"),
        ("inventories", {"name": "x", "organization": 99}, "object does not exist"),
        ("inventories", {"name": "x", "organization": 3, "kind": "clever"}, "not a valid choice"),
        ("job_templates", {"name": "x", "project": 4, "playbook": "reap.yml", "inventory": 6}, "Playbook not found"),
        ("job_templates", {"name": "x", "project": 4, "playbook": "playbooks/reap.yml"}, "ask to prompt on launch"),
        ("job_templates", {"name": "x", "timeout": "60"}, "Not a valid integer"),
        ("schedules", {"name": "s", "unified_job_template": 7, "rrule": "RRULE:FREQ=DAILY"}, "Valid DTSTART required"),
        ("schedules", {"name": "s", "unified_job_template": 7, "rrule": RULE[:-11]}, "INTERVAL required"),
        (
            "schedules",
            {"name": "s", "unified_job_template": 7, "rrule": RULE, "limit": "x"},
            "not configured to prompt",
        ),
        ("schedules", {"name": "s", "unified_job_template": 7, "rrule": RULE, "extra_data": {"x": 1}}, "not allowed"),
        (
            "credential_types",
            {"name": "t", "kind": "cloud", "injectors": {"env": {"X": "{{ tower.filename }}"}}},
            "undefined field",
        ),
        ("credential_types", {"name": "t", "kind": "cloud", "injectors": {"env": {"ANSIBLE_X": ""}}}, "may affect"),
        (
            "notification_templates",
            {"name": "n", "organization": 3, "notification_type": "slack", "notification_configuration": {"token": ""}},
            "Missing required fields",
        ),
        ("job_templates/7/survey_spec", {"name": "", "description": "", "spec": []}, "doesn't contain any"),
        (
            "job_templates/7/survey_spec",
            {"name": "", "description": "", "spec": [QUESTION | {"type": "yaml"}]},
            "is not one of",
        ),
    ],
)
def test_the_stand_in_refuses_what_awx_refuses(path: str, body: dict[str, Any], words: str, known: Awx) -> None:
    status, answer = known.answer("POST", f"{API}{path}/", [], body)
    assert status == 400
    assert words in str(answer)
