# SPDX-License-Identifier: GPL-3.0-or-later
"""Our own events, in the format of RDS events (RDS User Guide, events): what runs report about themselves."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from ..errors import LifeboatError, raise_all
from ..keeping.marks import KINDS
from ..model import Kind, database_arn, snapshot_arn
from ..words import printable
from .subscription_checks import TOPIC

# like the ID of an RDS event, ours is the end of a URL
DOCUMENT = "https://github.com/lifeboat/rds/blob/main/docs/own-events.md"
SUBJECT = "Lifeboat Notification Message"
BATCH = 10  # messages per call (SNS API Reference, PublishBatch)
ID = re.compile(r"[A-Z][A-Z0-9]{1,30}-EVENT-[0-9]{4}")
MAX_TEXT = 2000  # characters: ten such texts fit into the 256 KB of a call in any encoding

PUBLISHED, NOT_PUBLISHED = "LIFEBOAT-EVENT-0001", "LIFEBOAT-EVENT-0002"
NO_LONGER_PUBLISHED = "LIFEBOAT-EVENT-0003"
LANDED, NOT_LANDED = "LIFEBOAT-EVENT-0011", "LIFEBOAT-EVENT-0012"
REMOVED, NOT_REMOVED = "LIFEBOAT-EVENT-0021", "LIFEBOAT-EVENT-0022"
VERDICTS = {
    ("drill", "verified"): "LIFEBOAT-EVENT-0031",
    ("drill", "failed"): "LIFEBOAT-EVENT-0032",
    ("drill", "unverified"): "LIFEBOAT-EVENT-0033",
    ("recovery", "verified"): "LIFEBOAT-EVENT-0041",
    ("recovery", "failed"): "LIFEBOAT-EVENT-0042",
    ("recovery", "unverified"): "LIFEBOAT-EVENT-0043",
}
POSTURES = {
    "verified": "LIFEBOAT-EVENT-0051",
    "failed": "LIFEBOAT-EVENT-0052",
    "unverified": "LIFEBOAT-EVENT-0053",
}
DELETED = "LIFEBOAT-EVENT-0061"
RUN_FAILED = "LIFEBOAT-EVENT-0091"
TELLS_WHY = frozenset({NOT_PUBLISHED, NOT_LANDED, NOT_REMOVED})  # the text is why an item failed
SNAPSHOT = {"instance": "db-snapshot", "cluster": "db-cluster-snapshot"}
DATABASE = {"instance": "db-instance", "cluster": "db-cluster"}

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reporter:
    """The site that reports an event."""

    name: str
    account: str
    region: str


@dataclass(frozen=True, slots=True)
class OwnEvent:
    """One event: its ID, its subject, and what happened."""

    id: str
    source_type: str
    source_id: str
    text: str
    source_arn: str = ""
    database: str = ""  # the identifier of the original database

    def body(self, now: datetime) -> str:
        """Write the message like RDS does: the time has no zone, and the ID is the end of a URL."""
        told = {
            "Event Source": self.source_type,
            "Event Time": now.astimezone(timezone.utc).replace(tzinfo=None).isoformat(" ", "milliseconds"),
            "Source ID": self.source_id,
            "Source ARN": self.source_arn,
            "Event ID": f"{DOCUMENT}#{self.id}",
            "Event Message": self.text,
            "Tags": {},
            "Database": self.database,
        }
        return json.dumps(told, separators=(",", ":"))

    def attributes(self) -> dict[str, str]:
        """Build the attributes that filter policies see, named like those of RDS. SNS does not accept empty ones."""
        return {"EventID": self.id} | ({"Resource": self.source_arn} if self.source_arn else {})


def read_topic(arn: str) -> str:
    """Check the ARN of a topic, and return its Region.

    :raises LifeboatError: when it is not the ARN of a standard topic.
    """
    topic, what = TOPIC.fullmatch(arn), f"Cannot send events to {printable(repr(arn))}"
    if topic is None:
        raise LifeboatError(what, why="it is not the ARN of an SNS topic", remedy="Set topic_arn to one")
    if topic["name"].endswith(".fifo"):
        raise LifeboatError(
            what, why="it is a FIFO topic, and events need a standard one", remedy="Set another topic_arn"
        )
    return topic["region"]


def read_events(rows: Iterable[Row]) -> list[OwnEvent]:
    """Read the option ``events`` of a module.

    :raises LifeboatError: with every event that must not be sent.
    """
    events = [read_event(row) for row in rows]
    raise_all("Cannot send events", [problem for one in events if (problem := problem_of(one))])
    return events


def read_event(row: Row) -> OwnEvent:
    """Read one event. Its texts become lines that are safe to show anywhere."""
    texts = {name: printable(row.get(name) or "", MAX_TEXT) for name in OwnEvent.__dataclass_fields__}
    return OwnEvent(**texts)


def problem_of(event: OwnEvent) -> LifeboatError | None:
    """Explain why an event must not be sent, or return None if it may."""
    if ID.fullmatch(event.id) and not event.id.startswith("RDS-"):
        return None
    why = "it looks like an event of RDS" if event.id.startswith("RDS-") else "it is not the ID of an event"
    return LifeboatError(f"Cannot send the event {event.id!r}", why=why, remedy="Use the form LIFEBOAT-EVENT-0001")


def batches(events: list[OwnEvent]) -> Iterator[list[OwnEvent]]:
    """Split events into batches that fit into one call."""
    return (events[start : start + BATCH] for start in range(0, len(events), BATCH))


def events_of(site: Reporter, results: Mapping[str, Row], failures: Iterable[str]) -> list[OwnEvent]:
    """Build the events of a run: one for each item that changed or failed.

    :param results: by step, the results of ``publish``, ``replicate``, ``prune`` and ``reap``; for ``drill`` and
        ``recover`` the report with ``drill_id`` and ``purpose``; for ``posture`` its verdict. Other steps have no
        events of their own.
    :param failures: why the site failed. Each becomes an event of its own, unless an item reports the same reason.
    """
    known = {name: results[name] for name in EVENTS_BY_STEP if has_report(name, results.get(name))}
    told = [event for name, result in known.items() for event in EVENTS_BY_STEP[name](site, result)]
    said = [event.text for event in told if event.id in TELLS_WHY]
    unsaid = [reason for reason in failures if not any(one in reason for one in said)]
    return told + [run_failed(site, f"The run failed: {reason}") for reason in unsaid]


def has_report(step: str, result: Row | None) -> bool:
    """Tell whether a step got far enough to report. A drill that could not begin has no ID, a posture no verdict."""
    if not result:
        return False
    if step == "posture":
        return "verdict" in result["posture"]
    return step not in ("drill", "recover") or "drill_id" in result


def run_failed(site: Reporter, text: str) -> OwnEvent:
    """Build the event of a run that failed."""
    return OwnEvent(RUN_FAILED, "lifeboat", site.name, text)


def of_publish(site: Reporter, result: Row) -> Iterator[OwnEvent]:
    """Report what was published, what could not be, and what somebody excluded since the last run."""
    for step in result.get("steps") or ():
        if step["status"] == "published" and step["changed"]:
            yield about_snapshot(site, PUBLISHED, step, f"Published a recovery point of {step['database']}")
        elif step["status"] == "excluded" and step["changed"]:
            yield about_step(site, NO_LONGER_PUBLISHED, step)
        elif step["status"] == "failed":
            yield about_step(site, NOT_PUBLISHED, step)


def of_replicate(site: Reporter, result: Row) -> Iterator[OwnEvent]:
    """Build the events of snapshot_replicate: one for each recovery point that landed now or could not land."""
    for step in result.get("steps") or ():
        if step["status"] == "landed" and (step["changed"] or step.get("newly_landed")):
            yield about_snapshot(site, LANDED, step, f"Finished the copy of a recovery point of {step['database']}")
        elif step["status"] == "failed":
            yield about_step(site, NOT_LANDED, step)


def of_prune(site: Reporter, result: Row) -> Iterator[OwnEvent]:
    """Report what was deleted, recovery points and failed copies, and why. What could not be makes the run fail."""
    for step in result.get("steps") or ():
        if step["status"] == "deleted" and step["changed"]:
            text = f"Deleted a snapshot of {step['database']}: {step['reason']}"
            yield about_snapshot(site, DELETED, step, text)


def of_reap(site: Reporter, result: Row) -> Iterator[OwnEvent]:
    """Build the events of the reaper: one for each database that it removed or could not remove."""
    for step in result.get("steps") or ():
        if step["status"] == "deleted" and step["changed"]:
            yield about_database(site, REMOVED, step["kind"], step["name"], "Removed a database of a drill")
        elif step["status"] == "failed":
            yield about_database(site, NOT_REMOVED, step["kind"], step["name"], step["reason"])


def of_drill(site: Reporter, report: Row) -> Iterator[OwnEvent]:
    """Report the verdict on each database.

    Also report that the run failed, if it is not verified although all databases are.
    """
    purpose, run = report["purpose"], f"{report['purpose'].capitalize()} {report['drill_id']}"
    databases = report.get("databases") or ()
    for one in databases:
        text = f"{run}: {one['name']} is {one['verdict']}" + (f", {one['reason']}" if one.get("reason") else "")
        source_type, source_id, arn = restored_from(one)
        yield OwnEvent(VERDICTS[purpose, one["verdict"]], source_type, source_id, text, arn, one["name"])
    if report.get("verdict") != "verified" and all(one["verdict"] == "verified" for one in databases):
        yield run_failed(site, report.get("summary") or f"{run} has no verdict")


def of_posture(site: Reporter, result: Row) -> Iterator[OwnEvent]:
    """Report the verdict on all databases."""
    verdict, words = result["posture"]["verdict"], result["posture"]["words"]
    yield OwnEvent(POSTURES[verdict], "lifeboat", site.name, f"The posture is {verdict}: {words}")


def restored_from(database: Row) -> tuple[str, str, str]:
    """Find the type, the ID and the ARN of the recovery point that a database was restored from.

    Without a recovery point, the event is about the database by its name.
    """
    arn = database.get("recovery_point_arn") or ""
    parts = arn.split(":", 6)
    if len(parts) == 7 and parts[5] in KINDS:
        return SNAPSHOT[KINDS[parts[5]]], parts[6], arn
    return "lifeboat", database["name"], ""


EVENTS_BY_STEP = {
    "publish": of_publish,
    "replicate": of_replicate,
    "prune": of_prune,
    "reap": of_reap,
    "drill": of_drill,
    "recover": of_drill,
    "posture": of_posture,
}


def about_step(site: Reporter, event_id: str, step: Row) -> OwnEvent:
    """Build an event about a snapshot, or about its database when there is no snapshot yet."""
    if step.get("name") and step.get("region"):
        return about_snapshot(site, event_id, step, step["reason"])
    return about_database(site, event_id, step["kind"], step["database"], step["reason"], step["database"])


def about_snapshot(site: Reporter, event_id: str, step: Row, text: str) -> OwnEvent:
    """Build an event about a snapshot."""
    arn = snapshot_arn(site.account, step.get("region") or site.region, step["kind"], step["name"])
    return OwnEvent(event_id, SNAPSHOT[step["kind"]], step["name"], text, arn, step["database"])


def about_database(site: Reporter, event_id: str, kind: Kind, name: str, text: str, original: str = "") -> OwnEvent:
    """Build an event about a database.

    :param original: the identifier of the original database.
    """
    arn = database_arn(site.account, site.region, kind, name)
    return OwnEvent(event_id, DATABASE[kind], name, text, arn, original)
