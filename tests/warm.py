# SPDX-License-Identifier: GPL-3.0-or-later
"""Run ansible-playbook and its modules in forks of two processes that have imported everything already.

Most of what a task costs is starting a Python and importing boto3, most of what a short playbook costs is importing
Ansible. A fork runs the same command line or script as a new process would, with its own words, environment, folder,
input and output. What a new process alone can prove, such as that a module takes along all that it imports, is left to
the tests that start one.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import IO, Any, NoReturn

# What Ansible takes for the interpreter of its modules. It brings its script as a file; what comes in on its input, as
# pipelining has it, goes the short way (`call_directly`).
CALLER = """\
#!{python} -IS
import json, os, socket, sys
link = socket.socket(socket.AF_UNIX)
link.connect({address!r})
asked = json.dumps([sys.argv[1:], dict(os.environ), os.getcwd()]).encode()
socket.send_fds(link, [len(asked).to_bytes(4, "big")], [0, 1, 2])
link.sendall(asked)
link.recv(4)
os._exit(int(link.recv(4) or b"70"))
"""
# What stands in for ansible-playbook where a shell is told to run it. With other surroundings than those of the warm
# process it runs the real one.
PROGRAM = """\
#!{python} -IS
import json, os, socket, sys
words = sys.argv[1:]
if {{name: value for name, value in os.environ.items() if name.startswith({decisive!r})}} != {surroundings!r}:
    os.execv({real!r}, [{real!r}, *words])
if not {{"-i", "--inventory"}} & {{*words}}:
    words = [*{inventories!r}, *words]
link = socket.socket(socket.AF_UNIX)
link.connect({address!r})
asked = json.dumps([["ansible-playbook", *words], dict(os.environ), os.getcwd()]).encode()
socket.send_fds(link, [len(asked).to_bytes(4, "big")], [0, 1, 2])
link.sendall(asked)
link.recv(4)
os._exit(int(link.recv(4) or b"70"))
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
            self.python = python
            self._playbooks = self._start("playbooks", str(python), str(modules))
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

    def write_program(self, path: Path, inventories: Iterable[Path]) -> None:
        """Write a program that does what ansible-playbook does, in a fork."""
        words = {
            "python": sys.executable,
            "decisive": DECISIVE,
            "surroundings": _decisive(self._environment),
            "real": str(Path(sys.executable).with_name("ansible-playbook")),
            "inventories": [word for inventory in inventories for word in ("-i", str(inventory))],
            "address": str(self._playbooks),
        }
        path.write_text(PROGRAM.format(**words), encoding="utf-8")
        path.chmod(0o755)

    def run(
        self, command: list[str], *, cwd: Path, env: Mapping[str, str], timeout: float
    ) -> subprocess.CompletedProcess[str]:
        """Run ``ansible-playbook`` with these words.

        :raises subprocess.TimeoutExpired: when it takes longer; it is killed then.
        """
        with open(os.devnull, "rb") as nothing, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
            try:
                code = ask(self._playbooks, command, env, cwd, (nothing, out, errors), timeout=timeout)
            except TimeoutError:
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


def interpreter() -> Path:
    """Return what a cold ansible-playbook can take for the interpreter of its modules."""
    return _warm().python


def environment_for_commands(lab: Mapping[str, str], folder: Path, *inventories: Path) -> dict[str, str]:
    """Return the environment in which the commands of a page run as quickly as ours, with these inventories by default.

    :param folder: where the program that stands in for ansible-playbook is written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _warm().write_program(folder / "ansible-playbook", inventories)
    paths = (str(folder), str(Path(sys.executable).parent), lab["PATH"])
    return {**lab, "ANSIBLE_NOCOLOR": "1", "PATH": os.pathsep.join(paths)}


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


def _all_of(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def ask(
    address: Path | str,
    words: list[str],
    environment: Mapping[str, str],
    folder: Path | str,
    files: Iterable[IO[bytes]],
    *,
    timeout: float | None = None,
) -> int:
    """Let a warm process do what its words say, with these files as input, output and errors. Return the exit status.

    :raises TimeoutError: when it takes longer; it is killed then, with its process group.
    """
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(str(address))
        asked = json.dumps([words, dict(environment), str(folder)]).encode()
        socket.send_fds(link, [len(asked).to_bytes(4, "big")], [file.fileno() for file in files])
        link.sendall(asked)
        process = int.from_bytes(link.recv(4), "big")
        link.settimeout(timeout)
        try:
            return int(link.recv(4) or b"70")
        except TimeoutError:
            os.killpg(process, signal.SIGKILL)
            raise


# --- In the warm processes -----------------------------------------------------------------------------------------


def serve(address: str, work: Callable[[list[str]], int]) -> None:
    """Fork for whoever asks, until the input ends. The forks are waited for, so that their seconds are counted."""
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(address)
    listening.listen(64)
    gc.collect()
    gc.freeze()
    # Forks are short. A collection would write to each object, and thereby copy its page.
    gc.disable()
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


def answer(link: socket.socket, work: Callable[[list[str]], int]) -> NoReturn:
    """Do what is asked; say which process does it, and how it ended.

    What was imported is not taken apart at the end, as Python does: every page of it would be copied for that.
    """
    length, files = socket.recv_fds(link, 4, 3)[:2]
    words, environment, folder = json.loads(link.recv(int.from_bytes(length, "big"), socket.MSG_WAITALL))
    link.sendall(os.getpid().to_bytes(4, "big"))
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = words or [""]
    code = work(words)
    sys.stdout.flush()
    sys.stderr.flush()
    with contextlib.suppress(BrokenPipeError):
        link.sendall(b"%d" % code)
    os._exit(code)


def status_of(work: Callable[[], object]) -> int:
    """Return the exit status of a Python that does this, and print what it would."""
    try:
        work()
    except SystemExit as end:
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
        return end.code & 0xFF if isinstance(end.code, int) else bool(end.code)
    except BaseException:  # noqa: BLE001
        sys.excepthook(*sys.exc_info())
        return 1
    return 0


def run_module(words: list[str]) -> int:
    """Run a script as Python does: a file, or else what comes in."""

    def run() -> None:
        if words:
            runpy.run_path(words[0], run_name="__main__")
        else:
            script = sys.stdin.read()
            exec(compile(script, "<stdin>", "exec"), {"__name__": "__main__", "__builtins__": __builtins__})

    code = status_of(run)
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    return code


def run_playbook(words: list[str]) -> int:
    """Run a playbook. Leave out the cleaning up at the end: what is packed of modules stays for the next playbook."""
    from ansible.cli.playbook import main

    # A process group to be killed as one.
    os.setsid()
    return status_of(lambda: main(words))


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


def import_for_playbooks(python: str, modules: str) -> None:
    """Import Ansible and its plugins. It gives its local modules the interpreter that it takes for its own."""
    import ansible.cli.playbook
    from ansible.plugins.loader import init_plugin_loader

    sys.path[0] = str(Path(__file__).parents[1])
    from tests.kept import keep

    # Once is enough: here it makes the collections importable, and nobody has other ones.
    init_plugin_loader()
    ansible.cli.init_plugin_loader = lambda _path: None
    sys.executable = python
    for kind in KINDS:
        _import_all(f"ansible.plugins.{kind}")
    for kind in ("action", "filter"):
        _import_all(f"ansible_collections.lifeboat.rds.plugins.{kind}")
    keep()
    call_directly(python, modules)


def call_directly(python: str, modules: str) -> None:
    """Let Ansible's local connection ask the warm process itself: it would start two shells and a Python for it."""
    from ansible.plugins.connection.local import Connection

    start, command = Connection.exec_command, f"/bin/sh -c {shlex.quote(f'{python} && sleep 0')}"

    def exec_command(self: Any, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> Any:
        if cmd != command or in_data is None:
            return start(self, cmd, in_data, sudoable)
        with tempfile.TemporaryFile() as script, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
            script.write(in_data)
            script.seek(0)
            code = ask(modules, [], os.environ, self.cwd.decode(), (script, out, errors))
            out.seek(0)
            errors.seek(0)
            return code, out.read(), errors.read()

    Connection.exec_command = exec_command


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
