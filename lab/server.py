# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's front door: who calls, may they, does it fail on purpose, who answers, and the log of it all."""

from __future__ import annotations

import importlib
import json
import logging
import re
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from moto.server import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server

from lab import accounts, authorization, journal, kms, regions, requests, wire
from lab.accounts import Accounts, Principal
from lab.admin import Admin
from lab.authorization import Need
from lab.engines import Engines
from lab.errors import AwsError, NoAnswer
from lab.faults import Faults, Subject, all_names
from lab.journal import Journal
from lab.rds import actions
from lab.rds.world import Call, World
from lab.requests import Environ, Request
from lab.settings import Settings
from lab.wire import Answer

Body = Iterable[bytes]
log = logging.getLogger("lab")
_CODE = re.compile(rb'<Code>([^<]+)</Code>|"__type": ?"([^"]+)"')


class Handler(MotoRequestHandler):
    """Quiet: the lab has a log of its own."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass

    def connection_dropped(self, *_: Any) -> None:
        """Hang up; werkzeug would wait for the next request on the same connection."""
        self.close_connection = True


class Application:
    """The WSGI application: RDS and parts of KMS and STS are answered here, everything else by moto."""

    def __init__(self, engines: Engines, settings: Settings, home: Path) -> None:
        self.accounts = Accounts()
        self.faults = Faults()
        self.journal = Journal()
        self.world = World(self.accounts, settings, self.faults, engines)
        self.moto = DomainDispatcherApplication(create_backend_app)
        self.admin = Admin(self.world, self.journal, home)

    def __call__(self, environ: Environ, start_response: Any) -> Body:
        path = environ.get("PATH_INFO", "/")
        if path.startswith("/_lab"):
            return _send(self.admin.answer(environ), start_response)
        if path.startswith("/moto-api"):
            return _send(Answer('{"error": "use /_lab"}', 404, "application/json"), start_response)
        entry: dict[str, Any] = {}
        moment = self.world.now()
        try:
            return self._answer(environ, start_response, entry)
        except NoAnswer:
            entry["error"] = "no answer"
            raise
        except Exception as error:
            # A mistake of the lab's own: an error that AWS's clients understand, and the rest on the terminal.
            log.exception("%s %s", entry.get("service"), entry.get("action"))
            return _send(wire.error_answer("", AwsError("InternalFailure", repr(error), 500)), start_response)
        finally:
            self.journal.write(moment, entry)

    def _answer(self, environ: Environ, start_response: Any, entry: dict[str, Any]) -> Body:
        request = Request(_guess_service(environ), "", "", "", "HTTP_X_AMZ_TARGET" in environ)
        try:
            request = requests.read(environ)
            entry |= _about(request)
            caller = self.accounts.principal_of(request.access_key)
            entry |= {"account": caller.account, "principal": caller.caller_arn}
            self._admit(request, caller)
            self._break(request, caller)
            answer = self._own_answer(request, caller)
        except AwsError as error:
            answer = wire.error_answer(request.service, error, json_body=request.is_json)
            entry |= {"status": answer.status, "error": error.code}
        if answer is None:
            return self._ask_moto(environ, start_response, caller, request, entry)
        entry.setdefault("status", answer.status)
        return _send(answer, start_response)

    def _admit(self, request: Request, caller: Principal) -> None:
        """:raises NoAnswer: when the caller's account is dark. :raises AwsError: when it may not do that."""
        if self.accounts.is_dark(caller.account, regions.of_service(request.service, request.region)):
            raise NoAnswer
        wanted = [request.permission]
        if request.service == "rds":
            wanted = actions.permissions(request.action, request.form)
        context = authorization.circumstances(request, caller, self.world.now())
        authorization.check(caller, [Need(permission) for permission in wanted], context)

    def _break(self, request: Request, caller: Principal) -> None:
        """:raises AwsError: when a fault says so."""
        struck = self.faults.on_call(
            lambda: Subject(
                caller.account, request.region, request.action, request.service, all_names(request.form.values())
            )
        )
        if (fault := struck.get("answer")) and fault.code:
            raise AwsError(fault.code, fault.message, fault.status)

    def _own_answer(self, request: Request, caller: Principal) -> Answer | None:
        if request.service == "rds":
            return actions.answer(
                self.world, lambda params: Call(caller, request.region, request.action, params), request.action,
                request.form,
            )  # fmt: skip
        if request.service == "kms":
            return kms.answer(self.world.keys, request, caller)
        if (request.service, request.action) == ("sts", "AssumeRole"):
            self._assume_role(request, caller)
        return None

    def _assume_role(self, request: Request, caller: Principal) -> None:
        arn = request.form.get("RoleArn", "")
        if arn.count(":") == 5 and self.accounts.is_dark(arn.split(":")[4], None):
            raise NoAnswer
        accounts.check_trust(caller, arn)

    def _ask_moto(
        self, environ: Environ, start_response: Any, caller: Principal, request: Request, entry: dict[str, Any]
    ) -> Body:
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = caller.account
        seen: dict[str, Any] = {}

        def remember(status: str, headers: Any, *_: Any) -> Callable[[bytes], object]:
            seen.update(status=int(status.split()[0]), line=status, headers=headers)
            return lambda _: None

        try:
            body = b"".join(self.moto(environ, remember))
        except Exception as error:  # noqa: BLE001 - whatever moto trips over
            answer = wire.error_answer(request.service, _no_implementation(request, error), json_body=request.is_json)
        else:
            if body.lstrip()[:9].lower() != b"<!doctype":
                entry |= {"status": seen["status"]} | _error_in(body, seen["status"])
                return _send_as(seen, body, start_response)
            answer = wire.error_answer(request.service, _no_implementation(request), json_body=request.is_json)
        entry |= {"status": answer.status} | _error_in(answer.body, answer.status)
        return _send(answer, start_response)


def _about(request: Request) -> dict[str, Any]:
    parameters: dict[str, Any] = dict(request.form)
    if request.is_json:
        try:
            parameters = json.loads(request.body or b"{}")
        except ValueError:
            parameters = {}
    return {
        "service": request.service,
        "region": request.region,
        "action": request.action,
        "parameters": journal.telling(parameters),
    }


def _guess_service(environ: Environ) -> str:
    found = re.search(r"/([^/]+)/aws4_request", environ.get("HTTP_AUTHORIZATION", ""))
    return found.group(1) if found else ""


def _error_in(body: bytes, status: int) -> dict[str, str]:
    found = _CODE.search(body) if status >= 400 else None
    return {"error": (found.group(1) or found.group(2)).decode()} if found else {}


def _no_implementation(request: Request, error: Exception | None = None) -> AwsError:
    """What AWS would say to an action that does not exist, instead of moto's HTML page."""
    if error is None or isinstance(error, NotImplementedError):
        return AwsError("InvalidAction", f"The lab does not implement {request.service} {request.action}.")
    return AwsError("InternalFailure", f"moto failed on {request.service} {request.action}: {error!r}", 500)


def _send_as(seen: dict[str, Any], body: bytes, start_response: Any) -> Body:
    start_response(seen["line"], seen["headers"])
    return [body]


def _send(answer: Answer, start_response: Any) -> Body:
    headers = [*answer.headers.items(), ("Content-Length", str(len(answer.body)))]
    start_response(f"{answer.status} {'OK' if answer.status < 400 else 'Error'}", headers)
    return [answer.body]


class Service:
    """The application behind a port, in a thread of its own."""

    def __init__(self, application: Application, port: int) -> None:
        self.application = application
        self.http: BaseWSGIServer = make_server("127.0.0.1", port, application, threaded=True, request_handler=Handler)
        self.thread = threading.Thread(target=self.http.serve_forever, name="http", daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http.port}"

    def start(self) -> None:
        self.thread.start()

    def warm_up(self) -> None:
        """Import in the background what the first calls would otherwise wait for."""
        threading.Thread(target=_import_slow_modules, name="warm-up", daemon=True).start()

    def stop(self) -> None:
        self.http.shutdown()
        self.http.server_close()


def _import_slow_modules() -> None:
    for name in ("moto.ec2.models", "moto.rds.models", "psycopg"):
        importlib.import_module(name)
