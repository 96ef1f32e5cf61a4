# SPDX-License-Identifier: GPL-3.0-or-later
"""Test the admin API: what can be asked, and that a bad request is refused with the reason and changes nothing."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from typing import Any

import pytest

from helpers import DR, DR_HOME, HOME, automated, copied, settings, share
from lifeboat_lab import Lab
from lifeboat_lab.testing import fresh


@pytest.mark.parametrize(
    ("method", "path", "body", "why"),
    [
        ("POST", "dark", {"account": "nobody"}, "Unknown account 'nobody'. Known are production"),
        ("POST", "dark", {"account": ["production"]}, "Unknown account"),
        ("POST", "dark", {"region": "moon-1"}, "Unknown Region 'moon-1'. Known are"),
        ("POST", "dark", {"region": 7}, "Unknown Region 7"),
        ("POST", "dark", {}, "set account, region, or both"),
        ("POST", "dark", {"account": "production", "dark": "yes"}, "true or false"),
        ("POST", "dark", {"who": "production"}, "Unknown field 'who'. Known are account, region, dark"),
        ("POST", "dark", [], "JSON object"),
        ("POST", "dark", None, "JSON object"),
        ("PATCH", "settings", {"scale": 0}, "above 0"),
        ("PATCH", "settings", {"scale": "fast"}, "must be a number"),
        ("PATCH", "settings", {"speed": 1}, "Unknown setting 'speed'. Known are scale"),
        ("PATCH", "settings", None, "must be an object"),
        ("PATCH", "settings", {"durations": {"coffee": 1}}, "Unknown setting of durations 'coffee'"),
        ("PATCH", "settings", {"durations": {"copy": -1}}, "negative"),
        ("PATCH", "settings", {"quotas": {"manual_snapshots": "many"}}, "must be a number"),
        ("PATCH", "settings", {"quotas": []}, "quotas must be an object"),
        ("PATCH", "settings", {"rules": {"single_step_clusters": 1}}, "true or false"),
        ("PATCH", "settings", {"rate": {"per_second": 0}}, "above 0"),
        ("PATCH", "settings", {"rate": {"burst": None}}, "must be a number"),
        ("PATCH", "settings", {"rate": {"burst": 0.5}}, "at least 1"),
        ("PATCH", "settings", {"rate": {"speed": 5}}, "Unknown setting of rate 'speed'"),
        ("GET", "settings?scale=1", None, "Unknown field 'scale'. None is known here"),
        ("GET", "status?colour=red", None, "Unknown field 'colour'"),
        ("GET", "clock?at=now", None, "Unknown field 'at'"),
        ("POST", "clock", {"advance": -1}, "not negative"),
        ("GET", "cost?service=rds", None, "Unknown field 'service'"),
        ("DELETE", "cost", {"service": "rds"}, "Unknown field 'service'"),
        ("GET", "calls?colour=red", None, "Unknown field 'colour'"),
        ("DELETE", "calls", {"account": "production"}, "Unknown field 'account'"),
        ("GET", "faults?id=1", None, "Unknown field 'id'"),
        ("DELETE", "faults", {"id": 1}, "Unknown field 'id'"),
        ("DELETE", "faults/first", None, "faults/first does not exist"),
        ("DELETE", "faults/999999", None, "There is no fault 999999"),
        ("POST", "faults", {"kind": "earthquake"}, "kind must be one of"),
        ("POST", "automated-snapshots", {"account": "production", "age": -1}, "not negative"),
        ("POST", "automated-snapshots", {"account": "production", "databases": ["none"]}, "no such database"),
        ("POST", "automated-snapshots", {"account": "production", "databases": [["none"]]}, "list of names"),
        ("POST", "automated-snapshots", {"account": "production", "databases": "orders"}, "list of names"),
        ("POST", "automated-snapshots", {"account": "production", "region": "moon-1"}, "Unknown Region"),
        ("POST", "automated-snapshots", {"account": "production", "type": "manual"}, "automated or awsbackup"),
        ("POST", "automated-snapshots", {}, "Unknown account None"),
        ("POST", "seed", {}, "account is missing"),
        ("POST", "seed", {"account": "production", "colour": "red"}, "Unknown field 'colour'"),
        ("POST", "shop", {"do": "burn"}, "do must be one of"),
        ("POST", "shop", {"do": ["create"]}, "do must be one of"),
        ("POST", "shop", {"do": "create"}, "already exists"),
        ("POST", "shop", {"do": "lose-rows", "account": "production_dr"}, "no shop"),
        ("GET", "nonsense", None, "nothing here"),
        ("PUT", "settings", {}, "nothing here"),
        ("GET", "", None, "nothing here"),
    ],
)
def test_nonsense_is_refused_with_the_reason_and_changes_nothing(
    lab: Lab, method: str, path: str, body: Any, why: str
) -> None:
    def seen() -> list[Any]:
        status = lab.admin("GET", "status")
        return [lab.admin("GET", "settings"), lab.admin("GET", "faults"), status["dark"], len(status["snapshots"])]

    before = seen()
    with pytest.raises(ValueError, match=why):
        lab.admin(method, path, body)
    assert seen() == before


def test_nonsense_has_status_400(lab: Lab) -> None:
    request = urllib.request.Request(f"{lab.url}/_lab/settings", b"{not json", method="PATCH")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    assert caught.value.code == 400
    assert b"not JSON" in caught.value.read()


def test_settings_can_be_read_and_changed(lab: Lab) -> None:
    with settings(
        lab, scale=77, durations={"copy": 5}, quotas={"manual_snapshots": 7}, rules={"shared_tags_visible": True}
    ):
        now = lab.admin("GET", "settings")
    assert (now["scale"], now["durations"]["copy"], now["quotas"]["manual_snapshots"]) == (77, 5, 7)
    assert now["rules"]["shared_tags_visible"] is True


def test_the_status_says_what_there_is(lab: Lab) -> None:
    status = lab.admin("GET", "status")
    names = ["production", "production_dr", "stranger", "staging", "staging_dr"]
    assert [account["name"] for account in status["accounts"]] == names
    orders = next(row for row in status["databases"] if row["arn"].endswith(":db:orders"))
    assert (orders["status"], orders["running"]) == ("available", True)


def test_the_status_shows_a_snapshot_as_no_account_sees_it(
    lab: Lab, rds: Any, dr: Any, open_key: str, dr_key: str
) -> None:
    source, name = copied(rds, automated(rds, "orders")["DBSnapshotIdentifier"], KmsKeyId=open_key), fresh("far")
    share(rds, source["DBSnapshotIdentifier"], DR)
    copied(
        dr, source["DBSnapshotArn"], name, KmsKeyId=dr_key, SourceRegion=HOME, Tags=[{"Key": "team", "Value": "blue"}]
    )
    rows = {row["arn"]: row for row in lab.admin("GET", "status")["snapshots"]}
    there, here = rows[source["DBSnapshotArn"]], rows[f"arn:aws:rds:{DR_HOME}:{DR}:snapshot:{name}"]
    assert (there["shared_with"], there["key"]) == ([DR], open_key)
    assert (here["source"], here["key"], here["tags"]) == (source["DBSnapshotArn"], dr_key, {"team": "blue"})
    assert here["resource_id"] == there["resource_id"] == source["DbiResourceId"]
    assert here["original"] == there["original"]


def test_what_is_not_there_has_status_404_and_says_what_is(lab: Lab) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{lab.url}/_lab/nonsense")
    assert caught.value.code == 404
    assert "GET /_lab/status" in json.loads(caught.value.read())["there are"]


def test_settings_changed_by_many_at_once_all_stay(lab: Lab) -> None:
    names = list(lab.admin("GET", "settings")["durations"])
    wanted = {name: float(number) for number, name in enumerate(names)}
    with settings(lab):
        works = [
            threading.Thread(target=lab.admin, args=("PATCH", "settings", {"durations": {name: value}}))
            for name, value in wanted.items()
        ]
        for work in works:
            work.start()
        for work in works:
            work.join()
        assert lab.admin("GET", "settings")["durations"] == wanted
