# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.handover.manifest import (
    Landed,
    describe_published,
    landed_manifest,
    published_manifest,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.handover.store import StoreError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import iso
from ansible_collections.lifeboat.rds.plugins.module_utils._core.result import Report
from ansible_collections.lifeboat.rds.plugins.module_utils._files.directory import Directory
from ansible_collections.lifeboat.rds.plugins.module_utils._files.store import Manifests, open_manifests
from ansible_collections.lifeboat.rds.plugins.module_utils._module.arguments import read_store
from tests.builders import DR, EAST, NOW, SOURCE, STRANGER, WEST, copied, database, hours_ago

Row = dict[str, Any]

PUBLISHED = published_manifest(SOURCE, WEST, [describe_published(database(), hours_ago(1), copied())])


def landed(name: str = "a", account: str = DR, region: str = EAST, time: str | None = None) -> Row:
    return landed_manifest(account, region, [Landed(name, f"arn:{name}", time or str(iso(NOW)))], [])


def opened(path: Path | str | None, *, check_mode: bool = False) -> tuple[Manifests, Report]:
    report = Report(check_mode=check_mode)
    return open_manifests(read_store(path and str(path)), "lifeboat", Mock(now=NOW), report), report


def file(path: Path, document: str, account: str, region: str) -> Path:
    return path / "lifeboat" / document / f"{account}-{region}.json"


def lay(path: Path, content: str, document: str = "landed", account: str = DR, region: str = EAST) -> None:
    file(path, document, account, region).parent.mkdir(parents=True, exist_ok=True)
    file(path, document, account, region).write_text(content)


def test_what_one_side_leaves_the_other_side_reads(tmp_path: Path) -> None:
    manifests, report = opened(tmp_path)
    manifests.leave(PUBLISHED, [])
    manifests.leave(landed(), ["a"])
    written = {"written": iso(NOW)}
    assert manifests.published_by([SOURCE, STRANGER], [WEST, EAST]) == [PUBLISHED | written]
    assert manifests.landed_in([DR]) == [landed() | written]
    assert report.warnings == []


def test_without_a_store_nothing_is_read_or_left() -> None:
    manifests, report = opened(None)
    assert (manifests.published_by([SOURCE], [WEST]), manifests.landed_in([DR])) == ([], [])
    assert manifests.leave(landed(), ["a"])["points"] == landed()["points"]
    assert (report.as_result()["changed"], report.warnings, report.after) == (False, [], {})


def test_a_text_that_is_not_a_store_is_refused() -> None:
    with pytest.raises(LifeboatError, match="Cannot use the store 'ftp://x/y'"):
        opened("ftp://x/y")


def test_only_the_word_of_the_named_dr_accounts_counts(tmp_path: Path) -> None:
    for account in (DR, STRANGER):
        lay(tmp_path, json.dumps(landed(account=account)), account=account)
    manifests, report = opened(tmp_path)
    assert [one["account"] for one in manifests.landed_in([DR])] == [DR]
    assert report.warnings == []


def test_what_is_news_is_written_once_and_in_the_diff(tmp_path: Path) -> None:
    for changed in (True, False):
        manifests, report = opened(tmp_path)
        manifests.leave(landed(), ["a"])
        result = report.as_result()
        key = f"{tmp_path}/lifeboat/landed/{DR}-{EAST}.json"
        after = {key: {"a": landed()["points"][0]}} if changed else {}
        assert (result["changed"], result["diff"]["after"]) == (changed, after)


def test_a_later_pass_that_sees_the_same_writes_nothing_and_keeps_the_time(tmp_path: Path) -> None:
    opened(tmp_path)[0].leave(landed(time="2026-11-23T01:00:00Z"), ["a"])
    before = file(tmp_path, "landed", DR, EAST).stat()
    manifests, report = opened(tmp_path)
    left = manifests.leave(landed(), ["a"])
    assert left["points"][0]["landed_time"] == "2026-11-23T01:00:00Z"
    assert (report.changed, file(tmp_path, "landed", DR, EAST).stat().st_mtime_ns) == (False, before.st_mtime_ns)


def test_check_mode_shows_what_it_would_write_and_does_not(tmp_path: Path) -> None:
    manifests, report = opened(tmp_path, check_mode=True)
    manifests.leave(landed(), ["a"])
    assert (report.changed, len(report.after), list(tmp_path.iterdir())) == (True, 1, [])


BAD = {
    "no JSON": "{",
    "no object": "[]",
    "no document": "{}",
    "another site's": json.dumps(landed(account=STRANGER)),
    "newer": json.dumps({**landed(), "version": 2}),
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
def test_a_document_that_cannot_be_used_is_a_warning_and_its_site_writes_it_anew(tmp_path: Path, content: str) -> None:
    lay(tmp_path, content)
    manifests, report = opened(tmp_path)
    assert manifests.landed_in([DR]) == []
    (warning,) = report.warnings
    assert f"{tmp_path}/lifeboat/landed/{DR}-{EAST}.json" in warning
    assert "run goes on without it" in warning
    manifests.leave(landed(), ["a"])
    assert len(manifests.landed_in([DR])) == 1


SPOILT = {
    "iops": ('"iops": Infinity', "Infinity in it is not a number of JSON"),
    "number": ('"iops": 1e999', "a number in it is too large"),
    "key": ('"iops": 1, "iops": 2', "it names iops twice"),
    "text": ('"iops": "\\ud800"', "a text in it is not valid"),
    "deep": ('"iops": ' + "[" * 40 + "]" * 40, "more than 32 levels deep"),
}


@pytest.mark.parametrize(("more", "why"), SPOILT.values(), ids=SPOILT)
def test_a_document_that_json_does_not_allow_costs_its_source_alone(tmp_path: Path, more: str, why: str) -> None:
    opened(tmp_path)[0].leave(PUBLISHED, [])
    content = json.dumps({**PUBLISHED, "account": STRANGER})
    lay(tmp_path, content[:-1] + f", {more}}}", "published", STRANGER, WEST)
    manifests, report = opened(tmp_path)
    assert [one["account"] for one in manifests.published_by([SOURCE, STRANGER], [WEST])] == [SOURCE]
    (warning,) = report.warnings
    assert why in warning and f"{STRANGER}-{WEST}.json" in warning


def test_entries_that_cannot_be_read_are_left_out_with_their_source_named(tmp_path: Path) -> None:
    (point,) = PUBLISHED["points"]
    bad = [{**point, "recipe": {"iops": "many", "parameter_groups": []}}, {**point, "size_gib": "20"}, "x"]
    lay(tmp_path, json.dumps({**PUBLISHED, "points": [*bad, point]}), "published", SOURCE, WEST)
    manifests, report = opened(tmp_path)
    assert [one["points"] for one in manifests.published_by([SOURCE], [WEST])] == [[point]]
    (warning,) = report.warnings
    assert warning == (
        f"Cannot use 3 entries of {tmp_path}/lifeboat/published/{SOURCE}-{WEST}.json: an entry cannot be read (recipe:"
        f" iops is many, and must be a whole number). The run goes on without them. Ask who runs {SOURCE}, {WEST}."
    )


def test_landings_that_cannot_be_read_are_left_out(tmp_path: Path) -> None:
    (point,) = landed()["points"]
    lay(tmp_path, json.dumps({**landed(), "points": [{**point, "landed_time": "soon"}, point]}))
    manifests, report = opened(tmp_path)
    assert [one["points"] for one in manifests.landed_in([DR])] == [[point]]
    assert "Cannot use 1 entry of" in report.warnings[0]


def test_a_link_in_the_place_of_a_document_is_not_followed(tmp_path: Path) -> None:
    lay(tmp_path, json.dumps(landed()), account=STRANGER)
    file(tmp_path, "landed", DR, EAST).symlink_to(file(tmp_path, "landed", STRANGER, EAST))
    manifests, report = opened(tmp_path)
    assert manifests.landed_in([DR]) == []
    assert "it is a link, not a regular file" in report.warnings[0]


def test_a_document_of_81_mb_takes_no_more_memory_than_its_bound(tmp_path: Path) -> None:
    lay(tmp_path, "[" + "{}," * 27_000_000)
    manifests, report = opened(tmp_path)
    tracemalloc.start()
    assert manifests.landed_in([DR]) == []
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "it has more than 33554432 bytes" in report.warnings[0]
    assert most < 100_000_000


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    def failing(*methods: str, is_down: bool = False) -> list[str]:
        asked: list[str] = []

        def fail(method: str) -> Any:
            def no(*_about: Any) -> None:
                asked.append(method)
                raise StoreError("Cannot do it", why="no", remedy="Allow it", is_down=is_down)

            return no

        for method in methods:
            monkeypatch.setattr(Directory, method, fail(method))
        return asked

    return failing


def test_a_store_that_fails_is_a_warning_with_the_remedy(tmp_path: Path, failing: Any) -> None:
    failing("read", "write", "keys")
    manifests, report = opened(tmp_path)
    assert (manifests.published_by([SOURCE], [WEST]), manifests.landed_in([DR])) == ([], [])
    assert manifests.leave(landed(), ["a"])["points"] == landed()["points"]
    assert report.warnings == ["Cannot do it: no. Allow it. The run goes on without it."] * 3
    assert not report.changed


def test_a_write_that_fails_does_not_count_as_a_change(tmp_path: Path, failing: Any) -> None:
    failing("write")
    manifests, report = opened(tmp_path)
    manifests.leave(landed(), ["a"])
    assert (report.changed, report.after, len(report.warnings)) == (False, {}, 1)


def test_nothing_is_written_over_what_cannot_be_read(tmp_path: Path, failing: Any) -> None:
    asked = failing("read", "write")
    opened(tmp_path)[0].leave(landed(), ["a"])
    assert asked == ["read"]


def test_a_store_that_is_down_is_asked_once(tmp_path: Path, failing: Any) -> None:
    asked = failing("read", "write", "keys", is_down=True)
    manifests, report = opened(tmp_path)
    manifests.published_by([SOURCE, STRANGER], [WEST, EAST])
    manifests.landed_in([DR])
    manifests.leave(landed(), ["a"])
    assert (asked, len(report.warnings)) == (["read"], 1)


def test_what_a_document_says_for_the_first_time_is_news(tmp_path: Path) -> None:
    first, _report = opened(tmp_path)
    first.leave(landed("a"), ["a"])
    assert first.news == set(), "without an earlier document nobody can tell"
    second, _report = opened(tmp_path)
    second.leave(landed("b"), ["a", "b"])
    assert second.news == {"b"}
    third, _report = opened(None)
    third.leave(landed("b"), ["b"])
    assert third.news == set()
