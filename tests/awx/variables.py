# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables of the role awx: its defaults, and the least that it can be told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

DEFAULTS: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parents[2] / "roles" / "awx" / "defaults" / "main.yml").read_text(encoding="utf-8")
)
SMALL = {
    "awx_image": "registry.example.com/lifeboat-ee:0.1.0",
    "awx_project_url": "https://github.com/lifeboat/rds",
    "awx_jobs": {"reap": DEFAULTS["awx_jobs"]["reap"]},
}
PASSWORD, TOKEN, KEY = "wJalrXUtnFEMI", "xoxb-0123456789", "MC4CAQAwBQYDK2VwBCIEIJ"
VARIABLES: dict[str, Any] = {
    "awx_image": "registry.example.com/lifeboat-ee:0.1.0",
    "awx_project_url": "https://github.com/lifeboat/rds",
    "awx_sites_url": "https://git.example.com/sites",
    "awx_slices": 4,
    "awx_credentials": [
        {
            "name": "publish profiles",
            "type": "profiles",
            "jobs": ["publish", "prune"],
            "inputs": {"config": "[profile production_publish]\n", "credentials": f"[base]\nkey = {PASSWORD}\n"},
        },
        {"name": "signing key", "type": "signing_key", "jobs": ["drill"], "inputs": {"key": KEY}},
    ],
    "awx_notifications": [
        {
            "name": "chat",
            "type": "slack",
            "success": ["drill"],
            "configuration": {"channels": ["#recovery"]},
            "secrets": {"token": TOKEN},
        },
        {
            "name": "hook",
            "type": "webhook",
            "error": ["drill"],
            "configuration": {"url": "https://example.com/hook", "headers": {}},
        },
    ],
}
