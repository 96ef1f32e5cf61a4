# SPDX-License-Identifier: GPL-3.0-or-later
"""The fewest calls that AWS permits for a run of protect.yml, from what there is: nothing here knows the engine.

RDS lists 100 rows a page. An automated snapshot of each database needs a copy that may be shared, a share, a copy that
the DR account owns, and, once that has landed, the share taken back and a mark (aws_rds.md 14, L1 to L6). Shares go
snapshot by snapshot, and so do tags.
"""

from __future__ import annotations

from dataclasses import dataclass

PAGE = 100
SNAPSHOTS = ("DBSnapshots", "DBClusterSnapshots")
DATABASES = ("DBInstances", "DBClusters")


@dataclass(frozen=True)
class Place:
    """How many rows each list of one account and Region has, and how many of them are automated snapshots."""

    rows: dict[str, int]
    automated: dict[str, int]

    def manual(self, what: str) -> int:
        return self.rows[what] - self.automated[what]


@dataclass(frozen=True)
class Floor:
    """The fewest calls of each sort in one module's task."""

    pages: int = 0
    writes: int = 0
    identity: int = 1
    quota: int = 0
    keys: int = 0

    @property
    def calls(self) -> int:
        return self.pages + self.writes + self.identity + self.quota + self.keys


def pages(rows: int) -> int:
    """Count the pages of a list. An empty list costs one call as well."""
    return max(1, -(-rows // PAGE))


def pages_of(counts: list[int]) -> int:
    return sum(pages(count) for count in counts)


def publish(source: Place, todo: dict[str, int], source_keys: int) -> Floor:
    """Its databases and own snapshots of both kinds; a copy and a share each.

    The key that copies go under is looked at in any case; those of the sources when something is to be copied.
    """
    starts = sum(todo.values())
    return Floor(
        pages=pages_of([source.rows[what] for what in (*DATABASES, *SNAPSHOTS)]),
        writes=2 * starts,
        quota=min(1, starts),
        keys=1 + (source_keys if starts else 0),
    )


def replicate(dr: Place, todo: dict[str, int], shared_keys: int) -> Floor:
    """Count the calls of replicate: the lists of shared and of own snapshots, both kinds, and one copy each."""
    starts = sum(todo.values())
    shared = [todo[what] for what in SNAPSHOTS]
    return Floor(
        pages=pages_of([*shared, *(dr.manual(what) for what in SNAPSHOTS)]),
        writes=starts,
        quota=min(1, starts),
        keys=1 + (shared_keys if starts else 0),
    )


def prune_source(source: Place, todo: dict[str, int]) -> Floor:
    """Count the calls of prune at the source: the lists of manual snapshots, then an unshare and a mark each."""
    return Floor(
        pages=pages_of([source.manual(what) + todo[what] for what in SNAPSHOTS]), writes=2 * sum(todo.values())
    )


def prune_dr(dr: Place, todo: dict[str, int]) -> Floor:
    return Floor(pages=pages_of([dr.manual(what) + todo[what] for what in SNAPSHOTS]))


def protect(source: Place, dr: Place, *, source_keys: int, shared_keys: int) -> dict[str, Floor]:
    """All tasks of protect.yml. To do are the databases that the DR account has no recovery point of yet."""
    todo = {
        snapshots: source.rows[databases] - dr.manual(snapshots)
        for databases, snapshots in zip(DATABASES, SNAPSHOTS, strict=True)
    }
    return {
        "publish": publish(source, todo, source_keys),
        "replicate": replicate(dr, todo, shared_keys),
        "prune_source": prune_source(source, todo),
        "prune_dr": prune_dr(dr, todo),
    }


def slot_seconds(copies: dict[str, int], seconds: float, slots: dict[str, int]) -> float:
    """How long copies keep the slots of their destination busy; those of the two kinds are apart."""
    return max(copies[kind] * seconds / slots[kind] for kind in copies)
