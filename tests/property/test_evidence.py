# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence follows the published schema, whatever is known about a drill, and any change to a history is noticed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.rds.plugins.module_utils._core.evidence.history import (
    Entry,
    histories,
    newest,
    next_place,
    objections,
    read_entry,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._files.evidence import pack
from ansible_collections.lifeboat.rds.plugins.modules import drill_report
from tests.schemas import complaints

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=timezone.utc)
SITE, OTHER = ("222222222222", "us-east-1"), ("222222222222", "us-west-2")

text = st.text(max_size=20) | st.just("\x1b[2J\n\u202e</td><script>")
scalars = st.none() | st.booleans() | st.integers() | st.floats() | text
anything = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3))
statuses = st.sampled_from(["restored", "set", "deleted", "kept", "passed", "failed", "verified"]) | anything


def some(names: list[str], **known: Any) -> Any:
    """Draw a dictionary with some of these keys, any values, and unknown keys."""
    keys = {name: known.get(name, anything) for name in names}
    return st.none() | st.builds(
        lambda one, two: {**one, **two},
        st.fixed_dictionaries({}, optional=keys),
        st.dictionaries(text, anything, max_size=2),
    )


phases = some(["choose", "restore_call", "available", "member", "credentials"])
rows = st.lists(
    some(["check", "target", "status", "expected", "found", "seconds", "optional"], status=statuses), max_size=3
)
pieces = {
    "restore": some(["status", "reason", "target", "seconds", "phases"], status=statuses, phases=phases | anything),
    "credentials": some(["status", "reason", "seconds"], status=statuses),
    "check": some(
        ["verdict", "reason", "newest_row", "connected_seconds", "checks"],
        verdict=statuses,
        checks=rows.map(lambda found: [one for one in found if one is not None]),
    ),
    "teardown": some(["status", "reason"], status=statuses),
}
goals = st.none() | st.integers()
databases = st.fixed_dictionaries(
    {
        "name": text,
        **pieces,
        "objectives": st.none() | st.fixed_dictionaries({"rpo": goals, "rto": goals}),
        "unlike": st.none() | st.lists(text, max_size=2),
        "accept_unverified": st.booleans(),
        **dict.fromkeys(("kind", "recovery_point_arn", "original_time", "owner", "checked_on"), st.none() | text),
    }
)
verdicts = st.sampled_from(["failed", "unverified"])
problems = st.fixed_dictionaries({"database": st.none() | text, "reason": text, "verdict": verdicts})
controls = st.fixed_dictionaries({"framework": text, "control": text, "title": st.none() | text})


@given(st.lists(databases, max_size=2), st.lists(problems, max_size=2), st.lists(controls, max_size=2),
       st.sampled_from(["drill", "recovery"]), st.none() | text)  # fmt: skip
def test_the_evidence_has_the_published_form_whatever_is_known(
    found: list[Any], wrong: list[Any], evidence_of: list[Any], purpose: str, name: str | None
) -> None:
    params = {
        "purpose": purpose,
        "drill_id": "d1",
        "name": name,
        "started": "2026-11-23T14:00:00Z",
        "started_clock": "aws",
        "rpo_tolerance": 900,
        "site": {"name": name, "account_id": SITE[0], "region": SITE[1]},
        "who": dict.fromkeys(drill_report.WHO, name),
        "controls": evidence_of,
        "databases": found,
        "problems": wrong,
    }
    tool = dict.fromkeys(("lifeboat.rds", "ansible-core", "python"), "1")
    _result, evidence = drill_report.run(params, tool, NOW)
    written = json.loads(pack(evidence | {"history": next_place([], SITE)}))
    assert complaints(written) == []


def chain(length: int, site: tuple[str, str] = SITE) -> list[Entry]:
    """Build a history as the collection writes it."""
    entries: list[Entry] = []
    for number in range(length):
        document = {
            "document": "drill",
            "drill_id": f"d{site[1]}{number}",
            "site": {"account_id": site[0], "region": site[1]},
            "history": next_place(entries, site),
        }
        entries.append(read_entry(f"d{site[1]}{number}-1.json", json.dumps(document).encode()))
    return entries


def wrong_in(entries: list[Entry]) -> list[str]:
    return [entry.file for history in histories(entries).values() for entry, _why in objections(history)]


@given(st.integers(0, 6), st.integers(0, 6), st.randoms())
def test_nothing_is_wrong_with_histories_as_they_were_written(first: int, second: int, random: Any) -> None:
    entries = chain(first) + chain(second, OTHER)
    random.shuffle(entries)
    assert wrong_in(entries) == []
    assert next_place(entries, SITE)["number"] == first + 1


@given(st.integers(2, 6), st.data())
def test_whatever_is_missing_before_the_newest_shows_in_the_one_after_it(length: int, data: Any) -> None:
    entries = chain(length)
    gone = data.draw(st.sets(st.sampled_from(entries[:-1]), min_size=1))
    left = [entry for entry in entries if entry not in gone]
    expected = [entry.file for entry in left if entry.number > 1 and entries[entry.number - 2] in gone]
    assert wrong_in(left) == expected and expected


@given(st.integers(2, 6), st.data())
def test_whatever_was_changed_before_the_newest_shows(length: int, data: Any) -> None:
    entries = chain(length)
    changed = data.draw(st.sampled_from(entries[:-1]))
    others = [replace(entry, sha256="0" * 64) if entry is changed else entry for entry in entries]
    assert wrong_in(others) == [changed.file]


@given(st.integers(1, 6), st.data())
def test_a_fork_shows_on_both_sides(length: int, data: Any) -> None:
    entries = chain(length)
    rival = replace(data.draw(st.sampled_from(entries)), file="rival-1.json", sha256="1" * 64)
    original = entries[rival.number - 1].file
    assert sorted(wrong_in([*entries, rival])) == sorted([original, rival.file])
    assert newest([*entries, rival], SITE) is not None
