# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.lifeboat.rds.plugins.filter.drill import (
    FilterModule,
    drill_definitions,
    drill_engines,
    drill_facts,
    drill_selection,
    drill_targets,
    with_problem,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.definitions import RULES
from tests.documentation import code_blocks

Row = dict[str, Any]

ROOT = Path(__file__).parents[3]

FRESHNESS: Row = {"check": "freshness", "table": "orders", "column": "at", "max_age": 3600}
ROWS: Row = {"check": "rows", "table": "orders", "minimum": 1}
TABLES: Row = {"check": "tables", "tables": ["orders"]}
WAY: Row = {"username": "master", "password": "word", "kind": "password"}


def restored(**changes: Any) -> Row:
    step = {
        "database": "orders",
        "kind": "instance",
        "engine": "postgres",
        "name": "lifeboat-d1-orders",
        "status": "restored",
        "reason": "it runs",
        "seconds": 60,
        "host": "h",
        "port": 5432,
        "database_name": "shop",
        "master_username": "master",
        "recovery_point": "point",
        "recovery_point_arn": "arn",
        "lineage": "20261123130000-5f0c2a9b7d31",
        "original_time": "2026-11-23T13:00:00Z",
        "database_time": "2026-11-23T12:59:00Z",
        **changes,
    }
    return {"steps": [{name: value for name, value in step.items() if value is not None}]}


def credentials(**changes: Any) -> Row:
    step = {"name": "lifeboat-d1-orders", "status": "set", "reason": "in force", "seconds": 9, **changes}
    return {"credentials": {"lifeboat-d1-orders": WAY}, "steps": [step]}


def targets(restores: Row, passwords: Row | None = None, **definition: Any) -> list[Row]:
    given = credentials() if passwords is None else passwords
    return drill_targets(restores, given, {"orders": definition} if definition else {})


def facts(restores: Row, passwords: Row | None = None, checked: Row | None = None, removed: Row | None = None) -> Row:
    definitions = {"orders": {"rpo": 3600, "owner": "shop team"}}
    (one,) = drill_facts(restores, passwords or {}, checked or {}, removed or {}, definitions)
    return one


# -- what is checked --------------------------------------------------------------------------------------------------


def test_a_database_that_runs_is_checked_with_its_new_password() -> None:
    assert targets(restored(), checks=[ROWS]) == [
        {
            "name": "orders",
            "engine": "postgres",
            "host": "h",
            "port": 5432,
            "database": "shop",
            "username": "master",
            "password": "word",
            "checks": [ROWS],
        }
    ]


@pytest.mark.parametrize(
    ("restores", "passwords"),
    [
        pytest.param(restored(status="restoring"), None, id="does not run yet"),
        pytest.param(restored(status="failed"), None, id="restore failed"),
        pytest.param(restored(), {}, id="no new password"),
        pytest.param({}, None, id="nothing was restored"),
    ],
)
def test_what_cannot_be_reached_is_not_checked(restores: Row, passwords: Row | None) -> None:
    assert targets(restores, passwords) == []


@pytest.mark.parametrize(
    ("step", "definition", "name"),
    [
        pytest.param({"database_name": None}, {}, "postgres", id="what every PostgreSQL server has"),
        pytest.param({"database_name": None, "engine": "mariadb"}, {}, "mysql", id="what every MariaDB server has"),
        pytest.param({}, {"rpo": 1}, "shop", id="its first database"),
        pytest.param({}, {"database": "ledger"}, "ledger", id="as its definition says"),
    ],
)
def test_the_checks_connect_to_a_database_that_is_there(step: Row, definition: Row, name: str) -> None:
    assert targets(restored(**step), **definition)[0]["database"] == name


def test_what_only_some_databases_need_is_left_out_for_the_others() -> None:
    token = {"credentials": {"lifeboat-d1-orders": {"username": "clerk", "password": "token", "kind": "iam"}}}
    (plain,) = targets(restored())
    (rich,) = drill_targets(restored(), token, {"orders": {"driver": "oracle+oracledb"}}, ca_file="/ca.pem")
    added = {name: rich[name] for name in set(rich) - set(plain)}
    assert added == {"driver": "oracle+oracledb", "ca_file": "/ca.pem", "credentials_kind": "iam"}
    assert (rich["username"], rich["password"]) == ("clerk", "token")


@pytest.mark.parametrize(
    ("said", "asked"), [("off", "off"), (False, "off"), ("require", "require"), (None, None)], ids=str
)
def test_tls_is_as_the_inventory_says_but_for_tokens(said: object, asked: str | None) -> None:
    definition = {"orders": {"tls": said}}
    (target,) = drill_targets(restored(), credentials(), definition, ca_file="/ca.pem")
    assert target.get("tls") == asked
    token = {"credentials": {"lifeboat-d1-orders": {"username": "clerk", "password": "token", "kind": "iam"}}}
    assert "tls" not in drill_targets(restored(), token, definition, ca_file="/ca.pem")[0]


@pytest.mark.parametrize("said", ["verify", "prefer", True, 0, ""], ids=repr)
def test_another_word_for_tls_is_refused(said: object) -> None:
    with pytest.raises(AnsibleFilterError, match="Set tls to require"):
        drill_definitions({"orders": {"tls": said}})


FORWARDS: Row = {"lifeboat-d1-orders": {"host": "127.0.0.1", "port": "15001"}}


def test_through_a_port_forward_the_certificate_must_have_the_name_of_the_database() -> None:
    (near,), (direct,), (open_one,) = (
        drill_targets(restored(), credentials(), {}, forwards, ca_file)
        for forwards, ca_file in ((FORWARDS, "/ca.pem"), ({}, "/ca.pem"), (FORWARDS, None))
    )
    assert (near["host"], near["tls_name"]) == ("127.0.0.1", "h")
    assert "tls_name" not in direct
    assert "tls_name" not in open_one


def test_a_port_forward_is_used_where_there_is_one_and_the_report_says_so() -> None:
    (target,) = drill_targets(restored(), credentials(), {}, FORWARDS)
    assert (target["host"], target["port"]) == ("127.0.0.1", 15001)
    checked = {"checked_on": "bastion", "databases": [{"name": "orders"}]}
    for forwards, reached in ((FORWARDS, ("127.0.0.1", 15001, True)), ({"other": {}}, ("h", 5432, False))):
        (one,) = drill_facts(restored(), credentials(), checked, {}, {}, {}, forwards)
        assert tuple(one["reached"].values()) == reached


@pytest.mark.parametrize(
    ("step", "at"),
    [
        pytest.param(restored(), "2026-11-23T12:59:00Z", id="its last transaction"),
        pytest.param(restored(database_time=None), "2026-11-23T13:00:00Z", id="else the original snapshot"),
    ],
)
def test_freshness_is_judged_at_the_recovery_points_own_time(step: Row, at: str) -> None:
    assert targets(step, checks=[ROWS, FRESHNESS])[0]["checks"] == [ROWS, {"at": at, **FRESHNESS}]


def test_a_time_that_a_check_names_itself_counts() -> None:
    check = {**FRESHNESS, "at": "2026-01-01T00:00:00Z"}
    assert targets(restored(), checks=[check])[0]["checks"] == [check]


@pytest.mark.parametrize(
    "definitions",
    [
        pytest.param({}, id="no definition"),
        pytest.param({"orders": None}, id="an empty definition"),
        pytest.param({"orders": {"rpo": 1}}, id="no checks"),
        pytest.param({"orders": {"checks": None}}, id="checks that are empty in YAML"),
    ],
)
def test_a_database_without_checks_is_still_reached(definitions: Row) -> None:
    assert [one["checks"] for one in drill_targets(restored(), credentials(), definitions)] == [[]]


@pytest.mark.parametrize(
    ("definitions", "expected"),
    [
        pytest.param({"ord*": {"rpo": 5, "checks": [ROWS]}}, (5, [ROWS]), id="a pattern"),
        pytest.param({"*": {"rpo": 9, "checks": [ROWS]}, "orders": {"rpo": 5}}, (5, [ROWS]), id="the last word"),
        pytest.param({"orders": {"rpo": 5}, "*": {"rpo": 9}}, (9, []), id="in the order of the inventory"),
        pytest.param({"*": {"rpo": 9, "engines": ["mysql"]}}, (None, []), id="another engine"),
        pytest.param({"*": {"rpo": 9, "kinds": ["instance"]}}, (9, []), id="its kind"),
        pytest.param({"*": {"rpo": 9, "match_tags": {"tier": "gold"}}}, (None, []), id="tags that nobody knows"),
        pytest.param({"*": {"rpo": 9, "match_tags": {"tier": "iron"}}}, (9, []), id="its tags"),
    ],
)
def test_a_definition_is_what_all_matching_entries_say(definitions: Row, expected: Any) -> None:
    step = restored(database_tags={"tier": "iron"})
    (target,) = drill_targets(step, credentials(), definitions)
    (report,) = drill_facts(step, {}, {}, {}, definitions)
    assert (report["objectives"]["rpo"], target["checks"]) == expected


# -- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("setting", sorted(RULES))
def test_a_setting_that_is_null_in_yaml_counts_as_left_out(setting: str) -> None:
    assert drill_definitions({"orders": {setting: None}}) == {"orders": {setting: None}}


GOOD: Row = {
    "*": {"rpo": 86400, "rto": "7200", "daily": 0, "expires_after": 90, "owner": "the shop"},
    "orders-*": {
        "engines": ["postgres"],
        "kinds": ["instance", "cluster"],
        "match_tags": {"tier": "gold"},
        "db_instance_class": "db.r6g.large",
        "db_subnet_group_name": "quiet",
        "vpc_security_group_ids": ["sg-1"],
        "serverless": {"min": 0.5, "max": 4},
        "accept_unverified": True,
    },
    "sandbox-*": {"protect": False, "reason": "made anew every night"},
    "sandbox-1": {"protect": "yes"},
    "nothing": None,
    "orders": {"checks": [TABLES, ROWS, FRESHNESS], "copy_option_group": "yes", "kms_key_id": "alias/x"},
}


def test_definitions_that_make_sense_are_returned_as_they_are() -> None:
    assert drill_definitions(GOOD) == GOOD


def documented(page: str) -> list[Any]:
    """Read the YAML examples of a documentation page."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return [yaml.safe_load(block) for block in code_blocks(text, "yaml")]


@pytest.mark.parametrize("page", ["docs/drill.md", "docs/inventory.md"])
def test_the_documented_definitions_make_sense(page: str) -> None:
    found = [one["lifeboat_databases"] for one in documented(page) if "lifeboat_databases" in one]
    assert found
    assert [drill_definitions(one) for one in found] == found


def test_the_definitions_of_the_example_inventory_make_sense() -> None:
    found = yaml.safe_load((ROOT / "inventory/group_vars/all.yml").read_text(encoding="utf-8"))["lifeboat_databases"]
    assert drill_definitions(found) == found


@pytest.mark.parametrize(
    ("definitions", "said"),
    [
        pytest.param([], ["lifeboat_databases", "it is not a dictionary. Make it a dictionary"], id="a list"),
        pytest.param({"orders": {"rpoo": 1}}, ["lifeboat_databases.orders", "unknown setting 'rpoo'", "mean 'rpo'?"],
                     id="a typo"),
        pytest.param({"orders": {"zzz": 1}}, ["setting 'zzz'", "Known settings: rpo, rto"], id="an unknown key"),
        pytest.param({"orders": {"\x1b[2J": 1}}, ["unknown setting '\\x1b[2J'"], id="a hostile key"),
        pytest.param(
            {"sandbox": {"protect": False}}, ["lifeboat_databases.sandbox", "no reason says why"], id="no reason"
        ),
        pytest.param(
            {"sandbox": {"protect": "no", "reason": ""}}, ["reason is ''", "Set reason to a text"], id="an empty reason"
        ),
        pytest.param({"sandbox": {"protect": "maybe", "reason": "x"}}, ["true or false"], id="neither yes nor no"),
        pytest.param({"orders": {1: 1}}, ["unknown setting '1'"], id="a key that is a number"),
        pytest.param({7: {"rpo": 1}}, ["lifeboat_databases.7", "in quotes"], id="a number for a name"),
        pytest.param({"orders": 5}, ["lifeboat_databases.orders: it is not a dictionary"], id="a number for an entry"),
        pytest.param({"orders": {"rpo": -1}}, ["rpo is -1", "a whole number of seconds above 0"], id="negative"),
        pytest.param({"orders": {"rto": 0}}, ["rto is 0"], id="nothing"),
        pytest.param({"orders": {"rpo": "\u00b2"}}, ["rpo is", "a whole number of seconds"], id="a superscript"),
        pytest.param({"orders": {"keep": "\u0663"}}, ["keep is", "a whole number"], id="a digit of another script"),
        pytest.param({"orders": {"rpo": 1.5}}, ["rpo is 1.5"], id="a fraction"),
        pytest.param({"orders": {"rpo": True}}, ["rpo is True"], id="a truth"),
        pytest.param({"orders": {"rpo": "1 h"}}, ["rpo is '1 h'"], id="a time with a unit"),
        pytest.param({"orders": {"expires_after": 0}}, ["expires_after is 0", "minutes"], id="no time to live"),
        pytest.param({"orders": {"keep": -1}}, ["keep is -1"], id="a number below 0"),
        pytest.param({"orders": {"checks": {}}}, ["checks is {}", "a list of checks"], id="checks that are no list"),
        pytest.param({"orders": {"checks": ["rows"]}}, ["checks is ['rows']"], id="checks that are names"),
        pytest.param({"orders": {"kinds": ["table"]}}, ["kinds is ['table']"], id="an unknown kind"),
        pytest.param({"orders": {"vpc_security_group_ids": "sg-1"}}, ["a list of security groups"], id="no list"),
        pytest.param({"orders": {"vpc_security_group_ids": []}}, ["a list of security groups"], id="an empty list"),
        pytest.param({"orders": {"db_subnet_group_name": " "}}, ["db_subnet_group_name is ' '"], id="an empty text"),
        pytest.param({"orders": {"db_instance_class": "r6g.large"}}, ["such as db.t4g.medium"], id="no class"),
        pytest.param({"orders": {"serverless": {"min": 4, "max": 1}}}, ["serverless is"], id="a range upside down"),
        pytest.param({"orders": {"accept_unverified": "perhaps"}}, ["true or false"], id="perhaps"),
        pytest.param({"orders": {"rpo": 1}, "*": {"rpo": 2}}, ["lifeboat_databases.*", "Put it first"], id="* is last"),
        pytest.param({"orders": {"checks": [{"check": "rows", "table": "t"}]}}, ["check 1 of orders (rows)", "minimum"],
                     id="a check without its parameters"),
        pytest.param({"orders": {"checks": [TABLES, {"check": "rowz"}]}}, ["check 2 of orders", "rowz"], id="no check"),
        pytest.param({"orders": {"checks": [{**ROWS, "tabel": "t"}]}}, ["checks of lifeboat_databases.orders", "tabel"],
                     id="a typo in a check"),
        pytest.param({"orders": {"checks": [{**ROWS, "minimum": "many"}]}}, ["lifeboat_databases.orders", "minimum"],
                     id="a wrong type in a check"),
    ],
)  # fmt: skip
def test_definitions_that_make_no_sense_are_refused_with_the_entry_and_the_remedy(
    definitions: Any, said: list[str]
) -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        drill_definitions(definitions)
    assert [part for part in said if part not in str(caught.value)] == [], str(caught.value)


def test_what_a_canary_must_be_is_in_no_refusal() -> None:
    canary = {"check": "canary", "table": "t", "column": "c", "where": {}, "expected": "bright-harbour"}
    with pytest.raises(AnsibleFilterError) as caught:
        drill_definitions({"orders": {"checks": [canary]}})
    assert "bright-harbour" not in str(caught.value)


@pytest.mark.parametrize(
    ("definition", "chosen"),
    [
        pytest.param({"checks": [ROWS]}, True, id="a check that looks at data"),
        pytest.param({"checks": [TABLES]}, False, id="only that tables exist"),
        pytest.param({"checks": []}, False, id="none"),
        pytest.param(None, False, id="no definition"),
        pytest.param({"accept_unverified": True}, True, id="none, and that is accepted"),
        pytest.param({"accept_unverified": "yes"}, True, id="accepted in other words"),
        pytest.param({"accept_unverified": False}, False, id="not accepted"),
    ],
)
def test_a_database_whose_data_nobody_looks_at_is_not_restored(definition: Row | None, chosen: bool) -> None:
    definitions = {"orders": definition}
    assert drill_selection(restored(status="restoring"), definitions) == (["orders"] if chosen else [])


def test_a_refused_database_is_reported_as_unverified_with_the_remedy() -> None:
    billing = {**restored()["steps"][0], "database": "billing", "name": "lifeboat-d1-billing"}
    planned = {"steps": [*restored()["steps"], billing]}
    found = drill_facts(restored(), {}, {}, {}, {"orders": {"checks": [ROWS]}}, planned)
    assert [(one["name"], one["restore"]["status"]) for one in found] == [
        ("orders", "restored"),
        ("billing", "refused"),
    ]
    assert "accept_unverified: true" in found[1]["restore"]["reason"]
    assert found[1]["teardown"]["status"] == "deleted"


@pytest.mark.parametrize(
    ("definition", "is_bare"),
    [
        pytest.param({"accept_unverified": True}, True, id="nobody looks"),
        pytest.param({"accept_unverified": True, "checks": [ROWS]}, False, id="somebody looks after all"),
        pytest.param({"checks": [ROWS]}, False, id="somebody looks"),
    ],
)
def test_an_acceptance_counts_only_where_nobody_looks(definition: Row, is_bare: bool) -> None:
    (one,) = drill_facts(restored(), {}, {}, {}, {"orders": definition})
    assert one["accept_unverified"] is is_bare


# -- what is reported -------------------------------------------------------------------------------------------------


def test_everything_that_is_known_of_a_database_is_brought_together() -> None:
    checked = {"checked_on": "bastion", "databases": [{"name": "orders", "verdict": "verified"}]}
    removed = {"steps": [{"name": "lifeboat-d1-orders", "status": "deleted", "reason": "it is gone"}]}
    phases = {"choose": 1, "restore_call": 2, "available": 57}
    step = restored(phases=phases, ca="rds-ca-rsa2048-g1", engine_version="16.4")
    assert facts(step, credentials(), checked, removed) == {
        "name": "orders",
        "owner": "shop team",
        "accept_unverified": False,
        "kind": "instance",
        "restored_kind": None,
        "unlike": None,
        "engine": "postgres",
        "engine_version": "16.4",
        "recovery_point": "point",
        "recovery_point_arn": "arn",
        "lineage": "20261123130000-5f0c2a9b7d31",
        "original_time": "2026-11-23T13:00:00Z",
        "objectives": {"rpo": 3600, "rto": None},
        "restore": {
            "status": "restored",
            "reason": "it runs",
            "seconds": 60,
            "target": "lifeboat-d1-orders",
            "phases": phases,
            "ca": "rds-ca-rsa2048-g1",
        },
        "credentials": {"status": "set", "reason": "in force", "seconds": 9},
        "check": {"name": "orders", "verdict": "verified"},
        "checked_on": "bastion",
        "reached": {"host": "h", "port": 5432, "forwarded": False},
        "teardown": {"status": "deleted", "reason": "it is gone"},
    }


def test_a_missing_step_is_not_a_success() -> None:
    one = facts(restored())
    assert (one["credentials"], one["check"], one["teardown"]) == (None, None, None)


def test_a_database_that_ran_and_of_which_the_teardown_says_nothing_is_not_gone() -> None:
    assert facts(restored(), removed={"steps": []})["teardown"] is None


def test_an_instance_and_a_cluster_of_one_name_keep_their_own_checks() -> None:
    cluster = {**restored()["steps"][0], "kind": "cluster", "name": "lifeboat-d1-orders-c"}
    passwords = {"credentials": {"lifeboat-d1-orders": WAY, "lifeboat-d1-orders-c": WAY}}
    checked = {"databases": [{"name": "orders", "verdict": "verified"}, {"name": "orders", "verdict": "failed"}]}
    found = drill_facts({"steps": [*restored()["steps"], cluster]}, passwords, checked, {}, {})
    assert [(one["kind"], one["check"]["verdict"]) for one in found] == [
        ("instance", "verified"),
        ("cluster", "failed"),
    ]


@pytest.mark.parametrize(
    ("status", "shown"),
    [("restored", "restored"), ("failed", "failed"), ("restoring", "in flight"), ("queued", "in flight")],
)
def test_a_restore_ran_failed_or_is_in_flight(status: str, shown: str) -> None:
    assert facts(restored(status=status))["restore"]["status"] == shown


def test_a_database_that_could_not_be_restored_at_all_is_reported_too() -> None:
    failed = {"steps": [{"database": "orders", "kind": "instance", "status": "failed", "reason": "another key"}]}
    one = facts(failed, credentials(), {}, {"steps": [{"name": "lifeboat-d1-shop", "status": "deleted"}]})
    assert one["restore"] == {"status": "failed", "reason": "another key", "seconds": None, "target": None}
    assert (one["credentials"], one["teardown"]["status"]) == (None, "deleted")


@pytest.mark.parametrize(
    ("cluster", "member", "status"),
    [
        pytest.param("deleted", "deleted", "deleted", id="both are gone"),
        pytest.param("deleting", "deleted", "left", id="the cluster is not"),
        pytest.param("deleted", "failed", "left", id="the member is not"),
    ],
)
def test_a_cluster_is_gone_when_its_member_is_gone_too(cluster: str, member: str, status: str) -> None:
    name = "lifeboat-d1-orders"
    steps = [{"name": f"{name}-1", "status": member, "reason": "m"}, {"name": name, "status": cluster, "reason": "c"}]
    teardown = facts(restored(kind="cluster"), removed={"steps": steps})["teardown"]
    assert teardown["status"] == status
    if status == "left":
        assert teardown["reason"] == ("m" if member != "deleted" else "c")


def test_no_password_reaches_the_report() -> None:
    assert "word" not in str(facts(restored(), credentials()))


def test_the_filters_have_the_names_that_roles_use() -> None:
    assert FilterModule().filters() == {
        "drill_definitions": drill_definitions,
        "drill_engines": drill_engines,
        "drill_facts": drill_facts,
        "drill_selection": drill_selection,
        "drill_targets": drill_targets,
        "with_problem": with_problem,
    }


BLIND = [{"name": "orders", "reason": "Cannot check databases from bastion: no PyMySQL."}]


def test_what_the_check_host_cannot_look_at_is_not_restored_and_stops_no_other() -> None:
    billing = {**restored()["steps"][0], "database": "billing", "name": "lifeboat-d1-billing"}
    planned, definitions = {"steps": [*restored()["steps"], billing]}, {"*": {"checks": [ROWS]}}
    assert drill_selection(planned, definitions, "drill", BLIND) == ["billing"]
    assert drill_selection(planned, definitions, "recovery", BLIND) == ["billing", "orders"]
    found = drill_facts({"steps": [billing]}, {}, {}, {}, definitions, planned, {}, "drill", BLIND)
    assert [(one["name"], one["restore"]["status"]) for one in found] == [
        ("billing", "restored"),
        ("orders", "refused"),
    ]
    assert found[1]["restore"]["reason"] == BLIND[0]["reason"]


def test_what_is_accepted_unverified_is_restored_although_nobody_can_look_at_it() -> None:
    definitions = {"orders": {"accept_unverified": True}}
    assert drill_selection(restored(), definitions, "drill", BLIND) == ["orders"]


def test_in_earnest_the_others_are_checked_without_it() -> None:
    billing = {**restored()["steps"][0], "database": "billing", "name": "lifeboat-d1-billing"}
    both = {"steps": [*restored()["steps"], billing]}
    ways = {"credentials": {"lifeboat-d1-orders": WAY, "lifeboat-d1-billing": WAY}}
    assert [one["name"] for one in drill_targets(both, ways, {}, {}, None, BLIND)] == ["billing"]
    found = drill_facts(both, ways, {"databases": [{"verdict": "verified"}]}, {}, {}, {}, {}, "recovery", BLIND)
    assert [(one["name"], one["check"]) for one in found] == [("orders", None), ("billing", {"verdict": "verified"})]


def test_the_engines_of_what_will_be_checked_are_told_with_their_drivers() -> None:
    oracle = {**restored()["steps"][0], "database": "ledger", "engine": "oracle-ee"}
    planned = {"steps": [*restored()["steps"], oracle, {**oracle, "database": "other"}]}
    definitions = {"ledger": {"driver": "oracle+oracledb"}}
    assert drill_engines(planned, ["ledger", "orders"], definitions) == [
        {"name": "orders", "engine": "postgres"},
        {"name": "ledger", "engine": "oracle-ee", "driver": "oracle+oracledb"},
    ]


# -- recoveries -------------------------------------------------------------------------------------------------------


def test_a_recovery_is_kept_and_its_objectives_are_not_judged() -> None:
    (one,) = drill_facts(restored(), credentials(), {}, {}, {"orders": {"rpo": 1, "rto": 1}}, {}, {}, "recovery")
    assert one["teardown"]["status"] == "kept"
    assert one["objectives"] == {}


def test_in_earnest_no_database_is_left_out_for_want_of_checks() -> None:
    planned = restored(status="restoring")
    assert drill_selection(planned, {}) == []
    assert drill_selection(planned, {}, "recovery") == ["orders"]
    assert drill_facts({}, {}, {}, {}, {}, planned, {}, "recovery") == []


@pytest.mark.parametrize(
    ("recovery", "message"),
    [
        pytest.param(
            {"restore_a": "x"},
            r"orders.recovery: unknown setting 'restore_a'. Did you mean 'restore_as'",
            id="no setting",
        ),
        pytest.param({"rpo": 60}, "unknown setting 'rpo'", id="of drills"),
        pytest.param({"multi_az": "maybe"}, "Set multi_az to true or false", id="no value"),
        pytest.param("orders-dr", "recovery is 'orders-dr'. Set recovery to a dictionary", id="no dictionary"),
    ],
)
def test_what_is_said_of_a_recovery_is_read_as_strictly(recovery: Any, message: str) -> None:
    with pytest.raises(AnsibleFilterError, match=message):
        drill_definitions({"orders": {"recovery": recovery}})


# -- problems ---------------------------------------------------------------------------------------------------------

FAILS: Row = {"msg": "Cannot restore."}
LOST: Row = {"msg": "Cannot open a session.", "out_of_reach": True}


@pytest.mark.parametrize(
    ("result", "more", "reason", "verdict"),
    [
        pytest.param(FAILS, {}, "Cannot restore.", "failed", id="a step failed"),
        pytest.param({}, {}, "the step failed", "failed", id="without a message"),
        pytest.param(FAILS, {"verdict": "unverified"}, "Cannot restore.", "unverified", id="a check could not run"),
        pytest.param(LOST, {}, "Cannot open a session.", "unverified", id="nothing was looked at"),
        pytest.param(LOST, {"may_be_left": True}, "Cannot open a session.", "failed", id="something may be left"),
    ],
)
def test_a_problem_is_as_bad_as_what_it_says_of_the_recovery(result: Row, more: Row, reason: str, verdict: str) -> None:
    assert with_problem([], result, "the step failed", **more) == [{"reason": reason, "verdict": verdict}]


def test_a_reason_is_told_once_with_the_worse_verdict() -> None:
    once = with_problem([{"reason": "other", "verdict": "failed"}], LOST, "")
    for worse in (False, True, False):
        once = with_problem(once, LOST, "", may_be_left=worse)
    assert once == [
        {"reason": "other", "verdict": "failed"},
        {"reason": "Cannot open a session.", "verdict": "failed"},
    ]
