# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the command line as ``python -m lifeboat_lab``."""

from __future__ import annotations

from lifeboat_lab.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
