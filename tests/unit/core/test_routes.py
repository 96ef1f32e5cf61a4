# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.routes import (
    Hop,
    Unsupported,
    publish_hop,
    replicate_hop,
)
from tests.builders import DR_KEY, EAST, SOURCE_KEY, automated, copied, key

OWN = "arn:aws:kms:us-west-2:111111111111:key/lifeboat"


@pytest.mark.parametrize(
    ("facts", "source_key", "publish_key", "wanted"),
    [
        pytest.param({}, None, None, None, id="unencrypted stays so"),
        pytest.param({"encrypted": True, "kms_key_id": SOURCE_KEY}, key(), OWN, None, id="a customer key stays"),
        pytest.param(
            {"encrypted": True, "kms_key_id": SOURCE_KEY}, key(is_aws_managed=True), OWN, OWN, id="aws/rds is replaced"
        ),
    ],
)
def test_publishing_takes_one_copy_under_the_right_key(
    facts: dict[str, Any], source_key: Any, publish_key: Any, wanted: Any
) -> None:
    hop = publish_hop(automated(**facts), source_key, publish_key)
    assert isinstance(hop, Hop)
    assert hop.kms_key_id == wanted


@pytest.mark.parametrize(
    ("source_key", "publish_key", "reason"),
    [
        pytest.param(key(is_aws_managed=True), None, "no other account can use", id="aws/rds without a customer key"),
        pytest.param(key(state="Disabled"), OWN, "Disabled", id="a disabled key"),
        pytest.param(key(state="PendingDeletion"), OWN, "PendingDeletion", id="a key about to be deleted"),
        pytest.param(None, OWN, "cannot be read", id="a key that cannot be read"),
    ],
)
def test_what_cannot_be_published_has_a_reason_and_a_remedy(source_key: Any, publish_key: Any, reason: str) -> None:
    hop = publish_hop(automated(encrypted=True, kms_key_id=SOURCE_KEY), source_key, publish_key)
    assert isinstance(hop, Unsupported)
    assert reason in hop.reason
    assert hop.remedy


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        pytest.param({"encrypted": True}, DR_KEY, id="encrypted instance"),
        pytest.param({"encrypted": False}, DR_KEY, id="unencrypted instance is encrypted on the way"),
        pytest.param({"encrypted": True, "kind": "cluster"}, DR_KEY, id="encrypted cluster"),
        pytest.param({"encrypted": False, "kind": "cluster"}, None, id="no copy encrypts a cluster"),
    ],
)
def test_replicating_ends_under_the_dr_key_wherever_aws_can(facts: dict[str, Any], wanted: str | None) -> None:
    assert replicate_hop(copied(**facts), DR_KEY, EAST).kms_key_id == wanted
