# SPDX-License-Identifier: GPL-3.0-or-later
"""Print constraints.txt anew: the newest of everything that the requirements bring along, on both lines of Ansible."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

# The oldest Python of each line: what runs there runs on the newer ones of the line as well.
OLDER, NEWER = "3.11", "3.12"
REQUIREMENTS = ("requirements.txt", "requirements-test.txt")
# Lines to leave out. reuse has wheels for few systems, so that pip cannot resolve it for another Python:
# requirements-test.txt pins what it brings along.
LEFT_OUT = ("-c ", "reuse==")
HEADER = """\
# Every package that requirements.txt and requirements-test.txt bring along, so that all builds are the same.
# Made by `make constraints`: do so after a change there, and from time to time for newer ones.
"""


def line_of(python: str) -> str:
    """Tell which line of Ansible the environment of this Python holds."""
    probe = f"import sys; print('{OLDER}' if sys.version_info < (3, 12) else '{NEWER}')"
    return subprocess.run([python, "-c", probe], check=True, capture_output=True, text=True).stdout.strip()


def resolve(python: str, version: str) -> dict[str, str]:
    """Ask pip what it would install into an empty environment, were it not for the constraints."""
    with tempfile.TemporaryDirectory() as place:
        free = Path(place) / "requirements.txt"
        lines = [line for name in REQUIREMENTS for line in Path(name).read_text(encoding="utf-8").splitlines()]
        free.write_text("\n".join(line for line in lines if not line.startswith(LEFT_OUT)), encoding="utf-8")
        command = [python, "-m", "pip", "install", "-qq", "--dry-run", "--ignore-installed", "--report", "-"]
        command += ["--python-version", version, "--only-binary", ":all:", "--target", place]
        report = subprocess.run([*command, "-r", free], check=True, stdout=subprocess.PIPE).stdout
    packages = [entry["metadata"] for entry in json.loads(report)["install"]]
    return {package["name"].lower(): package["version"] for package in packages}


def merge(older: Mapping[str, str], newer: Mapping[str, str]) -> Iterator[str]:
    """One line for a package that is the same for both Pythons, else one for each."""
    for name in sorted(older.keys() | newer.keys()):
        if older.get(name) == newer.get(name):
            yield f"{name}=={older[name]}"
            continue
        for versions, marker in ((older, "<"), (newer, ">=")):
            if name in versions:
                yield f'{name}=={versions[name]} ; python_version {marker} "3.12"'


if __name__ == "__main__":
    # The Pythons of the two environments, in any order.
    lines = {line_of(python): python for python in sys.argv[1:]}
    print(HEADER, *merge(resolve(lines[OLDER], OLDER), resolve(lines[NEWER], NEWER)), sep="\n")
