# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of other sites counts, and a site that says nothing is left out."""

from __future__ import annotations

from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.sites import by_site, publishing_regions

HOSTS = [
    {"inventory_hostname": "one", "lifeboat_region": "us-west-2"},
    {"inventory_hostname": "two", "lifeboat_region": "us-west-2", "lifeboat_publish_region": "us-east-1"},
    {"inventory_hostname": "three", "lifeboat_region": "us-east-1"},
]


def test_a_site_publishes_in_its_region_unless_it_names_another() -> None:
    assert publishing_regions(HOSTS) == ["us-west-2", "us-east-1"]


def test_an_empty_region_to_publish_in_counts_as_not_set() -> None:
    assert publishing_regions([HOSTS[0] | {"lifeboat_publish_region": ""}]) == ["us-west-2"]


def test_only_sites_that_have_a_variable_are_asked_for_it() -> None:
    assert by_site(HOSTS, "lifeboat_publish_region") == {"two": "us-east-1"}
