# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell which instance classes exist for which engine and storage (RDS and Aurora User Guides, DB instance classes)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lifeboat_lab.engines import offer
from lifeboat_lab.errors import AwsError
from lifeboat_lab.rds import network, paging, versions
from lifeboat_lab.rds.families import MAJORS
from lifeboat_lab.rds.world import Call, World

_SMALL = ("micro", "small", "medium", "large", "xlarge", "2xlarge")
_BIG = ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge")
_INSTANCE_CLASSES = {
    "t3": _SMALL, "t4g": _SMALL, "m5": _BIG, "m6g": _BIG, "m6gd": _BIG, "m7g": _BIG, "r5": _BIG, "r6g": _BIG,
    "r6gd": _BIG, "r7g": _BIG,
}  # fmt: skip
_AURORA_CLASSES = {"t3": ("medium", "large"), "t4g": ("medium", "large"), "r5": _BIG, "r6g": _BIG, "r7g": _BIG}
# With a local disk, as Multi-AZ DB clusters need.
_CLUSTER_CLASSES = ("db.m6gd.", "db.r6gd.")
_STORAGE = ("gp2", "gp3", "io1", "io2")
_AURORA_STORAGE = ("aurora", "aurora-iopt1")


def describe(world: World, call: Call) -> dict[str, Any]:
    """Answer DescribeOrderableDBInstanceOptions: up to 1,000 rows a page."""
    params = call.params
    engine = params["Engine"]
    if engine not in MAJORS:
        raise AwsError("InvalidParameterValue", f"Invalid DB engine: {engine}")
    version = versions.offered(world).get(engine)
    wanted = params.get("EngineVersion")
    if version is None or wanted not in (None, version, offer(engine).series(version)):
        return {"OrderableDBInstanceOptions": []}
    licence, size = params.get("LicenseModel"), params.get("DBInstanceClass")
    chosen = [
        (name, storage) for name in classes(engine) for storage in storage_types(engine)
        if size in (None, name) and licence in (None, offer(engine).license_model) and params.get("Vpc") is not False
    ]  # fmt: skip
    page, marker = paging.page(chosen, params, " ".join, most=1000)
    zones = _zones(world, call)
    rows = [_row(engine, version, name, storage, zones) for name, storage in page]
    return {"OrderableDBInstanceOptions": rows, "Marker": marker}


def classes(engine: str) -> Iterator[str]:
    """Yield the instance classes of an engine."""
    aurora = engine.startswith("aurora")
    for family, sizes in (_AURORA_CLASSES if aurora else _INSTANCE_CLASSES).items():
        yield from (f"db.{family}.{size}" for size in sizes)
    if aurora:
        yield "db.serverless"


def storage_types(engine: str) -> tuple[str, ...]:
    return _AURORA_STORAGE if engine.startswith("aurora") else _STORAGE


def _zones(world: World, call: Call) -> list[str]:
    subnets = network.subnet_group(world, None, call.account, call.region)["Subnets"]
    return [subnet["SubnetAvailabilityZone"]["Name"] for subnet in subnets]


def _row(engine: str, version: str, name: str, storage: str, zones: list[str]) -> dict[str, Any]:
    aurora = engine.startswith("aurora")
    return {
        "Engine": engine,
        "EngineVersion": version,
        "DBInstanceClass": name,
        "LicenseModel": offer(engine).license_model,
        "AvailabilityZones": [{"Name": zone} for zone in zones],
        "MultiAZCapable": not aurora,
        "ReadReplicaCapable": True,
        "Vpc": True,
        "SupportsStorageEncryption": True,
        "StorageType": storage,
        "SupportsIops": storage in ("gp3", "io1", "io2"),
        "SupportsStorageThroughput": storage == "gp3",
        "SupportsEnhancedMonitoring": True,
        "SupportsIAMDatabaseAuthentication": engine.startswith(("aurora", "postgres", "mysql", "mariadb")),
        "SupportsPerformanceInsights": not name.endswith((".micro", ".small")),
        "AvailableProcessorFeatures": [],
        "SupportedEngineModes": ["provisioned"],
        "SupportsStorageAutoscaling": not aurora,
        "SupportsKerberosAuthentication": True,
        "OutpostCapable": False,
        "SupportedActivityStreamModes": [],
        "SupportsGlobalDatabases": aurora,
        "SupportsClusters": engine in ("postgres", "mysql") and name.startswith(_CLUSTER_CLASSES),
        "SupportedNetworkTypes": ["IPV4"],
        "SupportsDedicatedLogVolume": False,
        **({} if aurora else _limits(storage)),
    }


def _limits(storage: str) -> dict[str, Any]:
    if storage in ("gp2", "gp3"):
        return {"MinStorageSize": 20, "MaxStorageSize": 65536}
    return {
        "MinStorageSize": 100,
        "MaxStorageSize": 65536,
        "MinIopsPerDbInstance": 1000,
        "MaxIopsPerDbInstance": 256000,
        "MinIopsPerGib": 0.5,
        "MaxIopsPerGib": 50.0 if storage == "io1" else 1000.0,
    }
