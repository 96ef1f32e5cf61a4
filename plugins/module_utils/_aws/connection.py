# SPDX-License-Identifier: GPL-3.0-or-later
"""Talk to AWS with one set of credentials: sessions, clients, counted calls, pages, and AWS's clock."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from .._core.errors import LifeboatError
from .errors import AwsRefusal, refusals
from .identity import Chosen, WrongAccount
from .pace import Pace
from .rows import Incomplete, Row
from .session import open_session

with suppress(ImportError):  # AnsibleAWSModule reports the missing library
    from botocore.config import Config

IDS_A_CALL = 50  # a longer filter meets a length limit
RETRIES = {"mode": "standard", "max_attempts": 6}
# A store of manifests that is down must not hold up the protection.
IMPATIENT = {"connect_timeout": 5, "read_timeout": 30, "retries": {"mode": "standard", "max_attempts": 2}}
# Neptune and DocumentDB share the RDS control plane and its list calls.
FOREIGN_ENGINES = ("neptune", "docdb")
# How to look for something, by the word in its ARN.
ARN_WORDS = {
    "snapshot": ("describe_db_snapshots", "DBSnapshotIdentifier"),
    "cluster-snapshot": ("describe_db_cluster_snapshots", "DBClusterSnapshotIdentifier"),
    "db": ("describe_db_instances", "DBInstanceIdentifier"),
    "cluster": ("describe_db_clusters", "DBClusterIdentifier"),
}

Here = TypeVar("Here", bound="Connection")
One = TypeVar("One")


class Connection:
    """One account, one Region, one set of credentials.

    Every method raises AwsRefusal when AWS does not carry out the call.
    """

    def __init__(self, session: Any, region: str, settings: Mapping[str, Any], chosen: Chosen | None = None) -> None:
        self.region = region
        self.chosen = chosen or Chosen()
        self.api_calls: Counter[str] = Counter()
        self.left_out: list[str] = []  # rows that cannot be read, and why
        self._session = session
        self._settings = settings
        self._clients: dict[tuple[str, str], Any] = {}
        self._dates: list[datetime] = []  # the last one, from whichever Region
        self._started: list[float] = []  # likewise
        self._identity: Mapping[str, str] | None = None

    @classmethod
    def connect(cls: type[Here], module: Any, profile_from: str | None = None) -> Here:
        """Connect with the options of an AnsibleAWSModule. One session a pass, so one AssumeRole a pass.

        :param profile_from: the variable that chose the profile.
        :raises LifeboatError: when no Region is set.
        """
        from ansible_collections.amazon.aws.plugins.module_utils.botocore import get_aws_connection_info

        with refusals("Cannot open a session"):
            region, endpoint, options = get_aws_connection_info(module)
            config = Config(retries=dict(RETRIES), user_agent_extra="lifeboat.rds").merge(
                options.pop("aws_config", Config())
            )
        profile = options.pop("profile_name", None)
        is_told = bool(options.get("aws_access_key_id"))
        chosen = Chosen.of(profile, profile_from, os.environ, is_told=is_told)
        with chosen.told("Cannot open a session"):
            session = open_session(profile)
        if region is None:
            raise LifeboatError("Cannot choose a Region", why="none is set", remedy="Set region, or one in the profile")
        return cls(session, region, {"endpoint_url": endpoint, "config": config, **options}, chosen)

    def in_region(self: Here, region: str) -> Here:
        """Look at another Region with the same credentials. Calls are counted together."""
        if region == self.region:
            return self
        other = type(self)(self._session, region, self._settings, self.chosen)
        other.api_calls, other._clients, other._identity = self.api_calls, self._clients, self._identity
        other._dates, other._started, other.left_out = self._dates, self._started, self.left_out
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
        """Return the client of SNS, for topics."""
        return self._client("sns")

    def storage(self) -> Any:
        """Return the client of S3, for the store of manifests."""
        return self._client("s3", **IMPATIENT)

    def _count(self, event_name: str, **_kwargs: Any) -> None:
        """Count HTTP attempts, retries among them: before-send.SERVICE.OPERATION."""
        self.api_calls[event_name.split(".", 1)[1].replace(".", ":")] += 1

    def _read_clock(self, http_response: Any, **_kwargs: Any) -> None:
        if date := http_response.headers.get("Date"):
            self._dates[:] = [parsedate_to_datetime(date)]

    @property
    def now(self) -> datetime:
        """Tell AWS's time by its last answer: the controller's clock may be wrong.

        Before any other answer, such as in a plan of copies that all wait for a slot, ask whose these credentials are.

        :raises LifeboatError: when no answer has a Date.
        """
        if self._dates or (self.account and self._dates):
            return self._dates[0]
        why, remedy = "the answers of AWS have no Date", "Check the endpoint of the profile"
        raise LifeboatError("Cannot tell the time", why=why, remedy=remedy)

    @property
    def last_start(self) -> float:
        """Tell when a copy was last asked for, on this machine's monotonic clock."""
        return self._started[0] if self._started else 0.0

    @property
    def account(self) -> str:
        """Ask once whose credentials these are."""
        return self._whose()["Account"]

    @property
    def caller(self) -> str | None:
        """Return the ARN of the user or role that these credentials are of."""
        return self._whose().get("Arn")

    def _whose(self) -> Mapping[str, str]:
        if self._identity is None:
            with self.chosen.told(f"Cannot tell whose credentials these are in {self.region}"):
                self._identity = self._client("sts").get_caller_identity()
        return self._identity

    def check_account(self, expected: str) -> None:
        """Refuse credentials that are not those of the declared account.

        :raises LifeboatError: when they belong to another one.
        """
        if self.account != expected:
            raise WrongAccount(expected, self.account, self.caller, self.chosen)

    def _is_there(self, arn: str) -> bool:
        """Look whether a snapshot or database of any account still exists. What cannot be seen counts as existing."""
        _arn, _aws, _rds, region, account, word, name = arn.split(":", 6)
        operation, identifier = ARN_WORDS[word]
        about: dict[str, Any] = {identifier: name}
        if account != self.account and "snapshot" in word:
            about = {identifier: arn, "IncludeShared": True}
        try:
            with refusals(f"Cannot look for {arn}"):
                getattr(self.in_region(region)._client("rds"), operation)(**about)
        except AwsRefusal as refusal:
            return refusal.meaning != "missing"
        return True

    def _pages(self, operation: str, key: str, **parameters: Any) -> Iterable[Mapping[str, Any]]:
        with refusals(f"Cannot list {key} in {self.region}"):
            for page in self._client("rds").get_paginator(operation).paginate(**parameters):
                yield from page[key]

    def _read(self, found: Iterable[Row], convert: Callable[[Row], One]) -> list[One]:
        """Convert rows. Those that lack what nothing can replace are left out, and told."""
        read: list[One] = []
        for row in found:
            try:
                read.append(convert(row))
            except Incomplete as error:
                self.left_out.append(f"{error} in {self.region}, so it is left out.")
        return read


def is_foreign(row: Row) -> bool:
    """Tell whether a row belongs to Neptune or DocumentDB."""
    engine = row.get("Engine")
    return engine is not None and engine.startswith(FOREIGN_ENGINES)


def chunks(names: Iterable[str]) -> Iterable[list[str]]:
    """Cut names into lists of as many as one filter takes."""
    ordered = sorted(names)
    return (ordered[start : start + IDS_A_CALL] for start in range(0, len(ordered), IDS_A_CALL))
