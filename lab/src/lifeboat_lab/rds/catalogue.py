# SPDX-License-Identifier: GPL-3.0-or-later
"""List the events that RDS raises, as far as the lab raises them, and the categories of each source type.

RDS and Aurora User Guides, event categories and event messages (aws_rds.md 5.1). There is no event for a copy that
fails, and none for the copy of a cluster snapshot.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """The message of an event; names in braces are filled in when it happens."""

    category: str
    message: str


# By the type that a source's ARN has.
SOURCE_TYPES = {
    "db": "db-instance",
    "cluster": "db-cluster",
    "snapshot": "db-snapshot",
    "cluster-snapshot": "db-cluster-snapshot",
}

CATALOGUE: Mapping[str, Mapping[str, Entry]] = {
    "db-snapshot": {
        "RDS-EVENT-0040": Entry("creation", "Creating manual snapshot"),
        "RDS-EVENT-0041": Entry("deletion", "Deleted user snapshot"),
        "RDS-EVENT-0042": Entry("creation", "Manual snapshot created"),
        "RDS-EVENT-0043": Entry("restoration", "Restored from snapshot {snapshot}"),
        # Copies to another Region; the Region is the one where they come from.
        "RDS-EVENT-0059": Entry("notification", "Started copy of snapshot {snapshot} from region {region}"),
        "RDS-EVENT-0060": Entry(
            "notification", "Finished copy of snapshot {snapshot} from region {region} in {minutes} minutes"
        ),
        "RDS-EVENT-0061": Entry(
            "notification", "Canceled snapshot copy request of {snapshot} from region {region}"
        ),
        "RDS-EVENT-0090": Entry("creation", "Creating automated snapshot"),
        "RDS-EVENT-0091": Entry("creation", "Automated snapshot created"),
        # Copies within a Region.
        "RDS-EVENT-0190": Entry("notification", "Canceled snapshot copy request of {snapshot} in region {region}"),
        "RDS-EVENT-0196": Entry("notification", "Started copy of snapshot {snapshot} in region {region}"),
        "RDS-EVENT-0197": Entry("notification", "Finished copy of snapshot {snapshot} in region {region}"),
    },
    "db-cluster-snapshot": {
        "RDS-EVENT-0074": Entry("backup", "Creating manual cluster snapshot"),
        "RDS-EVENT-0075": Entry("backup", "Manual cluster snapshot created"),
        "RDS-EVENT-0168": Entry("backup", "Creating automated cluster snapshot"),
        "RDS-EVENT-0169": Entry("backup", "Automated cluster snapshot created"),
    },
    "db-instance": {
        "RDS-EVENT-0001": Entry("backup", "Backing up DB instance"),
        "RDS-EVENT-0002": Entry("backup", "Finished DB instance backup"),
        "RDS-EVENT-0003": Entry("deletion", "DB instance deleted"),
        "RDS-EVENT-0004": Entry("availability", "DB instance shutdown"),
        "RDS-EVENT-0005": Entry("creation", "DB instance created"),
        "RDS-EVENT-0006": Entry("availability", "DB instance restarted"),
        "RDS-EVENT-0016": Entry("configuration change", "Reset master credentials"),
        "RDS-EVENT-0031": Entry(
            "failure",
            "DB instance put into {state} state. RDS recommends that you initiate a point-in-time-restore.",
        ),
        "RDS-EVENT-0035": Entry("failure", "Database instance put into {state}. {reason}"),
        "RDS-EVENT-0036": Entry("failure", "Database instance in {state}. {reason}"),
        "RDS-EVENT-0278": Entry("failure", "The DB instance creation failed. {reason}"),
        "RDS-EVENT-0353": Entry(
            "failure", "The DB instance can't be created because of insufficient resource limits. {reason}"
        ),
        "RDS-EVENT-0419": Entry(
            "availability",
            "Amazon RDS has been unable to access the KMS encryption key for database instance {database}. This "
            "database will be placed into an inaccessible state. Please refer to the troubleshooting section in the "
            "Amazon RDS documentation for further details.",
        ),
    },
    "db-cluster": {
        "RDS-EVENT-0016": Entry("configuration change", "Reset master credentials"),
        "RDS-EVENT-0170": Entry("creation", "DB cluster created"),
        "RDS-EVENT-0171": Entry("deletion", "DB cluster deleted"),
        "RDS-EVENT-0354": Entry(
            "failure", "You can't create the DB cluster because of incompatible resources. {reason}"
        ),
        "RDS-EVENT-0355": Entry(
            "failure", "The DB cluster can't be created because of insufficient resource limits. {reason}"
        ),
    },
}  # fmt: skip

# The events of a database that did not come up. Any other status means unfitting storage or configuration.
_FAILURES: Mapping[str, Mapping[str, str]] = {
    "db-instance": {
        "incompatible-parameters": "RDS-EVENT-0035",
        "incompatible-network": "RDS-EVENT-0036",
        "incompatible-create": "RDS-EVENT-0278",
        "failed": "RDS-EVENT-0278",
        "insufficient-capacity": "RDS-EVENT-0353",
        "inaccessible-encryption-credentials": "RDS-EVENT-0419",
        "inaccessible-encryption-credentials-recoverable": "RDS-EVENT-0419",
    },
    "db-cluster": {"insufficient-capacity": "RDS-EVENT-0355"},
}


def failure(source_type: str, status: str) -> str:
    """Return the event of a database whose creation or restore ends badly."""
    return _FAILURES[source_type].get(status, "RDS-EVENT-0354" if source_type == "db-cluster" else "RDS-EVENT-0031")


# All categories, also of sources that do not exist here.
CATEGORIES: Mapping[str, tuple[str, ...]] = {
    "db-instance": ("availability", "backtrack", "backup", "configuration change", "creation", "deletion", "failover",
                    "failure", "low storage", "maintenance", "notification", "read replica", "recovery", "restoration",
                    "security", "security patching"),
    "db-cluster": ("configuration change", "creation", "deletion", "failover", "failure", "global failover",
                   "maintenance", "notification", "read replica"),
    "db-parameter-group": ("configuration change",),
    "db-security-group": ("configuration change", "failure"),
    "db-snapshot": ("creation", "deletion", "failure", "notification", "restoration"),
    "db-cluster-snapshot": ("backup", "failure", "notification"),
    "db-proxy": ("configuration change", "creation", "deletion", "failure"),
    "custom-engine-version": ("creation", "failure", "restoring"),
    "blue-green-deployment": ("creation", "deletion", "failure", "notification"),
    "zero-etl": ("creation", "deletion", "failure", "notification"),
}  # fmt: skip
