# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides what to do about an RDS event. An event may be forged, so only text that matches these patterns is used.

ansible-rulebook runs this file by its path without knowing collections, so it imports nothing from this one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

# What has happened, by the ID of the event. Other events are ignored (RDS and Aurora User Guides, event messages).
HAPPENED: Mapping[str, str] = {
    "RDS-EVENT-0007": "storage_low",
    "RDS-EVENT-0041": "snapshot_deleted",
    "RDS-EVENT-0042": "snapshot_created",
    "RDS-EVENT-0060": "copy_finished",
    "RDS-EVENT-0061": "copy_cancelled",
    "RDS-EVENT-0075": "snapshot_created",
    "RDS-EVENT-0089": "storage_low",
    "RDS-EVENT-0091": "snapshot_created",
    "RDS-EVENT-0169": "snapshot_created",
    "RDS-EVENT-0190": "copy_cancelled",
    "RDS-EVENT-0197": "copy_finished",
    "RDS-EVENT-0419": "key_inaccessible",
}
PROTECT, LOOK = "protect", "look"
# An event never causes a deletion: otherwise somebody who can forge events could delete.
WORK: Mapping[str, str] = {
    "snapshot_created": PROTECT,
    "copy_finished": PROTECT,
    "copy_cancelled": PROTECT,
    "snapshot_deleted": LOOK,
    "key_inaccessible": LOOK,
    "storage_low": LOOK,
}

# What an event tells about the database: its name, the digest in the name of our snapshot, or another snapshot.
DATABASE, DIGEST, SNAPSHOT = "database", "digest", "snapshot"
DIGEST_FORM = "[0-9a-v]{12}"  # the same as naming.DIGEST: the event filter loads this file alone
_REGION, _ACCOUNT, _NAME = (
    r"[a-z]{2}(?:-[a-z]{2,12}){1,3}-[0-9]{1,2}",
    r"[0-9]{12}",
    r"[a-zA-Z](?:-?[a-zA-Z0-9]){0,254}",
)
ARN = re.compile(
    rf"arn:aws[a-z-]{{0,12}}:rds:(?P<region>{_REGION}):(?P<account>{_ACCOUNT})"
    rf":(?P<kind>db|cluster|snapshot|cluster-snapshot):(?P<name>(?:(?:rds|awsbackup):)?{_NAME})"
)
ABOUT = re.compile(
    rf"(?P<account>{_ACCOUNT})/(?P<region>{_REGION})"
    rf"/(?P<subject>{DATABASE}/{_NAME}|{DIGEST}/{DIGEST_FORM}|{SNAPSHOT}/(?:(?:rds|awsbackup):)?{_NAME})"
)
AUTOMATED = re.compile(r"rds:(?P<name>.+?)-[0-9]{4}(?:-[0-9]{2}){4}(?:-[0-9]{1,3})?")
OURS = re.compile(rf".+-[0-9]{{14}}-(?P<name>{DIGEST_FORM})")


def read_event(body: object) -> dict[str, str] | None:
    """Read what has happened, and what it is about, from an event. Returns None if there is nothing to do.

    The subject has the form ``ACCOUNT/REGION/database|digest|snapshot/NAME``. The body is a JSON object, except for the
    confirmation of a subscription, which is plain text.
    """
    if not isinstance(body, Mapping):
        return None
    identifier, arn = body.get("Event ID"), body.get("Source ARN")
    if not isinstance(identifier, str) or not isinstance(arn, str):
        return None
    # The ID is at the end of a URL.
    happened = HAPPENED.get(identifier.rpartition("#")[2].strip())
    found = ARN.fullmatch(arn)
    if happened is None or found is None:
        return None
    what, name = subject(found["kind"], found["name"].lower())
    return {"happened": happened, "about": f"{found['account']}/{found['region']}/{what}/{name}"}


def subject(kind: str, name: str) -> tuple[str, str]:
    """Find what identifies the database.

    The name of an automated snapshot contains the database's name, ours the digest.
    """
    if kind in ("db", "cluster"):
        return DATABASE, name
    for what, pattern in ((DATABASE, AUTOMATED), (DIGEST, OURS)):
        if found := pattern.fullmatch(name):
            return what, found["name"]
    return SNAPSHOT, name


def subjects_at(site: Mapping[str, Any], about: object) -> list[str]:
    """List the subjects of events that happened at a site: in its account, in a Region that it uses.

    :param site: the inventory variables of its host.
    :param about: the subjects of one or more events, separated by blanks. May also be typed by a user, so it is
        checked.
    """
    found = [ABOUT.fullmatch(one) for one in about.split(" ")] if isinstance(about, str) else []
    regions = [site.get("lifeboat_region"), site.get("lifeboat_publish_region")]
    here = [one for one in found if one and one["account"] == str(site.get("lifeboat_account_id"))]
    return sorted({one["subject"] for one in here if one["region"] in regions})


def databases_of(rows: Iterable[Mapping[str, Any]], subjects: Iterable[str]) -> list[str]:
    """List the databases of a site that the subjects mean. Empty if the event is late and they are gone.

    :param rows: the result of recovery_point_info.
    """
    wanted = set(subjects)
    return sorted({str(row["database"]) for row in rows if wanted & names_of(row)})


def names_of(row: Mapping[str, Any]) -> set[str]:
    """List the subjects that mean a database.

    Among snapshots, only the newest at each place, since no other is published.
    """
    snapshots = {f"{SNAPSHOT}/{point['name']}" for point in row["newest"].values()}
    return {f"{DATABASE}/{row['database']}", f"{DIGEST}/{row['digest']}"} | snapshots


def parts_of(happened: str, *, is_source: bool, is_dr: bool, databases: Iterable[str], upstream: bool) -> list[str]:
    """Decide which parts a site runs for an event.

    :param databases: those of this site that the event is about.
    :param upstream: whether it happened at a source site that publishes for this one.
    """
    work, here = WORK.get(happened), bool(list(databases))
    parts = {
        "publish": work == PROTECT and is_source and here,
        "replicate": work == PROTECT and is_dr and (here or upstream),
        "look": work == LOOK and here,
    }
    return [part for part, wanted in parts.items() if wanted]
