# SPDX-License-Identifier: GPL-3.0-or-later
"""Each side on its own schedule, with a bucket between them, as the playbooks prepare and use it.

What else may become of a store is tried in tests/fleet/test_store.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lifeboat_lab import Lab
from tests.integration.play import DR, EAST, ROLES, SOURCE, WEST, Run, forget_calls, play, snapshots, writes

pytestmark = pytest.mark.story

INSTANT = ("copy", "copy_gib", "snapshot", "snapshot_gib")
BUCKET, START = "lifeboat-manifests", "dr/lifeboat"
ADDRESS = f"s3://{BUCKET}/dr"
PUBLISHED, LANDED = f"published/{SOURCE}-{WEST}.json", f"landed/{DR}-{EAST}.json"
PLAYBOOKS = ("publish.yml", "replicate.yml", "prune.yml")

Row = dict[str, Any]


@dataclass
class Place:
    """A lab, and what its sites leave."""

    lab: Lab
    folder: Path

    def try_run(self, playbook: str, *arguments: str, store: str = ADDRESS) -> Run:
        data = json.dumps({"lifeboat_store": store, "lifeboat_database_keys": [], "prepare_network": False})
        return play(self.lab, playbook, "-e", data, *arguments, evidence=self.folder)

    def run(self, playbook: str, *arguments: str, store: str = ADDRESS) -> Run:
        done = self.try_run(playbook, *arguments, store=store)
        assert done.code == 0, done.output
        return done

    def s3(self, profile: str = "production_dr") -> Any:
        return self.lab.client(profile, "s3", EAST)

    def read(self, key: str) -> Row:
        return dict(json.loads(self.s3().get_object(Bucket=BUCKET, Key=f"{START}/{key}")["Body"].read()))

    def shared(self) -> list[str]:
        return sorted(row["Of"] for row in snapshots(self.lab, "production_dr", WEST, SnapshotType="shared"))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, Run]]:
    """Sites that were prepared for a store that is a directory, and how preparing them again ended."""
    with Lab(roles=ROLES, metadata_only=True, durations=dict.fromkeys(INSTANT, 0.0)) as lab:
        for kind, prefix, engine in (("instance", "shop", "postgres"), ("cluster", "events", "aurora-postgresql")):
            seed = {"account": "production", "databases": 1, "snapshots": 1, "kind": kind, "prefix": prefix}
            lab.admin("POST", "seed", seed | {"engine": engine, "tags": {"team": "blue", "retain": "yes"}})
        place = Place(lab, tmp_path_factory.mktemp("store"))
        _first, again = (place.run("prepare.yml", store=str(place.folder)) for _time in range(2))
        yield place, again


@pytest.fixture(scope="module")
def place(prepared: tuple[Place, Run]) -> Place:
    """Prepare the same sites for a bucket."""
    prepared[0].run("prepare.yml")
    return prepared[0]


@dataclass
class Round:
    """What was seen on the way from nothing to a recovery point that has landed and was retired."""

    planned: Run
    planned_writes: list[str]
    published: list[Row]
    shared: list[str]
    landed: list[Row]
    told_landed: list[Row]
    shared_in_the_end: list[str]


@pytest.fixture(scope="module")
def a_round(place: Place) -> Round:
    forget_calls(place.lab)
    planned = place.run("publish.yml", "--check", "--diff")
    planned_writes = writes(place.lab)
    place.run("publish.yml")
    published, shared = place.read(PUBLISHED)["points"], place.shared()
    place.run("replicate.yml")
    landed = snapshots(place.lab, "production_dr", EAST, SnapshotType="manual")
    place.run("prune.yml")
    told = place.read(LANDED)["points"]
    return Round(planned, planned_writes, published, shared, landed, told, place.shared())


def has_changed(done: Run) -> bool:
    return any(done.recap(host)["changed"] for host in ("production", "production_dr"))


def test_prepare_makes_what_a_directory_needs_once(prepared: tuple[Place, Run]) -> None:
    place, again = prepared
    assert not has_changed(again)
    assert (place.folder.stat().st_mode & 0o077) == 0, "a directory has its own permissions"


def test_prepare_makes_what_a_bucket_needs_once(place: Place) -> None:
    assert not has_changed(place.run("prepare.yml"))
    about = place.s3().get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]
    assert set(about.values()) == {True}
    assert place.s3().get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"
    (rule,) = place.s3().get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    policy = json.loads(place.s3().get_bucket_policy(Bucket=BUCKET)["Policy"])
    assert [one["Sid"] for one in policy["Statement"] if one["Effect"] == "Deny"] == ["LifeboatTlsOnly"]


def refused(act: Callable[..., Any], **about: Any) -> bool:
    try:
        act(Bucket=BUCKET, **about)
    except ClientError as error:
        assert error.response["Error"]["Code"] == "AccessDenied", error
        return True
    return False


def test_a_role_writes_what_is_named_after_its_account_and_nothing_else(place: Place, a_round: Round) -> None:
    publish, replicate = place.s3("production_publish"), place.s3("production_dr_replicate")
    others, as_it_is = f"{START}/published/333333333333-{WEST}.json", json.dumps(place.read(PUBLISHED)).encode()
    assert not refused(publish.put_object, Key=f"{START}/{PUBLISHED}", Body=as_it_is)
    assert refused(publish.put_object, Key=f"{START}/{LANDED}", Body=b"{}")
    assert refused(publish.put_object, Key=others, Body=b"{}")
    assert refused(publish.get_object, Key=others)
    assert refused(publish.delete_object, Key=f"{START}/{PUBLISHED}")
    assert not refused(publish.list_objects_v2, Prefix=f"{START}/landed/")
    assert refused(publish.list_objects_v2, Prefix=f"{START}/published/")
    assert refused(replicate.put_object, Key=f"{START}/{PUBLISHED}", Body=b"{}")
    assert not refused(replicate.get_object, Key=f"{START}/{PUBLISHED}")
    assert refused(place.s3("stranger").get_object, Key=f"{START}/{PUBLISHED}")


def test_check_mode_shows_the_manifest_and_does_not_leave_it(a_round: Round) -> None:
    assert f"{ADDRESS}/lifeboat/{PUBLISHED}" in a_round.planned.output
    assert a_round.planned_writes == []


def test_publish_leaves_its_manifest(a_round: Round) -> None:
    entries = [(entry["kind"], entry["database_tags"]["team"]) for entry in a_round.published]
    assert entries == [("cluster", "blue"), ("instance", "blue")]
    assert len(a_round.shared) == 2


def test_replicate_reads_it_carries_the_tags_and_leaves_what_landed(a_round: Round) -> None:
    tags = [{tag["Key"]: tag["Value"] for tag in row["TagList"]} for row in a_round.landed]
    assert [one.get("team") for one in tags] == ["blue", "blue"]
    assert not any("retain" in one for one in tags)
    assert [point["name"] for point in a_round.told_landed] == sorted(row["Name"] for row in a_round.landed)


def test_prune_retires_what_the_store_says_has_landed(a_round: Round) -> None:
    assert a_round.shared_in_the_end == []


def test_a_second_round_finds_nothing_to_do_and_writes_nothing(place: Place, a_round: Round) -> None:
    place.run("publish.yml")  # says that it heard of the landing
    before, times = place.read(LANDED), place.read(PUBLISHED)
    forget_calls(place.lab)
    for playbook in PLAYBOOKS:
        done = place.run(playbook)
        assert "changed=1" not in done.output, done.output
    assert writes(place.lab) == []
    assert (place.read(LANDED), place.read(PUBLISHED)) == (before, times), "not even when they were written"


def test_a_store_that_is_none_is_refused_before_the_first_write(place: Place) -> None:
    forget_calls(place.lab)
    for playbook in PLAYBOOKS:
        done = place.try_run(playbook, store="ftp://somewhere")
        assert done.code == 2
        assert "Set store to s3://BUCKET/PREFIX" in done.output
    assert writes(place.lab) == []
