# SPDX-License-Identifier: GPL-3.0-or-later
"""The classes of databases that travel in the same steps. One more class is one more entry here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Options:
    """An option group with one option."""

    engine: str
    major: str
    option: str

    def name(self, site: str) -> str:
        return f"{site}-{self.option.lower()}"


@dataclass(frozen=True)
class Route:
    """Databases of one class: how they come to be, what the sites are told, and how it must end."""

    name: str
    # What the lab sows (its README, seed). The key "data" is a customer managed one of the source account.
    seed: Mapping[str, Any]
    # The option groups of the databases and of the DR site, which has one with the same option.
    options: Options | None = None
    # What AWS is to be like: settings of the lab.
    lab: Mapping[str, Any] = field(default_factory=dict)
    # Options of the modules, besides the usual ones of the fleet.
    publish: Mapping[str, Any] = field(default_factory=dict)
    replicate: Mapping[str, Any] = field(default_factory=dict)
    prune: Mapping[str, Any] = field(default_factory=dict)
    # How it ends: copies that took effect for each recovery point, by the account that makes them.
    copies: Mapping[str, int] = field(default_factory=lambda: {"production": 1, "production_dr": 1})
    # Whether it lands under the DR account's key; else in the clear, as AWS insists for some clusters.
    encrypted: bool = True
    # How many snapshots with the tag lifeboat:stage may stay for each database: documented anchors.
    anchors: int = 0

    @property
    def is_taken(self) -> bool:
        """Whether a snapshot is taken now, instead of copying an automated one."""
        return self.publish.get("source") == "snapshot" or self.has_stand_in

    @property
    def has_stand_in(self) -> bool:
        return "stand_in" in self.publish

    @property
    def origin(self) -> str:
        """The type of the snapshots that it starts from, unless one is taken."""
        source = self.publish.get("source", "automated")
        return "automated" if self.is_taken else str(source)

    def settings(self, side: str) -> dict[str, Any]:
        """Turn the options of ``publish`` or ``replicate`` into an override for these databases alone."""
        own = {name: value for name, value in getattr(self, side).items() if name != "stand_in"}
        return {"databases": [f"{self.name}-0*"], **own} if own else {}


INSTANCE, CLUSTER = {"engine": "postgres"}, {"engine": "aurora-postgresql"}
# As AWS was before 2025-09: no copy crosses account and Region in one step.
OLD_RULES = {"rules": {"single_step_instances": False, "single_step_clusters": False}}
MULTI_AZ = {"engine": "postgres", "kind": "cluster"}
STAND_IN = {
    "subnet_group": "stand-ins",
    "security_groups": ["default"],
    "instance_class": "db.t4g.medium",
    "expire_hours": 24,
}
TAKEN = {"source": "snapshot"}
TWO_AT_THE_DR_SITE = {"production": 1, "production_dr": 2}
MYSQL = {"engine": "mysql", "version": "8.0.43", "key": "data"}
ORACLE = {"engine": "oracle-ee", "version": "19.0.0.0.ru-2025-07.rur-2025-07.r1", "key": "data"}
MEMCACHED = Options("mysql", "8.0", "MEMCACHED")  # a copy of such a database may do without
TIMEZONE = Options("oracle-ee", "19", "Timezone")  # a copy of such a one may not
BROUGHT_ALONG = {"option_group": "dr-timezone", "copy_option_group": True}
ROUTES = (
    Route("unencrypted-instance", INSTANCE),
    Route("customer-key-instance", INSTANCE | {"key": "data"}),
    Route("aws-key-instance", INSTANCE | {"key": "alias/aws/rds"}),
    Route("aws-owned-cluster", CLUSTER | {"key": "sse-rds"}),
    Route("unencrypted-cluster", CLUSTER, encrypted=False),
    Route("customer-key-cluster", CLUSTER | {"key": "data"}),
    Route("taken-instance", INSTANCE | {"key": "data"}, publish=TAKEN, copies={"production": 0, "production_dr": 1}),
    Route("taken-aws-key-instance", INSTANCE | {"key": "alias/aws/rds"}, publish=TAKEN),
    Route(
        "multi-az-cluster",
        MULTI_AZ | {"key": "data"},
        publish={"stand_in": STAND_IN},
        copies={"production": 0, "production_dr": 1},
    ),
    Route("multi-az-aws-key-cluster", MULTI_AZ | {"key": "alias/aws/rds"}, publish={"stand_in": STAND_IN}),
    Route("two-steps-instance", INSTANCE | {"key": "data"}, lab=OLD_RULES, copies=TWO_AT_THE_DR_SITE),
    Route("two-steps-cluster", CLUSTER | {"key": "data"}, lab=OLD_RULES, copies=TWO_AT_THE_DR_SITE),
    Route("option-group-instance", MYSQL, MEMCACHED, replicate={"option_group": "dr-memcached"}),
    Route("needed-options-instance", ORACLE, TIMEZONE, replicate=BROUGHT_ALONG),
    Route(
        "two-steps-options-instance", ORACLE, TIMEZONE, OLD_RULES, replicate=BROUGHT_ALONG, copies=TWO_AT_THE_DR_SITE
    ),
    Route("manual-instance", INSTANCE | {"key": "data"}, publish={"source": "manual"}),
    Route("awsbackup-instance", INSTANCE | {"key": "alias/aws/rds"}, publish={"source": "awsbackup"}),
)
