# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.modules import site_info
from tests.builders import DR, SOURCE


@pytest.mark.parametrize("check_mode", [False, True])
def test_the_account_is_confirmed_without_a_write(options: Any, site: Any, writes: Any, check_mode: bool) -> None:
    here = site(SOURCE)
    result = site_info.run(options(site_info), here, check_mode=check_mode)
    assert (result, writes(here)) == ({"changed": False, "caller_arn": f"arn:aws:iam::{SOURCE}:user/x"}, [])


def test_another_account_is_refused_by_the_name_of_the_variable(options: Any, site: Any) -> None:
    with pytest.raises(LifeboatError) as caught:
        site_info.run(options(site_info, account_id=DR), site(SOURCE), check_mode=False)
    assert str(caught.value) == (
        f"Cannot work on account {DR}: these credentials belong to account {SOURCE}, as arn:aws:iam::{SOURCE}:user/x "
        "(profile staging, of lifeboat_profiles.publish). Correct lifeboat_profiles.publish, or account_id."
    )
    assert caught.value.as_result()["out_of_reach"]
