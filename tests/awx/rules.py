# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWX refuses, and with which words: the checks of its serializers and models that our objects meet."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dateutil.rrule import rrulestr
from jinja2 import StrictUndefined
from jinja2.exceptions import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

if TYPE_CHECKING:
    from tests.awx.standin import Awx

Item = dict[str, Any]
SCHEMA: Item = json.loads((Path(__file__).parent / "schema.json").read_text(encoding="utf-8"))
REGISTRY = ("host", "username", "password", "verify_ssl")
ENCRYPTED = "$encrypted$"
TYPES = {"string": str, "boolean": bool, "integer": int, "id": int, "json": (dict, list), "any": object}
CONFIGURED = {"string": str, "password": str, "int": int, "bool": bool, "list": list, "object": dict}
INPUT_KEYS = {
    "id",
    "label",
    "type",
    "format",
    "choices",
    "help_text",
    "multiline",
    "secret",
    "ask_at_runtime",
    "default",
}
TEMPLATE = re.compile(r"^template(\.[a-zA-Z_]+[a-zA-Z0-9_]*)?$")
# Which prompt of a job template lets a launch say what.
ASKED = {
    "inventory": "inventory",
    "scm_branch": "scm_branch",
    "job_type": "job_type",
    "job_tags": "tags",
    "skip_tags": "skip_tags",
    "limit": "limit",
    "diff_mode": "diff_mode",
    "verbosity": "verbosity",
    "execution_environment": "execution_environment",
    "forks": "forks",
    "job_slice_count": "job_slice_count",
    "timeout": "timeout",
}


class Refused(Exception):
    """An answer that says no."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        super().__init__(json.dumps(body))
        self.status = status
        self.body = body


def copy_of(value: Any) -> Any:
    return copy.deepcopy(value)


def anything(awx: Awx, whole: Item, fields: Item, item: Item | None) -> None:
    """No rule of its own."""


# --- Fields -----------------------------------------------------------------------------------------------------


def read_fields(known: Mapping[str, Any], body: Any, item: Item | None) -> Item:
    """Read the fields of a request, checking their types. Drop those that can only be read."""
    if not isinstance(body, dict):
        raise Refused(400, {"detail": "JSON parse error - not an object"})
    problems = {name: ["Not a field."] for name in body if name not in known and name not in ("type", "managed")}
    if not item:
        problems |= {
            name: ["This field is required."] for name, one in known.items() if one.get("required") and name not in body
        }
    fields: Item = {}
    for name, one in known.items():
        if name in body and not one.get("readonly") and not (item and one.get("fixed")):
            try:
                fields[name] = read_value(one, body[name])
            except ValueError as error:
                problems[name] = [str(error)]
    if problems:
        raise Refused(400, problems)
    return fields


def read_value(field: Mapping[str, Any], value: Any) -> Any:
    """One value. Null is as good as nothing for text and yes or no, where it is no value of its own."""
    if value is None and not field.get("nullable"):
        value = {"string": "", "boolean": False}.get(field["type"])
    if value is None and field.get("nullable"):
        return None
    numeric = field["type"] in ("integer", "id")
    if not isinstance(value, TYPES[field["type"]]) or (numeric and isinstance(value, bool)):
        raise ValueError(f"Not a valid {field['type']}.")
    if field.get("required") and value == "":
        raise ValueError("This field may not be blank.")
    if "choices" in field and value not in field["choices"]:
        raise ValueError(f'"{value}" is not a valid choice.')
    if len(str(value)) > field.get("max_length", 10**9):
        raise ValueError(f"Ensure this field has no more than {field['max_length']} characters.")
    if "minimum" in field and value < field["minimum"]:
        raise ValueError(f"Ensure this value is greater than or equal to {field['minimum']}.")
    return copy_of(value)


def refuse_doubles(items: Mapping[int, Item], unique: list[list[str]], whole: Item) -> None:
    for names in unique:
        values = [whole.get(name) for name in names]
        if any([one.get(name) for name in names] == values and one["id"] != whole.get("id") for one in items.values()):
            raise Refused(400, {"__all__": [f"{' and '.join(names)} already exist: {values}."]})


def matches(row: Item, asked: Mapping[str, str]) -> bool:
    """Apply a list filter to a row. Only the filters that awx.awx and ansible-rulebook use are known."""
    either = {name.removeprefix("or__"): value for name, value in asked.items() if name.startswith("or__")}
    among = {name.removesuffix("__in"): value.split(",") for name, value in asked.items() if name.endswith("__in")}
    every = {name: value for name, value in asked.items() if not name.startswith("or__") and not name.endswith("__in")}
    for name in [*either, *every, *among]:
        if name not in row:
            raise Refused(400, {"detail": f"{row['type']} has no field named '{name}'"})
    return (
        all(str(row[name]) == value for name, value in every.items())
        and all(str(row[name]) in values for name, values in among.items())
        and (not either or any(str(row[name]) == value for name, value in either.items()))
    )


# --- Secrets ----------------------------------------------------------------------------------------------------


def masked(values: Mapping[str, Any], secrets: Iterable[str]) -> Item:
    """Secrets are encrypted when they are kept, and nothing shows them any more. What is empty stays empty."""
    hidden = set(secrets)
    return {name: ENCRYPTED if name in hidden and value else value for name, value in values.items()}


def kept_secrets(old: Mapping[str, Any], new: Mapping[str, Any]) -> Item:
    return {name: old[name] if value == ENCRYPTED and name in old else value for name, value in new.items()}


def secrets_of(awx: Awx, credential: Item) -> list[str]:
    inputs = awx.get("credential_types", credential["credential_type"])["inputs"]
    return [field["id"] for field in inputs.get("fields", []) if field.get("secret")]


def passwords_of(parameters: Mapping[str, list[Any]]) -> list[str]:
    return [name for name, (kind, *_default) in parameters.items() if kind == "password"]


# --- Each kind --------------------------------------------------------------------------------------------------


def look_at_credential_type(awx: Awx, whole: Item, fields: Item, item: Item | None) -> None:
    if item and item.get("managed"):
        raise Refused(403, {"detail": "Modifications not allowed for managed credential types"})
    used = item and any(one["credential_type"] == item["id"] for one in awx.items["credentials"].values())
    inputs = fields.get("inputs", {})
    for field in inputs.get("fields", []):
        if set(field) - INPUT_KEYS or not {"id", "label"} <= set(field) or field["id"] == "tower":
            raise Refused(400, {"inputs": [f"{field} is not valid under the schema of inputs"]})
        field.setdefault("type", "string")
    if set(inputs) - {"fields", "required"}:
        raise Refused(400, {"inputs": [f"Additional properties are not allowed: {sorted(inputs)}"]})
    if used and item and "inputs" in fields and inputs != item["inputs"]:
        raise Refused(403, {"detail": "Modifications to inputs are not allowed for credential types that are in use"})
    look_at_injectors(whole)


def look_at_injectors(whole: Item) -> None:
    """Every template must render with nothing but the inputs and the names of its files."""
    injectors = whole["injectors"]
    files = list(injectors.get("file", {}))
    if set(injectors) - {"file", "env", "extra_vars"} or not all(TEMPLATE.match(name) for name in files):
        raise Refused(400, {"injectors": [f"{sorted(injectors)}, {files} are not valid under the schema of injectors"]})
    if "template" in files and len(files) > 1:
        raise Refused(400, {"injectors": ["Must use multi-file syntax when injecting multiple files"]})
    if any(name.startswith("ANSIBLE_") for name in injectors.get("env", {})):
        raise Refused(400, {"injectors": ["Environment variable may affect Ansible configuration"]})
    several = {name.split(".")[1]: "EXAMPLE_FILENAME" for name in files if "." in name}
    names: Item = {field["id"]: "EXAMPLE" for field in whole["inputs"].get("fields", [])}
    names["tower"] = {"filename": several or "EXAMPLE_FILENAME"} if files else {}
    for kind, injected in injectors.items():
        for name, template in injected.items():
            try:
                ImmutableSandboxedEnvironment(undefined=StrictUndefined).from_string(template).render(names)
            except TemplateError as error:
                raise Refused(400, {"injectors": [f"{name} of {kind} uses an undefined field ({error})"]}) from None


def look_at_credential(awx: Awx, whole: Item, fields: Item, item: Item | None) -> None:
    kind = awx.get("credential_types", whole["credential_type"])
    known = {field["id"]: field for field in kind["inputs"].get("fields", [])}
    for name, value in whole["inputs"].items():
        if name not in known:
            raise Refused(400, {"inputs": [f"Additional properties are not allowed ('{name}' was unexpected)"]})
        if known[name]["type"] == "string" and not isinstance(value, str) and name != "verify_ssl":
            raise Refused(400, {"inputs": [f"{name}: not of type 'string'"]})


def look_at_notification(awx: Awx, whole: Item, fields: Item, item: Item | None) -> None:
    configuration = fields.get("notification_configuration")
    if configuration is None:
        return
    if not item or whole["notification_type"] == item["notification_type"]:
        old = (item or {}).get("notification_configuration", {})
        configuration.update(kept_secrets(old, configuration))
    for name, (kind, *default) in SCHEMA["notifications"][whole["notification_type"]].items():
        if name not in configuration and not default:
            raise Refused(400, {"__all__": [f"Missing required fields for Notification Configuration: ['{name}']."]})
        value = configuration.setdefault(name, *default)
        if not is_a(value, CONFIGURED[kind]) or value == []:
            raise Refused(400, {"__all__": [f"Configuration field '{name}' incorrect type, expected {kind}."]})


def look_at_project(awx: Awx, whole: Item, fields: Item, item: Item | None) -> None:
    if whole["scm_type"] and not whole["scm_url"]:
        raise Refused(400, {"scm_url": ["SCM URL is required."]})


def look_at_source(awx: Awx, whole: Item, fields: Item, item: Item | None) -> None:
    if whole["source"] == "scm" and whole["source_project"] is None:
        raise Refused(400, {"source_project": ["Project required for scm type sources."]})
    if whole["scm_branch"] and not awx.get("projects", whole["source_project"])["allow_override"]:
        raise Refused(400, {"scm_branch": ["Project does not allow overriding branch."]})


def look_at_job_template(awx: Awx, whole: Item, fields: Item, item: Item | None) -> None:
    if whole["project"] is None:
        raise Refused(400, {"project": ["Job Templates must have a project assigned."]})
    if whole["inventory"] is None and not whole["ask_inventory_on_launch"]:
        raise Refused(400, {"inventory": ["You must either set a default value or ask to prompt on launch."]})
    if whole["playbook"] not in awx.playbooks:
        raise Refused(400, {"playbook": ["Playbook not found for project."]})
    if whole["scm_branch"] or whole["ask_scm_branch_on_launch"]:
        raise Refused(400, {"scm_branch": ["Project does not allow overriding branch."]})
    if whole["extra_vars"]:
        json.loads(whole["extra_vars"])


def look_at_node(awx: Awx, whole: Item, fields: Item, item: Item | None) -> None:
    if whole["unified_job_template"] is not None:
        look_at_prompts(awx, whole)


def look_at_schedule(awx: Awx, whole: Item, fields: Item, item: Item | None) -> None:
    rule = whole["rrule"]
    problems = []
    if len(re.findall(r"DTSTART(?:;[^:]+)?:[0-9]+T[0-9]+Z?", rule)) != 1:
        problems.append("Valid DTSTART required in rrule. Value should start with: DTSTART:YYYYMMDDTHHMMSSZ")
    if re.search(r"DTSTART:[0-9]+T[0-9]+ ", rule):
        problems.append("DTSTART cannot be a naive datetime.  Specify ;TZINFO= or YYYYMMDDTHHMMSSZZ.")
    if "rrule:" not in rule.lower():
        problems.append("One or more rule required in rrule.")
    for one in re.findall(r"RULE:[^\s]*", rule):
        if "interval" not in one.lower():
            problems.append(f"INTERVAL required in rrule: {one}")
        if "secondly" in one.lower():
            problems.append(f"SECONDLY is not supported: {one}")
    try:
        rrulestr(rule.replace(" ", "\n"))
    except ValueError as error:
        problems.append(f"rrule parsing failed validation: {error}")
    if problems:
        raise Refused(400, {"rrule": problems})
    look_at_prompts(awx, whole, required=True)


def look_at_prompts(awx: Awx, whole: Item, *, required: bool = False) -> None:
    """Refuse a saved launch that answers what its template does not ask."""
    run = awx.get("unified_job_templates", whole["unified_job_template"])
    for name, prompt in ASKED.items():
        if whole.get(name) is not None and not run.get(f"ask_{prompt}_on_launch"):
            raise Refused(400, {name: ["Field is not configured to prompt on launch."]})
    questions = run.get("survey_spec", {}).get("spec", []) if run.get("survey_enabled") else []
    answers = whole["extra_data"]
    missing = [one["variable"] for one in questions if one["required"] and one.get("default") in (None, "")]
    missing = [name for name in missing if name not in answers]
    if required and missing:
        raise Refused(400, {"variables_needed_to_start": [f"'{name}' value missing" for name in missing]})
    if set(answers) - {one["variable"] for one in questions} and not run.get("ask_variables_on_launch"):
        raise Refused(400, {"extra_data": ["Variables are not allowed on launch."]})


def read_survey(body: Any, types: list[str]) -> Item:
    """Check a survey and return it as AWX stores it."""
    for name, kind in (("name", str), ("description", str), ("spec", list)):
        if not isinstance(body.get(name), kind):
            raise Refused(400, {"error": f"Field '{name}' is missing from survey spec."})
    if not body["spec"]:
        raise Refused(400, {"error": "'spec' doesn't contain any items."})
    seen: set[str] = set()
    for number, question in enumerate(body["spec"]):
        look_at_question(number, question, types)
        if question["variable"] in seen:
            raise Refused(
                400, {"error": f"'variable' '{question['variable']}' duplicated in survey question {number}."}
            )
        seen.add(question["variable"])
    return dict(body)


def is_a(value: Any, wanted: type) -> bool:
    """In JSON, true is no number."""
    return isinstance(value, wanted) and (wanted is bool or not isinstance(value, bool))


def look_at_question(number: int, question: Any, types: list[str]) -> None:
    for name in ("type", "question_name", "variable", "required"):
        if not isinstance(question.get(name), bool if name == "required" else str):
            raise Refused(400, {"error": f"'{name}' in survey question {number} expected to be another type."})
    kind, default = question["type"], question.get("default", "")
    if kind not in types:
        raise Refused(400, {"error": f"'{kind}' in survey question {number} is not one of '{', '.join(types)}'"})
    wanted: dict[str, Callable[[Any], bool]] = {"integer": lambda value: is_a(value, int)}
    if default != "" and not wanted.get(kind, lambda value: isinstance(value, str))(default):
        raise Refused(400, {"error": f"Default value {default} in survey question {number} expected to be {kind}."})
    for limit in ("min", "max"):
        if not isinstance(question.get(limit, 0), int):
            raise Refused(400, {"error": f"The {limit} limit in survey question {number} expected to be integer."})
    if kind in ("multiplechoice", "multiselect"):
        choices = question.get("choices")
        if not choices or (default and default not in choices):
            raise Refused(400, {"error": "Default choice must be answered from the choices listed."})


def read_launch(template: Item, body: Item) -> Item:
    """Read what a launch answers. AWX ignores, without an error, what the template does not ask."""
    asked = {name: body[name] for name in ASKED if name in body and template[f"ask_{ASKED[name]}_on_launch"]}
    questions = template.get("survey_spec", {}).get("spec", []) if template["survey_enabled"] else []
    given = body.get("extra_vars") or {}
    answers = {one["variable"]: given[one["variable"]] for one in questions if one["variable"] in given}
    wrong = [
        problem for one in questions if (problem := wrong_answer(one, answers.get(one["variable"], one.get("default"))))
    ]
    if wrong:
        raise Refused(400, {"variables_needed_to_start": wrong})
    return asked | {"extra_vars": given if template["ask_variables_on_launch"] else answers}


def wrong_answer(question: Item, answer: Any) -> str | None:
    """Why a survey does not take an answer."""
    name = question["variable"]
    if answer in (None, ""):
        return f"'{name}' value missing" if question["required"] else None
    if question["type"] == "multiplechoice" and answer not in question["choices"]:
        return f"Value {answer} for '{name}' expected to be one of {question['choices']}."
    if question["type"] == "text":
        if not isinstance(answer, str):
            return f"Value {answer} for '{name}' expected to be a string."
        if not question.get("min", 0) <= len(answer) <= question.get("max", 1024):
            return f"'{name}' value {answer} is too small or too large."
    return None


def refuse_link(awx: Awx, resource: str, number: int, link: str, other: int) -> None:
    """Refuse an association that AWX does not allow."""
    if (resource, link) == ("job_templates", "credentials"):
        kinds = [awx.get("credentials", one)["credential_type"] for one in awx.linked_ids(resource, number, link)]
        if awx.get("credentials", other)["credential_type"] in kinds:
            raise Refused(400, {"error": "Cannot assign multiple credentials of one type."})
    if link.endswith("_nodes"):
        if other == number:
            raise Refused(400, {"Error": "Cycle detected."})
        ends = [awx.get(resource, one)["workflow_job_template"] for one in (number, other)]
        if ends[0] != ends[1]:
            raise Refused(400, {"Error": "Nodes of different workflows."})


BY_RESOURCE: dict[str, Callable[[Awx, Item, Item, Item | None], None]] = {
    "credential_types": look_at_credential_type,
    "credentials": look_at_credential,
    "notification_templates": look_at_notification,
    "projects": look_at_project,
    "inventory_sources": look_at_source,
    "job_templates": look_at_job_template,
    "workflow_job_template_nodes": look_at_node,
    "schedules": look_at_schedule,
}
