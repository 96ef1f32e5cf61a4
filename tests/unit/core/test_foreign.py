# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.foreign import (
    EVIDENCE,
    Bounds,
    Malformed,
    Part,
    read_json,
    read_object,
)

SMALL = Bounds(size=1000, values=20, depth=4)


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, 0, -1, 1.5, 2**63 - 1, -(2**63) + 1, 1e308, "", "é\u202e😀", [], {}, [[[[1]]]]),
        *(
            {"a": [1, {"b": None}]},
            'a"b\\',
            ["[[[[[[[[[[", "{{{{{{{{{{,,,,,,,,,,,,,,,,,,,,,,,,"],
            "\\\\ud800",
            list(range(20)),
        ),
    ],
    ids=repr,
)
def test_what_json_can_say_is_read_as_it_was_written(value: Any) -> None:
    for is_ascii in (True, False):
        found = read_json(json.dumps(value, ensure_ascii=is_ascii).encode(), SMALL)
        assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        pytest.param(b"", "it is not JSON", id="nothing"),
        pytest.param(b"{", "it is not JSON", id="cut-off"),
        pytest.param(b"{} {}", "it is not JSON", id="two"),
        pytest.param(b'"\xff"', "it is not JSON", id="not-utf-8"),
        pytest.param(b'"\xed\xa0\x80"', "it is not JSON", id="a-surrogate-in-utf-8"),
        pytest.param('{"a": 1}'.encode("utf-16"), "it is not JSON", id="utf-16"),
        pytest.param(b"\xef\xbb\xbf{}", "it is not JSON", id="byte-order-mark"),
        pytest.param(b'"a\nb"', "it is not JSON", id="a-control-character"),
        pytest.param(b'{"iops": NaN}', "NaN in it is not a number of JSON", id="nan"),
        pytest.param(b'{"iops": Infinity}', "Infinity in it is not a number of JSON", id="infinity"),
        pytest.param(b"[-Infinity]", "-Infinity in it is not a number of JSON", id="minus-infinity"),
        pytest.param(b"1e999", "a number in it is too large", id="a-float-that-overflows"),
        pytest.param(b"9223372036854775808", "a number in it is too large", id="over-64-bits"),
        pytest.param(b"1" * 900, "a number in it is too large", id="very-many-digits"),
        pytest.param(b'"\\ud800"', "a text in it is not valid", id="a-lone-surrogate"),
        pytest.param(b'{"\\uDFFF": 1}', "a text in it is not valid", id="a-lone-surrogate-as-a-key"),
        pytest.param(b'["\\u0000"]', "a text in it is not valid", id="nul"),
        pytest.param(b'{"a": 1, "a": 2}', "it names a twice in one object", id="a-key-twice"),
        pytest.param(b"[[[[[1]]]]]", "more than 4 levels deep", id="deep"),
        pytest.param(b"[" * 900, "has more than 20 values", id="nested-without-end"),
        pytest.param(b"[" + b"1," * 30 + b"1]", "has more than 20 values", id="many-values"),
        pytest.param(b'"' * 900, "has more than 20 values", id="many-quotes"),
        pytest.param(b'{"a": {}, "b": [' + b"[]," * 20 + b"[]]}", "has more than 20 values", id="many-lists"),
        pytest.param(b" " * 1001, "it has more than 1000 bytes", id="large"),
    ],
)
def test_anything_else_is_refused_with_its_reason(content: bytes, why: str) -> None:
    with pytest.raises(Malformed) as told:
        read_json(content, SMALL)
    assert why in str(told.value)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"[" * EVIDENCE.size, id="lists"),
        pytest.param(b'"' * EVIDENCE.size, id="quotes"),
        pytest.param(b'"' + b"\\" * (EVIDENCE.size - 1), id="escapes"),
        pytest.param(b'"\\"' * (EVIDENCE.size // 3), id="escaped-quotes"),
        pytest.param(b"[" + b"{}," * (EVIDENCE.size // 4), id="objects"),
    ],
)
def test_a_refusal_takes_little_memory(content: bytes) -> None:
    tracemalloc.start()
    with pytest.raises(Malformed):
        read_json(content, EVIDENCE)
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 5 * EVIDENCE.size


def test_a_document_must_be_an_object() -> None:
    with pytest.raises(Malformed, match="the document is not an object"):
        read_object(b"[]", SMALL)


ONE = Part({"text": "x", "empty": "", "none": None, "count": 2, "yes": True, "part": {"inner": 1}, "list": []})


def test_members_are_read_by_their_types() -> None:
    assert (ONE.text("text"), ONE.count("count"), ONE.part("part").members) == ("x", 2, {"inner": 1})
    for name in ("none", "missing"):
        assert (ONE.text_or_none(name), ONE.part_or_none(name)) == (None, None)


@pytest.mark.parametrize(
    ("read", "name", "why"),
    [
        (ONE.text, "count", "count is not a text"),
        (ONE.text, "empty", "empty is not a text"),
        (ONE.text, "missing", "missing is missing, and must be a text"),
        (ONE.text_or_none, "list", "list is not a text"),
        (ONE.count, "yes", "yes is not a whole number"),
        (ONE.count, "text", "text is not a whole number"),
        (ONE.part, "list", "list is not an object"),
        (ONE.part_or_none, "text", "text is not an object"),
        (ONE.part("part").text, "inner", "part.inner is not a text"),
    ],
)
def test_a_member_of_another_type_is_named(read: Any, name: str, why: str) -> None:
    with pytest.raises(Malformed) as told:
        read(name)
    assert str(told.value).startswith(f"a field is missing or wrong: {why}")
