# SPDX-License-Identifier: GPL-3.0-or-later
"""Misspelt and half-filled inventories: each is refused with the remedy before AWS is asked, or is harmless."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from lifeboat_lab import Lab
from tests.integration.play import Run, forget_calls, play

Site = dict[str, Any]

GOOD: Site = {
    "ansible_connection": "local",
    "ansible_python_interpreter": "{{ ansible_playbook_python }}",
    "lifeboat_account_id": "222222222222",
    "lifeboat_region": "us-east-1",
    "lifeboat_dr_accounts": ["222222222222"],
    "lifeboat_kms_key_id": "alias/lifeboat",
    "lifeboat_drill_subnet_group": "lifeboat-drill",
    "lifeboat_drill_security_groups": ["lifeboat-drill"],
    "lifeboat_profiles": dict.fromkeys(
        ("publish", "replicate", "prune", "drill", "recover", "status"), "production_dr"
    ),
}
HARMLESS = "harmless"


def databases(**entry: Any) -> Site:
    return {"lifeboat_databases": {"orders": entry}}


def check(**said: Any) -> Site:
    return databases(checks=[said])


# What is said of one site, and what the message says about it.
TYPOS: dict[str, tuple[Site, str]] = {
    "a letter is missing": ({"lifeboat_max_age_day": 35}, "Did you mean lifeboat_max_age_days?"),
    "a letter is doubled": ({"lifeboat_storee": "s3://x"}, "Did you mean lifeboat_store?"),
    "two letters are swapped": ({"lifeboat_evidence_sotre": "s3://x"}, "Did you mean lifeboat_evidence_store?"),
    "one of a list": ({"lifeboat_dr_account": ["1"]}, "Did you mean lifeboat_dr_accounts?"),
    "in the prefix": ({"lifebot_store": "s3://x"}, "Did you mean lifeboat_store?"),
    "a hyphen of YAML": ({"lifeboat-store": "s3://x"}, "Did you mean lifeboat_store?"),
    "an old name": ({"lifeboat_retention_days": 35}, "Unknown variable lifeboat_retention_days"),
    "a database": ({"lifeboat_database": {}}, "Did you mean lifeboat_databases?"),
    "an environment's name": ({"lifeboat_enviroment": "staging"}, "Did you mean lifeboat_environment?"),
    "of profiles": ({"lifeboat_profile": {}}, "Did you mean lifeboat_profiles?"),
    "a key": ({"lifeboat_kms_key": "alias/x"}, "Did you mean lifeboat_kms_key_id?"),
    "of drills": ({"lifeboat_drill_database": "orders"}, "Did you mean lifeboat_drill_databases?"),
    "of recoveries": ({"lifeboat_recovery_subnets": "x"}, "Did you mean lifeboat_recovery_subnet_group?"),
    "of failbacks": ({"lifeboat_failback_hok": "x"}, "Did you mean lifeboat_failback_hook?"),
    "of events": ({"lifeboat_topic_arm": "x"}, "Did you mean lifeboat_topic_arn?"),
    "a host for checks": ({"lifeboat_checkhost": "x"}, "Did you mean lifeboat_check_host?"),
    "nothing of ours": ({"lifeboat_colour": "orange"}, "name it in lifeboat_own_names"),
    "recover": ({"recover_database": "orders"}, "Did you mean recover_databases?"),
    "drill": ({"drill_database": "orders"}, "Did you mean drill_databases?"),
    "publish": ({"publish_database": "orders"}, "Did you mean publish_databases?"),
    "replicate": ({"replicate_single_stp": False}, "Did you mean replicate_single_step?"),
    "prune": ({"prune_aply": False}, "Did you mean prune_apply?"),
    "prune's release": ({"prune_relase": ["x"]}, "Did you mean prune_release?"),
    "reap": ({"reap_acount_id": "x"}, "Did you mean reap_account_id?"),
    "status": ({"status_database": "x"}, "Did you mean status_databases?"),
    "posture": ({"posture_put_metric": True}, "Did you mean posture_put_metrics?"),
    "prepare": ({"prepare_netwrok": False}, "Did you mean prepare_network?"),
    "failback": ({"failback_database": ["x"]}, "Did you mean failback_databases?"),
    "subscription": ({"subscription_event": []}, "Did you mean subscription_events?"),
    "the setting of a database": (databases(rop=60), "Did you mean 'rpo'?"),
    "another setting": (databases(ownr="x"), "Did you mean 'owner'?"),
    "a retention of one": (databases(max_age_dayz=9), "Did you mean 'max_age_days'?"),
    "a class of one": (databases(instance_class="db.t4g.medium"), "Did you mean 'db_instance_class'?"),
    "a recovery of one": (databases(recovery={"restoreas": "x"}), "Did you mean 'restore_as'?"),
    "capacity of one": (databases(serverless={"min": 1}), "Set serverless to a dictionary of min and max"),
    "a text for a number": (databases(rpo="daily"), "Set rpo to a whole number of seconds"),
    "a kind of one": (databases(kinds=["clusters"]), "a list of instance and cluster"),
    "a list of databases": ({"lifeboat_databases": ["orders"]}, "not a dictionary"),
    "a number for one": ({"lifeboat_databases": {"orders": 5}}, "it is not a dictionary"),
    "the order of them": ({"lifeboat_databases": {"a": {"rpo": 5}, "*": {"rpo": 9}}}, "Put it first"),
    "a check": (check(check="row", table="x"), "Did you mean 'rows'?"),
    "no check": (check(table="x"), "one has no 'check'"),
    "a parameter of a check": (check(check="rows", table="x", minimun=1), "Did you mean 'minimum'?"),
    "a parameter of another check": (check(check="rows", table="x", column="y"), "unknown key 'column'"),
    "a check that knows no table": (check(check="freshness", tabel="x"), "Did you mean 'table'?"),
    "the retention": ({"lifeboat_retention": {"max_age_dayz": 35}}, "Did you mean 'max_age_days'?"),
    "the retention's weeks": ({"lifeboat_retention": {"week": 3}}, "Did you mean 'weekly'?"),
    "a profile": ({"lifeboat_profiles": {"replciate": "x"}}, "Did you mean 'replicate'?"),
    "a limit": ({"lifeboat_max_in_flight": {"instances": 3}}, "Did you mean 'instance'?"),
    "a stand-in": ({"lifeboat_stand_in": {"subnet_groups": "x"}}, "Did you mean 'subnet_group'?"),
    "a recovery point": ({"lifeboat_drill_recovery_point": {"chose": "at"}}, "Did you mean 'choose'?"),
    "an environment": ({"lifeboat_environment": "prodution"}, "Did you mean production?"),
    "the host of the checks": ({"lifeboat_check_host": "a_lettr_is_missing"}, "Did you mean a_letter_is_missing?"),
    "no account": ({"lifeboat_account_id": None}, "it has no lifeboat_account_id"),
    "half an account": ({"lifeboat_account_id": "2222"}, "Set it to the 12 digits"),
    "a number that lost its zeros": ({"lifeboat_account_id": 12345}, "in quotes"),
    "no Region": ({"lifeboat_region": None}, "it has no lifeboat_region"),
    "a zone for a Region": ({"lifeboat_region": "us-east-1a"}, "such as eu-west-1"),
    "a Region without its number": ({"lifeboat_region": "us-east"}, "such as eu-west-1"),
    "two at once": ({"lifeboat_regoin": "x", "prune_kep": 1}, "Did you mean prune_keep?"),
    "one's own name": ({"lifeboat_own_names": ["lifeboat_team"], "lifeboat_team": "shop"}, HARMLESS),
    "one's own name like that of a role": ({"lifeboat_own_names": ["drill_ids"], "drill_ids": [1]}, HARMLESS),
    "one name that is one's own": ({"lifeboat_own_names": "lifeboat_team", "lifeboat_team": "shop"}, HARMLESS),
    "own names that are none": ({"lifeboat_own_names": [{"a": 1}]}, "not a text"),
    "a word for a number": ({"lifeboat_interval": "soon"}, "Write a whole number"),
    "perhaps": ({"lifeboat_accept_empty": "perhaps"}, "Write true or false"),
    "a source that is none": ({"lifeboat_recovery_point_source": "automatic"}, "Did you mean 'automated'?"),
    "one of the DR accounts": ({"lifeboat_dr_accounts": [2222]}, "Set it to the 12 digits of the account, in quotes"),
    "another Region": ({"lifeboat_publish_region": "us-east1"}, "such as eu-west-1"),
    "a number of the retention": ({"lifeboat_retention": {"keep": "all"}}, "lifeboat_retention.keep: it is 'all'"),
    "no for a text": ({"lifeboat_environment": False}, "Write one text, in quotes"),
    "a list for a text": ({"lifeboat_store": ["s3://x"]}, "Write one text, in quotes"),
    "a way in": ({"lifeboat_drill_credentials": "guess"}, "Use one of random, managed, iam"),
    "templates for values": (
        {"lifeboat_interval": "{{ a_day }}", "lifeboat_retention": {"keep": "{{ a_day }}"}},
        HARMLESS,
    ),
    "a number as text": ({"lifeboat_interval": "3600", "lifeboat_accept_empty": "yes"}, HARMLESS),
    "a number for a retention": ({"lifeboat_retention": 35}, "not a dictionary"),
    "a text for the DR accounts": ({"lifeboat_dr_accounts": "222222222222"}, "Write it as a list"),
    "ordinary words": ({"status_code": 1, "awx_token": "x", "subscription_plan": "x", "drill_bit": 3}, HARMLESS),
    "what AWX says": ({"awx_job_id": 1, "awx_user_name": "ann", "tower_job_id": 1}, HARMLESS),
    "what an earlier job said": ({"lifeboat_verdict": "verified", "lifeboat_endpoints": []}, HARMLESS),
    "templates": (databases(rpo="{{ a_day }}", checks="{{ [] }}") | {"a_day": 86400}, HARMLESS),
    "a null": ({"lifeboat_databases": None, "lifeboat_retention": None}, HARMLESS),
    "an account without quotes": ({"lifeboat_account_id": 222222222222}, HARMLESS),
    "another environment": ({"lifeboat_environment": "development"}, HARMLESS),
}
# What only the role can tell: what is said or left out (None), the role, and what its message says.
HALF_FILLED: dict[str, tuple[Site, str, str]] = {
    "no key to publish": ({"lifeboat_kms_key_id": None}, "publish", "lifeboat_kms_key_id"),
    "nobody to publish for": ({"lifeboat_dr_accounts": None}, "publish", "lifeboat_dr_accounts"),
    "an empty list of them": ({"lifeboat_dr_accounts": []}, "publish", "Name the DR accounts in lifeboat_dr_accounts"),
    "an account that is none": (
        {"lifeboat_dr_accounts": ["2222"]},
        "publish",
        "Set it to the 12 digits of the account, in quotes",
    ),
    "a source that is none": ({"lifeboat_recovery_point_source": "nightly"}, "publish", "must be one of"),
    "a prefix that cannot be": ({"lifeboat_prefix": "My Prefix"}, "publish", "prefix"),
    "a pause of nothing": ({"publish_poll_interval": 0}, "publish", "Set poll_interval to 1 or more"),
    "limits that are a number": ({"lifeboat_max_in_flight": 3}, "publish", "max_in_flight"),
    "a retention of nothing": ({"lifeboat_retention": {"keep": 0}}, "prune", "keep"),
    "a retention in words": ({"lifeboat_retention": {"keep": "all"}}, "prune", "keep"),
    "databases from nowhere": ({"lifeboat_databases": "{{ our_databasse }}"}, "prune", "its template has no value"),
    "a retention from nowhere": (
        {"lifeboat_retention": "{{ our_retentoin }}", "lifeboat_max_age_days": 3},
        "prune",
        "Cannot read lifeboat_retention: its template has no value",
    ),
    "a part of it from nowhere": (
        {"lifeboat_retention": {"keep": 3, "yearly": "{{ seven }}"}},
        "prune",
        "Cannot read lifeboat_retention: its template has no value",
    ),
    "a prefix from nowhere": ({"lifeboat_prefix": "{{ ours }}"}, "prune", "Cannot read lifeboat_prefix"),
    "one database from nowhere": (
        {"lifeboat_drill_databases": "{{ one }}", "lifeboat_evidence": "x"},
        "drill",
        "Cannot read lifeboat_drill_databases",
    ),
    "a network from nowhere": (
        {"lifeboat_recovery_subnet_group": "{{ safe }}", "lifeboat_evidence": "x"},
        "recover",
        "Cannot read lifeboat_recovery_subnet_group",
    ),
    "no network to drill in": ({"lifeboat_drill_subnet_group": None}, "drill", "lifeboat_drill_subnet_group"),
    "no security group": ({"lifeboat_drill_security_groups": None}, "drill", "lifeboat_drill_security_groups"),
    "no place for evidence": ({}, "drill", "lifeboat_evidence"),
    "a way in that is none": (
        {"lifeboat_drill_credentials": "guess", "lifeboat_evidence": "x"},
        "drill",
        "must be one of",
    ),
    "no network to recover in": ({"lifeboat_drill_subnet_group": None}, "recover", "lifeboat_drill_subnet_group"),
    "no such profile": ({"lifeboat_profiles": {"status": "nobody"}}, "status", "nobody"),
}
ALONE = """\
- name: Use a role alone
  hosts: all
  gather_facts: false
  module_defaults:
    group/lifeboat.rds.all:
      profile: "{{ lifeboat_profiles.status | default('production_dr') }}"
      region: "{{ lifeboat_region }}"
  tasks:
    - name: Keep what it says
      block:
        - name: Run the role
          ansible.builtin.include_role:
            name: lifeboat.rds.{{ the_role }}
        - name: Record that it ran
          ansible.builtin.set_fact:
            the_message: it ran
      rescue:
        - name: Record its message
          ansible.builtin.set_fact:
            the_message: "{{ ansible_failed_result | to_json }}"
    - name: Write all messages
      ansible.builtin.copy:
        dest: "{{ the_file }}"
        mode: "0600"
        content: "{{ dict(ansible_play_hosts | zip(the_messages)) | to_json }}"
      vars:
        the_messages: "{{ ansible_play_hosts | map('extract', hostvars, 'the_message') }}"
      run_once: true
"""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab(metadata_only=True) as running:
        yield running


@pytest.fixture(autouse=True)
def _silence(lab: Lab) -> None:
    forget_calls(lab)


@pytest.fixture
def run(lab: Lab, tmp_path: Path) -> Callable[..., Run]:
    def run(playbook: str, groups: dict[str, dict[str, Site]], *arguments: str) -> Run:
        """Run a playbook on an inventory of these groups."""
        children = {group: {"hosts": hosts} for group, hosts in groups.items()}
        inventory = tmp_path / "hosts.yml"
        inventory.write_text(yaml.safe_dump({"all": {"children": children}}, sort_keys=False), encoding="utf-8")
        return play(lab, playbook, "-i", str(inventory), *arguments, evidence=tmp_path)

    return run


def site(**changes: Any) -> Site:
    return {name: value for name, value in (GOOD | changes).items() if value is not None}


def host(case: str) -> str:
    return case.replace(" ", "_").replace("'", "").replace("-", "_")


@pytest.mark.smoke
def test_what_is_misspelt_at_any_of_sixty_sites_stops_the_run_before_its_first_call(
    lab: Lab, run: Callable[..., Run]
) -> None:
    sites = {host(case): site(**said) for case, (said, _message) in TYPOS.items()}
    done = run("protect.yml", {"lifeboat_dr": sites})
    assert len(sites) >= 60
    assert (done.code, lab.calls()) == (2, []), done.output
    about = done.on_one_line().split("At ")
    for case, (_said, message) in TYPOS.items():
        found = [one for one in about if one.startswith(f"{host(case)}:")]
        assert bool(found) == (message != HARMLESS), (case, found)
        assert not found or any(message in one for one in found), (case, found)


def test_what_only_a_role_can_tell_stops_it_before_its_first_call(
    lab: Lab, run: Callable[..., Run], tmp_path: Path
) -> None:
    playbook, messages = tmp_path / "alone.yml", tmp_path / "messages.json"
    playbook.write_text(ALONE, encoding="utf-8")
    sites = {host(case): site(the_role=role, **said) for case, (said, role, _message) in HALF_FILLED.items()}
    done = run(str(playbook), {"lifeboat_dr": sites}, "-e", f"the_file={messages}")
    assert (done.code, lab.calls()) == (0, []), done.output
    said = yaml.safe_load(messages.read_text(encoding="utf-8"))
    wrong = {
        case: said[host(case)]
        for case, (_said, _role, message) in HALF_FILLED.items()
        if message not in said[host(case)]
    }
    assert wrong == {}


def test_a_role_alone_refuses_what_is_misspelt(lab: Lab, run: Callable[..., Run], tmp_path: Path) -> None:
    playbook, messages = tmp_path / "alone.yml", tmp_path / "messages.json"
    playbook.write_text(ALONE, encoding="utf-8")
    roles = (
        "publish",
        "replicate",
        "prune",
        "status",
        "posture",
        "drill",
        "recover",
        "reap",
        "prepare",
        "subscription",
    )
    words = ("-e", f"the_file={messages}", "-e", "recover_database=orders")
    done = run(
        str(playbook), {"lifeboat_dr": {role: site(the_role=role, lifeboat_evidence="x") for role in roles}}, *words
    )
    assert (done.code, lab.calls()) == (0, []), done.output
    said = yaml.safe_load(messages.read_text(encoding="utf-8"))
    assert {role: "Did you mean recover_databases?" in said[role] for role in roles} == dict.fromkeys(roles, True), said


BOTH = {"lifeboat_source": {"production": site()}, "lifeboat_dr": {"production_dr": site()}}


@pytest.mark.smoke
@pytest.mark.parametrize(
    ("playbook", "groups", "words", "message"),
    [
        ("drill.yml", BOTH, ["--limit", "production"], "They are: production_dr"),
        ("protect.yml", BOTH, ["--tags", "nonsense"], "These playbooks have no tags"),
        ("protect.yml", {"lifeboat_sources": {"production": site()}}, [], "Did you mean lifeboat_source?"),
        ("status.yml", {"lifeboat_source": {}, "lifeboat_dr": {}}, [], "Check the inventory"),
        ("status.yml", BOTH, ["-e", "lifeboat_hosts=prodution"], "nothing in lifeboat_hosts"),
        ("protect.yml", BOTH, ["-e", "lifeboat_hosts=production_dr"], "Cannot use lifeboat_hosts"),
    ],
    ids=["a limit", "a tag", "a group", "no site", "no host", "hosts that it does not read"],
)
def test_a_run_that_would_touch_no_site_is_an_error(
    lab: Lab, run: Callable[..., Run], playbook: str, groups: Any, words: list[str], message: str
) -> None:
    done = run(playbook, groups, *words)
    assert (done.code, lab.calls()) == (2, []), done.output
    assert message in done.on_one_line(), done.output


@pytest.mark.smoke
def test_no_host_at_all_and_a_limit_is_an_error_although_no_task_can_run(lab: Lab, run: Callable[..., Run]) -> None:
    done = run("drill.yml", {"lifeboat_dr": {}}, "--limit", "production_dr")
    assert (done.code, lab.calls()) == (4, []), done.output
    assert "--limit production_dr leaves none. Check the inventory" in done.on_one_line(), done.output
    accepted = run("drill.yml", {}, "--limit", "production_dr", "-e", "lifeboat_accept_no_sites=true")
    assert (accepted.code, lab.calls()) == (0, []), accepted.output


def test_a_limit_that_leaves_localhost_out_is_an_error_where_only_localhost_is_asked(run: Callable[..., Run]) -> None:
    done = run("awx.yml", BOTH, "--limit", "production")
    assert (done.code, "Leave out --limit" in done.on_one_line()) == (4, True), done.output
