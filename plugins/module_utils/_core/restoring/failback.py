# SPDX-License-Identifier: GPL-3.0-or-later
"""Which recovered databases go back, to which source site, and what they are called there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import Any

from ..errors import LifeboatError
from ..model import DATABASE, MANAGED_BY, PURPOSE, RECOVERY, RECOVERY_POINT, USABLE_DATABASE_STATES, iso
from ..naming import IDENTIFIER, check_apart, check_prefix, parse

ID_FORMAT = "%Y%m%dt%H%M%S"
SUFFIX = "-failback"
# With room for the -1 of a cluster's member.
LONGEST = {"instance": 63, "cluster": 61}

Row = Mapping[str, Any]  # of what database_info returns


@dataclass(frozen=True, slots=True)
class Leg:
    """A recovered database on its way back to where it came from."""

    dr: str  # the host of the site where it stands
    source: str  # the host of the site that it came from
    database: str
    kind: str
    engine: str
    arn: str
    original: str  # the ARN of the database that it was recovered from
    target: str  # what it will be called at the source

    def as_document(self) -> dict[str, Any]:
        return asdict(self)


def read_id(text: str) -> str:
    """The time that a failback's snapshots stand for, as ISO 8601: its id is that time.

    :raises LifeboatError: when it is no such id.
    """
    try:
        return str(iso(datetime.strptime(text, ID_FORMAT).replace(tzinfo=timezone.utc)))
    except ValueError as error:
        raise LifeboatError(
            f"Cannot use failback_id {text}",
            why="it is no time such as 20261123t140500",
            remedy="Give the id that the interrupted run printed, or leave it out",
        ) from error


def plan(
    standing: Mapping[str, Iterable[Row]],
    sources: Iterable[Row],
    prefixes: tuple[str, str],
    wanted: Iterable[str] = (),
    names: Mapping[str, str] | None = None,
) -> list[Leg]:
    """The recovered databases that are meant, each with the site that it goes to.

    :param standing: what stands at each DR site, by its host.
    :param sources: the variables of the source hosts.
    :param prefixes: that of the recoveries, and that of the failback.
    :param wanted: identifiers; all recovered databases when there are none.
    :param names: what some are to be called at the source, by the identifier of the original.
    :raises LifeboatError: when one of them cannot go back.
    """
    prefix, own = map(check_prefix, prefixes)
    check_apart(prefix, own)
    here = [(host, row) for host, rows in standing.items() for row in rows if not row["cluster"]]
    recovered = [(host, row) for host, row in here if is_recovered(row, prefix)]
    named = {name.strip().lower() for name in wanted} - {""}
    for name in sorted(named):
        require_recovered(name, here, recovered)
    homes = {
        (str(one["lifeboat_account_id"]), str(one["lifeboat_region"])): one["inventory_hostname"] for one in sources
    }
    going = [(host, row) for host, row in recovered if not named or row["database"] in named]
    legs = [leg(host, row, homes, names or {}, own) for host, row in going]
    if not legs:
        raise LifeboatError(
            "Cannot bring anything back",
            why=f"no database that a recovery restored stands at {', '.join(standing) or 'a DR site'}",
            remedy="Run playbooks/recover.yml first, or use the inventory of the recovery",
        )
    require_different(legs)
    return sorted(legs, key=lambda one: (one.source, one.target, one.kind))


def is_recovered(row: Row, prefix: str) -> bool:
    return row["tags"].get(MANAGED_BY) == prefix and row["tags"].get(PURPOSE) == RECOVERY


def require_recovered(name: str, here: Iterable[tuple[str, Row]], recovered: Iterable[tuple[str, Row]]) -> None:
    if any(row["database"] == name for _host, row in recovered):
        return
    if any(row["database"] == name for _host, row in here):
        why = f"no recovery of ours restored it: it has no tag {PURPOSE}={RECOVERY}"
        raise cannot_bring_back(name, why, "Move it by other means, or name a recovered database")
    known = ", ".join(sorted(row["database"] for _host, row in recovered)) or "none"
    raise cannot_bring_back(name, f"there is no such database (recovered ones: {known})", "Correct failback_databases")


def leg(host: str, row: Row, homes: Mapping[tuple[str, str], str], names: Mapping[str, str], own: str) -> Leg:
    """:raises LifeboatError: when a recovered database is not ready, or nobody knows where it came from."""
    name, original = row["database"], str(row["tags"].get(DATABASE, ""))
    parts = original.split(":")
    if len(parts) != 7:
        raise cannot_bring_back(name, f"its tag {DATABASE} does not name the original", "Set it to the original's ARN")
    home = homes.get((parts[4], parts[3]))
    if home is None:
        why = f"its original lived in account {parts[4]}, {parts[3]}, and no source site of the inventory is that"
        raise cannot_bring_back(name, why, "Add the site to lifeboat_source, or name the databases of other sites")
    if row["status"] not in USABLE_DATABASE_STATES:
        raise cannot_bring_back(name, f"it is {row['status']}", "Wait until it is available, or start it")
    target = names.get(parts[6], parts[6] + SUFFIX)
    require_legal(target, name, row["kind"], own)
    return Leg(host, home, name, row["kind"], row["engine"], row["arn"], original, target)


def require_legal(target: str, name: str, kind: str, own: str) -> None:
    remedy = "Give it another name in failback_names"
    if not IDENTIFIER.fullmatch(target) or len(target) > LONGEST[kind]:
        why = f"{target!r} is no identifier of at most {LONGEST[kind]} lower-case letters, digits and single hyphens"
        raise cannot_bring_back(name, why, remedy)
    if target.startswith(f"{own}-"):
        why = f"{target!r} starts with {own}-, as only what is removed again does"
        raise cannot_bring_back(name, why, remedy)


def require_different(legs: Iterable[Leg]) -> None:
    """Of one name at the source there can be one; and both sites select by the name of the recovered database."""
    seen: dict[tuple[str, str, str], Leg] = {}
    for one in legs:
        uses = (
            ("becomes", one.source, one.target),
            ("is", one.dr, one.database),
            ("comes as", one.source, one.database),
        )
        for use in uses:
            other = seen.setdefault(use, one)
            if other != one:
                why = f"{other.arn} {use[0]} {use[2]} at {use[1]} as well"
                raise cannot_bring_back(one.arn, why, "Bring them back one by one: failback_databases, failback_names")


def require_free(legs: Iterable[Leg], standing: Iterable[Row], prefix: str, failback_id: str = "") -> list[Leg]:
    """The legs to a source site, once no database stands where one of them is to be.

    What this very failback has restored already may stand there.

    :param standing: what stands at the source site.
    :param prefix: that of the failback.
    :raises LifeboatError: naming the first one that is in the way.
    """
    here, checked = list(standing), list(legs)
    for one in checked:
        for row in in_the_way(one, here):
            began = began_by(row, prefix)
            if began is None:
                why = f"{row['arn']} stands there already, and no failback restored it"
                raise cannot_bring_back(one.database, why, "Give it another name in failback_names")
            if began != failback_id:
                why = f"{row['arn']} stands there already, which the failback {began} restored"
                remedy = f"Go on with that one with failback_id={began}, or rename or delete its database first"
                raise cannot_bring_back(one.database, why, remedy)
    return checked


def in_the_way(one: Leg, here: Iterable[Row]) -> Iterator[Row]:
    names = {(one.kind, one.target)} | ({("instance", f"{one.target}-1")} if one.kind == "cluster" else set())
    return (row for row in here if (row["kind"], row["database"]) in names)


def began_by(row: Row, prefix: str) -> str | None:
    """The id of the failback that restored a database, by the recovery point that it was restored from."""
    lineage = parse(str(row["tags"].get(RECOVERY_POINT, "")).rpartition(":")[2], prefix)
    return lineage.original.strftime(ID_FORMAT) if lineage and is_recovered(row, prefix) else None


def cannot_bring_back(name: str, why: str, remedy: str) -> LifeboatError:
    return LifeboatError(f"Cannot bring {name} back", why=why, remedy=remedy)
