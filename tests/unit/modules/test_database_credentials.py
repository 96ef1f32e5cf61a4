# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from unittest.mock import Mock

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import iso
from ansible_collections.lifeboat.rds.plugins.modules import database_credentials
from tests.builders import DR, EAST, NOW, SOURCE, hours_ago, refusal, restored
from tests.modules import by_name

Row = dict[str, Any]

ORDERS, BILLING = restored("lifeboat-d1-orders"), restored("lifeboat-d1-billing")
SHOP = restored("lifeboat-d1-shop", "cluster", members=("lifeboat-d1-shop-1",))
MEMBER = restored("lifeboat-d1-shop-1", cluster="lifeboat-d1-shop")


@pytest.fixture
def dr_site(site: Any) -> Any:
    return lambda *databases: site(DR, EAST, databases=databases)


@pytest.fixture
def run(options: Any) -> Any:
    def run(site: Mock, *, check_mode: bool = False, **given: Any) -> Row:
        given = {"account_id": DR, "drill_id": "d1", **given}
        return database_credentials.run(options(database_credentials, **given), site, check_mode=check_mode)

    return run


def asked(site: Mock) -> dict[str, str]:
    """Return the passwords that AWS got."""
    return {one.args[0].id.identifier: one.args[1] for one in site.set_password.call_args_list}


def passwords_of(result: Row) -> dict[str, str]:
    return {name: one["password"] for name, one in result["credentials"].items()}


def test_every_database_of_the_drill_gets_the_password_that_is_returned(run: Any, dr_site: Any) -> None:
    site = dr_site(ORDERS, SHOP, MEMBER)
    result = run(site)
    assert set(asked(site)) == {"lifeboat-d1-orders", "lifeboat-d1-shop"}
    assert passwords_of(result) == asked(site)
    assert {(one["username"], one["kind"]) for one in result["credentials"].values()} == {("master", "password")}
    assert (result["changed"], set(by_name(result).values())) == (True, {"modifying"})


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(restored("lifeboat-a", tags={"lifeboat:drill-id": "d2"}), id="another drill's"),
        pytest.param(restored("lifeboat-a", tags={"lifeboat:managed-by": "other"}), id="another installation's"),
        pytest.param(restored("lifeboat-a", tags={"lifeboat:purpose": "recovery"}), id="a recovery"),
    ],
)
def test_nothing_but_the_drills_own_databases_is_touched(run: Any, dr_site: Any, other: Any) -> None:
    site = dr_site(ORDERS, other)
    assert set(run(site)["credentials"]) == set(asked(site)) == {"lifeboat-d1-orders"}


@pytest.mark.parametrize("status", ["backing-up", "configuring-enhanced-monitoring"])
def test_a_database_that_rds_is_busy_with_gets_its_password_afterwards(run: Any, dr_site: Any, status: str) -> None:
    """RDS backs up what it has restored."""
    busy = replace(ORDERS, status=status)
    first = run(dr_site(busy, BILLING))
    assert set(passwords_of(first)) == {"lifeboat-d1-billing"}
    assert by_name(first) == {"lifeboat-d1-orders": "modifying", "lifeboat-d1-billing": "modifying"}
    site = dr_site(ORDERS, BILLING)
    second = run(site, resume=first["resume"])
    assert set(asked(site)) == set(passwords_of(second)) == {"lifeboat-d1-orders"}
    assert run(dr_site(busy), check_mode=True)["resume"] == []


@pytest.mark.parametrize("status", ["creating", "failed", "deleting"])
def test_what_was_never_restored_is_not_waited_for(run: Any, dr_site: Any, status: str) -> None:
    assert run(dr_site(replace(ORDERS, status=status)))["steps"] == []


def test_passwords_differ_between_databases_and_between_runs(run: Any, dr_site: Any) -> None:
    passwords = [one for _run in range(5) for one in passwords_of(run(dr_site(ORDERS, BILLING))).values()]
    assert len(set(passwords)) == 10


def test_a_password_is_long_and_legal_for_every_engine(run: Any, dr_site: Any) -> None:
    (password,) = passwords_of(run(dr_site(ORDERS))).values()
    assert 30 <= len(password) <= 41  # MySQL's limit is the lowest
    assert not set(password) & set("/@\"' ")


@pytest.mark.parametrize("refused", [False, True], ids=["done", "refused"])
def test_no_password_is_anywhere_but_in_the_credentials(run: Any, dr_site: Any, refused: bool) -> None:
    site = dr_site(ORDERS, BILLING)
    site.set_password.side_effect = [refusal("permission") if refused else None, None]
    result = run(site)
    others = json.dumps({name: value for name, value in result.items() if name != "credentials"})
    assert not [password for password in asked(site).values() if password in others]


def test_a_password_that_aws_refused_is_not_returned_and_does_not_stop_the_others(run: Any, dr_site: Any) -> None:
    """Whoever used it would take a wrong password for a broken database."""
    site = dr_site(BILLING, ORDERS)
    site.set_password.side_effect = [refusal("permission"), None]
    result = run(site)
    assert by_name(result) == {"lifeboat-d1-billing": "failed", "lifeboat-d1-orders": "modifying"}
    assert (result["failed"], [one["name"] for one in result["resume"]]) == (True, ["lifeboat-d1-orders"])
    assert set(result["credentials"]) == {"lifeboat-d1-orders"}


def test_check_mode_sets_nothing_returns_nothing_and_waits_for_nothing(run: Any, dr_site: Any, writes: Any) -> None:
    site, real = dr_site(ORDERS), dr_site(ORDERS)
    result, done = run(site, check_mode=True), run(real)
    assert (writes(site), result["credentials"], result["resume"]) == ([], {}, [])
    for part in ("changed", "steps", "diff"):
        assert result[part] == done[part]


def test_a_database_that_does_not_run_gets_no_password(run: Any, dr_site: Any, writes: Any) -> None:
    site = dr_site(restored("lifeboat-d1-orders", status="creating"))
    assert (run(site)["credentials"], writes(site)) == ({}, [])


# -- later passes -----------------------------------------------------------------------------------------------------


def resume(*names: str, kind: str = "instance") -> list[Row]:
    return [{"kind": kind, "name": name, "started": iso(hours_ago(0.01))} for name in names]


def test_a_password_is_set_when_the_database_has_no_change_left_to_apply(run: Any, dr_site: Any) -> None:
    result = run(dr_site(ORDERS), resume=resume("lifeboat-d1-orders"))
    assert [(step["status"], step["seconds"], step["changed"]) for step in result["steps"]] == [("set", 36, False)]
    assert result["resume"] == []


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"pending": True}, id="available, but the change is still to come"),
        pytest.param({"status": "resetting-master-credentials"}, id="being reset"),
        pytest.param({"status": "modifying", "pending": True}, id="modifying"),
    ],
)
def test_a_change_that_is_not_applied_yet_is_waited_for(run: Any, dr_site: Any, change: Row) -> None:
    documents = resume("lifeboat-d1-orders")
    result = run(dr_site(restored("lifeboat-d1-orders", **change)), resume=documents)
    assert (by_name(result), result["resume"]) == ({"lifeboat-d1-orders": "modifying"}, documents)
    assert result["in_flight"][0]["since"] == documents[0]["started"]


def test_a_poll_pass_reads_what_is_in_flight_and_sets_no_new_password(run: Any, dr_site: Any) -> None:
    site = dr_site(ORDERS, BILLING, SHOP)
    documents = [*resume("lifeboat-d1-orders"), *resume("lifeboat-d1-shop", kind="cluster")]
    result = run(site, resume=documents)
    assert [name for name, _arguments, _named in site.mock_calls] == ["databases_named"]
    assert by_name(result) == {"lifeboat-d1-orders": "set", "lifeboat-d1-shop": "set"}
    assert result["credentials"] == {}


def test_a_first_pass_leaves_what_its_poll_pass_needs(run: Any, dr_site: Any) -> None:
    site = dr_site(ORDERS)
    (document,) = run(site)["resume"]
    assert document == {"kind": "instance", "name": "lifeboat-d1-orders", "started": iso(NOW)}


def test_no_full_pass_comes_last_since_it_would_set_new_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    run_module = Mock()
    monkeypatch.setattr(database_credentials, "run_module", run_module)
    database_credentials.main()
    assert run_module.call_args.kwargs == {"last_full_pass": False}


# -- passwords that RDS manages ---------------------------------------------------------------------------------------

SECRET = {"secret_arn": "arn:aws:secretsmanager:us-east-1:222222222222:secret:rds!db-1", "secret_status": "active"}


def test_rds_is_asked_once_to_manage_the_password(run: Any, dr_site: Any, writes: Any) -> None:
    site = dr_site(ORDERS, SHOP, MEMBER)
    result = run(site, mode="managed")
    assert writes(site) == ["manage_password", "manage_password"]
    assert (result["credentials"], set(by_name(result).values())) == ({}, {"modifying"})


def test_a_managed_password_is_read_when_its_secret_is_active(run: Any, dr_site: Any) -> None:
    site = dr_site(restored("lifeboat-d1-orders", **SECRET))
    site.managed_password.return_value = "of-rds"
    result = run(site, mode="managed", resume=resume("lifeboat-d1-orders"))
    assert result["credentials"] == {
        "lifeboat-d1-orders": {"username": "master", "password": "of-rds", "kind": "password"}
    }
    assert (by_name(result), result["resume"]) == ({"lifeboat-d1-orders": "set"}, [])


@pytest.mark.parametrize(
    "secret", [{}, {**SECRET, "secret_status": "creating"}], ids=["there is none yet", "it is being made"]
)
def test_a_secret_that_is_not_active_yet_is_waited_for(run: Any, dr_site: Any, secret: Row) -> None:
    site, documents = dr_site(restored("lifeboat-d1-orders", **secret)), resume("lifeboat-d1-orders")
    result = run(site, mode="managed", resume=documents)
    assert (result["credentials"], result["resume"], site.managed_password.called) == ({}, documents, False)


def test_what_rds_manages_already_is_only_read(run: Any, dr_site: Any, writes: Any) -> None:
    site = dr_site(restored("lifeboat-d1-orders", **SECRET))
    site.managed_password.return_value = "of-rds"
    result = run(site, mode="managed")
    assert (writes(site), result["changed"], passwords_of(result)) == ([], False, {"lifeboat-d1-orders": "of-rds"})


@pytest.mark.parametrize(
    ("meaning", "status"), [("permission", "failed"), ("wait", "modifying"), ("unreachable", "modifying")]
)
def test_a_secret_that_cannot_be_read_gives_no_password(run: Any, dr_site: Any, meaning: str, status: str) -> None:
    site = dr_site(restored("lifeboat-d1-orders", **SECRET))
    site.managed_password.side_effect = refusal(meaning)
    result = run(site, mode="managed", resume=resume("lifeboat-d1-orders"))
    assert (by_name(result), result["credentials"]) == ({"lifeboat-d1-orders": status}, {})
    assert bool(result["resume"]) == (status == "modifying")


def test_check_mode_reads_no_secret(run: Any, dr_site: Any) -> None:
    site = dr_site(restored("lifeboat-d1-orders", **SECRET))
    assert run(site, mode="managed", check_mode=True)["credentials"] == {}
    assert not site.managed_password.called


# -- tokens -----------------------------------------------------------------------------------------------------------


def test_a_token_is_for_the_named_user_and_changes_nothing(run: Any, dr_site: Any, writes: Any) -> None:
    site = dr_site(restored("lifeboat-d1-orders", iam=True))
    site.token.side_effect = lambda database, username: f"{username}@{database.host}"
    result = run(site, mode="iam", username="clerk")
    assert result["credentials"] == {
        "lifeboat-d1-orders": {"username": "clerk", "password": "clerk@lifeboat-d1-orders.example", "kind": "iam"}
    }
    assert (writes(site), result["changed"], by_name(result)) == ([], False, {"lifeboat-d1-orders": "set"})


def test_a_database_without_iam_authentication_gets_no_token(run: Any, dr_site: Any) -> None:
    site = dr_site(replace(ORDERS, iam=False), restored("lifeboat-d1-billing", iam=True))
    site.token.return_value = "token"
    result = run(site, mode="iam", username="clerk")
    assert by_name(result) == {"lifeboat-d1-orders": "failed", "lifeboat-d1-billing": "set"}
    assert set(result["credentials"]) == {"lifeboat-d1-billing"}
    assert "Restore it with iam_authentication" in result["msg"]


def test_check_mode_makes_no_token(run: Any, dr_site: Any) -> None:
    site = dr_site(restored("lifeboat-d1-orders", iam=True))
    assert run(site, mode="iam", username="clerk", check_mode=True)["credentials"] == {}
    assert not site.token.called


# -- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param({"account_id": SOURCE}, "these credentials belong to account 222222222222", id="wrong account"),
        pytest.param({"drill_id": "D 1"}, "Cannot use the drill id", id="bad drill id"),
        pytest.param({"mode": "iam"}, "username is not set", id="tokens for nobody"),
        pytest.param({"username": "clerk"}, "passwords are set for the master user", id="a user without tokens"),
    ],
)
def test_bad_input_stops_the_call_before_anything_is_read(run: Any, dr_site: Any, given: Row, message: str) -> None:
    site = dr_site(ORDERS)
    with pytest.raises(LifeboatError, match=message):
        run(site, **given)
    assert {name for name, _arguments, _named in site.mock_calls} <= {"check_account"}


def test_every_step_has_what_the_documentation_promises(run: Any, dr_site: Any, promised: Any) -> None:
    (step,) = run(dr_site(ORDERS))["steps"]
    assert promised(database_credentials) <= set(step)


# -- recoveries -------------------------------------------------------------------------------------------------------

KEPT = {"lifeboat:purpose": "recovery"}
RECOVERED = {"purpose": "recovery", "mode": "managed", "names": ["orders"]}


def test_only_recoveries_that_are_named_get_a_password(run: Any, dr_site: Any) -> None:
    site = dr_site(restored("orders", tags=KEPT), restored("billing", tags=KEPT), ORDERS)
    result = run(site, **RECOVERED)
    assert [one.args[0].id.identifier for one in site.manage_password.call_args_list] == ["orders"]
    assert by_name(result) == {"orders": "modifying"}


def test_a_database_that_is_not_a_recovery_gets_no_password_even_when_it_is_named(
    run: Any, dr_site: Any, writes: Any
) -> None:
    site = dr_site(restored("orders"), restored("orders", tags={"lifeboat:managed-by": "other", **KEPT}))
    assert run(site, **RECOVERED)["steps"] == []
    assert writes(site) == []


def test_a_recovery_that_has_its_secret_keeps_it(run: Any, dr_site: Any, writes: Any) -> None:
    site = dr_site(restored("orders", tags=KEPT, secret_arn="arn:secret", secret_status="active"))
    site.managed_password.side_effect = lambda _database: "word"
    result = run(site, **RECOVERED)
    assert (writes(site), result["changed"]) == ([], False)
    (step,) = result["steps"]
    assert (step["status"], step["secret_arn"]) == ("set", "arn:secret")
    assert passwords_of(result) == {"orders": "word"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param({"names": None}, "Set names to", id="which"),
        pytest.param({"mode": "random"}, "nobody would know it afterwards", id="lost"),
    ],
)
def test_a_recovery_whose_password_could_be_lost_is_refused(run: Any, dr_site: Any, given: Row, message: str) -> None:
    with pytest.raises(LifeboatError, match=message):
        run(dr_site(restored("orders", tags=KEPT)), **{**RECOVERED, **given})


def test_in_a_drill_the_names_do_not_matter(run: Any, dr_site: Any) -> None:
    assert by_name(run(dr_site(ORDERS), names=[])) == {"lifeboat-d1-orders": "modifying"}
