# SPDX-License-Identifier: GPL-3.0-or-later
"""botocore with the wire cut: it builds and checks requests as ever, and its answers come from the test."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs

import boto3
from botocore.awsrequest import AWSResponse
from botocore.validate import validate_parameters

Row = dict[str, Any]
WHEN = datetime(2026, 11, 23, 14, 5, 7, tzinfo=timezone.utc)


class AwsError:
    """An error that AWS answers with."""

    def __init__(self, code: str, message: str = "no", status: int = 400) -> None:
        self.body = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
        self.status = status


class Aws:
    """A session whose clients ask a script instead of AWS.

    An answer is a row, a refusal, an exception, or a list of them for one call after the other.
    """

    def __init__(self, session: boto3.session.Session, answers: Mapping[str, Any]) -> None:
        self._session = session
        self._answers = dict(answers)
        self.asked: list[tuple[str, Row]] = []
        self.regions: list[str] = []
        self.headers: Row = {"Date": format_datetime(WHEN, usegmt=True)}

    def client(self, service: str, region_name: str, **settings: Any) -> Any:
        client = self._session.client(service, region_name=region_name, **settings)
        client.meta.events.register("provide-client-params", self._hear)
        client.meta.events.register_first("before-call", self._answer)
        return client

    def _hear(self, params: Row, model: Any, context: Row, **_more: Any) -> None:
        self.asked.append((model.name, dict(params)))
        self.regions.append(context["client_region"])

    def _answer(self, model: Any, **_more: Any) -> tuple[AWSResponse, Row]:
        answer = self._answers[model.name]
        if isinstance(answer, list):
            answer = answer.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, AwsError):
            return AWSResponse("", answer.status, self.headers, None), answer.body
        if model.output_shape:
            validate_parameters(answer, model.output_shape)
        return AWSResponse("", 200, self.headers, None), answer

    def params(self, operation: str) -> list[Row]:
        """List the parameters of each call of an operation."""
        return [params for name, params in self.asked if name == operation]


class Body(io.BytesIO):
    def stream(self) -> Iterator[bytes]:
        yield self.read()


class Http:
    """A session whose clients send real HTTP requests to nobody, retries among them."""

    def __init__(self, session: boto3.session.Session, answers: list[tuple[int, str]]) -> None:
        self._session, self._answers, self.sent = session, answers, []

    def client(self, service: str, region_name: str, **settings: Any) -> Any:
        client = self._session.client(service, region_name=region_name, **settings)
        client.meta.events.register_last("before-send", self._send)
        return client

    def _send(self, request: Any, **_more: Any) -> AWSResponse:
        self.sent.append({name: values[0] for name, values in parse_qs(request.body).items()})
        status, body = self._answers.pop(0)
        headers = {"Date": format_datetime(WHEN, usegmt=True)}
        return AWSResponse(request.url, status, headers, Body(body.encode()))
