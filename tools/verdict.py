# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a command and end with the worst verdict of the evidence that it wrote: 0 verified, 1 failed, 2 unverified.

Beside it there may be other documents: of postures, and older evidence that the command fetched.

ansible-playbook ends 0 or not 0. A scheduler wants to tell a recovery that failed from one that could not be tried.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

VERIFIED, FAILED, UNVERIFIED = 0, 1, 2
WITH_VERDICT = ("drill", "recovery")
LAG = 1_000_000_000  # nanoseconds by which the times of files may be behind the clock


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, judge what it left behind, say the verdict last."""
    options = parse(arguments)
    before, since = written_files(options.evidence), time.time_ns() - LAG
    code = run(options.command)
    verdict = worst_verdict(options.evidence, before, since)
    print(f"verdict: {verdict}" + (f" (but the command ended {code})" if verdict == "verified" and code else ""))
    return exit_code(verdict, code)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the options before `--`; what follows is the command's own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--evidence", type=Path, required=True, help="directory that the command writes evidence into")
    parser.add_argument("command", nargs="+", help="the command, after --")
    return parser.parse_args(arguments)


def written_files(directory: Path) -> dict[Path, int]:
    """When each JSON file under the directory was last written, but for postures."""
    paths = [path for path in directory.rglob("*.json") if not path.name.startswith("posture-")]
    return {path: path.stat().st_mtime_ns for path in paths}


def worst_verdict(directory: Path, before: Mapping[Path, int], since: int) -> str:
    """Return the worst verdict of the evidence written since, one document a site, `unverified` where none is."""
    now = written_files(directory)
    new = [path for path in now if now[path] != before.get(path) and now[path] >= since]
    verdicts = {verdict for path in new if (verdict := read_verdict(path)) is not None}
    if "failed" in verdicts:
        return "failed"
    return min(verdicts - {"verified"}, default="verified") if verdicts else "unverified"


def read_verdict(path: Path) -> str | None:
    """Return the verdict of a document, `unverified` where it cannot be read, nothing where it is no evidence."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return "unverified"
    is_evidence = isinstance(document, dict) and document.get("document") in WITH_VERDICT
    return str(document.get("verdict")) if is_evidence else None


def exit_code(verdict: str, code: int) -> int:
    """Translate: a verdict that is not known proves nothing, and a run that failed is not verified."""
    if verdict == "verified":
        return FAILED if code else VERIFIED
    return FAILED if verdict == "failed" else UNVERIFIED


def run(command: Sequence[str]) -> int:
    """Run a command to its end, handing on the signals that would end it: it has databases to tear down."""
    watched = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD}
    old = signal.pthread_sigmask(signal.SIG_BLOCK, watched)
    # The command must not inherit the blocked signals. Safe before exec: this process has one thread.
    try:
        process = subprocess.Popen(command, preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_SETMASK, old))
    except OSError as error:
        print(f"Cannot start {command[0]}: {error.strerror}")
        return 127
    while process.poll() is None:
        caught = signal.sigwaitinfo(watched)
        # What the terminal sends (Ctrl-C) has gone to the command as well; a second copy would cut its cleanup short.
        if caught.si_signo != signal.SIGCHLD and caught.si_code <= 0:
            process.send_signal(caught.si_signo)
    return process.returncode


if __name__ == "__main__":
    sys.exit(main())
