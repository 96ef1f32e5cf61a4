# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.lifeboat.rds.plugins.module_utils._files.evidence import record
from ansible_collections.lifeboat.rds.plugins.module_utils._files.signing import open_signer
from ansible_collections.lifeboat.rds.plugins.modules import evidence_verify
from tests.keys import Keys, make_keys
from tests.modules import answer_of

Row = dict[str, Any]


def write(place: Path, keys: Keys | None, count: int = 3, region: str = "us-east-1", drill: str = "d") -> list[Path]:
    """Write the documents of drills, one after the other."""
    signer = open_signer(str(keys.private), None) if keys else None
    site = {"account_id": "222222222222", "region": region}
    about = [{"document": "drill", "drill_id": f"{drill}{number}", "site": site} for number in range(1, count + 1)]
    return [Path(record(str(place), document, signer)[0]) for document in about]


@pytest.fixture
def place(tmp_path: Path, keys: Keys) -> Path:
    """Three signed drills of one site, d1 to d3."""
    write(tmp_path / "evidence", keys)
    return tmp_path / "evidence"


@pytest.fixture
def verify(place: Path, keys: Keys) -> Any:
    """Run the module as Ansible does and return what it prints."""

    def verify(directory: Path = place, **changes: Any) -> Row:
        arguments: Row = {"directory": str(directory), "public_keys": [str(keys.public)]}
        return answer_of(evidence_verify.main, arguments | changes)

    return verify


def test_evidence_as_it_was_written_is_good(verify: Any) -> None:
    result = verify()
    assert (result.get("failed"), result["changed"], result["problems"]) == (None, False, [])
    assert [(one["file"], one["number"], one["signature"], one["good"]) for one in result["documents"]] == [
        ("d1-1.json", 1, "good", True), ("d2-1.json", 2, "good", True), ("d3-1.json", 3, "good", True),
    ]  # fmt: skip
    (history,) = result["histories"]
    assert (history["documents"], history["first"], history["newest"]["number"], history["good"]) == (3, 1, 3, True)


def test_the_result_has_what_is_documented(verify: Any) -> None:
    promised, result = yaml.safe_load(evidence_verify.RETURN), verify()
    for name in ("documents", "histories"):
        assert set(result[name][0]) == set(promised[name]["contains"])


def change(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"drill"', b'"recovery"', 1))


def sign_again(place: Path) -> None:
    other = open_signer(str(make_keys(place.parent, "other").private), None)
    (place / "d3-1.json.sig").write_bytes(other.sign((place / "d3-1.json").read_bytes()))


TAMPERING = [
    pytest.param(lambda place: change(place / "d2-1.json"), {"d2-1.json": "they do not belong together"}, id="changed"),
    pytest.param(lambda place: change(place / "d3-1.json"), {"d3-1.json": "they do not belong together"},
                 id="the-newest-changed"),
    pytest.param(lambda place: (place / "d2-1.json").unlink(), {
        "d3-1.json": "number 2, d2-1.json, is missing before it", "d2-1.json.sig": "its document is missing"},
        id="removed-in-the-middle"),
    pytest.param(lambda place: [(place / name).unlink() for name in ("d1-1.json", "d1-1.json.sig")],
                 {"d2-1.json": "number 1, d1-1.json, is missing before it"}, id="removed-at-the-start"),
    pytest.param(lambda place: (place / "d2-1.json.sig").unlink(), {"d2-1.json": "its signature is missing"},
                 id="signature-removed"),
    pytest.param(sign_again, {"d3-1.json": "they do not belong together"}, id="another-signature"),
    pytest.param(lambda place: (place / "d2-1.json").write_text("{"), {"d2-1.json": "as evidence: it is not JSON"},
                 id="no-json"),
    pytest.param(lambda place: (place / "d2-1.json").write_text('{"document": "drill"}'),
                 {"d2-1.json": "a field is missing or wrong"}, id="in-no-history"),
]  # fmt: skip


@pytest.mark.parametrize(("tamper", "told"), TAMPERING)
def test_whatever_was_done_to_the_evidence_shows(verify: Any, place: Path, tamper: Any, told: Row) -> None:
    tamper(place)
    result = verify()
    assert result["failed"]
    for name, why in told.items():
        assert any(name in one and why in one for one in result["problems"]), result["problems"]


def test_a_changed_document_shows_without_keys_as_long_as_there_is_a_later_one(verify: Any, place: Path) -> None:
    change(place / "d2-1.json")
    result = verify(public_keys=[])
    assert result["problems"] == ["d2-1.json: it was changed: d3-1.json names another digest of it"]
    assert {one["signature"] for one in result["documents"]} == {"unchecked"}


def test_a_document_removed_at_the_end_shows_by_its_digest(verify: Any, place: Path) -> None:
    digest = verify()["histories"][0]["newest"]["sha256"]
    assert not verify(newest_sha256=[digest.upper()]).get("failed")
    for name in ("d3-1.json", "d3-1.json.sig"):
        (place / name).unlink()
    assert not verify().get("failed"), "nothing in the directory tells of it"
    assert verify(newest_sha256=[digest])["problems"] == [f"the document with the digest {digest} is missing"]


def test_a_fork_shows(verify: Any, place: Path, keys: Keys, tmp_path: Path) -> None:
    """Somebody went on from an older copy of the history."""
    copy = tmp_path / "copy"
    shutil.copytree(place, copy, ignore=lambda _folder, names: [name for name in names if name.startswith("d3")])
    (forked,) = write(copy, keys, 1, drill="fork")
    for path in (forked, forked.with_name(forked.name + ".sig")):
        shutil.copy(path, place)
    result = verify()
    assert result["problems"] == [
        "d3-1.json: fork1-1.json also claims to be number 3 of this history",
        "fork1-1.json: d3-1.json also claims to be number 3 of this history",
    ]
    assert result["histories"][0]["good"] is False


def test_another_key_is_told_by_its_name(verify: Any, tmp_path: Path) -> None:
    other = make_keys(tmp_path, "other")
    result = verify(public_keys=[str(other.public)])
    assert len(result["problems"]) == 3
    assert all("it is signed by another key, sha256:" in one for one in result["problems"])


def test_a_history_may_go_on_under_another_key(verify: Any, place: Path, keys: Keys, tmp_path: Path) -> None:
    other = make_keys(tmp_path, "other")
    write(place, other, 1, drill="later")
    assert not verify(public_keys=[str(keys.public), other.public.read_text()]).get("failed")


def test_what_is_not_signed_is_told_where_keys_are_given(verify: Any, place: Path) -> None:
    write(place, None, 1, drill="unsigned")
    assert verify()["problems"] == ["unsigned1-1.json: it was not signed"]
    assert not verify(public_keys=[]).get("failed")


def test_a_posture_is_in_no_history_and_need_not_be_signed(verify: Any, place: Path) -> None:
    path = place / "posture-20261123t140000Z.json"
    path.write_text('{"document": "posture", "signed_by": null}')
    assert not verify().get("failed")
    path.write_text('{"document": "posture", "signed_by": "sha256:x"}')
    assert verify()["problems"] == [f"{path.name}: its signature is missing"]


def test_sites_have_histories_of_their_own(verify: Any, place: Path, keys: Keys) -> None:
    write(place, keys, 2, region="us-west-2", drill="w")
    result = verify()
    assert [(one["region"], one["documents"]) for one in result["histories"]] == [("us-east-1", 3), ("us-west-2", 2)]
    assert not result.get("failed")


def test_a_copy_in_folders_is_verified_and_copies_count_once(verify: Any, place: Path, tmp_path: Path) -> None:
    shutil.copytree(place, tmp_path / "audit" / "222222222222-us-east-1")
    assert len(verify(tmp_path / "audit")["documents"]) == 3
    shutil.copytree(place, place / "again")
    assert len(verify()["documents"]) == 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"newest_sha256": ["abc"]}, "Cannot look for 'abc' (newest_sha256)", id="no-digest"),
        pytest.param({"public_keys": ["/no/such.pem"]}, "Cannot verify with /no/such.pem", id="no-key"),
        pytest.param({"directory": "/no/such/place"}, "Cannot verify /no/such/place: it is not a directory",
                     id="no-directory"),
    ],
)  # fmt: skip
def test_what_cannot_be_verified_is_refused(verify: Any, changes: Row, message: str) -> None:
    assert verify(**changes)["msg"].startswith(message)


def test_an_empty_directory_does_not_pass_as_good_evidence(verify: Any, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert verify(tmp_path / "empty")["problems"] == ["there is no document"]


def test_nothing_is_written(verify: Any, place: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in place.rglob("*")}
    verify(_ansible_check_mode=True)
    verify()
    assert {path: path.stat().st_mtime_ns for path in place.rglob("*")} == before
