# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError, raise_all


@pytest.mark.parametrize(
    ("why", "remedy", "message"),
    [
        pytest.param("it is full", "", "Cannot do it: it is full.", id="no remedy"),
        pytest.param(
            "it is full.", "Empty it.", "Cannot do it: it is full. Empty it.", id="full stops are not doubled"
        ),
        pytest.param("unknown 'x'", "Did you mean 'y'?", "Cannot do it: unknown 'x'. Did you mean 'y'?", id="question"),
    ],
)
def test_a_message_has_one_form(why: str, remedy: str, message: str) -> None:
    assert str(LifeboatError("Cannot do it", why=why, remedy=remedy)) == message


def test_all_problems_are_raised_at_once() -> None:
    problems = [LifeboatError(f"Cannot use {name}", why="it is gone") for name in ("a", "b")]
    with pytest.raises(LifeboatError, match=r"Cannot start, for 2 reasons: Cannot use a: it is gone\. Cannot use b"):
        raise_all("Cannot start", problems)
    with pytest.raises(LifeboatError, match=r"^Cannot use a: it is gone\.$"):
        raise_all("Cannot start", problems[:1])
    raise_all("Cannot start", [])
