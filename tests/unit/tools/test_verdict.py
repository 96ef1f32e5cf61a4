# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import fcntl
import os
import pty
import signal
import subprocess
import sys
import termios
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[3] / "tools" / "verdict.py"


def start(evidence: Path, script: str, **options: object) -> subprocess.Popen[str]:
    command = [sys.executable, str(PROGRAM), "--evidence", str(evidence), "--", sys.executable, "-c", script]
    return subprocess.Popen(command, cwd=evidence.parent, stdout=subprocess.PIPE, text=True, **options)  # type: ignore[call-overload, no-any-return]


def judge(evidence: Path, script: str) -> tuple[int, str]:
    """Run the script under the program; return the program's exit status and its last line."""
    process = start(evidence, script)
    output = process.communicate(timeout=20)[0]
    return process.returncode, output.splitlines()[-1]


def write(text: str, name: str = "drill.json") -> str:
    """Return a script that writes one file of evidence, the path `p`."""
    path = f"import pathlib; p = pathlib.Path('evidence') / {name!r}; "
    return path + f"p.parent.mkdir(exist_ok=True); p.write_text({text!r}); "


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    return tmp_path / "evidence"


@pytest.mark.parametrize(
    ("text", "code", "status"),
    [
        pytest.param('{"document": "drill", "verdict": "verified"}', 0, 0, id="verified"),
        pytest.param('{"document": "drill", "verdict": "failed"}', 2, 1, id="failed"),
        pytest.param('{"document": "drill", "verdict": "failed"}', 0, 1, id="failed-whatever-the-command-says"),
        pytest.param('{"document": "drill", "verdict": "verified"}', 2, 1, id="verified-but-the-run-failed"),
        pytest.param('{"document": "drill", "verdict": "unverified"}', 2, 2, id="unverified"),
        pytest.param('{"document": "drill", "verdict": "splendid"}', 0, 2, id="unknown-verdict-proves-nothing"),
        pytest.param('{"document": "drill", "verdict": null}', 0, 2, id="no-verdict-proves-nothing"),
        pytest.param('{"document": "drill", "verdict": "verif', 0, 2, id="half-written-evidence-proves-nothing"),
        pytest.param('["verdict"]', 0, 2, id="other-json-is-no-evidence"),
    ],
)
def test_ends_with_the_verdict(evidence: Path, text: str, code: int, status: int) -> None:
    assert judge(evidence, write(text) + f"raise SystemExit({code})")[0] == status


def test_the_script_says_the_verdict_last(evidence: Path) -> None:
    assert judge(evidence, write('{"document": "drill", "verdict": "failed"}') + "print('the table')") == (
        1,
        "verdict: failed",
    )


def test_the_script_says_when_the_command_failed_after_a_verified_drill(evidence: Path) -> None:
    line = judge(evidence, write('{"document": "drill", "verdict": "verified"}') + "raise SystemExit(4)")[1]
    assert line == "verdict: verified (but the command ended 4)"


def test_no_evidence_is_unverified_even_when_the_command_succeeds(evidence: Path) -> None:
    assert judge(evidence, "pass") == (2, "verdict: unverified")


def test_a_command_that_cannot_start_is_unverified(evidence: Path) -> None:
    command = [sys.executable, str(PROGRAM), "--evidence", str(evidence), "--", "/no/such/program"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, timeout=20)
    expected = "Cannot start /no/such/program: No such file or directory\nverdict: unverified\n"
    assert (done.returncode, done.stdout) == (2, expected)


def test_the_command_keeps_its_own_options_and_dashes(evidence: Path) -> None:
    command = [sys.executable, str(PROGRAM), "--evidence", str(evidence), "--", "echo", "--evidence", "x", "--", "y"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, timeout=20)
    assert done.stdout.splitlines()[0] == "--evidence x -- y"


def test_evidence_of_an_earlier_run_does_not_count(evidence: Path) -> None:
    judge(evidence, write('{"document": "drill", "verdict": "verified"}'))
    assert judge(evidence, "pass")[0] == 2


def test_evidence_that_replaces_an_earlier_file_counts(evidence: Path) -> None:
    judge(evidence, write('{"document": "drill", "verdict": "verified"}'))
    assert judge(evidence, write('{"document": "drill", "verdict": "failed"}'))[0] == 1


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [
        pytest.param(["failed", "verified"], 1, id="failed"),
        pytest.param(["unverified", "verified"], 2, id="unverified"),
        pytest.param(["unverified", "failed", "verified"], 1, id="failed-is-worse-than-unverified"),
        pytest.param(["verified", "verified"], 0, id="all-verified"),
    ],
)
def test_of_several_sites_the_worst_verdict_counts(evidence: Path, verdicts: list[str], status: int) -> None:
    documents = [f'{{"document": "drill", "verdict": "{verdict}"}}' for verdict in verdicts]
    script = "".join(write(text, f"{number}.json") for number, text in enumerate(documents))
    assert judge(evidence, script)[0] == status


def test_evidence_that_was_made_earlier_and_fetched_now_does_not_count(evidence: Path) -> None:
    older = write('{"document": "drill", "verdict": "failed"}', "z.json") + "import os; os.utime(p, (1, 1)); "
    assert judge(evidence, older + write('{"document": "drill", "verdict": "verified"}', "a.json"))[0] == 0


def test_json_without_a_verdict_does_not_hide_evidence(evidence: Path) -> None:
    newer = write("{}", "manifest.json") + "import os; os.utime(p, (4e9, 4e9)); "
    assert judge(evidence, newer + write('{"document": "drill", "verdict": "verified"}'))[0] == 0


def test_finds_evidence_in_a_directory_of_the_drill(evidence: Path) -> None:
    (evidence / "drill-1").mkdir(parents=True)
    assert judge(evidence, write('{"document": "drill", "verdict": "verified"}', "drill-1/evidence.json"))[0] == 0


TEAR_DOWN = """
import signal, sys, time
def stop(number, frame):
    global signals
    signals.append(signal.Signals(number).name)
signals = []
signal.signal(signal.SIGINT, stop)
signal.signal(signal.SIGTERM, stop)
print("ready", flush=True)
while not signals:
    time.sleep(0.01)
time.sleep(0.2)  # the teardown; a second signal would arrive in it
print("torn down after", *signals, flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_hands_a_signal_on_and_waits_for_the_command(evidence: Path, number: signal.Signals) -> None:
    process = start(evidence, TEAR_DOWN)
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    output = process.communicate(timeout=20)[0]
    assert (process.returncode, output) == (2, f"torn down after {number.name}\nverdict: unverified\n")


def test_does_not_repeat_what_the_terminal_has_sent_to_the_command(evidence: Path) -> None:
    ours, theirs = pty.openpty()
    # A session whose terminal is `theirs`: then Ctrl-C, written to `ours`, goes to everybody in it.
    process = start(evidence, TEAR_DOWN, stdin=theirs, preexec_fn=lambda: become_terminal(theirs))
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    os.write(ours, b"\x03")
    output = process.communicate(timeout=20)[0]
    os.close(ours)
    os.close(theirs)
    assert output == "torn down after SIGINT\nverdict: unverified\n"


def become_terminal(terminal: int) -> None:
    """Start a session whose terminal this is."""
    os.setsid()
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)


def test_evidence_that_the_command_fetched_is_not_its_own(evidence: Path) -> None:
    old = write('{"document": "drill", "verdict": "verified"}') + "import os; os.utime(p, (1_700_000_000,) * 2)"
    assert judge(evidence, old) == (2, "verdict: unverified")


@pytest.mark.parametrize("text", ['{"document": "posture", "verdict": "verified"}', "{"], ids=["whole", "half"])
def test_a_posture_has_no_verdict(evidence: Path, text: str) -> None:
    posture = write(text, "posture-20261123t140000Z.json")
    assert judge(evidence, posture) == (2, "verdict: unverified")
    assert judge(evidence, write('{"document": "recovery", "verdict": "verified"}') + posture)[0] == 0


def test_a_verdict_in_another_document_does_not_count(evidence: Path) -> None:
    assert judge(evidence, write('{"verdict": "verified"}'))[0] == 2


# -- what is left of an interrupted drill -----------------------------------------------------------------------------

INTERRUPTED = """#!/usr/bin/env python3
import os, signal, sys
print("id", os.environ["LIFEBOAT_DRILL_ID"], flush=True)
EVIDENCE
sys.exit(99)
"""


def interrupt(folder: Path, *words: str, evidence: str = "", lab: bool = False, **environment: str) -> list[str]:
    """Run a stand-in of ansible-playbook that ends as after Ctrl-C; return what was printed."""
    program = folder / "ansible-playbook"
    program.write_text(INTERRUPTED.replace("EVIDENCE", evidence))
    program.chmod(0o755)
    runner = folder / "lifeboat-lab"
    runner.write_text('#!/bin/sh\nexec "$@"\n')
    runner.chmod(0o755)
    command = [*([str(runner)] if lab else []), str(program), "playbooks/drill.yml", *words]
    done = subprocess.run(
        [sys.executable, str(PROGRAM), "--evidence", str(folder / "evidence"), "--", *command],
        cwd=folder,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        timeout=20,
    )
    assert done.returncode == 2
    return done.stdout.splitlines()


def test_the_last_line_of_an_interrupted_drill_says_how_to_remove_what_is_left(tmp_path: Path) -> None:
    told, verdict, last = interrupt(tmp_path, "-i", "my hosts", "--limit=production_dr", "-e", "x=1")
    drill_id = told.removeprefix("id ")
    reap = f"{tmp_path}/ansible-playbook playbooks/reap.yml -i 'my hosts' --limit production_dr"
    assert verdict == "verdict: unverified"
    assert last == (
        f"Interrupted. What drill {drill_id} restored may still be there. To remove it: {reap} "
        f"-e reap_drill_id={drill_id}"
    )


@pytest.mark.parametrize("words", ["drill_id=mine", '{"drill_id": "mine"}', "{drill_id: mine}"])
def test_an_id_that_the_user_chose_is_the_one_that_is_told(tmp_path: Path, words: str) -> None:
    lines = interrupt(tmp_path, "-e", words)
    assert (lines[0], "What drill mine restored" in lines[-1]) == ("id mine", True)


def test_an_id_of_the_environment_is_kept(tmp_path: Path) -> None:
    assert "What drill theirs restored" in interrupt(tmp_path, LIFEBOAT_DRILL_ID="theirs")[-1]


def test_of_an_interrupted_rehearsal_nothing_is_left(tmp_path: Path) -> None:
    assert interrupt(tmp_path, lab=True)[-1].endswith("restored: nothing is left to remove.")


def test_a_drill_that_left_its_evidence_left_nothing_else(tmp_path: Path) -> None:
    lines = interrupt(tmp_path, evidence=write('{"document": "drill", "verdict": "unverified"}'))
    assert lines[1:] == ["verdict: unverified"]
