# SPDX-License-Identifier: GPL-3.0-or-later
"""A site that answers from plain values and records its calls, and the options that a module gets by default."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import Mock

import pytest
import yaml

from ansible_collections.lifeboat.rds.plugins.module_utils._aws.identity import Chosen
from ansible_collections.lifeboat.rds.plugins.module_utils._aws.site import Site
from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.plan import Copy
from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.quota import Quota
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import Database, Key, RecoveryPoint
from ansible_collections.lifeboat.rds.plugins.module_utils._core.option_groups import OptionGroup
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.isolation import Network, SecurityGroup
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.needs import ClassOffer, WantedClass
from ansible_collections.lifeboat.rds.plugins.module_utils._module.arguments import SITE
from tests.builders import NOW, SOURCE, WEST, copying, refusal

WRITES = frozenset(
    [
        *("copy", "share", "tag", "delete_recovery_point", "restore", "stand_in", "add_member", "set_password"),
        *("manage_password", "delete_database", "put_metrics"),
    ],
)
GROUPS = (SecurityGroup("sg-1", "drill"), SecurityGroup("sg-open", "open", ("0.0.0.0/0",)))
NETWORK = Network("private", "vpc-1", ("subnet-1", "subnet-2"), security_groups=GROUPS)


def make_site(
    account: str = SOURCE,
    region: str = WEST,
    *,
    points: Iterable[RecoveryPoint] = (),
    databases: Iterable[Database] = (),
    keys: Iterable[Key] = (),
    aliases: Mapping[str, Key] | None = None,
    shared: Mapping[str, Iterable[RecoveryPoint]] | None = None,
    shares: Iterable[str] = (),
    network: Network = NETWORK,
    quotas: Mapping[str, Quota] | None = None,
    groups: Iterable[OptionGroup] = (),
    account_quotas: Mapping[str, Quota] | None = None,
    offers_of: Mapping[WantedClass, ClassOffer] | None = None,
    parameter_groups: Iterable[str] = (),
) -> Mock:
    """Build a site that has these rows. Copies that are started show up in later answers as ``copying``.

    :param shared: what other accounts share with this one, by Region.
    :param shares: the accounts with which every snapshot of this site is shared.
    :param quotas: for manual snapshots, by kind.
    :param offers_of: what AWS offers of some classes; it offers all others.
    """
    rows, here, offers = list(points), list(databases), shared
    elsewhere: dict[str, Mock] = {}
    known = {**{one.arn: one for one in keys}, **(aliases or {})}
    site = Mock(spec=Site, account=account, region=region, now=NOW, api_calls=Counter(), left_out=[])

    def key(key_id: str) -> Key:
        if key_id not in known:
            raise refusal("permission", "AccessDenied")
        return known[key_id]

    def recovery_points(origin: str | None = None, *, shared: bool = False) -> list[RecoveryPoint]:
        others = list((offers or {}).get(region, ())) if shared or origin == "shared" else []
        return [row for row in rows if row.region == region and origin in (None, row.origin)] + others

    def points_named(names: Mapping[str, Iterable[str]]) -> list[RecoveryPoint]:
        return [row for row in rows if row.name in names.get(row.kind, ())]

    def databases_named(names: Mapping[str, Iterable[str]]) -> list[Database]:
        return [one for one in here if one.id.identifier in names.get(one.id.kind, ())]

    def copy(wanted: Copy) -> RecoveryPoint:
        rows.append(copying(wanted, account, region))
        return rows[-1]

    def in_region(where: str) -> Mock:
        if where == region:
            return site
        if where not in elsewhere:
            there = [row for row in rows if row.region == where]
            elsewhere[where] = make_site(
                account, where, points=there, keys=keys, aliases=aliases, shared=offers, quotas=quotas, groups=groups
            )
            site.attach_mock(elsewhere[where], where.replace("-", "_"))
        return elsewhere[where]

    site.chosen, site.caller = Chosen("staging", "lifeboat_profiles.publish"), f"arn:aws:iam::{account}:user/x"
    site.check_account.side_effect = lambda expected: Site.check_account(site, expected)
    site.key.side_effect = key
    site.keys.side_effect = lambda key_ids: Site.keys(site, key_ids)
    site.in_region.side_effect = in_region
    site.databases.side_effect = lambda: list(here)
    site.databases_named.side_effect = databases_named
    site.recovery_points.side_effect = recovery_points
    site.recovery_points_named.side_effect = points_named
    site.shared_with.side_effect = lambda _point: frozenset(shares)
    site.network.side_effect = lambda _name: network
    site.networks.side_effect = lambda names: {name: replace(network, subnet_group=name) for name in names}
    site.account_quotas.side_effect = lambda: account_quotas or {}
    site.class_offer.side_effect = lambda wanted: (offers_of or {}).get(wanted, ClassOffer(True, iam=True))
    site.parameter_groups.side_effect = lambda names: frozenset(names) & frozenset(parameter_groups)
    site.cluster_parameter_groups.side_effect = lambda names: frozenset(names) & frozenset(parameter_groups)
    site.copy.side_effect = copy
    room = {kind: Quota(0, 100) for kind in ("instance", "cluster")} | dict(quotas or {})
    site.quotas.side_effect = lambda: {(region, kind): quota for kind, quota in room.items()}
    site.option_groups.side_effect = lambda: {group.name: group for group in groups}
    return site


@pytest.fixture
def site() -> Callable[..., Mock]:
    return make_site


@pytest.fixture
def writes() -> Callable[[Mock], list[str]]:
    """Return a function that lists the writing calls that a site got, in their order."""
    return lambda site: [name for name, _arguments, _named in site.mock_calls if name in WRITES]


@pytest.fixture
def options() -> Callable[..., dict[str, Any]]:
    """Return a function that builds the options of a module: the given ones, otherwise the defaults."""

    def options(module: ModuleType, **given: Any) -> dict[str, Any]:
        spec = {**SITE, **module.ARGUMENTS}
        unknown = set(given) - set(spec)
        assert not unknown, f"{module.__name__} has no option {unknown}"
        return {name: one.get("default") for name, one in spec.items()} | {"account_id": SOURCE, **given}

    return options


@pytest.fixture
def promised() -> Callable[[ModuleType], set[str]]:
    """Return a function that reads from the documentation of a module what each step always has."""

    def promised(module: ModuleType) -> set[str]:
        steps = yaml.safe_load(module.RETURN)["steps"]["contains"]
        return {name for name, one in steps.items() if one["returned"] == "always"}

    return promised


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Name a folder for evidence that does not exist yet."""
    return tmp_path / "evidence"
