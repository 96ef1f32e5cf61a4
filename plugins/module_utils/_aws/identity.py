# SPDX-License-Identifier: GPL-3.0-or-later
"""Say which credentials a task uses, who chose them, and what to correct where they are the wrong ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from .._core.errors import LifeboatError
from .._core.nearness import hint
from .errors import CREDENTIALS, AwsRefusal, refusals
from .session import known_profiles

# amazon.aws takes the profile of the environment where a task names none.
BY_ENVIRONMENT = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")


@dataclass(frozen=True, slots=True)
class Chosen:
    """The credentials of a task, and the variable that chose them."""

    profile: str | None = None
    variable: str | None = None  # as the playbook told it
    is_told: bool = False  # keys were given instead of a profile

    @classmethod
    def of(cls, profile: str | None, variable: str | None, environment: Mapping[str, str], *, is_told: bool) -> Chosen:
        """Tell who chose: the variable, or the environment if it names the same profile."""
        theirs = [name for name in BY_ENVIRONMENT if profile and environment.get(name) == profile]
        return cls(profile, " or ".join([*([variable] if variable else []), *theirs[:1]]) or None, is_told)

    def __str__(self) -> str:
        """Describe them, for example ``profile staging, of lifeboat_profiles.publish``."""
        if self.profile:
            return f"profile {self.profile}" + (f", of {self.variable}" if self.variable else "")
        if self.is_told:
            return "the keys that the task was given"
        return "the default credentials" + (f", since {self.variable} is not set" if self.variable else "")

    @property
    def to_correct(self) -> str:
        """Name what chose them."""
        return self.variable or "the profile"

    def remedy_for(self, code: str) -> str:
        """Say what to do about credentials that cannot be used, or nothing where the cause is another one."""
        if code == "ProfileNotFound":
            close = hint(self.profile or "", sorted(known_profiles()))
            meant = f". Did you mean {close}?" if close else ""
            return f"Correct {self.to_correct}, or add the profile to the AWS configuration{meant}"
        if code in ("NoCredentialsError", "PartialCredentialsError"):
            return f"Set {self.to_correct} to an AWS profile that has credentials"
        if code.startswith(CREDENTIALS):
            return "Renew the credentials of " + (f"profile {self.profile}" if self.profile else self.to_correct)
        return ""

    @contextmanager
    def told(self, what: str) -> Iterator[None]:
        """Name the credentials in the refusal of a call that depends on nothing else.

        :raises AwsRefusal: when the call inside fails.
        """
        try:
            with refusals(f"{what} ({self})"):
                yield
        except AwsRefusal as refusal:
            code = str(refusal.code)
            if not (remedy := self.remedy_for(code)):
                raise
            what = f"{what} ({self})"
            raise AwsRefusal(what, why=refusal.why, code=code, meaning=refusal.meaning, remedy=remedy) from None


class WrongAccount(LifeboatError):
    """Credentials of another account than the declared one, so that nothing is known of that one."""

    is_out_of_reach = True

    def __init__(self, expected: str, found: str, caller: str | None, chosen: Chosen) -> None:
        who = f", as {caller}" if caller else ""
        super().__init__(
            f"Cannot work on account {expected}",
            why=f"these credentials belong to account {found}{who} ({chosen})",
            remedy=f"Correct {chosen.to_correct}, or account_id",
        )
