# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a playbook or the bare paginator on a lab, and say what that took."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from lifeboat_lab import Lab
from tests.bench import fleet, meter
from tests.bench.fleet import Call, moment
from tests.bench.meter import Cost

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
SNAPSHOTS = ("describe_db_snapshots", "describe_db_cluster_snapshots")
DATABASES = ("describe_db_instances", "describe_db_clusters")
AT_SOURCE, AT_DR = fleet.SOURCE_REGION, fleet.DR_REGION
# What each task of protect.yml reads, by its name in floor.py: as bare.py takes it.
LISTS = {
    "publish": ["production", *(f"{AT_SOURCE}/{one}" for one in (*DATABASES, *SNAPSHOTS))],
    "replicate": [
        "production_dr",
        *(f"{AT_SOURCE}/{one}:shared" for one in SNAPSHOTS),
        *(f"{AT_DR}/{one}:manual" for one in SNAPSHOTS),
    ],
    "prune_source": ["production", *(f"{AT_SOURCE}/{one}:manual" for one in SNAPSHOTS)],
    "prune_dr": ["production_dr", *(f"{AT_DR}/{one}:manual" for one in SNAPSHOTS)],
}


@dataclass(frozen=True)
class Played:
    """What a playbook took: all of it, each process of a module, the lab's part, the calls."""

    whole: Cost
    modules: list[Cost]
    lab_seconds: float
    calls: list[Call]

    @property
    def own_wall(self) -> float:
        return self.whole.wall - self.lab_seconds

    def during(self, cost: Cost) -> list[Call]:
        """Pick the calls that a module's process made. Only one module works on an account at a time."""
        end = cost.began + cost.wall
        return [call for call in self.calls if cost.began <= moment(call) <= end]


def play(lab: Lab, playbook: Path, *words: str, python_options: tuple[str, ...] = (), code: int = 0) -> Played:
    """Run a playbook on a lab whose calls until now do not count.

    :raises RuntimeError: when it does not end as it should.
    """
    fleet.forget(lab)
    with TemporaryDirectory() as folder:
        python = meter.interpreter(Path(folder), *python_options)
        command = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", str(HERE / "inventory.yml"), *words]
        with Path(folder, "output").open("w+", encoding="utf-8") as output:
            whole = meter.run(
                [*command, str(playbook)], cwd=ROOT, env=environment(lab, python), stdout=output, stderr=output
            )
            output.seek(0)
            if whole.code != code:
                raise RuntimeError(f"{playbook.name} ended {whole.code}: {output.read()[-5000:]}")
        modules = [read_errors(cost) for cost in meter.read(Path(folder))]
    return Played(whole, modules, fleet.lab_seconds(lab), every_call(lab))


def every_call(lab: Lab) -> list[Call]:
    return lab.calls(since=0, limit=100_000)


def read_errors(cost: Cost) -> Cost:
    return Cost(**{**cost.__dict__, "errors": Path(cost.errors).read_text("utf-8")}) if cost.errors else cost


def environment(lab: Lab, python: Path) -> dict[str, str]:
    """Set the environment as `make` does: Python keeps what it compiled, and the collections are those of this one."""
    wanted = {name: value for name, value in lab.env().items() if name != "PYTHONDONTWRITEBYTECODE"}
    return wanted | {
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": str(Path(sys.prefix) / "collections"),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_PIPELINING": "false",  # the meter knows a module by the name of its file
        "BENCH_PYTHON": str(python),
        "BENCH_AWS": str(Path(sys.prefix) / "awscli" / "bin" / "aws"),
        "BENCH_LAB": lab.url,
    }


def bare(lab: Lab, task: str) -> float:
    """Measure the processor time of a bare paginator over the lists that a task of protect.yml reads."""
    env = {**os.environ, **lab.env()}
    return meter.run([sys.executable, str(HERE / "bare.py"), *LISTS[task]], env=env).cpu
