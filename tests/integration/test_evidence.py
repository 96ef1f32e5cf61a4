# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence as an auditor gets it: signed, one history, kept in S3."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lifeboat_lab import Lab
from tests.documentation import code_blocks
from tests.integration.play import DR, EAST, ROLES, ROOT, Run, forget_calls, left_in_dr, play, writes
from tests.keys import Keys, make_keys
from tests.prepared import prepare
from tests.schemas import read_evidence
from tests.warm import environment_for_commands

pytestmark = pytest.mark.story

BUCKET, START = "example-dr-evidence", f"lifeboat/{DR}-{EAST}/"
STORE = f"s3://{BUCKET}/lifeboat"
WITH_STORE = ("-e", f"lifeboat_evidence_store={STORE}")
ONE = ("-e", "drill_databases=orders")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("auditor")


@pytest.fixture(scope="module")
def lab(folder: Path) -> Iterator[Lab]:
    """Start the shop in production, protected, with a bucket for the evidence."""
    with Lab(roles=ROLES, scale=1200, shop=True) as running:
        prepare(running, *WITH_STORE, evidence=folder / "first")
        done = play(running, "protect.yml", *WITH_STORE, evidence=folder / "first")
        assert done.code == 0, done.output
        yield running


@pytest.fixture(scope="module")
def keys(folder: Path) -> Keys:
    return make_keys(folder)


@pytest.fixture
def drill(lab: Lab, keys: Keys) -> Callable[..., Run]:
    def drill(evidence: Path, *arguments: str, key: Path = keys.private) -> Run:
        signed = ("-e", f"lifeboat_signing_key={key}")
        return play(lab, "drill.yml", *WITH_STORE, *signed, *ONE, *arguments, evidence=evidence)

    return drill


def call(lab: Lab, module: str, arguments: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Call a module as an auditor does, away from all sites. The page has the command that needs no playbook."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        leave = {"content": "{{ found | to_json }}", "dest": str(folder / "found.json"), "mode": "0600"}
        tasks = [
            {f"lifeboat.rds.{module}": arguments, "register": "found", "ignore_errors": True},
            {"ansible.builtin.copy": leave},
        ]
        plays = [{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]
        (folder / "call.yml").write_text(json.dumps(plays), encoding="utf-8")
        done = play(lab, str(folder / "call.yml"), evidence=folder)
        assert done.code == 0, done.output
        found = json.loads((folder / "found.json").read_text(encoding="utf-8"))
        return int(found["failed"]), found


def verify(lab: Lab, directory: Path, keys: Keys, **more: Any) -> tuple[int, dict[str, Any]]:
    return call(lab, "evidence_verify", {"directory": str(directory), "public_keys": [str(keys.public)], **more})


def documents(directory: Path) -> list[Path]:
    return sorted(directory.glob("*.json"), key=lambda path: json.loads(path.read_text())["history"]["number"])


def kept(lab: Lab) -> dict[str, bytes]:
    """Read what is in the bucket of this site."""
    s3 = lab.client("production_dr", "s3", EAST)
    rows = s3.list_objects_v2(Bucket=BUCKET, Prefix=START).get("Contents", [])
    return {row["Key"].removeprefix(START): s3.get_object(Bucket=BUCKET, Key=row["Key"])["Body"].read() for row in rows}


def documents_kept(lab: Lab) -> list[str]:
    return sorted(name for name in kept(lab) if name.endswith(".json"))


def test_prepare_makes_a_private_locked_bucket_once(lab: Lab, folder: Path) -> None:
    done = play(lab, "prepare.yml", *WITH_STORE, evidence=folder / "first")
    assert done.recap("production_dr")["changed"] == 0, done.output
    s3 = lab.client("production_dr", "s3", EAST)
    assert set(s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"].values()) == {True}
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"
    lock = s3.get_object_lock_configuration(Bucket=BUCKET)["ObjectLockConfiguration"]
    assert lock["Rule"]["DefaultRetention"]["Mode"] == "GOVERNANCE"
    assert lock["Rule"]["DefaultRetention"]["Days"] == 400


def test_evidence_and_manifests_do_not_share_a_bucket(lab: Lab, folder: Path) -> None:
    both = ("-e", f"lifeboat_evidence_store={STORE}", "-e", f"lifeboat_store=s3://{BUCKET}")
    done = play(lab, "prepare.yml", *both, "--limit", "production_dr", "--check", evidence=folder / "first")
    assert "Set lifeboat_evidence_store to another bucket" in done.output


def test_a_drill_is_signed_and_kept(lab: Lab, drill: Any, folder: Path, keys: Keys) -> None:
    done = drill(folder / "first", "-e", "drill_name='quarterly drill'", "-e", "awx_job_id=42")
    assert done.code == 0, done.output
    (path,) = documents(folder / "first")
    evidence = read_evidence(path)
    assert (evidence["verdict"], evidence["name"], evidence["site"]["name"]) == (
        "verified", "quarterly drill", "production_dr",
    )  # fmt: skip
    assert evidence["who"]["caller_arn"].startswith(f"arn:aws:sts::{DR}:assumed-role/lifeboat-drill/")
    assert evidence["who"]["awx_job"] == "42" and evidence["who"]["host"]
    assert {one["control"] for one in evidence["controls"]} == {"A.8.13", "A.5.30", "A1.2", "A1.3"}
    assert evidence["history"] == {"number": 1, "previous": None}
    files = [path, path.with_name(f"{path.name}.sig"), path.with_suffix(".html"), path.with_suffix(".xml")]
    assert kept(lab) == {file.name: file.read_bytes() for file in files}
    head = lab.client("production_dr", "s3", EAST).head_object(Bucket=BUCKET, Key=START + path.name)
    assert head["ObjectLockMode"] == "GOVERNANCE", "by the default of the bucket"
    assert verify(lab, folder / "first", keys)[1]["documents"][0]["signature"] == "good"


def test_each_check_says_what_was_expected_and_found(folder: Path) -> None:
    (database,) = read_evidence(documents(folder / "first")[0])["databases"]
    rows = database["check"]["checks"]
    assert {row["check"] for row in rows} == {"connection", "tables", "rows", "freshness", "canary"}
    assert [row for row in rows if not row["expected"] or not row["found"]] == []
    assert "withheld" in [row["expected"] for row in rows if row["check"] == "canary"]


def test_a_history_goes_on_in_a_new_directory(lab: Lab, drill: Any, folder: Path, keys: Keys) -> None:
    assert drill(folder / "second").code == 0
    first, second = documents(folder / "second")
    assert first.read_bytes() == documents(folder / "first")[0].read_bytes()
    history = read_evidence(second)["history"]
    assert (history["number"], history["previous"]["file"]) == (2, first.name)
    code, result = verify(lab, folder / "second", keys)
    assert (code, result["problems"], result["histories"][0]["documents"]) == (0, [], 2)
    assert [one["compared"] for one in result["pages"]] == ["bytes", "bytes"]


def tampered(folder: Path, name: str) -> tuple[Path, Path, Path]:
    """Copy the evidence, to do something to it, and find both documents."""
    copy = folder / name
    shutil.copytree(folder / "second", copy)
    first, second = documents(copy)
    return copy, first, second


def remove(document: Path) -> None:
    """Remove a document with its signature and its pages."""
    for path in document.parent.glob(f"{document.stem}.*"):
        path.unlink()


def test_a_changed_byte_is_detected(lab: Lab, folder: Path, keys: Keys) -> None:
    copy, first, _second = tampered(folder, "changed")
    first.write_bytes(first.read_bytes().replace(b'"verified"', b'"failed"  ', 1))
    code, result = verify(lab, copy, keys)
    assert code != 0
    assert [one["good"] for one in result["documents"]] == [False, True]


def test_a_missing_document_is_detected(lab: Lab, folder: Path, keys: Keys) -> None:
    copy, first, _second = tampered(folder, "missing")
    remove(first)
    code, result = verify(lab, copy, keys)
    assert code != 0
    assert f"number 1, {first.name}, is missing before it" in result["problems"][0]


def test_another_key_is_detected(lab: Lab, folder: Path) -> None:
    code, result = verify(lab, folder / "second", make_keys(folder, "another"))
    assert code != 0
    assert ["it is signed by another key" in one["reason"] for one in result["documents"]] == [True, True]
    assert {one["good"] for one in result["pages"]} == {False}, "what they are made of is not known to be genuine"


def test_a_document_missing_at_the_end_is_detected_and_comes_back_from_s3(lab: Lab, folder: Path, keys: Keys) -> None:
    copy, _first, second = tampered(folder, "short")
    digest = verify(lab, copy, keys)[1]["histories"][0]["newest"]["sha256"]
    remove(second)
    assert verify(lab, copy, keys)[0] == 0
    assert verify(lab, copy, keys, newest_sha256=[digest])[0] != 0
    about = {"account_id": DR, "region": EAST, "profile": "production_dr_drill", "store": STORE}
    code, result = call(lab, "evidence_sync", {**about, "directory": str(copy), "push": False})
    assert code == 0, result
    assert [one["status"] for one in result["steps"]] == ["fetched", "fetched"]
    assert verify(lab, copy, keys, newest_sha256=[digest])[0] == 0


def test_a_document_that_differs_from_the_one_in_s3_is_detected(lab: Lab, folder: Path) -> None:
    copy, first, _second = tampered(folder, "other")
    there = kept(lab)
    first.write_bytes(first.read_bytes().replace(b'"verified"', b'"failed"  ', 1))
    about = {"account_id": DR, "region": EAST, "profile": "production_dr_drill", "store": STORE}
    code, result = call(lab, "evidence_sync", {**about, "directory": str(copy)})
    assert code != 0
    assert "it differs from the file of that name" in result["msg"]
    assert kept(lab) == there


def test_the_role_of_the_drill_cannot_delete_or_write_elsewhere(lab: Lab) -> None:
    s3 = lab.client("production_dr_drill", "s3", EAST)
    key = START + next(iter(kept(lab)))
    for act, about in (
        (s3.delete_object, {"Key": key}),
        (s3.put_object, {"Key": f"dr/333333333333-{EAST}/x.json", "Body": b"{}"}),
        (s3.list_objects_v2, {"Prefix": ""}),
    ):
        with pytest.raises(s3.exceptions.ClientError, match="AccessDenied"):
            act(Bucket=BUCKET, **about)


def test_s3_that_is_down_changes_no_verdict_and_the_next_drill_puts_what_is_missing(
    lab: Lab, drill: Any, folder: Path
) -> None:
    lab.admin("POST", "faults", {"kind": "reset-before", "service": "s3", "count": None})
    done = drill(folder / "second")
    lab.admin("DELETE", "faults")
    assert done.code == 0, done.output
    assert "lifeboat drill" in done.output and "VERIFIED (1 of 1 verified)" in done.output
    assert f"Cannot list {STORE}" in done.output
    assert "lifeboat_sink_problems" in done.output
    assert len(documents_kept(lab)) == 2
    assert drill(folder / "second").code == 0
    assert len(documents_kept(lab)) == 4
    assert [read_evidence(path)["history"]["number"] for path in documents(folder / "second")] == [1, 2, 3, 4]


def test_a_key_that_is_lost_during_the_drill_is_told_and_the_evidence_is_written(
    lab: Lab, drill: Any, folder: Path, tmp_path: Path
) -> None:
    key, lose = make_keys(tmp_path, "lost").private, tmp_path / "lose.yml"
    lose.write_text(f"- ansible.builtin.file: {{path: {key}, state: absent}}\n")
    done = drill(folder / "lost", "-e", f"drill_forward_open={lose}", key=key)
    assert done.code == 0, done.output
    newest = documents(folder / "lost")[-1]
    assert (read_evidence(newest)["verdict"], read_evidence(newest)["signed_by"]) == ("verified", None)
    assert f"Cannot sign the evidence with {key}" in done.output


@pytest.mark.parametrize(
    ("directory", "key", "told"),
    [
        pytest.param("file/below", None, "Cannot write the evidence to", id="directory-that-cannot-be-made"),
        pytest.param("fresh", "/no/such.pem", "Cannot sign the evidence with /no/such.pem", id="no-key"),
        pytest.param("fresh", "public", "it is not a private key in PEM", id="wrong-key"),
    ],
)
def test_what_would_be_found_out_at_the_end_is_refused_before_anything_is_asked_of_aws(
    lab: Lab, drill: Any, tmp_path: Path, keys: Keys, directory: str, key: str | None, told: str
) -> None:
    (tmp_path / "file").write_text("in the way")
    path = {None: keys.private, "public": keys.public}.get(key, Path(str(key)))
    forget_calls(lab)
    done = drill(tmp_path / directory, key=path)
    assert done.code == 2
    assert told in done.output
    assert (writes(lab), list(lab.calls())) == ([], [])
    assert left_in_dr(lab) == []


def test_a_recovery_is_the_next_in_the_history_of_the_drills(lab: Lab, folder: Path, keys: Keys) -> None:
    before = len(documents_kept(lab))
    signed = ("-e", f"lifeboat_signing_key={keys.private}", "-e", "recover_databases=catalog")
    done = play(lab, "recover.yml", *WITH_STORE, *signed, evidence=folder / "second")
    assert done.code == 0, done.output
    newest = documents(folder / "second")[-1]
    evidence = read_evidence(newest)
    assert (evidence["document"], evidence["history"]["number"]) == ("recovery", before + 1)
    assert (evidence["databases"][0]["teardown"]["status"], evidence["verdict"]) == ("kept", "verified")
    assert newest.name in kept(lab), done.output
    rows = verify(lab, folder / "second", keys)[1]["documents"]
    assert [(row["signature"], row["good"]) for row in rows if row["file"] == newest.name] == [("good", True)]


PAGE = (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")
BLOCKS = code_blocks(PAGE)
QUICK = ROOT / "tests" / "integration" / "quick"


def test_every_command_of_the_page_runs_as_it_is_written(lab: Lab, tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl")
    ours = lab.env() | {"LIFEBOAT_EVIDENCE": str(tmp_path / "evidence")}
    environment = environment_for_commands(ours, tmp_path / "programs", ROOT / "inventory", QUICK)
    assert len(BLOCKS) >= 4
    # The page names the same place: an auditor's key does not know what the tests before signed.
    s3 = lab.client("production_dr", "s3", EAST)
    for name in kept(lab):
        s3.delete_object(Bucket=BUCKET, Key=f"{START}{name}")
    done = subprocess.run(
        ["bash", "-ec", re.sub(r"~(?=/)|\$HOME\b", str(tmp_path), "\n".join(BLOCKS))],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
