# SPDX-License-Identifier: GPL-3.0-or-later
"""Decide who gets rights in an account: the roles of a site, and the statements of policies that others also write."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from .store import read_address

Statement = Mapping[str, Any]
Policy = Mapping[str, Any]

# Role -> the side that has a use for it, or None for both.
ROLES = {
    "publish": "source",
    "replicate": "dr",
    "prune": None,
    "drill": "dr",
    "recover": "dr",
    "subscribe": None,
    "listen": None,
}


def roles_of(work: Collection[str], sides: Collection[str]) -> list[str]:
    """List the roles to make at a site: those of its kinds of work, as far as one of its sides has a use for them."""
    return [role for role, side in ROLES.items() if role in work and (side is None or side in sides)]


def with_statements(policy: Policy, ours: Iterable[Statement]) -> dict[str, Any]:
    """Write our statements anew into a policy, and keep all others: the owner has statements of its own there.

    A statement of ours that names no principal is left out, since AWS refuses it; an earlier one of its Sid goes.
    """
    wanted = list(ours)
    sids = {one["Sid"] for one in wanted}
    found = policy.get("Statement", [])
    every = [found] if isinstance(found, Mapping) else found  # a policy with one statement needs no list
    kept = [one for one in every if one.get("Sid") not in sids]
    return {"Version": "2012-10-17", **policy, "Statement": [*kept, *(one for one in wanted if names_somebody(one))]}


def names_somebody(statement: Statement) -> bool:
    """Tell whether a statement of a resource's policy has any principal."""
    principal = statement["Principal"]
    return bool(principal if isinstance(principal, str) else any(principal.values()))


def place_in_s3(store: str) -> dict[str, str]:
    """Return the bucket of a store and the start of the keys in it, both empty for a directory or no store.

    :raises LifeboatError: when it is neither an S3 prefix nor the absolute path of a directory.
    """
    address = read_address(store) if store else None
    if address is None or address.bucket is None:
        return {"bucket": "", "start": ""}
    return {"bucket": address.bucket, "start": f"{address.path}/" if address.path else ""}
