# SPDX-License-Identifier: GPL-3.0-or-later
"""Apply the rules on option groups of snapshots: which one a copy has, and what cannot go where (aws_rds.md 1.8)."""

from __future__ import annotations

from dataclasses import replace

from lifeboat_lab.engines import offer
from lifeboat_lab.errors import AwsError
from lifeboat_lab.rds import known_groups
from lifeboat_lab.rds.database import Database
from lifeboat_lab.rds.groups import OptionGroup
from lifeboat_lab.rds.kinds import INSTANCE
from lifeboat_lab.rds.stored import Snapshot
from lifeboat_lab.rds.world import Call, World

# Oracle's, which may leave the account when the target option group has them as well.
TRAVELLERS = frozenset({"Timezone", "OLS"})


def of_database(found: Database) -> str:
    """Return the name of a database's option group; an empty text for clusters."""
    if found.kind is not INSTANCE:
        return ""
    return found.options.get("OptionGroupName") or offer(found.engine).option_group(found.version)


def persistent(world: World, found: Database) -> frozenset[str]:
    """Return the options that a database's data depend on."""
    name = of_database(found)
    return _persistent(world, found.account, found.region, name)


def _persistent(world: World, account: str, region: str, name: str) -> frozenset[str]:
    if not name or name.startswith("default:"):
        return frozenset()
    return _options_that_stay(known_groups.option_group(world, account, region, name))


def _options_that_stay(group: OptionGroup) -> frozenset[str]:
    return frozenset(fact.name for fact in group.facts() if fact.persistent or fact.permanent)


def keeping_at_home(snapshot: Snapshot) -> list[str]:
    """Return the options that keep a snapshot from being shared (aws_rds.md 2)."""
    oracle = snapshot.portrait.engine.startswith("oracle")
    return sorted(snapshot.portrait.persistent_options - (TRAVELLERS if oracle else frozenset()))


def of_copy(world: World, call: Call, source: Snapshot) -> str:
    """Return the option group of a copy; across a border the default one unless the call names another.

    :raises AwsError: when the call asks for what cannot be, or when data need an option that would be missing.
    """
    name = call.params.get("OptionGroupName")
    if call.params.get("CopyOptionGroup"):
        _check_copying(call, source)
        return _copied(world, call, source)
    if not name and (source.account, source.region) == (call.account, call.region):
        return source.option_group
    if source.kind is not INSTANCE:
        return ""
    name = name or offer(source.portrait.engine).option_group(source.portrait.version)
    have = _persistent(world, call.account, call.region, name)
    if missing := source.portrait.persistent_options - have:
        raise AwsError(
            "InvalidParameterCombination",
            f"The snapshot requires a target option group with the following options: {', '.join(sorted(missing))}",
        )
    if not name.startswith("default:"):
        about = source.portrait
        known_groups.option_group_for(world, call.account, call.region, name, about.engine, about.version)
    return name


def _check_copying(call: Call, source: Snapshot) -> None:
    """Check CopyOptionGroup: only across accounts, within a Region, with Oracle."""
    reason = None
    if call.params.get("OptionGroupName"):
        reason = "Give OptionGroupName or CopyOptionGroup, not both."
    elif source.account == call.account or source.region != call.region:
        reason = "CopyOptionGroup needs another account's snapshot of the same Region."
    elif not source.portrait.engine.startswith("oracle"):
        reason = "CopyOptionGroup is for Oracle only."
    if reason:
        raise AwsError("InvalidParameterCombination", reason)


def _copied(world: World, call: Call, source: Snapshot) -> str:
    """Return the source's option group in the caller's account: the existing one, otherwise a new one."""
    name = source.option_group
    mine = world.place(call.account, call.region).groups.options
    if not name.startswith("default:") and name not in mine:
        original = known_groups.option_group(world, source.account, source.region, name)
        mine[name] = replace(
            original, account=call.account, region=call.region, tags={}, options=dict(original.options),
            copied_from=original,
        )  # fmt: skip
    return name
