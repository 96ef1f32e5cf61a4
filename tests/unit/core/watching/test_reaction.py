# SPDX-License-Identifier: GPL-3.0-or-later
"""What each event causes at which sites, and which events cause nothing."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.lifeboat.rds.plugins.module_utils._core.naming import DIGEST as OF_NAMES
from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.reaction import (
    DIGEST_FORM,
    HAPPENED,
    WORK,
    databases_of,
    parts_of,
    read_event,
    subjects_at,
)

ROOT = Path(__file__).parents[4]
HERE, URL = "arn:aws:rds:us-west-2:111111111111", "http://docs.aws.amazon.com/USER_Events.Messages.html"
DIGEST = "5f0c2a9b7d31"
OURS = f"lifeboat-orders-20261123020500-{DIGEST}"


def event(
    number: str = "0091", arn: str = f"{HERE}:snapshot:rds:orders-2026-11-26-03-05", **more: Any
) -> dict[str, Any]:
    return {
        "Event Source": "db-snapshot",
        "Event Time": "2026-11-26 03:07:11.094",
        "Source ID": arn.split(":", 6)[-1],
        "Source ARN": arn,
        "Event ID": f"{URL}#RDS-EVENT-{number}",
        "Event Message": "Automated snapshot created",
    } | more


@pytest.mark.parametrize(
    ("given", "happened", "about"),
    [
        pytest.param(event(), "snapshot_created", "database/orders", id="automated"),
        pytest.param(
            event("0169", f"{HERE}:cluster-snapshot:rds:shop-events-2026-11-26-03-05"),
            "snapshot_created",
            "database/shop-events",
            id="automated, of a cluster",
        ),
        pytest.param(
            event("0042", f"{HERE}:snapshot:{OURS}"), "snapshot_created", f"digest/{DIGEST}", id="taken by us"
        ),
        pytest.param(
            event("0075", f"{HERE}:cluster-snapshot:{OURS}"), "snapshot_created", f"digest/{DIGEST}", id="cluster"
        ),
        pytest.param(event("0042", f"{HERE}:snapshot:by-hand"), "snapshot_created", "snapshot/by-hand", id="by hand"),
        pytest.param(
            event("0042", f"{HERE}:snapshot:awsbackup:job-0f5a"),
            "snapshot_created",
            "snapshot/awsbackup:job-0f5a",
            id="AWS Backup's",
        ),
        pytest.param(
            event("0060", f"{HERE}:snapshot:{OURS}"), "copy_finished", f"digest/{DIGEST}", id="copy, other Region"
        ),
        pytest.param(
            event("0197", f"{HERE}:snapshot:{OURS}"), "copy_finished", f"digest/{DIGEST}", id="copy, same Region"
        ),
        pytest.param(
            event("0061", f"{HERE}:snapshot:{OURS}"), "copy_cancelled", f"digest/{DIGEST}", id="copy cancelled"
        ),
        pytest.param(
            event("0041", f"{HERE}:snapshot:{OURS}"), "snapshot_deleted", f"digest/{DIGEST}", id="ours deleted"
        ),
        pytest.param(event("0419", f"{HERE}:db:orders"), "key_inaccessible", "database/orders", id="key"),
        pytest.param(event("0089", f"{HERE}:db:orders"), "storage_low", "database/orders", id="storage low"),
        pytest.param(event("0007", f"{HERE}:db:Orders"), "storage_low", "database/orders", id="names are lower case"),
        pytest.param(event(Tags={"a": "b"}, Unknown=[1]), "snapshot_created", "database/orders", id="unknown keys"),
        pytest.param(
            event() | {"Event ID": " RDS-EVENT-0091 "},
            "snapshot_created",
            "database/orders",
            id="a bare id",
        ),
    ],
)
def test_an_event_names_its_database(given: dict[str, Any], happened: str, about: str) -> None:
    assert read_event(given) == {"happened": happened, "about": f"111111111111/us-west-2/{about}"}


@pytest.mark.parametrize(
    "given",
    [
        pytest.param("You have subscribed to ...", id="the greeting of a subscription"),
        pytest.param(None, id="nothing"),
        pytest.param(12, id="a number"),
        pytest.param([event()], id="a list"),
        pytest.param({}, id="empty"),
        pytest.param(event("0040"), id="what only starts"),
        pytest.param(event("9999"), id="unknown id"),
        pytest.param(event() | {"Event ID": ["RDS-EVENT-0091"]}, id="an id that is no text"),
        pytest.param({key: value for key, value in event().items() if key != "Source ARN"}, id="no ARN"),
        pytest.param(event(arn="arn:aws:s3:::bucket"), id="another service"),
        pytest.param(event(arn=f"{HERE}:pg:orders"), id="another type"),
        pytest.param(event(arn=f"{HERE}:db:orders\n"), id="a newline at the end"),
        pytest.param(event(arn=f"{HERE}:db:orders; reboot"), id="a shell word"),
        pytest.param(event(arn=f"{HERE}:db:{{{{ lookup('pipe', 'id') }}}}"), id="a template"),
        pytest.param(event(arn=f"{HERE}:db:../../etc"), id="a path"),
        pytest.param(event(arn=f"{HERE}:db:or--ders"), id="two hyphens"),
        pytest.param(event(arn=f"{HERE}:db:order\u017f"), id="a letter that becomes s in lower case"),
        pytest.param(event(arn=f"{HERE}:db:{'o' * 256}"), id="too long"),
        pytest.param(
            event(arn=HERE.replace("111111111111", "\u0661" * 12) + ":db:orders"), id="digits of another script"
        ),
    ],
)
def test_a_malformed_or_unknown_event_is_not_read(given: object) -> None:
    assert read_event(given) is None


SITE = {"lifeboat_account_id": "111111111111", "lifeboat_region": "us-west-2"}


@pytest.mark.parametrize(
    "about",
    [
        "",
        "*",
        "orders",
        "x/us-west-2/database/orders",
        "111111111111/us-west-2/database/",
        "111111111111/us-west-2/database/orders\n",
        "111111111111/us-west-2/database/{{x}}",
        "111111111111/us-west-2/digest/orders",
        "111111111111/us-west-2/snapshot/a_b",
        None,
        5,
        ["111111111111/us-west-2/database/orders"],
    ],
)
def test_what_no_filter_made_happened_nowhere(about: object) -> None:
    assert subjects_at(SITE, about) == []


def test_several_events_have_blanks_between_them() -> None:
    there = "111111111111/us-west-2"
    about = f"{there}/database/orders {there}/digest/{DIGEST} nonsense {there}/database/orders 1/x/database/billing"
    assert subjects_at(SITE, about) == ["database/orders", f"digest/{DIGEST}"]


@pytest.mark.parametrize(
    ("site", "expected"),
    [
        pytest.param(SITE, True, id="its home"),
        pytest.param(SITE | {"lifeboat_account_id": 111111111111}, True, id="a number in YAML"),
        pytest.param(
            SITE | {"lifeboat_region": "eu-west-1", "lifeboat_publish_region": "us-west-2"},
            True,
            id="where it publishes",
        ),
        pytest.param(SITE | {"lifeboat_region": "eu-west-1"}, False, id="another Region"),
        pytest.param(SITE | {"lifeboat_account_id": "222222222222"}, False, id="another account"),
        pytest.param({}, False, id="no site"),
    ],
)
def test_an_event_happened_at_one_site(site: dict[str, Any], expected: bool) -> None:
    assert bool(subjects_at(site, "111111111111/us-west-2/database/orders")) is expected


ROWS = [
    {"database": "orders", "digest": DIGEST, "newest": {"a": {"name": "rds:orders-2026-11-26-03-05"}}},
    {"database": "billing", "digest": "0" * 12, "newest": {"a": {"name": "by-hand"}, "b": {"name": "newer"}}},
]


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        ("database/orders", ["orders"]),
        ("database/gone", []),
        (f"digest/{DIGEST}", ["orders"]),
        ("digest/ffffffffffff", []),
        ("snapshot/by-hand", ["billing"]),
        ("snapshot/older", []),
        ("digest/orders", []),
    ],
)
def test_only_what_the_site_knows_is_meant(about: str, expected: list[str]) -> None:
    assert databases_of(ROWS, [about]) == expected
    assert databases_of(ROWS, []) == []


@pytest.mark.parametrize(
    ("happened", "is_source", "is_dr", "databases", "upstream", "expected"),
    [
        pytest.param("snapshot_created", True, False, ["orders"], False, ["publish"], id="at the source"),
        pytest.param("snapshot_created", True, False, [], False, [], id="at another source, or late"),
        pytest.param("snapshot_created", False, True, [], True, ["replicate"], id="the DR site of that source"),
        pytest.param("snapshot_created", False, True, [], False, [], id="the DR site of another"),
        pytest.param("copy_finished", False, True, ["orders"], False, ["replicate"], id="a copy at the DR site"),
        pytest.param("copy_cancelled", True, True, ["orders"], True, ["publish", "replicate"], id="both in one"),
        pytest.param("storage_low", True, False, ["orders"], False, ["look"], id="a look"),
        pytest.param("storage_low", False, True, [], True, [], id="and only where it happened"),
        pytest.param("reboot", True, True, ["orders"], True, [], id="no word of ours"),
    ],
)
def test_a_site_does_the_part_of_the_work_that_is_its_own(
    happened: str, is_source: bool, is_dr: bool, databases: list[str], upstream: bool, expected: list[str]
) -> None:
    found = parts_of(happened, is_source=is_source, is_dr=is_dr, databases=databases, upstream=upstream)
    assert found == expected


def test_everything_that_happens_has_work_and_arrives() -> None:
    text = (ROOT / "roles" / "subscription" / "defaults" / "main.yml").read_text(encoding="utf-8")
    assert set(HAPPENED.values()) == set(WORK)
    assert set(HAPPENED) <= set(yaml.safe_load(text)["subscription_event_ids"])


def test_the_event_filter_passes_on_nothing_else() -> None:
    path = ROOT / "extensions" / "eda" / "plugins" / "event_filter" / "rds_event.py"
    read = runpy.run_path(str(path))["main"]
    meta = {"MessageId": "1"}
    about = "111111111111/us-west-2/database/orders"
    assert read({"body": event(), "meta": meta}) == {
        "meta": meta,
        "rds": {"happened": "snapshot_created", "about": about},
    }
    assert read({"body": "{{ plain }}", "meta": meta}) == {"meta": meta}
    assert read({}) == {"meta": {}}


def test_the_digest_of_a_name_has_one_form() -> None:
    assert DIGEST_FORM == OF_NAMES
