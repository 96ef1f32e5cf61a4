# SPDX-License-Identifier: GPL-3.0-or-later
"""Run tasks of a playbook against the lab in this process: whole modules, from their options to what they print."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import botocore.session
import pytest
from botocore.httpsession import URLLib3Session

from ansible_collections.lifeboat.rds.plugins.module_utils._module import entry
from ansible_collections.lifeboat.rds.plugins.plugin_utils.passes import repeat_passes
from tests.fleet.fleet import LOADER, Clock, Side
from tests.fleet.inside import Inside
from tests.modules import answer_of

MODULES = "ansible_collections.lifeboat.rds.plugins.modules"


class Tasks:
    """What the playbooks of both sites could do, with the rights of administrators."""

    def __init__(self, lab: Inside) -> None:
        self._lab = lab

    def run(self, module: str, side: Side, *, check_mode: bool = False, **options: Any) -> dict[str, Any]:
        """Run a module, again as long as it wants that and waits, and return its answer."""
        file = import_module(f"{MODULES}.{module}")
        usual = {"account_id": side.account, "profile": side.profile, "region": side.region}
        if "wait" not in file.ARGUMENTS:
            return answer_of(file.main, usual | options, check_mode=check_mode)
        given = usual | {"poll_interval": 1} | options

        def one_pass(told: dict[str, Any]) -> dict[str, Any]:
            return answer_of(file.main, given | told, check_mode=check_mode)

        # As its action plugin does.
        return repeat_passes(one_pass, Clock(self._lab), lambda _line: None, site=side.profile)


@contextmanager
def tasks_of(lab: Inside) -> Iterator[Tasks]:
    """Let every client of botocore meet this lab, and its time pass where a module waits."""
    get_session = botocore.session.get_session

    def session(*words: Any) -> botocore.session.Session:
        made = get_session(*words)
        made.register_component("data_loader", LOADER)
        return made

    with pytest.MonkeyPatch.context() as patch:
        for name, value in lab.env().items():
            if name.startswith("AWS_"):
                patch.setenv(name, value)
        patch.setattr(URLLib3Session, "send", lambda _session, request: lab.send(request))
        patch.setattr(botocore.session, "get_session", session)
        patch.setattr(entry, "ModuleClock", lambda: Clock(lab))
        yield Tasks(lab)
