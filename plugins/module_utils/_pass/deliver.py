# SPDX-License-Identifier: GPL-3.0-or-later
"""One run over an SNS topic: its key, and its subscriptions with their filters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .._aws.errors import AwsRefusal
from .._aws.site import Site
from .._aws.topic import Topic
from .._core.errors import LifeboatError
from .._core.result import Report
from .._core.watching.delivery import Delivery, changes, reason_of
from .._core.watching.subscription_checks import TOPIC
from .requests.deliver import DeliverRequest

RIGHT = "it is as it should be"


def deliver(request: DeliverRequest, site: Site, topic: Topic, *, check_mode: bool) -> dict[str, Any]:
    """Set the key of a topic, and add or change its subscriptions. Subscriptions that are not listed stay."""
    report = Report(check_mode=check_mode)
    check(request, site.region)
    site.check_account(request.account_id)
    key = topic.key()
    if key is None and not check_mode:
        why, remedy = f"{site.region} has no such topic", "Create the topic, or correct topic_arn"
        raise LifeboatError(f"Cannot subscribe to {topic.arn}", why=why, remedy=remedy)
    have = topic.deliveries() if key is not None else {}
    found = {one.key: topic.delivery(one.key, have[one.key]) for one in request.wanted if one.key in have}
    if request.kms_key_id is not None:
        tend_key(topic, key or "", request.kms_key_id, report)
    for one in request.wanted:
        tend(topic, one, found.get(one.key), report)
    return report.as_result()


def check(request: DeliverRequest, region: str) -> None:
    """Refuse what cannot be meant.

    :raises LifeboatError: when the topic is not one of this Region, or an endpoint is listed twice.
    """
    arn = request.topic_arn
    topic = TOPIC.fullmatch(arn)
    if topic is None or topic["region"] != region:
        why = f"it is not the ARN of a topic in {region}"
        raise LifeboatError(f"Cannot subscribe to {arn!r}", why=why, remedy="Correct topic_arn, or region")
    keys = [one.key for one in request.wanted]
    if twice := sorted({key for key in keys if keys.count(key) > 1}):
        what, remedy = f"Cannot subscribe {twice[0][1]} to {arn}", "List each endpoint once in subscriptions"
        raise LifeboatError(what, why="it is listed twice", remedy=remedy)


def tend_key(topic: Topic, have: str, want: str, report: Report) -> None:
    """Put the topic under a key, or take its key away."""
    about: dict[str, Any] = {"kind": "topic", "name": topic.arn}
    if have == want:
        report.step("active", reason=RIGHT, **about)
        return
    reason = f"its key was {have or 'none'}"
    if act(lambda: topic.set_key(want), reason, report, about):
        report.change(topic.arn, {"kms_key_id": have}, {"kms_key_id": want})


def tend(topic: Topic, wanted: Delivery, found: Delivery | None, report: Report) -> None:
    """Create one subscription, or change what differs."""
    about: dict[str, Any] = {"kind": "topic_subscription", "name": wanted.endpoint}
    attributes = changes(wanted, found) if found else {}
    if found is None:
        done = act(lambda: topic.subscribe(wanted), "it does not exist", report, about)
    elif found.arn is None:
        report.step("pending", reason="its owner has not confirmed it yet", **about)
        return
    elif attributes:
        arn = found.arn
        done = act(lambda: topic.change(arn, attributes), reason_of(attributes), report, about)
    else:
        report.step("active", reason=RIGHT, **about)
        return
    if done:
        report.change(wanted.endpoint, found and found.as_document(), wanted.as_document())


def act(call: Callable[[], None], reason: str, report: Report, about: Mapping[str, Any]) -> bool:
    """Carry out a call and report it. Return whether AWS took it."""
    try:
        if not report.check_mode:
            call()
    except AwsRefusal as refusal:
        report.step("failed", reason=str(refusal), **about)
        return False
    report.step("active", reason=reason, changed=True, **about)
    return True
