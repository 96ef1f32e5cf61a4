# SPDX-License-Identifier: GPL-3.0-or-later
"""Check how much storage of which type a database may have, and how it may change. Pure.

RDS API Reference, CreateDBInstance, CreateDBCluster and ModifyDBInstance: AllocatedStorage, StorageType, Iops.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from lifeboat_lab.errors import AwsError

PROVISIONED = ("io1", "io2")
INSTANCE_TYPES = ("gp2", "gp3", *PROVISIONED, "standard")
MULTI_AZ_CLUSTER_TYPES = ("gp3", *PROVISIONED)
AURORA_TYPES = ("aurora", "aurora-iopt1")
# Least and most GiB of each type.
SIZES = {"gp2": (20, 65_536), "gp3": (20, 65_536), "io1": (100, 65_536), "io2": (100, 65_536), "standard": (5, 3_072)}
GP3_BASELINE = {"Iops": 3000, "StorageThroughput": 125}


@dataclass(frozen=True)
class Storage:
    """Size, type and IOPS, as a database has or is to have them."""

    gib: int
    type: str
    iops: int | None = None


def of_instance(gib: int, type_: str | None, iops: int | None) -> Storage:
    """Return the storage of a new instance: io1 when IOPS are asked for, otherwise gp3.

    :raises AwsError: when there is no such storage.
    """
    wanted = Storage(gib, type_ or ("io1" if iops else "gp3"), iops or None)
    check(wanted, INSTANCE_TYPES)
    return wanted


def check(wanted: Storage, types: tuple[str, ...]) -> None:
    """Check that a database can have this storage.

    :raises AwsError: when a database cannot have that.
    """
    if wanted.type not in (*INSTANCE_TYPES, *AURORA_TYPES):
        raise AwsError("InvalidParameterValue", f"Invalid storage type: {wanted.type}")
    if wanted.type not in types:
        raise AwsError("StorageTypeNotSupported", f"The storage type {wanted.type} cannot be used here.")
    least, most = SIZES[wanted.type]
    if not least <= wanted.gib <= most:
        raise AwsError(
            "InvalidParameterValue", f"Invalid storage size for storage type {wanted.type}: {wanted.gib} GiB."
        )
    _check_iops(wanted)


def _check_iops(wanted: Storage) -> None:
    if wanted.type in PROVISIONED:
        if not wanted.iops:
            raise AwsError(
                "InvalidParameterCombination", f"You must specify Iops when the storage type is {wanted.type}."
            )
        if wanted.iops < 1000 or not 0.5 <= wanted.iops / wanted.gib <= 50:
            raise AwsError(
                "InvalidParameterCombination",
                f"The IOPS to GiB ratio must be between 0.5 and 50, and the IOPS at least 1000: {wanted.iops}.",
            )
    elif wanted.iops and wanted.type != "gp3":
        raise AwsError("InvalidParameterCombination", f"Iops cannot be specified for storage type {wanted.type}.")


def restored(wanted: int | None, source: int) -> int:
    """Return the size of a restored database: never less than its source, and if more, by 10 % (aws_rds.md 7.1).

    :raises AwsError: for any other.
    """
    if wanted is None or wanted == source:
        return source
    if wanted < source:
        raise AwsError("InvalidParameterValue", f"AllocatedStorage {wanted} is less than the snapshot's {source} GiB.")
    if wanted * 10 < source * 11:
        raise AwsError("InvalidParameterValue", f"AllocatedStorage {wanted} must exceed the snapshot's by 10 %.")
    return wanted


def grown(wanted: int, present: int) -> int:
    """Return the size after a change. Growth of less than 10 % is rounded up (RDS API Reference, ModifyDBInstance).

    :raises AwsError: when it would shrink.
    """
    if wanted < present:
        raise AwsError("InvalidParameterCombination", f"AllocatedStorage cannot shrink from {present} to {wanted} GiB.")
    return wanted if wanted == present else max(wanted, math.ceil(present * 11 / 10))


def of_aurora(type_: str | None) -> Storage:
    """Return Aurora's storage, which grows by itself.

    :raises AwsError: when there is no such type.
    """
    if type_ and type_ not in AURORA_TYPES:
        raise AwsError("StorageTypeNotSupported", f"The storage type {type_} cannot be used with Aurora.")
    return Storage(1, type_ or AURORA_TYPES[0])


def of_multi_az_cluster(gib: int | None, type_: str | None, iops: int | None) -> Storage:
    """Return the storage of each member of a Multi-AZ DB cluster: io1 unless asked otherwise, always with IOPS.

    :raises AwsError: when something is missing, or there is no such storage.
    """
    if not gib or not iops:
        raise AwsError(
            "InvalidParameterCombination", "A Multi-AZ DB cluster needs AllocatedStorage, Iops, DBClusterInstanceClass."
        )
    wanted = Storage(gib, type_ or "io1", iops)
    check(wanted, MULTI_AZ_CLUSTER_TYPES)
    return wanted
