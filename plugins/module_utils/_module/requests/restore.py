# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the options of snapshot_restore into what its pass is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._core.errors import LifeboatError
from ..._core.restoring.choice import read_choice
from ..._core.restoring.target import check_drill_id
from ..._pass.requests.restore import RemoveRequest, RestoreRequest, RestoreSettings
from ..arguments import read_protection, read_request, read_selection, read_settings


def read_restore(params: Mapping[str, Any]) -> RestoreRequest:
    """Read the options of snapshot_restore for what is to be present.

    :raises LifeboatError: when expired is set, or the drill id or the choice of recovery points is not valid.
    """
    if params["expired"]:
        raise LifeboatError(
            "Cannot restore what is expired",
            why="expired only selects what to delete",
            remedy="Set state to absent, or leave expired out",
        )
    return read_request(
        RestoreRequest,
        params,
        drill_id=check_drill_id(params["drill_id"]),
        choice=read_choice(params["recovery_point"]),
        protection=read_protection(params),
        settings=read_settings(RestoreSettings, params, vpc_security_group_ids=tuple),
        iam=params["iam_authentication"],
        selection=read_selection(params),
    )


def read_remove(params: Mapping[str, Any]) -> RemoveRequest:
    """Read the options of snapshot_restore for what is to be absent.

    :raises LifeboatError: when it is a recovery, or not clear what to delete.
    """
    if params["purpose"] != "drill":
        raise LifeboatError(
            "Cannot remove a recovery",
            why="it has taken the place of its original, and this collection does not delete it",
            remedy="Turn off its deletion protection and delete it in RDS itself",
        )
    if params["expired"] and params["drill_id"]:
        raise LifeboatError(
            "Cannot tell what to remove",
            why="drill_id and expired are both set",
            remedy="Set drill_id to delete what one drill made, or expired to delete what has expired",
        )
    return read_request(
        RemoveRequest,
        params,
        drill_id=None if params["expired"] else check_drill_id(params["drill_id"]),
    )
