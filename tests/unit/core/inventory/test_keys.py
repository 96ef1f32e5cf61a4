# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.keys import wrong_keys
from tests.builders import Encrypted


def said(variables: dict[str, Any], **values: Any) -> list[str]:
    return [str(one) for one in wrong_keys(variables, values.get)]


def of_databases(**entry: Any) -> list[str]:
    return said({"lifeboat_databases": {"orders": entry}})


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        pytest.param({"lifeboat_databases": []}, "it is not a dictionary. Make it a dictionary", id="a list"),
        pytest.param({"lifeboat_databases": {"orders": 3600}}, "it is not a dictionary", id="a number"),
        pytest.param({"lifeboat_databases": {12: {}}}, "Put the identifier in quotes", id="a number for a name"),
        pytest.param(
            {"lifeboat_databases": {"{{ app }}-*": {"rpo": 1}}}, "makes no other value of a key", id="a template"
        ),
        pytest.param({"lifeboat_databases": {"a": {"rpo": 1}, "*": {"rpo": 2}}}, "Put it first", id="the order"),
    ],
)
def test_a_wrong_key_is_named_with_the_remedy(variables: dict[str, Any], problem: str) -> None:
    (found,) = said(variables)
    assert problem in found
    assert next(iter(variables)) in found


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        pytest.param({"rop": 60}, "unknown setting 'rop'. Did you mean 'rpo'?", id="a setting"),
        pytest.param({"match_tags": {"skip": True}}, "true and false in quotes", id="a boolean for a tag"),
        pytest.param({"recovery": {"multiaz": True}}, "Did you mean 'multi_az'?", id="of recoveries"),
        pytest.param({"rpo": "a day"}, "Set rpo to a whole number of seconds above 0", id="a value"),
        pytest.param({"recovery": {"multi_az": "maybe"}}, "Set multi_az to true or false", id="a value of recoveries"),
        pytest.param({"checks": [{"check": "rowz"}]}, "unknown check 'rowz'. Did you mean 'rows'?", id="a check"),
        pytest.param({"checks": [{"table": "orders"}]}, "one has no 'check'", id="no check"),
        pytest.param({"checks": [{"check": "rows", "tabel": "x"}]}, "Did you mean 'table'?", id="of a check"),
        pytest.param({"checks": [{"check": "rows", "max_age": 3}]}, "unknown key 'max_age'", id="of another check"),
    ],
)
def test_what_an_entry_says_wrongly_is_named_with_the_remedy(entry: dict[str, Any], problem: str) -> None:
    (found,) = of_databases(**entry)
    assert problem in found
    assert "lifeboat_databases.orders" in found


def test_everything_that_is_wrong_is_said() -> None:
    assert len(said({"lifeboat_databases": {"a": {"rop": 1}, "b": {"oner": "x"}}})) == 2


@pytest.mark.parametrize("definitions", [Encrypted(), {"orders": Encrypted()}])
def test_what_is_encrypted_as_a_whole_is_one_text_and_refused(definitions: Any) -> None:
    (wrong,) = said({"lifeboat_databases": definitions})
    assert "encrypt the values in it and not the whole" in wrong


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param({"owner": Encrypted(), "checks": [{"check": "canary", "expected": Encrypted()}]}, id="vault"),
        pytest.param({"vpc_security_group_ids": [Encrypted()], "serverless": {"min": Encrypted()}}, id="deeper"),
        pytest.param({"rpo": "{{ day }}", "checks": "{{ common }}", "recovery": "{{ ours }}"}, id="templates"),
        pytest.param({"protect": False, "reason": "{{ why }}"}, id="a reason that is a template"),
        pytest.param({"protect": False, "reason": Encrypted()}, id="a reason that is encrypted"),
        pytest.param({"checks": [{"check": "{{ kind }}", "x": 1}]}, id="a check that is a template"),
        pytest.param({"rpo": None, "checks": [], "match_tags": {"a": "b"}}, id="right"),
    ],
)
def test_what_is_encrypted_or_a_template_is_not_judged(entry: dict[str, Any]) -> None:
    assert of_databases(**entry) == []


def test_an_encrypted_value_does_not_hide_a_wrong_name_beside_it() -> None:
    checks = [{"check": "canary", "expcted": Encrypted()}]
    assert ["Did you mean" in one for one in of_databases(owner=Encrypted(), rop=1, checks=checks)] == [True, True]


def test_a_dictionary_that_is_a_template_is_read() -> None:
    variables = {"lifeboat_retention": "{{ common | combine(mine) }}"}
    assert "'kep'" in said(variables, lifeboat_retention={"kep": 1})[0]
    assert said(variables, lifeboat_retention=None) == []


def test_nothing_is_read_that_is_no_template() -> None:
    def resolve(name: str) -> Any:
        raise AssertionError(name)

    assert list(wrong_keys({"lifeboat_retention": {"keep": 3}, "lifeboat_region": "{{ x }}"}, resolve)) == []


def test_a_null_in_yaml_is_as_good_as_left_out() -> None:
    assert said({"lifeboat_databases": None, "lifeboat_retention": None}) == []
