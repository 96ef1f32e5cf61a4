# SPDX-License-Identifier: GPL-3.0-or-later
"""Open the front door: who calls, may they, does it fail on purpose, who answers, and log it all."""

from __future__ import annotations

import importlib
import logging
import threading
import time
from functools import partial
from pathlib import Path

from lifeboat_lab import (
    accounts,
    alarms,
    authorization,
    http,
    kms,
    needs,
    policy,
    queues,
    regions,
    requests,
    resources,
    signatures,
    sts,
    wire,
)
from lifeboat_lab.accounts import Accounts, Principal
from lifeboat_lab.admin import Admin
from lifeboat_lab.delivery import Delivery
from lifeboat_lab.elsewhere import Moto
from lifeboat_lab.engines import Engines
from lifeboat_lab.errors import AwsError, NoAnswer
from lifeboat_lab.faults import LOST, UNDONE, Fault, Faults, Subject, all_names
from lifeboat_lab.journal import Entry, Journal, telling
from lifeboat_lab.rds import actions, lockouts, logins, secrets
from lifeboat_lab.rds.world import Call, World
from lifeboat_lab.recording import Recording, Replay
from lifeboat_lab.requests import Environ, Request
from lifeboat_lab.settings import Settings
from lifeboat_lab.throttle import Throttle
from lifeboat_lab.wire import Answer

log = logging.getLogger("lifeboat_lab")


class Application:
    """Answer RDS and parts of KMS and STS here, and everything else by moto."""

    def __init__(self, engines: Engines, settings: Settings, home: Path) -> None:
        self.accounts = Accounts()
        self.faults = Faults()
        self.journal = Journal()
        self.throttle = Throttle()
        self.world = World(self.accounts, settings, self.faults, engines)
        self.delivery = Delivery(self.world)
        queues.connect(self.world.keys)
        alarms.connect(self.world)
        self.moto = Moto()
        engines.judge_tokens(partial(logins.why_not, self.world))
        self.recording = Recording()
        self.admin = Admin(self.world, self.journal, self.recording, self._replay, home)
        # Set when the lab ends: nobody waits any longer.
        self.closing = threading.Event()

    def __call__(self, environ: Environ) -> Answer:
        """Answer a request.

        :raises NoAnswer: when the client is to get a reset connection instead.
        """
        path = environ["PATH_INFO"]
        if path.startswith("/_lab"):
            return self.admin.answer(environ)
        if path.startswith("/moto-api"):
            return Answer('{"error": "use /_lab"}', 404, "application/json")
        return self._logged_answer(environ)

    def _logged_answer(self, environ: Environ) -> Answer:
        entry, began = Entry(self.world.now()), time.thread_time()
        with self.faults.noted() as struck:
            answer = self._answer(environ, entry)
        entry.faults = [f"{fault.kind} {fault.id}" for fault in struck]
        if answer is None:
            entry.error = "no answer"
        else:
            entry.status = answer.status
            entry.error, entry.message = wire.error_in(answer)
        entry.took = time.perf_counter() - environ["lab.began"]
        entry.cpu = time.thread_time() - began
        self.journal.write(entry)
        if wait := sum(fault.seconds for fault in struck if fault.kind == "slow"):
            self.closing.wait(wait)
        for fault in struck:
            if fault.kind.startswith("hold-"):
                fault.wait_until_over()
        if answer is None:
            raise NoAnswer
        return answer

    def _answer(self, environ: Environ, entry: Entry) -> Answer | None:
        request = requests.guess(environ)
        struck: dict[str, Fault] = {}
        try:
            request = requests.read(environ)
            _describe(entry, request)
            caller = self.accounts.principal_of(request.access_key)
            self.accounts.check_token(request.access_key, signatures.token(environ))
            signatures.check(environ, request.service, accounts.secret_of(caller.account, request.access_key))
            entry.account, entry.principal = caller.account, caller.caller_arn
            entry.resources = resources.named(request, caller.account)
            self._admit(request, caller, entry.resources)
            struck = self.faults.on_call(lambda: _subject(request, caller, entry.resources))
            answer = self._do(environ, request, caller, struck.get("answer"))
            self.recording.add(environ, request, caller, answer)
        except NoAnswer:
            answer = None
        except AwsError as error:
            answer = wire.error_answer(request.protocol, error, request.service)
        except Exception as error:
            # A bug of the lab: answer an error that AWS's clients understand, and log the traceback.
            log.exception("%s %s", request.service, request.action)
            answer = wire.error_answer(request.protocol, AwsError("InternalFailure", repr(error), 500), request.service)
        if answer is not None and "date" in struck:
            answer.date_shift = struck["date"].seconds
        lost = "answer" in struck and struck["answer"].kind in LOST
        return None if lost else answer

    def _replay(self) -> Replay:
        return Replay(self.accounts, self._answer_again)

    def _answer_again(self, environ: Environ, caller: Principal) -> Answer:
        """Answer a recorded request as if the caller had signed it now. It is in no log, and no fault strikes it."""
        request = requests.read(environ)
        try:
            self._admit(request, caller, resources.named(request, caller.account))
            return self._do(environ, request, caller, None)
        except AwsError as error:
            return wire.error_answer(request.protocol, error, request.service)

    def _admit(self, request: Request, caller: Principal, named: list[str]) -> None:
        """Check that the caller may do this, and not too often, in a place that is not dark.

        :raises NoAnswer: when what is called is dark.
        :raises AwsError: when the caller may not do that, or not so often.
        """
        self._check_heard(request, caller, named)
        self._check_rate(request, caller)
        wanted = needs.of(self.world, request, caller)
        authorization.check(caller, wanted, authorization.circumstances(request, caller, self.world.now()))
        # moto knows queues and keys in their own account only.
        owners = [need.owner for need in wanted if need.owner and request.service in ("kms", "sqs")]
        request.account = owners[0] if owners else caller.account

    def _check_heard(self, request: Request, caller: Principal, named: list[str]) -> None:
        if not self.accounts.dark:
            return
        if self.accounts.is_dark(caller.account, regions.of_service(request.service, request.region)):
            raise NoAnswer
        # RDS and KMS answer about resources in the dark; those of other services do not.
        if request.service not in ("rds", "kms"):
            places = [resources.place_of(arn) for arn in named]
            if any(account and self.accounts.is_dark(account, region) for account, region in places):
                raise NoAnswer

    def _check_rate(self, request: Request, caller: Principal) -> None:
        rate = self.world.settings.rate
        per_second, burst = rate["per_second"], rate["burst"]
        if request.service != "rds" or per_second is None or burst is None:
            return
        if not self.throttle.admits((caller.account, request.region), self.world.now(), per_second, burst):
            raise AwsError("ThrottlingException", "Rate exceeded")

    def _do(self, environ: Environ, request: Request, caller: Principal, fault: Fault | None) -> Answer:
        """Answer, unless a fault says otherwise."""
        kind = fault.kind if fault else ""
        if fault and fault.code:
            raise AwsError(fault.code, fault.message, fault.status)
        if kind == "access-denied":
            raise authorization.refusal(caller, request.permission, None, policy.NO)
        if kind in UNDONE:
            raise NoAnswer
        return self._own_answer(request, caller) or self.moto.answer(environ, request, request.account)

    def _own_answer(self, request: Request, caller: Principal) -> Answer | None:
        if request.service == "rds":
            return actions.answer(
                self.world, lambda params: Call(caller, request.region, request.action, params), request.action,
                request.form,
            )  # fmt: skip
        if request.service == "kms":
            answer = kms.answer(self.world.keys, request, caller)
            if request.action in lockouts.CAUSES:
                lockouts.review(self.world)
            return answer
        if request.service == "secretsmanager":
            secrets.check_change(caller, request.region, request.action, request.params)
        if request.service == "sts":
            return sts.answer(self.accounts, request, caller)
        return None


def _describe(entry: Entry, request: Request) -> None:
    entry.service, entry.region, entry.action = request.service, request.region, request.action
    entry.parameters = telling(request.params)


def _subject(request: Request, caller: Principal, named: list[str]) -> Subject:
    names = all_names([*named, *resources.also_listed(request)])
    return Subject(caller.account, request.region, request.action, request.service, names)


class Service:
    """The application behind a port, in a thread of its own."""

    def __init__(self, application: Application, port: int) -> None:
        self.application = application
        self.http = http.Server(port, application, application.world.now)
        self.thread = threading.Thread(target=self.http.serve_forever, name="http", daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http.port}"

    def start(self) -> None:
        self.thread.start()

    def warm_up(self) -> None:
        """Import in the background what the first calls would otherwise wait for."""
        threading.Thread(target=import_slow_modules, name="warm-up", daemon=True).start()

    def stop(self) -> None:
        self.application.closing.set()
        self.application.faults.clear()
        self.http.shutdown()
        self.http.server_close()


def import_slow_modules() -> None:
    """Import what only some calls need."""
    for name in ("moto.ec2.models", "moto.rds.models", "psycopg"):
        importlib.import_module(name)
