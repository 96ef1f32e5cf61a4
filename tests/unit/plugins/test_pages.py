# SPDX-License-Identifier: GPL-3.0-or-later
"""The contents of pages, without a browser."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ansible_collections.lifeboat.rds.plugins.plugin_utils.pages import pictures
from ansible_collections.lifeboat.rds.plugins.plugin_utils.pages.documents import history_of, paths_of, read, readable
from ansible_collections.lifeboat.rds.plugins.plugin_utils.pages.files import render_all
from ansible_collections.lifeboat.rds.plugins.plugin_utils.pages.pictures import Bar, Point
from ansible_collections.lifeboat.rds.plugins.plugin_utils.pages.render import css_string, environment, phase_bar
from ansible_collections.lifeboat.rds.plugins.plugin_utils.pages.svg import COLOURS
from tests.pages.samples import Row, drilled, shop_posture, write_drill, write_history, write_posture

BOTH = ["html", "junit"]


def render(directory: Path, *names: str, formats: list[str] | None = None, check_mode: bool = False) -> Row:
    return render_all(str(directory), names, formats or BOTH, check_mode=check_mode)


@pytest.fixture
def drill(tmp_path: Path) -> Path:
    """Write the evidence of a drill."""
    return write_drill(tmp_path, drilled("orders"))


def files(directory: Path) -> list[str]:
    """List the files of the directory, except the lock file of those who write evidence."""
    return sorted(path.name for path in directory.iterdir() if path.name != ".lock")


def test_makes_pages_beside_every_document(drill: Path) -> None:
    write_posture(drill.parent, shop_posture())
    assert [len(one["pages"]) for one in render(drill.parent)["documents"]] == [2, 1]
    assert files(drill.parent) == [
        *("20261123t1404-1.html", "20261123t1404-1.json", "20261123t1404-1.xml"),
        *("posture-20261123t140400z.html", "posture-20261123t140400z.json"),
    ]


def test_makes_only_what_is_asked_for(drill: Path) -> None:
    write_posture(drill.parent, shop_posture())
    render(drill.parent, drill.name, formats=["junit"])
    assert [name for name in files(drill.parent) if not name.endswith(".json")] == ["20261123t1404-1.xml"]


def test_a_page_that_is_there_is_not_written_again(drill: Path) -> None:
    assert render(drill.parent)["changed"]
    before = drill.with_suffix(".html").stat()
    again = render(drill.parent)
    assert (again["changed"], again["diff"]) == (False, [])
    assert drill.with_suffix(".html").stat().st_ino == before.st_ino


def test_a_page_that_somebody_changed_is_put_right(drill: Path) -> None:
    render(drill.parent)
    page = drill.with_suffix(".html")
    good = page.read_bytes()
    page.write_bytes(good.replace(b"Verified", b"Splendid"))
    result = render(drill.parent)
    assert result["diff"] == [{"before": "", "after": f"{page}\n"}]
    assert page.read_bytes() == good


def test_a_later_drill_changes_no_page(tmp_path: Path) -> None:
    last = write_history(tmp_path, [drilled("orders")])
    render(tmp_path)
    later = {"number": 7, "previous": None}
    write_drill(
        tmp_path, drilled("orders"), drill_id="20261223t1404", history=later, site=read(str(last)).facts["site"]
    )
    changed = [one["document"] for one in render(tmp_path)["documents"] if one["changed"]]
    assert [Path(one).name for one in changed] == ["20261223t1404-1.json"]


def test_check_mode_predicts_the_pages_and_writes_none(drill: Path) -> None:
    predicted = render(drill.parent, check_mode=True)
    assert files(drill.parent) == [drill.name]
    assert predicted == render(drill.parent)
    assert not render(drill.parent, check_mode=True)["changed"]


def test_the_group_may_read_a_page(drill: Path) -> None:
    render(drill.parent)
    assert stat.S_IMODE(drill.with_suffix(".html").stat().st_mode) == 0o640


def test_a_page_that_cannot_be_finished_leaves_nothing(drill: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    result = render(drill.parent)
    assert result["failed"]
    assert f"Cannot write {drill.with_suffix('.html')}: No space left on device" in result["msg"]
    assert files(drill.parent) == [drill.name]


def test_check_mode_refuses_a_directory_that_may_not_be_written_to(
    drill: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_arguments: False)  # root, who may run these tests, could write anywhere
    assert "Permission denied" in render(drill.parent, check_mode=True)["msg"]


BROKEN = {
    "no-json": ("{", "it is not JSON"),
    "deep": ("[" * 100_000, "its lists and objects are more than 32 levels deep"),
    "infinite": ('{"document": "drill", "rpo": Infinity}', "Infinity in it is not a number of JSON"),
    "no-object-for-a-site": ({"site": "here"}, "its site or its history is not an object"),
    "other-version": ({"version": 2}, "its version is 2, and this collection reads 1"),
    "no-verdict": ({"verdict": None}, "it lacks verdict"),
    "no-rows": ({"databases": ["orders"]}, "its databases are not a list of objects"),
    "a-text-for-an-object": ({"databases": [{"name": "x", "check": "passed"}]}, "a part of it is not valid"),
    "a-number-for-a-list": ({"not_tested": 4}, "a part of it is not valid"),
}


@pytest.mark.parametrize(("broken", "why"), BROKEN.values(), ids=BROKEN)
def test_a_document_that_cannot_be_shown_fails_itself_and_no_other(drill: Path, broken: Row | str, why: str) -> None:
    text = broken if isinstance(broken, str) else json.dumps(json.loads(drill.read_text(encoding="utf-8")) | broken)
    (drill.parent / "broken.json").write_text(text, encoding="utf-8")
    result = render(drill.parent)
    assert result["failed"]
    assert result["msg"].startswith("Cannot render ")
    assert [why in (one["reason"] or "") for one in result["documents"]] == [False, True]
    assert drill.with_suffix(".html").is_file()


def test_files_that_are_not_ours_are_left_alone_unless_they_are_named(drill: Path) -> None:
    (drill.parent / "other.json").write_text('{"document": "manifest"}', encoding="utf-8")
    (drill.parent / "list.json").write_text("[1]", encoding="utf-8")
    assert len(render(drill.parent)["documents"]) == 1
    assert "it is not a drill, a recovery or a posture" in render(drill.parent, "other.json")["msg"]


def test_a_document_that_is_not_there_is_told(drill: Path) -> None:
    result = render(drill.parent, "gone.json", drill.name)
    assert f"Cannot render {drill.parent / 'gone.json'}: No such file or directory" in result["msg"]
    assert result["documents"][1]["pages"]


def test_a_history_is_of_one_site_and_in_its_order(tmp_path: Path) -> None:
    last = write_history(tmp_path, [drilled("orders")])
    elsewhere = {"account_id": "333333333333", "region": "us-east-1"}
    write_drill(tmp_path, drilled("orders"), drill_id="other", site=elsewhere, history={"number": 2})
    known = readable(paths_of(str(tmp_path), []))
    found = history_of(read(str(last)), known)
    assert [one.facts["history"]["number"] for one in found] == [1, 2, 3, 4, 5, 6]
    assert found[-1].path == str(last)
    first = next(one for one in known if one.facts["history"]["number"] == 1 and one.site == found[0].site)
    assert history_of(first, known) == [first]


@pytest.fixture
def no_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)


def test_without_matplotlib_a_page_has_its_tables_and_says_so(drill: Path, no_matplotlib: None) -> None:
    result = render(drill.parent)
    page = drill.with_suffix(".html").read_text(encoding="utf-8")
    assert not result["pictures"]
    assert "matplotlib was not installed" in page
    assert 'role="img"' not in page
    assert "How long each phase of each database took" in page


def test_what_a_page_needs_besides_text_is_in_it(drill: Path) -> None:
    render(drill.parent)
    page = drill.with_suffix(".html").read_text(encoding="utf-8")
    assert not any(
        one in page.replace('href="data:,"', "") for one in ("<script", "<img", 'href="h', "src=", "@import")
    )
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in page


def test_a_picture_is_the_same_whenever_it_is_drawn() -> None:
    bars = [Bar("orders", (("phase-1", 3.0), ("phase-3", 900.0)), "15 min", 600)]
    assert pictures.phases(bars, [("phase-1", "choose")]) == pictures.phases(bars, [("phase-1", "choose")])


def test_a_picture_shows_text_as_it_was_written() -> None:
    name = "<b>$x^2$</b> &amp;"
    (svg,) = pictures.phases([Bar(name, (("phase-1", 3.0),), COLOURS["ink"])], [("phase-1", "choose")])
    texts = [element.text for element in ElementTree.fromstring(svg).iter() if element.tag.endswith("text")]
    assert {name, COLOURS["ink"]} <= set(texts)  # a text that looks like one of our colours must stay


def test_a_picture_has_the_colours_of_the_page() -> None:
    svg = pictures.trend(
        [Point("a", "verified", 3, 4), Point("b", "failed", None, 5), Point("c", "unverified", 9, None)]
    )
    assert not [one for one in COLOURS.values() if one in svg]
    assert all(f"var(--{verdict})" in svg for verdict in ("verified", "failed", "unverified"))


def test_many_databases_are_several_pictures() -> None:
    bars = [Bar(str(number), (("phase-1", 1.0),), "") for number in range(41)]
    assert len(pictures.phases(bars, [("phase-1", "choose")])) == 3


def test_a_bar_ends_where_nobody_measured() -> None:
    drawn = phase_bar({"name": "orders", "rto_phases": {"choose": 2, "restore_call": None, "available": 56}})
    assert (drawn.pieces, drawn.label) == ((("phase-1", 2.0),), "not all measured")


@pytest.mark.parametrize("text", ["</style>", '" } body { display: none', "\\", "\n", "\U0001f600"])
def test_no_text_ends_a_string_of_the_stylesheet(text: str) -> None:
    made = str(css_string(text))
    assert made[0] == made[-1] == '"'
    assert set(made[1:-1]) <= set("\\0123456789abcdefghijklmnopqrstuvwxyz")


def test_a_template_that_asks_for_what_is_not_there_is_an_error() -> None:
    with pytest.raises(Exception, match="is undefined"):
        environment().from_string("{{ verdikt }}").render()
