# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
import yaml

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.modules import database_info
from tests.builders import DR, SOURCE, database, restored


@pytest.mark.parametrize("check_mode", [False, True])
def test_everything_is_listed_with_what_it_is_for(options: Any, site: Any, writes: Any, check_mode: bool) -> None:
    here = site(databases=[database(tags={"team": "shop"}), restored("d1"), database("events-1", cluster="events")])
    result = database_info.run(options(database_info), here, check_mode=check_mode)
    assert [(one["database"], one["purpose"], one["cluster"]) for one in result["databases"]] == [
        ("orders", "", None), ("d1", "drill", None), ("events-1", "", "events"),
    ]  # fmt: skip
    assert (result["changed"], result["databases"][0]["tags"], writes(here)) == (False, {"team": "shop"}, [])


def test_it_is_listed_as_documented(options: Any, site: Any) -> None:
    result = database_info.run(options(database_info), site(databases=[database()]), check_mode=False)
    assert set(result["databases"][0]) == set(yaml.safe_load(database_info.RETURN)["databases"]["contains"])


def test_another_account_is_refused(options: Any, site: Any) -> None:
    with pytest.raises(LifeboatError):
        database_info.run(options(database_info, account_id=DR), site(SOURCE), check_mode=False)
