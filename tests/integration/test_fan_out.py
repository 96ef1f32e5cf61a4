# SPDX-License-Identifier: GPL-3.0-or-later
"""Several source sites to several DR sites in one run: production to both DR accounts, staging to one of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from lifeboat_lab import Lab
from tests.integration.play import Run, forget_calls, play, snapshots, writes

PRODUCTION, STAGING = "111111111111", "555555555555"
PRODUCTION_DR, STAGING_DR = "222222222222", "666666666666"
ACCOUNTS = re.compile(r"\d{12}")
AT_ONCE = dict.fromkeys(("snapshot", "snapshot_gib", "copy", "copy_gib"), 0.0)
REGIONS = {
    "production": "us-west-2",
    "production_dr": "us-east-1",
    "staging": "eu-west-1",
    "staging_dr": "eu-central-1",
}

Site = dict[str, Any]
SOURCES: dict[str, Site] = {
    "production": {"lifeboat_account_id": PRODUCTION, "lifeboat_dr_accounts": [PRODUCTION_DR, STAGING_DR]},
    "staging": {"lifeboat_account_id": STAGING, "lifeboat_dr_accounts": [STAGING_DR]},
}
DR_SITES: dict[str, Site] = {
    "production_dr": {"lifeboat_account_id": PRODUCTION_DR, "lifeboat_max_age_days": 35},
    "staging_dr": {"lifeboat_account_id": STAGING_DR, "lifeboat_max_age_days": 35},
}
COMMON = {
    "ansible_connection": "local",
    "ansible_python_interpreter": "{{ ansible_playbook_python }}",
    "lifeboat_kms_key_id": "alias/lifeboat",
    # This is about the sites; what each role may do is proven elsewhere.
    "lifeboat_profiles": dict.fromkeys(("publish", "replicate", "prune"), "{{ inventory_hostname }}"),
}
# What each DR site has to own in the end.
EVERYTHING = {
    "production_dr": ["orders-00000", "orders-00001"],
    "staging_dr": ["billing-00000", "orders-00000", "orders-00001"],
}


@pytest.fixture(scope="module")
def started() -> Iterator[Lab]:
    with Lab(metadata_only=True, durations=AT_ONCE) as running:
        for account, region in REGIONS.items():
            kms = running.client(account, "kms", region)
            kms.create_alias(AliasName="alias/lifeboat", TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
        yield running


@pytest.fixture
def lab(started: Lab) -> Lab:
    """Two databases of production and one of staging, each with a snapshot, and nothing else."""
    started.admin("POST", "reset")
    started.admin("POST", "seed", {"account": "production", "prefix": "orders", "databases": 2, "snapshots": 1})
    started.admin("POST", "seed", {"account": "staging", "prefix": "billing", "databases": 1, "snapshots": 1})
    forget_calls(started)
    return started


@pytest.fixture
def run(lab: Lab, tmp_path: Path) -> Callable[..., Run]:
    def run(*arguments: str, playbook: str = "protect.yml", **changes: Mapping[str, Any]) -> Run:
        """Run a playbook on an inventory of its own, in which some sites differ."""
        unknown = set(changes) - set(REGIONS)
        assert not unknown
        hosts = [
            {name: {"lifeboat_region": REGIONS[name], **site, **changes.get(name, {})} for name, site in group.items()}
            for group in (SOURCES, DR_SITES)
        ]
        groups = dict(zip(("lifeboat_source", "lifeboat_dr"), ({"hosts": one} for one in hosts), strict=True))
        inventory = tmp_path / "hosts.yml"
        inventory.write_text(yaml.safe_dump({"all": {"vars": COMMON, "children": groups}}))
        return play(lab, playbook, "-i", str(inventory), *arguments, evidence=tmp_path)

    return run


def landed(lab: Lab) -> dict[str, list[str]]:
    """Map each DR site to the databases of which it owns a finished copy."""
    return {
        site: sorted(row["Of"] for row in snapshots(lab, site, REGIONS[site]) if row["Status"] == "available")
        for site in DR_SITES
    }


def marks(lab: Lab, site: str) -> set[tuple[str, ...]]:
    """List the accounts in which the published copies of a source site landed, by their marks."""
    rows = snapshots(lab, site, REGIONS[site], SnapshotType="manual")
    prefix = "lifeboat:landed:"
    return {
        tuple(sorted(tag["Key"].removeprefix(prefix) for tag in row["TagList"] if tag["Key"].startswith(prefix)))
        for row in rows
    }


def shared(lab: Lab) -> list[str]:
    return [
        row["Of"]
        for site in DR_SITES
        for source in SOURCES
        for row in snapshots(lab, site, REGIONS[source], SnapshotType="shared")
    ]


@pytest.mark.parametrize("forks", [1, 20])
def test_each_dr_site_owns_what_was_published_for_it(lab: Lab, run: Callable[..., Run], forks: int) -> None:
    done = run("--forks", str(forks))
    assert done.code == 0, done.output
    assert landed(lab) == EVERYTHING
    assert marks(lab, "production") == {(PRODUCTION_DR, STAGING_DR)}
    assert marks(lab, "staging") == {(STAGING_DR,)}
    assert shared(lab) == []
    forget_calls(lab)
    again = run("--forks", str(forks))
    assert again.code == 0, again.output
    assert {host: again.recap(host)["changed"] for host in REGIONS} == dict.fromkeys(REGIONS, 0)
    assert writes(lab) == []


WRONG_SITES = {
    "the wrong account behind the profile": (
        {"lifeboat_account_id": "999999999999"},
        "Cannot work on account 999999999999: these credentials belong to account 555555555555, as arn:aws:",
        "of lifeboat_profiles.prune). Correct lifeboat_profiles.prune, or account_id",
    ),
    "a profile that does not exist": (
        {"lifeboat_profiles": dict.fromkeys(("publish", "prune"), "nobody")},
        "The config profile (nobody) could not be found",
        "Correct lifeboat_profiles.prune, or add the profile to the AWS configuration",
    ),
}


@pytest.mark.parametrize(("wrong", "forks"), list(zip(WRONG_SITES, (1, 20), strict=True)))
def test_a_source_site_that_fails_does_not_stop_the_others(
    lab: Lab, run: Callable[..., Run], wrong: str, forks: int
) -> None:
    changes, why, remedy = WRONG_SITES[wrong]
    done = run("--forks", str(forks), staging=changes)
    assert done.code == 2
    assert failure_of(done, "staging", why, remedy)
    assert landed(lab) == dict.fromkeys(DR_SITES, EVERYTHING["production_dr"])
    assert marks(lab, "production") == {(PRODUCTION_DR, STAGING_DR)}, "what landed is retired all the same"
    assert {host: done.recap(host)["failed"] for host in REGIONS} == {**dict.fromkeys(REGIONS, 0), "staging": 1}


def failure_of(done: Run, site: str, why: str, remedy: str) -> bool:
    """Whether the last word on a site, beside its name, says what is wrong there and what to do."""
    _before, named, last_word = done.output.rpartition(f"fatal: [{site}]: FAILED!")
    text = " ".join(last_word.split())
    return bool(named) and why in text and remedy in text


def test_a_dr_site_that_fails_does_not_stop_the_others(lab: Lab, run: Callable[..., Run]) -> None:
    done = run(production_dr={"lifeboat_profiles": dict.fromkeys(("replicate", "prune"), "nobody")})
    assert done.code == 2
    assert failure_of(
        done, "production_dr", "The config profile (nobody) could not be found", "Correct lifeboat_profiles."
    )
    assert landed(lab) == {**EVERYTHING, "production_dr": []}
    assert marks(lab, "production") == {(STAGING_DR,)}
    assert marks(lab, "staging") == {(STAGING_DR,)}
    assert sorted(shared(lab)) == ["orders-00000", "orders-00001"], "for the DR site that still needs them"
    assert run().code == 0
    assert landed(lab) == EVERYTHING


def test_a_dr_site_for_which_nobody_publishes_says_so(lab: Lab, run: Callable[..., Run]) -> None:
    done = run(production={"lifeboat_dr_accounts": [STAGING_DR]})
    assert done.code == 2
    why = f"no source site publishes for account {PRODUCTION_DR}"
    assert failure_of(done, "production_dr", why, "Name the account in lifeboat_dr_accounts")
    assert landed(lab) == {**EVERYTHING, "production_dr": []}


def test_a_limit_leaves_the_other_sites_alone(lab: Lab, run: Callable[..., Run]) -> None:
    """Hosts outside the limit have published nothing in this run, and that is no error."""
    assert run("--limit", "production", playbook="publish.yml").code == 0
    done = run("--limit", "staging_dr,staging")
    assert done.code == 0, done.output
    assert landed(lab) == {**EVERYTHING, "production_dr": []}
    assert marks(lab, "production") == {()}, "production was not asked"


# -- who may use which keys -------------------------------------------------------------------------------------------


def opened_for(lab: Lab, site: str) -> list[str]:
    """List the foreign accounts that the policy of a site's key admits."""
    kms = lab.client(site, "kms", REGIONS[site])
    key = kms.describe_key(KeyId="alias/lifeboat")["KeyMetadata"]
    policy = json.loads(kms.get_key_policy(KeyId=key["KeyId"], PolicyName="default")["Policy"])
    return sorted(set(ACCOUNTS.findall(json.dumps(policy["Statement"]))) - {key["AWSAccountId"]})


def copies_from(lab: Lab, site: str) -> list[str]:
    """List the foreign accounts whose snapshots and keys the role of a DR site may use."""
    role = {"RoleName": "lifeboat-replicate", "PolicyName": "replicate"}
    policy = lab.client(site, "iam", REGIONS[site]).get_role_policy(**role)["PolicyDocument"]
    return sorted(set(ACCOUNTS.findall(json.dumps(policy))) - {DR_SITES[site]["lifeboat_account_id"]})


def test_keys_are_open_for_those_dr_accounts_alone_that_are_published_for(lab: Lab, run: Callable[..., Run]) -> None:
    told = {"lifeboat_profiles": {"prepare": "{{ inventory_hostname }}"}, "prepare_network": False}
    done = run(playbook="prepare.yml", **dict.fromkeys(REGIONS, told))
    assert done.code == 0, done.output
    assert opened_for(lab, "production") == [PRODUCTION_DR, STAGING_DR]
    assert opened_for(lab, "staging") == [STAGING_DR]
    assert [opened_for(lab, site) for site in DR_SITES] == [[], []]
    assert copies_from(lab, "production_dr") == [PRODUCTION]
    assert copies_from(lab, "staging_dr") == [PRODUCTION, STAGING]


# -- environments -----------------------------------------------------------------------------------------------------


def test_an_environment_that_is_not_enabled_calls_nothing_and_says_so(lab: Lab, run: Callable[..., Run]) -> None:
    done = run("-e", "lifeboat_environment=development")
    assert done.code == 0, done.output
    assert lab.calls() == []
    for done_nothing in ("published", "replicated", "retired or pruned"):
        assert f"development is not enabled: nothing is {done_nothing}" in done.output


def test_which_environments_are_enabled_is_data_of_each_site(lab: Lab, run: Callable[..., Run]) -> None:
    enabled = {"lifeboat_environment": "integration", "lifeboat_enabled_environments": ["integration"]}
    done = run(**{**dict.fromkeys(REGIONS, enabled), "staging": {**enabled, "lifeboat_environment": "staging"}})
    assert done.code == 0, done.output
    assert landed(lab) == dict.fromkeys(DR_SITES, EVERYTHING["production_dr"])
    assert lab.calls(account="staging") == []
