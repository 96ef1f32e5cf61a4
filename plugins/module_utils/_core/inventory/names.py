# SPDX-License-Identifier: GPL-3.0-or-later
"""Which names of variables are misspelt.

Only we name variables ``lifeboat_…``, so there an unknown name is wrong. The prefixes of our roles are ordinary words
(``status_``, ``awx_``), so there only what is near one of our names is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from ..nearness import distance, hint
from .role_variables import NAMES, ROLES
from .variables import TOLD, VARIABLES

OURS = "lifeboat_"
# Not looked at: Ansible's own, and our private ones, which begin with two of these.
OTHERS = ("ansible_", "__")
# What AWX gives each job. It calls them tower_… as well.
OF_AWX = frozenset(
    f"awx_{name}"
    for name in (
        *("job_id", "job_launch_type", "job_template_id", "job_template_name", "workflow_job_id", "workflow_job_name"),
        *("workflow_job_launch_type", "workflow_job_template_id", "workflow_job_template_name", "parent_job_id"),
        *("parent_job_schedule_id", "parent_job_schedule_name", "workflow_job_schedule_id"),
        *("workflow_job_schedule_name", "schedule_id", "schedule_name", "inventory_id", "inventory_name"),
        *("user_id", "user_name", "user_email", "user_first_name", "user_last_name", "workflow_job_user_id"),
        *("workflow_job_user_name", "workflow_job_user_email", "workflow_job_user_first_name"),
        *("workflow_job_user_last_name", "project_revision", "project_scm_branch", "execution_node"),
        *("webhook_event_type", "webhook_event_guid", "webhook_event_ref", "webhook_status_api", "webhook_payload"),
    )
)
KNOWN = frozenset((*VARIABLES, *TOLD, *NAMES, *OF_AWX))
SHORT = 7  # letters after a role's prefix: of so few, two other ones make another word (state, start, status)
# One letter that is wrong, or two that are swapped, leave the first ones or the last ones as they are.
END = 3
# After the prefix of a role that restores or deletes, these can only be meant to leave all other databases alone.
FEWER = ("database", "databases", "db", "dbs")
DECISIVE = ("drill", "failback", "prune", "reap", "recover")
OTHER_SPELLING = re.compile(r"(?<=[a-z\d])(?=[A-Z])|[-. ]")


def unknown_names(names: Iterable[str], own: Iterable[str] = ()) -> list[tuple[str, str | None]]:
    """Return the names that are misspelt, in order, each with the name that may have been meant.

    :param own: names that the user has declared to be others than ours.
    """
    declared = KNOWN.union(own)
    suspects = sorted(name for name in names if isinstance(name, str) and name not in declared)
    return [(name, meant_by(name)) for name in suspects if not name.startswith(OTHERS) and is_misspelt(name)]


def is_misspelt(name: str) -> bool:
    """Tell whether an unknown name can only be meant for one of ours."""
    spelt = as_ours(name)
    return spelt.startswith(OURS) or narrows(spelt) or neighbour(spelt) is not None


def as_ours(name: str) -> str:
    """Write a name as ours are written: in small letters, with underscores between the words."""
    return OTHER_SPELLING.sub("_", name).lower()


def narrows(name: str) -> bool:
    """Tell whether a name can only be meant to choose databases."""
    role, _underscore, rest = name.partition("_")
    return role in DECISIVE and rest in FEWER


def meant_by(name: str) -> str | None:
    """Return the name that an unknown one may have been meant for."""
    spelt = as_ours(name)
    bare = spelt.removeprefix(OURS)
    if near := neighbour(spelt) or neighbour(bare):  # the variables of roles have no prefix of ours
        return near
    if narrows(bare):
        chosen = f"{bare.partition('_')[0]}_databases"
        return chosen if chosen in NAMES else None
    ours = {known.removeprefix(OURS): known for known in VARIABLES}
    return ours.get(hint(bare, ours) or "")


@cache
def neighbour(name: str) -> str | None:
    """Return the nearest of our names, as far as it is near."""
    near = [(away, known) for known in alike(name) if (away := distance(name, known, 2)) <= reach(name, known)]
    return min(near)[1] if near else None


def reach(name: str, known: str) -> int:
    """Return how many letters of a name may be wrong: two where it begins as ours does and goes on for long."""
    prefix = next((f"{role}_" for role in ("lifeboat", *ROLES) if known.startswith(f"{role}_")), known)
    return 2 if name.startswith(prefix) and len(name) - len(prefix) > SHORT else 1


def alike(name: str) -> set[str]:
    """Return our names that begin or end as this one does."""
    starts, ends = index()
    return starts.get(name[:END], set()) | ends.get(name[-END:], set())


@cache
def index() -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Sort our names by their first and by their last letters."""
    starts: dict[str, set[str]] = {}
    ends: dict[str, set[str]] = {}
    for name in KNOWN - OF_AWX:
        starts.setdefault(name[:END], set()).add(name)
        ends.setdefault(name[-END:], set()).add(name)
    return starts, ends
