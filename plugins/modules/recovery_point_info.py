#!/usr/bin/python
# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: recovery_point_info
short_description: Show the newest recovery point of each database at each place
version_added: 0.1.0
description:
  - Shows for each database that this site has, and for each that it holds recovery points of, the newest one at each
    place that the site sees, its age against the objective, and what is unprotected and why.
  - At a source site, with O(dr_accounts), a database is protected if its newest recovery point that has landed there is
    within the objective. Elsewhere the newest recovery point that this account owns counts.
  - Databases that a drill restored, and stand-ins, are not listed. Nor is what is only history, see O(history).
  - Reads by page, and the quotas in one call. Only O(audit_shares) takes a call for each snapshot.
options:
  dr_accounts:
    description:
      - At a source site, the accounts in which the recovery points must have landed.
      - M(lifeboat.rds.snapshot_prune) marks what has landed, so this site need not see the other one.
    type: list
    elements: str
    default: []
  source_regions:
    description:
      - The Regions in which to read what other accounts share with this one.
      - Shared snapshots are shown, but do not protect a database, since their owner may take them back.
    type: list
    elements: str
    default: []
  source_accounts:
    description: The accounts whose shared snapshots are shown. Required with O(source_regions).
    type: list
    elements: str
    default: []
  rpo:
    description:
      - The age in seconds that the newest recovery point of a database should not exceed.
      - The default is 36 hours. Just before the next daily one lands, the newest is a day old, and the copy takes time.
    type: int
    default: 129600
  history:
    description:
      - Whether to list databases that are gone and never were published from here as well, such as those of which
        somebody kept the final snapshot. Their state is V(history).
    type: bool
    default: false
  audit_shares:
    description:
      - Whether to report which manual snapshots of this account are public, or shared with accounts that are neither in
        O(dr_accounts) nor in O(allowed_accounts).
      - It takes one call for each manual snapshot, whatever databases are selected.
    type: bool
    default: false
  allowed_accounts:
    description: Accounts with which manual snapshots may be shared, besides O(dr_accounts).
    type: list
    elements: str
    default: []
notes:
  - Needs the IAM actions C(rds:DescribeDBInstances), C(rds:DescribeDBClusters), C(rds:DescribeDBSnapshots),
    C(rds:DescribeDBClusterSnapshots) and C(rds:DescribeAccountAttributes). With O(audit_shares) also
    C(rds:DescribeDBSnapshotAttributes) and C(rds:DescribeDBClusterSnapshotAttributes).
  - With O(dr_accounts), to say that an option group keeps a database in its account, C(rds:DescribeOptionGroups).
  - To tell the secondary clusters of global databases where their rows do not, C(rds:DescribeGlobalClusters).
  - For a database that is not at this site, O(databases), O(match_tags) and O(engines) go by its snapshots.
author:
  - The Lifeboat authors (@lifeboat-rds)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - lifeboat.rds.attributes
  - lifeboat.rds.attributes.info
  - lifeboat.rds.site
  - lifeboat.rds.selection
  - lifeboat.rds.overrides.coverage
"""

EXAMPLES = r"""
- name: Show what the DR site could restore
  lifeboat.rds.recovery_point_info:
    account_id: "210987654321"
    region: eu-central-1
    rpo: 86400
  register: recovery_points

- name: Show at the source what is not safe in the DR account, and which snapshots others may copy
  lifeboat.rds.recovery_point_info:
    account_id: "123456789012"
    region: eu-west-1
    dr_accounts: ["210987654321"]
    rpo: 86400
    overrides:
      - databases: [orders]
        rpo: 3600
    audit_shares: true
  register: recovery_points
"""

RETURN = r"""
databases:
  description: One entry for each database.
  returned: always
  type: list
  elements: dict
  contains:
    database:
      description: Its identifier.
      type: str
      returned: always
      sample: orders
    kind:
      description: V(instance) or V(cluster).
      type: str
      returned: always
    engine:
      description: Its engine.
      type: str
      returned: always
    database_arn:
      description:
        - The ARN of the original database.
        - At a DR site its recovery points tell it, and it is null where they do not. Of recovery points that others
          made, it is that of a database where they lie.
      type: str
      returned: always
      sample: arn:aws:rds:eu-west-1:123456789012:db:orders
    account_id:
      description: The account of the original database. AWS tells it, and no name or manifest can change it.
      type: str
      returned: always
      sample: "123456789012"
    region:
      description: The Region of the original database, by its ARN.
      type: str
      returned: always
      sample: eu-west-1
    digest:
      description:
        - The digest of the original database, the same at every site. A database that was created again under the same
          name has another one.
        - It is part of the names of all recovery points that this installation makes of it.
      type: str
      returned: always
      sample: 5f0c2a9b7d31
    tags:
      description: The tags of the database. If the database is not here, those that came with its recovery points.
      type: dict
      returned: always
      sample: {tier: gold}
    exists:
      description: Whether the database itself is at this site now.
      type: bool
      returned: always
    newest:
      description:
        - The newest recovery point by place, which is account, Region and type.
        - The place V(210987654321 (landed\)) is an account of O(dr_accounts) that has a copy of the recovery point.
        - An intermediate snapshot of a copy is not a recovery point.
      type: dict
      returned: always
      sample:
        123456789012/eu-west-1/automated:
          name: rds:orders-2026-11-23-02-05
          arn: arn:aws:rds:eu-west-1:123456789012:snapshot:rds:orders-2026-11-23-02-05
          original_time: "2026-11-23T02:05:00Z"
          age_seconds: 43200
          database_arn:
    oldest:
      description:
        - The oldest recovery point that landed here, which is how far back a recovery can go.
        - Null if nothing of it landed here, as at a source site.
      type: dict
      returned: always
      sample:
        name: lifeboat-orders-20261023020500-5f0c2a9b7d31
        arn: arn:aws:rds:eu-central-1:210987654321:snapshot:lifeboat-orders-20261023020500-5f0c2a9b7d31
        original_time: "2026-10-23T02:05:00Z"
        age_seconds: 2721600
        database_arn: arn:aws:rds:eu-west-1:123456789012:db:orders
    last_verified:
      description:
        - Which of the recovery points here a drill verified last, and when, as M(lifeboat.rds.recovery_point_mark) left
          it.
        - Null if no drill verified one.
      type: dict
      returned: always
      sample:
        time: "2026-11-23T14:05:00Z"
        age_seconds: 3600
        name: lifeboat-orders-20261123020500-5f0c2a9b7d31
        arn: arn:aws:rds:eu-central-1:210987654321:snapshot:lifeboat-orders-20261123020500-5f0c2a9b7d31
    in_flight:
      description: The names of recovery points that are being made.
      type: list
      elements: str
      returned: always
    age_seconds:
      description:
        - The age of the newest recovery point that counts, from its original time. Null if there is none.
        - With several O(dr_accounts), the greatest age among them.
      type: int
      returned: always
    rpo:
      description: The objective that holds for it, in seconds.
      type: int
      returned: always
    state:
      description:
        - V(protected) or V(unprotected), as RV(databases[].protected) says.
        - V(excluded) with O(overrides[].protect=false), V(replica) if it replicates another database and is covered by
          it, and V(history) if it is gone and only snapshots of others are left of it.
      type: str
      returned: always
      sample: protected
    replica_of:
      description: The ARN of the database that it replicates. Null if it is not a replica, or not here.
      type: str
      returned: always
    recipe:
      description:
        - Whether its newest recovery point here tells how the database was configured. If not, a recovery cannot make
          it as it was.
        - Null at a source site, and without such a recovery point.
      type: bool
      returned: always
    protected:
      description:
        - Whether there is a recovery point that counts, within the objective.
        - Null if it needs none, as RV(databases[].state) tells.
      type: bool
      returned: always
    reason:
      description: Why it is not protected, and what prevents backups of the database, if anything does.
      type: str
      returned: always
      sample: nothing of it has landed in 210987654321
in_flight:
  description: The recovery points of the selected databases that are being made.
  returned: always
  type: list
  elements: dict
  contains:
    database:
      description: The identifier of the database.
      type: str
      returned: always
    kind:
      description: V(instance) or V(cluster).
      type: str
      returned: always
    name:
      description: The name of the snapshot.
      type: str
      returned: always
quotas:
  description:
    - How many manual snapshots this account has in its Region (C(used)), how many it may have (C(max)), and how many
      may still be made (C(free)), by the names that AWS gives to these quotas.
  returned: always
  type: dict
  sample: {"ManualSnapshots": {"used": 40, "max": 100, "free": 60}}
foreign_shares:
  description: The manual snapshots of this account that others than the named accounts may copy.
  returned: when O(audit_shares=true)
  type: list
  elements: dict
  contains:
    database:
      description: The identifier of the database.
      type: str
      returned: always
    kind:
      description: V(instance) or V(cluster).
      type: str
      returned: always
    name:
      description: The name of the snapshot.
      type: str
      returned: always
    arn:
      description: The ARN of the snapshot.
      type: str
      returned: always
    accounts:
      description: The accounts that may copy it, but should not. V(all) is everybody.
      type: list
      elements: str
      returned: always
    public:
      description: Whether everybody may copy it.
      type: bool
      returned: always
    ours:
      description: Whether this installation made it.
      type: bool
      returned: always
api_calls:
  description: The number of HTTP requests to AWS by service and operation, retries included.
  returned: always
  type: dict
  sample: {"rds:DescribeDBSnapshots": 2, "sts:GetCallerIdentity": 1}
now:
  description: The time at AWS.
  returned: success
  type: str
  sample: "2026-11-23T14:05:00Z"
"""

from collections.abc import Iterable
from typing import Any

from ansible_collections.lifeboat.rds.plugins.module_utils._aws.errors import AwsRefusal
from ansible_collections.lifeboat.rds.plugins.module_utils._aws.site import Site
from ansible_collections.lifeboat.rds.plugins.module_utils._core.copying.elsewhere import nothing_known
from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.selection import Candidate, select
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import MANAGED_BY, RecoveryPoint
from ansible_collections.lifeboat.rds.plugins.module_utils._core.naming import is_of_unknown_origin
from ansible_collections.lifeboat.rds.plugins.module_utils._core.option_groups import Groups
from ansible_collections.lifeboat.rds.plugins.module_utils._core.regions import in_one_region
from ansible_collections.lifeboat.rds.plugins.module_utils._core.sharing import check_accounts
from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.coverage import (
    Coverage,
    View,
    can_be_shared,
    candidates,
    cover,
    foreign_share,
    has_option_groups,
    headroom,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.standing import describe
from ansible_collections.lifeboat.rds.plugins.module_utils._module.arguments import PROTECTION, SELECTION, overrides_of
from ansible_collections.lifeboat.rds.plugins.module_utils._module.entry import run_module
from ansible_collections.lifeboat.rds.plugins.module_utils._module.requests.cover import read_cover
from ansible_collections.lifeboat.rds.plugins.module_utils._pass.requests.cover import CoverRequest

ARGUMENTS: dict[str, Any] = {
    "dr_accounts": {"type": "list", "elements": "str", "default": []},
    "source_regions": {"type": "list", "elements": "str", "default": []},
    "source_accounts": {"type": "list", "elements": "str", "default": []},
    "rpo": {"type": "int", "default": 129600},
    "history": {"type": "bool", "default": False},
    "audit_shares": {"type": "bool", "default": False},
    "allowed_accounts": {"type": "list", "elements": "str", "default": []},
    **SELECTION,
    **overrides_of(rpo={"type": "int"}, **PROTECTION),
}


def run(params: dict[str, Any], site: Site, **_check_mode: bool) -> dict[str, Any]:
    """Read everything by page. Nothing changes, so check mode does the same."""
    return cover_all(read_cover(params), site)


def cover_all(request: CoverRequest, site: Site) -> dict[str, Any]:
    """Describe how each selected database is covered, and on request who else may copy its snapshots."""
    site.check_account(request.account_id)
    dr_accounts = check_accounts("dr_accounts", request.dr_accounts, site.account)
    source_accounts = check_accounts("source_accounts", request.source_accounts, site.account)
    known = dr_accounts | check_accounts("allowed_accounts", request.allowed_accounts, site.account)
    databases, points = site.databases(), site.recovery_points()
    groups = option_groups(site) if dr_accounts and has_option_groups(databases) else {}
    view = View(site.account, request.prefix, dr_accounts, groups)
    shared = shared_points(site, request.source_regions, source_accounts)
    found = cover(databases, [*points, *shared], view)
    covered = candidates(one for one in found if request.history or not one.is_history)
    selected = select(covered, request.selection, f"account {site.account}, {site.region}")
    result = describe_all(selected, view, request, site) | {"quotas": headroom(site.quotas())}
    unknown = sorted(point.name for point in points if is_of_unknown_origin(point, request.prefix))
    origins = (point.database_arn for point in points if point.tags.get(MANAGED_BY) == request.prefix)
    result["warnings"] = in_one_region(origins, site.account, site.region)
    if unknown:
        result["warnings"] = [*result["warnings"], of_unknown_origin(unknown)]
    if dr_accounts and not covered:
        result["warnings"] = [*result["warnings"], nothing_known(f"account {site.account} in {site.region}")]
    if request.audit_shares:
        result["foreign_shares"] = audit(points, known, request.prefix, site)
    return result


def of_unknown_origin(names: list[str]) -> str:
    """Warn of snapshots with our tag that belong to no database."""
    more = f" and {len(names) - 1} more" if names[1:] else ""
    return (
        f"Nobody knows from which account {names[0]}{more} come: the names fit neither AWS's source nor our tag. They "
        "are kept. Look at who may write tags here."
    )


def option_groups(site: Site) -> Groups:
    """Read the option groups of the site. Without the right to read them, only a reason is missing from the report."""
    try:
        return site.option_groups()
    except AwsRefusal:
        return {}


def shared_points(site: Site, regions: Iterable[str], accounts: frozenset[str]) -> list[RecoveryPoint]:
    """Read what these accounts share with this one in these Regions."""
    shared = [point for region in regions for point in site.in_region(region).recovery_points("shared")]
    return [point for point in shared if point.account in accounts]


def describe_all(selected: list[Candidate], view: View, request: CoverRequest, site: Site) -> dict[str, Any]:
    """Describe each database by its own objective, and list what is in flight."""
    objectives, protection = request.objectives, request.protection
    databases = [describe(one.item, view, objectives.of(one).rpo, site.now, protection.of(one)) for one in selected]
    in_flight = [facts for one in selected for facts in unfinished(one.item)]
    return {"changed": False, "databases": databases, "in_flight": in_flight}


def unfinished(covered: Coverage) -> list[dict[str, str]]:
    return [{"database": covered.identifier, "kind": covered.kind, "name": name} for name in covered.in_flight]


def audit(points: list[RecoveryPoint], known: frozenset[str], prefix: str, site: Site) -> list[dict[str, Any]]:
    """List what others than the known accounts may copy, with one call for each manual snapshot."""
    found = [foreign_share(point, site.shared_with(point), known, prefix) for point in points if can_be_shared(point)]
    return [one for one in found if one is not None]


def main() -> None:
    run_module(run, ARGUMENTS)


if __name__ == "__main__":
    main()
