# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every test."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def pytest_configure() -> None:
    """Keep the tests away from real accounts, and every ansible-playbook with the Ansible that runs them."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    # The files of whoever runs the tests may hold working credentials; an instance's role would be some as well.
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"

    environment = Path(sys.prefix)
    root = Path(__file__).parent.parent
    os.environ["PATH"] = f"{environment / 'bin'}{os.pathsep}{os.environ['PATH']}"
    os.environ["ANSIBLE_CONFIG"] = str(root / "ansible.cfg")
    # ansible.cfg names the main environment; on the other line these are other versions.
    os.environ["ANSIBLE_COLLECTIONS_PATH"] = str(environment / "collections")
