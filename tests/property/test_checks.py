# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.rds.plugins.module_utils._core.checking.checks import LADDER, verdict_of
from ansible_collections.lifeboat.rds.plugins.module_utils._core.words import printable

STATUSES = st.sampled_from(["passed", "failed", "skipped", "unverified"]) | st.text() | st.none()
ROWS = st.lists(
    st.fixed_dictionaries(
        {"check": st.sampled_from([*LADDER, "other"]), "status": STATUSES, "reason": st.text()},
        optional={"target": st.text(), "optional": st.booleans()},
    )
)
Rows = list[dict[str, Any]]


@given(ROWS)
def test_nothing_is_verified_of_which_a_check_did_not_pass(rows: Rows) -> None:
    """An optional check that the engine does not offer is the only exception."""
    verdict, _reason = verdict_of(rows)
    needed = [row for row in rows if not (row.get("optional") and row["status"] == "skipped")]
    assert verdict != "verified" or all(row["status"] == "passed" for row in needed)


@given(ROWS)
def test_nothing_is_verified_without_a_look_at_the_data(rows: Rows) -> None:
    verdict, _reason = verdict_of(rows)
    looks = {"rows", "freshness", "checksum", "canary", "query"}
    assert verdict != "verified" or looks & {row["check"] for row in rows if row["status"] == "passed"}


@given(ROWS)
def test_a_failed_check_always_fails(rows: Rows) -> None:
    assert (verdict_of(rows)[0] == "failed") == any(row["status"] == "failed" for row in rows)


@given(ROWS)
def test_there_is_a_reason_exactly_when_it_is_not_verified(rows: Rows) -> None:
    verdict, reason = verdict_of(rows)
    assert (verdict == "verified") == (reason == "")


@given(ROWS)
def test_a_reason_is_one_printable_line_of_bounded_length(rows: Rows) -> None:
    _verdict, reason = verdict_of(rows)
    assert reason.isprintable()
    assert len(reason) <= 300


@given(st.text(), st.integers(1, 400))
def test_what_is_shown_is_printable_and_no_longer_than_asked(text: str, limit: int) -> None:
    shown = printable(text, limit)
    assert shown.isprintable()
    assert len(shown) <= limit
