# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans which recovered databases go back, to which source site, and under which name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import Any

from ..errors import LifeboatError
from ..model import DATABASE, MANAGED_BY, PURPOSE, RECOVERY, RECOVERY_POINT, USABLE_DATABASE_STATES, iso
from ..naming import IDENTIFIER, check_apart, check_prefix, read_name

ID_FORMAT = "%Y%m%dt%H%M%S"
SUFFIX = "-failback"
# A cluster's identifier leaves room for the "-1" of its member.
LONGEST = {"instance": 63, "cluster": 61}

Row = Mapping[str, Any]  # one database as database_info returns it


@dataclass(frozen=True, slots=True)
class Leg:
    """A recovered database and its way back to the site that it came from."""

    dr: str  # the inventory host of the DR site where it is
    source: str  # the inventory host of the source site that it goes to
    database: str
    kind: str
    engine: str
    arn: str
    original: str  # the ARN of the database that it was recovered from
    target: str  # the identifier that it gets at the source site

    def as_document(self) -> dict[str, Any]:
        return asdict(self)


def read_id(text: str) -> str:
    """Read the time in the ID of a failback, as an ISO string. All snapshots of the failback stand for this time.

    :raises LifeboatError: when the ID has another form.
    """
    try:
        return str(iso(datetime.strptime(text, ID_FORMAT).replace(tzinfo=timezone.utc)))
    except ValueError as error:
        raise LifeboatError(
            f"Cannot use failback_id {text}",
            why="it is not a time such as 20261123t140500",
            remedy="Set it to the ID that the interrupted run printed, or leave it out",
        ) from error


def plan(
    standing: Mapping[str, Iterable[Row]],
    sources: Iterable[Row],
    prefixes: tuple[str, str],
    wanted: Iterable[str] = (),
    names: Mapping[str, str] | None = None,
) -> list[Leg]:
    """Plan which recovered databases go back, each with its source site and its name there.

    :param standing: the databases at each DR site, by inventory host.
    :param sources: the inventory variables of the source hosts.
    :param prefixes: the prefix of the recoveries, and that of the failback.
    :param wanted: identifiers of recovered databases; without any, all of them go back.
    :param names: the identifiers that databases get at the source, by the identifier of the original.
    :raises LifeboatError: for the first database that cannot go back, or when there is none.
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
            why=f"there is no recovered database at {', '.join(standing) or 'a DR site'}",
            remedy="Run playbooks/recover.yml first, or use the inventory of the recovery",
        )
    require_different(legs)
    return sorted(legs, key=lambda one: (one.source, one.target, one.kind))


def is_recovered(row: Row, prefix: str) -> bool:
    """Tell whether a recovery of ours restored this database."""
    return row["tags"].get(MANAGED_BY) == prefix and row["tags"].get(PURPOSE) == RECOVERY


def require_recovered(name: str, here: Iterable[tuple[str, Row]], recovered: Iterable[tuple[str, Row]]) -> None:
    """Check that a wanted identifier is that of a recovered database.

    :raises LifeboatError: when it is not.
    """
    if any(row["database"] == name for _host, row in recovered):
        return
    if any(row["database"] == name for _host, row in here):
        why = f"no recovery of ours restored it: it has no tag {PURPOSE}={RECOVERY}"
        raise cannot_bring_back(name, why, "Move it by other means, or list recovered databases in failback_databases")
    known = ", ".join(sorted(row["database"] for _host, row in recovered)) or "none"
    raise cannot_bring_back(name, f"there is no such database (recovered ones: {known})", "Correct failback_databases")


def leg(host: str, row: Row, homes: Mapping[tuple[str, str], str], names: Mapping[str, str], own: str) -> Leg:
    """Plan the way of one recovered database.

    :param homes: inventory hosts of the source sites by account and Region.
    :param own: the prefix of the failback.
    :raises LifeboatError: when it is not usable, its origin is not known, or its name at the source is not allowed.
    """
    name, original = row["database"], str(row["tags"].get(DATABASE, ""))
    parts = original.split(":")
    if len(parts) != 7:
        raise cannot_bring_back(name, f"its tag {DATABASE} does not name the original", "Set it to that ARN")
    home = homes.get((parts[4], parts[3]))
    if home is None:
        why = f"its original was in account {parts[4]}, {parts[3]}, which is not a source site of the inventory"
        raise cannot_bring_back(name, why, "Add the site to lifeboat_source, or leave it out of failback_databases")
    if row["status"] not in USABLE_DATABASE_STATES:
        raise cannot_bring_back(name, f"it is {row['status']}", "Wait until it is available, or start it")
    target = names.get(parts[6], parts[6] + SUFFIX)
    require_legal(target, name, row["kind"], own)
    return Leg(host, home, name, row["kind"], row["engine"], row["arn"], original, target)


def require_legal(target: str, name: str, kind: str, own: str) -> None:
    """Check the identifier that a database gets at the source.

    :raises LifeboatError: when RDS does not allow it, or when it begins with the prefix of the failback.
    """
    remedy = "Set another name for it in failback_names"
    if not IDENTIFIER.fullmatch(target) or len(target) > LONGEST[kind]:
        why = (
            f"{target!r} is not an identifier of at most {LONGEST[kind]} lower-case letters, digits and single hyphens"
        )
        raise cannot_bring_back(name, why, remedy)
    if target.startswith(f"{own}-"):
        why = f"{target!r} starts with {own}-, which only temporary databases do"
        raise cannot_bring_back(name, why, remedy)


def require_different(legs: Iterable[Leg]) -> None:
    """Check that no two databases get or have the same identifier at one site.

    Both sites select databases by the name of the recovered one, so that must be unique as well.

    :raises LifeboatError: for the first two with the same identifier.
    """
    seen: dict[tuple[str, str, str], Leg] = {}
    for one in legs:
        uses = (
            ("becomes", one.source, one.target),
            ("is", one.dr, one.database),
            ("arrives as", one.source, one.database),
        )
        for use in uses:
            other = seen.setdefault(use, one)
            if other != one:
                why = f"{other.arn} {use[0]} {use[2]} at {use[1]} as well"
                raise cannot_bring_back(
                    one.arn, why, "Bring them back one by one: set failback_databases and failback_names"
                )


def require_free(legs: Iterable[Leg], standing: Iterable[Row], prefix: str, failback_id: str = "") -> list[Leg]:
    """Check that the identifiers at a source site are free, and return the legs.

    A database that this same failback has restored already is not in the way.

    :param standing: the databases at the source site.
    :param prefix: the prefix of the failback.
    :param failback_id: the ID of this failback, when it goes on with an earlier run.
    :raises LifeboatError: for the first database that is in the way.
    """
    here, checked = list(standing), list(legs)
    for one in checked:
        for row in in_the_way(one, here):
            began = began_by(row, prefix)
            if began is None:
                why = f"{row['arn']} exists there already, and no failback restored it"
                raise cannot_bring_back(one.database, why, "Set another name for it in failback_names")
            if began != failback_id:
                why = f"{row['arn']} exists there already, and the failback {began} restored it"
                remedy = f"Set failback_id to {began} to go on with that one, or rename or delete its database first"
                raise cannot_bring_back(one.database, why, remedy)
    return checked


def in_the_way(one: Leg, here: Iterable[Row]) -> Iterator[Row]:
    """Find the databases with an identifier that a leg needs. A cluster also needs one for its member."""
    names = {(one.kind, one.target)} | ({("instance", f"{one.target}-1")} if one.kind == "cluster" else set())
    return (row for row in here if (row["kind"], row["database"]) in names)


def began_by(row: Row, prefix: str) -> str | None:
    """Find the ID of the failback that restored a database, or return None.

    The time in the name of the recovery point that it was restored from is that ID.
    """
    claimed = read_name(str(row["tags"].get(RECOVERY_POINT, "")).rpartition(":")[2], prefix)
    return claimed[1].strftime(ID_FORMAT) if claimed and is_recovered(row, prefix) else None


def cannot_bring_back(name: str, why: str, remedy: str) -> LifeboatError:
    """Build the error for one database."""
    return LifeboatError(f"Cannot bring {name} back", why=why, remedy=remedy)
