# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the quotas of an account, and which instance classes AWS offers."""

from __future__ import annotations

from .._core.copying.plan import Slot
from .._core.copying.quota import Quota
from .._core.restoring.needs import ClassOffer, WantedClass
from .connection import Connection
from .errors import refusals
from .rows import SPELLINGS, Row


class Quotas(Connection):
    """What an account may have in a Region."""

    def account_quotas(self) -> dict[str, Quota]:
        """Read how much of each quota is used, under the names of DescribeAccountAttributes, as far as AWS shows it."""
        with refusals(f"Cannot read the quotas of {self.region}"):
            answer = self._client("rds").describe_account_attributes()["AccountQuotas"]
        whole = [row for row in answer if {"AccountQuotaName", "Used", "Max"} <= row.keys()]
        return {row["AccountQuotaName"]: Quota(row["Used"], row["Max"]) for row in whole}

    def quotas(self) -> dict[Slot, Quota]:
        """Read how many manual snapshots there are and may be, by Region and kind."""
        named = self.account_quotas()
        known = [spelling for spelling in SPELLINGS.values() if spelling.quota in named]
        return {(self.region, spelling.kind): named[spelling.quota] for spelling in known}

    def class_offer(self, wanted: WantedClass) -> ClassOffer:
        """Ask whether AWS offers an engine, version and class here."""
        about = {"Engine": wanted.engine, "DBInstanceClass": wanted.instance_class}
        about |= {"EngineVersion": wanted.version} if wanted.version else {}
        operation, key = "describe_orderable_db_instance_options", "OrderableDBInstanceOptions"
        return as_class_offer(list(self._pages(operation, key, **about)))


def as_class_offer(found: list[Row]) -> ClassOffer:
    """Convert the rows of DescribeOrderableDBInstanceOptions for a class: there is one for each kind of storage."""
    return ClassOffer(bool(found), iam=any(row.get("SupportsIAMDatabaseAuthentication") for row in found))
