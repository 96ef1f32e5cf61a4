# SPDX-License-Identifier: GPL-3.0-or-later
"""The last drill of each database at each DR site, and the last one that verified it, read from the evidence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from ..foreign import is_whole
from ..model import from_iso, iso
from ..naming import DIGEST
from ..words import printable
from .history import IN_HISTORIES
from .measures import number

VERSION = 1  # of the documents' format, as far as this release reads it
VERDICTS = ("verified", "failed", "unverified")
LINEAGE = re.compile(rf"[0-9]{{14}}-({DIGEST})")
# A document may be newer than this run's time, because it can be written while the sites are read.
AHEAD = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Drilled:
    """The part of a drill or a recovery that concerns one database."""

    place: str  # the DR site, as account/Region
    started: datetime  # by AWS's clock, unless AWS did not answer
    verdict: str
    finished: str | None = None
    document: str | None = None  # drill or recovery
    drill_id: str | None = None
    rpo: int | None = None  # seconds
    rto: float | None = None  # seconds
    evidence: str | None = None  # file name
    digest: str | None = None  # of the original database; None when it was not restored
    name: str = ""
    kind: str = ""

    @property
    def order(self) -> tuple[datetime, str, str]:
        """Return the sort key: the newest drill is the greatest. Of the same drill, evidence is greater."""
        return self.started, self.evidence or "", self.finished or ""

    def as_result(self, now: datetime) -> dict[str, Any]:
        """Build the result, with the age by the given clock."""
        return {
            "document": self.document,
            "drill_id": self.drill_id,
            "started": iso(self.started),
            "finished": self.finished,
            "age_seconds": max(0, int((now - self.started).total_seconds())),
            "verdict": self.verdict,
            "rpo_seconds": self.rpo,
            "rto_validated_seconds": self.rto,
            "evidence": self.evidence,
        }


@dataclass(frozen=True, slots=True)
class Last:
    """The last drill of a database at one DR site, and the last one that verified it."""

    drill: Drilled | None = None
    verified: Drilled | None = None

    @property
    def known(self) -> list[Drilled]:
        """Those drills of the two that exist."""
        return [one for one in (self.drill, self.verified) if one]

    def with_one(self, one: Drilled) -> Last:
        """Return the last drills after counting one more."""
        return Last(newer(self.drill, one), newer(self.verified, one) if one.verdict == "verified" else self.verified)


def newer(one: Drilled | None, other: Drilled | None) -> Drilled | None:
    """Choose the newer of two drills."""
    return max((each for each in (one, other) if each), key=lambda each: each.order, default=None)


def last_of(drilled: Iterable[Drilled]) -> Last:
    """Find the last drills among several."""
    last = Last()
    for one in drilled:
        last = last.with_one(one)
    return last


def why_foreign(document: Any, now: datetime) -> str | None:
    """Explain why a JSON document cannot be used as the evidence of a drill, or return None if it can.

    Its entries of databases are not checked here (see drilled_in).
    """
    if not isinstance(document, Mapping) or document.get("document") not in IN_HISTORIES:
        return "it is not evidence of a drill or a recovery"
    version = document.get("version")
    if not is_whole(version) or version > VERSION:
        return f"its version is {printable(version)}, and this release reads version {VERSION}: update lifeboat.rds"
    started = moment(document.get("started"))
    site, rows = document.get("site"), document.get("databases")
    is_somewhere = isinstance(site, Mapping) and all(isinstance(site.get(key), str) for key in ("account_id", "region"))
    if started is None or not is_somewhere or not isinstance(rows, list):
        return "it does not say when it began, where, or with which databases"
    if started > now + AHEAD:
        return f"it began at {iso(started)}, which is after AWS's time {iso(now)}"
    return None


def drilled_in(document: Mapping[str, Any], file: str) -> Iterator[Drilled]:
    """Read the databases of a document that why_foreign accepted. Entries that are not valid are skipped."""
    started, site = moment(document["started"]), document["site"]
    for row in document["databases"]:
        if started is None or not isinstance(row, Mapping) or row.get("verdict") not in VERDICTS:
            continue
        lineage = LINEAGE.fullmatch(str(row.get("lineage")))
        yield Drilled(
            place=f"{printable(site.get('account_id'))}/{printable(site.get('region'))}",
            started=started,
            finished=iso(moment(document.get("finished"))),
            document=document["document"],
            drill_id=printable(document.get("drill_id")),
            verdict=row["verdict"],
            rpo=whole(number(row.get("rpo_seconds"))),
            rto=number(row.get("rto_validated_seconds")),
            evidence=printable(file),
            digest=lineage[1] if lineage else None,
            name=printable(row.get("name")),
            kind=printable(row.get("kind")),
        )


def whole(seconds: float | None) -> int | None:
    """Round seconds."""
    return None if seconds is None else round(seconds)


def moment(text: Any) -> datetime | None:
    """Read a time with a zone, or return None."""
    try:
        found = from_iso(text)
        return found.astimezone(timezone.utc) if found.tzinfo else None
    except (AttributeError, TypeError, ValueError, OverflowError):  # the year 1 has no UTC east of Greenwich
        return None


class Drills:
    """The newest drills of all that were read. Only these are kept, so that years of evidence need no memory."""

    def __init__(self) -> None:
        self._last: dict[str, dict[str, Last]] = {}  # by what names the database, then by place

    def add(self, one: Drilled) -> None:
        """Count one drill."""
        places = self._last.setdefault(one.digest or unnamed(one.name, one.kind), {})
        places[one.place] = places.get(one.place, Last()).with_one(one)

    def of(self, *names: str) -> dict[str, Last]:
        """Find the last drills of a database by place, under all names that it has.

        :param names: digests, and names as ``unnamed`` makes them.
        """
        found: dict[str, Last] = {}
        for name in names:
            for place, last in self._last.get(name, {}).items():
                found[place] = last_of([*found.get(place, Last()).known, *last.known])
        return found


def unnamed(name: str, kind: str) -> str:
    """Name a database that was not restored. The evidence does not contain its digest."""
    return f"{kind} {name}"
