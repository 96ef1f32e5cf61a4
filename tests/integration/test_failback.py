# SPDX-License-Identifier: GPL-3.0-or-later
"""The source account is lost and comes back, and so does what was written meanwhile, on PostgreSQL and MariaDB."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lifeboat_lab import Lab
from lifeboat_lab.testing import PASSWORD, cluster, connect, instance, mysql_ask, until
from tests.integration.play import (
    DR,
    EAST,
    SOURCE,
    WEST,
    Run,
    forget_calls,
    left_in_dr,
    newest_evidence,
    play,
    snapshots,
    writes,
)
from tests.machine import missing

SHOP = ["billing", "catalog", "events", "ledger", "orders"]
WRITTEN = "INSERT INTO canary VALUES (2, 'written at the DR site')"
READ = "SELECT word FROM canary WHERE id = 2"
CANARY = {"check": "canary", "table": "canary", "column": "word", "where": {"id": 1}, "expected": "bright-harbour-7431"}
LEDGER = {"rpo": 86400, "rto": 3600, "database": "things", "checks": [CANARY]}


@pytest.fixture(scope="module")
def data(lab: Lab) -> str:
    """Start the shop, with a MariaDB beside it."""
    if "MariaDB" not in lab.admin("GET", "status")["engines"]:
        missing("MariaDB is not installed: it needs the packages mariadb-server and mariadb-backup")
    return json.dumps({"prepare_network": True, "lifeboat_databases": {**checks_of_the_shop(), "ledger": LEDGER}})


def checks_of_the_shop() -> dict[str, Any]:
    return {"*": {"rpo": 86400, "rto": 7200}} | {name: {"checks": [CANARY]} for name in SHOP if name != "ledger"}


@pytest.fixture(scope="module")
def go(lab: Lab, evidence: Path, data: str) -> Callable[..., Run]:
    def go(playbook: str, *arguments: str) -> Run:
        return play(lab, playbook, "-e", data, *arguments, evidence=evidence, timeout=400)

    return go


@pytest.fixture(scope="module", autouse=True)
def recovered(lab: Lab, go: Callable[..., Run]) -> Iterator[None]:
    """Everything has landed, the source account went dark, all was recovered; then rows were written."""
    rds = lab.client("production", "rds", WEST)
    rds.create_db_instance(
        DBInstanceIdentifier="ledger", Engine="mariadb", DBInstanceClass="db.t3.micro", AllocatedStorage=20,
        DBName="things", StorageEncrypted=True, MasterUsername="me", MasterUserPassword=PASSWORD,
    )  # fmt: skip
    row = until(lambda: (one := instance(rds, "ledger"))["DBInstanceStatus"] == "available" and one)
    words = "CREATE TABLE canary (id int PRIMARY KEY, word varchar(40))"
    mysql_ask(row, words, "INSERT INTO canary VALUES (1, 'bright-harbour-7431')")
    lab.admin("POST", "automated-snapshots", {"account": "production"})
    succeed(go("protect.yml"))
    lab.admin("POST", "dark", {"account": "production", "dark": True})
    succeed(go("recover.yml"))
    for name in SHOP:
        ask(lab, "production_dr", name, WRITTEN)
    lab.admin("POST", "dark", {"account": "production", "dark": False})
    yield


def succeed(done: Run) -> Run:
    assert done.code == 0, done.output
    return done


def ask(lab: Lab, account: str, name: str, statement: str) -> Any:
    """Ask a database with the password that RDS keeps."""
    region = EAST if account == "production_dr" else WEST
    rds = lab.client(account, "rds", region)
    row = cluster(rds, name) if name.startswith("events") else instance(rds, name)
    secrets = lab.client(account, "secretsmanager", region)
    found = json.loads(secrets.get_secret_value(SecretId=row["MasterUserSecret"]["SecretArn"])["SecretString"])
    if row["Engine"] == "mariadb":
        return mysql_ask(row | {"DBName": "things"}, statement, password=found["password"])
    at = row["Endpoint"] if "Port" not in row else {"Address": row["Endpoint"], "Port": row["Port"]}
    with connect({"Endpoint": at, "MasterUsername": found["username"]}, name.split("-")[0], found["password"]) as to:
        answer = to.execute(statement)
        return answer.fetchall() if answer.description else None


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tasks of a user, which leave what they got: one stops the applications, the other starts them elsewhere."""
    folder = tmp_path_factory.mktemp("hooks")
    for name, found in (("before", "failback_recovered"), ("after", "recover_endpoints")):
        task = {"content": f"{{{{ {found} | to_json }}}}", "dest": str(folder / f"{name}.json"), "mode": "0600"}
        (folder / f"{name}.yml").write_text(json.dumps([{"ansible.builtin.copy": task}]), encoding="utf-8")
    (folder / "fails.yml").write_text(json.dumps([{"ansible.builtin.fail": {"msg": "still busy"}}]), encoding="utf-8")
    return folder


def left(hooks: Path, name: str) -> Any:
    return json.loads((hooks / f"{name}.json").read_text(encoding="utf-8"))


def points_of(lab: Lab, account: str, region: str, prefix: str) -> list[str]:
    return sorted(
        row["Of"] for row in snapshots(lab, account, region, SnapshotType="manual") if row["Name"].startswith(prefix)
    )


# -- before anything goes back ----------------------------------------------------------------------------------------

# What the role is told, in which of its steps it notices, and what it says.
BAD_INPUT: dict[str, tuple[dict[str, Any], str, str]] = {
    "unknown": ({"failback_databases": "ordres"}, "look", "there is no such database"),
    "no recovery": ({"failback_databases": "by-hand"}, "look", "no recovery of ours restored it"),
    "no such site": ({"failback_databases": "lost"}, "look", "account 444444444444, us-west-2, which is not a source"),
    "prefixes alike": ({"lifeboat_failback_prefix": "lifeboat-back"}, "look", "side by side"),
    "name in use": ({"failback_names": {"orders": "orders"}}, "free", "db:orders exists there already"),
    "no id": ({"failback_id": "yesterday"}, "publish", "it is not a time such as"),
}
SITES_OF_STEPS = {
    "look": ("production_dr", "failback_publish"),
    "free": ("production", "failback_replicate"),
    "publish": ("production_dr", "failback_publish"),
}
# Of each step one bad input for the whole playbook; and what only an extra variable can do.
PLAYED: dict[str, tuple[dict[str, Any], str]] = {
    "unknown": ({"failback_databases": "ordres"}, "there is no such database"),
    "name in use": ({"failback_names": {"orders": "orders"}}, "db:orders exists there already"),
    "no id": ({"failback_id": "yesterday"}, "it is not a time such as"),
    "recover's databases": ({"recover_databases": ["billing"]}, "Say failback_databases"),
    "publish's databases": ({"publish_databases": ["billing"]}, "Say failback_databases"),
}
# One step at one site, with each bad input in turn.
STEP = """\
- name: Take a step
  hosts: {site}
  gather_facts: false
  module_defaults:
    group/lifeboat.rds.all:
      profile: "{{{{ lifeboat_profiles.{profile} }}}}"
      region: "{{{{ lifeboat_region }}}}"
  tasks:
{tasks}
    - name: Leave what was said
      ansible.builtin.copy:
        content: "{{{{ the_said | to_json }}}}"
        dest: {left}
        mode: "0600"
"""
CASE = """\
    - name: Try
      block:
        - name: Take the step
          ansible.builtin.include_role:
            name: lifeboat.rds.failback
          vars: {given}
      rescue:
        - name: Keep what it said
          ansible.builtin.set_fact:
            the_said: "{{{{ the_said | default({{}}) | combine({{the_case: ansible_failed_result.msg}}) }}}}"
          vars:
            the_case: {case}
"""


@dataclass
class Refused:
    """How a run ended that should write nothing, and what it wrote."""

    done: Run
    writes: list[str]


@dataclass
class Before:
    """What was tried while the source had come back and nothing had gone back yet."""

    without_roles: Run
    prepared_again: Run
    said: dict[str, str]  # by the role, of each bad input
    written: list[str]  # meanwhile
    played: dict[str, Refused]
    not_stopped: Refused
    checked: Refused


@pytest.fixture(scope="module")
def before(lab: Lab, go: Callable[..., Run], hooks: Path, tmp_path_factory: pytest.TempPathFactory) -> Before:
    def refused(*arguments: str) -> Refused:
        forget_calls(lab)
        return Refused(go("failback.yml", *arguments), writes(lab))

    without_roles = go("failback.yml")
    _first, again = (succeed(go("prepare_failback.yml")) for _time in range(2))
    with strangers(lab):
        forget_calls(lab)
        said = said_by_the_role(go, tmp_path_factory.mktemp("steps"))
        written = writes(lab)
        played = {}
        for case, (given, _says) in PLAYED.items():
            named = {} if "failback_databases" in given else {"failback_databases": ["orders"]}
            played[case] = refused("-e", json.dumps(named | given))
    not_stopped = refused("-e", f"failback_before={hooks / 'fails.yml'}")
    checked = refused("--check", "--diff", "-e", f"failback_before={hooks / 'before.yml'}")
    assert not (hooks / "before.json").exists()
    return Before(without_roles, again, said, written, played, not_stopped, checked)


@contextmanager
def strangers(lab: Lab) -> Iterator[None]:
    """Two databases at the DR site that cannot go back: one made by hand, one of a site that nobody knows."""
    rds = lab.client("production_dr", "rds", EAST)
    lost = {"managed-by": "lifeboat", "purpose": "recovery", "database": f"arn:aws:rds:{WEST}:444444444444:db:lost"}
    tags: dict[str, dict[str, str]] = {"by-hand": {}, "lost": lost}
    for name in tags:
        rds.create_db_instance(
            DBInstanceIdentifier=name, Engine="postgres", DBInstanceClass="db.t3.micro", AllocatedStorage=20,
            MasterUsername="me", MasterUserPassword=PASSWORD,
            Tags=[{"Key": f"lifeboat:{key}", "Value": value} for key, value in tags[name].items()],
        )  # fmt: skip
    yield
    for name in tags:
        until(lambda name=name: instance(rds, name)["DBInstanceStatus"] == "available")
        rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
    until(lambda: tags.keys().isdisjoint(left_in_dr(lab)))


def said_by_the_role(go: Callable[..., Run], folder: Path) -> dict[str, str]:
    """Take each step with each bad input that it has to notice, in one run."""
    plays = []
    for step, (site, profile) in SITES_OF_STEPS.items():
        tasks = ""
        for case, (given, noticed, _says) in BAD_INPUT.items():
            told = {"failback_step": step, "failback_databases": ["orders"], **given}
            tasks += CASE.format(case=json.dumps(case), given=json.dumps(told)) if noticed == step else ""
        plays.append(STEP.format(site=site, profile=profile, tasks=tasks, left=folder / f"{site}.json"))
    (folder / "steps.yml").write_text("".join(plays), encoding="utf-8")
    succeed(go(str(folder / "steps.yml")))
    left = [
        json.loads((folder / f"{site}.json").read_text(encoding="utf-8")) for site in ("production", "production_dr")
    ]
    return left[0] | left[1]


def test_without_its_own_roles_nothing_goes_back(before: Before) -> None:
    assert before.without_roles.code != 0


def test_preparing_twice_changes_nothing(before: Before) -> None:
    done = before.prepared_again
    assert (done.recap("production")["changed"], done.recap("production_dr")["changed"]) == (0, 0)


@pytest.mark.parametrize("case", BAD_INPUT)
def test_the_role_refuses_bad_input_and_writes_nothing(before: Before, case: str) -> None:
    assert BAD_INPUT[case][2] in before.said[case]
    assert before.written == []


@pytest.mark.parametrize("case", PLAYED)
def test_bad_input_ends_the_playbook_before_the_first_write(before: Before, case: str) -> None:
    refused = before.played[case]
    assert (refused.done.code, refused.writes) == (2, [])
    assert PLAYED[case][1] in refused.done.on_one_line()


def test_when_the_applications_cannot_be_stopped_no_snapshot_is_taken(before: Before) -> None:
    assert (before.not_stopped.done.code, before.not_stopped.writes) == (2, [])
    assert "still busy" in before.not_stopped.done.output


def test_check_mode_names_every_step_and_writes_nothing(before: Before) -> None:
    done = succeed(before.checked.done)
    assert before.checked.writes == []
    for name in SHOP:
        shown = re.findall(rf"^\+    failback-{name}-[\w-]+(.*):", done.output, re.MULTILINE)
        assert sorted(shown) == ["", "", " shared with"], "a snapshot at the DR site, a copy at the source"
        assert f"{name}-failback" in done.output


# -- and back ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def back(before: Before, lab: Lab, go: Callable[..., Run], hooks: Path) -> Run:
    hooked = {"failback_before": str(hooks / "before.yml"), "failback_hook": str(hooks / "after.yml")}
    return succeed(go("failback.yml", "-e", json.dumps(hooked)))


def test_what_was_written_at_the_dr_site_is_at_the_source(back: Run, lab: Lab) -> None:
    found = {name: ask(lab, "production", f"{name}-failback", READ) for name in SHOP}
    words = "written at the DR site"
    assert found == {name: words if name == "ledger" else [(words,)] for name in SHOP}


def test_it_is_kept_and_its_checks_are_in_the_evidence(back: Run, lab: Lab, evidence: Path) -> None:
    written = newest_evidence(evidence)
    assert (written["verdict"], written["site"]["account_id"]) == ("verified", SOURCE)
    assert instance(lab.client("production", "rds", WEST), "orders-failback")["DeletionProtection"] is True


def test_the_hooks_get_what_leaves_and_what_has_come(back: Run, hooks: Path) -> None:
    assert sorted(one["database"] for one in left(hooks, "before")) == SHOP
    assert sorted(one["identifier"] for one in left(hooks, "after")) == [f"{name}-failback" for name in SHOP]


def test_it_is_under_the_key_of_the_source_and_shared_no_more(back: Run, lab: Lab) -> None:
    assert points_of(lab, "production_dr", EAST, "failback-") == points_of(lab, "production", WEST, "failback-") == SHOP
    here = [row for row in snapshots(lab, "production", WEST, SnapshotType="manual") if "failback-" in row["Name"]]
    assert {row["KmsKeyId"].split(":")[4] for row in here} == {SOURCE}
    assert snapshots(lab, "production", EAST, SnapshotType="shared") == []


def test_with_its_id_it_goes_on_and_finds_nothing_to_do(back: Run, lab: Lab, go: Callable[..., Run]) -> None:
    (failback_id,) = set(re.findall(r"failback_id=(\w+)", back.output))
    forget_calls(lab)
    succeed(go("failback.yml", "-e", f"failback_id={failback_id}"))
    assert set(writes(lab)) <= {"AddTagsToResource"}, "the time at which they were verified"


def test_without_its_id_a_new_one_is_refused_as_long_as_the_old_one_stands(
    back: Run, lab: Lab, go: Callable[..., Run]
) -> None:
    forget_calls(lab)
    done = go("failback.yml")
    assert done.code == 2
    assert "Set failback_id to " in " ".join(done.output.split())
    assert writes(lab) == []


def test_the_normal_direction_takes_nothing_of_the_way_back(back: Run, lab: Lab, go: Callable[..., Run]) -> None:
    before = {side: points_of(lab, *side, "failback-") for side in (("production", WEST), ("production_dr", EAST))}
    succeed(go("protect.yml", "-e", "lifeboat_max_age_days=0", "-e", "lifeboat_retention_below_floor=true"))
    succeed(go("reap.yml"))
    assert {side: points_of(lab, *side, "failback-") for side in before} == before
    done = succeed(go("status.yml"))
    assert "0 of 10 unprotected" in done.output, "the originals, and what came back: it is in use, so it is protected"


def test_preparing_the_normal_direction_closes_the_key_of_the_dr_site(
    back: Run, lab: Lab, go: Callable[..., Run]
) -> None:
    kms = lab.client("production_dr", "kms", EAST)
    policy = kms.get_key_policy(KeyId="alias/lifeboat", PolicyName="default")["Policy"]
    assert SOURCE in policy
    succeed(go("prepare.yml"))
    assert SOURCE not in kms.get_key_policy(KeyId="alias/lifeboat", PolicyName="default")["Policy"]
    assert DR in policy
