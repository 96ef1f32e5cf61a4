# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a command and end with the worst verdict of the evidence that it wrote: 0 verified, 1 failed, 2 unverified.

Beside it there may be other documents: of postures, and older evidence that the command fetched.

ansible-playbook ends 0 or not 0. A scheduler wants to tell a recovery that failed from one that could not be tried.
When a drill is interrupted, the last line says how to remove what is left of it.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path

VERIFIED, FAILED, UNVERIFIED = 0, 1, 2
WITH_VERDICT = ("drill", "recovery")
# What ansible-playbook ends with after Ctrl-C, and a shell or the lab after a signal.
INTERRUPTED = (99, 128 + signal.SIGHUP, 128 + signal.SIGINT, 128 + signal.SIGTERM)
TOLD_ID = re.compile(r"""\bdrill_id["']?\s*[=:]\s*["']?([\w-]+)""")
LAG = 1_000_000_000  # nanoseconds by which the times of files may be behind the clock


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, judge what it left behind, say the verdict last."""
    options = parse(arguments)
    before, since = written_files(options.evidence), time.time_ns() - LAG
    drill_id = drill_id_of(options.command)
    os.environ["LIFEBOAT_DRILL_ID"] = drill_id  # the role drill takes it where it is told no other
    code, interrupted = run(options.command)
    new = new_verdicts(options.evidence, before, since)
    verdict = worst_verdict(new)
    print(f"verdict: {verdict}" + (f" (but the command ended {code})" if verdict == "verified" and code else ""))
    # A drill writes its evidence after its teardown.
    if interrupted and not new and (line := how_to_clean_up(drill_id, options.command)):
        print(line)
    return exit_code(verdict, code)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the options before `--`; what follows is the command's own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--evidence", type=Path, required=True, help="directory that the command writes evidence into")
    parser.add_argument("command", nargs="+", help="the command, after --")
    return parser.parse_args(arguments)


def written_files(directory: Path) -> dict[Path, int]:
    """Return when each JSON file under the directory was last written, except postures."""
    paths = [path for path in directory.rglob("*.json") if not path.name.startswith("posture-")]
    return {path: path.stat().st_mtime_ns for path in paths}


def new_verdicts(directory: Path, before: Mapping[Path, int], since: int) -> set[str]:
    """Return the verdicts of the evidence written since: one document a site."""
    now = written_files(directory)
    new = [path for path in now if now[path] != before.get(path) and now[path] >= since]
    return {verdict for path in new if (verdict := read_verdict(path)) is not None}


def worst_verdict(verdicts: set[str]) -> str:
    """Return the worst of these verdicts, `unverified` where there is none."""
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


def drill_id_of(command: Sequence[str]) -> str:
    """Return the id of the drill: the one that the command tells, or the environment, or a new one."""
    told = TOLD_ID.search(" ".join(command))
    return told[1] if told else os.environ.get("LIFEBOAT_DRILL_ID") or f"{datetime.now(timezone.utc):%Y%m%dt%H%M%S}"


def how_to_clean_up(drill_id: str, command: Sequence[str]) -> str:
    """Write how to remove what an interrupted drill left. Empty where the command is no playbook."""
    programs = [Path(word).name for word in command]
    if "ansible-playbook" not in programs:
        return ""
    if programs[0] == "lifeboat-lab":
        return (
            f"Interrupted. The lab is gone, and with it all that drill {drill_id} restored: nothing is left to remove."
        )
    given = command[programs.index("ansible-playbook") + 1 :]
    words = [command[programs.index("ansible-playbook")], "playbooks/reap.yml", *places(given)]
    remove = shlex.join([*words, "-e", f"reap_drill_id={drill_id}"])
    return f"Interrupted. What drill {drill_id} restored may still be there. To remove it: {remove}"


def places(words: Sequence[str]) -> list[str]:
    """Pick the options that say on which hosts of which inventory a playbook works."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("-i", "--inventory", action="append", default=[])
    parser.add_argument("-l", "--limit")
    found, _others = parser.parse_known_args(words)
    limit = [] if found.limit is None else ["--limit", found.limit]
    return [*(word for name in found.inventory for word in ("-i", name)), *limit]


def run(command: Sequence[str]) -> tuple[int, bool]:
    """Run a command to its end, handing on the signals that would end it: it has databases to tear down.

    :return: how it ended, and whether something interrupted it.
    """
    watched = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD}
    old = signal.pthread_sigmask(signal.SIG_BLOCK, watched)
    # The command must not inherit the blocked signals. Safe before exec: this process has one thread.
    try:
        process = subprocess.Popen(command, preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_SETMASK, old))
    except OSError as error:
        print(f"Cannot start {command[0]}: {error.strerror}")
        return 127, False
    interrupted = False
    while process.poll() is None:
        caught = signal.sigwaitinfo(watched)
        interrupted |= caught.si_signo != signal.SIGCHLD
        # What the terminal sends (Ctrl-C) has gone to the command as well; a second copy would cut its cleanup short.
        if caught.si_signo != signal.SIGCHLD and caught.si_code <= 0:
            process.send_signal(caught.si_signo)
    code = process.returncode
    return code, interrupted or code in INTERRUPTED or code < 0


if __name__ == "__main__":
    sys.exit(main())
