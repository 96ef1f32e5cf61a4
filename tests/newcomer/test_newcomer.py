# SPDX-License-Identifier: GPL-3.0-or-later
"""A stranger meets the collection: its archive, an Ansible of its own, the README to the letter, and no checkout.

The README's blocks run one after the other, in an environment that has only what meta/ asks for. AWS is the lab.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from lifeboat_lab import Lab
from tests.documentation import code_blocks
from tests.integration.play import ROLES, ROOT
from tests.schemas import read_evidence

pytestmark = pytest.mark.story

README = (ROOT / "README.md").read_text(encoding="utf-8")
(INVENTORY,) = (block for block in code_blocks(README, "yaml") if "lifeboat_source" in block)
INSTALL, PROTECT, WORST_DAY = (block for block in code_blocks(README) if "ansible-" in block)
# Galaxy has these for a user; here they come out of the package ansible of the environment that runs the tests.
DEPENDENCIES = ("amazon/aws", "community/aws")
# What a copy waits for is a matter of seconds on the lab.
QUICK = ROOT / "tests" / "integration" / "quick"


@dataclass(frozen=True)
class Place:
    """The home of the stranger, with a folder to work in."""

    home: Path
    environment: Mapping[str, str]

    @property
    def work(self) -> Path:
        return self.home / "lifeboat"

    def type(self, block: str, folder: Path | None = None) -> str:
        """Run a block of the README, and return what it printed.

        :raises AssertionError: when it fails.
        """
        done = subprocess.run(
            ["bash", "-ec", block],
            cwd=folder or self.work,
            env=dict(self.environment),
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab(roles=ROLES, scale=1200, shop=True) as running:
        yield running


@pytest.fixture(scope="module")
def place(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Make a home with an Ansible, as its package is, and nothing of this checkout."""
    home = tmp_path_factory.mktemp("stranger")
    python = home / "python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", python], check=True)
    lend_pip(python)
    # Nothing of the surroundings of the tests but what the lab needs: no settings, no collections, no Python of theirs.
    environment = {name: value for name, value in lab.env().items() if not name.startswith(("ANSIBLE_", "PYTHON"))}
    environment |= {
        "HOME": str(home),
        "PATH": f"{python / 'bin'}{os.pathsep}/usr/local/bin{os.pathsep}/usr/bin{os.pathsep}/bin",
        "PIP_CONSTRAINT": str(ROOT / "constraints.txt"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        # Python compiles what it imports; of most packages that is a small part.
        "PIP_NO_COMPILE": "1",
        "ANSIBLE_INVENTORY": f"hosts.yml,{QUICK}",
        "ANSIBLE_NOCOLOR": "1",
    }
    made = Place(home, environment)
    made.work.mkdir()
    (made.work / "hosts.yml").write_text(INVENTORY, encoding="utf-8")
    made.type("pip install --quiet ansible-core")
    return made


def lend_pip(python: Path) -> None:
    """Give an environment the pip of this one: to unpack and compile that of Python takes seconds."""
    (there,) = (python / "lib").glob("python*/site-packages")
    for path in Path(sysconfig.get_path("purelib")).glob("pip*"):
        (there / path.name).symlink_to(path)
    program = python / "bin" / "pip"
    program.write_text(
        f"#!{python / 'bin' / 'python'}\nfrom pip._internal.cli.main import main\nraise SystemExit(main())\n"
    )
    program.chmod(0o755)


@pytest.fixture(scope="module")
def installed(place: Place) -> Path:
    """Build and install the collection with the README's block, and return where it is."""
    source = place.home / "source"
    for name in subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True).rstrip("\0").split("\0"):
        if (ROOT / name).is_file():  # what was deleted, but not committed yet, is listed as well
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    collections = place.home / ".ansible" / "collections" / "ansible_collections"
    for name in DEPENDENCIES:
        shutil.copytree(Path(sysconfig.get_path("purelib"), "ansible_collections", name), collections / name)
    place.type(INSTALL.replace("0.1.0.tar.gz", "0.1.0.tar.gz --offline"), source)
    return collections / "lifeboat" / "rds"


def test_the_environment_has_only_what_meta_asks_for(place: Place, installed: Path) -> None:
    packages = {one["name"].lower() for one in json.loads(place.type("pip list --format json"))}
    assert {"ansible-core", "boto3", "sqlalchemy"} <= packages
    assert not packages & {"ansible", "moto", "lifeboat-lab", "pytest"}
    assert (installed / "playbooks" / "protect.yml").exists()
    assert not (installed / "lab").exists()


def test_the_readme_prepares_protects_drills_and_reports(place: Place, installed: Path) -> None:
    printed = place.type(PROTECT)
    assert "4 databases" in printed
    assert "VERIFIED (4 of 4 verified)" in printed
    folder = place.work / "evidence"
    posture = read_evidence(next(folder.glob("posture-*.json")))
    assert (posture["verdict"], posture["states"]["verified"]) == ("verified", 4)
    assert next(folder.glob("posture-*.html")).exists()


def test_a_second_protect_has_nothing_to_do(place: Place, installed: Path) -> None:
    assert "nothing to do" in place.type("ansible-playbook lifeboat.rds.protect")


def test_the_readme_recovers_on_the_worst_day(place: Place, installed: Path, lab: Lab) -> None:
    lab.admin("POST", "dark", {"account": "production", "dark": True})
    place.type(WORST_DAY)
    rds = lab.client("production_dr", "rds", "us-east-1")
    names = {row["DBInstanceIdentifier"] for row in rds.describe_db_instances()["DBInstances"]}
    assert {"billing", "catalog", "orders"} <= names
