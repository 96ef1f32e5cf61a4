# SPDX-License-Identifier: GPL-3.0-or-later
"""Refuse names that nobody knows. It needs the variables of the controller and no process of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible.errors import AnsibleError, AnsibleUndefinedVariable
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.release import __version__ as core_version

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.keys import Resolve, wrong_keys
from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.names import unknown_names
from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.run import (
    Run,
    half_filled,
    misspelt_environment,
    misspelt_host,
    old_core,
    told_once,
    unknown_variable,
    without_value,
    wrong_with,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.templates import templates_among
from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.values import wrong_values

ARGUMENTS: dict[str, Any] = {"sites": {"type": "list", "elements": "str"}}
OWN_NAMES = "lifeboat_own_names"
ACCEPTS_NONE = "lifeboat_accept_no_sites"
HOSTS = "lifeboat_hosts"
SITES = "__begin_sites"  # how a playbook of ours chooses its sites, as it is written there


def own_names(resolve: Resolve) -> list[str]:
    """Read which names the user declares to be others than ours."""
    own = resolve(OWN_NAMES)
    return [one for one in (own if isinstance(own, list) else [own]) if isinstance(one, str)]


def fits(spec: Mapping[str, Any], value: Any) -> bool:
    """Tell whether Ansible takes a value for an entry of an argument specification."""
    return not ArgumentSpecValidator({"value": dict(spec)}).validate({"value": value}).error_messages


class ActionModule(ActionBase):
    """Look at the names of all sites before a run, or at those of one site before a role."""

    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        _validation, given = self.validate_argument_spec(argument_spec=ARGUMENTS)
        variables = task_vars or {}
        wanted = given["sites"]
        problems = [f"{one}" for one in filter(None, [old_core(core_version)])]
        if not problems and wanted is None:
            problems = [str(one) for one in [*self.wrong_at(variables), *self.without_values(variables)]]
        elif not problems:
            run = self.read_run(wanted, variables)
            if run.is_left_out:
                return result | {"skipped": True, "skip_reason": "The tags of this run leave our plays out"}
            problems = self.wrong_with_all(run, variables)
            result["sites"] = run.sites
        return result | ({"failed": True, "msg": " ".join(problems)} if problems else {"changed": False})

    def read_run(self, wanted: list[str], variables: Mapping[str, Any]) -> Run:
        """Read what Ansible says of the run in its own variables."""
        own = own_names(self.resolver(variables))
        return Run(
            wanted=wanted,
            within=variables["ansible_play_hosts_all"],
            groups={name: hosts for name, hosts in variables["groups"].items() if name not in own},
            limit=variables.get("ansible_limit", ""),
            tags=variables["ansible_run_tags"],
            skipped=variables["ansible_skip_tags"],
            own_tags=frozenset(self._task.tags) - {"always"},
            ignores_hosts=HOSTS in variables and HOSTS not in str(variables.get(SITES, HOSTS)),
        )

    def wrong_with_all(self, run: Run, variables: Mapping[str, Any]) -> list[str]:
        """Return what is wrong with the run, and with all sites, each once."""
        accepts = boolean(self.resolver(variables)(ACCEPTS_NONE) or False)
        found: dict[str, list[str]] = {str(one): [] for one in wrong_with(run, accepts_none=accepts)}
        for site in run.looked_at:
            of_site = variables["hostvars"].raw_get(site)
            for problem in [*half_filled(of_site), *self.wrong_at(of_site, variables["hostvars"][site])]:
                found.setdefault(str(problem), []).append(site)
        return told_once(found, run.looked_at)

    def wrong_at(
        self, variables: Mapping[str, Any], templated: Mapping[str, Any] | None = None
    ) -> Iterator[LifeboatError]:
        """Yield what is wrong with the names at one site."""
        resolve = self.resolver(variables, templated)
        for name, near in unknown_names(variables, own_names(resolve)):
            yield unknown_variable(name, near)
        yield from misspelt_environment(resolve("lifeboat_environment"), resolve("lifeboat_enabled_environments"))
        yield from misspelt_host(resolve("lifeboat_check_host"), variables.get("groups", {}).get("all", ()))
        yield from wrong_values(variables, fits)
        yield from wrong_keys(variables, resolve)

    def without_values(self, variables: Mapping[str, Any]) -> Iterator[LifeboatError]:
        """Yield an error for each template of the inventory that the role reads and that has no value.

        The defaults of the role would read it as if nothing were said: a retention, or which databases to recover.
        """
        roles = [variables.get("ansible_role_name", ""), *variables.get("ansible_parent_role_names", ())]
        for name, value in templates_among(variables, roles):
            try:
                self._templar.template(value)
            except AnsibleUndefinedVariable as error:
                yield without_value(name, str(error))
            except AnsibleError:  # such as a lookup that fails, which the role will tell
                continue

    def resolver(self, variables: Mapping[str, Any], templated: Mapping[str, Any] | None = None) -> Resolve:
        """Return a function that reads one variable. What has no value yet is left to the role that reads it."""

        def resolve(name: str) -> Any:
            try:
                if templated is not None:
                    return templated.get(name)
                return self._templar.template(variables.get(name))
            except AnsibleError:
                return None

        return resolve
