# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m tests.bench [scenario ...] [--runs N] [--json FILE]``: measure on the lab, beside what was promised."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from tests.bench.figures import Figure, medians, table
from tests.bench.scenarios import SCENARIOS


def main() -> int:
    parser = argparse.ArgumentParser("python -m tests.bench", description=__doc__)
    parser.add_argument("scenario", nargs="*", choices=[[], *SCENARIOS], default=[])
    parser.add_argument("--runs", type=int, default=3, help="how often; the medians are shown")
    parser.add_argument("--databases", type=int, default=1000, help="a multiple of 20")
    parser.add_argument("--json", type=Path, help="where to leave the figures of every run")
    given = parser.parse_args()
    everything: dict[str, list[list[Figure]]] = {}
    for name in given.scenario or SCENARIOS:
        everything[name] = [SCENARIOS[name](given.databases) for _turn in range(given.runs)]
        doc = " ".join(str(SCENARIOS[name].__doc__).split())
        print(f"\n### {name}\n\n{doc} Median of {given.runs}.\n\n{table(medians(everything[name]))}", flush=True)
    if given.json:
        kept = {name: [[asdict(one) for one in run] for run in turns] for name, turns in everything.items()}
        given.json.write_text(json.dumps(kept, indent=1), encoding="utf-8")
    return int(any(one.verdict == "misses" for turns in everything.values() for one in medians(turns)))


if __name__ == "__main__":
    sys.exit(main())
