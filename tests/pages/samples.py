# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence for pages: drills that the real module judged and wrote, and a posture."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from ansible_collections.lifeboat.rds.plugins.module_utils._core.checking.checks import Check, Outcome, Table, summary
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import iso
from ansible_collections.lifeboat.rds.plugins.modules import drill_report
from tests.modules import answer_of

Row = dict[str, Any]
ACCOUNT, REGION = "222222222222", "us-east-1"
STARTED = datetime(2026, 11, 23, 14, 4, tzinfo=timezone.utc)
LONG = "billing-and-invoicing-for-the-whole-of-the-northern-region-eu"  # as long as RDS lets a name be
# Whatever somebody may have written into a row, a tag or a name.
HOSTILE = (
    '<script>alert(1)</script>"><img src=x onerror=alert(2)> $x^2$ {{ 7 * 7 }} \u202egpj </style></title> \U0001f600'
)
SHOWN = HOSTILE.replace("\u202e", "\\u202e")  # the one way in which it is shown


def checks(name: str, *, failed: bool = False, reason: str = "12 rows are fewer than 3000") -> Row:
    """Build the result that database_check returns for a database."""
    table = Table("orders", "shop")
    rows = Check("rows", (table,), minimum=3000)
    outcomes = [
        Outcome(Check("connection"), "passed", "accepted", seconds=0.31),
        Outcome(Check("tables", (table, Table("heartbeat"))), "passed", "2 present", seconds=0.02),
        Outcome(rows, "failed", "12", reason, 0.04) if failed else Outcome(rows, "passed", "3104", seconds=0.04),
        Outcome(Check("freshness", (Table("heartbeat"),), column="at", max_age=timedelta(hours=1)), "passed",
                "15 s", seconds=0.01, newest=STARTED - timedelta(hours=11, minutes=59, seconds=15)),
        Outcome(Check("canary", (Table("canary"),), column="word", secret="x"), "passed", "as expected", seconds=0.01),
        Outcome(Check("integrity", (table,), is_optional=True), "skipped", reason="amcheck is not installed here"),
    ]  # fmt: skip
    return summary(name, outcomes, 0.39, 0.31)


def drilled(name: str, *, waited: int = 907, **changes: Any) -> Row:
    """Build a database of a drill that went well, then apply the changes."""
    point = f"lifeboat-{name}-20261123020500-5f0c2a9b7d31"[:63]
    good: Row = {
        "name": name,
        "kind": "instance",
        "engine": "postgres",
        "engine_version": "16.3",
        "owner": "shop team",
        "recovery_point": point,
        "recovery_point_arn": f"arn:aws:rds:{REGION}:{ACCOUNT}:snapshot:{point}",
        "lineage": "20261123020500-5f0c2a9b7d31",
        "original_time": "2026-11-23T02:05:00Z",
        "objectives": {"rpo": 86400, "rto": 3600},
        "restore": {
            "status": "restored",
            "target": f"lifeboat-20261123t1404-{name}"[:63],
            "phases": {"choose": 2, "restore_call": 3, "available": waited},
        },
        "credentials": {"status": "set", "seconds": 41},
        "check": checks(name),
        "checked_on": "bastion-7.internal",
        "reached": {"host": "127.0.0.1", "port": 15003, "forwarded": True},
        "teardown": {"status": "deleted"},
    }
    return good | changes


def cluster(name: str, **changes: Any) -> Row:
    phases = {"choose": 2, "restore_call": 4, "available": 1262, "member": 388}
    restore = {"status": "restored", "target": f"lifeboat-20261123t1404-{name}", "phases": phases}
    return drilled(name, **{"kind": "cluster", "engine": "aurora-mysql", "restore": restore} | changes)


def write_drill(
    directory: Path,
    *databases: Row,
    drill_id: str = "20261123t1404",
    started: datetime = STARTED,
    purpose: str = "drill",
    **changes: Any,
) -> Path:
    """Have the module write the evidence of a drill.

    :param changes: of the document, once it is written: what this drill did not do itself.
    """
    problems = changes.pop("problems", [])
    arguments: Row = {
        "drill_id": drill_id,
        "purpose": purpose,
        "directory": str(directory),
        "started": iso(started),
        "site": {"account_id": ACCOUNT, "region": REGION},
        "databases": list(databases),
        "problems": problems,
    }
    path = Path(answer_of(drill_report.main, arguments)["evidence"])
    document = json.loads(path.read_text(encoding="utf-8")) | changes
    path.write_text(json.dumps(document, indent=2), encoding="utf-8")
    return path


WHO: Row = {
    "user": "ops",
    "host": "controller1",
    "awx_user": "nightly",
    "awx_job": "4711",
    "caller_arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/lifeboat-drill/nightly",
}
CONTROLS: list[Row] = [
    {"framework": "ISO/IEC 27001:2022", "control": "A.8.13", "title": "Information backup"},
    {"framework": "SOC 2", "control": "A1.2", "title": "Recovery of the system"},
]
SITE: Row = {"name": "production_dr", "account_id": ACCOUNT, "region": REGION}


def four(*, failed: bool = False) -> list[Row]:
    """Build the four databases of the shop. In a failed drill one has lost its rows and one cannot be reached."""
    lost = drilled("orders", check=checks("orders", failed=True)) if failed else drilled("orders")
    unreachable = drilled("scratch", check={"verdict": "unverified", "reason": "the server refused", "checks": []})
    return [
        lost,
        drilled(LONG, waited=1511, objectives={"rpo": 86400, "rto": 1200}) if failed else drilled(LONG, waited=711),
        cluster("events"),
        unreachable if failed else drilled("customers", waited=433, engine="mariadb", engine_version="10.11.8"),
    ]


def write_history(directory: Path, last: Iterable[Row], **changes: Any) -> Path:
    """Six drills, a month apart, of which the last has these databases; its path."""
    for month in range(5):
        started = datetime(2026, 6 + month, 23, 14, 4, tzinfo=timezone.utc)
        original = iso(started - timedelta(hours=5 + 3 * month))
        rows = [
            row
            | {"original_time": original, "check": checks(row["name"], failed=month == 2 and row["name"] == "orders")}
            for row in (drilled("orders", waited=1400 - 90 * month), cluster("events"))
        ]
        history = {"number": month + 1, "previous": None}
        write_drill(
            directory, *rows, drill_id=f"2026{6 + month:02}23t1404", started=started, history=history, site=SITE
        )
    previous = {"file": "20261023t1404-1.json", "sha256": "ab" * 32}
    mine: Row = {
        "name": "quarterly drill",
        "site": SITE,
        "who": WHO,
        "controls": CONTROLS,
        "history": {"number": 6, "previous": previous},
        "signed_by": f"sha256:{'0f' * 32}",
    }
    path = write_drill(directory, *last, **mine | changes)
    path.with_name(f"{path.name}.sig").write_bytes(b"x" * 64)
    return path


def held(name: str, *, age: int | None, rpo: int | None = 86400, **changes: Any) -> Row:
    """Build a database of a posture."""
    moment = STARTED - timedelta(seconds=age or 0)
    place = {"site": "production", "name": f"lifeboat-{name}"[:63], "original_time": iso(moment), "age_seconds": age}
    places = [
        place | {"place": "111111111111/us-west-2/automated", "name": f"rds:{name}"},
        place | {"place": f"{ACCOUNT}/{REGION}/manual", "site": "production_dr"},
    ]
    drill: Row = {
        "drill_id": "20261101t0200",
        "finished": "2026-11-01T02:40:00Z",
        "age_seconds": 1938240,
        "verdict": "verified",
        "rpo_seconds": 37,
        "rto_validated_seconds": 953.4,
        "evidence": "20261101t0200-1.json",
    }
    return {
        "database": name,
        "kind": "instance",
        "engine": "postgres",
        "database_arn": f"arn:aws:rds:us-west-2:111111111111:db:{name}",
        "account_id": "111111111111",
        "region": "us-west-2",
        "exists": True,
        "owner": "shop team",
        "places": places if age is not None else [],
        "in_flight": [],
        "rpo": rpo,
        "rto": 3600,
        "age_seconds": age,
        "protected": age is not None and (rpo is None or age <= rpo),
        "reason": None,
        "last_drill": drill,
        "last_verified": drill,
    } | changes


def posture(rows: Iterable[Row], **changes: Any) -> Row:
    databases = list(rows)
    quotas = {"ManualSnapshots": {"used": 40, "max": 100, "free": 60}}
    scarce = {"ManualSnapshots": {"used": 93, "max": 100, "free": 7}}
    source = {"name": "production", "side": "source", "account_id": "111111111111", "region": "us-west-2"}
    return {
        "document": "posture",
        "version": 1,
        "time": iso(STARTED),
        "tool": {"lifeboat.rds": "0.1.0", "ansible-core": "2.19.14", "python": "3.11.2"},
        "signed_by": None,
        "sites": [
            source | {"problem": None, "quotas": scarce},
            {**SITE, "side": "dr", "problem": None, "quotas": quotas},
        ],
        "databases": databases,
        "unprotected": sum(row["protected"] is False for row in databases),
        "unknown": sum(row["protected"] is None and "state" not in row for row in databases),
        "total": len(databases),
    } | changes


def shop_posture() -> Row:
    drill = held("x", age=1)["last_drill"]
    nothing = "nothing of it has landed in 222222222222. Its automated backups are off"
    late = "the newest that landed in 222222222222 is 130000 s old, and the objective is 86400 s"
    return posture(
        [
            held("orders", age=43200),
            held(LONG, age=130000, reason=late, last_drill=drill | {"verdict": "failed"}),
            held("events", age=3000, rpo=3600, kind="cluster", in_flight=["lifeboat-events-20261123140000-a1b2c3"]),
            held("archive", age=50, protected=None, exists=None, reason="production could not be looked at"),
            held("ledger", age=60, reason="its newest drill failed", last_drill=drill | {"verdict": "failed"}),
            held("sandbox", age=None, state="excluded", protected=None, reason="excluded: made anew every night"),
            held("newborn", age=None, reason=nothing, last_drill=None, last_verified=None),
        ]
    )  # fmt: skip


def write_posture(directory: Path, document: Row) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "posture-20261123t140400z.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path
