# SPDX-License-Identifier: GPL-3.0-or-later
"""What processes cost; and a Python that keeps account of that, which Ansible takes for the interpreter of modules."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

MEGABYTE = 1024  # in ru_maxrss, which Linux counts in KiB


@dataclass(frozen=True)
class Cost:
    """What one process and those that it waited for took."""

    name: str
    began: float
    wall: float
    cpu: float
    megabytes: float
    code: int
    errors: str = ""


def run(command: list[str], *, name: str = "", **options: Any) -> Cost:
    """Run a command to its end."""
    began, start = time.time(), time.perf_counter()
    process = subprocess.Popen(command, **options)
    _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Cost(
        name or Path(command[0]).name,
        began,
        time.perf_counter() - start,
        usage.ru_utime + usage.ru_stime,
        usage.ru_maxrss / MEGABYTE,
        process.returncode,
    )


def interpreter(folder: Path, *options: str) -> Path:
    """Write a program that runs this Python with these options and records its cost in the folder."""
    caller = folder / "python"
    words = " ".join(f"'{word}'" for word in (sys.executable, __file__, str(folder), *options))
    caller.write_text(f'#!/bin/sh\nexec {words} -- "$@"\n', encoding="utf-8")
    caller.chmod(0o755)
    return caller


def read(folder: Path) -> list[Cost]:
    """List the module runs in order. Ansible also asks the interpreter small questions; those are left out."""
    lines = (folder / "meter").read_text(encoding="utf-8").splitlines()
    found = [Cost(**json.loads(line)) for line in lines]
    return [cost for cost in found if cost.name.startswith("AnsiballZ_")]


def main(folder: Path, options: list[str], words: list[str]) -> int:
    errors = folder / f"errors-{os.getpid()}"
    # What Python itself says (-X importtime) would be the module's, and is megabytes.
    with errors.open("wb") if options else nullcontext() as sink:
        cost = run([sys.executable, *options, *words], name=Path(words[0]).name, stderr=sink)
    told = replace(cost, errors=str(errors) if options else "")
    with (folder / "meter").open("a", encoding="utf-8") as account:
        account.write(json.dumps(asdict(told)) + "\n")
    return cost.code


if __name__ == "__main__":
    at = sys.argv.index("--")
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:at], sys.argv[at + 1 :]))
