# SPDX-License-Identifier: GPL-3.0-or-later
"""Validates what the inventory says about each database (``lifeboat_databases``), before anything else happens.

Every module would ignore a misspelt name, and with it an objective or a check.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..checking.checks import looks_at_data
from ..errors import LifeboatError
from ..keeping.policy import NUMBERS as RETENTION
from ..nearness import remedy_for
from ..words import printable
from .overrides import CHOICE, read_overrides, settings_for
from .selection import Candidate
from .templates import is_template

Definitions = Mapping[str, Any]
Rule = tuple[Callable[[Any], bool], str]  # tests a value, and describes a valid one

EVERY = "*"
NOT_WHOLE = "With Ansible Vault, encrypt the values in it and not the whole"
NARROWER = tuple(name for name in CHOICE if name != "databases")
YES_NO = ("true", "false", "yes", "no")


def is_seconds(value: Any) -> bool:
    """Tell whether it is a whole number above 0. Templates turn numbers into text, so text is accepted."""
    return is_number(value) and int(value) > 0


def is_number(value: Any) -> bool:
    """Tell whether it is a whole number, 0 included. Digits of other scripts, such as a superscript 2, are refused."""
    text = str(value)
    return not isinstance(value, bool) and text.isascii() and text.isdecimal()


def is_text(value: Any) -> bool:
    """Tell whether it is a text that is not blank."""
    return isinstance(value, str) and bool(value.strip())


def is_texts(value: Any) -> bool:
    """Tell whether it is a list of such texts, and not empty."""
    return isinstance(value, list) and bool(value) and all(is_text(one) for one in value)


def is_yes_no(value: Any) -> bool:
    """Tell whether it is a boolean, or text for one."""
    return isinstance(value, bool) or str(value).lower() in YES_NO


def is_no(value: Any) -> bool:
    """Tell whether it is false, or text for it."""
    return str(value).lower() in ("false", "no")


def is_tls(value: Any) -> bool:
    """Tell whether it is a way to secure a connection less. YAML reads a plain off as false."""
    return value is False or (isinstance(value, str) and value in ("off", "require"))


def is_class(value: Any) -> bool:
    """Tell whether it looks like an instance class."""
    return is_text(value) and value.startswith("db.")


def is_capacity(value: Any) -> bool:
    """Tell whether it has the minimum and the maximum of Aurora capacity units."""
    return (
        isinstance(value, Mapping)
        and set(value) == {"min", "max"}
        and all(isinstance(one, (int, float)) and not isinstance(one, bool) and one >= 0 for one in value.values())
        and value["min"] <= value["max"]
    )


def is_mapping(value: Any) -> bool:
    """Tell whether it is a dictionary."""
    return isinstance(value, Mapping)


def are_tags(value: Any) -> bool:
    """Tell whether it is a dictionary of tags. Of a boolean nobody knows how the tag spells it."""
    return isinstance(value, Mapping) and not any(isinstance(one, bool) for one in value.values())


def is_rows(value: Any) -> bool:
    """Tell whether it is a list of dictionaries."""
    return isinstance(value, list) and all(isinstance(one, Mapping) for one in value)


def are_kinds(value: Any) -> bool:
    """Tell whether it is a list of kinds of databases."""
    return is_texts(value) and set(value) <= {"instance", "cluster"}


TEXT: Rule = (is_text, "a text")
SECONDS: Rule = (is_seconds, "a whole number of seconds above 0")
NUMBER: Rule = (is_number, "a whole number")
YES_OR_NO: Rule = (is_yes_no, "true or false")
# The settings that drills and recoveries have both, each for itself: a recovery does not inherit those of drills, with
# isolated networks and small classes.
RESTORES: Mapping[str, Rule] = {
    "db_instance_class": (is_class, "a class such as db.t4g.medium"),
    "db_subnet_group_name": TEXT,
    "db_parameter_group_name": TEXT,
    "db_cluster_parameter_group_name": TEXT,
    "vpc_security_group_ids": (is_texts, "a list of security groups"),
    "serverless": (is_capacity, "a dictionary of min and max, numbers of capacity units"),
}
RECOVERY: Mapping[str, Rule] = {
    "restore_as": TEXT,
    **RESTORES,
    "multi_az": YES_OR_NO,
    "backup_retention_period": NUMBER,
}
RULES: Mapping[str, Rule] = {
    "rpo": SECONDS,
    "rto": SECONDS,
    "max_drill_age": SECONDS,
    "checks": (is_rows, "a list of checks, each a dictionary"),
    "accept_unverified": YES_OR_NO,
    "owner": TEXT,
    "protect": (is_yes_no, "true or false"),
    "reason": TEXT,
    "database": TEXT,
    "driver": TEXT,
    "tls": (is_tls, "require, which encrypts and proves no name, or to off"),
    **RESTORES,
    "expires_after": (is_seconds, "a whole number of minutes above 0"),
    "recovery": (is_mapping, "a dictionary of settings"),
    "source": TEXT,
    "interval": NUMBER,
    "kms_key_id": TEXT,
    "option_group": TEXT,
    "copy_option_group": YES_OR_NO,
    **dict.fromkeys(RETENTION, NUMBER),
    "below_floor": (is_yes_no, "true or false"),
    "match_tags": (are_tags, "a dictionary of tags, with true and false in quotes as they are in AWS"),
    "engines": (is_texts, "a list of engines"),
    "kinds": (are_kinds, "a list of instance and cluster"),
}


def check_definitions(definitions: Any) -> Definitions:
    """Check the definitions of all databases, and return them.

    :raises LifeboatError: for the first entry that is wrong.
    """
    if not isinstance(definitions, Mapping):
        raise LifeboatError(
            "Cannot use lifeboat_databases",
            why="it is not a dictionary",
            remedy=f"Make it a dictionary with a dictionary for each identifier or pattern. {NOT_WHOLE}",
        )
    for position, (name, entry) in enumerate(definitions.items()):
        check_entry(name, entry, is_first=position == 0)
    return definitions


def check_entry(name: Any, entry: Any, *, is_first: bool) -> None:
    """Check the entry of one identifier or pattern.

    :param is_first: whether it is the first entry. Later entries override earlier ones, so ``*`` must be first.
    :raises LifeboatError: when it is wrong.
    """
    what = f"Cannot use lifeboat_databases.{printable(name, 70)}"
    if not is_text(name):
        raise LifeboatError(what, why=f"{printable(name, 70)} is not a text", remedy="Put the identifier in quotes")
    if is_template(name):
        why = "Ansible makes no other value of a key, so it would match no database"
        raise LifeboatError(
            what, why=why, remedy="Write the identifier or a pattern itself, or build the whole dictionary"
        )
    if entry is None:
        return
    if not isinstance(entry, Mapping):
        remedy = f"Write settings there, such as rpo and checks. {NOT_WHOLE}"
        raise LifeboatError(what, why="it is not a dictionary", remedy=remedy)
    for setting, value in entry.items():
        check_setting(what, setting, value, RULES)
    for setting, value in (entry.get("recovery") or {}).items():
        check_setting(f"{what}.recovery", setting, value, RECOVERY)
    if is_no(entry.get("protect")) and "reason" not in entry:
        why = "it excludes databases, and no reason says why to whoever reads the reports"
        raise LifeboatError(what, why=why, remedy="Set reason beside protect: false")
    if name == EVERY and not is_first and not set(NARROWER) & set(entry):
        why = "it matches every database, so its settings would override those of the entries above it"
        raise LifeboatError(what, why=why, remedy="Put it first: later entries override earlier ones")


def check_setting(what: str, setting: Any, value: Any, rules: Mapping[str, Rule]) -> None:
    """Check the name and the value of one setting.

    :raises LifeboatError: when it is unknown, or its value is not valid.
    """
    if setting not in rules:
        remedy = remedy_for(str(setting), rules, f"Known settings: {', '.join(rules)}")
        raise LifeboatError(what, why=f"unknown setting '{printable(setting, 70)}'", remedy=remedy)
    holds, said = rules[setting]
    if value is not None and not holds(value):
        why = f"{setting} is {printable(repr(value), 70)}"
        raise LifeboatError(what, why=why, remedy=f"Set {setting} to {said}, or leave it out")


def definition_of(
    definitions: Definitions, identifier: str, kind: str, engine: str = "", tags: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Merge the settings of all entries that match a database. Later entries override earlier ones."""
    entries = [{**(entry or {}), "databases": [pattern]} for pattern, entry in definitions.items()]
    database = Candidate(identifier, kind, engine, tags or {}, None)
    return settings_for(database, {}, read_overrides(entries))


def is_accepted(definition: Mapping[str, Any]) -> bool:
    """Tell whether the user accepts that no check looks at the data of this database."""
    return str(definition.get("accept_unverified")).lower() in ("true", "yes")


def has_proof(checks: Iterable[Mapping[str, Any]]) -> bool:
    """Tell whether one of these checks looks at data."""
    return any(looks_at_data(check) for check in checks)


def why_refused(definition: Mapping[str, Any]) -> str | None:
    """Explain why a database is not drilled, or return None if it is.

    Without a check that looks at data, the drill would cost hours and money and prove nothing.
    """
    if has_proof(definition.get("checks") or []) or is_accepted(definition):
        return None
    return (
        "none of its checks looks at its data. Add one in lifeboat_databases, such as rows, freshness or canary, or"
        " set accept_unverified: true there."
    )
