# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.lifeboat.rds.plugins.module_utils._core.evidence.document import (
    COLLECTION_VERSION,
    DrillFacts,
    document,
    not_tested,
    summary,
    table,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.evidence.judge import (
    drill_verdict,
    judge_database,
    judge_drill,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.evidence.shape import scrub

ROOT = Path(__file__).parents[4]
STARTED = datetime(2026, 11, 23, 14, 0, tzinfo=timezone.utc)
PASSED = [
    {"check": "connection", "status": "passed", "seconds": 0.1},
    {"check": "rows", "status": "passed", "seconds": 0.3},
]
CHECK = {"verdict": "verified", "reason": "", "checks": PASSED}
PHASES = {"choose": 1, "restore_call": 2, "available": 56}

Row = dict[str, Any]


def facts(**changes: Any) -> Row:
    """Build a database for which everything went well, apart from the changes."""
    good: Row = {
        "name": "orders",
        "kind": "instance",
        "recovery_point_arn": "arn",
        "original_time": "2026-11-23T12:00:00Z",
        "objectives": {"rpo": 7200, "rto": 100},
        "restore": {"status": "restored", "phases": PHASES},
        "credentials": {"status": "set", "seconds": 40.6},
        "check": CHECK,
        "teardown": {"status": "deleted"},
    }
    return good | changes


def restore(**phases: Any) -> Row:
    return {"status": "restored", "phases": {**PHASES, **phases}}


def verdict(**changes: Any) -> tuple[str, str]:
    judged = judge_database(facts(**changes), STARTED)
    return judged.verdict, judged.reason


def test_a_database_of_which_everything_went_well_is_verified() -> None:
    assert judge_database(facts(), STARTED).as_result() == {
        "name": "orders",
        "verdict": "verified",
        "reason": "",
        "recovery_point_arn": "arn",
        "rpo_seconds": 7200,
        "rpo_newest_row_seconds": None,
        "rto_connect_seconds": 99.7,
        "rto_validated_seconds": 100.0,
        "rto_phases": {**PHASES, "credentials": 40.6, "reachable": 0.1, "checked": 0.3},
        "checks_passed": 2,
        "checks_total": 2,
        "warnings": [],
    }


@pytest.mark.parametrize("piece", ["restore", "credentials", "check", "teardown"])
@pytest.mark.parametrize("value", [None, {}], ids=["null", "empty"])
def test_what_is_missing_is_unverified(piece: str, value: Row | None) -> None:
    assert verdict(**{piece: value, "objectives": None}) == ("unverified", f"nothing is known of the {piece}")


@pytest.mark.parametrize(
    ("changes", "expected", "reason"),
    [
        pytest.param({"restore": {"status": "failed", "reason": "no capacity"}}, "failed",
                     "restore failed: no capacity", id="restore-failed"),
        pytest.param({"restore": {"status": "in flight"}}, "unverified", "restore is in flight",
                     id="restore-in-flight"),
        pytest.param({"restore": {"status": "splendid"}}, "unverified", "restore is splendid", id="restore-unknown"),
        pytest.param({"restore": {"seconds": 1}}, "unverified", "nothing is known of the restore", id="no-status"),
        pytest.param({"credentials": {"status": "failed", "reason": "denied"}}, "unverified",
                     "credentials is failed: denied", id="credentials-failed"),
        pytest.param({"check": CHECK | {"verdict": "failed", "reason": "rows orders: too few"}}, "failed",
                     "rows orders: too few", id="check-failed"),
        pytest.param({"check": CHECK | {"verdict": "unverified", "reason": "refused"}}, "unverified", "refused",
                     id="check-unverified"),
        pytest.param({"check": CHECK | {"verdict": "splendid"}}, "unverified", "the check's verdict is splendid",
                     id="check-unknown"),
        pytest.param({"check": CHECK | {"verdict": None}}, "unverified", "the check's verdict is None",
                     id="no-verdict"),
        pytest.param({"check": CHECK | {"checks": []}}, "unverified", "no check looked at its data", id="no-checks"),
        pytest.param({"check": CHECK | {"checks": PASSED[:1]}}, "unverified", "no check looked at its data",
                     id="connection-alone"),
        pytest.param({"check": CHECK | {"checks": [*PASSED, {"check": "canary", "status": "failed"}]}}, "failed",
                     "canary: failed", id="a-row-says-worse-than-the-verdict"),
        pytest.param({"check": CHECK | {"checks": [*PASSED, {"check": "canary", "status": "skipped"}]}}, "unverified",
                     "canary: skipped", id="a-skipped-row-is-no-pass"),
        pytest.param({"teardown": {"status": "left", "reason": "deletion protection"}}, "failed",
                     "left behind, teardown left: deletion protection", id="left-behind"),
        pytest.param({"teardown": {"status": "not started"}}, "failed", "left behind, teardown not started",
                     id="teardown-not-started"),
        pytest.param({"objectives": {"rpo": 7199}}, "failed", "RPO 2 h is over the objective of 1 h 59 min",
                     id="rpo-missed"),
        pytest.param({"objectives": {"rto": 99}}, "failed", "RTO 1 min 40 s is over the objective of 1 min 39 s",
                     id="rto-missed"),
        pytest.param({"original_time": None}, "unverified", "RPO could not be measured", id="rpo-unknown"),
        pytest.param({"original_time": "noon"}, "unverified", "RPO could not be measured", id="rpo-of-no-time"),
        pytest.param({"original_time": "2026-11-23T12:00:00"}, "unverified", "RPO could not be measured",
                     id="rpo-of-a-time-without-zone"),
        pytest.param({"original_time": "2026-11-23T14:00:01Z"}, "unverified", "RPO could not be measured",
                     id="a-recovery-point-from-after-the-start"),
        pytest.param({"restore": {"status": "restored"}}, "unverified", "RTO could not be measured", id="rto-unknown"),
        pytest.param({"restore": restore(choose="soon")}, "unverified", "RTO could not be measured",
                     id="rto-of-no-number"),
        pytest.param({"restore": restore(choose=-1)}, "unverified", "RTO could not be measured",
                     id="rto-of-a-negative-time"),
        pytest.param({"restore": restore(choose=444.4), "credentials": {"status": "set"}}, "failed",
                     "RTO 8 min 22 s is over the objective of 1 min 40 s", id="rto-missed-before-the-end"),
    ],
)  # fmt: skip
def test_each_thing_that_speaks_against_a_database_is_told_with_its_verdict(
    changes: Row, expected: str, reason: str
) -> None:
    assert verdict(**changes) == (expected, reason)


@pytest.mark.parametrize("objectives", [None, {}, {"rpo": None, "rto": None}], ids=["none", "empty", "nulls"])
def test_without_objectives_the_times_are_only_reported(objectives: Row | None) -> None:
    assert verdict(objectives=objectives, original_time=None) == ("verified", "")


def test_what_was_accepted_without_a_look_at_its_data_is_unverified_and_says_so() -> None:
    reason = "no check looked at its data; its definition says accept_unverified"
    assert verdict(accept_unverified=True, check=CHECK | {"checks": PASSED[:1]}, objectives=None) == (
        "unverified", reason,
    )  # fmt: skip


def test_what_follows_a_failed_step_is_not_reported_as_missing() -> None:
    changes = {"restore": {"status": "failed"}, "credentials": None, "check": None, "objectives": None}
    assert verdict(**changes) == ("failed", "restore failed")


def test_a_missing_teardown_counts_whatever_came_before() -> None:
    changes = {"restore": {"status": "in flight"}, "credentials": None, "check": None, "teardown": None}
    reason = "restore is in flight; nothing is known of the teardown"
    assert verdict(**changes, objectives=None) == ("unverified", reason)


def test_all_failures_are_told_and_what_is_only_unverified_is_not() -> None:
    changes = {"objectives": {"rpo": 60}, "teardown": {"status": "left"}, "credentials": {"status": "failed"}}
    assert verdict(**changes) == ("failed", "left behind, teardown left; RPO 2 h is over the objective of 1 min")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"teardown": {"status": "kept"}}, ("verified", ""), id="kept"),
        pytest.param({"teardown": {"status": "deleted", "reason": "it is gone"}},
                     ("failed", "not kept, teardown deleted: it is gone"), id="gone"),
        pytest.param({"teardown": None}, ("unverified", "nothing is known of the teardown"), id="nobody-knows"),
        pytest.param({"restore": {"status": "failed"}, "teardown": {"status": "deleted"}, "objectives": None},
                     ("failed", "restore failed"), id="nothing-to-keep"),
    ],
)  # fmt: skip
def test_a_recovery_is_to_stay(changes: Row, expected: tuple[str, str]) -> None:
    judged = judge_database(facts(**changes), STARTED, purpose="recovery")
    assert (judged.verdict, judged.reason) == expected


def test_what_a_drill_keeps_is_left_behind() -> None:
    assert verdict(teardown={"status": "kept"}) == ("failed", "left behind, teardown kept")


PROBLEM = {"database": "orders", "reason": "the check host was unreachable", "verdict": "unverified"}


@pytest.mark.parametrize(
    ("databases", "problems", "expected"),
    [
        pytest.param([facts()], [], "verified", id="all-verified"),
        pytest.param([], [], "unverified", id="no-database-proves-nothing"),
        pytest.param([facts(), facts(check=None)], [], "unverified", id="one-unverified"),
        pytest.param([facts(check=None), facts(restore={"status": "failed"})], [], "failed", id="one-failed"),
        pytest.param([facts()], [PROBLEM], "unverified", id="a-problem-of-a-database"),
        pytest.param([facts()], [PROBLEM | {"database": None}], "unverified", id="a-problem-of-the-drill"),
        pytest.param([facts()], [PROBLEM | {"database": "gone"}], "unverified", id="a-problem-of-an-unknown-database"),
        pytest.param([facts()], [PROBLEM, PROBLEM | {"verdict": "failed"}], "failed", id="a-failing-problem"),
        pytest.param([], [PROBLEM | {"verdict": "failed"}], "failed", id="failed-before-any-database"),
    ],
)
def test_a_drill_is_verified_only_when_nothing_speaks_against_it(
    databases: list[Row], problems: list[Row], expected: str
) -> None:
    assert drill_verdict(judge_drill(databases, problems, STARTED), problems) == expected


def test_a_problem_is_told_with_its_database_only() -> None:
    first, second = judge_drill([facts(), facts(name="billing")], [PROBLEM], STARTED)
    assert (first.reason, second.reason) == ("the check host was unreachable", "")


def test_the_table_is_aligned_and_tells_why() -> None:
    lost = {**restore(), "status": "lost"}
    databases = [facts(), facts(name="catalogue", restore=lost, check=None, objectives=None)]
    problems = [{"database": None, "reason": "two lines\nof text", "verdict": "failed"}]
    assert table(judge_drill(databases, problems, STARTED), problems) == [
        "database   verdict     RPO  RTO-connect  RTO-validated  restore  credentials  checks  reason",
        "orders     verified    2 h  1 min 39 s   1 min 40 s     59 s     40 s         2/2",
        "catalogue  unverified  2 h  -            -              59 s     40 s         0/0     restore is lost",
        "failed: two lines\\nof text",
    ]


def test_the_table_is_made_of_printable_lines_whatever_it_is_told() -> None:
    hostile = "\x1b[2J\n\u202e" + "x" * 1_000_000
    databases = [facts(name=hostile, restore={"status": hostile, "reason": hostile}, check={"reason": hostile})]
    problems = [{"database": hostile, "reason": hostile, "verdict": "failed"}]
    lines = table(judge_drill(databases, problems, STARTED), problems)
    assert all(line.isprintable() and len(line) < 3000 for line in lines)


def test_the_last_line_says_it_all() -> None:
    judged = judge_drill([facts(), facts(check=None)], [], STARTED)
    assert summary("drill", "d1", judged, []) == "lifeboat drill d1: UNVERIFIED (1 of 2 verified)"


def test_nothing_named_like_a_secret_is_kept() -> None:
    given = {
        "credentials": {"status": "set", "password": "x", "MasterUserPassword": "x"},
        "rows": [{"client_secret": "x", "token": {"a": "x"}, "kept": [("x-not", {"apiToken": "x"})]}],
        "aws_secret_access_key": "x",
        "passphrase": "x",
        "private-key": "x",
        "privatekey": "x",
        "checks_passed": 5,
    }
    kept = [["x-not", {}]]
    assert scrub(given) == {"credentials": {"status": "set"}, "rows": [{"kept": kept}], "checks_passed": 5}


def test_a_text_in_the_document_is_one_printable_line_whatever_somebody_wrote_into_a_row() -> None:
    hostile = "</script>'\";\x1b[2J\n\u202e" + "x" * 1_000_000
    kept = scrub({hostile: [hostile, 5, None, True]})
    ((key, (value, *others)),) = kept.items()
    assert key.isprintable() and value.isprintable() and len(key) == len(value) == 2000
    assert others == [5, None, True]


def test_the_table_says_that_a_stand_in_is_not_a_cluster() -> None:
    (told,) = [line for line in not_tested([facts(kind="cluster", restored_kind="instance")]) if "DB" in line]
    assert told == "orders: it is a DB cluster, but a DB instance was restored."


def test_the_document_says_which_part_of_a_configuration_was_not_proven() -> None:
    told = not_tested([facts(unlike=["class: db.t4g.medium instead of db.r6g.large"])])
    assert "orders: its configuration (class: db.t4g.medium instead of db.r6g.large)." in told


def test_the_document_says_what_was_not_tested() -> None:
    skipped = CHECK | {"checks": [*PASSED, {"check": "canary", "status": "skipped"}]}
    told = [line for line in not_tested([facts(check=skipped)]) if line.startswith("orders")]
    assert told == [
        "orders: no check of tables.",
        "orders: no check of structure.",
        "orders: no check of freshness.",
        "orders: no check of checksum.",
        "orders: no check of canary.",
        "orders: no check of query.",
        "orders: no check of integrity.",
    ]


def test_the_document_holds_the_facts_and_the_conclusions() -> None:
    drill = DrillFacts(
        purpose="drill",
        drill_id="d1",
        name="quarterly",
        who={"user": "ops", "token": "x"},
        controls=[],
        started=STARTED,
        started_clock="aws",
        site={"account_id": "222222222222", "region": "us-east-1"},
        databases=[facts(restore={**restore(), "password": "x"}, checked_on="bastion")],
        problems=[],
    )
    judged = judge_drill(drill.databases, [], STARTED)
    written = document(drill, judged, finished=STARTED, tool={"python": "3.11"})
    (database,) = written.pop("databases")
    assert len(written.pop("not_tested")) == 9
    assert set(written.pop("clocks")) >= {"started", "finished", "rpo_seconds", *database["rto_phases"]}
    assert written == {
        "document": "drill",
        "version": 1,
        "verdict": "verified",
        "drill_id": "d1",
        "name": "quarterly",
        "site": {"account_id": "222222222222", "region": "us-east-1"},
        "who": {"user": "ops"},
        "controls": [],
        "history": None,
        "signed_by": None,
        "started": "2026-11-23T14:00:00Z",
        "finished": "2026-11-23T14:00:00Z",
        "tool": {"python": "3.11"},
        "problems": [],
    }
    assert (database["verdict"], database["check"], database["restore"], database["checked_on"]) == (
        "verified", CHECK, restore(), "bastion",
    )  # fmt: skip


def test_the_version_is_that_of_the_collection() -> None:
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
    assert galaxy["version"] == COLLECTION_VERSION
