# SPDX-License-Identifier: GPL-3.0-or-later
"""A source site and its DR site on one lab, and the modules that protect them, run in this process.

Without ansible-playbook a whole run of protect takes a tenth of a second, and it can be killed at any of its calls.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from types import ModuleType, SimpleNamespace
from typing import Any

import boto3
import botocore.loaders
import botocore.session
from botocore.config import Config

from ansible_collections.lifeboat.rds.plugins.module_utils._aws.connection import RETRIES
from ansible_collections.lifeboat.rds.plugins.module_utils._aws.session import parse_rds_time
from ansible_collections.lifeboat.rds.plugins.module_utils._aws.site import Site
from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._module.arguments import SITE
from ansible_collections.lifeboat.rds.plugins.module_utils._module.entry import FIRST_LINGER, linger, read_pace
from ansible_collections.lifeboat.rds.plugins.modules import (
    database_credentials,
    snapshot_copy,
    snapshot_prune,
    snapshot_replicate,
)
from lifeboat_lab import Lab
from tests.fleet.routes import Options, Route

PREFIX = "lifeboat"
READS = ("Describe", "List", "Get", "AssumeRole")
A_COPY = 1500  # seconds in which a copy of 20 GiB is done
HOUR = 3600
BY_HAND = "-by-hand-"  # in the names of the manual snapshots that operators take
PATIENCE = 20  # looks after which a module gives up, as after its wait_timeout
# As often as the engine tries again, but in the mode that remembers nothing from call to call.
# botocore builds its own user agent for every call, out of a dozen pieces.
CONFIG = Config(retries={**RETRIES, "mode": "legacy"}, user_agent="lifeboat.rds")
# One for all: reading what botocore knows of a service takes longer than everything else about a client.
LOADER = botocore.loaders.create_loader()
ONCE = Config(retries={"total_max_attempts": 1})


class Killed(BaseException):
    """The controller is gone. Nobody catches that."""


@dataclass
class Death:
    """Where the controller dies: at which of its API calls, and whether that took effect. At 0 it lives."""

    at: int = 0
    after: bool = False
    calls: int = 0  # so far

    def before_send(self) -> None:
        self.calls += 1
        if self.calls == self.at and not self.after:
            raise Killed

    def response_received(self) -> None:
        if self.calls == self.at and self.after:
            raise Killed


class Pool:
    """A session that lends the same clients again: to make one takes longer than all of its calls."""

    def __init__(self, session: boto3.session.Session, connect: Callable[[Any], Any]) -> None:
        self._session = session
        self._connect = connect
        self._made: dict[tuple[str, str], tuple[Any, list[Any]]] = {}

    def client(self, service: str, region_name: str, **settings: Any) -> Any:
        """Return the client without the listeners of earlier runs."""
        words = (service, region_name)
        if words not in self._made:
            made = self._session.client(service, region_name=region_name, **settings)
            self._made[words] = (self._connect(made), [])
        client, listeners = self._made[words]
        while listeners:
            client.meta.events.unregister(*listeners.pop())
        return Lent(client, listeners)


class Lent:
    """A client that remembers who listens to it."""

    def __init__(self, client: Any, listeners: list[Any]) -> None:
        self._client = client
        self._listeners = listeners
        self.meta = SimpleNamespace(events=SimpleNamespace(register=self._register))

    def _register(self, *listener: Any) -> None:
        self._client.meta.events.register(*listener)
        self._listeners.append(listener)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


@dataclass(frozen=True)
class Side:
    """One of the two sites."""

    profile: str
    account: str
    region: str


SOURCE = Side("production", "111111111111", "us-west-2")
DR = Side("production_dr", "222222222222", "us-east-1")
STRANGER = Side("stranger", "333333333333", "us-west-2")
SIDES = (SOURCE, DR)


@dataclass
class Clock:
    """The clock of a module that waits: when it sleeps, the lab's time passes."""

    lab: Lab
    sleeps: int = 0

    def now(self) -> float:
        return self.sleeps * FIRST_LINGER / PATIENCE

    def sleep(self, _seconds: float) -> None:
        self.sleeps += 1
        self.lab.admin("POST", "clock", {"advance": A_COPY})

    def is_orphaned(self) -> bool:
        return False


@dataclass
class Fleet:
    """The two sites, empty after each ``reset``, and what is done to them."""

    lab: Lab
    # What a new client goes through.
    connect: Callable[[Any], Any] = lambda client: client
    keys: dict[str, str] = field(default_factory=dict)
    death: Death = field(default_factory=Death)
    # Who looks on while a pass runs, also in check mode.
    around: Callable[[ModuleType], AbstractContextManager[None]] = nullcontext
    # What the modules are told besides the usual; a route adds to it.
    publish: dict[str, Any] = field(default_factory=dict)
    replicate: dict[str, Any] = field(default_factory=dict)
    prune: dict[str, Any] = field(default_factory=dict)
    routes: list[Route] = field(default_factory=list)  # the classes of the databases that there are
    by_hand: int = 0  # how often operators took manual snapshots

    def __post_init__(self) -> None:
        self._settings = self.lab.admin("GET", "settings")
        self._sessions = {side.profile: self._session(side) for side in (*SIDES, STRANGER)}
        self._others: dict[tuple[Side, str], Any] = {}
        self._subnets: list[str] = []
        self._group = ""
        self._read = 0  # the number of the last call of the log that was read
        both = (SOURCE.account, DR.account)
        self.keys = {
            "data": make_key(self.lab, SOURCE, *both),
            "publish": make_key(self.lab, SOURCE, *both, alias="alias/lifeboat"),
            "dr": make_key(self.lab, DR, DR.account, alias="alias/lifeboat"),
        }
        self.reset()

    def _session(self, side: Side) -> Pool:
        session = botocore.session.Session(profile=side.profile)
        found = self.lab.env()
        session.register_component("data_loader", LOADER)
        session.set_config_variable("config_file", found["AWS_CONFIG_FILE"])
        session.set_config_variable("credentials_file", found["AWS_SHARED_CREDENTIALS_FILE"])
        session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=parse_rds_time)
        session.register("before-send", self._before_send)
        session.register("response-received", self._response_received)
        return Pool(boto3.session.Session(botocore_session=session), self.connect)

    def _before_send(self, **_words: Any) -> None:
        self.death.before_send()

    def _response_received(self, **_words: Any) -> None:
        self.death.response_received()

    # -- the world -----------------------------------------------------------------------------------------------

    def reset(self) -> None:
        """No database, no snapshot, no fault; AWS as it is by default, and its clock ahead of the controller's."""
        self.lab.admin("POST", "reset")
        self.lab.admin("PATCH", "settings", self._settings)
        self.publish, self.replicate, self.prune = {}, {}, {}
        self.routes, self.by_hand = [], 0
        self.death, self.around = Death(), nullcontext
        self.lab.admin("DELETE", "calls")

    def begin(self, route: Route, databases: int, *, and_of: Iterable[Route] = (), **limits: Any) -> None:
        """Sow databases of one class, each an hour after its last backup and not protected yet.

        :param and_of: more classes, for which the lab and the modules are told the same.
        """
        self.reset()
        self.lab.admin("PATCH", "settings", dict(route.lab))
        self.tell(route, *and_of, **limits)
        for each in (route, *and_of):
            self.sow(each, databases)
        self.new_calls()

    def tell(self, *routes: Route, **options: Any) -> None:
        """Set the options of the modules: for one class as options of the site, for several as overrides."""
        told: dict[str, dict[str, Any]] = {}
        for side in ("publish", "replicate"):
            overrides = [settings for route in routes if (settings := route.settings(side))]
            told[side] = {"overrides": overrides} if len(routes) > 1 else dict(getattr(routes[0], side))
        if stand_in := next((dict(route.publish["stand_in"]) for route in routes if route.has_stand_in), None):
            self.make_network(stand_in)
            told["publish"]["stand_in"] = stand_in
        for one in dict.fromkeys(route.options for route in routes if route.options):
            self.make_option_groups(one)
        self.publish, self.replicate = {**options, **told["publish"]}, {**options, **told["replicate"]}
        self.prune = {name: value for route in routes for name, value in route.prune.items()}

    def make_network(self, stand_in: dict[str, Any]) -> None:
        """Private subnets for stand-ins in the source account."""
        ec2, rds = self.others(SOURCE, "ec2"), self.others(SOURCE)
        if not self._subnets:
            vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
            for number, zone in enumerate("abc"):
                made = ec2.create_subnet(
                    VpcId=vpc, CidrBlock=f"10.9.{number}.0/24", AvailabilityZone=f"{SOURCE.region}{zone}"
                )
                self._subnets.append(made["Subnet"]["SubnetId"])
            made = ec2.create_security_group(GroupName="stand-ins", Description="stand-ins", VpcId=vpc)
            self._group = made["GroupId"]
        name = stand_in["subnet_group"]
        rds.create_db_subnet_group(DBSubnetGroupName=name, DBSubnetGroupDescription=name, SubnetIds=self._subnets)
        stand_in["security_groups"] = [self._group]
        self.new_calls()

    def make_option_groups(self, options: Options) -> None:
        """One at either site, with the same option."""
        for side, site in ((SOURCE, "shop"), (DR, "dr")):
            client, name = self.others(side), options.name(site)
            about = {"EngineName": options.engine, "MajorEngineVersion": options.major}
            client.create_option_group(OptionGroupName=name, OptionGroupDescription=name, **about)
            wanted = [{"OptionName": options.option}]
            client.modify_option_group(OptionGroupName=name, OptionsToInclude=wanted, ApplyImmediately=True)

    def sow(self, route: Route, databases: int, **more: Any) -> None:
        """Sow databases of a class, each with a backup that is an hour old."""
        seed = {"account": SOURCE.profile, "prefix": route.name, "snapshots": 1, "age": HOUR, **route.seed, **more}
        seed["key"] = self.keys.get(seed.get("key", ""), seed.get("key"))
        self.routes.append(route)
        if route.options:  # which they get first
            self.lab.admin("POST", "seed", {"databases": databases, **seed, "snapshots": 0})
            self.put_into_option_group(route, route.options)
        else:
            self.lab.admin("POST", "seed", {"databases": databases, **seed})
            self.back_up_otherwise(route, age=HOUR // 2)

    def put_into_option_group(self, route: Route, options: Options) -> None:
        name, databases = options.name("shop"), self.available(route)
        for database in databases:
            self.others(SOURCE).modify_db_instance(
                DBInstanceIdentifier=database, OptionGroupName=name, ApplyImmediately=True
            )
        self.pass_time(HOUR)
        self.back_up(*databases)
        self.pass_time(HOUR)

    def available(self, route: Route) -> list[str]:
        """List the databases of a class that can be backed up now."""
        rows = [row["arn"].split(":", 6) for row in self.status()["databases"] if row["status"] == "available"]
        return [words[6] for words in rows if words[4] == SOURCE.account and words[6].startswith(f"{route.name}-0")]

    def pass_time(self, seconds: float) -> None:
        self.lab.admin("POST", "clock", {"advance": seconds})

    def back_up(self, *databases: str) -> None:
        """Take automated snapshots of these databases. Without a list, take all, and what others take as well."""
        named = {"databases": list(databases)} if databases else {}
        self.lab.admin("POST", "automated-snapshots", {"account": SOURCE.profile, **named})
        for route in [] if databases else self.routes:
            self.back_up_otherwise(route)

    def back_up_otherwise(self, route: Route, age: int = 0) -> None:
        """Take the snapshots of AWS Backup or of an operator, for the classes that start from them."""
        databases = self.available(route) if route.origin in ("awsbackup", "manual") else []
        if databases and route.origin == "awsbackup":
            wanted = {"account": SOURCE.profile, "databases": databases, "type": "awsbackup", "age": age}
            self.lab.admin("POST", "automated-snapshots", wanted)
        elif databases:
            self.by_hand += 1
            for database in databases:
                self.others(SOURCE).create_db_snapshot(
                    DBInstanceIdentifier=database, DBSnapshotIdentifier=f"{database}{BY_HAND}{self.by_hand}"
                )
            self.pass_time(A_COPY)

    def others(self, side: Side, service: str = "rds") -> Any:
        """Return a client of somebody else in that account, who never repeats a call. The log shows only our passes."""
        words = (side, service)
        if words not in self._others:
            self._others[words] = self.lab.client(side.profile, service, side.region, config=ONCE)
        return self._others[words]

    def delete_recovery_point(self, side: Side, name: str) -> None:
        """Somebody deletes a manual snapshot behind our back."""
        client = self.others(side)
        rows = client.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
        if name in [row["DBSnapshotIdentifier"] for row in rows]:
            client.delete_db_snapshot(DBSnapshotIdentifier=name)
        else:
            client.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=name)

    # -- the modules ---------------------------------------------------------------------------------------------

    def site(self, side: Side) -> Site:
        """Make a new site, as each module run does."""
        return Site(self._sessions[side.profile], side.region, {"config": CONFIG})

    def options(self, module: ModuleType, side: Side, **given: Any) -> dict[str, Any]:
        """Build the options of a module: its defaults, the usual ones of this fleet, then the given ones."""
        usual = {"account_id": side.account, "prefix": PREFIX}
        if module is snapshot_copy:
            usual |= {"kms_key_id": self.keys["publish"], "share_with": [DR.account], **self.publish}
        elif module is snapshot_replicate:
            sources = {"source_accounts": [SOURCE.account], "source_regions": [SOURCE.region]}
            usual |= {"kms_key_id": self.keys["dr"], **sources, **self.replicate}
        elif module is snapshot_prune:
            # One of each database is what most tests expect in the end.
            usual |= {"apply": True, "keep": 1, "below_floor": True} | self.prune
        spec = {**SITE, **module.ARGUMENTS}
        unknown = {*usual, *given} - set(spec)
        assert not unknown, f"{module.__name__} has no option {unknown}"
        return {name: one.get("default") for name, one in spec.items()} | usual | given

    def one_pass(self, module: ModuleType, side: Side, *, check_mode: bool = False, **given: Any) -> dict[str, Any]:
        """Run one pass, as with ``wait: false``. Check mode plans a whole task where ``wait`` is given."""
        given = {"wait": False, **given} if "wait" in module.ARGUMENTS else given
        try:
            return self._pass(module, self.options(module, side, **given), self.site(side), check_mode=check_mode)
        except LifeboatError as error:
            return failure(error)

    def _pass(self, module: ModuleType, params: dict[str, Any], site: Site, *, check_mode: bool) -> dict[str, Any]:
        with self.around(module):
            result: dict[str, Any] = module.run(params, site, check_mode=check_mode)
        return result

    def run(self, module: ModuleType, side: Side, **given: Any) -> dict[str, Any]:
        """Run a module that waits: passes until nothing is in flight."""
        params = self.options(module, side, poll_interval=1, **given) if "wait" in module.ARGUMENTS else None
        params, site = params or self.options(module, side, **given), self.site(side)

        def a_pass(resume: list[dict[str, Any]] | None, settled: list[str] | None = None) -> dict[str, Any]:
            return self._pass(module, {**params, "resume": resume, "settled": settled}, site, check_mode=False)

        # As the module's own main has it.
        last = module is not database_credentials and getattr(module, "is_removal", lambda _params: True)(params)
        try:
            return linger(a_pass, read_pace(params), Clock(self.lab), last_full_pass=last)
        except LifeboatError as error:
            return failure(error)

    def protect(self) -> list[dict[str, Any]]:
        """Do what playbooks/protect.yml does, with the manifests handed over in memory."""
        published = self.run(snapshot_copy, SOURCE)
        landed = self.run(snapshot_replicate, DR, published=manifests(published))
        pruned = [self.prune_all(side, landed=manifests(landed)) for side in SIDES]
        return [published, landed, *pruned]

    def prune_all(self, side: Side, **given: Any) -> dict[str, Any]:
        """Prune, and paste what a run asks for that would delete too much: these worlds keep one of each database."""
        result = self.run(snapshot_prune, side, **given)
        if "accept_deletions" not in result:
            return result
        return self.run(snapshot_prune, side, accept_deletions=[result["accept_deletions"]], **given)

    @contextmanager
    def dies(self, at: int, *, after: bool) -> Iterator[Death]:
        """Kill what runs inside at one of its calls, before or after that took effect, if it comes so far."""
        self.death = Death(at, after)
        try:
            yield self.death
        except Killed:
            pass
        finally:
            self.death = Death()

    # -- what can be seen ----------------------------------------------------------------------------------------

    def new_calls(self) -> list[dict[str, Any]]:
        """Return the calls since the last time, without the administrator's own questions."""
        found = self.lab.calls(since=self._read)
        self._read = found[-1]["sequence"] if found else self._read
        return found

    def status(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.lab.admin("GET", "status")
        return found


def failure(error: LifeboatError) -> dict[str, Any]:
    return {**error.as_result(), "failed": True, "changed": False, "steps": [], "resume": []}


def manifests(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Pick the manifest of each result, as a playbook does. A module that failed early has none."""
    return [result["manifest"]] if "manifest" in result else []


def writing(calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [call for call in calls if not call["action"].startswith(READS)]


def make_key(lab: Lab, side: Side, *accounts: str, alias: str | None = None) -> str:
    """Make a customer managed key whose policy lets these accounts do everything."""
    kms = lab.client(side.profile, "kms", side.region)
    names = [f"arn:aws:iam::{account}:root" for account in accounts]
    statement = {"Effect": "Allow", "Principal": {"AWS": names}, "Action": "kms:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    arn = str(kms.create_key(Policy=policy)["KeyMetadata"]["Arn"])
    if alias:
        kms.create_alias(AliasName=alias, TargetKeyId=arn)
    return arn
