# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages as a reader gets them: made of real evidence, and opened in a real browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from ansible_collections.lifeboat.rds.plugins.plugin_utils.pages.files import render_all
from tests.pages.samples import (
    HOSTILE,
    LONG,
    Row,
    checks,
    drilled,
    four,
    held,
    posture,
    shop_posture,
    write_drill,
    write_history,
    write_posture,
)

CHROMIUM = shutil.which("chromium")
PHONE, DESKTOP = {"width": 360, "height": 740}, {"width": 1280, "height": 900}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM and not os.environ.get("CI"):
        pytest.skip("there is no chromium here")
    with sync_playwright() as playwright:
        # Its sandbox refuses to run for root, and these pages have no scripts.
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])


def hostile_drill() -> list[Row]:
    """Build a drill in which every text that somebody else can write is hostile and long."""
    check = checks(HOSTILE, failed=True, reason=HOSTILE)
    check["checks"] += [row | {"found": "x" * 2000, "target": HOSTILE, "expected": HOSTILE} for row in check["checks"]]
    restore = {"status": "restored", "target": HOSTILE, "phases": {"choose": 2, "restore_call": 3, "available": 10}}
    return [drilled(HOSTILE, owner="x" * 2000, check=check, restore=restore, lineage=HOSTILE, unlike=[HOSTILE])]


def hostile_posture() -> Row:
    place = {"place": HOSTILE, "site": HOSTILE, "name": "x" * 2000, "original_time": HOSTILE, "age_seconds": 3}
    found = posture([held(HOSTILE, age=90000, reason=HOSTILE, owner=HOSTILE, places=[place], in_flight=[HOSTILE])])
    return found | {"sites": [found["sites"][0] | {"name": HOSTILE, "problem": HOSTILE}]}


def failed_drills() -> list[Row]:
    """Build databases that are all within their objectives, and whose newest drill failed a minute ago."""
    names = ("billing", "catalog", "events", "orders")
    failed = {"verdict": "failed", "age_seconds": 60}
    return [held(name, age=3600) | {"last_drill": held(name, age=1)["last_drill"] | failed} for name in names]


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Render the pages and map each subject to its page."""
    folder = tmp_path_factory.mktemp("evidence")
    problem = {"reason": "a port forward is left: no such process", "verdict": "failed"}
    kept = drilled("orders", teardown={"status": "kept"})
    names = [f"{LONG[:40]}-{number:02}" for number in range(40)]
    documents = {
        "failed": write_history(folder / "failed", four(failed=True), problems=[problem]),
        "verified": write_history(folder / "verified", four()),
        "recovery": write_drill(folder / "recovery", kept, purpose="recovery"),
        "forty": write_drill(folder / "forty", *[drilled(name, waited=300 + len(name)) for name in names]),
        "none": write_drill(folder / "none"),
        "posture": write_posture(folder / "posture", shop_posture()),
        "drills-failed": write_posture(folder / "drills-failed", posture(failed_drills())),
        "hostile": write_drill(folder / "hostile", *hostile_drill(), name=HOSTILE, controls=[{"title": HOSTILE}]),
        "hostile-posture": write_posture(folder / "hostile-posture", hostile_posture()),
    }
    for path in documents.values():
        assert not render_all(str(path.parent), [path.name], ["html", "junit"], check_mode=False).get("failed")
    return {name: path.with_suffix(".html") for name, path in documents.items()}


@pytest.fixture
def show(browser: Browser, made: dict[str, Path]) -> Callable[..., Page]:
    """Open a page by its name, and fail if it asks for anything or complains."""
    complaints: list[str] = []
    contexts = []

    def show(name: str, **options: object) -> Page:
        context = browser.new_context(**{"viewport": DESKTOP, "color_scheme": "light"} | options)
        contexts.append(context)
        page = context.new_page()
        address = made[name].as_uri()
        page.on("request", lambda request: None if request.url == address else complaints.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        page.goto(address)
        return page

    yield show
    for context in contexts:
        context.close()
    assert complaints == []
