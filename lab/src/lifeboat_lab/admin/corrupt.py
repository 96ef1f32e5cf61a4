# SPDX-License-Identifier: GPL-3.0-or-later
"""Corrupt a snapshot: make it unreadable, or delete rows in it."""

from __future__ import annotations

from typing import Any

from lifeboat_lab.admin.forms import Routes, known
from lifeboat_lab.engines import CORRUPTIONS, EngineError
from lifeboat_lab.rds.kinds import KINDS
from lifeboat_lab.rds.stored import Snapshot
from lifeboat_lab.rds.world import World
from lifeboat_lab.settings import BadRequest


def routes(world: World) -> Routes:
    return {("POST", "corrupt"): lambda body: _corrupt(world, body)}


def _corrupt(world: World, body: Any) -> dict[str, Any]:
    """Corrupt one snapshot only: it gets files of its own, and its source and its copies keep theirs."""
    known(body, "snapshot", "how")
    how = body.get("how")
    if not isinstance(how, str) or how not in CORRUPTIONS:
        raise BadRequest(f"how must be one of {', '.join(CORRUPTIONS)}")
    with world.lock:
        snapshot = _found(world, body.get("snapshot"))
        frozen = snapshot.frozen.share()
    try:
        spoilt = world.engines.corrupted(snapshot.portrait.engine, frozen, how)
    except EngineError as error:
        raise BadRequest(f"the snapshot cannot be corrupted: {error}") from None
    finally:
        frozen.release()
    with world.lock:
        is_there = any(each is snapshot for each in world.snapshots(snapshot.kind))
        # A snapshot that was deleted meanwhile has released its files already.
        useless = spoilt if not is_there else snapshot.frozen
        if is_there:
            snapshot.frozen = spoilt
        useless.release()
    if not is_there:
        raise BadRequest(f"{snapshot.arn} was deleted meanwhile")
    return {"snapshot": snapshot.arn, "how": how}


def _found(world: World, arn: Any) -> Snapshot:
    """Return the snapshot to corrupt.

    :raises BadRequest: when there is no such snapshot, or nothing in it to spoil.
    """
    found = next((each for kind in KINDS for each in world.snapshots(kind) if each.arn == arn), None)
    if found is None:
        raise BadRequest(f"no snapshot has the ARN {arn!r}")
    if found.status(world.now()) != "available":
        raise BadRequest(f"{arn} is not available, but {found.status(world.now())}")
    if not found.frozen.has_files:
        raise BadRequest(f"{arn} has no files: there was no server behind its database")
    return found
