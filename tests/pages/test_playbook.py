# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages as a playbook makes them."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.documentation import code_blocks
from tests.pages.samples import drilled, write_drill

Row = dict[str, Any]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    write_drill(tmp_path / "evidence", drilled("orders"))
    return tmp_path / "evidence"


def run(command: list[str], evidence: Path, **more: str) -> tuple[int, str]:
    environment = os.environ | {"ANSIBLE_NOCOLOR": "1", "LIFEBOAT_EVIDENCE": str(evidence), **more}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout + done.stderr


def play(evidence: Path, *tasks: Row) -> list[Row]:
    """Run these tasks one after the other, whatever becomes of them, and return their results."""
    made = [{"ignore_errors": True, "register": "rendered", **task} for task in tasks]
    path = evidence.parent / "playbook.yml"
    path.write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": made}]), encoding="utf-8")
    callback = {"ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json", "ANSIBLE_INVENTORY": "localhost,"}
    _code, output = run(["ansible-playbook", str(path)], evidence, **callback)
    results = json.loads(output[output.index("{") : output.rindex("}") + 1])["plays"][0]["tasks"]
    return [one["hosts"]["localhost"] for one in results]


def render(**options: Any) -> Row:
    return {"lifeboat.rds.evidence_render": options}


@pytest.mark.smoke
def test_a_task_makes_the_pages_once_and_foresees_it(evidence: Path) -> None:
    task, look = render(directory=str(evidence)), {"check_mode": True, "diff": True}
    predicted, done, again = play(evidence, task | look, task | {"diff": True}, task)
    assert [one["changed"] for one in (predicted, done, again)] == [True, True, False]
    assert (done["documents"], done["diff"]) == (predicted["documents"], predicted["diff"])
    assert [Path(page).is_file() for page in done["documents"][0]["pages"]] == [True, True]


def test_a_task_that_cannot_do_all_fails_and_says_why(evidence: Path) -> None:
    (evidence / "20250101t0000-1.json").write_text("{", encoding="utf-8")
    here = str(evidence)
    failed = play(
        evidence,
        render(formats=["html"]),
        render(directory=here, formats=["pdf"]),
        render(directory="/there/is/none"),
        render(directory=here) | {"async": 10},
        render(directory=here),
    )
    assert all(one["failed"] for one in failed)
    nowhere = "Cannot render the evidence in /there/is/none: No such file"
    reasons = ("directory", "formats", nowhere, "async", "not JSON")
    assert [reason in one["msg"] for reason, one in zip(reasons, failed, strict=True)] == [True] * 5
    assert failed[-1]["changed"]
    assert (evidence / "20261123t1404-1.html").is_file()


def test_the_command_of_the_documentation_makes_old_evidence_anew(evidence: Path) -> None:
    page = (ROOT / "docs" / "pages.md").read_text(encoding="utf-8")
    (command,) = code_blocks(page)
    code, output = run(["bash", "-ec", command], evidence)
    assert code == 0, output
    assert sorted(path.suffix for path in evidence.glob("[!.]*")) == [".html", ".json", ".xml"]
