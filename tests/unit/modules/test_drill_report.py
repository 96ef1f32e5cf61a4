# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import getpass
import hashlib
import json
import os
import platform
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible import constants

from ansible_collections.lifeboat.rds.plugins.action import drill_report as action
from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._files.signing import (
    open_public_keys,
    open_signer,
    why_not_signed,
)
from ansible_collections.lifeboat.rds.plugins.modules import drill_report
from tests.keys import make_keys
from tests.modules import answer_of
from tests.schemas import complaints, evidence_files

Row = dict[str, Any]

ORDERS: Row = {
    "name": "orders",
    "original_time": "2026-11-23T12:00:00Z",
    "objectives": {"rpo": 7200, "rto": None},
    "restore": {"status": "restored", "seconds": 59, "target": "lifeboat-d1-orders-5f0c2a"},
    "credentials": {"status": "set", "seconds": 40, "password": "hidden-word"},
    "check": {"verdict": "verified", "seconds": 0.4, "checks": [{"check": "rows", "status": "passed"}]},
    "teardown": {"status": "deleted"},
}


@pytest.fixture
def call(place: Path) -> Any:
    """Run the module as Ansible does and return what it prints."""

    def call(*databases: Row, check_mode: bool = False, **changes: Any) -> Row:
        arguments: Row = {
            "drill_id": "d1",
            "directory": str(place),
            "started": "2026-11-23T14:00:00Z",
            "site": {"account_id": "222222222222", "region": "us-east-1"},
            "databases": list(databases),
        }
        result = answer_of(drill_report.main, arguments | changes, check_mode=check_mode)
        if "sha256" in result:
            assert complaints(json.loads(Path(result["evidence"]).read_text())) == []
        return result

    return call


def test_writes_the_evidence_and_returns_the_verdict(call: Any, place: Path) -> None:
    result = call(ORDERS)
    evidence = json.loads((place / "d1-1.json").read_text())
    assert (result["verdict"], evidence["verdict"], result["changed"]) == ("verified", "verified", True)
    assert (result["evidence"], result["summary"]) == (
        str(place / "d1-1.json"),
        "lifeboat drill d1: VERIFIED (1 of 1 verified)",
    )


def test_the_evidence_says_what_made_it(call: Any) -> None:
    tool = json.loads(Path(call(ORDERS)["evidence"]).read_text())["tool"]
    assert set(tool) == {"lifeboat.rds", "ansible-core", "python"}
    assert all(tool.values())


def test_no_secret_is_in_the_evidence(call: Any) -> None:
    assert "hidden-word" not in Path(call(ORDERS)["evidence"]).read_text()


def test_a_verdict_that_is_not_verified_is_a_result_and_not_an_error(call: Any) -> None:
    result = call(ORDERS | {"restore": {"status": "failed"}})
    assert (result["verdict"], result.get("failed")) == ("failed", None)


def test_a_drill_without_databases_is_unverified_and_recorded(call: Any) -> None:
    result = call()
    assert (result["verdict"], json.loads(Path(result["evidence"]).read_text())["databases"]) == ("unverified", [])


def test_evidence_is_never_overwritten(call: Any, place: Path) -> None:
    first = Path(call(ORDERS)["evidence"])
    before = first.read_bytes()
    assert call()["evidence"] == str(place / "d1-2.json")
    assert first.read_bytes() == before


EVIDENCE: Row = {"document": "drill", "drill_id": "d1", "site": {"account_id": "222222222222", "region": "us-east-1"}}


def test_drills_that_end_together_each_get_a_file_and_follow_each_other(place: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        written = list(pool.map(lambda _number: drill_report.write(str(place), EVIDENCE, None)[0], range(32)))
    assert len({one["evidence"] for one in written}) == 32
    chain = {one["sha256"]: json.loads(Path(one["evidence"]).read_text())["history"] for one in written}
    assert sorted(one["number"] for one in chain.values()) == list(range(1, 33))
    previous = [one["previous"]["sha256"] for one in chain.values() if one["previous"]]
    assert len(set(previous)) == 31 and set(previous) < set(chain)


def test_nothing_but_the_evidence_is_left(call: Any, place: Path) -> None:
    call(ORDERS)
    assert evidence_files(place) == ["d1-1.json"]


def test_evidence_that_cannot_be_finished_leaves_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LifeboatError, match="No space left on device"):
        drill_report.write(str(place), EVIDENCE, None)
    assert evidence_files(place) == []


def history(result: Row) -> Row:
    return dict(json.loads(Path(result["evidence"]).read_text())["history"])


def test_each_document_names_the_digest_of_the_one_before(call: Any) -> None:
    first, second = call(ORDERS), call(ORDERS, drill_id="d2", purpose="recovery")
    assert history(first) == {"number": 1, "previous": None}
    assert history(second) == {"number": 2, "previous": {"file": "d1-1.json", "sha256": first["sha256"]}}
    assert hashlib.sha256(Path(first["evidence"]).read_bytes()).hexdigest() == first["sha256"]


def test_each_site_has_a_history_of_its_own(call: Any) -> None:
    call(ORDERS)
    elsewhere = {"account_id": "222222222222", "region": "us-west-2"}
    assert history(call(ORDERS, site=elsewhere)) == {"number": 1, "previous": None}


def test_a_history_goes_on_beside_what_cannot_be_read_and_says_so(
    call: Any, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(drill_report.AnsibleModule, "warn", lambda _module, text: told.append(text))
    call(ORDERS)
    (place / "broken.json").write_text("{")
    (place / "posture-20261123t140000Z.json").write_text('{"document": "posture"}')
    result = call(ORDERS)
    assert history(result)["number"] == 2
    assert [one.partition(":")[0] for one in told] == ["Cannot read broken.json as evidence"]


def test_a_signed_document_says_by_whom_and_its_signature_lies_beside_it(call: Any, tmp_path: Path) -> None:
    keys = make_keys(tmp_path)
    result = call(ORDERS, signing_key=str(keys.private))
    path = Path(result["evidence"])
    known = open_public_keys([str(keys.public)])
    assert json.loads(path.read_text())["signed_by"] == result["signed_by"] == next(iter(known))
    assert why_not_signed(path.read_bytes(), signature_of(path).read_bytes(), result["signed_by"], known) == ""


def signature_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.sig")


def test_what_cannot_be_signed_is_written_and_fails(call: Any) -> None:
    result = call(ORDERS, signing_key="/no/such.pem")
    evidence = json.loads(Path(result["evidence"]).read_text())
    assert (result["failed"], result["verdict"], result["signed_by"]) == (True, "verified", None)
    assert result["msg"].startswith("Cannot sign the evidence with /no/such.pem: ")
    assert (evidence["verdict"], evidence["signed_by"]) == ("verified", None)


def test_check_mode_finds_out_that_it_cannot_be_signed(call: Any, place: Path) -> None:
    assert call(ORDERS, signing_key="/no/such.pem", check_mode=True)["failed"]
    assert not place.exists()


def test_a_signature_without_its_document_is_left_alone(call: Any, place: Path) -> None:
    """It is what a killed run left, or tells of a document that was taken away."""
    place.mkdir()
    (place / "d1-1.json.sig").write_bytes(b"old")
    assert call(ORDERS)["evidence"] == str(place / "d1-2.json")


def test_a_signature_goes_when_its_document_cannot_be_written(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.link
    signer = open_signer(str(make_keys(tmp_path).private), None)

    def full(source: str, target: Path) -> None:
        if str(target).endswith(".json"):
            raise OSError(28, "No space left on device")
        real(source, target)

    monkeypatch.setattr(os, "link", full)
    with pytest.raises(LifeboatError, match="No space left"):
        drill_report.write(str(place), EVIDENCE, signer)
    assert evidence_files(place) == []


def test_the_evidence_says_who_ran_it(call: Any) -> None:
    who = json.loads(Path(call(ORDERS, who={"awx_user": "ann", "caller_arn": "arn:x"})["evidence"]).read_text())["who"]
    assert (who["awx_user"], who["awx_job"], who["caller_arn"]) == ("ann", None, "arn:x")
    assert (who["user"], who["host"]) == (getpass.getuser(), platform.node())


def test_the_evidence_says_of_which_controls_it_is(call: Any) -> None:
    controls = [{"framework": "SOC 2", "control": "A1.2", "title": None}]
    evidence = json.loads(Path(call(ORDERS, controls=controls, name="quarterly")["evidence"]).read_text())
    assert (evidence["controls"], evidence["name"]) == (controls, "quarterly")


@pytest.fixture
def umask() -> Iterator[None]:
    old = os.umask(0o077)
    yield
    os.umask(old)


def test_the_group_may_read_the_evidence_whatever_the_umask(call: Any, umask: None) -> None:
    assert stat.S_IMODE(Path(call(ORDERS)["evidence"]).stat().st_mode) == 0o640


def test_check_mode_predicts_the_path_and_writes_nothing(call: Any, place: Path) -> None:
    predicted = call(ORDERS, check_mode=True)
    assert not place.exists()
    assert predicted["evidence"] == call(ORDERS)["evidence"]
    assert call(check_mode=True)["evidence"] == str(place / "d1-2.json")


def test_the_diff_is_the_file_that_appears(call: Any, place: Path) -> None:
    diff = call(ORDERS, _ansible_diff=True)["diff"]
    assert (diff["before"], diff["after_header"]) == ("", str(place / "d1-1.json"))
    assert diff["after"].splitlines()[1].startswith("orders")


@pytest.mark.parametrize("check_mode", [False, True], ids=["run", "check-mode"])
def test_a_path_that_is_not_a_directory_is_refused_and_the_verdict_is_kept(
    call: Any, place: Path, check_mode: bool
) -> None:
    place.write_text("in the way")
    result = call(ORDERS, check_mode=check_mode)
    assert result["failed"]
    assert result["msg"].startswith(f"Cannot write the evidence to {place}: ")
    assert (bool(result["remedy"]), result["verdict"], len(result["table"])) == (True, "verified", 2)


@pytest.mark.parametrize("check_mode", [False, True], ids=["run", "check-mode"])
def test_a_directory_that_may_not_be_written_to_is_refused(
    call: Any, monkeypatch: pytest.MonkeyPatch, check_mode: bool
) -> None:
    def refuse(*_arguments: Any, **_options: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "makedirs", refuse)  # root may write anywhere, and runs tests as well
    monkeypatch.setattr(os, "access", lambda *_arguments: False)
    assert "Cannot write the evidence" in call(ORDERS, check_mode=check_mode)["msg"]


def test_a_directory_is_taken_from_where_the_module_runs(
    call: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call(ORDERS, directory="here/there", check_mode=True)["evidence"] == f"{tmp_path}/here/there/d1-1.json"
    assert call(ORDERS, directory="here/there")["evidence"] == f"{tmp_path}/here/there/d1-1.json"


def test_the_evidence_says_by_which_clock_each_time_is(call: Any) -> None:
    clocks = [
        json.loads(Path(call(ORDERS, **changes)["evidence"]).read_text())["clocks"]
        for changes in ({}, {"started_clock": "controller"})
    ]
    assert [one["started"].partition(":")[0] for one in clocks] == ["AWS", "the controller"]
    assert clocks[0]["available"].startswith("AWS")
    assert clocks[0]["checked"].startswith("the check host")


def test_two_clocks_that_differ_by_more_than_the_tolerance_are_told(call: Any) -> None:
    stale = ORDERS | {"check": ORDERS["check"] | {"newest_row": "2026-11-23T11:59:00Z"}}
    quiet, loud = call(stale, rpo_tolerance=60), call(stale, rpo_tolerance=59)
    assert (len(quiet["databases"][0]["warnings"]), len(loud["databases"][0]["warnings"])) == (0, 1)
    assert loud["table"][-1].startswith("warning: orders: the newest row is 1 min older")


HOSTILE = "\x1b[2J\r\n\u202e</td><script>'\";--{{ lookup('pipe', 'id') }}" + "x" * 1_000_000


def hostile(spec: Row) -> Row:
    """Every option that takes a text or anything, at any depth, with a hostile value."""
    made: Row = {}
    for name, one in spec.items():
        if "options" in one:
            inner = hostile(one["options"])
            made[name] = [inner] if one["type"] == "list" else inner
        elif one["type"] == "dict":
            made[name] = {HOSTILE: HOSTILE, "status": HOSTILE, "reason": HOSTILE, "phases": {"choose": HOSTILE}}
        elif one["type"] == "str" and not one.get("choices"):
            made[name] = HOSTILE
    return made


def lines_of(value: Any) -> Iterator[str]:
    """Every text of a document, keys among them."""
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        for one in value:
            yield from lines_of(one)
    elif isinstance(value, str):
        yield value


OPEN = ("name", "site", "who", "controls", "databases", "problems")  # what may be any text


def test_whatever_somebody_wrote_is_shown_as_short_printable_lines_wherever_it_is(call: Any) -> None:
    given = hostile({name: drill_report.ARGUMENTS[name] for name in OPEN})
    (database,) = given.pop("databases")
    rows = [{"check": HOSTILE, "status": "failed", "reason": HOSTILE, "target": HOSTILE, "found": HOSTILE}]
    database["check"] = {"verdict": HOSTILE, "reason": HOSTILE, "newest_row": HOSTILE, "checks": rows}
    given["problems"][0]["verdict"] = "failed"
    result = call(database, **given)
    evidence = Path(result["evidence"]).read_text()
    assert len(evidence) < 100_000
    assert all(line.isprintable() and len(line) <= 2000 for line in lines_of(json.loads(evidence)))
    assert all(line.isprintable() and len(line) < 3000 for line in [*result["table"], result["summary"]])
    assert all(line.isprintable() and len(line) < 3000 for line in lines_of(result["databases"]))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"rpo_tolerance": -1}, "Cannot report the drill with rpo_tolerance -1", id="tolerance-below-0"),
        pytest.param({"drill_id": "../d1"}, "Cannot use the drill id '../d1'", id="drill-id-that-leaves-the-directory"),
        pytest.param({"started": "noon"}, "Cannot report the drill (started): 'noon' is not a time", id="no-start"),
    ],
)
def test_a_drill_that_cannot_be_recorded_is_refused(call: Any, place: Path, changes: Row, message: str) -> None:
    assert call(ORDERS, **changes)["msg"].startswith(message)
    assert not place.exists()


@pytest.fixture
def run_action(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run the action plugin over a module that returns this, and collect what it shows."""

    def run_action(
        result: Row, *, no_log: bool = False, callback: str = "default", args: Row | None = None
    ) -> list[tuple[str, bool]]:
        shown: list[tuple[str, bool]] = []
        display = SimpleNamespace(display=lambda line, stderr=False: shown.append((line, stderr)))
        monkeypatch.setattr(action, "Display", lambda: display)
        monkeypatch.setattr(constants, "DEFAULT_STDOUT_CALLBACK", callback, raising=False)
        monkeypatch.setattr(action.ActionBase, "run", lambda *_arguments: {})
        plugin = action.ActionModule.__new__(action.ActionModule)
        plugin._task = SimpleNamespace(no_log=no_log, args=args or {})
        plugin._connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir=None))
        monkeypatch.setattr(plugin, "_execute_module", lambda **_options: result)
        assert plugin.run(task_vars={}) == result
        return shown

    return run_action


RESULT: Row = {
    "verdict": "verified",
    "table": ["database", "orders"],
    "summary": "VERIFIED",
    "evidence": "/e/1.json",
}


def test_the_table_is_shown_and_the_verdict_last(run_action: Any) -> None:
    assert run_action(RESULT) == [("database", False), ("orders", False), ("VERIFIED evidence: /e/1.json", False)]


def test_a_verdict_without_evidence_is_shown_as_such(run_action: Any) -> None:
    result = {key: value for key, value in RESULT.items() if key != "evidence"} | {"failed": True}
    assert run_action(result)[-1] == ("VERIFIED evidence: not written", False)


@pytest.mark.parametrize("callback", ["json", "ansible.posix.jsonl"])
def test_callbacks_that_print_json_have_stdout_for_themselves(run_action: Any, callback: str) -> None:
    assert {stderr for _line, stderr in run_action(RESULT, callback=callback)} == {True}


def test_nothing_is_shown_of_a_task_that_must_not_be_logged(run_action: Any) -> None:
    assert run_action(RESULT, no_log=True) == []


def test_nothing_is_shown_where_nobody_wants_it(run_action: Any) -> None:
    assert run_action(RESULT, args={"quiet": "true"}) == []


def test_nothing_is_shown_when_there_is_no_verdict(run_action: Any) -> None:
    assert run_action({"failed": True, "msg": "Cannot use the drill id"}) == []


def test_a_task_in_the_background_is_refused() -> None:
    assert action.ActionModule._supports_async is False
