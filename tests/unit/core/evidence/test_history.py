# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.evidence.history import Entry, read_entry, why_misnamed

DRILL: dict[str, Any] = {
    "document": "drill",
    "drill_id": "d1",
    "site": {"account_id": "222222222222", "region": "us-east-1"},
    "history": {"number": 2, "previous": {"file": "d0-1.json", "sha256": "0" * 64}},
    "signed_by": "sha256:x",
}


def read(document: Any) -> Entry:
    return read_entry("d1-1.json", json.dumps(document).encode())


def test_a_document_is_read_with_its_place() -> None:
    entry = read(DRILL)
    assert (entry.number, entry.site, entry.signed_by, entry.name) == (
        2, ("222222222222", "us-east-1"), "sha256:x", "d1",
    )  # fmt: skip
    assert read(DRILL | {"history": {"number": 1, "previous": None}}).previous is None


@pytest.mark.parametrize("value", [0, -1, True, "1", 1.0, None], ids=repr)
def test_what_is_not_a_positive_whole_number_is_not_the_number_of_a_document(value: Any) -> None:
    with pytest.raises(LifeboatError, match=r"history\.number is not a whole number of at least 1"):
        read(DRILL | {"history": {"number": value, "previous": None}})


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        pytest.param({"document": ["drill"]}, "document is not a text", id="kind"),
        pytest.param({"document": "manifest"}, "document is not one of", id="other-kind"),
        pytest.param({"signed_by": 1}, "signed_by is not a text", id="signer"),
        pytest.param({"site": "here"}, "site is not an object", id="site"),
        pytest.param({"site": {"account_id": 222222222222, "region": "x"}}, "site.account_id is not a text",
                     id="account"),
        pytest.param({"site": {"account_id": "222222222222"}}, "site.region is missing, and must be a text",
                     id="region"),
        pytest.param({"history": {"number": 2, "previous": "d0"}}, "history.previous is not an object", id="previous"),
        pytest.param({"history": {"number": 2, "previous": {"file": "d0-1.json", "sha256": None}}},
                     "history.previous.sha256 is not a text", id="digest"),
        pytest.param({"drill_id": {}}, "drill_id is not a text", id="drill-id"),
    ],
)  # fmt: skip
def test_a_field_of_another_type_is_named(changes: Any, why: str) -> None:
    with pytest.raises(LifeboatError, match=r"Cannot read d1-1\.json as evidence: a field") as told:
        read(DRILL | changes)
    assert why in str(told.value)


@pytest.mark.parametrize(
    ("kind", "name", "file", "is_right"),
    [
        ("drill", "20261123t1404", "20261123t1404-1.json", True),
        ("recovery", "d.1", "d.1-12.json", True),
        ("drill", "d1", "d2-1.json", False),
        ("drill", "d1", "d1.json", False),
        ("drill", "d1", "d1-0.json", False),
        ("drill", "d.1", "dx1-1.json", False),
        ("drill", None, "d1-1.json", False),
        ("posture", "2026-11-23T14:05:00Z", "posture-20261123t140500z.json", True),
        ("posture", "2026-11-23T14:05:00Z", "posture-20261123t140500z-2.json", True),
        ("posture", "2026-11-23T14:05:00Z", "posture-20261123t140501z.json", False),
        ("posture", "2026-11-23T14:05:00Z", "20261123t1404-1.json", False),
        ("posture", "20261123t1404", "20261123t1404-1.json", False),
    ],
)
def test_a_file_is_named_after_what_its_document_says(kind: str, name: str | None, file: str, is_right: bool) -> None:
    assert (why_misnamed(Entry(file, "0" * 64, kind, name=name)) is None) == is_right
