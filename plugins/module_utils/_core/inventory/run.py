# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a run as a whole, before it calls anything: its groups, its limit, its tags, its sites."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import LifeboatError
from ..nearness import distance
from ..words import printable
from .names import OURS
from .variables import GROUPS, VARIABLES

LEAST_CORE = (2, 19)
# Tags that mean something without any task that has them, and those of them with which our tasks run.
SPECIAL_TAGS = ("all", "always", "never", "tagged", "untagged")
EVERYTHING = ("all", "untagged")
NEEDED = ("lifeboat_account_id", "lifeboat_region")
ENABLED = ("production", "staging")  # where the inventory does not say it
SHORTEST = 3  # letters of an environment's name that stand for all of it
BEGUN = "Cannot begin the run"
OWN = "If it is yours, name it in lifeboat_own_names"


@dataclass(frozen=True, slots=True)
class Run:
    """What a play that comes first can see of a run."""

    wanted: Sequence[str]  # the sites that the playbook is for, whatever the limit
    within: Sequence[str]  # all hosts that the limit leaves
    groups: Mapping[str, Sequence[str]]
    limit: str = ""
    tags: Sequence[str] = ("all",)
    skipped: Sequence[str] = ()
    own_tags: frozenset[str] = field(default_factory=frozenset)  # what an importing playbook gave to all our plays
    ignores_hosts: bool = False  # lifeboat_hosts is set, and this playbook does not choose its sites by it

    @property
    def sites(self) -> list[str]:
        """Return the sites that the run touches."""
        return [site for site in self.wanted if site in self.within]

    @property
    def looked_at(self) -> list[str]:
        """All sites of the inventory, whatever the limit: roles read the variables of the other side."""
        return list(dict.fromkeys([*(host for name in GROUPS for host in self.groups.get(name) or ()), *self.wanted]))

    @property
    def is_left_out(self) -> bool:
        """Tell whether a playbook that imports ours chose other plays by their tags."""
        return bool(self.own_tags) and (not self.is_chosen or bool(self.own_tags & set(self.skipped)))

    @property
    def is_chosen(self) -> bool:
        """Tell whether the tags choose any of our tasks."""
        chosen = {*self.tags} & {*self.own_tags, *(EVERYTHING if not self.own_tags else ("all", "tagged"))}
        return bool(chosen) and not {*self.skipped} & {"all", "tagged" if self.own_tags else "untagged"}


def old_core(version: str) -> LifeboatError | None:
    """Return an error when this ansible-core is older than what was ever tested."""
    found = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    if found >= LEAST_CORE:
        return None
    least = ".".join(str(part) for part in LEAST_CORE)
    why, remedy = f"this is ansible-core {version}", f"Install {least} or newer: pip install 'ansible-core>={least}'"
    return LifeboatError(BEGUN, why=why, remedy=remedy)


def wrong_with(run: Run, *, accepts_none: bool) -> Iterator[LifeboatError]:
    """Yield what is wrong with a run as a whole.

    :param accepts_none: whether it is no error when the run touches no site.
    """
    if run.ignores_hosts:
        why = "this playbook would work on all of its sites, or publish and replicate at the same ones"
        yield LifeboatError("Cannot use lifeboat_hosts", why=why, remedy="Leave it out, and choose sites with --limit")
    groups = list(misspelt_groups(run.groups))
    yield from groups
    if not run.is_chosen:
        yield wrong_tags(run)
    elif not run.sites and not groups and not accepts_none:
        yield no_site(run)


def misspelt_groups(groups: Mapping[str, Sequence[str]]) -> Iterator[LifeboatError]:
    """Yield an error for each group that is named almost as one of ours, when its hosts are no sites."""
    sites = {host for known in GROUPS for host in groups.get(known) or ()}
    for name, hosts in groups.items():
        for known, letters in GROUPS.items():
            if 0 < distance(str(name), known, letters) <= letters and not sites.issuperset(hosts):
                why = f"{listed(hosts)} would be no site"
                yield LifeboatError(f"Unknown group {name}", why=why, remedy=f"Did you mean {known}? {OWN}")


def wrong_tags(run: Run) -> LifeboatError:
    """Describe tags with which nothing of ours runs."""
    said = f"--tags {','.join(run.tags)}" + (f" --skip-tags {','.join(run.skipped)}" if run.skipped else "")
    tags = sorted(run.own_tags)
    known = f"The tags are: {', '.join(tags)}" if tags else "These playbooks have no tags: leave it out"
    return LifeboatError(BEGUN, why=f"with {said} none of its tasks runs", remedy=known)


def no_site(run: Run) -> LifeboatError:
    """Describe a run that would do nothing."""
    if run.wanted:
        why = f"--limit {run.limit} leaves no site of those that this playbook is for"
        return LifeboatError(BEGUN, why=why, remedy=f"They are: {listed(run.wanted)}")
    empty = [name for name in GROUPS if not run.groups.get(name)]
    why = f"there is no site in it, and the inventory has nothing in {' or '.join(empty) or 'lifeboat_hosts'}"
    remedy = "Check the inventory that it reads (-i), or set lifeboat_accept_no_sites to true if that is meant"
    return LifeboatError(BEGUN, why=why, remedy=remedy)


def half_filled(variables: Mapping[str, Any]) -> Iterator[LifeboatError]:
    """Yield what every site needs and this one lacks."""
    for name in NEEDED:
        if variables.get(name) is None and (form := VARIABLES[name].form):
            yield LifeboatError("Cannot use the site", why=f"it has no {name}", remedy=form.remedy)


def misspelt_environment(environment: Any, enabled: Any) -> Iterator[LifeboatError]:
    """Yield an error when an environment is named almost as one that is protected: its site would be left out."""
    known = [str(one) for one in enabled] if isinstance(enabled, list) else list(ENABLED)
    if isinstance(environment, str) and environment not in known:
        near = [one for one in known if is_slip(environment, one)]
        if near:
            why = f"'{environment}' is none that is enabled, so nothing here would be protected"
            yield LifeboatError("Unknown lifeboat_environment", why=why, remedy=f"Did you mean {near[0]}?")


def is_slip(name: str, known: str) -> bool:
    """Tell whether one word is the other with a slip, or its beginning, such as ``prod``.

    ``tst`` and ``stg``, or ``staging`` and ``staging2``, are two.
    """
    typed, wanted = name.strip().lower(), known.lower()
    rest = wanted.removeprefix(typed)
    if len(typed) >= SHORTEST and (not rest or (rest != wanted and rest.isalpha())):
        return True
    other_number = re.sub(r"[-_]?\d+$", "", typed) == re.sub(r"[-_]?\d+$", "", wanted)
    return not other_number and distance(typed, wanted, 2) <= min(2, len(wanted) // 4)


def misspelt_host(name: Any, hosts: Sequence[str]) -> Iterator[LifeboatError]:
    """Yield an error when the check host is named almost as a host of the inventory: the checks would not reach it."""
    if isinstance(name, str) and name not in hosts:
        near = [one for one in hosts if distance(name, one, 2) <= min(2, len(one) // 4)]
        if near:
            why = f"the inventory has no host '{name}'"
            yield LifeboatError("Unknown lifeboat_check_host", why=why, remedy=f"Did you mean {near[0]}?")


def listed(names: Iterable[str]) -> str:
    """Name the first few, and say that there are more."""
    known = list(names)
    return ", ".join(known[:5]) + (f" and {len(known) - 5} more" if len(known) > 5 else "")


def told_once(problems: Mapping[str, Sequence[str]], sites: Sequence[str]) -> list[str]:
    """Write each problem with the sites that have it, unless that is each of several: then nobody needs their names."""
    return [
        f"At {'all sites' if len(sites) > 1 and len(hosts) == len(sites) else listed(hosts)}: {said}" if hosts else said
        for said, hosts in problems.items()
    ]


def without_value(name: str, why: str) -> LifeboatError:
    """Describe a variable whose template has no value."""
    remedy = "Correct the template, or give it a default"
    return LifeboatError(f"Cannot read {name}", why=f"its template has no value: {printable(why, 200)}", remedy=remedy)


def unknown_variable(name: str, near: str | None) -> LifeboatError:
    """Describe a variable that nobody knows."""
    remedy = f"Did you mean {near}?" if near else "Correct it, or name it in lifeboat_own_names if it is yours"
    if near and not name.startswith(OURS):  # an ordinary word, which somebody else may have meant
        remedy += f" {OWN}"
    return LifeboatError(f"Unknown variable {name}", why="nothing reads it", remedy=remedy)
