# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that this collection asks of one AWS account in one Region: each topic is a file of this folder."""

from __future__ import annotations

from .databases import Databases
from .groups import Groups
from .keys import Keys
from .metrics import Metrics
from .networks import Networks
from .passwords import Passwords
from .quotas import Quotas
from .snapshots import Snapshots
from .subscriptions import Subscriptions
from .tags import Tags


class Site(Snapshots, Databases, Passwords, Keys, Groups, Quotas, Networks, Subscriptions, Tags, Metrics):
    """An AWS account seen from one Region through one set of credentials.

    Every method raises AwsRefusal when AWS does not carry out the call.
    """
