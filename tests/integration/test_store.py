# SPDX-License-Identifier: GPL-3.0-or-later
"""Each side on its own schedule, with a store between them; the tests build on each other, in this order."""

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

INSTANT = ("copy", "copy_gib", "snapshot", "snapshot_gib")
BUCKET, START = "lifeboat-manifests", "dr/lifeboat"
PUBLISHED, LANDED = f"published/{SOURCE}-{WEST}.json", f"landed/{DR}-{EAST}.json"


@dataclass
class Place:
    """A lab, and the store that its sites use."""

    lab: Lab
    folder: Path
    is_bucket: bool

    @property
    def address(self) -> str:
        return f"s3://{BUCKET}/dr" if self.is_bucket else str(self.folder)

    def run(self, playbook: str, *arguments: str) -> Run:
        data = json.dumps({"lifeboat_store": self.address, "lifeboat_database_keys": [], "prepare_network": False})
        return play(self.lab, playbook, "-e", data, *arguments, evidence=self.folder)

    def s3(self, profile: str = "production_dr") -> Any:
        return self.lab.client(profile, "s3", EAST)

    def read(self, key: str) -> dict[str, Any]:
        if self.is_bucket:
            return dict(json.loads(self.s3().get_object(Bucket=BUCKET, Key=f"{START}/{key}")["Body"].read()))
        return dict(json.loads((self.folder / "lifeboat" / key).read_text(encoding="utf-8")))

    def lay(self, key: str, content: str) -> None:
        if self.is_bucket:
            self.s3().put_object(Bucket=BUCKET, Key=f"{START}/{key}", Body=content.encode())
        else:
            (self.folder / "lifeboat" / key).write_text(content, encoding="utf-8")

    def lose(self, key: str) -> None:
        if self.is_bucket:
            self.s3().delete_object(Bucket=BUCKET, Key=f"{START}/{key}")
        else:
            (self.folder / "lifeboat" / key).unlink(missing_ok=True)

    def shared(self) -> list[str]:
        return sorted(row["Of"] for row in snapshots(self.lab, "production_dr", WEST, SnapshotType="shared"))

    def landed(self) -> list[dict[str, Any]]:
        return snapshots(self.lab, "production_dr", EAST, SnapshotType="manual")


@pytest.fixture(scope="module", params=[False, True], ids=["directory", "S3"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with Lab(roles=ROLES, metadata_only=True, durations=dict.fromkeys(INSTANT, 0.0)) as lab:
        for kind, prefix, engine in (("instance", "shop", "postgres"), ("cluster", "events", "aurora-postgresql")):
            seed = {"account": "production", "databases": 1, "snapshots": 1, "kind": kind, "prefix": prefix}
            seed["engine"] = engine
            lab.admin("POST", "seed", seed | {"tags": {"team": "blue", "retain": "yes"}})
        place = Place(lab, tmp_path_factory.mktemp("store"), request.param)
        done = place.run("prepare.yml")
        assert done.code == 0, done.output
        yield place


def told(place: Place, playbook: str, *arguments: str) -> Run:
    done = place.run(playbook, *arguments)
    assert done.code == 0, done.output
    return done


def test_prepare_makes_what_the_store_needs_once(place: Place) -> None:
    done = told(place, "prepare.yml")
    assert done.recap("production")["changed"] == done.recap("production_dr")["changed"] == 0
    if place.is_bucket:
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


def test_a_role_writes_what_is_named_after_its_account_and_nothing_else(place: Place) -> None:
    if not place.is_bucket:
        assert (place.folder.stat().st_mode & 0o077) == 0, "a directory has its own permissions"
        return
    publish, replicate = place.s3("production_publish"), place.s3("production_dr_replicate")
    others = f"{START}/published/333333333333-{WEST}.json"
    assert not refused(publish.put_object, Key=f"{START}/{PUBLISHED}", Body=b"{")
    assert refused(publish.put_object, Key=f"{START}/{LANDED}", Body=b"{}")
    assert refused(publish.put_object, Key=others, Body=b"{}")
    assert refused(publish.get_object, Key=others)
    assert refused(publish.delete_object, Key=f"{START}/{PUBLISHED}")
    assert not refused(publish.list_objects_v2, Prefix=f"{START}/landed/")
    assert refused(publish.list_objects_v2, Prefix=f"{START}/published/")
    assert refused(replicate.put_object, Key=f"{START}/{PUBLISHED}", Body=b"{}")
    assert not refused(replicate.get_object, Key=f"{START}/{PUBLISHED}")
    assert refused(place.s3("stranger").get_object, Key=f"{START}/{PUBLISHED}")


def test_check_mode_shows_the_manifest_and_does_not_leave_it(place: Place) -> None:
    forget_calls(place.lab)
    done = told(place, "publish.yml", "--check", "--diff")
    assert f"{place.address}/lifeboat/{PUBLISHED}" in done.output
    assert writes(place.lab) == []


def test_publish_leaves_its_manifest(place: Place) -> None:
    told(place, "publish.yml")
    entries = place.read(PUBLISHED)["points"]
    assert [(entry["kind"], entry["database_tags"]["team"]) for entry in entries] == [
        ("cluster", "blue"), ("instance", "blue")
    ]  # fmt: skip
    assert len(place.shared()) == 2


def test_replicate_reads_it_carries_the_tags_and_leaves_what_landed(place: Place) -> None:
    told(place, "replicate.yml")
    tags = [{tag["Key"]: tag["Value"] for tag in row["TagList"]} for row in place.landed()]
    assert [one.get("team") for one in tags] == ["blue", "blue"]
    assert not any("retain" in one for one in tags)
    names = sorted(row["Name"] for row in place.landed())
    assert [point["name"] for point in place.read(LANDED)["points"]] == names


def test_prune_retires_what_the_store_says_has_landed(place: Place) -> None:
    told(place, "prune.yml")
    assert place.shared() == []


def test_a_second_round_finds_nothing_to_do_and_writes_nothing(place: Place) -> None:
    told(place, "publish.yml")  # says that it heard of the landing
    before, times = place.read(LANDED), place.read(PUBLISHED)
    forget_calls(place.lab)
    for playbook in ("publish.yml", "replicate.yml", "prune.yml"):
        done = told(place, playbook)
        assert "changed=1" not in done.output, done.output
    assert writes(place.lab) == []
    assert (place.read(LANDED), place.read(PUBLISHED)) == (before, times), "not even when they were written"


def test_a_stale_manifest_is_harmless(place: Place) -> None:
    """It names what is not shared any more, and the landed one what is not there."""
    published, landed = place.read(PUBLISHED), place.read(LANDED)
    entry = dict(published["points"][0], name="lifeboat-x-20200101000000-0123456789ab", landed_in=[])
    entry |= {"arn": entry["arn"].rpartition(":")[0] + ":" + entry["name"], "original_time": "2030-01-01T00:00:00Z"}
    place.lay(PUBLISHED, json.dumps(published | {"points": [*published["points"], entry]}))
    gone = {"name": "gone", "arn": "arn:gone", "landed_time": "2026-01-01T00:00:00Z"}
    place.lay(LANDED, json.dumps(landed | {"points": [*landed["points"], gone]}))
    done = told(place, "replicate.yml")
    assert "its source does not offer it any more" in done.output
    assert place.read(LANDED)["points"] == landed["points"]
    told(place, "prune.yml")
    told(place, "publish.yml")
    assert place.read(PUBLISHED)["points"] == published["points"]


@pytest.mark.parametrize(
    "content", ["{", '{"version": 9, "document": "landed"}', ""], ids=["broken", "newer", "missing"]
)
def test_what_cannot_be_read_is_a_warning_and_a_missing_manifest_is_not_even_that(place: Place, content: str) -> None:
    place.lab.admin("POST", "clock", {"advance": 86400})
    place.lab.admin("POST", "automated-snapshots", {"account": "production"})
    for key in (PUBLISHED, LANDED):
        place.lay(key, content) if content else place.lose(key)
    told(place, "publish.yml")
    for key in (PUBLISHED, LANDED):
        place.lay(key, content) if content else place.lose(key)
    before = len(place.landed())
    done = told(place, "replicate.yml")
    assert ("The run goes on without it" in done.output) == bool(content)
    assert len(place.landed()) == before + 2
    told(place, "prune.yml")
    assert place.shared() == [], "the DR site said again what has landed"


def test_a_store_that_is_down_stops_nothing(place: Place) -> None:
    place.lab.admin("POST", "clock", {"advance": 86400})
    place.lab.admin("POST", "automated-snapshots", {"account": "production"})
    if place.is_bucket:
        fault = {"kind": "reset-before", "service": "s3", "count": None}
        place.lab.admin("POST", "faults", fault)
    else:
        (place.folder / "lifeboat").rename(place.folder / "away")
        (place.folder / "lifeboat").write_text("not a directory", encoding="utf-8")
    done = told(place, "publish.yml")
    assert "run goes on without it" in done.output
    assert len(place.shared()) == 2
    before = len(place.landed())
    told(place, "replicate.yml")
    assert len(place.landed()) == before + 2


def test_a_store_that_is_none_is_refused_before_the_first_write(place: Place) -> None:
    forget_calls(place.lab)
    for playbook in ("publish.yml", "replicate.yml", "prune.yml"):
        done = place.run(playbook, "-e", "lifeboat_store=ftp://somewhere")
        assert done.code == 2
        assert "Set store to s3://BUCKET/PREFIX" in done.output
    assert writes(place.lab) == []
