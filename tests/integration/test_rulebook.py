# SPDX-License-Identifier: GPL-3.0-or-later
"""Events start the work, and nothing depends on them: one real ansible-rulebook for all tests."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lifeboat_lab import Lab
from lifeboat_lab.testing import until
from tests.integration.play import DR, EAST, READS, ROLES, SOURCE, WEST, Run, play, snapshots
from tests.integration.rulebook import Rulebook, running
from tests.prepared import WITH_EVENTS, prepare

pytestmark = pytest.mark.story

PATIENCE = 120.0  # two runs of a playbook, on a machine that is busy with others
DATA = {"lifeboat_database_keys": []}
SOON, FIRST, SECOND, LOST, NEVER = (f"shop-{number:05}" for number in range(5))


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    durations = {"create": 0.0, "event": 0.0, "subscription": 0.0}
    with Lab(roles=ROLES, metadata_only=True, scale=1200, durations=durations) as started:
        started.admin("POST", "seed", {"account": "production", "prefix": "shop", "databases": 5, "snapshots": 0})
        prepare(started, "-e", json.dumps(WITH_EVENTS), evidence=tmp_path_factory.mktemp("prepared"))
        yield started


@pytest.fixture(scope="module")
def run(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Run]:
    folder = tmp_path_factory.mktemp("rulebook")

    def run(playbook: str, *arguments: str, **data: Any) -> Run:
        return play(lab, playbook, "-e", json.dumps(DATA | data), *arguments, evidence=folder)

    return run


@pytest.fixture(scope="module")
def rulebook(lab: Lab, run: Callable[..., Run]) -> Iterator[Rulebook]:
    """Start a rulebook that listens to the queue of the source site, with the rights of its role."""
    done = run("subscribe.yml", "--limit", "production")
    assert done.code == 0, done.output
    with running("lifeboat.rds.rds_events", lab.env()) as started:
        until(lambda: lab.calls(service="sqs", action="ReceiveMessage") or ended(started), PATIENCE)
        yield started


def ended(rulebook: Rulebook) -> bool:
    assert rulebook.process.poll() is None, rulebook.output
    return False


def take_snapshot(lab: Lab, *databases: str) -> None:
    """RDS takes its automated snapshots."""
    wanted = {"account": "production", "region": WEST, "databases": list(databases)}
    lab.admin("POST", "automated-snapshots", wanted)


def protected(lab: Lab) -> set[str]:
    """List the databases of which a copy has landed in the DR account."""
    return {row["Of"] for row in snapshots(lab, "production_dr", EAST) if row["Status"] == "available"}


def copies(lab: Lab, account: str, database: str) -> int:
    """How often a copy of this database was begun."""
    calls = lab.calls(account=account, action="CopyDBSnapshot")
    return len([call for call in calls if f"lifeboat-{database}-" in json.dumps(call["resources"])])


def newest_call(lab: Lab) -> int:
    return int(lab.calls(limit=1)[-1]["sequence"])


def writes_to_rds(lab: Lab, since: int = 0) -> list[str]:
    """List what was asked of RDS after a call and could change something."""
    calls = [call for call in lab.calls(service="rds") if call["sequence"] > since]
    return [call["action"] for call in calls if not call["action"].startswith(READS)]


def tell(lab: Lab, *bodies: str) -> None:
    """Put something into the queue past RDS and its topic, as nobody may."""
    sqs = lab.client("production", "sqs", WEST)
    url = sqs.get_queue_url(QueueName="lifeboat-events")["QueueUrl"]
    for body in bodies:
        sqs.send_message(QueueUrl=url, MessageBody=body)


def event(number: str, arn: str, **more: Any) -> str:
    """Write an event with hostile text wherever there is room for it."""
    touch = "{{ lookup('ansible.builtin.pipe', 'touch ' ~ lookup('ansible.builtin.env', 'LAB_HOME') ~ '/touched') }}"
    told = {"Event ID": f"http://x#RDS-EVENT-{number}", "Source ARN": arn, "Source ID": touch, "Event Message": touch}
    return json.dumps(told | {"Tags": {touch: touch, "$(id)": "`id`"}} | more)


def source(kind: str, name: str) -> str:
    return f"arn:aws:rds:{WEST}:{SOURCE}:{kind}:{name}"


# -- what arrives ----------------------------------------------------------------------------------------------------


def test_a_finished_snapshot_is_soon_protected_in_the_dr_account(
    lab: Lab, rulebook: Rulebook, capsys: pytest.CaptureFixture[str]
) -> None:
    assert protected(lab) == set()
    begun = time.monotonic()
    take_snapshot(lab, SOON)
    until(lambda: SOON in protected(lab) or ended(rulebook), PATIENCE)
    took = time.monotonic() - begun
    with capsys.disabled():
        sys.stdout.write(f"\nevents: protected in the DR account {took:.1f} s after RDS took its snapshot\n")
    assert took < PATIENCE
    # The first run copies, and the copy's own event starts the one that hands it over.
    assert rulebook.said(r"'(.*): publish (.*)'$") == [("snapshot_created", SOON), ("copy_finished", SOON)]
    assert set(rulebook.runs()) == {"0"}


def test_a_run_is_limited_to_the_database_of_its_event(lab: Lab, rulebook: Rulebook) -> None:
    named = {resource for call in lab.calls(action="Copy*") for resource in call["resources"]}
    copied = {one for one in named if ":snapshot:" in one}
    assert len(copied) > 0
    assert [one for one in copied if SOON not in one] == []
    # Nothing was deleted: that is left to schedules, whoever could forge an event.
    assert [one for one in writes_to_rds(lab) if one.startswith(("Delete", "Remove"))] == []


def test_plain_text_garbage_and_what_is_late_are_harmless(lab: Lab, rulebook: Rulebook) -> None:
    before = newest_call(lab)
    tell(
        lab,
        "You have chosen to subscribe to the topic",
        "{",
        "null",
        "[]",
        '"RDS-EVENT-0091"',
        "7",
        '{"body": {"rds": {"happened": "snapshot_created", "about": "x"}}}',
        event("9999", source("db", SOON)),
        event("0091", source("snapshot", "rds:shop; touch x-2026-11-26-03-05")),
        event("0091", source("snapshot", "{{ lookup('pipe', 'id') }}")),
        event("0091", f"arn:aws:rds:{WEST}:999999999999:snapshot:rds:{SOON}-2026-11-26-03-05"),
        event("0091", source("snapshot", "rds:gone-2026-11-26-03-05")),
    )
    # Two of them are legal: a database that is gone, and a site that is not in the inventory. Nothing is done.
    until(lambda: "'snapshot_created: nothing to do'" in rulebook.output or ended(rulebook), PATIENCE)
    until(lambda: len(rulebook.runs()) in (6, 8) or ended(rulebook), PATIENCE)
    assert set(rulebook.runs()) == {"0"}
    assert writes_to_rds(lab, before) == []
    assert not (lab.home / "touched").exists()
    assert "touch" not in rulebook.output


def test_doubled_late_and_reordered_events_copy_nothing_twice(lab: Lab, rulebook: Rulebook) -> None:
    before = len(rulebook.said(r"^PLAY \[Find out what an event is about\]"))
    with (
        lab.fault("event-doubled", count=None),
        lab.fault("event-reordered", resource=f"rds:{FIRST}*"),
        lab.fault("event-late", resource=f"rds:{SECOND}*", seconds=2),
    ):
        take_snapshot(lab, FIRST, SECOND, NEVER)
        until(lambda: {FIRST, SECOND, NEVER} <= protected(lab) or ended(rulebook), PATIENCE)
    for database in (FIRST, SECOND, NEVER):
        assert (copies(lab, SOURCE, database), copies(lab, DR, database)) == (1, 1)
    # Twelve events at least, and what comes together starts one run.
    assert len(rulebook.said(r"^PLAY \[Find out what an event is about\]")) - before <= 6
    assert set(rulebook.runs()) == {"0"}


# -- what does not ---------------------------------------------------------------------------------------------------


def test_a_lost_event_is_healed_by_the_next_scheduled_pass(
    lab: Lab, rulebook: Rulebook, run: Callable[..., Run]
) -> None:
    with lab.fault("event-lost", count=None):
        take_snapshot(lab, LOST)
        told = lab.client("production", "rds", WEST).describe_events(SourceType="db-snapshot")["Events"]
        assert [one["SourceIdentifier"] for one in told if LOST in one["SourceIdentifier"]]
        assert LOST not in protected(lab)
        done = run("protect.yml")
    assert done.code == 0, done.output
    assert LOST in protected(lab)
    assert LOST not in rulebook.output


# -- what is only looked at ------------------------------------------------------------------------------------------


def test_a_look_shows_the_database_of_the_event_and_no_other(
    lab: Lab, rulebook: Rulebook, run: Callable[..., Run]
) -> None:
    before = newest_call(lab)
    about = f"{SOURCE}/{WEST}/database/{LOST}"
    done = run("on_event.yml", on_event_happened="storage_low", on_event_about=about)
    assert done.code == 0, done.output
    assert LOST in done.output
    assert [one for one in (SOON, FIRST) if one in done.output] == []
    assert writes_to_rds(lab, before) == []


def test_a_copy_that_ends_at_the_dr_site_starts_what_waits_for_its_slot_there(
    lab: Lab, rulebook: Rulebook, run: Callable[..., Run]
) -> None:
    (row,) = [row for row in snapshots(lab, "production_dr", EAST) if row["Of"] == SOON]
    about = f"{DR}/{EAST}/digest/{row['Name'].rpartition('-')[2]}"
    done = run("on_event.yml", on_event_happened="copy_finished", on_event_about=about)
    assert done.code == 0, done.output
    assert "'copy_finished: nothing to do'" in done.output
    assert f"'copy_finished: replicate {SOON}'" in done.output


def test_that_the_last_copy_was_deleted_is_a_failure(lab: Lab, rulebook: Rulebook, run: Callable[..., Run]) -> None:
    (row,) = [row for row in snapshots(lab, "production_dr", EAST) if row["Of"] == NEVER]
    lab.client("production_dr", "rds", EAST).delete_db_snapshot(DBSnapshotIdentifier=row["Name"])
    digest = row["Name"].rpartition("-")[2]
    done = run("on_event.yml", on_event_happened="snapshot_deleted", on_event_about=f"{DR}/{EAST}/digest/{digest}")
    assert done.code != 0
    assert f"holds no recovery point any more of what has the digest {digest}" in " ".join(done.output.split())


def test_the_rulebook_still_runs_has_logged_no_error_and_copied_nothing_twice(lab: Lab, rulebook: Rulebook) -> None:
    assert not ended(rulebook)
    for database in (SOON, FIRST, SECOND, LOST, NEVER):
        assert (copies(lab, SOURCE, database), copies(lab, DR, database)) == (1, 1)
    # Its source says so of every message that is no JSON.
    assert [line for line in rulebook.lines if " ERROR " in line and "storing raw value" not in line] == []
