# SPDX-License-Identifier: GPL-3.0-or-later
"""The run-book of a recovery: the planned steps, in words and as commands of the AWS CLI.

Keep this document where it can be read when the controller is gone. It contains no secret.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from shlex import quote
from typing import Any

from ..words import duration, engine_words, printable
from .stages import seconds_between

RunbookStep = Mapping[str, Any]
HEAD = ("database", "recovery point of", "age", "becomes", "class", "network", "key")
WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
PASSWORDS = {
    "managed": "RDS makes a new master password and keeps it in Secrets Manager.",
    "iam": "No password is set: users log in with IAM tokens.",
}


@dataclass(frozen=True, slots=True)
class Occasion:
    """The facts about the whole recovery that a run-book states."""

    site: str
    account: str
    region: str
    profile: str | None
    time: str  # of the plan, by AWS's clock, as an ISO string
    credentials: str  # managed or iam
    check_host: str
    hook: str | None
    warnings: Sequence[str] = ()


def as_cli(operation: str, parameters: Mapping[str, Any], where: Mapping[str, str]) -> str:
    """Write a call as a command of the AWS CLI, with one option on each line.

    :param operation: the name of botocore's method, or ``wait NAME``.
    :param where: options that every command has, such as the Region.
    """
    place = "".join(f" --{name} {quote(value)}" for name, value in where.items())
    words = [option(name, value) for name, value in parameters.items()]
    return " \\\n  ".join([f"aws rds {operation.replace('_', '-')}{place}", *words])


def option(name: str, value: Any) -> str:
    """Write one option of the CLI. For example, MultiAZ becomes ``--multi-az`` or, when false, ``--no-multi-az``."""
    word = WORDS.sub("-", name).lower()
    if isinstance(value, bool):
        return f"--{word}" if value else f"--no-{word}"
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return f"--{word} {' '.join(map(quote, value))}"
    text = json.dumps(value) if isinstance(value, (list, dict)) else str(value)
    return f"--{word} {quote(text)}"


def runbook(
    steps: Sequence[RunbookStep], checks: Mapping[str, Sequence[Mapping[str, Any]]], about: Occasion
) -> list[str]:
    """Write the lines of the document, in Markdown.

    :param steps: the result of snapshot_restore in check mode.
    :param checks: the checks by the identifier of the original database.
    :param about: the facts about the whole recovery.
    """
    parts = [beginning(steps, about)]
    parts += [section(number, step, checks, about) for number, step in enumerate(steps, start=1)]
    return [line for part in [*parts, ending(len(steps) + 1, about)] for line in [*part, ""]][:-1]


def beginning(steps: Sequence[RunbookStep], about: Occasion) -> list[str]:
    """Write the introduction, and a table of all databases."""
    rows = [row_of(step, about) for step in steps if step.get("calls")]
    return [
        f"# Recover in {about.site}: account {about.account}, {about.region}",
        "",
        f"As of {about.time}, by the clock of AWS. `ansible-playbook playbooks/recover.yml` does all of this."
        " By hand, do it in this order; restores may run at the same time: start all of them, then wait for each.",
        "",
        *(f"- Warning: {printable(one)}" for one in about.warnings),
        *([""] if about.warnings else []),
        *(table([HEAD, *rows]) if rows else ["There is nothing to restore."]),
    ]


def row_of(step: RunbookStep, about: Occasion) -> tuple[str, ...]:
    """Write the row of one database in that table."""
    asked = {**step["calls"][-1]["parameters"], **step["calls"][0]["parameters"]}
    network = f"{asked['DBSubnetGroupName']}, {' '.join(asked['VpcSecurityGroupIds'])}"
    zones = ", Multi-AZ" if asked.get("MultiAZ") else ""
    age = duration(seconds_between(step["original_time"], about.time))
    size = f"{asked['DBInstanceClass']}{zones}"
    return step["database"], step["original_time"], age, step["name"], size, network, step.get("kms_key_id", "")


def table(rows: Iterable[Sequence[str]]) -> list[str]:
    """Write a Markdown table. Its first row is the heading."""
    head, *others = ["| " + " | ".join(cell(one) for one in row) + " |" for row in rows]
    return [head, "| " + " | ".join("---" for _one in HEAD) + " |", *others]


def cell(text: str) -> str:
    """Escape a text for a cell of a table."""
    return printable(text).replace("|", "\\|")


def section(
    number: int, step: RunbookStep, checks: Mapping[str, Sequence[Mapping[str, Any]]], about: Occasion
) -> list[str]:
    """Write the section of one database: what is done with it, and the commands that do the same."""
    title = f"## {number}. {printable(step['database'])}"
    if not step.get("calls"):
        return [title, "", f"{'It cannot be restored' if step['status'] == 'failed' else 'Nothing to do'}: {why(step)}"]
    commands = [as_cli(one["operation"], one["parameters"], where(about)) for one in commands_of(step, about)]
    engine = engine_words(step["engine"], step.get("engine_version"))
    looked_at = [check_line(one) for one in checks.get(step["database"], ())]
    return [
        title,
        "",
        f"From the recovery point {step['recovery_point']} ({engine}).",
        *(f"- Different from the original: {printable(one)}" for one in step.get("unlike", ())),
        "",
        "```sh",
        *"\n".join(commands).splitlines(),
        "```",
        "",
        f"{PASSWORDS[about.credentials]} The last command shows the database's address and port, and its secret.",
        "",
        f"Then check the data, from {about.check_host}:",
        "",
        *(looked_at or ["- It has no checks: nothing would be proven, and the hook does not run."]),
    ]


def why(step: RunbookStep) -> str:
    """Write the reason of a step as a sentence."""
    return printable(step["reason"], 500).rstrip(".") + "."


def where(about: Occasion) -> dict[str, str]:
    """Build the options that every command has."""
    return {**({"profile": about.profile} if about.profile else {}), "region": about.region}


def commands_of(step: RunbookStep, about: Occasion) -> list[dict[str, Any]]:
    """List the operations for one database in order, with their parameters."""
    found: list[dict[str, Any]] = []
    for call in step["calls"]:
        key = "DBInstanceIdentifier" if "DBInstanceIdentifier" in call["parameters"] else "DBClusterIdentifier"
        found += [call, wait_for(key, call["parameters"][key])]
    key = "DBInstanceIdentifier" if step["restored_kind"] == "instance" else "DBClusterIdentifier"
    kind = {"DBInstanceIdentifier": "db_instance", "DBClusterIdentifier": "db_cluster"}[key]
    named = {key: step["name"]}
    if about.credentials == "managed":
        change = {**named, "ManageMasterUserPassword": True, "ApplyImmediately": True}
        found += [{"operation": f"modify_{kind}", "parameters": change}, wait_for(key, step["name"])]
    endpoint = "[Endpoint,Port" if kind == "db_cluster" else "[Endpoint.Address,Endpoint.Port"
    query = f"{key.removesuffix('Identifier')}s[0].{endpoint},MasterUserSecret.SecretArn]"
    return [*found, {"operation": f"describe_{kind}s", "parameters": {**named, "Query": query}}]


def wait_for(key: str, name: str) -> dict[str, Any]:
    """Build the operation that waits until a database is available."""
    kind = "db_instance" if key == "DBInstanceIdentifier" else "db_cluster"
    return {"operation": f"wait {kind}_available", "parameters": {key: name}}


def check_line(check: Mapping[str, Any]) -> str:
    """Describe a check: its name and its tables. It omits expected values, which may be confidential."""
    targets = check.get("tables") or [one for one in (check.get("table"), check.get("column")) if one]
    return f"- {printable(check.get('check'))}" + (f" of {printable(', '.join(map(str, targets)))}" if targets else "")


def ending(number: int, about: Occasion) -> list[str]:
    """Write the last section: what to do when all databases run."""
    hook = (
        f"After all checks pass, the tasks in `{printable(about.hook)}` run. DNS names and applications are yours."
        if about.hook
        else "DNS names and applications are yours: no hook is set (`recover_hook`)."
    )
    return [
        f"## {number}. The end",
        "",
        f"{hook} Nothing is removed. The databases are protected from deletion, keep backups, and never expire.",
    ]
