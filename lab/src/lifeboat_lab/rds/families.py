# SPDX-License-Identifier: GPL-3.0-or-later
"""List the major versions of RDS's engines, and the families of parameter groups that they make."""

from __future__ import annotations

from lifeboat_lab.engines import offer

# As in MajorEngineVersion (RDS User Guide, release calendars). Groups exist for all of them; which of them the
# lab can also run is another question.
MAJORS: dict[str, tuple[str, ...]] = {
    "postgres": ("13", "14", "15", "16", "17", "18"),
    "aurora-postgresql": ("13", "14", "15", "16", "17", "18"),
    "mysql": ("5.7", "8.0", "8.4"),
    "aurora-mysql": ("5.7", "8.0", "8.4"),
    "mariadb": ("10.5", "10.6", "10.11", "11.4", "11.8"),
    "oracle-ee": ("19",),
    "oracle-ee-cdb": ("19", "21"),
    "oracle-se2": ("19",),
    "oracle-se2-cdb": ("19", "21"),
    "sqlserver-ee": ("13.00", "14.00", "15.00", "16.00"),
    "sqlserver-se": ("13.00", "14.00", "15.00", "16.00"),
    "sqlserver-ex": ("13.00", "14.00", "15.00", "16.00"),
    "sqlserver-web": ("13.00", "14.00", "15.00", "16.00"),
    "db2-ae": ("11.5",),
    "db2-se": ("11.5",),
}
# Those that DB clusters have: Aurora, and Multi-AZ DB clusters.
CLUSTER_ENGINES = ("aurora-postgresql", "aurora-mysql", "postgres", "mysql")

INSTANCE_FAMILIES = {
    offer(engine).parameter_family(major): engine for engine, majors in MAJORS.items() for major in majors
}
CLUSTER_FAMILIES = {name: engine for name, engine in INSTANCE_FAMILIES.items() if engine in CLUSTER_ENGINES}
