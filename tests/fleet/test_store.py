# SPDX-License-Identifier: GPL-3.0-or-later
"""Each side runs on its own schedule, with a store between them: a directory, or a bucket of the DR account."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.fleet.fleet import DR, SOURCE, Fleet, Side, writing
from tests.fleet.tasks import Tasks, tasks_of

DAY = 86400
PUBLISHED = f"published/{SOURCE.account}-{SOURCE.region}.json"
LANDED = f"landed/{DR.account}-{DR.region}.json"
NUMBERS = count()  # of the buckets: a reset of the lab leaves them

Row = dict[str, Any]


@dataclass
class Store:
    """A directory."""

    folder: Path

    @property
    def address(self) -> str:
        return str(self.folder)

    def read(self, key: str) -> Row:
        return dict(json.loads((self.folder / "lifeboat" / key).read_text(encoding="utf-8")))

    def lay(self, key: str, content: str) -> None:
        (self.folder / "lifeboat" / key).write_text(content, encoding="utf-8")

    def lose(self, key: str) -> None:
        (self.folder / "lifeboat" / key).unlink(missing_ok=True)

    def is_empty(self) -> bool:
        return not list(self.folder.rglob("*.json"))

    def break_down(self, fleet: Fleet) -> None:
        (self.folder / "lifeboat").rename(self.folder / "away")
        (self.folder / "lifeboat").write_text("not a directory", encoding="utf-8")


@dataclass
class Bucket:
    """A bucket that both accounts may use."""

    s3: Any
    name: str

    @property
    def address(self) -> str:
        return f"s3://{self.name}/dr"

    def make(self) -> None:
        who = {"AWS": f"arn:aws:iam::{SOURCE.account}:root"}
        resources = [f"arn:aws:s3:::{self.name}", f"arn:aws:s3:::{self.name}/*"]
        allowed = {"Effect": "Allow", "Principal": who, "Action": "s3:*", "Resource": resources}
        self.s3.create_bucket(Bucket=self.name)
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        self.s3.put_bucket_policy(Bucket=self.name, Policy=policy)

    def read(self, key: str) -> Row:
        return dict(json.loads(self.s3.get_object(Bucket=self.name, Key=f"dr/lifeboat/{key}")["Body"].read()))

    def lay(self, key: str, content: str) -> None:
        self.s3.put_object(Bucket=self.name, Key=f"dr/lifeboat/{key}", Body=content.encode())

    def lose(self, key: str) -> None:
        self.s3.delete_object(Bucket=self.name, Key=f"dr/lifeboat/{key}")

    def is_empty(self) -> bool:
        return not self.s3.list_objects_v2(Bucket=self.name).get("Contents")

    def break_down(self, fleet: Fleet) -> None:
        fleet.lab.admin("POST", "faults", {"kind": "reset-before", "service": "s3", "count": None})


@dataclass
class Place:
    """Both sites, and the store between them."""

    fleet: Fleet
    tasks: Tasks
    store: Store | Bucket

    def publish(self, **more: Any) -> Row:
        return self._run("snapshot_copy", SOURCE, share_with=[DR.account], **more)

    def replicate(self, **more: Any) -> Row:
        sources = {"source_accounts": [SOURCE.account], "source_regions": [SOURCE.region]}
        return self._run("snapshot_replicate", DR, **sources, **more)

    def prune(self, **more: Any) -> list[Row]:
        dr_accounts = {SOURCE: [DR.account], DR: []}
        return [
            self._run("snapshot_prune", side, apply=True, dr_accounts=accounts, **more)
            for side, accounts in dr_accounts.items()
        ]

    def _run(self, module: str, side: Side, **options: Any) -> Row:
        key = {} if module == "snapshot_prune" else {"kms_key_id": "alias/lifeboat"}
        return self.tasks.run(module, side, **{"store": self.store.address, **key, **options})

    def round(self) -> None:
        """Let both sites do what they do every day."""
        for done in (self.publish(), self.replicate(), *self.prune()):
            assert not done.get("failed"), done

    def next_day(self) -> None:
        """Let AWS take new automated snapshots."""
        self.fleet.pass_time(DAY)
        self.fleet.back_up()

    def shared(self) -> list[Row]:
        return snapshots(self.fleet.lab.client(DR.profile, "rds", SOURCE.region), "shared")

    def landed(self) -> list[Row]:
        return snapshots(self.fleet.others(DR), "manual")


def snapshots(rds: Any, kind: str) -> list[Row]:
    """DB and cluster snapshots of a type, under one name."""
    rows = rds.describe_db_snapshots(SnapshotType=kind)["DBSnapshots"]
    clusters = rds.describe_db_cluster_snapshots(SnapshotType=kind)["DBClusterSnapshots"]
    return [row | {"Name": row["DBSnapshotIdentifier"]} for row in rows] + [
        row | {"Name": row["DBClusterSnapshotIdentifier"]} for row in clusters
    ]


def warned(done: Row) -> bool:
    return "The run goes on without it" in json.dumps(done.get("warnings", []))


@pytest.fixture(params=["directory", "S3"])
def place(request: pytest.FixtureRequest, fleet: Fleet, tmp_path: Path) -> Iterator[Place]:
    """Sow an instance and a cluster that were never protected, and an empty store."""
    fleet.reset()
    for kind, prefix, engine in (("instance", "shop", "postgres"), ("cluster", "events", "aurora-postgresql")):
        seed = {"account": SOURCE.profile, "databases": 1, "snapshots": 1, "kind": kind, "prefix": prefix}
        fleet.lab.admin("POST", "seed", seed | {"engine": engine, "tags": {"team": "blue", "retain": "yes"}})
    store: Store | Bucket = Store(tmp_path)
    if request.param == "S3":
        store = Bucket(fleet.lab.client(DR.profile, "s3", DR.region), f"manifests-{next(NUMBERS)}")
        store.make()
    with tasks_of(fleet.lab) as tasks:
        yield Place(fleet, tasks, store)


def test_check_mode_shows_the_manifest_and_does_not_leave_it(place: Place) -> None:
    place.fleet.new_calls()
    done = place.publish(check_mode=True)
    assert f"{place.store.address}/lifeboat/{PUBLISHED}" in json.dumps(done["diff"])
    assert writing(place.fleet.new_calls()) == []
    assert place.store.is_empty()


def test_publish_leaves_its_manifest(place: Place) -> None:
    assert not warned(place.publish())
    entries = place.store.read(PUBLISHED)["points"]
    assert [(entry["kind"], entry["database_tags"]["team"]) for entry in entries] == [
        ("cluster", "blue"), ("instance", "blue")
    ]  # fmt: skip
    assert len(place.shared()) == 2


def test_replicate_reads_it_carries_the_tags_and_leaves_what_landed(place: Place) -> None:
    place.publish()
    assert not warned(place.replicate())
    tags = [{tag["Key"]: tag["Value"] for tag in row["TagList"]} for row in place.landed()]
    assert [one.get("team") for one in tags] == ["blue", "blue"]
    assert not any("retain" in one for one in tags)
    names = sorted(row["Name"] for row in place.landed())
    assert [point["name"] for point in place.store.read(LANDED)["points"]] == names


def test_prune_retires_what_the_store_says_has_landed(place: Place) -> None:
    place.publish()
    place.replicate()
    assert not any(warned(done) for done in place.prune())
    assert place.shared() == []


def test_a_second_round_finds_nothing_to_do_and_writes_nothing(place: Place) -> None:
    place.round()
    place.publish()  # says that it heard of the landing
    before, times = place.store.read(LANDED), place.store.read(PUBLISHED)
    place.fleet.new_calls()
    for done in (place.publish(), place.replicate(), *place.prune()):
        assert done["changed"] is False, done
    assert writing(place.fleet.new_calls()) == []
    assert (place.store.read(LANDED), place.store.read(PUBLISHED)) == (before, times), "not even when they were written"


def test_a_stale_manifest_is_harmless(place: Place) -> None:
    """It names what is not shared any more, and the landed one what is not there."""
    place.round()
    place.publish()
    published, landed = place.store.read(PUBLISHED), place.store.read(LANDED)
    entry = dict(published["points"][0], name="lifeboat-x-20200101000000-0123456789ab", landed_in=[])
    entry |= {"arn": entry["arn"].rpartition(":")[0] + ":" + entry["name"], "original_time": "2030-01-01T00:00:00Z"}
    place.store.lay(PUBLISHED, json.dumps(published | {"points": [*published["points"], entry]}))
    gone = {"name": "gone", "arn": "arn:gone", "landed_time": "2026-01-01T00:00:00Z"}
    place.store.lay(LANDED, json.dumps(landed | {"points": [*landed["points"], gone]}))
    done = place.replicate()
    assert "its source does not offer it any more" in json.dumps(done)
    assert place.store.read(LANDED)["points"] == landed["points"]
    place.prune()
    place.publish()
    assert place.store.read(PUBLISHED)["points"] == published["points"]


@pytest.mark.parametrize(
    "content", ["{", '{"version": 9, "document": "landed"}', ""], ids=["broken", "newer", "missing"]
)
def test_what_cannot_be_read_is_a_warning_and_a_missing_manifest_is_not_even_that(place: Place, content: str) -> None:
    place.round()
    place.next_day()
    for key in (PUBLISHED, LANDED):
        place.store.lay(key, content) if content else place.store.lose(key)
    place.publish()
    for key in (PUBLISHED, LANDED):
        place.store.lay(key, content) if content else place.store.lose(key)
    before = len(place.landed())
    assert warned(place.replicate()) == bool(content)
    assert len(place.landed()) == before + 2
    place.prune()
    assert place.shared() == [], "the DR site said again what has landed"


def test_a_store_that_is_down_stops_nothing(place: Place) -> None:
    place.round()
    place.next_day()
    place.store.break_down(place.fleet)
    assert warned(place.publish())
    assert len(place.shared()) == 2
    before = len(place.landed())
    done = place.replicate()
    assert not done.get("failed")
    assert len(place.landed()) == before + 2


def test_a_store_that_is_none_is_refused_before_the_first_write(place: Place) -> None:
    place.fleet.new_calls()
    store = {"store": "ftp://somewhere"}
    for done in (place.publish(**store), place.replicate(**store), *place.prune(**store)):
        assert done["failed"]
        assert "Set store to s3://BUCKET/PREFIX" in done["msg"]
    assert writing(place.fleet.new_calls()) == []
