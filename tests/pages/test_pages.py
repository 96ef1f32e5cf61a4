# SPDX-License-Identifier: GPL-3.0-or-later
"""What a reader sees: in light and dark, on a phone, on paper, and with a screen reader."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pypdfium2
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.pages.conftest import DESKTOP, PHONE
from tests.pages.samples import LONG, SHOWN

PAGES = ("failed", "verified", "recovery", "none", "posture", "hostile", "hostile-posture")
Show = Callable[..., Page]


def rows(page: Page, caption: str) -> list[list[str]]:
    """Read the cells of a table, as a reader sees them."""
    table = page.locator("table", has=page.locator("caption", has_text=caption)).first
    cells = "row => [...row.cells].map(cell => cell.innerText.replace(/\\s+/g, ' ').trim())"
    return list(table.evaluate(f"table => [...table.tBodies[0].rows].map({cells})"))


def test_the_verdict_comes_first(show: Show) -> None:
    page = show("failed")
    assert page.locator("h1").inner_text().split("\n") == ["Recovery drill", "Failed"]
    assert page.locator("h1 .word").bounding_box()["y"] < 120
    assert page.title().startswith("Failed: Recovery drill 20261123t1404 (quarterly drill)")


def test_says_what_where_when_and_who(show: Show) -> None:
    head = show("failed").locator("header").inner_text()
    for text in ("quarterly drill", "production_dr, us-east-1, 222222222222", "2026-11-23 14:04:00 UTC",
                 "ops@controller1", "nightly 4711", "assumed-role/lifeboat-drill/nightly"):  # fmt: skip
        assert text in head


def test_says_what_stands_against_it(show: Show) -> None:
    found = show("failed").locator("#objections li").all_inner_texts()
    assert [" ".join(one.split()) for one in found] == [
        "Failed a port forward is left: no such process",
        "Failed orders: rows shop.orders: 12 rows are fewer than 3000",
        f"Failed {LONG}: RTO 25 min 57 s is over the objective of 20 min",
        "Unverified scratch: the server refused",
    ]


def test_a_verified_drill_has_nothing_against_it(show: Show) -> None:
    assert show("verified").locator("#objections").count() == 0


def test_shows_each_objective_against_what_was_measured(show: Show) -> None:
    found = rows(show("failed"), "Objectives and measurements of each")
    assert found[1] == [LONG, "Failed", "1 d met", "11 h 59 min", "11 h 59 min", "20 min missed", "25 min 57 s",
                        "25 min 57 s", "5 of 6"]  # fmt: skip
    assert found[3][5:] == ["1 h not measured", "-", "-", "0 of 0"]


def test_shows_the_phases_as_a_picture_and_in_a_table(show: Show) -> None:
    page = show("failed")
    assert rows(page, "How long each phase")[2] == ["events", "2 s", "4 s", "21 min 2 s", "6 min 28 s", "41 s", "0.3 s",
                                                    "0.1 s", "28 min 17 s"]  # fmt: skip
    texts = page.locator("#phases svg text").all_text_contents()
    assert {"orders", "events", "28 min 17 s of 1 h", "not all measured", "available", "objective"} <= set(texts)


def test_shows_each_check_with_what_was_expected_and_found(show: Show) -> None:
    found = rows(show("failed"), "Checks of orders")
    assert found[2] == ["rows", "shop.orders", "at least 3000", "12", "failed 12 rows are fewer than 3000", "0.0 s"]
    assert found[5][4].startswith("skipped (optional)")


def test_shows_what_was_restored_and_what_became_of_it(show: Show) -> None:
    text = show("failed").locator("#database-1 dl").inner_text()
    for one in ("DB instance, postgres 16.3", "snapshot:lifeboat-orders-20261123020500", "20261123020500-5f0c2a9b7d31",
                "lifeboat-20261123t1404-orders", "bastion-7.internal", "127.0.0.1:15003 through a port forward",
                "Deleted: nothing of it is left"):  # fmt: skip
        assert one in text


def test_a_recovery_keeps_what_it_restored(show: Show) -> None:
    page = show("recovery")
    assert page.locator("h1 .kind").inner_text() == "Recovery"
    assert "Kept, as a recovery should be" in page.locator("#database-1 dl").inner_text()


def test_says_what_was_not_tested(show: Show) -> None:
    page = show("failed")
    assert (
        "Applications: nothing but the checks used the restored databases." in page.locator("#not-tested").inner_text()
    )
    assert ["orders", "no check of structure, checksum, query, integrity"] in rows(page, "Not tested, for each")


def test_shows_the_controls(show: Show) -> None:
    assert rows(show("failed"), "As named by")[0] == ["ISO/IEC 27001:2022", "A.8.13", "Information backup"]


def test_shows_the_history_with_its_trend(show: Show) -> None:
    page = show("failed")
    found = rows(page, "The documents of this site")
    assert [row[2] for row in found] == ["Failed", "Verified", "Verified", "Failed", "Verified", "Verified"]
    assert found[-1][3:] == ["2 of 2", "28 min 17 s (events)", "5 h (orders)"]
    assert "2026-06-23" in page.locator("#history svg[role=img]").text_content()
    assert [row[2] for row in rows(page, "Earlier results of orders")] == [
        *("Verified", "Verified", "Failed", "Verified", "Verified")
    ]


def test_says_how_to_verify_the_document(show: Show, made: dict[str, Path]) -> None:
    text = show("failed").locator("#about").inner_text()
    assert "sha256sum 20261123t1404-1.json" in text
    assert "-sigfile 20261123t1404-1.json.sig" in text
    assert "Number 6 of the history of its site. It follows 20261023t1404-1.json" in text
    assert "Not signed" in show("recovery").locator("#about").inner_text()


def test_a_drill_of_nothing_says_so(show: Show) -> None:
    page = show("none")
    assert "nothing is proven" in page.locator("header").inner_text()
    assert "No database was restored." in page.locator("#objectives").inner_text()


def test_a_posture_shows_what_is_unprotected_first_and_why(show: Show) -> None:
    page = show("posture")
    assert page.locator("h1 .word").inner_text() == "2 unprotected, 1 failed in the newest drill, 1 unknown"
    assert page.locator("main h2").first.inner_text() == "What is not protected or not proven, and why"
    found = rows(page, "Databases that are not known")
    assert [(row[0].split(" ")[0], row[1]) for row in found] == [
        (LONG, "Unprotected"),
        ("newborn", "Unprotected"),
        ("ledger", "Drill failed"),
        ("archive", "Unknown"),
    ]
    assert found[1][5] == "nothing of it has landed in 222222222222. Its automated backups are off"


def test_a_posture_whose_newest_drills_failed_is_not_green(show: Show) -> None:
    page = show("drills-failed")
    assert page.locator("h1 .word").inner_text() == "4 failed in the newest drill"
    assert page.locator("header").first.get_attribute("class") == "failed"
    assert {row[1] for row in rows(page, "Databases that are not known")} == {"Drill failed"}


def test_a_posture_sets_aside_what_need_not_be_protected_and_says_why(show: Show) -> None:
    page = show("posture")
    assert [(row[0].split(" ")[0], *row[1:]) for row in rows(page, "Databases that need no")] == [
        ("sandbox", "Excluded", "shop team", "excluded: made anew every night")
    ]
    assert "sandbox" not in page.locator("#unproven").inner_text() + page.locator("#ages").inner_text()


def test_a_posture_shows_ages_places_drills_and_quotas(show: Show) -> None:
    page = show("posture")
    events = next(row for row in rows(page, "Age of each") if row[0] == "events")
    assert events[1:5] == ["Verified", "50 min", "1 h", "83 %"]
    assert next(row for row in rows(page, "Age of each") if row[0] == "newborn")[5] == "Never"
    assert [row[0] for row in rows(page, "Newest recovery points of orders")] == [
        *("111111111111/us-west-2/automated", "222222222222/us-east-1/manual")
    ]
    assert rows(page, "Sites, and the problems")[0][4] == "93 of 100 manual snapshots used, 7 free scarce"
    assert "1 d 12 h of 1 d" in page.locator("#ages svg[role=img]").text_content()


@pytest.mark.parametrize("name", ["hostile", "hostile-posture"])
def test_what_somebody_wrote_is_text(show: Show, name: str) -> None:
    page = show(name)
    assert page.locator("script, img, iframe, object, embed, form, base").count() == 0
    assert page.locator("article h3 bdi").text_content() == SHOWN
    assert page.get_by_text(SHOWN).count() > 4
    assert any(one.startswith("<script>") for one in page.locator("svg[role=img] text").all_text_contents())


def test_the_policy_of_a_page_stops_what_would_get_into_it_nevertheless(
    browser: Browser, made: dict[str, Path], tmp_path: Path
) -> None:
    """The second wall: nobody has found a way through the first one."""
    breach = "<script>document.title = 'taken'</script><img src='http://127.0.0.1:9/a.png'>"
    path = tmp_path / "page.html"
    path.write_text(made["verified"].read_text(encoding="utf-8").replace("<main", f"{breach}<main"), encoding="utf-8")
    page, sent = browser.new_page(), []
    page.on("requestfinished", lambda request: sent.append(request.url))
    page.goto(path.as_uri())
    assert page.title().startswith("Verified: ")
    assert [url for url in sent if url.startswith("http")] == []
    page.close()


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wider_than_a_phone(show: Show, name: str) -> None:
    page = show(name, viewport=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_a_wide_table_scrolls_by_itself(show: Show) -> None:
    table = show("failed", viewport=PHONE).locator(".wide").first
    assert table.evaluate("one => one.scrollWidth > one.clientWidth && one.tabIndex === 0")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("name", ["failed", "posture", "hostile"])
def test_is_accessible(show: Show, name: str, size: dict[str, int], scheme: str) -> None:
    # axe is a script, which the policy of the page would stop.
    page = show(name, viewport=size, color_scheme=scheme, bypass_csp=True)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("name", PAGES)
def test_headings_skip_no_level(show: Show, name: str) -> None:
    tags = show(name).evaluate("[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(e => e.tagName)")
    levels = [int(tag[1]) for tag in tags]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_id_is_there_once(show: Show) -> None:
    ids = show("failed").evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))


def test_dark_is_dark_in_the_pictures_too(show: Show) -> None:
    colours = [
        show("failed", color_scheme=scheme).locator("#phases svg text").first.evaluate("e => getComputedStyle(e).fill")
        for scheme in ("light", "dark")
    ]
    assert len(set(colours)) == 2


@pytest.fixture(scope="module")
def printed(
    browser: Browser, made: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], list[str]]:
    """Print a page and return the text of each sheet."""

    def printed(name: str) -> list[str]:
        path = tmp_path_factory.mktemp("paper") / f"{name}.pdf"
        page = browser.new_page(color_scheme="dark")
        page.goto(made[name].as_uri())
        page.pdf(path=path, prefer_css_page_size=True, print_background=True)
        page.close()
        with pypdfium2.PdfDocument(path) as paper:
            assert {tuple(map(round, sheet.get_size())) for sheet in paper} == {(595, 842)}  # A4, in points
            return [sheet.get_textpage().get_text_bounded() for sheet in paper]

    return printed


def test_every_sheet_of_paper_has_the_verdict_and_its_number(printed: Callable[[str], list[str]]) -> None:
    sheets = printed("failed")
    assert 4 <= len(sheets) <= 8
    for number, text in enumerate(sheets, 1):
        assert f"{number} of {len(sheets)}" in text
        assert "Recovery drill 20261123t1404 (quarterly drill)" in text
        assert "Failed" in text
        assert "20261123t1404-1.json" in text


def test_a_table_repeats_its_head_on_each_sheet(printed: Callable[[str], list[str]]) -> None:
    sheets = printed("forty")
    with_rows = [text for text in sheets[:4] if "11 h 59 min" in text]
    assert len(with_rows) > 1
    assert all("By the snapshot" in " ".join(text.split()) for text in with_rows)
    assert sum(text.count("met") for text in with_rows) >= 80  # two objectives of each of forty databases


def test_paper_is_white_also_for_those_who_read_in_the_dark(
    browser: Browser, made: dict[str, Path], tmp_path: Path
) -> None:
    page = browser.new_page(color_scheme="dark")
    page.goto(made["posture"].as_uri())
    page.pdf(path=tmp_path / "p.pdf", prefer_css_page_size=True, print_background=True)
    page.close()
    with pypdfium2.PdfDocument(tmp_path / "p.pdf") as paper:
        assert paper[0].render(scale=0.5).to_pil().getpixel((5, 5)) == (255, 255, 255)


def test_the_junit_of_a_hostile_drill_shows_text(made: dict[str, Path]) -> None:
    xml = made["hostile"].with_suffix(".xml").read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in xml
    assert "<script>" not in xml
    assert json.loads(made["hostile"].with_suffix(".json").read_text(encoding="utf-8"))["verdict"] == "failed"
