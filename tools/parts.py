# SPDX-License-Identifier: GPL-3.0-or-later
"""Make parts of the suite one after the other, and print at the end what each cost.

    python3 -m tools.parts --title test lint unit pages

A part is a target of the Makefile. The first one that fails ends the run, as in make; the table is printed all the
same. CPU seconds are those of processes that ended and were waited for, so that a daemon's do not count.

Parts that cannot have changed may be skipped: see tools/unchanged.py.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.unchanged import Skipping

INTERRUPTED = 130
# The last line of pytest ("=== 12 passed, 1 skipped in 3.45s ==="), with or without colours.
SUMMARY = re.compile(rb" in \d+\.\d+s")
COUNTS = re.compile(rb"(\d+) (?:passed|failed|xfailed|errors?)\b")
SANITY = b"Running sanity test "


@dataclass
class Cost:
    """What became of one part, and what it cost."""

    part: str
    result: str = "not run"
    wall: float = 0.0
    cpu: float = 0.0
    tests: int = 0
    why: str = ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the parts, print the table, and end with the exit status of the part that failed."""
    options = parse(arguments)
    costs = [Cost(part) for part in options.parts]
    try:
        return run_parts(costs, options)
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        print(f"\n=== {options.title}: what each part cost", *table(costs), sep="\n", flush=True)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--title", default="test", help="what the table is called")
    parser.add_argument("--record", type=Path, help="file that keeps what passed, for unchanged.py; none: skip nothing")
    parser.add_argument("parts", nargs="+", help="targets of the Makefile")
    return parser.parse_args(arguments)


def run_parts(costs: Iterable[Cost], options: argparse.Namespace) -> int:
    """Make each part until one fails, and return its exit status."""
    skipping = Skipping(options.record) if options.record else None
    for cost in costs:
        reason = skipping.reason(cost.part) if skipping else None
        if reason:
            cost.result, cost.why = "skipped", reason
            print(f"\n=== {cost.part}: skipped, {reason}", flush=True)
            continue
        code = run_part(cost)
        if code:
            return code
        if skipping:
            skipping.passed(cost.part)
    return 0


def run_part(cost: Cost) -> int:
    """Make one part, and return its exit status."""
    began, before = time.monotonic(), cpu_of_children()
    cost.result = "interrupted"
    process = subprocess.Popen(
        [os.environ.get("MAKE", "make"), "--no-print-directory", cost.part],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        cost.tests = hand_on(process)
    except KeyboardInterrupt:
        # From the terminal it has reached the part as well: let that clean up, and print what it says.
        hand_on(process)
        raise
    finally:
        code = process.wait()
        cost.wall, cost.cpu = time.monotonic() - began, cpu_of_children() - before
    cost.result = f"failed ({code})" if code else "passed"
    return code


def hand_on(process: subprocess.Popen[bytes]) -> int:
    """Print what the process prints, as soon as it does, and return how many tests it ran."""
    assert process.stdout
    tests, line = 0, b""
    while piece := os.read(process.stdout.fileno(), 65536):
        sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
        *lines, line = (line + piece).split(b"\n")
        tests += sum(map(count_tests, lines))
    return tests + count_tests(line)


def count_tests(line: bytes) -> int:
    """Return how many tests a line of pytest's or ansible-test's output tells of."""
    if line.startswith(SANITY):
        return 1
    return sum(int(number) for number in COUNTS.findall(line)) if SUMMARY.search(line) else 0


def cpu_of_children() -> float:
    """Return the seconds of CPU of all children that ended, and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def table(costs: Sequence[Cost]) -> list[str]:
    """Return the lines of the table: a row for each part, and the sum."""
    rows = [("part", "wall s", "CPU s", "tests", "")]
    for cost in costs:
        ran = cost.result not in ("not run", "skipped")
        numbers = (f"{cost.wall:.0f}", f"{cost.cpu:.0f}") if ran else ("-", "-")
        said = f"{cost.result}: {cost.why}" if cost.why else cost.result
        rows.append((cost.part, *numbers, str(cost.tests or "-"), said))
    total = [sum(values) for values in zip(*((one.wall, one.cpu, one.tests) for one in costs), strict=True)]
    rows.append(("total", f"{total[0]:.0f}", f"{total[1]:.0f}", str(total[2]), ""))
    width = max(len(row[0]) for row in rows)
    return [f"  {row[0]:<{width}} {row[1]:>8} {row[2]:>8} {row[3]:>7}  {row[4]}".rstrip() for row in rows]


if __name__ == "__main__":
    sys.exit(main())
