# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import shutil
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.lifeboat.rds.plugins.action.evidence_verify import ActionModule
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import iso
from ansible_collections.lifeboat.rds.plugins.module_utils._files import posture as posture_file
from ansible_collections.lifeboat.rds.plugins.module_utils._files.evidence import record
from ansible_collections.lifeboat.rds.plugins.module_utils._files.signing import open_signer
from ansible_collections.lifeboat.rds.plugins.modules import drill_report, evidence_verify
from ansible_collections.lifeboat.rds.plugins.plugin_utils.pages import compare
from ansible_collections.lifeboat.rds.plugins.plugin_utils.pages.files import render_all
from tests.keys import Keys, make_keys
from tests.modules import answer_of, answer_of_action
from tests.pages.samples import drilled, shop_posture

Row = dict[str, Any]


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return make_keys(tmp_path_factory.mktemp("keys"))


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
    """Run the action as Ansible does and return what it answers."""

    def verify(directory: Path = place, **changes: Any) -> Row:
        arguments: Row = {"directory": str(directory), "public_keys": [str(keys.public)]}
        return answer_of_action(ActionModule, arguments | changes)

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
    assert set(promised) <= set(result)
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


def test_a_posture_is_in_no_history_and_is_signed_like_any_document(verify: Any, place: Path, keys: Keys) -> None:
    posture = {"document": "posture", "time": "2026-11-23T14:00:00Z", "signed_by": None}
    path = Path(posture_file.write(str(place), posture, None))
    assert path.name == "posture-20261123t140000z.json"
    assert verify()["problems"] == [f"{path.name}: it was not signed"]
    assert not verify(public_keys=[]).get("failed")
    path.unlink()
    signer = open_signer(str(keys.private), None)
    posture_file.write(str(place), posture | {"signed_by": signer.name}, signer)
    assert not verify().get("failed")


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


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory, keys: Keys) -> Path:
    """Two signed drills and a signed posture, with their pages."""
    place = tmp_path_factory.mktemp("original") / "rendered"
    signing = {"directory": str(place), "signing_key": str(keys.private)}
    for day in (16, 23):
        moment = datetime(2026, 11, day, 14, 4, tzinfo=timezone.utc)
        about = {"drill_id": f"202611{day}t1404", "started": iso(moment), "databases": [drilled("orders")]}
        site = {"account_id": "222222222222", "region": "us-east-1"}
        assert answer_of(drill_report.main, {**signing, **about, "site": site, "purpose": "drill"})["signed_by"]
    signer = open_signer(str(keys.private), None)
    posture_file.write(str(place), shop_posture() | {"signed_by": signer.name}, signer)
    assert not render_all(str(place), [], ["html", "junit"], check_mode=False).get("failed")
    return place


@pytest.fixture
def rendered(tmp_path: Path, original: Path) -> Path:
    """Return a copy, to do something to it."""
    return Path(shutil.copytree(original, tmp_path / "rendered"))


NEWEST = "20261123t1404-1"


def test_pages_that_follow_from_signed_documents_are_good(verify: Any, rendered: Path) -> None:
    result = verify(rendered)
    assert result["problems"] == []
    assert {(one["file"].rpartition(".")[2], one["compared"]) for one in result["pages"]} == {
        ("html", "bytes"), ("xml", "bytes"),
    }  # fmt: skip
    assert len(result["pages"]) == 5
    assert set(result["pages"][0]) == set(yaml.safe_load(evidence_verify.RETURN)["pages"]["contains"])


def replace_in(path: Path, old: bytes, new: bytes) -> None:
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, 1))


def posture_of(place: Path) -> str:
    (path,) = place.glob("posture-*.json")
    return path.stem


def move(place: Path, old: str, new: str) -> None:
    for end in (".json", ".json.sig"):
        (place / (old + end)).rename(place / (new + end))


def rewrite_as_posture(place: Path) -> None:
    (place / f"{NEWEST}.json").write_text('{"document": "posture", "time": "2026-11-23T14:05:00Z", "signed_by": null}')


def leave(name: str, content: bytes = b"x") -> Any:
    return lambda place: (place / name).write_bytes(content)


FORGERIES = {
    "the-newest-drill-becomes-a-posture": (rewrite_as_posture, f"{NEWEST}.json: it was not signed"),
    "an-unsigned-posture": (
        leave("posture-20261124t000000z.json", b'{"document": "posture", "time": "2026-11-24T00:00:00Z"}'),
        "posture-20261124t000000z.json: it was not signed"),
    "a-forged-page": (lambda place: replace_in(place / f"{NEWEST}.html", b"Verified", b"Splendid"),
                      f"{NEWEST}.html: it is not what this release makes of its document"),
    "a-page-with-one-byte-more": (lambda place: replace_in(place / f"{NEWEST}.html", b"</body>", b" </body>"),
                                  f"{NEWEST}.html: it is not what"),
    "a-page-that-is-no-text": (leave(f"{NEWEST}.html", b"\xff"), f"{NEWEST}.html: it cannot be compared"),
    "a-page-of-another-document": (
        lambda place: shutil.copy(place / "20261116t1404-1.html", place / f"{NEWEST}.html"),
        f"{NEWEST}.html: it is not what"),
    "a-forged-test-report": (lambda place: replace_in(place / f"{NEWEST}.xml", b'failures="', b'failures="1'),
                             f"{NEWEST}.xml: it is not what"),
    "a-page-without-a-document": (leave("20261124t1404-1.html"), "20261124t1404-1.html: its document is missing"),
    "a-test-report-of-a-posture": (lambda place: (place / f"{posture_of(place)}.xml").write_text("<testsuites/>"),
                                   "a posture has no JUnit XML"),
    "a-name-in-capitals": (leave("20261124T1404-1.JSON"), "20261124T1404-1.JSON: it is neither a document"),
    "a-name-with-a-dot": (leave("d1.x-1.json"), "d1.x-1.json: it is neither a document"),
    "a-name-with-a-space": (leave("d1 -1.json"), "d1 -1.json: it is neither a document"),
    "a-hidden-file": (leave(".d1-1.json"), ".d1-1.json: it is neither a document"),
    "a-file-of-another-kind": (leave("summary.pdf"), "summary.pdf: it is neither a document"),
    "a-file-in-a-folder": (lambda place: (place / "more").mkdir() or leave("more/x.txt")(place),
                           "more/x.txt: it is neither a document"),
    "a-lock-that-holds-something": (leave(".lock"), ".lock: it is not empty"),
    "a-name-that-would-break-the-line": (leave("a\n\x1b[2Jb.txt"), "a\\n\\x1b[2Jb.txt: it is neither a document"),
    "a-link": (lambda place: (place / "d9-1.json").symlink_to(place / f"{NEWEST}.json"), "d9-1.json: it is a link"),
    "a-link-to-a-folder": (lambda place: (place / "x").symlink_to("/"), "x: it is a link"),
    "a-pipe": (lambda place: os.mkfifo(place / "d9-1.json"), "d9-1.json: it is a named pipe"),
    "a-signature-that-is-a-link": (
        lambda place: (place / f"{NEWEST}.json.sig").rename(place.parent / "away")
        and (place / f"{NEWEST}.json.sig").symlink_to(place.parent / "away"),
        f"{NEWEST}.json.sig: it is a link"),
    "a-signature-that-is-longer": (
        lambda place: replace_in(place / f"{NEWEST}.json.sig", b"", b"x"), "they do not belong together"),
    "another-drill-id": (lambda place: move(place, NEWEST, "20261124t1404-1"),
                         "20261124t1404-1.json: it is the drill 20261123t1404, whose file has another name"),
    "another-time": (lambda place: move(place, posture_of(place), "posture-20261130t000000z"),
                     "posture-20261130t000000z.json: it is the posture "),
    "another-site": (lambda place: (place / "222222222222-us-west-2").mkdir()
                     or move(place, NEWEST, f"222222222222-us-west-2/{NEWEST}"),
                     "it belongs into the folder 222222222222-us-east-1/, and lies in 222222222222-us-west-2/"),
    "another-number-of-the-file-before": (lambda place: move(place, "20261116t1404-1", "20261116t1404-2"),
                                          "the document before it is 20261116t1404-2.json, but it names"),
    "a-copy-without-its-signature": (
        lambda place: (place / "copy").mkdir() or shutil.copy(place / f"{NEWEST}.json", place / "copy"),
        f"{NEWEST}.json: its signature is missing"),
    "infinity": (leave("d9-1.json", b'{"document": "drill", "rpo": Infinity}'),
                 "Cannot read d9-1.json as evidence: Infinity in it is not a number of JSON"),
    "too-large": (leave("d9-1.json", b" " * (16 * 1024 * 1024 + 1)), "it has more than 16777216 bytes"),
}  # fmt: skip


@pytest.mark.parametrize(("forge", "told"), FORGERIES.values(), ids=FORGERIES)
def test_with_keys_whatever_is_not_signed_and_does_not_follow_is_a_problem(
    verify: Any, rendered: Path, forge: Any, told: str
) -> None:
    forge(rendered)
    for page in rendered.glob("*.html") if "html" not in told else ():
        page.unlink()  # drawing them again takes time
    result = verify(rendered)
    assert result["failed"]
    assert any(told in one for one in result["problems"]), result["problems"]


def test_without_keys_other_files_are_ignored(verify: Any, rendered: Path) -> None:
    leave("summary.pdf")(rendered)
    result = verify(rendered, public_keys=[])
    assert (result["problems"], result["pages"]) == ([], [])


def test_a_page_whose_picture_differs_in_numbers_only_is_compared_without_them(verify: Any, rendered: Path) -> None:
    """Another version of matplotlib places things elsewhere."""
    page = rendered / f"{NEWEST}.html"
    content = page.read_text(encoding="utf-8")
    assert ' viewBox="0 0 756 ' in content
    page.write_text(content.replace(' viewBox="0 0 756 ', ' viewBox="0 0 756.25 '), encoding="utf-8")
    result = verify(rendered)
    assert result["problems"] == []
    assert {one["file"]: one["compared"] for one in result["pages"]}[page.name] == "outlines"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("</text>", " and more</text>", id="text"),
        pytest.param("var(--phase-3)", "var(--verified)", id="colour"),
        pytest.param("</svg></div>", '<image href="x"/></svg></div>', id="shape"),
        pytest.param("15 min 53 s of 1 h</text>", "15 min 52 s of 1 h</text>", id="number-in-a-text"),
    ],
)
def test_what_else_differs_in_a_picture_is_a_forgery(verify: Any, rendered: Path, old: str, new: str) -> None:
    page = rendered / f"{NEWEST}.html"
    content = page.read_text(encoding="utf-8")
    assert old in content, content[content.index("tabindex") :][:3000]
    page.write_text(content.replace(old, new, 1), encoding="utf-8")
    assert [one["file"] for one in verify(rendered)["pages"] if not one["good"]] == [page.name]


def test_pictures_that_cannot_be_drawn_again_are_not_taken_for_good(
    verify: Any, rendered: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compare, "is_available", lambda: False)
    problems = verify(rendered)["problems"]
    assert len(problems) == 3
    assert all("matplotlib is not installed" in one for one in problems)


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
    verify()
    assert {path: path.stat().st_mtime_ns for path in place.rglob("*")} == before
