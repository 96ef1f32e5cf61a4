# SPDX-License-Identifier: GPL-3.0-or-later
"""Times in answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from botocore.utils import parse_timestamp

from ansible_collections.lifeboat.rds.plugins.module_utils._aws.session import open_session, parse_rds_time


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T02:05:00.123Z",
        "2026-11-23T02:05:00Z",
        "2026-11-23T02:05:00.123456Z",
        "2026-11-23T02:05:00+01:00",
        "2026-11-23T02:05:00",
        "2026-11-23",
        "20261123T020500Z",
        "Mon, 23 Nov 2026 02:05:00 GMT",
        "1795399500.25",
        "1795399500",
        1795399500,
        1795399500.25,
    ],
)
def test_every_time_is_the_one_that_botocore_reads(text: str | float) -> None:
    assert parse_rds_time(text) == parse_timestamp(text)


def test_what_is_no_time_is_refused_as_botocore_refuses_it() -> None:
    with pytest.raises(ValueError, match="Invalid timestamp"):
        parse_rds_time("yesterday")


def test_clients_of_the_session_read_times_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[profile other]\nregion = eu-west-1\n", encoding="utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    session = open_session("other")
    assert session.region_name == "eu-west-1"
    factory = session._session.get_component("response_parser_factory")
    assert factory.create_parser("query")._timestamp_parser is parse_rds_time
