# SPDX-License-Identifier: GPL-3.0-or-later
"""One pass over the credentials of restored databases: set new ones, see that they are in force, return them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .._aws.errors import AwsRefusal
from .._aws.site import Site
from .._core.model import Database, iso
from .._core.restoring.ownership import belongs_to, is_recovery
from .._core.result import Report
from .reconcile import TRY_AGAIN, seconds_since
from .remove import names_of
from .requests.credentials import CredentialsRequest

BYTES = 24  # of randomness: 32 characters, within the limits of every engine


def make_credentials(request: CredentialsRequest, site: Site, *, check_mode: bool) -> dict[str, Any]:
    """Change the passwords in the first pass; check in later passes that they are in force."""
    work = CredentialsPass(site, Report(check_mode=check_mode), request)
    if request.resume is not None:
        documents = {(one["kind"], one["name"]): one for one in request.resume}
        for database in site.databases_named(names_of(request.resume)):
            work.go_on(database, documents[database.id.kind, database.id.identifier])
    else:
        site.check_account(request.account_id)
        for database in site.databases():
            # A member has its cluster's master user.
            if database.cluster is None and is_meant(database, request):
                work.begin(database)
    return work.report.as_result(credentials=work.found)


def is_meant(database: Database, request: CredentialsRequest) -> bool:
    """Tell whether credentials are wanted for this database: those of a drill share its id, recoveries are named."""
    if request.purpose == "drill":
        return belongs_to(database, request.prefix, request.drill_id)
    return is_recovery(database, request.prefix) and database.id.identifier in request.names


def is_usable_soon(database: Database) -> bool:
    """Tell whether it can be changed later, though not now: RDS first backs up what it has restored."""
    return not database.is_usable and not database.is_broken and database.status != "creating"


@dataclass(frozen=True, slots=True)
class CredentialsPass:
    """What one pass needs everywhere, and the credentials that it has made."""

    site: Site
    report: Report
    request: CredentialsRequest
    found: dict[str, dict[str, str]] = field(default_factory=dict)

    def begin(self, database: Database) -> None:
        """Make credentials, or wait until the database can take them."""
        make = {"random": self.make_random, "managed": self.make_managed, "iam": self.make_iam}
        if database.is_usable:
            make[self.request.mode](database)
        elif is_usable_soon(database):
            self.wait_until_usable(database, {**about(database), "is_new": True})

    def go_on(self, database: Database, document: Mapping[str, Any]) -> None:
        """Continue with what an earlier pass left."""
        if document.get("is_new"):
            self.begin(database)
        else:
            self.settle(database, document)

    def wait_until_usable(self, database: Database, document: Mapping[str, Any]) -> None:
        facts = about(database)
        self.report.step("modifying", reason=f"it is {database.status}", **facts)
        if not self.report.check_mode:
            self.wait_for(document, database.status, facts)

    def make_random(self, database: Database) -> None:
        """Set a random password. The caller must not get one that AWS did not take."""
        password = secrets.token_urlsafe(BYTES)
        taken = self.change(database, "a new random password", lambda: self.site.set_password(database, password))
        if taken and not self.report.check_mode:
            self.hand_over(database, password)

    def make_managed(self, database: Database) -> None:
        """Let RDS make the password, unless it has made one already."""
        if database.secret_arn:
            self.settle(database, about(database))
        else:
            self.change(database, "one that RDS manages", lambda: self.site.manage_password(database))

    def make_iam(self, database: Database) -> None:
        """Make a token, which takes no call and changes nothing."""
        if database.iam is False:
            why = f"Cannot make a token for {database.id.identifier}: IAM authentication is off there."
            remedy = "Restore it with iam_authentication, or set mode to another one."
            self.report.step("failed", reason=f"{why} {remedy}", **about(database))
            return
        if not self.report.check_mode:
            username = str(self.request.username)
            token = self.site.token(database, username)
            self.found[database.id.identifier] = {"username": username, "password": token, "kind": "iam"}
        self.report.step("set", reason="a token; no password was changed", seconds=0, **about(database))

    def change(self, database: Database, what: str, ask: Callable[[], None]) -> bool:
        """Ask for a new password. Return whether AWS took it."""
        facts = about(database)
        self.report.change(database.id.identifier, "the password of the original database", what)
        try:
            if not self.report.check_mode:
                ask()
                self.wait_for({**facts, "started": iso(self.site.now)}, "modifying", facts)
        except AwsRefusal as refusal:
            self.report.step("failed", reason=str(refusal), **facts)
            return False
        self.report.step("modifying", reason="a restored database has the original's password", changed=True, **facts)
        return True

    def settle(self, database: Database, document: Mapping[str, Any]) -> None:
        """Report whether the new password is in force. One that RDS made is read from its secret."""
        facts = about(database)
        is_managed = self.request.mode == "managed"
        if not database.is_usable or database.pending or (is_managed and not has_active_secret(database)):
            self.wait_until_usable(database, document)
            return
        try:
            if is_managed and not self.report.check_mode:
                self.hand_over(database, self.site.managed_password(database))
        except AwsRefusal as refusal:
            self.retry(document, refusal, facts)
            return
        seconds = seconds_since(document.get("started"), self.site.now)
        facts["secret_arn"] = database.secret_arn
        self.report.step("set", reason="the new password is in force", seconds=seconds, **facts)

    def retry(self, document: Mapping[str, Any], refusal: AwsRefusal, facts: dict[str, Any]) -> None:
        """Try to read the secret again in a later pass, or report that it cannot be read."""
        if refusal.meaning not in TRY_AGAIN:
            self.report.step("failed", reason=str(refusal), **facts)
            return
        self.report.step("modifying", reason=refusal.why, **facts)
        self.wait_for(document, "queued", facts)

    def wait_for(self, document: Mapping[str, Any], status: str, facts: dict[str, Any]) -> None:
        self.report.wait_for(document, status=status, since=document.get("started"), **facts)

    def hand_over(self, database: Database, password: str) -> None:
        master = {"username": str(database.master_username), "password": password, "kind": "password"}
        self.found[database.id.identifier] = master


def about(database: Database) -> dict[str, Any]:
    return {"kind": database.id.kind, "name": database.id.identifier}


def has_active_secret(database: Database) -> bool:
    return database.secret_arn is not None and database.secret_status == "active"
