# SPDX-License-Identifier: GPL-3.0-or-later
"""Run ansible-playbook and its modules in forks of two processes that have imported everything already.

Most of what a task costs is starting a Python and importing boto3, most of what a short playbook costs is importing
Ansible. A fork runs the same command line or script as a new process would, with its own words, environment, folder,
input and output. What a new process alone can prove, such as that a module takes along all that it imports, is left to
the tests that start one.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

# What Ansible takes for the interpreter of its modules. It brings its script as a file, or on its input (pipelining).
CALLER = """\
#!{python} -IS
import json, os, socket, sys
link = socket.socket(socket.AF_UNIX)
link.connect({address!r})
asked = json.dumps([sys.argv[1:], dict(os.environ), os.getcwd()]).encode()
socket.send_fds(link, [len(asked).to_bytes(4, "big")], [0, 1, 2])
link.sendall(asked)
link.recv(4)
sys.exit(int(link.recv(4) or b"70"))
"""
# Of these, Ansible reads when it is imported: who has others than the warm process gets a process of its own.
DECISIVE = ("ANSIBLE_", "PYTHON", "LC_", "LANG", "HOME")

KINDS = ("action", "callback", "connection", "filter", "inventory", "lookup", "shell", "strategy", "test", "vars")


class Warm:
    """The two processes, while a ``with`` block lasts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._environment = {**os.environ, "ANSIBLE_NOCOLOR": "1"}
        self._open = contextlib.ExitStack()

    def __enter__(self) -> Warm:
        with self._open:
            modules = self._start("modules")
            python = self._folder / "python"
            python.write_text(CALLER.format(python=sys.executable, address=str(modules)), encoding="utf-8")
            python.chmod(0o755)
            self._playbooks = self._start("playbooks", str(python))
            self._open = self._open.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def _start(self, role: str, *words: str) -> Path:
        """Start a process and return its address once it listens. It ends when its input does."""
        address = self._folder / role
        command = [sys.executable, __file__, role, str(address), *words]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=self._environment)
        assert process.stdin and process.stdout
        for stop in (process.wait, process.stdin.close, process.stdout.close):
            self._open.callback(stop)
        assert process.stdout.read(1), f"the warm process for {role} did not start"
        return address

    def suits(self, environment: Mapping[str, str]) -> bool:
        """Tell whether Ansible, imported in that environment, would be what it is in the warm process."""
        return _decisive(environment) == _decisive(self._environment)

    def run(
        self, command: list[str], *, cwd: Path, env: Mapping[str, str], timeout: float
    ) -> subprocess.CompletedProcess[str]:
        """Run ``ansible-playbook`` with these words.

        :raises subprocess.TimeoutExpired: when it takes longer; it is killed then.
        """
        with (
            socket.socket(socket.AF_UNIX) as link,
            open(os.devnull, "rb") as nothing,
            tempfile.TemporaryFile() as out,
            tempfile.TemporaryFile() as errors,
        ):
            link.connect(str(self._playbooks))
            asked = json.dumps([command, dict(env), str(cwd)]).encode()
            files = [nothing.fileno(), out.fileno(), errors.fileno()]
            socket.send_fds(link, [len(asked).to_bytes(4, "big")], files)
            link.sendall(asked)
            process = int.from_bytes(link.recv(4), "big")
            link.settimeout(timeout)
            try:
                code = int(link.recv(4) or b"70")
            except TimeoutError:
                os.killpg(process, signal.SIGKILL)
                raise subprocess.TimeoutExpired(command, timeout, _all_of(out), _all_of(errors)) from None
            return subprocess.CompletedProcess(command, code, _all_of(out), _all_of(errors))


def ansible_playbook(
    words: list[str], *, cwd: Path, env: Mapping[str, str], timeout: float
) -> subprocess.CompletedProcess[str]:
    """Run ``ansible-playbook`` in a fork; as a new process where the environment would make it another Ansible.

    :raises subprocess.TimeoutExpired: when it takes longer; it is killed then.
    """
    command = ["ansible-playbook", *words]
    if _warm().suits(env):
        return _warm().run(command, cwd=cwd, env=env, timeout=timeout)
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=timeout, check=False)


_open = contextlib.ExitStack()


@cache
def _warm() -> Warm:
    """Start the two processes, for all that this process tests."""
    return _open.enter_context(Warm(Path(_open.enter_context(tempfile.TemporaryDirectory()))))


def stop() -> None:
    """End the two processes if they were started, and wait for them."""
    _open.close()
    _warm.cache_clear()


def _decisive(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(DECISIVE)}


def _all_of(file: Any) -> str:
    file.seek(0)
    return str(file.read().decode())


# --- In the warm processes -----------------------------------------------------------------------------------------


def serve(address: str, work: Callable[[list[str]], object]) -> None:
    """Fork for whoever asks, until the input ends. The forks are waited for, so that their seconds are counted."""
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(address)
    listening.listen(64)
    gc.collect()
    gc.freeze()
    os.write(1, b"!")
    while True:
        ready = select.select([listening, 0], [], [])[0]
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if 0 in ready:
            sys.exit()
        link = listening.accept()[0]
        if os.fork() == 0:
            listening.close()
            answer(link, work)
        link.close()


def answer(link: socket.socket, work: Callable[[list[str]], object]) -> NoReturn:
    """Run what is asked in a process of its own; say which one, and how it ended."""
    length, files = socket.recv_fds(link, 4, 3)[:2]
    words, environment, folder = json.loads(link.recv(int.from_bytes(length, "big"), socket.MSG_WAITALL))
    running = os.fork()
    if running == 0:
        link.close()
        for number, file in enumerate(files):
            os.dup2(file, number)
            os.close(file)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        sys.argv = words or [""]
        work(words)
        sys.exit()
    link.sendall(running.to_bytes(4, "big"))
    code = os.waitstatus_to_exitcode(os.waitpid(running, 0)[1])
    with contextlib.suppress(BrokenPipeError):
        link.sendall(b"%d" % (code if code >= 0 else 128 - code))
    os._exit(0)


def run_module(words: list[str]) -> None:
    """Run a script as Python does: a file, or else what comes in."""
    if words:
        runpy.run_path(words[0], run_name="__main__")
    else:
        script = sys.stdin.read()
        exec(compile(script, "<stdin>", "exec"), {"__name__": "__main__", "__builtins__": __builtins__})


def run_playbook(words: list[str]) -> None:
    """Run a playbook. Leave out the cleaning up at the end: what is packed of modules stays for the next playbook."""
    from ansible.cli.playbook import main

    # A process group to be killed as one.
    os.setsid()
    try:
        main(words)
    except SystemExit as end:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(end.code if isinstance(end.code, int) else bool(end.code))


def import_for_modules() -> None:
    """Import what modules import, and read the descriptions of the services that they use once."""
    import boto3
    import botocore.exceptions
    import botocore.session

    loader = botocore.session.create_loader()
    botocore.session.create_loader = lambda _paths=None: loader
    for service in ("rds", "sts", "kms", "iam", "ec2", "s3", "sns", "sqs", "cloudwatch"):
        boto3.client(service, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
        for kind in ("paginators-1", "waiters-2"):
            with contextlib.suppress(botocore.exceptions.UnknownServiceError):
                loader.load_service_model(service, kind)
    boto3.DEFAULT_SESSION = None
    for package in ("ansible.module_utils.basic", "psycopg", "pymysql"):
        importlib.import_module(package)
    for collection in ("amazon.aws", "awx.awx", "lifeboat.rds"):
        _import_all(f"ansible_collections.{collection}.plugins.module_utils")


def import_for_playbooks(python: str) -> None:
    """Import Ansible and its plugins. It gives its local modules the interpreter that it takes for its own."""
    import ansible.cli.playbook
    from ansible.plugins.loader import init_plugin_loader

    # Once is enough: here it makes the collections importable, and nobody has other ones.
    init_plugin_loader()
    ansible.cli.init_plugin_loader = lambda _path: None
    sys.executable = python
    for kind in (
        "action",
        "callback",
        "connection",
        "filter",
        "inventory",
        "lookup",
        "shell",
        "strategy",
        "test",
        "vars",
    ):
        _import_all(f"ansible.plugins.{kind}")
    for kind in ("action", "filter"):
        _import_all(f"ansible_collections.lifeboat.rds.plugins.{kind}")


def _import_all(package: str) -> None:
    """Import a package and what is in it, as far as this environment has what that needs."""
    with contextlib.suppress(ImportError):
        for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            with contextlib.suppress(ImportError):
                importlib.import_module(module.name)


def main(role: str, address: str, *words: str) -> None:
    if role == "modules":
        import_for_modules()
        serve(address, run_module)
    else:
        import_for_playbooks(*words)
        serve(address, run_playbook)


if __name__ == "__main__":
    main(*sys.argv[1:])
