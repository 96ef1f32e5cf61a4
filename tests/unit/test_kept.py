# SPDX-License-Identifier: GPL-3.0-or-later
"""What the warm process of playbooks keeps is what Ansible would have made, and never of a file as it was before."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible._internal._templating._jinja_bits import AnsibleEnvironment
from ansible.executor import module_common
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from tests.kept import folder_for, keep_modules, keep_tasks, keep_templates, kept

VARIABLES = {"name": "orders", "rows": [3, 1, 2], "inner": trust_as_template("{{ name | upper }}")}
TEMPLATES = (
    "{{ name }} and {{ rows | sort | join('-') }}",
    "{{ inner }}",
    "{{ name | regex_replace('^(o)', '\\1\\1') }}",
    "{% for row in rows %}{{ row }}{% endfor %}",
    "{{ rows | map('string') | list }}",
)
EXPRESSIONS = ("name == 'orders'", "rows | length > 5", "inner is match('ORD')")


@pytest.fixture
def ansible(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put Ansible's own functions back after a test that keeps what they make."""
    for place, name in (
        (AnsibleEnvironment, "compile"),
        (AnsibleEnvironment, "compile_expression"),
        (DataLoader, "load_from_file"),
        (module_common, "_find_module_utils"),
    ):
        monkeypatch.setattr(place, name, getattr(place, name))


def rendered() -> list[Any]:
    templar = Templar(DataLoader(), variables=VARIABLES)
    told = [templar.template(trust_as_template(one)) for one in TEMPLATES]
    return told + [templar.evaluate_conditional(trust_as_template(one)) for one in EXPRESSIONS]


def test_a_kept_template_says_what_one_that_was_compiled_anew_says(ansible: None, tmp_path: Path) -> None:
    anew = rendered()
    keep_templates(tmp_path)
    assert rendered() == anew
    files = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert len(files) == len({*TEMPLATES, *EXPRESSIONS}) + 1  # and the one in a variable
    assert rendered() == anew
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == files


def test_a_template_that_cannot_be_compiled_is_refused_each_time(ansible: None, tmp_path: Path) -> None:
    keep_templates(tmp_path)
    for _time in range(2):
        with pytest.raises(Exception, match="unexpected"):
            Templar(DataLoader(), variables={}).template(trust_as_template("{{ 1 + }}"))
    assert not list(tmp_path.iterdir())


@pytest.fixture
def read(ansible: None, tmp_path: Path) -> Callable[[Path], Any]:
    kept_at, role = tmp_path / "kept", tmp_path / "role"
    kept_at.mkdir()
    role.mkdir()
    keep_tasks(kept_at, [role])
    return lambda path: DataLoader().load_from_file(str(path), trusted_as_template=True)


def test_a_kept_file_of_tasks_is_told_with_its_lines(read: Callable[[Path], Any], tmp_path: Path) -> None:
    tasks = tmp_path / "role" / "main.yml"
    tasks.write_text("- name: Tell\n  ansible.builtin.debug:\n    msg: '{{ name }}'\n")
    first, again = read(tasks), read(tasks)
    assert pickle.dumps(again) == pickle.dumps(first)
    assert first is not again
    assert Templar(DataLoader(), variables=VARIABLES).template(again)[0]["ansible.builtin.debug"] == {"msg": "orders"}


def test_a_file_of_tasks_that_was_changed_is_read_anew(read: Callable[[Path], Any], tmp_path: Path) -> None:
    tasks = tmp_path / "role" / "main.yml"
    tasks.write_text("- name: Before\n")
    assert read(tasks) == [{"name": "Before"}]
    tasks.write_text("- name: After\n")
    assert read(tasks) == [{"name": "After"}]


def test_only_files_of_the_roles_are_kept(read: Callable[[Path], Any], tmp_path: Path) -> None:
    elsewhere = tmp_path / "vars.yml"
    elsewhere.write_text("name: orders\n")
    assert read(elsewhere) == {"name": "orders"}
    assert not list((tmp_path / "kept").iterdir())


@pytest.fixture
def project(tmp_path: Path) -> Path:
    module = tmp_path / "project" / "plugins" / "modules" / "look.py"
    module.parent.mkdir(parents=True)
    module.write_text("# one\n")
    return tmp_path / "project"


def folder_of(project: Path) -> Path:
    return folder_for(project.parent / "kept", [project / "plugins"], project)


def edit(project: Path) -> None:
    (project / "plugins" / "modules" / "look.py").write_text("# two\n")


def edit_and_take_back(project: Path) -> None:
    """Leave the content and the time of the last change as they were, as git and backups may."""
    module = project / "plugins" / "modules" / "look.py"
    before, content = module.stat(), module.read_text()
    edit(project)
    module.write_text(content)
    os.utime(module, ns=(before.st_atime_ns, before.st_mtime_ns))


def add(project: Path) -> None:
    (project / "plugins" / "modules" / "listen.py").write_text("# one\n")


def install(project: Path) -> None:
    (project / "ansible-99.dist-info").mkdir()


def test_with_other_settings_of_ansible_nothing_is_found(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = folder_of(project)
    monkeypatch.setenv("ANSIBLE_ALLOW_EMBEDDED_TEMPLATES", "false")
    assert folder_of(project) != before


@pytest.mark.parametrize("change", [edit, edit_and_take_back, add, install])
def test_after_a_change_nothing_is_found_that_was_kept_before(change: Callable[[Path], None], project: Path) -> None:
    before = folder_of(project)
    assert folder_of(project) == before
    change(project)
    assert folder_of(project) != before


def test_what_nobody_used_for_a_day_is_thrown_away(project: Path) -> None:
    old = folder_of(project)
    os.utime(old, (0, 0))
    edit(project)
    fresh = folder_of(project)
    assert list((project.parent / "kept").iterdir()) == [fresh]


def test_what_cannot_be_made_is_not_kept(tmp_path: Path) -> None:
    def fail() -> None:
        raise ValueError

    with pytest.raises(ValueError):
        kept(tmp_path / "one", pickle, fail)
    assert not list(tmp_path.iterdir())


@pytest.fixture
def packed_in(ansible: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[Path], str]]:
    """Yield where a module is packed; known is what lies in the folder `known`."""

    def pack(**_words: Any) -> str:
        return module_common.C.DEFAULT_LOCAL_TMP

    packer = "_find_module_utils"
    monkeypatch.setattr(module_common, packer, pack)
    keep_modules(tmp_path / "kept", [tmp_path / "known"])
    yield lambda path: vars(module_common)[packer](module_path=str(path))


def test_only_modules_whose_changes_are_seen_are_packed_for_all(
    packed_in: Callable[[Path], str], tmp_path: Path
) -> None:
    own = module_common.C.DEFAULT_LOCAL_TMP
    assert packed_in(tmp_path / "known" / "modules" / "look.py") == str(tmp_path / "kept")
    assert packed_in(tmp_path / "library" / "look.py") == own
