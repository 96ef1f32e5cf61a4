# SPDX-License-Identifier: GPL-3.0-or-later
"""One account, one Region at a time: everything that this collection asks of AWS."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from email.utils import parsedate_to_datetime
from itertools import chain
from time import monotonic
from typing import Any

from .._core.copying.plan import Copy, Slot
from .._core.copying.quota import Quota
from .._core.copying.stand_in import StandIn
from .._core.errors import LifeboatError
from .._core.model import Database, Key, RecoveryPoint
from .._core.option_groups import OptionGroup
from .._core.recipe import ParameterGroup
from .._core.restoring.isolation import Network
from .._core.restoring.needs import ClassOffer, WantedClass
from .._core.restoring.target import Target
from .._core.watching.metrics import Metric
from .._core.watching.subscription import Subscription, SubscriptionStep
from . import rows, subscription_rows
from .errors import AwsRefusal, refusals
from .pace import Pace
from .rows import INSTANCE, SPELLINGS, Spelling
from .session import open_session

with suppress(ImportError):  # AnsibleAWSModule reports the missing library
    from botocore.config import Config

IDS_A_CALL = 50  # of a filter; longer ones meet a length limit
RETRIES = {"mode": "standard", "max_attempts": 6}
# A store of manifests that is down must not hold up the protection.
IMPATIENT = {"connect_timeout": 5, "read_timeout": 30, "retries": {"mode": "standard", "max_attempts": 2}}
# Neptune and DocumentDB share the RDS control plane and its list calls.
FOREIGN_ENGINES = ("neptune", "docdb")


class Site:
    """An AWS account seen from one Region through one set of credentials.

    Every method raises AwsRefusal when AWS does not carry out the call.
    """

    def __init__(self, session: Any, region: str, settings: Mapping[str, Any]) -> None:
        self.region = region
        self.api_calls: Counter[str] = Counter()
        self._session = session
        self._settings = settings
        self._clients: dict[tuple[str, str], Any] = {}
        self._dates: list[datetime] = []  # the last one, from whichever Region
        self._started: list[float] = []  # likewise
        self._account: str | None = None

    @classmethod
    def connect(cls, module: Any) -> Site:
        """A site from the connection options of an AnsibleAWSModule; one session, so one AssumeRole a pass."""
        from ansible_collections.amazon.aws.plugins.module_utils.botocore import get_aws_connection_info

        with refusals("Cannot open a session"):
            region, endpoint, options = get_aws_connection_info(module)
            config = Config(retries=dict(RETRIES), user_agent_extra="lifeboat.rds").merge(
                options.pop("aws_config", Config())
            )
            session = open_session(options.pop("profile_name", None))
        if region is None:
            raise LifeboatError("Cannot choose a Region", why="none is set", remedy="Set region, or one in the profile")
        return cls(session, region, {"endpoint_url": endpoint, "config": config, **options})

    # -- the session ---------------------------------------------------------------------------------------------

    def in_region(self, region: str) -> Site:
        """The same credentials looking elsewhere; calls are counted together."""
        if region == self.region:
            return self
        other = Site(self._session, region, self._settings)
        other.api_calls, other._clients, other._account = self.api_calls, self._clients, self._account
        other._dates, other._started = self._dates, self._started
        return other

    def _client(self, service: str, **config: Any) -> Any:
        key = (service, self.region)
        if key not in self._clients:
            settings = {**self._settings, "config": self._settings["config"].merge(Config(**config))}
            client = self._session.client(service, region_name=self.region, **settings)
            client.meta.events.register("before-send", self._count)
            client.meta.events.register("after-call", self._read_clock)
            Pace().listen(client.meta.events)
            self._clients[key] = client
        return self._clients[key]

    def notifications(self) -> Any:
        """The client of SNS, for topics."""
        return self._client("sns")

    def storage(self) -> Any:
        """The client of S3, for the store of manifests."""
        return self._client("s3", **IMPATIENT)

    def _count(self, event_name: str, **_kwargs: Any) -> None:
        """Count HTTP attempts, retries among them: before-send.SERVICE.OPERATION."""
        self.api_calls[event_name.split(".", 1)[1].replace(".", ":")] += 1

    def _read_clock(self, http_response: Any, **_kwargs: Any) -> None:
        if date := http_response.headers.get("Date"):
            self._dates[:] = [parsedate_to_datetime(date)]

    @property
    def now(self) -> datetime:
        """AWS's time, from its last answer: the controller's clock may be wrong.

        A pass that asks AWS nothing else, such as the plan of copies that all wait for a slot, asks whose these
        credentials are.

        :raises LifeboatError: when no answer has a Date.
        """
        if self._dates or (self.account and self._dates):
            return self._dates[0]
        why, remedy = "the answers of AWS have no Date", "Check the endpoint of the profile"
        raise LifeboatError("Cannot tell the time", why=why, remedy=remedy)

    @property
    def last_start(self) -> float:
        """When a copy was asked for last, on this machine's monotonic clock."""
        return self._started[0] if self._started else 0.0

    @property
    def account(self) -> str:
        if self._account is None:
            with refusals(f"Cannot tell whose credentials these are in {self.region}"):
                self._account = self._client("sts").get_caller_identity()["Account"]
        return self._account

    def check_account(self, expected: str) -> None:
        """The credentials must be those of the declared account.

        :raises LifeboatError: when they belong to another one.
        """
        if self.account != expected:
            raise LifeboatError(
                f"Cannot work on account {expected}",
                why=f"these credentials belong to account {self.account}",
                remedy="Correct the profile, or account_id",
            )

    # -- reading ------------------------------------------------------------------------------------------------

    def _pages(self, operation: str, key: str, **parameters: Any) -> Iterable[Mapping[str, Any]]:
        with refusals(f"Cannot list {key} in {self.region}"):
            for page in self._client("rds").get_paginator(operation).paginate(**parameters):
                yield from page[key]

    def databases(self) -> list[Database]:
        """Every DB instance and DB cluster here; members of clusters are instances with a cluster."""
        return list(chain.from_iterable(self._databases(spelling) for spelling in SPELLINGS.values()))

    def _databases(self, spelling: Spelling, **parameters: Any) -> list[Database]:
        found = self._pages(f"describe_{spelling.database_operation}s", f"{spelling.database}s", **parameters)
        return [rows.database(row, spelling) for row in found if not row["Engine"].startswith(FOREIGN_ENGINES)]

    def databases_named(self, names: Mapping[str, Iterable[str]]) -> list[Database]:
        """The databases with these identifiers, by kind, as far as they exist."""
        found: list[Database] = []
        for spelling in SPELLINGS.values():
            for chunk in chunks(names.get(spelling.kind, ())):
                name_filter = {"Name": spelling.database_operation.replace("_", "-") + "-id", "Values": chunk}
                found += self._databases(spelling, Filters=[name_filter])
        return found

    def recovery_points(self, origin: str | None = None, *, shared: bool = False) -> list[RecoveryPoint]:
        """Own snapshots, manual and automated, or those of one origin.

        :param shared: also those that other accounts share with this one here: the same pages tell them.
        """
        parameters: dict[str, Any] = {"SnapshotType": origin} if origin else {}
        parameters |= {"IncludeShared": True} if shared else {}
        # AWS Backup's snapshots of Aurora are no type of their own (BC, DescribeDBClusterSnapshots).
        asked = [INSTANCE] if origin == "awsbackup" else SPELLINGS.values()
        return list(chain.from_iterable(self._points(spelling, **parameters) for spelling in asked))

    def _points(self, spelling: Spelling, **parameters: Any) -> list[RecoveryPoint]:
        found = self._pages(f"describe_{spelling.snapshot_operation}s", f"{spelling.snapshot}s", **parameters)
        return [rows.recovery_point(row, spelling) for row in found if not row["Engine"].startswith(FOREIGN_ENGINES)]

    def recovery_points_named(self, names: Mapping[str, Iterable[str]]) -> list[RecoveryPoint]:
        """Own manual snapshots with these names, by kind, as far as they exist."""
        found: list[RecoveryPoint] = []
        for spelling in SPELLINGS.values():
            for chunk in chunks(names.get(spelling.kind, ())):
                found += self._points(spelling, Filters=[{"Name": spelling.snapshot_filter, "Values": chunk}])
        return found

    def shared_with(self, point: RecoveryPoint) -> frozenset[str]:
        """The accounts that may copy a snapshot: one call each, RDS has no list of them."""
        spelling = SPELLINGS[point.kind]
        describe = getattr(self._client("rds"), f"describe_{spelling.snapshot_operation}_attributes")
        with refusals(f"Cannot see with whom {point.name} in {self.region} is shared"):
            answer = describe(**{f"{spelling.snapshot}Identifier": point.name})
        attributes = answer[f"{spelling.snapshot}AttributesResult"][f"{spelling.snapshot}Attributes"]
        values = [one.get("AttributeValues", []) for one in attributes if one["AttributeName"] == "restore"]
        return frozenset(chain.from_iterable(values))

    def key(self, key_id: str) -> Key:
        """A KMS key by id, ARN or alias, seen from this Region."""
        with refusals(f"Cannot use the KMS key {key_id} in {self.region}"):
            return rows.key(self._client("kms").describe_key(KeyId=key_id)["KeyMetadata"])

    def keys(self, key_ids: Iterable[str | None]) -> tuple[dict[str, Key], dict[str, str]]:
        """The keys of some rows, each asked for in its own Region; and why the others cannot be seen."""
        found: dict[str, Key] = {}
        refused: dict[str, str] = {}
        for key_id in sorted({one for one in key_ids if one}):
            home = self.in_region(rows.region_of(key_id)) if key_id.startswith("arn:") else self
            try:
                found[key_id] = home.key(key_id)
            except AwsRefusal as refusal:
                if refusal.meaning == "unreachable":
                    raise
                refused[key_id] = refusal.why
        return found, refused

    def option_groups(self) -> dict[str, OptionGroup]:
        """The option groups of this Region by name, with the options on which data depend."""
        found = self._pages("describe_option_groups", "OptionGroupsList")
        return {group.name: group for group in map(rows.option_group, found)}

    def parameter_families(self, kind: str) -> dict[str, str]:
        """The family of each parameter group of this Region, by its name."""
        spelling = SPELLINGS[kind]
        group = spelling.parameter_group
        found = self._pages(f"describe_{spelling.parameters_operation}_groups", f"{group}s")
        return {row[f"{group}Name"]: row["DBParameterGroupFamily"] for row in found}

    def parameters(self, kind: str, group: str) -> dict[str, str] | None:
        """The parameters that somebody set in a parameter group; None where there is no such group."""
        spelling = SPELLINGS[kind]
        named = {f"{spelling.parameter_group}Name": group, "Source": "user"}
        try:
            found = list(self._pages(f"describe_{spelling.parameters_operation}s", "Parameters", **named))
        except AwsRefusal as refusal:
            if refusal.meaning == "missing":
                return None
            raise
        return {row["ParameterName"]: row["ParameterValue"] for row in found if "ParameterValue" in row}

    def account_quotas(self) -> dict[str, Quota]:
        """What there is here and may be, as DescribeAccountAttributes names it."""
        with refusals(f"Cannot read the quotas of {self.region}"):
            answer = self._client("rds").describe_account_attributes()["AccountQuotas"]
        return {row["AccountQuotaName"]: Quota(row["Used"], row["Max"]) for row in answer}

    def quotas(self) -> dict[Slot, Quota]:
        """How many manual snapshots of each kind there are here and may be, by Region and kind."""
        named = self.account_quotas()
        known = [spelling for spelling in SPELLINGS.values() if spelling.quota in named]
        return {(self.region, spelling.kind): named[spelling.quota] for spelling in known}

    def class_offer(self, wanted: WantedClass) -> ClassOffer:
        """What AWS offers here of an engine, version and class."""
        engine, version, instance_class = wanted
        about = {"Engine": engine, "EngineVersion": version, "DBInstanceClass": instance_class}
        operation, key = "describe_orderable_db_instance_options", "OrderableDBInstanceOptions"
        return rows.class_offer(list(self._pages(operation, key, **about)))

    def parameter_groups(self, names: Iterable[str]) -> frozenset[str]:
        """Those of these DB parameter groups that there are here: a call each, RDS has no filter for them."""
        return self._existing("describe_db_parameter_groups", "DBParameterGroupName", names)

    def cluster_parameter_groups(self, names: Iterable[str]) -> frozenset[str]:
        """The same of DB cluster parameter groups."""
        return self._existing("describe_db_cluster_parameter_groups", "DBClusterParameterGroupName", names)

    def _existing(self, operation: str, parameter: str, names: Iterable[str]) -> frozenset[str]:
        found = set()
        for name in names:
            try:
                with refusals(f"Cannot see the parameter group {name} in {self.region}"):
                    getattr(self._client("rds"), operation)(**{parameter: name})
                found.add(name)
            except AwsRefusal as refusal:
                if refusal.meaning != "missing":
                    raise
        return frozenset(found)

    def networks(self, subnet_groups: Iterable[str]) -> dict[str, Network]:
        """DB subnet groups, with the routes and the security groups of their VPCs, each VPC read once."""
        groups = {name: self._subnet_group(name) for name in sorted(set(subnet_groups))}
        vpcs = {group["VpcId"] for group in groups.values()}
        tables = {vpc: self._of_vpc(vpc, "describe_route_tables", "RouteTables") for vpc in vpcs}
        security = {vpc: self._of_vpc(vpc, "describe_security_groups", "SecurityGroups") for vpc in vpcs}
        return {
            name: rows.network(name, group, tables[group["VpcId"]], security[group["VpcId"]])
            for name, group in groups.items()
        }

    def network(self, subnet_group: str) -> Network:
        """A DB subnet group, and which of its subnets a route leads to from the internet."""
        group = self._subnet_group(subnet_group)
        tables = self._of_vpc(group["VpcId"], "describe_route_tables", "RouteTables")
        return rows.network(subnet_group, group, tables)

    def _subnet_group(self, name: str) -> Mapping[str, Any]:
        with refusals(f"Cannot use the DB subnet group {name} in {self.region}"):
            return self._client("rds").describe_db_subnet_groups(DBSubnetGroupName=name)["DBSubnetGroups"][0]

    def _of_vpc(self, vpc: str, operation: str, key: str) -> list[Mapping[str, Any]]:
        with refusals(f"Cannot list {key} of {vpc} in {self.region}"):
            of_vpc = [{"Name": "vpc-id", "Values": [vpc]}]
            pages = self._client("ec2").get_paginator(operation).paginate(Filters=of_vpc)
            return [row for page in pages for row in page[key]]

    def event_subscriptions(self) -> list[Subscription]:
        """Every event subscription here. Their tags take a call each, and are not read."""
        found = self._pages("describe_event_subscriptions", "EventSubscriptionsList")
        return [subscription_rows.subscription(row) for row in found]

    def event_categories(self) -> dict[str, frozenset[str]]:
        """The categories of events that there are, by type of source."""
        with refusals(f"Cannot list the categories of events in {self.region}"):
            answer = self._client("rds").describe_event_categories()["EventCategoriesMapList"]
        return {row["SourceType"]: frozenset(row["EventCategories"]) for row in answer}

    def tags(self, arn: str) -> dict[str, str]:
        """The tags of one thing, where its row does not have them."""
        with refusals(f"Cannot read the tags of {arn}"):
            return rows.tags_of(self._client("rds").list_tags_for_resource(ResourceName=arn))

    def managed_password(self, database: Database) -> str:
        """The master password that RDS keeps in Secrets Manager (RDS User Guide, password management)."""
        with refusals(f"Cannot read the managed password of {database.id.identifier}"):
            answer = self._client("secretsmanager").get_secret_value(SecretId=database.secret_arn)
        return str(json.loads(answer["SecretString"])["password"])

    def token(self, database: Database, username: str) -> str:
        """What lets a database user in for 15 minutes instead of a password; made here, without a call."""
        with refusals(f"Cannot make a token for {username} at {database.id.identifier}"):
            return str(
                self._client("rds").generate_db_auth_token(
                    DBHostname=database.host, Port=database.port, DBUsername=username, Region=self.region
                )
            )

    # -- writing ------------------------------------------------------------------------------------------------

    def copy(self, copy: Copy) -> RecoveryPoint:
        """Start a copy that ends in this Region, from wherever its source is; or take a snapshot of a database."""
        spelling = SPELLINGS[copy.kind]
        if copy.is_taken:
            operation, parameters = f"create_{spelling.snapshot_operation}", rows.take_parameters(copy, spelling)
        else:
            operation, parameters = f"copy_{spelling.snapshot_operation}", rows.copy_parameters(copy, spelling)
        with refusals(f"Cannot copy {copy.source_arn} to {copy.name} in {self.region}"):
            answer = getattr(self._client("rds"), operation)(**parameters)
        self._started[:] = [monotonic()]
        return rows.recovery_point(answer[spelling.snapshot], spelling)

    def share(self, point: RecoveryPoint, *, add: Iterable[str] = (), remove: Iterable[str] = ()) -> None:
        """Let accounts copy and restore a snapshot, or no longer."""
        spelling = SPELLINGS[point.kind]
        modify = getattr(self._client("rds"), f"modify_{spelling.snapshot_operation}_attribute")
        values = {"ValuesToAdd": sorted(add), "ValuesToRemove": sorted(remove)}
        with refusals(f"Cannot share {point.name} in {self.region}"):
            modify(
                **{f"{spelling.snapshot}Identifier": point.name},
                AttributeName="restore",
                **{name: accounts for name, accounts in values.items() if accounts},
            )

    def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        """Add tags to a database or snapshot."""
        with refusals(f"Cannot tag {arn}"):
            self._client("rds").add_tags_to_resource(ResourceName=arn, Tags=rows.tag_list(tags))

    def put_metrics(self, namespace: str, metrics: Iterable[Metric]) -> None:
        """Give CloudWatch as many metrics as one call takes."""
        with refusals(f"Cannot put metrics into the namespace {namespace} in {self.region}"):
            data = [rows.metric_datum(metric) for metric in metrics]
            self._client("cloudwatch").put_metric_data(Namespace=namespace, MetricData=data)

    def untag(self, arn: str, keys: Iterable[str]) -> None:
        """Remove tags."""
        with refusals(f"Cannot remove tags from {arn}"):
            self._client("rds").remove_tags_from_resource(ResourceName=arn, TagKeys=list(keys))

    def change_subscription(self, name: str, step: SubscriptionStep) -> None:
        """Carry out one step with an event subscription, other than with its tags."""
        with refusals(f"Cannot {subscription_rows.VERBS[step.action]} the event subscription {name} in {self.region}"):
            change = getattr(self._client("rds"), subscription_rows.OPERATIONS[step.action])
            change(SubscriptionName=name, **subscription_rows.parameters(step.values))

    def delete_recovery_point(self, point: RecoveryPoint) -> None:
        """Delete a manual snapshot."""
        spelling = SPELLINGS[point.kind]
        with refusals(f"Cannot delete {point.name} in {self.region}"):
            getattr(self._client("rds"), f"delete_{spelling.snapshot_operation}")(
                **{f"{spelling.snapshot}Identifier": point.name}
            )

    def make_parameter_group(self, name: str, group: ParameterGroup, tags: Mapping[str, str]) -> None:
        """Make a parameter group of these contents, or complete it where a killed run made it and no more."""
        spelling = SPELLINGS[group.kind]
        key, client = {f"{spelling.parameter_group}Name": name}, self._client("rds")
        with refusals(f"Cannot make the parameter group {name} in {self.region}"):
            with suppress(client.exceptions.DBParameterGroupAlreadyExistsFault):
                getattr(client, f"create_{spelling.parameters_operation}_group")(
                    **key,
                    DBParameterGroupFamily=group.family,
                    Description="Parameters of a database that is protected here",
                    Tags=rows.tag_list(tags),
                )
            for chunk in rows.parameter_chunks(group.parameters):
                getattr(client, f"modify_{spelling.parameters_operation}_group")(**key, Parameters=chunk)

    def delete_parameter_group(self, kind: str, name: str) -> None:
        """Delete a parameter group that nothing uses."""
        spelling = SPELLINGS[kind]
        with refusals(f"Cannot delete the parameter group {name} in {self.region}"):
            delete = getattr(self._client("rds"), f"delete_{spelling.parameters_operation}_group")
            delete(**{f"{spelling.parameter_group}Name": name})

    def restore(self, target: Target) -> Database:
        """Start a database from a recovery point, in the target's network and never public."""
        spelling = SPELLINGS[target.kind]
        with refusals(f"Cannot restore {target.recovery_point} as {target.name} in {self.region}"):
            answer = getattr(self._client("rds"), spelling.restore)(**rows.restore_parameters(target, spelling))
        return rows.database(answer[spelling.database], spelling)

    def stand_in(self, stand_in: StandIn) -> Database:
        """Start an instance from the snapshot of a Multi-AZ DB cluster, in the named network and never public."""
        with refusals(f"Cannot restore {stand_in.recovery_point} as {stand_in.name} in {self.region}"):
            answer = self._client("rds").restore_db_instance_from_db_snapshot(**rows.stand_in_parameters(stand_in))
        return rows.database(answer[INSTANCE.database], INSTANCE)

    def add_member(self, target: Target) -> None:
        """Start the instance through which a restored cluster is reached: a restore makes none."""
        with refusals(f"Cannot add {target.member} to the cluster {target.name} in {self.region}"):
            self._client("rds").create_db_instance(**rows.member_parameters(target))

    def set_password(self, database: Database, password: str) -> None:
        """Give the master user of a database a new password, now, also where RDS managed the old one."""
        managed = {"ManageMasterUserPassword": False} if database.secret_arn else {}
        self._change_master(database, MasterUserPassword=password, **managed)

    def manage_password(self, database: Database) -> None:
        """Let RDS make a new master password and keep it in Secrets Manager."""
        self._change_master(database, ManageMasterUserPassword=True)

    def _change_master(self, database: Database, **change: Any) -> None:
        spelling = SPELLINGS[database.id.kind]
        with refusals(f"Cannot set the master password of {database.id.identifier} in {self.region}"):
            getattr(self._client("rds"), f"modify_{spelling.database_operation}")(
                **{f"{spelling.database}Identifier": database.id.identifier}, ApplyImmediately=True, **change
            )

    def delete_database(self, database: Database) -> None:
        """Delete a database with nothing kept of it: no final snapshot, no automated backups."""
        spelling = SPELLINGS[database.id.kind]
        # A member keeps nothing of its own: its cluster does.
        kept = {} if database.cluster else {"DeleteAutomatedBackups": True}
        with refusals(f"Cannot delete {database.id.identifier} in {self.region}"):
            getattr(self._client("rds"), f"delete_{spelling.database_operation}")(
                **{f"{spelling.database}Identifier": database.id.identifier}, SkipFinalSnapshot=True, **kept
            )


def chunks(names: Iterable[str]) -> Iterable[list[str]]:
    """As many names as one filter takes."""
    ordered = sorted(names)
    return (ordered[start : start + IDS_A_CALL] for start in range(0, len(ordered), IDS_A_CALL))
