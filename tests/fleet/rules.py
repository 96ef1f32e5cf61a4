# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold, judged from the lab's state and its log alone: nothing of the engine is asked.

Each rule gives its complaints as sentences; none means that it holds.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.fleet.fleet import BY_HAND, DR, PREFIX, SOURCE, writing
from tests.fleet.routes import Route

OURS = re.compile(rf"{PREFIX}-(?:[a-z0-9-]+-)?(?P<time>\d{{14}})-(?P<digest>[0-9a-v]{{12}})")
LOST = re.compile("hold-after|reset-after")  # of a call that took effect: faults whose answer nobody saw
MANAGED_BY, STAGE, RETAIN, VERIFIED = "lifeboat:managed-by", "lifeboat:stage", "retain", "lifeboat:verified"
STAND_IN = "-standin-"  # in the names of the instances that stand in for Multi-AZ DB clusters
LANDED = f"lifeboat:landed:{DR.account}"
# What each module may do at all.
POWERS = {
    "snapshot_copy": {
        *("CopyDB*Snapshot", "CreateDB*Snapshot", "ModifyDB*SnapshotAttribute", "DeleteDB*Snapshot"),
        *("RestoreDBInstanceFromDB*Snapshot", "DeleteDBInstance"),
    },
    "snapshot_replicate": {"CopyDB*Snapshot", "DeleteDB*Snapshot"},
    "snapshot_prune": {"ModifyDB*SnapshotAttribute", "AddTagsToResource", "DeleteDB*Snapshot"},
}


@dataclass(frozen=True)
class Shot:
    """A snapshot as the lab has it."""

    arn: str
    type: str
    status: str
    resource_id: str
    key: str | None
    option_group: str
    tags: Mapping[str, str]
    shared_with: tuple[str, ...]
    source: str | None
    original: str

    @property
    def account(self) -> str:
        return self.arn.split(":")[4]

    @property
    def region(self) -> str:
        return self.arn.split(":")[3]

    @property
    def name(self) -> str:
        return self.arn.split(":", 6)[6]

    @property
    def is_cluster(self) -> bool:
        return self.arn.split(":")[5] == "cluster-snapshot"

    @property
    def is_ours(self) -> bool:
        """Both our tag and our name."""
        return self.tags.get(MANAGED_BY) == PREFIX and OURS.fullmatch(self.name) is not None

    @property
    def is_available(self) -> bool:
        return self.status == "available"


def shots(status: Mapping[str, Any]) -> dict[str, Shot]:
    rows = [Shot(**{**row, "shared_with": tuple(row["shared_with"])}) for row in status["snapshots"]]
    return {row.arn: row for row in rows}


def own(found: Iterable[Shot], account: str) -> list[Shot]:
    """List the recovery points that we made in an account, without the intermediates of a route."""
    return [one for one in found if one.account == account and one.is_ours and STAGE not in one.tags]


def digest(account: str, region: str, resource_id: str) -> str:
    parts = (account, 4), (f"{account}/{region}/{resource_id}", 8)
    return "".join(
        base64.b32hexencode(hashlib.sha256(text.encode()).digest()).decode().lower()[:length] for text, length in parts
    )


def database_of(one: Shot) -> str:
    """Return the digest of the database. Only the name of a stand-in's snapshot tells the cluster's digest."""
    found = OURS.fullmatch(one.name) if one.is_ours else None
    return found["digest"] if found else digest(one.account, one.region, one.resource_id)


def original_of(one: Shot) -> datetime:
    """When the first of all copies was made, to the second."""
    return datetime.fromisoformat(one.original).replace(microsecond=0)


def time_in_name(one: Shot) -> datetime:
    """When its recovery point was made, as a name of ours says; that of a stand-in's snapshot is the cluster's time."""
    return datetime.strptime(OURS.fullmatch(one.name)["time"] + "Z", "%Y%m%d%H%M%S%z")  # type: ignore[index]


def newest(found: Iterable[Shot]) -> dict[str, Shot]:
    """By the digest of the database: the newest available one, by original time."""
    ordered = sorted((one for one in found if one.is_available), key=original_of)
    return {database_of(one): one for one in ordered}


def originals(classes: Mapping[str, Route], found: Mapping[str, Shot]) -> list[Shot]:
    """Group by database the snapshots that recovery points start from: those of the type that the class uses."""
    theirs = [one for one in found.values() if one.account == SOURCE.account and not one.is_ours]
    return [one for one in theirs if (route := classes.get(database_of(one))) is not None and one.type == route.origin]


# -- how it ends ------------------------------------------------------------------------------------------------------


def has_landed(one: Shot, dr_key: str, *, encrypted: bool = True) -> bool:
    return one.is_available and one.key == (dr_key if encrypted else None)


def routes_of(routes: Iterable[Route], found: Mapping[str, Shot]) -> dict[str, Route]:
    """Map each digest to the class of its database. The lab names the databases that it sows after their class."""
    automated = [one for one in found.values() if one.type == "automated"]
    return {
        database_of(one): route for one in automated for route in routes if one.name.startswith(f"rds:{route.name}-0")
    }


def unfinished(routes: Iterable[Route], status: Mapping[str, Any], dr_key: str) -> Iterator[str]:
    """Each database's newest recovery point landed exactly once, retired at the source, nothing else is left."""
    found = shots(status)
    classes = routes_of(routes, found)
    for database, wanted in newest(originals(classes, found)).items():
        for account in (SOURCE.account, DR.account):
            copies = [one for one in own(found.values(), account) if database_of(one) == database]
            # What is taken now has a time of its own, and more than one only when one was overtaken.
            times = [one.original for one in copies][:1] if classes[database].is_taken else [wanted.original]
            if [(one.original, one.status) for one in copies] != [(time, "available") for time in times] or not times:
                yield f"{account} has {[(one.name, one.status) for one in copies]} of {wanted.name}"
    for one in own(found.values(), DR.account):
        if not has_landed(one, dr_key, encrypted=classes[database_of(one)].encrypted):
            yield f"{one.name} is {one.status} under {one.key}"
        if (options := classes[database_of(one)].options) and one.option_group != options.name("dr"):
            yield f"{one.name} is in the option group {one.option_group}"
    for one in own(found.values(), SOURCE.account):
        if one.shared_with or LANDED not in one.tags:
            yield f"{one.name} is shared with {one.shared_with} and has the tags {sorted(one.tags)}"
    yield from leftovers(classes, found)
    arns = [row["arn"] for row in status["databases"]]
    yield from (f"left running: {arn}" for arn in arns if f":{SOURCE.account}:" not in arn or f":{PREFIX}-" in arn)


def leftovers(classes: Mapping[str, Route], found: Mapping[str, Shot]) -> Iterator[str]:
    """Report intermediates that were not removed, and manual snapshots that are neither ours nor an operator's."""
    staged = [one for one in found.values() if STAGE in one.tags]
    if len(staged) > sum(route.anchors for route in classes.values()):
        yield f"left on the way: {[one.arn for one in staged]}"
    theirs = [one for one in found.values() if one.type == "manual" and not one.is_ours and BY_HAND not in one.name]
    yield from (f"not ours: {one.arn}" for one in theirs)


def copies_made(calls: Iterable[Mapping[str, Any]], account: str, *, one_step: bool = True) -> int:
    """List the copies that took effect, whether or not anybody saw the answer.

    :param one_step: whether AWS makes copies across account and Region; else one whose answer was lost was refused.
    """
    copies = [call for call in calls if call["account"] == account and call["action"].startswith("CopyDB")]
    lost = [call for call in copies if any(map(LOST.match, call["faults"])) and (one_step or not crosses_both(call))]
    return sum(call.get("status") == 200 for call in copies) + len(lost)


def crosses_both(call: Mapping[str, Any]) -> bool:
    """Whether a copy leaves both the account and the Region of its source."""
    _arn, _aws, _rds, region, account, *_rest = call["resources"][0].split(":")
    return (region != call["region"]) and account != call["account"]


def doubled(routes: Iterable[Route], calls: Iterable[Mapping[str, Any]], databases: int) -> Iterator[str]:
    """So many databases of each class have made as many copies as they need."""
    calls, routes = list(calls), list(routes)
    for side in (SOURCE, DR):
        made = copies_made(calls, side.account, one_step=not any(route.lab for route in routes))
        needed = sum(route.copies[side.profile] for route in routes) * databases
        if made != needed:
            yield f"{side.profile} made {made} copies where {needed} are needed"


def not_idle(results: Iterable[Mapping[str, Any]], calls: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Report what a run did that had nothing to do."""
    for result in results:
        if result.get("failed"):
            yield f"it failed: {result.get('msg')}"
        if result.get("changed"):
            yield f"it changed {[step for step in result['steps'] if step['changed']]}"
    yield from (f"it wrote: {call['action']} {call['resources']}" for call in writing(list(calls)))


# -- what is never done -----------------------------------------------------------------------------------------------


@dataclass
class Watch:
    """The safety rules of one world, kept over time: what has landed, and which databases there ever were."""

    dr_key: str
    landed: set[str] = field(default_factory=set)  # ARNs at the source of what landed at some time
    # The resource ids of clusters that cannot be encrypted by a copy.
    unencrypted: set[str] = field(default_factory=set)
    resource_ids: set[str] = field(default_factory=set)
    stand_ins: set[str] = field(default_factory=set)  # the resource ids of instances that stood in for clusters

    def look(self, status: Mapping[str, Any]) -> dict[str, Shot]:
        """Learn from a state."""
        found = shots(status)
        for one in found.values():
            if one.account == SOURCE.account and one.type == "automated" and STAND_IN not in one.name:
                self.resource_ids.add(one.resource_id)
                if one.is_cluster and one.key is None:
                    self.unencrypted.add(one.resource_id)
        for one in found.values():
            # Taken in the source account, of nothing that has backups.
            if one.account == SOURCE.account and one.source is None and one.is_ours:
                self.stand_ins |= {one.resource_id} - self.resource_ids
        for one in own(found.values(), DR.account):
            if self.is_landed(one):
                kind = "cluster-snapshot" if one.is_cluster else "snapshot"
                self.landed.add(f"arn:aws:rds:{SOURCE.region}:{SOURCE.account}:{kind}:{one.name}")
        return found

    def is_landed(self, one: Shot) -> bool:
        return has_landed(one, self.dr_key, encrypted=one.resource_id not in self.unencrypted)

    def broken_by_state(self, found: Mapping[str, Shot]) -> Iterator[str]:
        """Rules 3 and 7, as they show in what there is."""
        known = {digest(SOURCE.account, SOURCE.region, each): each for each in self.resource_ids}
        for one in found.values():
            if not one.is_ours:
                continue
            if set(one.shared_with) - ({DR.account} if one.account == SOURCE.account else set()):
                yield f"{one.arn} is shared with {one.shared_with}"
            if one.resource_id not in self.resource_ids | self.stand_ins:
                yield f"{one.arn} was adopted: no database of the source account is {one.resource_id}"
            elif known.get(database_of(one)) != one.resource_id and one.resource_id not in self.stand_ins:
                yield f"{one.arn} does not belong to {one.resource_id}"
            elif database_of(one) not in known:
                yield f"{one.arn} belongs to no database of the source account"
            wanted = None if one.resource_id in self.unencrypted else self.dr_key
            if one.account == DR.account and STAGE not in one.tags and one.key != wanted:
                yield f"{one.arn} is under {one.key}"

    def broken_by_calls(
        self, module: str, before: Mapping[str, Shot], calls: Iterable[Mapping[str, Any]]
    ) -> Iterator[str]:
        """Rules 1, 2 and 3, as they show in what one pass did to a state; what had no effect counts as well."""
        for call in writing(list(calls)):
            action = re.sub(r"^(\w+?DB)(?:Cluster)?(Snapshot)", r"\1*\2", call["action"])
            if action not in POWERS[module]:
                yield f"{module} called {call['action']}"
            elif action == "DeleteDB*Snapshot":
                yield from (f"deleted {arn}: {why}" for arn in call["resources"] if (why := self.why_kept(arn, before)))
                yield from (
                    f"{module} deleted {arn}, which no route left on its way"
                    for arn in call["resources"]
                    if module != "snapshot_prune" and (arn not in before or STAGE not in before[arn].tags)
                )
            elif action == "DeleteDBInstance" and STAND_IN not in str(call["resources"]):
                yield f"deleted {call['resources']}, which stands in for nothing"
            elif action == "ModifyDB*SnapshotAttribute":
                yield from shared_badly(call, before)
            elif action == "AddTagsToResource":
                yield from (
                    f"tagged {arn}" for arn in call["resources"] if arn not in before or not before[arn].is_ours
                )

    def why_kept(self, arn: str, before: Mapping[str, Shot]) -> str | None:
        """Why this one may not be deleted, or None."""
        one = before.get(arn)
        if one is None or not one.is_ours or one.type != "manual":
            return "it is not ours"
        mine = [other for other in own(before.values(), one.account) if database_of(other) == database_of(one)]
        if STAGE in one.tags:
            return None
        if one.account == SOURCE.account:
            if newest(mine).get(database_of(one)) == one:
                return "it is the newest published copy"
            overtaken = any(other.arn in self.landed and original_of(other) > original_of(one) for other in mine)
            return "it has not landed" if one.is_available and arn not in self.landed and not overtaken else None
        if RETAIN in one.tags:
            return "it has a retain tag"
        landed = [other for other in mine if self.is_landed(other)]
        if newest(landed).get(database_of(one)) == one:
            return "it is the newest that landed"
        verified = [other for other in landed if VERIFIED in other.tags]
        return "it is the last verified one" if newest(verified).get(database_of(one)) == one else None


def shared_badly(call: Mapping[str, Any], before: Mapping[str, Shot]) -> Iterator[str]:
    """Ours only, with the DR account only."""
    added = {value for name, value in call["parameters"].items() if name.startswith("ValuesToAdd.")}
    if added - {DR.account}:
        yield f"shared {call['resources']} with {sorted(added)}"
    yield from (f"shared {arn}" for arn in call["resources"] if arn not in before or not before[arn].is_ours)
