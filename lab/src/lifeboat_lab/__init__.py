# SPDX-License-Identifier: GPL-3.0-or-later
"""AWS on one machine: RDS as AWS documents it on top of moto's server, with real database servers behind it."""

from __future__ import annotations

from lifeboat_lab.client import Lab

__all__ = ["Lab"]
