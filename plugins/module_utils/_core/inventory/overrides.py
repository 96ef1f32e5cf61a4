# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings that differ between databases: defaults for all, and overrides for some."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from .selection import Candidate, Selection, matches

# These keys of an override select its databases. All other keys are settings.
CHOICE = ("databases", "match_tags", "engines", "kinds")


@dataclass(frozen=True, slots=True)
class Override:
    """The settings for the databases that a selection matches."""

    selection: Selection
    settings: Mapping[str, Any]


def read_overrides(documents: Iterable[Mapping[str, Any]]) -> list[Override]:
    """Read the option ``overrides`` of a module. Settings that are None count as absent."""
    return [
        Override(
            Selection(
                identifiers=tuple(one.get("databases") or ()),
                tags={str(key): str(value) for key, value in (one.get("match_tags") or {}).items()},
                engines=tuple(one.get("engines") or ()),
                kinds=tuple(one.get("kinds") or ()),
            ),
            {key: value for key, value in one.items() if key not in CHOICE and value is not None},
        )
        for one in documents
    ]


def settings_for(one: Candidate, defaults: Mapping[str, Any], overrides: Iterable[Override]) -> dict[str, Any]:
    """Merge the settings of one database: the defaults, and then each override that matches it, in order."""
    settings = dict(defaults)
    for override in overrides:
        if matches(one, override.selection):
            settings |= override.settings
    return settings


class Settings(Protocol):
    """A dataclass, each field named like the option that sets it."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


S = TypeVar("S", bound=Settings)


@dataclass(frozen=True, slots=True)
class PerDatabase(Generic[S]):
    """The settings of a module: one default for all databases, and what overrides change for some of them."""

    default: S
    overrides: tuple[Override, ...] = ()

    def of(self, one: Candidate) -> S:
        """Return the settings of one database: each override that matches changes them, the last one wins."""
        return replace(self.default, **settings_for(one, {}, self.overrides))

    @property
    def every(self) -> list[S]:
        """Return the default and each override on top of it, to check all before any database is known."""
        return [self.default, *(replace(self.default, **one.settings) for one in self.overrides)]
