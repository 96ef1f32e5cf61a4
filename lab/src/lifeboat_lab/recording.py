# SPDX-License-Identifier: GPL-3.0-or-later
"""Do in one lab what was done in another: its requests again, with the ids that AWS invents exchanged for the new ones.

A state that took many calls, such as the roles of several accounts, is made once and replayed in each lab that starts
from there.
"""

from __future__ import annotations

import base64
import io
import re
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from lifeboat_lab.accounts import PARTITION, Accounts, Principal, backend_of, user_of
from lifeboat_lab.requests import Environ, Request
from lifeboat_lab.settings import BadRequest
from lifeboat_lab.wire import Answer

# What AWS invents: keys, subscriptions; VPCs, subnets, groups; roles, users, policies.
_ID = re.compile(
    rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[a-z]{2,}-[0-9a-f]{8,17}\b|\bA[A-Z]{3}[A-Z0-9]{12,17}\b"
)
_READS = ("Describe", "List", "Get", "Head")
_KEPT = ("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "RAW_URI", "REQUEST_URI", "CONTENT_TYPE", "SERVER_PROTOCOL")


@dataclass(frozen=True, slots=True)
class Step:
    """One request that was answered, and the answer."""

    action: str
    principal: str
    environ: dict[str, str]
    body: bytes
    answer: bytes

    @property
    def asked(self) -> bytes:
        return b"\n".join((*(value.encode() for value in self.environ.values()), self.body))

    def as_dict(self) -> dict[str, Any]:
        texts = {name: base64.b64encode(getattr(self, name)).decode() for name in ("body", "answer")}
        return {"action": self.action, "principal": self.principal, "environ": self.environ, **texts}

    @classmethod
    def read(cls, row: Any) -> Step:
        """Read one step of a recording.

        :raises BadRequest: when the row is not a step of a recording.
        """
        try:
            body, answer = base64.b64decode(row["body"]), base64.b64decode(row["answer"])
            return cls(row["action"], row["principal"], dict(row["environ"]), body, answer)
        except (KeyError, TypeError, ValueError):
            raise BadRequest("steps must be those of a recording") from None


class Recording:
    """Keep what is done from the start of a recording to its end."""

    def __init__(self) -> None:
        self._steps: list[Step] | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        with self._lock:
            self._steps = []

    def stop(self) -> None:
        with self._lock:
            self._steps = None

    def add(self, environ: Environ, request: Request, caller: Principal, answer: Answer) -> None:
        """Note a request. Sessions are left out: their keys are secrets, and a replay needs none."""
        if self._steps is None or answer.status >= 400 or request.service == "sts":
            return
        kept = {name: environ[name] for name in environ if name in _KEPT or name.startswith("HTTP_")}
        kept.pop("HTTP_X_AMZ_SECURITY_TOKEN", None)
        step = Step(request.action, caller.caller_arn, kept, environ["wsgi.input"].getvalue(), answer.body)
        with self._lock:
            if self._steps is not None:
                self._steps.append(step)

    def steps(self) -> list[Step]:
        """Return what a replay needs: everything that writes, and the reads that told it an id.

        :raises BadRequest: when nobody asked for a recording.
        """
        with self._lock:
            if self._steps is None:
                raise BadRequest("nothing is being recorded: POST /_lab/recording first")
            steps = list(self._steps)
        return [steps[number] for number in sorted(_needed(steps))]


def _needed(steps: list[Step]) -> set[int]:
    told: dict[bytes, int] = {}
    for number, step in enumerate(steps):
        for name in _ID.findall(step.answer):
            told.setdefault(name, number)
    needed: set[int] = set()
    wanted = [number for number, step in enumerate(steps) if not step.action.startswith(_READS)]
    while wanted:
        number = wanted.pop()
        if number not in needed:
            needed.add(number)
            wanted += [told[name] for name in _ID.findall(steps[number].asked) if told.get(name, number) < number]
    return needed


class Replay:
    """Do recorded steps again with other ids."""

    def __init__(self, accounts: Accounts, do: Callable[[Environ, Principal], Answer]) -> None:
        self._accounts = accounts
        self._do = do
        self._ids: dict[bytes, bytes] = {}

    def run(self, steps: Iterable[Step]) -> int:
        """Do all steps in their order, and return how many there were.

        :raises BadRequest: when a request is refused, or answered in another way than it was.
        """
        done = 0
        for step in steps:
            answer = self._do(self._environ(step), self._principal(step.principal))
            if answer.status >= 400:
                raise BadRequest(f"replaying {step.action}: {answer.body.decode(errors='replace')[:300]}")
            self._learn(step, answer.body)
            done += 1
        return done

    def _environ(self, step: Step) -> Environ:
        translated = {name: self._translated(value.encode()).decode() for name, value in step.environ.items()}
        body = self._translated(step.body)
        sizes = {"CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body), "wsgi.errors": sys.stderr}
        place = {"SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80", "SCRIPT_NAME": "", "wsgi.url_scheme": "http"}
        return {**translated, **sizes, **place}

    def _translated(self, text: bytes) -> bytes:
        return _ID.sub(lambda found: self._ids.get(found[0], found[0]), text)

    def _learn(self, step: Step, answer: bytes) -> None:
        before, now = _ID.findall(step.answer), _ID.findall(answer)
        if len(before) != len(now):
            raise BadRequest(f"replaying {step.action}: this lab has other things than the recorded one had")
        for old, new in zip(before, now, strict=True):
            self._ids.setdefault(old, new)

    def _principal(self, arn: str) -> Principal:
        """Return the user or role of this lab that did the step in the other one.

        :raises BadRequest: when this lab has no such user or role.
        """
        account, kind, name = arn.split(":")[4], *arn.split(":")[5].split("/")[:2]
        if self._accounts.knows(account):
            if kind == "user" and name in backend_of(account).users:
                return user_of(account, name)
            for role in list(backend_of(account).roles.values()):
                if kind == "assumed-role" and role.name == name:
                    named = f"arn:{PARTITION}:iam::{account}:role{role.path}{name}"
                    return Principal(account, named, arn, role=role.id, user_id=f"{role.id}:replay")
        raise BadRequest(f"this lab has no {arn}, who did what is to be replayed")
