# SPDX-License-Identifier: GPL-3.0-or-later
"""Times in answers, and the versions that understand them."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from botocore.utils import parse_timestamp

from ansible_collections.lifeboat.rds.plugins.module_utils._aws.session import (
    LEAST_BOTOCORE,
    open_session,
    parse_rds_time,
    require_botocore,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError


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


def test_a_text_that_is_not_a_time_is_refused_as_botocore_refuses_it() -> None:
    with pytest.raises(ValueError, match="Invalid timestamp"):
        parse_rds_time("yesterday")


def test_clients_of_the_session_read_times_with_this_parser(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[profile other]\nregion = eu-west-1\n", encoding="utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    session = open_session("other")
    assert session.region_name == "eu-west-1"
    factory = session._session.get_component("response_parser_factory")
    assert factory.create_parser("query")._timestamp_parser is parse_rds_time


ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("version", ["1.42.45", "1.42.51", "1.41.99", "1.9.300", "0.99"])
def test_a_botocore_that_does_not_know_all_parameters_is_refused_with_the_command(version: str) -> None:
    with pytest.raises(LifeboatError) as caught:
        require_botocore(version)
    assert version in caught.value.why
    assert caught.value.remedy.endswith(f"{sys.executable} -m pip install 'boto3>=1.42.52' 'botocore>=1.42.52'")


@pytest.mark.parametrize("version", ["1.42.52", "1.43.0", "1.44.5", "2.0.0"])
def test_a_newer_one_is_as_good(version: str) -> None:
    require_botocore(version)


def test_no_session_is_opened_with_an_old_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.__version__", "1.42.45")
    with pytest.raises(LifeboatError, match=r"1\.42\.45"):
        open_session(None)


@pytest.mark.parametrize("page", ["README.md", "meta/ee-requirements.txt"])
def test_what_is_demanded_is_said(page: str) -> None:
    said = set(re.findall(r"\b1\.4\d(?:\.\d+)?\b", (ROOT / page).read_text(encoding="utf-8")))
    assert said == {LEAST_BOTOCORE}


@pytest.mark.parametrize("pins", ["requirements.txt", "requirements-eda.txt", "constraints.txt"])
def test_what_is_pinned_is_enough(pins: str) -> None:
    found = re.findall(r"^botocore==(\S+)", (ROOT / pins).read_text(encoding="utf-8"), re.MULTILINE)
    assert found
    for version in found:
        require_botocore(version)
