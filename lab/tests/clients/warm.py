# SPDX-License-Identifier: GPL-3.0-or-later
"""Serve a Python that has boto3 already: Ansible starts one for each task, and importing boto3 takes most of its time.

The process that is asked forks, and the fork runs the script as that Python would have: with the caller's words,
environment, folder, input and output.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import runpy
import signal
import socket
import sys
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# What Ansible takes for the interpreter.
CALLER = """\
#!{python} -IS
import json, os, socket, sys
link = socket.socket(socket.AF_UNIX)
link.connect({address!r})
asked = json.dumps([sys.argv[1:], dict(os.environ), os.getcwd()]).encode()
socket.send_fds(link, [len(asked).to_bytes(4, "big")], [0, 1, 2])
link.sendall(asked)
sys.exit(int(link.recv(4) or b"70"))
"""


@contextmanager
def interpreter(folder: Path) -> Iterator[Path]:
    """Serve such an interpreter and return its path."""
    address, caller = str(folder / "socket"), folder / "python"
    caller.write_text(CALLER.format(python=sys.executable, address=address), encoding="utf-8")
    caller.chmod(0o755)
    ready, tell = os.pipe()
    server = Popen([sys.executable, __file__, address, str(tell)], pass_fds=[tell])
    os.close(tell)
    try:
        assert os.read(ready, 1), "the warm interpreter did not start"
        yield caller
    finally:
        os.close(ready)
        server.kill()
        server.wait()


def serve(address: str, tell: int) -> None:
    """Wait for callers, and fork for each. What services are like is read once, for the sessions of all forks."""
    import boto3
    import botocore.session

    loader = botocore.session.create_loader()
    botocore.session.create_loader = lambda _paths=None: loader
    for service in ("rds", "sts", "kms", "iam", "ec2", "sns", "sqs"):
        boto3.client(service, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    boto3.DEFAULT_SESSION = None
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(address)
    listening.listen()
    # Forks are short: what they would collect is not worth copying each page for.
    gc.collect()
    gc.freeze()
    gc.disable()
    os.write(tell, b"!")
    while True:
        link = listening.accept()[0]
        if os.fork() == 0:
            listening.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            answer(link)
        link.close()


def answer(link: socket.socket) -> None:
    """Run what is asked in a process of its own, and say how that ended."""
    length, files = socket.recv_fds(link, 4, 3)[:2]
    wanted = int.from_bytes(length, "big")
    words, environment, folder = json.loads(link.recv(wanted, socket.MSG_WAITALL))
    running = os.fork()
    if running == 0:
        run(files, words, environment, folder)
    status = os.waitpid(running, 0)[1]
    link.sendall(b"%d" % max(os.waitstatus_to_exitcode(status), 0))
    os._exit(0)


def run(files: list[int], words: list[str], environment: dict[str, str], folder: str) -> None:
    """Run it, and end without taking apart what was imported: every page of that would be copied."""
    for number, file in enumerate(files):
        os.dup2(file, number)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = words or [""]
    code: object = 0
    try:
        if words:
            runpy.run_path(words[0], run_name="__main__")
        else:
            # Ansible's pipelining: the script comes in.
            exec(compile(sys.stdin.read(), "<stdin>", "exec"), {"__name__": "__main__", "__builtins__": __builtins__})
    except SystemExit as end:
        code = end.code or 0
    if not isinstance(code, int):
        sys.exit(str(code))
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
