# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make bench` measures. Each scenario gets a number of databases and returns its figures."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable

from lifeboat_lab import Lab
from tests.bench import fleet, floor, pacing, polls, runs
from tests.bench.figures import Figure
from tests.bench.fleet import Call
from tests.bench.fleet import fleet as a_fleet
from tests.bench.floor import Floor
from tests.bench.runs import Played

PROTECT = runs.ROOT / "playbooks" / "protect.yml"
FILL, LOOP, DRILL = (runs.HERE / f"{name}.yml" for name in ("fill", "loop", "drill"))
TASKS = {"snapshot_copy": "publish", "snapshot_replicate": "replicate", "snapshot_prune": "prune"}
SLOTS = {"instance": 20, "cluster": 5}
RATE = 20.0
# Of the fleet's snapshots: aws/rds and the shop's key at the source; the site's and the shop's once published.
KEYS = {"source_keys": 2, "shared_keys": 2}
COPY_SECONDS = 2.0


def protect(databases: int) -> list[Figure]:
    """Measure a day's protect: copies take 2 s, polls come each second, nothing limits the rate."""
    with a_fleet(databases, seconds=COPY_SECONDS) as lab:
        least = floor.protect(*fleet.look(lab), **KEYS)
        played = runs.play(lab, PROTECT)
        calls = by_task(played)
    return [*call_figures(calls, least), *poll_figures(calls, COPY_SECONDS), *cost_figures(played)]


def limited(databases: int) -> list[Figure]:
    """Measure a day's protect with 20 calls a second per account and Region, and with AWS's default copy limits."""
    with a_fleet(databases, seconds=COPY_SECONDS, rate=RATE) as lab:
        source, _dr = fleet.look(lab)
        played = runs.play(lab, PROTECT)
    copies = {"instance": source.rows["DBInstances"], "cluster": source.rows["DBClusters"]}
    slots = floor.slot_seconds(copies, COPY_SECONDS, SLOTS)
    needed = {"publish": slots, "replicate": slots}
    answered = {task: sum("error" not in one for one in calls) for task, calls in by_task(played).items()}
    # The two prunes run at once, in accounts of their own.
    times = {task: max(number / RATE, needed.get(task, 0)) for task, number in answered.items() if task != "prune_dr"}
    throttled = sum(one.get("error") == "ThrottlingException" for one in played.calls)
    return [
        Figure("wall / what rate and slots need", played.whole.wall / sum(times.values()), most=1.15),
        *(Figure(f"{task}: rate and slots need", value, "s") for task, value in times.items()),
        *(Figure(f"{name}: wall", wall, "s") for name, wall in walls(played).items()),
        Figure("throttled attempts", throttled),
        *cost_figures(played),
    ]


def loop(databases: int) -> list[Figure]:
    """Beside a playbook that loops over 20 databases; copies take no time, the lab's time is subtracted from both.

    Nobody waits for slots: what is compared is the work. With AWS's, rounds of a second each would be most of our wall.
    """
    alike = 20
    with a_fleet(alike) as lab:
        theirs = runs.play(lab, LOOP)
    with a_fleet(databases) as lab:
        ours = runs.play(lab, PROTECT, "-e", json.dumps({"lifeboat_max_in_flight": dict.fromkeys(SLOTS, databases)}))
    with a_fleet(databases) as lab:
        in_rounds = runs.play(lab, PROTECT)
    slow, fast = theirs.own_wall / alike, ours.own_wall / databases
    return [
        Figure("loop: wall without the lab, per database", slow, "s"),
        Figure("loop: CPU, per database", theirs.whole.cpu / alike, "s"),
        Figure("loop: calls, per database", len(theirs.calls) / alike),
        Figure("protect.yml: wall without the lab, per database", fast, "s"),
        Figure("protect.yml: CPU, per database", ours.whole.cpu / databases, "s"),
        Figure("protect.yml: calls, per database", len(ours.calls) / databases),
        Figure("times faster per database", slow / fast, least=50),
        Figure("the same with AWS's slots, a look each second", slow / (in_rounds.own_wall / databases)),
    ]


def idle(databases: int) -> list[Figure]:
    """Nothing to do, with ten snapshots of each database at the source."""
    with a_fleet(databases, snapshots=9) as lab:
        runs.play(lab, FILL)
        return idle_figures(lab)


def idle_figures(lab: Lab) -> list[Figure]:
    least = floor.protect(*fleet.look(lab), **KEYS)
    played = runs.play(lab, PROTECT)
    bare = {task: runs.bare(lab, task) for task in runs.LISTS}
    ours = cpus(played)
    return [
        *call_figures(by_task(played), least, most=1.0),
        Figure("CPU of the modules / bare paginator", sum(ours.values()) / sum(bare.values()), most=1.3),
        *(Figure(f"{name}: CPU", cpu, "s") for name, cpu in ours.items()),
        *(Figure(f"{task}: CPU of the bare paginator", cpu, "s") for task, cpu in bare.items()),
        *cost_figures(played),
    ]


def growth(databases: int) -> list[Figure]:
    """How a first protect with all slots open, and one with nothing to do, grow: a tenth, so many, ten times."""
    return [figure for size in (databases // 10, databases, databases * 10) for figure in grown(size)]


def grown(databases: int) -> list[Figure]:
    with a_fleet(databases) as lab:
        first = runs.play(lab, FILL)
        nothing = runs.play(lab, PROTECT)
    return [
        Figure(f"{databases:,} databases, {what}: {name}", value, unit)
        for what, played in (("first protect", first), ("nothing to do", nothing))
        for name, value, unit in (
            ("calls", len(played.calls), ""),
            ("wall without the lab", played.own_wall, "s"),
            ("CPU", played.whole.cpu, "s"),
            ("CPU of the modules", sum(one.cpu for one in played.modules), "s"),
            ("largest module", max(one.megabytes for one in played.modules), "MB"),
        )
    ]


def start(databases: int) -> list[Figure]:
    """From the start of a module's process to its first call, and the heaviest imports on the way."""
    figures = []
    with a_fleet(20) as lab:
        runs.play(lab, PROTECT)
        for site in ("production", "production_dr"):
            played = runs.play(lab, PROTECT, "--limit", site)
            for cost in played.modules:
                until = runs.moment(played.during(cost)[0]) - cost.began
                figures.append(Figure(f"{site}, {module_of(cost.name)}: until the first call", until, "s"))
                figures.append(Figure(f"{site}, {module_of(cost.name)}: CPU", cost.cpu, "s"))
        played = runs.play(lab, PROTECT, "--limit", "production", python_options=("-X", "importtime"))
        figures += [Figure(f"import {name}", value, "ms") for name, value in heaviest(played.modules[0].errors)]
    return figures


RESTORED = 20
# A cluster needs both of its times one after the other: none is slower.
RESTORE_DURATIONS = {"restore_instance": 20.0, "restore_cluster": 20.0, "member": 20.0}
SLOWEST = "aurora-00000"


def drill(databases: int) -> list[Figure]:
    """Twenty databases restored together, and the slowest of them alone: an instance takes 20 s, a cluster 40 s."""
    with a_fleet(RESTORED) as lab:
        fleet.make_network(lab)
        runs.play(lab, FILL)
        lab.admin("PATCH", "settings", {"durations": RESTORE_DURATIONS})
        alone, _gone = restore_and_remove(lab, "-e", f"bench_databases={SLOWEST}")
        together, gone = restore_and_remove(lab)
    return [
        Figure("the slowest alone: wall", alone.whole.wall, "s"),
        Figure("twenty together: wall", together.whole.wall, "s", most=1.1 * alone.whole.wall + 10),
        Figure("twenty together: calls before the first write", before_the_first_write(together)),
        Figure("twenty together: calls", len(together.calls)),
        Figure("twenty removed: wall", gone.whole.wall, "s"),
        Figure("twenty removed: calls", len(gone.calls)),
        *cost_figures(together),
    ]


def restore_and_remove(lab: Lab, *words: str) -> tuple[Played, Played]:
    """Check that everything was restored and nothing is left.

    :raises RuntimeError: otherwise."""
    done = runs.play(lab, DRILL, "-e", "bench_state=present", *words)
    gone = runs.play(lab, DRILL, "-e", "bench_state=absent")
    if left := [one for one in lab.admin("GET", "status")["databases"] if f":{fleet.DR}:" in one["arn"]]:
        raise RuntimeError(f"left: {left}")
    return done, gone


def before_the_first_write(played: Played) -> int:
    actions = [call["action"] for call in played.calls]
    return next(number for number, action in enumerate(actions) if action.startswith("Restore"))


def rates(databases: int) -> list[Figure]:
    """How fast 500 copies start where 20 calls a second are answered, by who paces them."""
    return pacing.figures(500, RATE)


# -- what they share -----------------------------------------------------------------------------------------------


def module_of(name: str) -> str:
    return name.removeprefix("AnsiballZ_").removesuffix(".py")


def cpus(played: Played) -> dict[str, float]:
    """Processor seconds by module: a prune on each side."""
    found: Counter[str] = Counter()
    for cost in played.modules:
        found[module_of(cost.name)] += cost.cpu
    return dict(found)


def walls(played: Played) -> dict[str, float]:
    """From the first start to the last end of each module's processes."""
    spans: dict[str, tuple[float, float]] = {}
    for cost in played.modules:
        began, ended = spans.get(module_of(cost.name), (cost.began, 0.0))
        spans[module_of(cost.name)] = (min(began, cost.began), max(ended, cost.began + cost.wall))
    return {name: ended - began for name, (began, ended) in spans.items()}


def by_task(played: Played) -> dict[str, list[Call]]:
    """Group the calls by the task of floor.py that made them. Each pass of a task is a process of its own."""
    found: dict[str, list[Call]] = {task: [] for task in ("publish", "replicate", "prune_source", "prune_dr")}
    starts = [(one.began, TASKS[module_of(one.name)]) for one in sorted(played.modules, key=lambda one: one.began)]
    for call in played.calls:
        # The newest process that had begun: modules run one after the other, but for the two prunes.
        task = [task for began, task in starts if began <= runs.moment(call)][-1]
        if task == "prune":
            task = "prune_source" if call["account"] == fleet.SOURCE else "prune_dr"
        found[task].append(call)
    return found


def call_figures(calls: dict[str, list[Call]], least: dict[str, Floor], *, most: float = 1.05) -> list[Figure]:
    made = {task: sum(not polls.is_poll(one) for one in found) for task, found in calls.items()}
    total = sum(one.calls for one in least.values())
    return [
        Figure("calls without polls / floor", sum(made.values()) / total, most=most),
        *(Figure(f"{task}: calls without polls (floor {least[task].calls:,})", made[task]) for task in made),
    ]


def poll_figures(calls: dict[str, list[Call]], seconds: float) -> list[Figure]:
    counts = [polls.count(found, seconds) for found in calls.values()]
    made, allowed = (sum(column) for column in zip(*counts, strict=True))
    return [Figure(f"polls / one a look, class and {polls.IDS_A_CALL} in flight ({made:,})", made / allowed, most=1.0)]


def cost_figures(played: Played) -> list[Figure]:
    return [
        Figure("wall", played.whole.wall, "s"),
        Figure("CPU, ansible-playbook included", played.whole.cpu, "s"),
        Figure("CPU of the modules", sum(one.cpu for one in played.modules), "s"),
        Figure("the lab's own CPU", played.lab_seconds, "s"),
        Figure("largest module", max(one.megabytes for one in played.modules), "MB", most=150),
    ]


def heaviest(errors: str, number: int = 25) -> list[tuple[str, float]]:
    """List the imports that took longest by themselves, in milliseconds."""
    found = re.findall(r"import time: +(\d+) \| +(\d+) \| +(\S+)", errors)
    own = [(name, int(self_time) / 1000) for self_time, _all, name in found]
    return sorted(own, key=lambda one: -one[1])[:number]


Scenario = Callable[[int], list[Figure]]
SCENARIOS: dict[str, Scenario] = {
    "protect": protect,
    "limited": limited,
    "loop": loop,
    "idle": idle,
    "growth": growth,
    "start": start,
    "rates": rates,
    "drill": drill,
}
