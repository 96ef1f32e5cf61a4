# SPDX-License-Identifier: GPL-3.0-or-later
"""Read what the inventory says of sites: who publishes for whom, and where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Site = Mapping[str, Any]  # the variables of an inventory host


def publishing_for(hosts: Iterable[Site], account: str) -> list[str]:
    """Return the source sites that publish for an account. An account without quotes in YAML is a number."""
    return [
        str(host["inventory_hostname"])
        for host in hosts
        if str(account) in (str(one) for one in host.get("lifeboat_dr_accounts") or ())
    ]


def publishing_regions(hosts: Iterable[Site]) -> list[str]:
    """Return the Regions in which source sites publish: their own, unless they name another one for it."""
    regions = (host.get("lifeboat_publish_region") or host["lifeboat_region"] for host in hosts)
    return list(dict.fromkeys(str(region) for region in regions))


def by_site(hosts: Iterable[Site], variable: str) -> dict[str, Any]:
    """Return a variable of each site that has it, by inventory host. A site outside ``--limit`` has none."""
    return {str(host["inventory_hostname"]): host[variable] for host in hosts if variable in host}
