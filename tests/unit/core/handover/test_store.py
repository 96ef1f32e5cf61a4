# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.handover.store import (
    Address,
    key_of,
    read_address,
    site_of,
)
from tests.builders import DR, EAST


@pytest.mark.parametrize(
    ("text", "address", "shown"),
    [
        pytest.param("s3://manifests/a/b", Address("a/b", "manifests"), "s3://manifests/a/b", id="a prefix"),
        pytest.param("s3://manifests//a/b/", Address("a/b", "manifests"), "s3://manifests/a/b", id="stray slashes"),
        pytest.param("s3://manifests", Address("", "manifests"), "s3://manifests", id="a whole bucket"),
        pytest.param("s3://manifests/", Address("", "manifests"), "s3://manifests", id="with a slash"),
        pytest.param("/srv/manifests/", Address("/srv/manifests"), "/srv/manifests", id="a directory"),
    ],
)
def test_a_store_is_an_s3_prefix_or_a_directory(text: str, address: Address, shown: str) -> None:
    assert (read_address(text), str(read_address(text))) == (address, shown)


@pytest.mark.parametrize("text", ["", "ftp://x/y", "manifests", "./x", "file:///x", "s3:/x", "s3://", "s3://UP/x"])
def test_anything_else_is_refused_with_the_remedy(text: str) -> None:
    with pytest.raises(LifeboatError, match=r"s3://BUCKET/PREFIX, or to the absolute path of a directory"):
        read_address(text)


def test_the_key_of_a_document_tells_its_site() -> None:
    key = key_of("lifeboat", "landed", DR, EAST)
    assert (key, site_of(key)) == (f"lifeboat/landed/{DR}-{EAST}.json", (DR, EAST))


@pytest.mark.parametrize("key", ["lifeboat/landed/.222222222222-us-east-1.json.x", "lifeboat/landed/README", ""])
def test_other_files_in_a_store_are_not_taken_for_documents(key: str) -> None:
    assert site_of(key) is None


@pytest.mark.parametrize(("account", "region"), [("../1", EAST), (DR, "../../etc"), (DR, "")])
def test_no_key_leads_out_of_the_store(account: str, region: str) -> None:
    with pytest.raises(LifeboatError, match="Correct the accounts and Regions"):
        key_of("lifeboat", "landed", account, region)
