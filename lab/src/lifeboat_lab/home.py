# SPDX-License-Identifier: GPL-3.0-or-later
"""Write a lab's home: how to reach it, and the AWS configuration that points clients at it."""

from __future__ import annotations

import configparser
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Variables that would lead a client elsewhere, or give it other credentials than its profile's.
_CLEARED = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
            "AWS_SECURITY_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ROLE_ARN",
            "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CA_BUNDLE", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "MOTO_ACCOUNT_ID",
            "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")  # fmt: skip

LOOPBACK = "127.0.0.1,localhost"


class HomeError(RuntimeError):
    """Raised when a home cannot be used."""


@dataclass(frozen=True)
class Role:
    """A profile that acts as a role of an account."""

    profile: str
    account: str
    role: str

    @classmethod
    def parse(cls, text: str) -> Role:
        """Parse PROFILE=ACCOUNT/ROLE.

        :raises ValueError: unless it reads PROFILE=ACCOUNT/ROLE.
        """
        profile, equals, rest = text.partition("=")
        account, slash, role = rest.partition("/")
        if not (profile and equals and account and slash and role):
            raise ValueError(f"{text!r} is not of the form PROFILE=ACCOUNT/ROLE.")
        return cls(profile, account, role)


class Home:
    """The folder in which a running lab says where it is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.state = self.folder / "lab.json"
        self.config = self.folder / "aws" / "config"
        self.credentials = self.folder / "aws" / "credentials"
        self.shop = self.folder / "shop.json"
        self.ca = self.folder / "ca.pem"

    def read(self) -> dict[str, Any]:
        """Return what is written about the running lab.

        :raises HomeError: when no lab runs here.
        """
        try:
            found: dict[str, Any] = json.loads(self.state.read_text())
        except (OSError, ValueError):
            raise HomeError(f"No lab runs in {self.folder}. Start one with: lifeboat-lab serve") from None
        if not _alive(found["pid"]):
            raise HomeError(f"The lab in {self.folder} (process {found['pid']}) has ended. Start another one.")
        return found

    def forget(self) -> None:
        """Remove what a lab wrote here; the state first, so that nobody reads it while the rest is going."""
        for path in (self.state, self.config, self.credentials, self.shop, self.ca):
            path.unlink(missing_ok=True)

    def clean(self) -> None:
        """Remove what a lab wrote here, and the folder if nothing else is in it."""
        self.forget()
        (self.folder / "lock").unlink(missing_ok=True)
        for folder in (self.folder / "aws", self.folder):
            try:
                folder.rmdir()
            except OSError:
                return

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """Return an environment in which AWS clients find the lab's profiles and nothing else."""
        found = {name: value for name, value in base.items() if name not in _CLEARED}
        local = ",".join(filter(None, (base.get("NO_PROXY") or base.get("no_proxy"), LOOPBACK)))
        return found | {
            "AWS_CONFIG_FILE": str(self.config),
            "AWS_SHARED_CREDENTIALS_FILE": str(self.credentials),
            "AWS_EC2_METADATA_DISABLED": "true",
            "LAB_URL": self.read()["url"],
            "LAB_HOME": str(self.folder),
            "LAB_CA": str(self.ca),
            "NO_PROXY": local,
            "no_proxy": local,
        }

    def write(self, url: str, accounts: Any, roles: list[Role], ca: str) -> None:
        """Write where the lab is. The state comes last: once it is there, so is everything else."""
        self.credentials.parent.mkdir(mode=0o700, exist_ok=True)
        _private(self.credentials, _credentials(accounts))
        _private(self.config, _config(url, accounts, roles))
        _private(self.ca, ca)
        state = {
            "url": url,
            "pid": os.getpid(),
            "ca": str(self.ca),
            "accounts": {
                account.name: {"id": account.id, "region": account.region, "profile": account.name}
                for account in accounts.all
            },
            "roles": {role.profile: {"account": role.account, "role": role.role} for role in roles},
        }
        _private(self.state, json.dumps(state, indent=2) + "\n")


def _credentials(accounts: Any) -> str:
    parser = configparser.ConfigParser(interpolation=None)
    for account in accounts.all:
        key = accounts.credentials[account.name]
        parser[account.name] = {
            "aws_access_key_id": key.access_key_id,
            "aws_secret_access_key": key.secret_access_key,
        }
    return _text(parser)


def _config(url: str, accounts: Any, roles: list[Role]) -> str:
    parser = configparser.ConfigParser(interpolation=None)
    for account in accounts.all:
        parser[f"profile {account.name}"] = {"region": account.region, "endpoint_url": url}
    session = f"lab-{secrets.token_hex(4)}"
    for role in roles:
        account = accounts.find(role.account)
        parser[f"profile {role.profile}"] = {
            "role_arn": f"arn:aws:iam::{account.id}:role/{role.role}",
            "source_profile": account.name,
            # The AWS CLI keeps the keys of roles on disk: without a name of their own, it would use an earlier lab's.
            "role_session_name": session,
            "region": account.region,
            "endpoint_url": url,
        }
    return _text(parser)


def _text(parser: configparser.ConfigParser) -> str:
    import io

    output = io.StringIO()
    parser.write(output)
    return output.getvalue()


def _private(path: Path, text: str) -> None:
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    fresh.rename(path)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
