# SPDX-License-Identifier: GPL-3.0-or-later
"""Passes a posture on: the sites to the report, and its numbers to CloudWatch."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from .metrics import heartbeat
from .verdict import DRILL_FAILED, EXCLUDED, UNKNOWN, UNPROTECTED, findings, is_aside, state_of, state_of_drill

Row = Mapping[str, Any]
Metric = dict[str, Any]
SECONDS = "Seconds"
COUNT = "Count"
# how many databases of a site are in such a state, also if they are in a worse one as well
COUNTED = {"Unprotected": UNPROTECTED, "Unknown": UNKNOWN, "DrillFailed": DRILL_FAILED}


def posture_sites(hosts: Iterable[Row], going_on: Collection[str]) -> list[Row]:
    """List the sites for posture_report: what each reported, and which failed before they could report anything.

    :param going_on: the hosts that did not fail. Those among them that reported nothing are not enabled.
    """
    known = list(hosts)
    failed = (host for host in known if host["inventory_hostname"] not in going_on)
    return [host["__posture_site"] for host in known if "__posture_site" in host] + [
        {
            "name": host["inventory_hostname"],
            "side": "source" if "lifeboat_source" in host["group_names"] else "dr",
            "account_id": str(host.get("lifeboat_account_id", "")),
            "region": str(host.get("lifeboat_region", "")),
            "dr_accounts": [str(account) for account in host.get("lifeboat_dr_accounts") or ()],
            "problem": "the play failed there",
        }
        for host in failed
        if "__posture_site" not in host
    ]


def posture_writer(hosts: Iterable[Row], dr_hosts: Collection[str]) -> str:
    """Choose the host that writes the posture: a DR site where one reported, since the evidence lies there.

    It is an empty text when nobody reported.
    """
    names = [host["inventory_hostname"] for host in hosts if "__posture_site" in host]
    return next((name for name in [*(one for one in names if one in dr_hosts), *names]), "")


def posture_metrics(posture: Row, account_id: str, region: str, prefix: str = "lifeboat") -> list[Metric]:
    """Build the metrics of one DR site, for metric_put. An unknown value has no metric, instead of a 0.

    A database that needs no recovery points of its own has no metrics of its own either.
    """
    known = [one for one in posture["databases"] if str(account_id) in one["dr_accounts"]]
    mine = [one for one in known if not is_aside(one)]
    place = f"{account_id}/{region}"
    metrics = [metric for one in current(mine) for metric in metrics_of(one, place, prefix)]
    found = [findings(one) for one in mine]
    whole = {"Installation": prefix}
    return [
        *metrics,
        *(measured(name, sum(state in one for one in found), COUNT, whole) for name, state in COUNTED.items()),
        measured("Excluded", sum(state_of(one) == EXCLUDED for one in known), COUNT, whole),
        *(measured("LastVerifiedDrillAge", age, SECONDS, whole) for age in oldest_proof(mine, place)),
        heartbeat(prefix, "posture"),
    ]


def oldest_proof(databases: list[Row], place: str) -> list[float]:
    """Find the greatest age of the databases' last verified drills, as a list of one value.

    The list is empty while a database was never verified, because an alarm treats missing data as the worst case.
    """
    verified = [
        (one["drills"].get(place) or {}).get("last_verified") for one in databases if one["exists"] is not False
    ]
    ages = [one["age_seconds"] for one in verified if one]
    return [max(ages)] if ages and len(ages) == len(verified) else []


def current(databases: list[Row]) -> list[Row]:
    """Keep only the last of those databases that had the same name, because a metric has only one value at a time."""
    ordered = sorted(databases, key=lambda one: (one["exists"] is True, -youngest(one["places"])))
    return list({tuple(dimensions_of(one, "").items()): one for one in ordered}.values())


def youngest(places: list[Row]) -> float:
    """Find the age of the newest recovery point at any place."""
    return min((place["age_seconds"] for place in places), default=float("inf"))


def metrics_of(one: Row, place: str, prefix: str) -> Iterator[Metric]:
    """Build the metrics of one database at one DR site, as far as they are known."""
    last = one["drills"].get(place) or {}
    drill, verified = last.get("last_drill") or {}, last.get("last_verified") or {}
    failed = state_of_drill(one, last.get("last_drill")) == DRILL_FAILED
    here = [point["age_seconds"] for point in one["places"] if point["place"].startswith(f"{place}/")]
    known = {
        "RecoveryPointAge": min(here, default=None),
        "AchievedRPO": drill.get("rpo_seconds"),
        "AchievedRTO": drill.get("rto_validated_seconds"),
        "LastVerifiedDrillAge": verified.get("age_seconds"),
    }
    dimensions = dimensions_of(one, prefix)
    yield from (measured(name, value, SECONDS, dimensions) for name, value in known.items() if value is not None)
    # A database that was never verified has no other metric that an alarm could watch.
    yield measured("NeverVerified", int(not verified), COUNT, dimensions)
    yield measured("DrillFailed", int(failed), COUNT, dimensions)


def dimensions_of(one: Row, prefix: str) -> dict[str, str]:
    """Build the dimensions that tell a database from those with the same name elsewhere."""
    named = {
        "Installation": prefix,
        "Database": one["database"],
        "Kind": one["kind"],
        "Account": one["account_id"],
        "Region": one["region"],
    }
    return {name: value for name, value in named.items() if value}


def measured(name: str, value: float, unit: str, dimensions: dict[str, str]) -> Metric:
    """Build one metric."""
    return {"name": name, "value": value, "unit": unit, "dimensions": dimensions}
