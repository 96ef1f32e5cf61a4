# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import iso
from ansible_collections.lifeboat.rds.plugins.module_utils._files.posture import last_drills
from ansible_collections.lifeboat.rds.plugins.module_utils._files.signing import (
    open_public_keys,
    open_signer,
    why_not_signed,
)
from ansible_collections.lifeboat.rds.plugins.modules import posture_report
from tests.builders import DR, EAST, NOW, hours_ago
from tests.keys import make_keys
from tests.modules import answer_of
from tests.postures import DIGEST, dark, dr_site, row, seen_at_dr, source_site
from tests.schemas import read_evidence

Row = dict[str, Any]

NAME = "posture-20261123t140000z.json"
BOTH = (source_site(row()), dr_site(seen_at_dr()))


@pytest.fixture
def call(place: Path) -> Any:
    """Run the module as Ansible does and return what it prints."""

    def call(*sites: Row, check_mode: bool = False, **changes: Any) -> Row:
        arguments: Row = {"directory": str(place), "sites": list(sites)}
        return answer_of(posture_report.main, arguments | changes, check_mode=check_mode)

    return call


def read(place: Path) -> tuple[Row, list[str]]:
    """Return the posture and the warnings of this call alone: Ansible keeps all the warnings of a process."""
    return posture_report.run(
        {"directory": str(place), "sites": list(BOTH), "overrides": [], "max_drill_age": 8640000, "public_keys": []}, {}
    )


def leave(place: Path, name: str, content: Any) -> None:
    place.mkdir(exist_ok=True)
    (place / name).write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")


def drill(verdict: str = "verified", hours: float = 5, **changes: Any) -> Row:
    orders = {"name": "orders", "kind": "instance", "lineage": f"20261123120000-{DIGEST}", "verdict": verdict}
    return {
        "document": "drill",
        "version": 1,
        "drill_id": "d1",
        "started": iso(hours_ago(hours)),
        "finished": iso(hours_ago(hours - 1)),
        "site": {"account_id": DR, "region": EAST},
        "databases": [orders],
        **changes,
    }


def test_the_document_is_written_and_returned(call: Any, place: Path) -> None:
    result = call(*BOTH, overrides=[{"databases": ["ord*"], "rto": 600, "owner": "shop team"}])
    document = read_evidence(Path(result["path"]))
    assert (result["path"], result["changed"]) == (str(place / NAME), True)
    assert document == result["posture"]
    assert (document["databases"][0]["owner"], document["databases"][0]["rto"]) == ("shop team", 600)
    assert result["summary"] == "lifeboat posture 2026-11-23T14:00:00Z: UNVERIFIED (0 of 1 verified: 1 never drilled)"
    assert result["table"][1].startswith("orders")


def test_only_its_owner_and_group_may_read_it(call: Any) -> None:
    assert stat.S_IMODE(os.stat(call(*BOTH)["path"]).st_mode) == 0o640


def test_a_posture_is_never_overwritten(call: Any, place: Path) -> None:
    first = call(*BOTH)["path"]
    before = Path(first).read_bytes()
    assert call(*BOTH, check_mode=True)["path"] == str(place / NAME.replace("z.", "z-2."))
    assert call(dark(source_site()), dr_site())["path"] == str(place / NAME.replace("z.", "z-2."))
    assert Path(first).read_bytes() == before


def test_check_mode_joins_everything_and_writes_nothing(call: Any, place: Path) -> None:
    result = call(*BOTH, check_mode=True)
    assert (result["path"], result["posture"]["total"], place.exists()) == (str(place / NAME), 1, False)


def test_drills_of_the_directory_count(call: Any, place: Path) -> None:
    leave(place, "d1-1.json", drill(hours=9))
    leave(place, "d2-1.json", drill("failed", hours=2))
    leave(place, "r1-1.json", drill(hours=5, document="recovery"))
    (orders,) = call(*BOTH)["posture"]["databases"]
    assert [orders[name]["evidence"] for name in ("last_drill", "last_verified")] == ["d2-1.json", "r1-1.json"]


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        pytest.param("broken.json", "{", "Expecting", id="no JSON"),
        pytest.param("deep.json", "[" * 100_000, "more than 32 levels deep", id="nested without end"),
        pytest.param("endless.json", '{"document": "drill", "rpo": NaN}', "NaN in it is not a number", id="no number"),
        pytest.param("package.json", {"name": "x"}, "is not evidence", id="of another program"),
        pytest.param("d9-1.json", drill(started="2027-01-01T00:00:00Z"), "after AWS's time", id="from the future"),
    ],
)
def test_a_file_that_is_not_evidence_is_ignored_with_a_warning(place: Path, name: str, content: Any, why: str) -> None:
    leave(place, name, content)
    leave(place, "d1-1.json", drill())
    posture, (warning,) = read(place)
    assert name in warning
    assert why in warning
    assert posture["databases"][0]["last_drill"]["evidence"] == "d1-1.json"


def test_a_warning_reaches_the_user(call: Any, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []
    monkeypatch.setattr(posture_report.AnsibleModule, "warn", lambda _module, text: heard.append(text))
    leave(place, "mine.json", "{")
    call(*BOTH)
    assert ["mine.json" in text for text in heard] == [True]


def test_a_directory_of_others_is_one_warning(place: Path) -> None:
    for number in range(9):
        leave(place, f"x{number}.json", {})
    (place / "folder.json").mkdir()
    _posture, (warning,) = read(place)
    assert "folder.json (it is a folder, not a regular file)" in warning
    assert "and 7 more" in warning


def test_earlier_postures_and_unfinished_files_do_not_count_as_evidence(call: Any, place: Path) -> None:
    leave(place, ".d1-1.json-x.json", "{")
    leave(place, "notes.txt", "{")
    call(*BOTH)
    assert read(place)[1] == []


@pytest.mark.parametrize("check_mode", [False, True])
def test_a_directory_that_cannot_be_written_is_an_error_that_tells_the_posture(
    call: Any, place: Path, check_mode: bool
) -> None:
    place.write_text("a file")
    result = call(*BOTH, check_mode=check_mode)
    assert result["failed"]
    assert f"Cannot write the evidence to {place}" in result["msg"]
    assert result["posture"]["total"] == 1
    assert "path" not in result


def test_without_any_answer_nothing_is_written(call: Any, place: Path) -> None:
    result = call(dark(source_site()))
    assert (result["failed"], place.exists()) == (True, False)
    assert "production: it is dark" in result["msg"]


def test_a_posture_is_signed_like_all_evidence(call: Any, tmp_path: Path) -> None:
    keys = make_keys(tmp_path)
    result = call(*BOTH, signing_key=str(keys.private))
    path, known = Path(result["path"]), open_public_keys([str(keys.public)])
    signed_by = read_evidence(path)["signed_by"]
    assert why_not_signed(path.read_bytes(), Path(f"{path}.sig").read_bytes(), signed_by, known) == ""
    assert result["posture"]["signed_by"] == signed_by


def test_a_key_that_cannot_be_used_fails_after_the_posture_was_written(call: Any, tmp_path: Path) -> None:
    result = call(*BOTH, signing_key=str(tmp_path / "missing.pem"))
    assert result["failed"]
    assert read_evidence(Path(result["path"]))["signed_by"] is None


def test_with_keys_only_what_they_signed_counts(call: Any, place: Path, tmp_path: Path) -> None:
    """Whoever can write to the directory makes nothing green, and hides no failure of a newer date either."""
    for who in ("ours", "theirs"):
        (tmp_path / who).mkdir()
    keys, others = make_keys(tmp_path / "ours"), make_keys(tmp_path / "theirs")
    signers = {who: open_signer(str(one.private), None) for who, one in (("ours", keys), ("theirs", others))}
    for name, verdict, hours, by in (("d1", "failed", 9, "ours"), ("d2", "verified", 5, "theirs")):
        content = json.dumps(drill(verdict, hours) | {"signed_by": signers[by].name}).encode()
        leave(place, f"{name}-1.json", content.decode())
        (place / f"{name}-1.json.sig").write_bytes(signers[by].sign(content))
    leave(place, "d3-1.json", drill("verified", 1))
    leave(place, "d4-1.json", drill("verified", 1) | {"signed_by": ["x"]})
    leave(place, "d5-1.json", drill("verified", 1) | {"signed_by": signers["ours"].name})
    assert verdict_of_orders(call(*BOTH)) == "verified"
    _drills, (warning,) = last_drills(str(place), NOW, [str(keys.public)])
    assert "d2-1.json (it is signed by another key" in warning and "d3-1.json (it was not signed)" in warning
    assert verdict_of_orders(call(*BOTH, public_keys=[str(keys.public)])) == "failed"


def verdict_of_orders(result: Row) -> str | None:
    (database,) = result["posture"]["databases"]
    return database["last_drill"] and str(database["last_drill"]["verdict"])
