# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets how many examples Hypothesis tries. Decisions are fast, but the machine may be busy."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("house", deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")
