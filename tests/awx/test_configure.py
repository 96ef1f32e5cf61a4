# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/awx.yml makes everything once, changes exactly what differs, and shows no secret."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
import yaml

from tests.awx.conftest import ROOT, Configure, Done
from tests.awx.standin import Awx
from tests.awx.variables import DEFAULTS, KEY, PASSWORD, TOKEN, VARIABLES

# What a change is about, so that the others need not be looked at.
(CREDENTIAL, KEY_OF_DRILLS), (CHAT, _HOOK) = VARIABLES["awx_credentials"], VARIABLES["awx_notifications"]
ONE_JOB = VARIABLES | {
    "awx_jobs": {"prune": DEFAULTS["awx_jobs"]["prune"]},
    "awx_credentials": [CREDENTIAL | {"jobs": ["prune"]}],
    "awx_notifications": [CHAT | {"success": []}],
}
# A job with a schedule, and what a workflow is made of.
FEW = VARIABLES | {
    "awx_jobs": {name: DEFAULTS["awx_jobs"][name] for name in ("prune", "drill", "recover")},
    "awx_credentials": [CREDENTIAL | {"jobs": ["prune"]}, KEY_OF_DRILLS],
}


@pytest.fixture(scope="module")
def made(configure: Configure) -> Done:
    return configure(VARIABLES, "-v")


@pytest.fixture(scope="module")
def everything(made: Done, awx: Awx) -> Any:
    return deepcopy((awx.items, awx.links))


@pytest.fixture(autouse=True)
def _as_it_was_made(everything: Any, awx: Awx) -> None:
    """Let each test find AWX as the first run left it."""
    awx.items, awx.links = deepcopy(everything)


def test_makes_everything(made: Done, awx: Awx) -> None:
    assert made.code == 0, made.output
    jobs = [row["name"] for row in awx.items["job_templates"].values()]
    assert jobs == [f"Lifeboat {name}" for name in DEFAULTS["awx_jobs"]]
    scheduled = {row["name"]: row["rrule"] for row in awx.items["schedules"].values()}
    rules = {name: job["schedule"] for name, job in DEFAULTS["awx_jobs"].items() if "schedule" in job}
    assert scheduled == {f"Lifeboat {name}": rule for name, rule in rules.items()}


def test_one_job_of_a_kind_at_a_time(made: Done, awx: Awx) -> None:
    kinds = ("job_templates", "workflow_job_templates")
    assert not any(row["allow_simultaneous"] for kind in kinds for row in awx.items[kind].values())


def test_a_launch_asks_for_check_mode_only_where_something_is_written(made: Done, awx: Awx) -> None:
    always = {"ask_limit_on_launch", "ask_timeout_on_launch", "ask_verbosity_on_launch"}
    for name, job in DEFAULTS["awx_jobs"].items():
        row = awx.named("job_templates", f"Lifeboat {name}")
        asks = {field for field, value in row.items() if field.startswith("ask_") and value}
        writing = {"ask_job_type_on_launch", "ask_diff_mode_on_launch"} if job.get("writes", True) else set()
        assert asks == always | writing, name


def test_every_job_ends_by_itself(made: Done, awx: Awx) -> None:
    timeouts = {row["name"]: row["timeout"] for row in awx.items["job_templates"].values()}
    assert timeouts == {f"Lifeboat {name}": job["timeout"] for name, job in DEFAULTS["awx_jobs"].items()}
    assert min(timeouts.values()) > 0


def test_only_what_needs_no_other_site_is_sliced(made: Done, awx: Awx) -> None:
    sliced = {row["name"] for row in awx.items["job_templates"].values() if row["job_slice_count"] == 4}
    assert sliced == {"Lifeboat publish", "Lifeboat prune", "Lifeboat reap"}


def test_a_job_has_the_credentials_that_it_needs_and_no_others(made: Done, awx: Awx) -> None:
    found = {name: awx.linked("job_templates", f"Lifeboat {name}", "credentials") for name in DEFAULTS["awx_jobs"]}
    assert {name: ways for name, ways in found.items() if ways} == {
        "publish": ["Lifeboat publish profiles"],
        "prune": ["Lifeboat publish profiles"],
        "drill": ["Lifeboat signing key"],
    }


def test_failures_are_told_and_successes_where_wanted(made: Done, awx: Awx) -> None:
    def told(job: str, when: str) -> list[str]:
        return awx.linked("job_templates", f"Lifeboat {job}", f"notification_templates_{when}")

    assert told("reap", "error") == ["Lifeboat chat"]
    assert sorted(told("drill", "error")) == ["Lifeboat chat", "Lifeboat hook"]
    assert (told("reap", "success"), told("drill", "success")) == ([], ["Lifeboat chat"])
    workflow = "Lifeboat drill, approve, recover"
    for link in ("notification_templates_approvals", "notification_templates_error"):
        assert sorted(awx.linked("workflow_job_templates", workflow, link)) == ["Lifeboat chat", "Lifeboat hook"]


def test_recovery_needs_a_verified_drill_and_a_persons_word(made: Done, awx: Awx) -> None:
    nodes = {row["identifier"]: row for row in awx.items["workflow_job_template_nodes"].values()}
    runs = {name: awx.get("unified_job_templates", node["unified_job_template"]) for name, node in nodes.items()}
    assert {name: run["name"] for name, run in runs.items()} == {
        "drill": "Lifeboat drill",
        "approve": "Lifeboat recover?",
        "recover": "Lifeboat recover",
    }
    assert runs["approve"]["timeout"] == DEFAULTS["awx_approval_timeout"]
    links = {name: awx.linked("workflow_job_template_nodes", name, "success_nodes") for name in nodes}
    assert links == {"drill": ["approve"], "approve": ["recover"], "recover": []}


def test_the_workflow_asks_for_both_jobs(made: Done, awx: Awx) -> None:
    (workflow,) = awx.items["workflow_job_templates"].values()
    asked = [question["variable"] for question in workflow["survey_spec"]["spec"]]
    wanted = [question["variable"] for job in ("drill", "recover") for question in DEFAULTS["awx_jobs"][job]["survey"]]
    assert asked == wanted


def test_shows_no_secret(made: Done) -> None:
    assert [secret for secret in (PASSWORD, TOKEN, KEY) if secret in made.output] == []


def test_no_answer_for_one_job_of_the_workflow_means_something_to_the_other(awx: Awx) -> None:
    """AWX tells both all of them, as extra variables, which outweigh whatever one role hands to another."""
    drill, recover = (
        {question["variable"] for question in DEFAULTS["awx_jobs"][job]["survey"]} for job in ("drill", "recover")
    )
    handed = yaml.safe_load((ROOT / "roles/recover/tasks/main.yml").read_text(encoding="utf-8"))[0]["vars"]
    assert drill.isdisjoint(handed)
    assert drill.isdisjoint(recover)


def test_has_nothing_to_do_the_second_time(made: Done, configure: Configure) -> None:
    again = configure(VARIABLES)
    assert (again.code, again.tasks_changed) == (0, 0), again.output


@pytest.mark.parametrize("check", [True, False], ids=["in check mode", "for real"])
def test_changes_exactly_what_differs(check: bool, made: Done, awx: Awx, configure: Configure) -> None:
    schedule = awx.named("schedules", "Lifeboat prune")
    said = {"awx_job_settings": {"prune": {"schedule": "DTSTART:20260101T040000Z RRULE:FREQ=DAILY;INTERVAL=2"}}}
    done = configure(ONE_JOB | said, *(["--check"] if check else []))
    assert (done.code, done.changed) == (0, ["prune"]), done.output
    assert awx.writes == ([] if check else [f"PATCH schedules/{schedule['id']}"])


def test_a_job_that_goes_takes_its_schedule_along(made: Done, awx: Awx, configure: Configure) -> None:
    done = configure(ONE_JOB | {"awx_job_settings": {"prune": {"state": "absent"}}})
    assert (done.code, done.changed) == (0, ["prune"]), done.output
    assert "Lifeboat prune" not in {
        row["name"] for kind in ("job_templates", "schedules") for row in awx.items[kind].values()
    }


def test_a_workflow_goes_with_its_recovery(made: Done, awx: Awx, configure: Configure) -> None:
    two = {name: DEFAULTS["awx_jobs"][name] for name in ("drill", "recover")}
    said = VARIABLES | {"awx_jobs": two, "awx_credentials": [], "awx_notifications": []}
    gone = {"awx_job_settings": {"recover": {"state": "absent"}}}
    done = configure(said | gone, "--check")
    assert (done.code, awx.writes) == (0, []), done.output
    assert "recover" in done.changed
    done = configure(said | gone)
    assert done.code == 0, done.output
    assert [awx.items[kind] for kind in ("workflow_job_templates", "workflow_job_template_nodes")] == [{}, {}]
    links = ("credentials", "notification_templates_error", "notification_templates_success")
    assert [awx.linked("job_templates", "Lifeboat drill", link) for link in links] == [[], [], []], (
        "nobody says so any more"
    )


def test_everything_that_runs_is_removed_at_once(made: Done, awx: Awx, configure: Configure) -> None:
    done = configure(VARIABLES | {"awx_state": "absent"})
    assert done.code == 0, done.output
    assert [awx.items[kind] for kind in ("workflow_job_templates", "job_templates", "schedules")] == [{}, {}, {}]
    assert configure(FEW | {"awx_state": "absent"}).tasks_changed == 0
