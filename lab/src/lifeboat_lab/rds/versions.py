# SPDX-License-Identifier: GPL-3.0-or-later
"""List the engines and their versions, and until when AWS supports them."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from lifeboat_lab.engines import SERVED, offer
from lifeboat_lab.errors import AwsError
from lifeboat_lab.rds import paging
from lifeboat_lab.rds.certificates import IDENTIFIERS
from lifeboat_lab.rds.families import INSTANCE_FAMILIES, MAJORS
from lifeboat_lab.rds.world import Call, World

# RDS release date, end of standard support, end of Extended Support (RDS for PostgreSQL's and MySQL's calendars).
CALENDAR: dict[tuple[str, str], tuple[str, str, str]] = {
    ("postgres", "13"): ("2021-02-24", "2026-02-28", "2029-02-28"),
    ("postgres", "14"): ("2022-02-03", "2027-02-28", "2030-02-28"),
    ("postgres", "15"): ("2023-02-27", "2028-02-29", "2031-02-28"),
    ("postgres", "16"): ("2023-11-20", "2029-02-28", "2032-02-29"),
    ("postgres", "17"): ("2024-11-14", "2030-02-28", "2033-02-28"),
    ("postgres", "18"): ("2025-11-14", "2031-02-28", "2034-02-28"),
    ("mysql", "5.7"): ("2016-02-22", "2024-02-29", "2027-02-28"),
    ("mysql", "8.0"): ("2018-10-23", "2026-07-31", "2029-07-31"),
    ("mysql", "8.4"): ("2024-11-21", "2029-07-31", "2032-07-31"),
}


def offered(world: World) -> dict[str, str]:
    """Return the engines that are available here, each with its one version; in a lab without servers, all engines."""
    engines = MAJORS if world.engines.metadata_only else SERVED
    return {engine: world.engines.version(engine) for engine in engines if world.engines.why_not(engine) is None}


def describe(world: World, call: Call) -> dict[str, Any]:
    """Answer DescribeDBEngineVersions. With one version of each engine, that is the default as well."""
    params = call.params
    engine, version, family = (
        params.get(name) or None for name in ("Engine", "EngineVersion", "DBParameterGroupFamily")
    )
    if family and family not in INSTANCE_FAMILIES:
        raise AwsError("InvalidParameterValue", f"Invalid DB parameter group family: {family}")
    rows = [_row(*each) for each in offered(world).items()]
    rows = [
        row for row in rows
        if engine in (None, row["Engine"])
        and version in (None, row["EngineVersion"], row["MajorEngineVersion"])
        and family in (None, row["DBParameterGroupFamily"])
    ]  # fmt: skip
    rows = paging.filtered(
        rows, params,
        {
            "engine": lambda row: [row["Engine"]],
            "engine-version": lambda row: [row["EngineVersion"]],
            "engine-mode": lambda row: row.get("SupportedEngineModes") or ["provisioned"],
            "db-parameter-group-family": lambda row: [row["DBParameterGroupFamily"]],
            "status": lambda row: [row["Status"]],
        },
    )  # fmt: skip
    page, marker = paging.page(rows, params, lambda row: row["Engine"])
    return {"DBEngineVersions": page, "Marker": marker}


def _row(engine: str, version: str) -> dict[str, Any]:
    about, aurora = offer(engine), engine.startswith("aurora")
    return {
        "Engine": engine,
        "MajorEngineVersion": about.series(version),
        "EngineVersion": version,
        "DBParameterGroupFamily": about.parameter_family(version),
        "DBEngineDescription": about.description,
        "DBEngineVersionDescription": f"{about.description} {version}",
        "ValidUpgradeTarget": [],
        "ExportableLogTypes": ["postgresql"] if engine.endswith(("postgres", "postgresql")) else ["error"],
        "SupportsLogExportsToCloudwatchLogs": True,
        "SupportsReadReplica": True,
        "SupportedEngineModes": ["provisioned"] if aurora else None,
        "SupportedFeatureNames": [],
        "Status": "available",
        "SupportsParallelQuery": False,
        "SupportsGlobalDatabases": aurora,
        "SupportsBabelfish": False,
        "SupportsCertificateRotationWithoutRestart": True,
        "SupportedCACertificateIdentifiers": list(IDENTIFIERS),
        "SupportsLocalWriteForwarding": False,
        "SupportsIntegrations": False,
        "TagList": [],
    }


def describe_majors(_world: World, call: Call) -> dict[str, Any]:
    """Answer DescribeDBMajorEngineVersions."""
    engine, major = call.params.get("Engine"), call.params.get("MajorEngineVersion")
    if engine and engine not in MAJORS:
        raise AwsError("InvalidParameterValue", f"Invalid DB engine: {engine}")
    known = [(name, number) for name, numbers in MAJORS.items() for number in numbers]
    known = [each for each in known if engine in (None, each[0]) and major in (None, each[1])]
    page, marker = paging.page(known, call.params, " ".join)
    rows = [
        {"Engine": name, "MajorEngineVersion": number, "SupportedEngineLifecycles": _lifecycles(name, number)}
        for name, number in page
    ]
    return {"DBMajorEngineVersions": rows, "Marker": marker}


def _lifecycles(engine: str, major: str) -> list[dict[str, Any]]:
    if (engine, major) not in CALENDAR:
        return []
    dates = [datetime.fromisoformat(day).replace(tzinfo=timezone.utc).timestamp() for day in CALENDAR[engine, major]]
    return [
        {
            "LifecycleSupportName": f"open-source-rds-{name}-support",
            "LifecycleSupportStartDate": start,
            "LifecycleSupportEndDate": end,
        }
        for name, start, end in (("standard", dates[0], dates[1]), ("extended", dates[1], dates[2]))
    ]
