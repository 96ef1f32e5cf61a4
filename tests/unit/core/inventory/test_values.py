# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.action.run_check import fits
from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.values import wrong_values
from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.variables import VARIABLES
from tests.builders import Encrypted


def said(**variables: Any) -> list[str]:
    return [str(one) for one in wrong_values(variables, fits)]


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        pytest.param("interval", "soon", "it is 'soon', not a whole number. Write a whole number", id="a word"),
        pytest.param("interval", 1.5, "it is 1.5, not a whole number", id="a broken number"),
        pytest.param("interval", True, "it is True, not a whole number", id="yes for a number"),
        pytest.param("accept_empty", "perhaps", "it is 'perhaps', not true or false", id="maybe"),
        pytest.param("accept_empty", [], "not true or false", id="a list for a boolean"),
        pytest.param("account_id", 111, "it is 111. Set it to the 12 digits of the account, in quotes", id="no zeros"),
        pytest.param("account_id", "12345678901", "12 digits", id="eleven digits"),
        pytest.param("account_id", ["123456789012"], "Write one text, in quotes", id="a list for a text"),
        pytest.param("region", "eu-west", "Set it to a Region, such as eu-west-1", id="half a Region"),
        pytest.param("region", "eu-west-1a", "such as eu-west-1", id="a zone"),
        pytest.param("region", "Ireland", "such as eu-west-1", id="a place"),
        pytest.param("publish_region", "eu-west1", "such as eu-west-1", id="where it publishes"),
        pytest.param("environment", False, "it is False, not a text. Write one text, in quotes", id="no in YAML"),
        pytest.param("prefix", 1.10, "it is 1.1, not a text", id="a number that lost its zero"),
        pytest.param("evidence", 5, "it is 5, not a path", id="a number for a path"),
        pytest.param("recovery_point_source", "automatic", "Did you mean 'automated'?", id="a choice"),
        pytest.param("recovery_point_source", "x", "Use one of automated, manual, awsbackup, snapshot", id="no choice"),
        pytest.param("drill_credentials", "guess", "Use one of random, managed, iam", id="a way in"),
        pytest.param("dr_accounts", "222222222222", "Write it as a list", id="a text for the DR accounts"),
        pytest.param("dr_accounts", 222222222222, "Write it as a list", id="a number for a list"),
        pytest.param("dr_accounts", ["222222222222", 111], "it is 111. Set it to the 12 digits", id="one of the list"),
        pytest.param("dr_accounts", {"a": 1}, "not a list", id="a dictionary for a list"),
        pytest.param("database_keys", "alias/x", "Write it as a list", id="a text that a role loops over"),
        pytest.param("enabled_environments", "production", "Write it as a list", id="a text that a role looks into"),
        pytest.param("controls", "A.8.13", "not a list", id="a text for controls"),
        pytest.param("controls", [{"framwork": "x"}], "Did you mean 'framework'?", id="a key of one of a list"),
        pytest.param("event_listeners", [{"raw": "maybe"}], "lifeboat_event_listeners.raw: it is 'maybe'", id="raw"),
        pytest.param("retention", 35, "not a dictionary", id="a number for a dictionary"),
        pytest.param("retention", [], "not a dictionary", id="a list for a dictionary"),
        pytest.param("retention", "keep=3", "not a dictionary", id="pairs that a role reads by key"),
        pytest.param("retention", {"keep": "all"}, "lifeboat_retention.keep: it is 'all', not a whole", id="a value"),
        pytest.param("retention", {"max_age_dayz": 35}, "Did you mean 'max_age_days'?", id="a key"),
        pytest.param("retention", {"retain": 35}, "Known are keep, max_age_days", id="nothing like it"),
        pytest.param("profiles", "production", "not a dictionary", id="a text for a dictionary"),
        pytest.param("profiles", {"replciate": "x"}, "Did you mean 'replicate'?", id="a profile"),
        pytest.param("profiles", {"drill": ["x"]}, "lifeboat_profiles.drill: it is ['x'], not a text", id="two"),
        pytest.param("stand_in", {"subnetgroup": "x"}, "Did you mean 'subnet_group'?", id="a stand-in"),
        pytest.param("max_in_flight", {"instances": 3}, "Did you mean 'instance'?", id="limits"),
        pytest.param("max_in_flight", "instances=3", "not a dictionary", id="pairs with a wrong key"),
        pytest.param("drill_recovery_point", {"chose": "at"}, "Did you mean 'choose'?", id="a point"),
        pytest.param("drill_recovery_point", {"choose": "latest"}, "Use one of newest, verified", id="which point"),
        pytest.param("drill_recovery_point", "newest", "not a dictionary", id="a text without pairs"),
        pytest.param(
            "retention", Encrypted(), "encrypt the values in it and not the whole", id="an encrypted retention"
        ),
        pytest.param("profiles", Encrypted(), "it is not a dictionary", id="encrypted profiles"),
        pytest.param("dr_accounts", Encrypted(), "it is not a list", id="encrypted accounts"),
    ],
)
def test_a_wrong_value_is_named_with_the_remedy(name: str, value: Any, problem: str) -> None:
    (wrong,) = said(**{f"lifeboat_{name}": value})
    assert problem in wrong
    assert f"lifeboat_{name}" in wrong


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("interval", "3600", id="a number as text"),
        pytest.param("accept_empty", "yes", id="a boolean as text"),
        pytest.param("account_id", 123456789012, id="an account without quotes"),
        pytest.param("account_id", "{{ accounts.shop }}", id="a template"),
        pytest.param("account_id", "{% if x %}1{% endif %}", id="a statement"),
        pytest.param("account_id", Encrypted(), id="encrypted"),
        pytest.param("region", "us-gov-west-1", id="another partition"),
        pytest.param("dr_accounts", [222222222222, "{{ other }}", Encrypted()], id="some of a list"),
        pytest.param("retention", {"keep": "{{ n }}", "daily": Encrypted(), "weekly": None}, id="some of a dictionary"),
        pytest.param("stand_in", Encrypted(), id="an encrypted dictionary"),
        pytest.param("drill_recovery_point", "choose=random", id="pairs"),
        pytest.param("drill_recovery_point", '{"choose": "random"}', id="JSON"),
        pytest.param("drill_security_groups", "lifeboat-drill", id="one text for a list"),
        pytest.param("drill_databases", "orders,ledger", id="a list as surveys answer"),
        pytest.param("profiles", {"publish": None}, id="no profile"),
        pytest.param("databases", ["orders"], id="what databases say is checked elsewhere"),
        pytest.param("store", None, id="a null"),
        pytest.param("publish_region", "", id="no other Region"),
    ],
)
def test_what_ansible_makes_right_is_accepted(name: str, value: Any) -> None:
    assert said(**{f"lifeboat_{name}": value}) == []


def test_a_secret_is_not_in_the_message() -> None:
    (wrong,) = said(lifeboat_signing_passphrase=["hunter2"])
    assert "hunter2" not in wrong
    assert "it is not a text" in wrong


def test_everything_that_is_wrong_is_said() -> None:
    assert len(said(lifeboat_interval="soon", lifeboat_retention={"kep": 1, "keep": "x", "daily": "y"})) == 4


@pytest.mark.parametrize("name", sorted(name for name, one in VARIABLES.items() if one.options))
def test_every_known_key_is_accepted_and_no_other(name: str) -> None:
    of_list = VARIABLES[name].type == "list"

    def entry(**keys: Any) -> Any:
        return {name: [keys] if of_list else keys}

    assert said(**entry(**dict.fromkeys(VARIABLES[name].options))) == []
    assert len(said(**entry(nobody_knows_this=1))) == 1
