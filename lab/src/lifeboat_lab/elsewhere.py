# SPDX-License-Identifier: GPL-3.0-or-later
"""Let moto answer what the lab does not, and turn its failures into errors that AWS's clients understand."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from botocore.model import OperationNotFoundError
from moto.server import DomainDispatcherApplication, create_backend_app

from lifeboat_lab.errors import AwsError
from lifeboat_lab.requests import Environ, Request
from lifeboat_lab.wire import Answer

log = logging.getLogger("lifeboat_lab")
# The listener sets these.
_NOT_MOTOS = ("date", "connection", "server", "transfer-encoding")


class Dispatcher(DomainDispatcherApplication):
    """moto's dispatcher, except that it looks for a service once, and not in the file system for each call."""

    def __init__(self) -> None:
        super().__init__(create_backend_app)
        self._found: dict[str, Any] = {}

    def get_backend_for_host(self, host: str | None) -> Any:
        """Return moto's backend for a host.

        :raises NotImplementedError: when moto has no such service.
        """
        if host is None:
            return None
        if host not in self._found:
            served = any(pattern.match(f"http://{host}") for _name, pattern in self.backend_url_patterns)
            if not served and "." in host:
                raise NotImplementedError(host)
            self._found[host] = super().get_backend_for_host(host)
        return self._found[host]


class Moto:
    """moto's server as a WSGI application, for the accounts of the lab."""

    def __init__(self) -> None:
        self._application = Dispatcher()

    def answer(self, environ: Environ, request: Request, account: str) -> Answer:
        """Let moto answer a request.

        :raises AwsError: when moto does not implement the action, or fails.
        """
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = account
        seen: dict[str, Any] = {}

        def remember(status: str, headers: Any, *_: Any) -> Callable[[bytes], object]:
            seen.update(status=int(status.split()[0]), headers=headers)
            return lambda _: None

        try:
            body = b"".join(self._application(environ, remember))
        except (NotImplementedError, OperationNotFoundError):
            raise not_implemented(request) from None
        except Exception as error:
            log.warning("moto failed on %s %s", request.service, request.action, exc_info=True)
            about = f"moto failed on {request.service} {request.action}: {error!r}"
            raise AwsError("InternalFailure", about, 500) from None
        if seen["status"] >= 400 and body.lstrip()[:9].lower() == b"<!doctype":
            # moto's HTML page for an unknown route. An object in a bucket may be a page as well.
            raise not_implemented(request)
        return _as_answer(body, seen["status"], seen["headers"], is_head=environ["REQUEST_METHOD"] == "HEAD")


def not_implemented(request: Request) -> AwsError:
    """Build the error with which AWS answers an action that does not exist."""
    return AwsError("InvalidAction", f"The lab does not implement {request.service} {request.action}.")


def _as_answer(body: bytes, status: int, headers: list[tuple[str, str]], *, is_head: bool) -> Answer:
    answer = Answer(body, status)
    dropped = _NOT_MOTOS if is_head else (*_NOT_MOTOS, "content-length")
    answer.headers = [(name, value) for name, value in headers if name.lower() not in dropped]
    return answer
