# SPDX-License-Identifier: GPL-3.0-or-later
"""Anything in a queue is read without an error, and only legal identifiers come out."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.reaction import (
    HAPPENED,
    databases_of,
    read_event,
    subjects_at,
)

LEGAL = re.compile(r"[0-9]{12}/[a-z]{2}-[a-z-]+-[0-9]{1,2}/(database|digest|snapshot)/[a-z0-9:-]{1,280}")
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
ids = st.sampled_from([f"http://x#{one}" for one in HAPPENED]) | anything
names = st.text("abZ019-:._{}%'\n ;$/\u0130\u017f\u212a", max_size=40) | st.text()
arns = st.builds(
    "arn:{}:rds:{}:{}:{}:{}".format,
    st.sampled_from(["aws", "aws-cn", "aws\n"]),
    st.sampled_from(["us-west-2", "us-gov-west-1", "here"]),
    st.sampled_from(["111111111111", "1"]),
    st.sampled_from(["db", "cluster", "snapshot", "cluster-snapshot", "pg"]),
    names | names.map("rds:{}-2026-11-26-03-05".format) | names.map("lifeboat-{}-20261126030500-0123456789ab".format),
)
bodies = anything | st.fixed_dictionaries({"Event ID": ids, "Source ARN": arns | anything}, optional={"Tags": anything})


@given(bodies)
def test_nothing_but_legal_identifiers_comes_out(body: object) -> None:
    found = read_event(body)
    if found is not None:
        assert found["happened"] in HAPPENED.values()
        assert LEGAL.fullmatch(found["about"]), found
        account, region, subject = found["about"].split("/", 2)
        assert subjects_at({"lifeboat_account_id": account, "lifeboat_region": region}, found["about"]) == [subject]


@given(
    st.lists(st.builds("111111111111/us-west-2/{}/{}".format, st.sampled_from(["database", "digest"]), names) | names)
)
def test_whatever_it_is_about_only_known_databases_are_meant(about: list[str]) -> None:
    site = {"lifeboat_account_id": "111111111111", "lifeboat_region": "us-west-2"}
    rows = [{"database": "orders", "digest": "0123456789ab", "newest": {"here": {"name": "by-hand"}}}]
    assert set(databases_of(rows, subjects_at(site, " ".join(about)))) <= {"orders"}
