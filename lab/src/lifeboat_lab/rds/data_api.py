# SPDX-License-Identifier: GPL-3.0-or-later
"""Answer EnableHttpEndpoint and DisableHttpEndpoint, the switch for the RDS Data API. The lab has no Data API."""

from __future__ import annotations

from typing import Any

from lifeboat_lab.errors import AwsError
from lifeboat_lab.rds.kinds import CLUSTER
from lifeboat_lab.rds.world import Call, World


def enable(world: World, call: Call) -> dict[str, Any]:
    return _switch(world, call, on=True)


def disable(world: World, call: Call) -> dict[str, Any]:
    return _switch(world, call, on=False)


def _switch(world: World, call: Call, *, on: bool) -> dict[str, Any]:
    """Switch the Data API of an Aurora cluster.

    :raises AwsError: when there is no such Aurora cluster.
    """
    arn = call.params["ResourceArn"]
    if f":{CLUSTER.arn_type}:" not in arn:
        raise AwsError("ResourceNotFoundFault", f"The specified resource {arn} was not found.", 404)
    found = world.database(CLUSTER, arn, call.account, call.region)
    if not found.is_aurora:
        raise AwsError("InvalidResourceStateFault", "The HTTP endpoint is for Aurora clusters only.")
    found.options["EnableHttpEndpoint"] = on
    return {"ResourceArn": found.arn, "HttpEndpointEnabled": on}
