# SPDX-License-Identifier: GPL-3.0-or-later
"""List what RDS says about its engines, whether or not a server for them is installed."""

from __future__ import annotations

from dataclasses import dataclass

# As on RDS: the only superuser does not belong to the customer.
SUPERUSER = "rdsadmin"

POSTGRESQL = "PostgreSQL"
MARIADB = "MariaDB"


@dataclass(frozen=True)
class Offer:
    """An engine name of RDS. ``version`` is reported where no program behind it says otherwise."""

    engine: str
    description: str
    version: str
    port: int
    license_model: str
    # The kind of server behind it.
    family: str | None = None
    # Another product stands in for the engine, so its version is not the engine's.
    stand_in: bool = False
    # How many numbers make the major version, and what is between the engine and it in a parameter group family.
    numbers: int = 2
    joint: str = ""

    def series(self, version: str) -> str:
        """Return the major version, such as 15 of 15.20 or 8.0 of 8.0.mysql_aurora.3.10.1."""
        return ".".join(version.split(".")[: self.numbers])

    def covers(self, version: str, wanted: str) -> bool:
        """Tell whether a version satisfies a wanted one, which may be a major number alone."""
        series = self.series(version)
        return wanted == series.partition(".")[0] or self.series(wanted) == series

    def parameter_family(self, version: str) -> str:
        # SQL Server's 16.00 is 16.0 there.
        return f"{self.engine}{self.joint}{self.series(version).replace('.00', '.0')}"

    def option_group(self, version: str) -> str:
        """Return the name of the default option group, such as default:mysql-8-0."""
        return f"default:{self.engine}-{self.series(version).replace('.', '-')}"


_POSTGRES = ("postgresql-license", POSTGRESQL, False, 1)
_MARIADB = ("general-public-license", MARIADB)
_MYSQL = (*_MARIADB, True)

SERVED = {
    each.engine: each
    for each in (
        Offer("postgres", "PostgreSQL", "17.6", 5432, *_POSTGRES),
        Offer("mariadb", "MariaDB Community Edition", "10.11.14", 3306, *_MARIADB),
        # MariaDB stands in for both: it speaks their protocol, and says its own version in SQL.
        Offer("mysql", "MySQL Community Edition", "8.0.43", 3306, *_MYSQL),
        Offer("aurora-postgresql", "Aurora PostgreSQL", "17.5", 5432, *_POSTGRES),
        Offer("aurora-mysql", "Aurora MySQL", "8.0.mysql_aurora.3.10.1", 3306, *_MYSQL),
    )
}

# Recognised by the start of their names. The lab has no servers for them.
_OTHERS = {
    "oracle": (
        "Oracle Database",
        "19.0.0.0.ru-2025-07.rur-2025-07.r1",
        1521,
        "bring-your-own-license",
        None,
        False,
        1,
        "-",
    ),
    "sqlserver": ("Microsoft SQL Server", "16.00.4210.1.v1", 1433, "license-included", None, False, 2, "-"),
    "db2": ("IBM Db2", "11.5.9.0.sb00063198.r1", 50000, "bring-your-own-license", None, False, 2, "-"),
    "neptune": ("Amazon Neptune", "1.4.5.1", 8182, "amazon-license", None, False, 2, ""),
    "docdb": ("Amazon DocumentDB", "5.0.0", 27017, "na", None, False, 2, ""),
}


def offer(engine: str) -> Offer:
    """Return what RDS says about an engine; something plausible for an unknown name."""
    if engine in SERVED:
        return SERVED[engine]
    plain = engine.removeprefix("custom-")
    about = next((words for start, words in _OTHERS.items() if plain.startswith(start)), None)
    return Offer(engine, *(about or (engine, "1.0", 5432, "license-included")))
