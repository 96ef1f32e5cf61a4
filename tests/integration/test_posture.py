# SPDX-License-Identifier: GPL-3.0-or-later
"""The posture of all sites: before anything is protected, after a drill, and with a side lost."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from lifeboat_lab import Lab
from tests.documentation import code_blocks
from tests.integration.play import DR, EAST, ROOT, SOURCE, WEST, Run, forget_calls, play, writes
from tests.schemas import read_evidence

Row = dict[str, Any]
NAMES = ["billing", "catalog", "events", "orders"]
ALARMS = """
- hosts: lifeboat_dr
  gather_facts: false
  module_defaults:
    group/amazon.aws.aws:
      profile: "{{ lifeboat_profiles.prepare }}"
      region: "{{ lifeboat_region }}"
  tasks:
"""


def report(run: Callable[..., Run], *arguments: str, code: int = 0) -> tuple[Run, Row]:
    """Run a posture, and read the document that it wrote."""
    done = run("posture.yml", *arguments)
    assert done.code == code, done.output
    return done, read_evidence(document_of(done))


def document_of(done: Run) -> Path:
    return Path(re.findall(r"^ *- (/\S+/posture-\S+\.json)$", done.output, re.MULTILINE)[-1])


def states(posture: Row) -> dict[str, bool | None]:
    return {one["database"]: one["protected"] for one in posture["databases"]}


def numbers(lab: Lab, metric: str) -> dict[str, float]:
    """Map each database to the newest number of a metric."""
    cloudwatch = lab.client("production_dr", "cloudwatch", EAST)
    listed = cloudwatch.list_metrics(Namespace="Lifeboat", MetricName=metric)["Metrics"]
    dimensions = {tuple((one["Name"], one["Value"]) for one in found["Dimensions"]) for found in listed}
    return {
        dict(pairs).get("Database", ""): newest(cloudwatch, metric, [{"Name": n, "Value": v} for n, v in pairs])
        for pairs in dimensions
    }


def newest(cloudwatch: Any, metric: str, dimensions: list[Row]) -> float:
    now = datetime.now(timezone.utc)
    stat = {"Metric": {"Namespace": "Lifeboat", "MetricName": metric, "Dimensions": dimensions}, "Period": 1}
    asked = [{"Id": "a", "MetricStat": {**stat, "Stat": "Maximum"}}]
    window = {"StartTime": now - timedelta(hours=1), "EndTime": now + timedelta(minutes=1)}
    answer = cloudwatch.get_metric_data(MetricDataQueries=asked, **window)["MetricDataResults"][0]
    return float(max(zip(answer["Timestamps"], answer["Values"], strict=True))[1])


@contextmanager
def dark(lab: Lab, account: str) -> Iterator[None]:
    lab.admin("POST", "dark", {"account": account, "dark": True})
    try:
        yield
    finally:
        lab.admin("POST", "dark", {"account": account, "dark": False})


@pytest.fixture(scope="module")
def alarmed(lab: Lab, evidence: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """CloudWatch with the alarms of docs/posture.md, when a day is 24 minutes: whether they come to these states."""
    (block,) = code_blocks((ROOT / "docs" / "posture.md").read_text(encoding="utf-8"), "yaml")
    playbook = tmp_path_factory.mktemp("alarms") / "alarms.yml"
    playbook.write_text(ALARMS + re.sub("^", "    ", block, flags=re.MULTILINE), encoding="utf-8")
    lab.admin("PATCH", "settings", {"alarm_scale": 60})
    done = play(lab, str(playbook), evidence=evidence)
    assert done.code == 0, done.output
    cloudwatch = lab.client("production_dr", "cloudwatch", EAST)

    def become(wanted: dict[str, str]) -> bool:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            found = {one["MetricName"]: one["StateValue"] for one in cloudwatch.describe_alarms()["MetricAlarms"]}
            if found == wanted:
                return True
            time.sleep(0.2)
        return False

    return become


@pytest.fixture(scope="module")
def before(lab: Lab, evidence: Path) -> Row:
    """Report the posture before anything is protected."""
    done, found = report(lambda *arguments: play(lab, *arguments, evidence=evidence), code=2)
    assert "The posture is failed: 4 unprotected." in done.on_one_line()
    return found


@pytest.fixture(scope="module")
def protected(lab: Lab, evidence: Path, before: Row, alarmed: Any) -> Run:
    """Protect the shop, verify it with a drill, and report it."""
    assert alarmed({"NeverVerified": "ALARM", "LastVerifiedDrillAge": "INSUFFICIENT_DATA"})
    for playbook in ("protect.yml", "drill.yml"):
        done = play(lab, playbook, evidence=evidence)
        assert done.code == 0, done.output
    done = play(lab, "posture.yml", evidence=evidence)
    assert done.code == 0, done.output
    return done


def test_before_protect_everything_is_unprotected_and_says_why(before: Row, lab: Lab) -> None:
    assert states(before) == dict.fromkeys(NAMES, False)
    assert {one["reason"] for one in before["databases"]} == {f"production: nothing of it has landed in {DR}"}
    assert (before["unprotected"], before["unknown"], before["total"]) == (4, 0, 4)
    assert {one["last_drill"] for one in before["databases"]} == {None}


def test_check_mode_shows_the_same_and_writes_nothing(
    lab: Lab, run: Callable[..., Run], evidence: Path, before: Row
) -> None:
    forget_calls(lab)
    there = sorted(evidence.iterdir())
    done = run("posture.yml", "--check", "--diff", "-e", "posture_fail_on=never")
    assert (done.code, "FAILED (0 of 4 verified: 4 unprotected)" in done.on_one_line()) == (0, True), done.output
    assert (writes(lab), sorted(evidence.iterdir())) == ([], there)


def test_after_protect_and_a_drill_everything_is_protected_and_verified(protected: Run, lab: Lab) -> None:
    posture = read_evidence(document_of(protected))
    assert states(posture) == dict.fromkeys(NAMES, True)
    for one in posture["databases"]:
        assert {place["place"] for place in one["places"]} >= {
            f"{SOURCE}/{WEST}/automated",
            f"{DR} (landed)",
            f"{DR}/{EAST}/manual",
        }
        assert one["last_drill"] == one["last_verified"]
        assert (one["last_verified"]["verdict"], one["owner"], one["rto"]) == ("verified", "the shop", 7200)
    assert {site["name"]: site["quotas"]["ManualSnapshots"]["used"] for site in posture["sites"]} == {
        "production": 3,
        "production_dr": 3,
    }
    assert (posture["verdict"], posture["states"]["verified"]) == ("verified", 4)
    assert "VERIFIED (4 of 4 verified)" in protected.on_one_line()


def test_the_dr_site_put_its_metrics_into_cloudwatch(protected: Run, lab: Lab) -> None:
    posture = read_evidence(document_of(protected))
    ages = {one["database"]: one["last_verified"]["age_seconds"] for one in posture["databases"]}
    assert numbers(lab, "LastVerifiedDrillAge") == ages | {"": max(ages.values())}
    assert set(numbers(lab, "RecoveryPointAge")) == set(numbers(lab, "AchievedRTO")) == set(NAMES)
    assert numbers(lab, "AchievedRPO") == {
        one["database"]: one["last_drill"]["rpo_seconds"] for one in posture["databases"]
    }
    assert numbers(lab, "NeverVerified") == dict.fromkeys(NAMES, 0)
    assert (numbers(lab, "Unprotected"), numbers(lab, "Unknown")) == ({"": 0}, {"": 0})
    assert numbers(lab, "DrillFailed") == dict.fromkeys([*NAMES, ""], 0)
    put = lab.calls(action="PutMetricData")[-1]
    assert (put["account"], "lifeboat-replicate" in put["principal"]) == (DR, True)


def test_the_alarms_of_the_documentation_hear_of_the_drill(protected: Run, alarmed: Any) -> None:
    assert alarmed({"NeverVerified": "OK", "LastVerifiedDrillAge": "OK"})


def test_with_the_source_dark_its_part_is_unknown_and_the_dr_sites_numbers_are_there(
    protected: Run, lab: Lab, run: Callable[..., Run]
) -> None:
    with dark(lab, "production"):
        done, posture = report(run)
        assert run("posture.yml", "-e", "posture_fail_on=unverified").code == 2
    assert states(posture) == dict.fromkeys(NAMES)
    assert {one["reason"] for one in posture["databases"]} == {"production could not be looked at"}
    assert all(one["age_seconds"] and one["last_verified"] for one in posture["databases"])
    assert "Cannot tell whose credentials" in posture["sites"][0]["problem"]
    assert "UNVERIFIED (0 of 4 verified: 4 unknown, 1 site could not be looked at)" in done.on_one_line()
    assert (numbers(lab, "Unknown"), set(numbers(lab, "RecoveryPointAge"))) == ({"": 4}, set(NAMES))


def test_with_the_dr_site_dark_nothing_is_protected(protected: Run, lab: Lab, run: Callable[..., Run]) -> None:
    with dark(lab, "production_dr"):
        _done, posture = report(run)
    assert states(posture) == dict.fromkeys(NAMES)


def test_with_all_sites_dark_the_run_fails_and_says_why(lab: Lab, run: Callable[..., Run]) -> None:
    with dark(lab, "production"), dark(lab, "production_dr"):
        done = run("posture.yml")
    assert done.code == 2
    assert "Cannot tell how anything is protected: production: Cannot tell whose credentials" in done.on_one_line()


@pytest.mark.parametrize("site", ["production", "production_dr"])
def test_one_side_can_be_looked_at_alone(protected: Run, lab: Lab, run: Callable[..., Run], site: str) -> None:
    forget_calls(lab)
    _done, posture = report(run, "--limit", site)
    assert [one["name"] for one in posture["sites"]] == [site]
    assert states(posture) == dict.fromkeys(NAMES, True)
    assert len(lab.calls(action="PutMetricData")) == (site == "production_dr")


def test_sinks_that_fail_are_reported_and_fail_nothing(protected: Run, lab: Lab, run: Callable[..., Run]) -> None:
    """CloudWatch refuses, since the role is held to a namespace; and there is nothing to sign with."""
    done, posture = report(run, "-e", "posture_namespace=Another", "-e", "posture_signing_key=/missing.pem")
    assert posture["signed_by"] is None
    assert "WARNING: production_dr: Cannot put metrics into the namespace Another" in done.on_one_line()
    assert "WARNING: production_dr: Cannot sign the evidence with /missing.pem" in done.on_one_line()
    stats = done.output.partition("CUSTOM STATS")[2]
    assert "lifeboat_sink_problems" in stats
    assert "cloudwatch:PutMetricData" in stats


def test_a_directory_that_cannot_be_written_fails_the_run_after_the_metrics(
    protected: Run, lab: Lab, tmp_path: Path
) -> None:
    forget_calls(lab)
    (tmp_path / "file").write_text("")
    done = play(lab, "posture.yml", evidence=tmp_path / "file")
    assert done.code == 2
    assert "Cannot write the evidence" in done.on_one_line()
    assert len(lab.calls(action="PutMetricData")) == 1


def test_a_site_of_an_environment_that_is_not_enabled_is_no_part_of_it(lab: Lab, run: Callable[..., Run]) -> None:
    forget_calls(lab)
    done = run("posture.yml", "-e", '{"lifeboat_enabled_environments": ["staging"]}')
    assert (done.code, lab.calls()) == (0, [])
    assert "production is not enabled" in done.on_one_line()
