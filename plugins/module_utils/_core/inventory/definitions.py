# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inventory says of each database (``lifeboat_databases``), read and refused as a whole.

A name that nobody knows would be ignored by every module, and with it an objective or a check.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from ..checking.checks import looks_at_data, printable
from ..errors import LifeboatError
from ..keeping.policy import SETTINGS as RETENTION
from .overrides import CHOICE, read_overrides, settings_for
from .selection import Candidate

Definitions = Mapping[str, Any]
Rule = tuple[Callable[[Any], bool], str]  # what holds of a value, and how to say it

EVERY = "*"
NARROWER = tuple(name for name in CHOICE if name != "databases")
YES_NO = ("true", "false", "yes", "no")


def is_seconds(value: Any) -> bool:
    """A whole number above 0; templates make text of it."""
    return not isinstance(value, bool) and str(value).isdigit() and int(value) > 0


def is_number(value: Any) -> bool:
    """A whole number."""
    return is_seconds(value) or (not isinstance(value, bool) and str(value) == "0")


def is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def is_texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(is_text(one) for one in value)


def is_yes_no(value: Any) -> bool:
    return isinstance(value, bool) or str(value).lower() in YES_NO


def is_class(value: Any) -> bool:
    return is_text(value) and value.startswith("db.")


def is_capacity(value: Any) -> bool:
    """The least and the most Aurora capacity units of a serverless cluster."""
    return (
        isinstance(value, Mapping)
        and set(value) == {"min", "max"}
        and all(isinstance(one, (int, float)) and not isinstance(one, bool) and one >= 0 for one in value.values())
        and value["min"] <= value["max"]
    )


def is_mapping(value: Any) -> bool:
    return isinstance(value, Mapping)


def is_rows(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, Mapping) for one in value)


def are_kinds(value: Any) -> bool:
    return is_texts(value) and set(value) <= {"instance", "cluster"}


TEXT: Rule = (is_text, "a text")
SECONDS: Rule = (is_seconds, "a whole number of seconds above 0")
NUMBER: Rule = (is_number, "a whole number")
# What holds of a recovery: nothing of it is taken over from drills, whose networks are isolated and classes small.
RECOVERY: Mapping[str, Rule] = {
    "restore_as": TEXT,
    "db_instance_class": (is_class, "a class such as db.r6g.large"),
    "db_subnet_group_name": TEXT,
    "db_parameter_group_name": TEXT,
    "db_cluster_parameter_group_name": TEXT,
    "vpc_security_group_ids": (is_texts, "a list of security groups"),
    "serverless": (is_capacity, "a dictionary of min and max, numbers of capacity units"),
    "multi_az": (is_yes_no, "true or false"),
    "backup_retention_period": NUMBER,
}
RULES: Mapping[str, Rule] = {
    "rpo": SECONDS,
    "rto": SECONDS,
    "checks": (is_rows, "a list of checks, each a dictionary"),
    "accept_unverified": (is_yes_no, "true or false"),
    "owner": TEXT,
    "database": TEXT,
    "driver": TEXT,
    "db_instance_class": (is_class, "a class such as db.t4g.medium"),
    "db_subnet_group_name": TEXT,
    "db_parameter_group_name": TEXT,
    "db_cluster_parameter_group_name": TEXT,
    "vpc_security_group_ids": (is_texts, "a list of security groups"),
    "expires_after": (is_seconds, "a whole number of minutes above 0"),
    "serverless": (is_capacity, "a dictionary of min and max, numbers of capacity units"),
    "recovery": (is_mapping, "a dictionary of settings"),
    "source": TEXT,
    "interval": NUMBER,
    "kms_key_id": TEXT,
    "option_group": TEXT,
    "copy_option_group": (is_yes_no, "true or false"),
    **dict.fromkeys(RETENTION, NUMBER),
    "match_tags": (is_mapping, "a dictionary of tags"),
    "engines": (is_texts, "a list of engines"),
    "kinds": (are_kinds, "a list of instance and cluster"),
}


def check_definitions(definitions: Any) -> Definitions:
    """Return the definitions.

    :raises LifeboatError: naming the first entry that is wrong, and what to do about it.
    """
    if not isinstance(definitions, Mapping):
        raise LifeboatError(
            "Cannot use lifeboat_databases",
            why=f"it is no dictionary but a {type(definitions).__name__}",
            remedy="Make it a dictionary of dictionaries, by identifier or pattern",
        )
    for position, (name, entry) in enumerate(definitions.items()):
        check_entry(name, entry, is_first=position == 0)
    return definitions


def check_entry(name: Any, entry: Any, *, is_first: bool) -> None:
    what = f"Cannot use lifeboat_databases.{printable(name, 70)}"
    if not is_text(name):
        raise LifeboatError(what, why=f"{printable(name, 70)} is no text", remedy="Put the identifier in quotes")
    if entry is None:
        return
    if not isinstance(entry, Mapping):
        raise LifeboatError(what, why="it is no dictionary", remedy="Give it settings such as rpo, rto and checks")
    for setting, value in entry.items():
        check_setting(what, setting, value, RULES)
    for setting, value in (entry.get("recovery") or {}).items():
        check_setting(f"{what}.recovery", setting, value, RECOVERY)
    if name == EVERY and not is_first and not set(NARROWER) & set(entry):
        why = "it is for every database, so what it says would hold instead of what the entries above it say"
        raise LifeboatError(what, why=why, remedy="Put it first: the last entry that matches has the last word")


def check_setting(what: str, setting: Any, value: Any, rules: Mapping[str, Rule]) -> None:
    if setting not in rules:
        close = get_close_matches(str(setting), rules, n=1)
        remedy = f"Did you mean {close[0]}" if close else f"Known are: {', '.join(rules)}"
        raise LifeboatError(what, why=f"'{printable(setting, 70)}' is no setting", remedy=remedy)
    holds, said = rules[setting]
    if value is not None and not holds(value):
        why = f"{setting} is {printable(repr(value), 70)}"
        raise LifeboatError(what, why=why, remedy=f"Make {setting} {said}, or leave it out")


def definition_of(
    definitions: Definitions, identifier: str, kind: str, engine: str = "", tags: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """What holds for a database: what all entries say that match it, the last word to the last one."""
    entries = [{**(entry or {}), "databases": [pattern]} for pattern, entry in definitions.items()]
    database = Candidate(identifier, kind, engine, tags or {}, None)
    return settings_for(database, {}, read_overrides(entries))


def is_accepted(definition: Mapping[str, Any]) -> bool:
    """Whether it was said of a database that nobody looks at its data."""
    return str(definition.get("accept_unverified")).lower() in ("true", "yes")


def has_proof(checks: Iterable[Mapping[str, Any]]) -> bool:
    return any(looks_at_data(check) for check in checks)


def why_refused(definition: Mapping[str, Any]) -> str | None:
    """Why a database is not restored: hours and money later, nothing would be proven."""
    if has_proof(definition.get("checks") or []) or is_accepted(definition):
        return None
    return (
        "no check of it looks at its data. Give it one in lifeboat_databases, such as rows, freshness or canary, or"
        " say accept_unverified: true there."
    )
