# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-builder reads what the collection needs, and makes the build context of the image."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
VERSION = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"]
# Where a package is imported under another name than that of its distribution.
DISTRIBUTIONS = {"pymysql": "PyMySQL", "sqlalchemy": "SQLAlchemy"}
# Every execution environment has these.
THERE = {"ansible", "ansible_collections", "jinja2", "markupsafe", "yaml"}


def run(*command: str, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    run(str(BIN / "ansible-galaxy"), "collection", "build", "--output-path", str(folder), cwd=ROOT)
    return folder / f"lifeboat-rds-{VERSION}.tar.gz"


def test_ansible_builder_finds_what_the_collection_needs(archive: Path, tmp_path: Path) -> None:
    place = tmp_path / "ansible_collections" / "lifeboat" / "rds"
    with tarfile.open(archive) as packed:
        packed.extractall(place, filter="data")
    found = yaml.safe_load(run(str(BIN / "ansible-builder"), "introspect", str(tmp_path), cwd=tmp_path))
    assert {line.split("  # ")[1] for lines in found.values() for line in lines} == {"from collection lifeboat.rds"}
    assert {re.split(r"[>\[]", line)[0] for line in found["python"]} >= {"boto3", "SQLAlchemy", "psycopg", "PyMySQL"}
    assert found["system"][0].startswith("openssh-clients [platform:rpm]")


def test_ansible_builder_makes_the_context_of_the_image(archive: Path, tmp_path: Path) -> None:
    for file in (ROOT / "execution-environment.yml", ROOT / "constraints.txt", archive):
        shutil.copy(file, tmp_path)
    run(str(BIN / "ansible-builder"), "create", "--output-filename", "Containerfile", cwd=tmp_path)
    made = (tmp_path / "context" / "Containerfile").read_text(encoding="utf-8")
    assert "ENV PIP_CONSTRAINT=" in made
    assert 'ARG EE_BASE_IMAGE="' in made
    built = tmp_path / "context" / "_build"
    assert (built / "collections" / archive.name).is_file()
    wanted = yaml.safe_load((built / "requirements.yml").read_text(encoding="utf-8"))["collections"]
    needed = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["dependencies"]
    limits = {one["name"]: one.get("version", "") for one in wanted}
    assert limits.keys() == {f"collections/{archive.name}", *needed}
    assert all(re.fullmatch(r">=[\d.]+,<[\d.]+", limits[name]) for name in needed), "no next major version unseen"


def imported() -> set[str]:
    """List the packages that plugins import, wherever in a file."""
    nodes = [
        node
        for path in (ROOT / "plugins").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    ]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level}
    return {name.split(".")[0] for name in names} - THERE - set(sys.stdlib_module_names)


def test_every_package_that_plugins_import_is_required() -> None:
    lines = (ROOT / "meta" / "ee-requirements.txt").read_text(encoding="utf-8").splitlines()
    required = {re.split(r"[>\[]", line)[0] for line in lines if not line.startswith("#")}
    assert {DISTRIBUTIONS.get(name, name) for name in imported()} <= required


def test_every_required_package_is_pinned() -> None:
    pinned = {line.split("==")[0] for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()}
    lines = (ROOT / "meta" / "ee-requirements.txt").read_text(encoding="utf-8").splitlines()
    required = {re.split(r"[>\[]", line)[0].lower() for line in lines if not line.startswith("#")}
    assert required | {"ansible-core", "ansible-runner"} <= pinned
