# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a file of the evidence contains, it is read as what it says or refused with a reason, and nothing else."""

from __future__ import annotations

import copy
import json
import os
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.evidence.history import Entry, read_entry
from ansible_collections.lifeboat.rds.plugins.module_utils._core.evidence.junit import junit
from ansible_collections.lifeboat.rds.plugins.module_utils._core.evidence.last_drills import drilled_in, why_foreign
from ansible_collections.lifeboat.rds.plugins.module_utils._core.foreign import EVIDENCE, Bounds, Malformed, read_json
from ansible_collections.lifeboat.rds.plugins.module_utils._files.evidence import pack
from ansible_collections.lifeboat.rds.plugins.module_utils._files.posture import last_drills
from ansible_collections.lifeboat.rds.plugins.module_utils._files.verification import Likeness, verify
from ansible_collections.lifeboat.rds.plugins.plugin_utils.pages.files import makers_of, render_one
from tests.pages.samples import drilled, four, shop_posture, write_drill

NOW = datetime(2026, 12, 1, tzinfo=timezone.utc)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from([
    *("drill", "posture", "verified", "2026-11-23T14:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"),
    *("\ud800", "\0", 10**400, -0.0, 1e308, 5e-324, "9" * 400),
])  # fmt: skip
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)


@cache
def real() -> tuple[dict[str, Any], ...]:
    """Have the modules write a drill and a posture."""
    with TemporaryDirectory() as folder:
        path = write_drill(Path(folder), *four(failed=True), drilled("billing"))
        return json.loads(path.read_bytes()), shop_posture()


def places(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """List the places of all values in a document."""
    inside = document.items() if isinstance(document, dict) else enumerate(document)
    found = [path]
    for key, value in inside:
        found += places(value, (*path, key)) if isinstance(value, (dict, list)) else [(*path, key)]
    return found


@st.composite
def mutations(draw: st.DrawFn) -> Any:
    """Draw a real document in which something was replaced, removed or added, up to three times."""
    document = copy.deepcopy(draw(st.sampled_from(real())))
    for _time in range(draw(st.integers(1, 3))):
        if not (path := draw(st.sampled_from(places(document)))):
            continue
        part = document
        for key in path[:-1]:
            part = part[key]
        what = draw(st.sampled_from(["replace", "remove", "rename"]))
        if what == "replace":
            part[path[-1]] = draw(values)
        elif what == "remove":
            del part[path[-1]]
        elif isinstance(part, dict):
            part[draw(st.text(max_size=8))] = part.pop(path[-1])
    return document


def packed(document: Any) -> bytes:
    """Write a value as Python does, with NaN and lone surrogates, which JSON forbids."""
    return json.dumps(document).encode()


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Draw the bytes of a real document, some of which were replaced."""
    content = bytearray(pack(draw(st.sampled_from(real()))))
    start = draw(st.integers(0, len(content)))
    content[start : start + draw(st.integers(0, 40))] = draw(st.binary(max_size=40))
    return bytes(content)


contents = st.binary(max_size=200) | values.map(packed) | mutations().map(packed) | damaged()


@given(contents)
def test_any_bytes_are_a_document_or_a_stated_problem(content: bytes) -> None:
    try:
        assert isinstance(read_entry("d1-1.json", content), Entry)
    except LifeboatError as error:
        assert str(error).startswith("Cannot read d1-1.json as evidence: ") and error.why


@given(values)
def test_what_is_read_is_what_json_says_it_is(value: Any) -> None:
    try:
        found = read_json(packed(value), EVIDENCE)
    except Malformed:
        return
    assert found == json.loads(packed(value))
    json.dumps(found, allow_nan=False, ensure_ascii=False).encode("utf-8")  # it can be written again


@given(st.text('[]{}",:\\ 1a\n', max_size=60), st.integers(1, 6), st.integers(1, 4))
def test_the_bounds_are_those_of_the_values(text: str, count: int, depth: int) -> None:
    """What the bytes are measured by is neither more nor less than what is built of them."""
    try:
        value = json.loads(text)
    except ValueError:
        value = Malformed
    is_small = value is not Malformed and depth_of(value) <= depth and inner(value) <= count
    try:
        read_json(text.encode(), Bounds(1000, count, depth))
    except Malformed as error:
        assert not is_small or "twice" in str(error)
    else:
        assert is_small


def depth_of(value: Any) -> int:
    inside = list(value.values() if isinstance(value, dict) else value) if isinstance(value, (dict, list)) else None
    return 0 if inside is None else 1 + max(map(depth_of, inside), default=0)


def inner(value: Any) -> int:
    """Count the lists and objects, and the commas in them."""
    if not isinstance(value, (dict, list)):
        return 0
    inside = list(value.values() if isinstance(value, dict) else value)
    return max(1, len(inside)) + sum(map(inner, inside))


@given(mutations() | values)
def test_a_posture_is_drawn_from_any_evidence(document: Any) -> None:
    if why_foreign(document, NOW) is None:
        for one in drilled_in(document, "d1-1.json"):
            one.as_result(NOW)


@given(contents, st.sampled_from(["d1-1.json", "20261123t1404-1.json", "posture-20261123t140500z.json", ".lock", "x"]))
def test_any_file_is_a_problem_of_its_own_in_a_directory(content: bytes, name: str) -> None:
    with TemporaryDirectory() as folder:
        Path(folder, name).write_bytes(content)
        os.symlink(name, Path(folder, "d2-1.json"))
        found = verify(folder, [], [], lambda *_page: Likeness("bytes"))
        assert any("d2-1.json" in one for one in found["problems"])
        last_drills(folder, NOW)


@given(mutations())
def test_any_document_is_shown_or_is_a_stated_problem(document: Any) -> None:
    with TemporaryDirectory() as folder:
        Path(folder, "d1-1.json").write_bytes(packed(document))
        reason = render_one(f"{folder}/d1-1.json", makers_of(folder, with_pictures=False), check_mode=True).reason
        assert reason is None or reason.startswith("Cannot render ")


def test_the_real_documents_are_read() -> None:
    drill, posture = real()
    assert [read_json(pack(one), EVIDENCE) for one in real()] == [drill, posture]
    assert junit(drill) and why_foreign(drill, NOW) is None
