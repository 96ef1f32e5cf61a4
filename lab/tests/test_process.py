# SPDX-License-Identifier: GPL-3.0-or-later
"""Test that nothing survives a lab: no process, no folder, no port."""

from __future__ import annotations

import configparser
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from helpers import missing
from lifeboat_lab import Lab, workspace
from lifeboat_lab.client import ask
from lifeboat_lab.testing import until

LAB = [sys.executable, "-m", "lifeboat_lab"]


def processes_in(folder: str) -> list[int]:
    """Return the processes whose command line names this folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if folder.encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def folder_of(pid: int) -> str | None:
    """Return the folder of a lab's run, read from what its database servers were started with."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except (OSError, IndexError):
            continue
        if parent == pid and words[0].endswith((b"postgres", b"mariadbd")):
            found = re.search(rb"(/[^\0=]*/lifeboat-lab-\d+/run-[^/]+)/", b"\0".join(words))
            return found.group(1).decode() if found else None
    return None


def is_alive(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def served(home: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """Serve a lab on a home."""
    process = subprocess.Popen([*LAB, "serve", "--home", str(home)], stdout=subprocess.PIPE, text=True)
    until(lambda: (home / "lab.json").exists() or process.poll() is not None, 60)
    yield process, json.loads((home / "lab.json").read_text())
    if process.poll() is None:
        process.kill()
    process.wait()
    workspace.clean_up_after_the_dead()


both_engines = pytest.mark.parametrize("engine", ["postgres", "mariadb"])


def must_have(state: dict[str, Any], engine: str) -> None:
    if engine == "mariadb" and "MariaDB" not in ask(state["url"], "GET", "status")["engines"]:
        missing("MariaDB is not installed: it needs the packages mariadb-server and mariadb-backup")


def start_a_server(home: Path, pid: int, engine: str) -> str:
    """Have the lab start a database server, and return the folder of its run."""
    parser = configparser.ConfigParser()
    parser.read(home / "aws" / "credentials")
    url = json.loads((home / "lab.json").read_text())["url"]
    client = boto3.client("rds", "us-west-2", endpoint_url=url, **dict(parser["production"]))
    client.create_db_instance(
        DBInstanceIdentifier="it",
        Engine=engine,
        DBInstanceClass="db.t3.micro",
        MasterUsername="me",
        MasterUserPassword="secret-secret",
    )
    return until(lambda: folder_of(pid))


@both_engines
def test_a_killed_lab_leaves_no_process_and_the_next_start_removes_the_rest(
    served: tuple[subprocess.Popen[str], dict[str, Any]], home: Path, engine: str
) -> None:
    process, state = served
    must_have(state, engine)
    folder = start_a_server(home, process.pid, engine)
    assert processes_in(folder)
    process.kill()
    process.wait()
    until(lambda: not processes_in(folder), 10)
    assert Path(folder).exists()
    with Lab(home=home):
        assert not Path(folder).exists()
    assert not home.exists()


def test_a_home_has_one_lab(served: tuple[subprocess.Popen[str], dict[str, Any]], home: Path) -> None:
    second = subprocess.run([*LAB, "serve", "--home", str(home)], capture_output=True, text=True, check=False)
    assert second.returncode == 1
    assert "A lab already runs in" in second.stderr
    assert served[0].poll() is None


def test_env_points_clients_at_an_account(served: tuple[subprocess.Popen[str], dict[str, Any]], home: Path) -> None:
    environment = {**os.environ, "LAB_HOME": str(home), "AWS_ACCESS_KEY_ID": "x"}
    program = "import boto3; print(boto3.client('sts').get_caller_identity()['Account'])"
    script = f'eval "$({sys.executable} -m lifeboat_lab env production_dr)" && {sys.executable} -c "{program}"'
    done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "222222222222", done.stderr
    unknown = subprocess.run([*LAB, "env", "nobody"], env=environment, capture_output=True, text=True, check=False)
    assert (unknown.returncode, "Unknown account 'nobody'" in unknown.stderr) == (1, True)


@both_engines
def test_an_interrupted_lab_cleans_up(
    served: tuple[subprocess.Popen[str], dict[str, Any]], home: Path, engine: str
) -> None:
    process, state = served
    must_have(state, engine)
    folder = start_a_server(home, process.pid, engine)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    assert not Path(folder).exists()
    assert not home.exists()
    assert not processes_in(folder)
    port = int(state["url"].rsplit(":", 1)[1])
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_without_a_lab_the_commands_say_so(home: Path) -> None:
    environment = {**os.environ, "LAB_HOME": str(home)}
    environment.pop("LAB_URL", None)
    for command in (["env", "production"], ["dark", "production"]):
        done = subprocess.run([*LAB, *command], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert "No lab runs in" in done.stderr


def run(*command: str, options: tuple[str, ...] = ()) -> list[str]:
    return [*LAB, "run", *options, "--", *command]


def test_run_gives_the_command_a_lab_and_ends_with_its_code() -> None:
    program = (
        "import boto3, os, sys; s = boto3.Session(profile_name='production').client('sts');"
        "print(s.get_caller_identity()['Account'], os.environ['LAB_URL'], os.environ['LAB_HOME']);"
        "print('AWS_ACCESS_KEY_ID' in os.environ, 'HTTPS_PROXY' in os.environ); sys.exit(7)"
    )
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": "x", "HTTPS_PROXY": "http://127.0.0.1:1"}
    done = subprocess.run(
        run(sys.executable, "-c", program), env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 7, done.stderr
    account, url, home = done.stdout.split()[:3]
    assert account == "111111111111"
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url)
    assert not Path(home).exists()
    assert done.stdout.split()[3:] == ["False", "False"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_run_ends_command_and_lab(number: signal.Signals) -> None:
    program = "import os, time; print(os.environ['LAB_HOME'], os.getpid(), flush=True); time.sleep(60)"
    process = subprocess.Popen(run(sys.executable, "-c", program), stdout=subprocess.PIPE, text=True,
                               stderr=subprocess.DEVNULL)  # fmt: skip
    assert process.stdout
    home, child = process.stdout.readline().split()
    lab = json.loads((Path(home) / "lab.json").read_text())["pid"]
    process.send_signal(number)
    assert process.wait(20) not in (0, None)
    assert not Path(home).exists()
    assert not is_alive(int(child))
    assert not is_alive(lab)


def test_nothing_outlives_a_killed_run() -> None:
    program = "import os, time; print(os.environ['LAB_HOME'], os.getpid(), flush=True); time.sleep(60)"
    process = subprocess.Popen(run(sys.executable, "-c", program), stdout=subprocess.PIPE, text=True)
    assert process.stdout
    home, child = process.stdout.readline().split()
    lab = json.loads((Path(home) / "lab.json").read_text())["pid"]
    process.kill()
    process.wait()
    until(lambda: not is_alive(int(child)) and not is_alive(lab) and not Path(home).exists())


def test_a_command_that_is_not_there_is_an_error() -> None:
    done = subprocess.run(run("no-such-command"), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "no-such-command: command not found" in done.stderr


@pytest.mark.parametrize("program", ["postgres", "mariadbd"])
def test_a_server_that_outlived_its_lab_is_ended_by_the_next_one(tmp_path: Path, program: str) -> None:
    """End a server that does not notice that it is alone."""
    words = [f"/somewhere/{program}", "-c", "import time; time.sleep(60)", f"--datadir={tmp_path}/db/data"]
    stray = subprocess.Popen(words, executable=sys.executable)
    try:
        until(lambda: processes_in(f"{tmp_path}/db"))
        workspace.end_processes_in(tmp_path)
        assert stray.wait(10) == -signal.SIGKILL
    finally:
        stray.kill()
        stray.wait()
