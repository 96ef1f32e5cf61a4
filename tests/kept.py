# SPDX-License-Identifier: GPL-3.0-or-later
"""What playbooks in the warm process keep for the next ones: packed modules, compiled templates, read tasks, plugins.

Without it each task compiles its templates anew, since what a fork found out ends with it. The files lie in a folder
that the workers of all runs share. Its name says which files were there, and when each of them was last touched: a
change gives another name, also when it is taken back.
"""

from __future__ import annotations

import contextlib
import importlib
import marshal
import os
import pickle
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import CodeType, SimpleNamespace
from typing import Any
from unittest.mock import patch

ROOT = Path(__file__).parents[1]
# As `pytest --cache-clear` expects it.
FOLDERS = ROOT / ".pytest_cache" / "d" / "kept"
KEPT_FOR = 86_400.0
# Kinds of plugins of which every playbook reads the documentation, for their options.
CONFIGURED = ("become", "cache", "callback", "connection", "inventory", "shell")


def keep() -> None:
    """Let the playbooks that forks of this process run use what earlier ones found out."""
    packages = Path(importlib.import_module("ansible").__path__[0]).parent
    folder = folder_for(
        FOLDERS, [ROOT / name for name in ("plugins", "meta", "ansible.cfg", "tests/kept.py")], packages
    )
    keep_modules(folder, [ROOT / "plugins", packages])
    keep_templates(folder)
    keep_tasks(folder, [ROOT / "playbooks", ROOT / "roles"])
    keep_plugins()


def folder_for(folders: Path, places: Iterable[Path], packages: Path) -> Path:
    """Make the folder for these files and packages, and throw away those that nobody used for a day."""
    files = [path for place in places for path in (sorted(place.rglob("*")) if place.is_dir() else [place])]
    touched = [(str(path), path.stat().st_ctime_ns) for path in files if path.is_file() and path.suffix != ".pyc"]
    installed = [(path.name, path.stat().st_ctime_ns) for path in sorted(packages.glob("*.dist-info"))]
    settings = sorted(one for one in os.environ.items() if one[0].startswith("ANSIBLE_"))
    folder = folders / key_of(touched, installed, settings, sys.version)
    folder.mkdir(parents=True, exist_ok=True)
    os.utime(folder)
    for old in folders.iterdir():
        if old.stat().st_mtime < time.time() - KEPT_FOR:
            shutil.rmtree(old, ignore_errors=True)
    return folder


def key_of(*about: Any) -> str:
    return sha256(repr(about).encode()).hexdigest()[:32]


def keep_modules(folder: Path, places: list[Path]) -> None:
    """Pack a module that lies in one of these places once; others as Ansible does, once for each process."""
    from ansible.executor import module_common

    pack, own = module_common._find_module_utils, module_common.C.DEFAULT_LOCAL_TMP
    known = tuple(f"{place.resolve()}{os.sep}" for place in places)

    def find_module_utils(*, module_path: str, **words: Any) -> Any:
        shared = os.path.realpath(module_path).startswith(known)
        with patch.object(module_common.C, "DEFAULT_LOCAL_TMP", str(folder) if shared else own):
            return pack(module_path=module_path, **words)

    module_common._find_module_utils = find_module_utils


def keep_templates(folder: Path) -> None:
    """Compile a template once: most of what a task costs on the controller is compiling those that it meets."""
    from ansible._internal._templating import _jinja_bits as bits
    from jinja2.environment import TemplateExpression
    from jinja2.nodes import Template

    environment = bits.AnsibleEnvironment
    compile_anew, compile_expression_anew = environment.compile, environment.compile_expression
    compiled: list[CodeType] = []

    def path_of(self: Any, kind: str, source: str) -> Path:
        context = bits._TemplateCompileContext.current(optional=True)
        overrides = [getattr(self, name) for name in bits._TEMPLATE_OVERRIDE_FIELD_NAMES]
        return folder / key_of(kind, str(source), context and context.escape_backslashes, overrides)

    def compile_template(self: Any, source: Any, *words: Any, **more: Any) -> Any:
        if isinstance(source, Template):
            compiled[:] = [compile_anew(self, source, *words, **more)]
            return compiled[0]
        if words or more:
            return compile_anew(self, source, *words, **more)
        return kept(path_of(self, "template", source), marshal, lambda: compile_anew(self, source))

    def compile_expression(self: Any, source: str, undefined_to_none: bool = True) -> Any:
        def anew() -> CodeType:
            compile_expression_anew(self, source, undefined_to_none)
            return compiled.pop()

        code = kept(path_of(self, "expression", source), marshal, anew)
        template = self.template_class.from_code(self, code, self.make_globals(None))
        return TemplateExpression(template, undefined_to_none)

    environment.compile = compile_template
    environment.compile_expression = compile_expression


def keep_tasks(folder: Path, places: Iterable[Path]) -> None:
    """Read the YAML of a file in one of these places once; Ansible takes a deep copy besides, each time."""
    from ansible.parsing.dataloader import DataLoader

    load = DataLoader.load_from_file
    known = tuple(f"{place}{os.sep}" for place in places)

    def load_from_file(self: Any, file_name: str, cache: str = "all", **words: Any) -> Any:
        path = Path(self.path_dwim(file_name))
        if not os.path.realpath(path).startswith(known) or not path.is_file():
            return load(self, file_name, cache, **words)
        name = key_of(str(path), sorted(words.items()), path.read_bytes())
        return kept(folder / name, pickle, lambda: load(self, file_name, "none", **words))

    DataLoader.load_from_file = load_from_file


def kept(path: Path, form: Any, make: Callable[[], Any]) -> Any:
    """Return what a file has in a form (marshal or pickle); make it if there is none."""
    with contextlib.suppress(FileNotFoundError):
        return form.loads(path.read_bytes())
    made = make()
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as fresh:
        fresh.write(form.dumps(made))
    os.rename(fresh.name, path)
    return made


def keep_plugins() -> None:
    """Find out once which options plugins have, and where modules and filters are: nobody adds any while tests run."""
    from ansible.plugins import loader
    from jinja2.defaults import DEFAULT_FILTERS, DEFAULT_TESTS

    for kind in CONFIGURED:
        list(getattr(loader, f"{kind}_loader").all(class_only=True))
    keep_names(loader)
    keep_actions()
    keep_filters(loader.filter_loader, {*our_filters(), *DEFAULT_FILTERS})
    keep_filters(loader.test_loader, DEFAULT_TESTS)


def keep_names(loader: Any) -> None:
    """Read a folder once, and not for each plugin that is looked for in it."""

    @cache
    def names(folder: str) -> list[str]:
        return sorted(os.listdir(folder)) if os.path.isdir(folder) else []

    def iglob(pattern: str) -> Iterator[str]:
        folder, name = os.path.split(pattern)
        assert name.endswith(".*"), "all that Ansible looks for in this way"
        return (os.path.join(folder, found) for found in names(folder) if found.startswith(name[:-1]))

    loader.glob = SimpleNamespace(glob=loader.glob.glob, iglob=iglob)


def keep_actions() -> None:
    """Look once for the 150 modules of the groups that plays name in module_defaults."""
    from ansible.playbook.base import FieldAttributeBase
    from ansible.playbook.play import Play

    resolve = FieldAttributeBase._resolve_action
    found = cache(lambda name: resolve(None, name, mandatory=False))

    def resolve_action(self: Any, action_name: str, mandatory: bool = True) -> str | None:
        return resolve(self, action_name) if mandatory else found(action_name)

    FieldAttributeBase._resolve_action = resolve_action
    Play()._resolve_group("lifeboat.rds.all")


def keep_filters(loader: Any, names: Iterable[str]) -> None:
    """Look once for filters or tests: each template looks for them anew, in all files that have any."""
    find = loader.get_with_context
    found, missing = {}, set()
    for name in names:
        try:
            found[name] = find(name)
        except KeyError:
            missing.add(name)

    def get_with_context(name: str, *words: Any, **more: Any) -> Any:
        if name in missing:
            raise KeyError(name)
        return found[name] if name in found else find(name, *words, **more)

    loader.get_with_context = get_with_context


def our_filters() -> Iterator[str]:
    for path in (ROOT / "plugins" / "filter").glob("[!_]*.py"):
        module = importlib.import_module(f"ansible_collections.lifeboat.rds.plugins.filter.{path.stem}")
        yield from (f"lifeboat.rds.{name}" for name in module.FilterModule().filters())
