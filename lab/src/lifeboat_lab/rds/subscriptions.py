# SPDX-License-Identifier: GPL-3.0-or-later
"""Answer the operations on event subscriptions: which events go to which topic (aws_rds.md 6)."""

from __future__ import annotations

from collections.abc import Container
from datetime import datetime, timezone
from typing import Any

from lifeboat_lab import topics
from lifeboat_lab.errors import AwsError
from lifeboat_lab.rds import known_groups, names, paging
from lifeboat_lab.rds.catalogue import CATEGORIES
from lifeboat_lab.rds.events import Subscription, check_source_type
from lifeboat_lab.rds.kinds import INSTANCE
from lifeboat_lab.rds.world import Call, World

SERVICE = "events.rds.amazonaws.com"
SUBJECT = "RDS Notification Message"
LONGEST_NAME = 254
_DATABASES = {"db-instance": "instance", "db-cluster": "cluster"}
_SNAPSHOTS = {"db-snapshot": "instance", "db-cluster-snapshot": "cluster"}


def create(world: World, call: Call) -> dict[str, Any]:
    """Answer CreateEventSubscription."""
    params, now = call.params, world.now()
    name = _new_name(world, call)
    source_type, categories = params.get("SourceType"), params.get("EventCategories") or []
    sources = [source.lower() for source in params.get("SourceIds") or []]
    _check_topic(world, call, params["SnsTopicArn"])
    _check_categories(source_type, categories)
    if sources and not source_type:
        raise AwsError("InvalidParameterCombination", "SourceIds cannot be given without SourceType.")
    for source in sources:
        _check_source(world, call, source_type, source)
    found = Subscription(
        call.account, call.region, name, params["SnsTopicArn"], source_type or None, list(dict.fromkeys(sources)),
        list(dict.fromkeys(categories)), params.get("Enabled") is not False, now, names.tags(params.get("Tags")),
        until=now + world.settings.seconds("subscription"),
    )  # fmt: skip
    world.events.subscriptions(call.account, call.region)[name] = found
    world.clock.at(found.until, lambda: greet(world, found))
    return _answer(world, found)


def _new_name(world: World, call: Call) -> str:
    name = call.params["SubscriptionName"]
    if len(name) > LONGEST_NAME:
        raise AwsError("InvalidParameterValue", f"SubscriptionName must have less than {LONGEST_NAME + 1} characters.")
    have = world.events.subscriptions(call.account, call.region)
    if name in have:
        raise AwsError("SubscriptionAlreadyExist", f"Event subscription {name} already exists.")
    most = world.settings.quotas["event_subscriptions"]
    if len(have) >= most:
        raise AwsError("EventSubscriptionQuotaExceeded", f"You have reached the maximum of {most} event subscriptions.")
    return name


def greet(world: World, found: Subscription) -> None:
    """Send the first message of a new subscription, which is plain text (aws_rds.md 5.2)."""
    if found.gone is None:
        kind = f"of type {found.source_type} " if found.source_type else ""
        text = f"RDS will attempt to send event notifications {kind}to the topic {found.topic}."
        topics.publish(world.keys, found.topic, topics.Sender(SERVICE, found.account), SUBJECT, text)


def modify(world: World, call: Call) -> dict[str, Any]:
    """Answer ModifyEventSubscription. What is not given stays as it is; sources are changed one by one, elsewhere."""
    params, found = call.params, _settled(world, call)
    topic = params.get("SnsTopicArn") or found.topic
    source_type = params.get("SourceType") or found.source_type
    categories = params.get("EventCategories", found.categories)
    _check_topic(world, call, topic)
    _check_categories(source_type, categories)
    if found.sources and source_type != found.source_type:
        raise AwsError(
            "InvalidParameterCombination", "SourceType cannot be changed while the subscription has source identifiers."
        )
    found.topic, found.source_type, found.categories = topic, source_type, list(dict.fromkeys(categories))
    found.enabled = params.get("Enabled", found.enabled)
    found.trouble = None
    return _changed(world, found)


def delete(world: World, call: Call) -> dict[str, Any]:
    """Answer DeleteEventSubscription."""
    found = _settled(world, call)
    found.gone = world.now() + world.settings.seconds("subscription")
    return _answer(world, found)


def add_source(world: World, call: Call) -> dict[str, Any]:
    """Answer AddSourceIdentifierToSubscription."""
    found, source = _settled(world, call), call.params["SourceIdentifier"].lower()
    if not found.source_type:
        raise AwsError("InvalidParameterCombination", "The subscription has no SourceType.")
    _check_source(world, call, found.source_type, source)
    if source not in found.sources:
        found.sources = [*found.sources, source]
    return _changed(world, found)


def remove_source(world: World, call: Call) -> dict[str, Any]:
    """Answer RemoveSourceIdentifierFromSubscription."""
    found, source = _settled(world, call), call.params["SourceIdentifier"].lower()
    if source not in found.sources:
        raise _no_source(source)
    found.sources = [each for each in found.sources if each != source]
    return _changed(world, found)


def describe(world: World, call: Call) -> dict[str, Any]:
    """Answer DescribeEventSubscriptions."""
    have = world.events.subscriptions(call.account, call.region)
    name = call.params.get("SubscriptionName")
    found = paging.filtered(
        [named(world, call.account, call.region, name)] if name else list(have.values()), call.params, {}
    )
    page, marker = paging.page(found, call.params, lambda each: each.name)
    for each in page:
        look_for_trouble(world, each)
    return {"EventSubscriptionsList": [_row(each, world.now()) for each in page], "Marker": marker}


def named(world: World, account: str, region: str, name: str) -> Subscription:
    """Return a subscription by name.

    :raises AwsError: when there is no subscription of that name.
    """
    found = world.events.subscriptions(account, region).get(name)
    if found is None:
        raise AwsError("SubscriptionNotFound", f"Event subscription {name} not found.", 404)
    return found


def look_for_trouble(world: World, found: Subscription) -> None:
    """Look whether the topic still exists, and is still open to RDS."""
    found.trouble = topics.trouble(world.keys, found.topic, topics.Sender(SERVICE, found.account))


def _settled(world: World, call: Call) -> Subscription:
    found = named(world, call.account, call.region, call.params["SubscriptionName"])
    status = found.status(world.now())
    if status in ("creating", "modifying", "deleting"):
        raise AwsError("InvalidEventSubscriptionState", f"Event subscription {found.name} is in state {status}.")
    return found


def _changed(world: World, found: Subscription) -> dict[str, Any]:
    found.verb, found.until = "modifying", world.now() + world.settings.seconds("subscription")
    return _answer(world, found)


def _check_topic(world: World, call: Call, arn: str) -> None:
    """Check that the topic is a standard one of this Region that lets RDS publish."""
    parts = arn.split(":")
    if len(parts) != 6 or parts[2] != "sns" or parts[3] != call.region:
        raise AwsError("SNSInvalidTopic", f"Invalid SNS topic: {arn}")
    reason = topics.trouble(world.keys, arn, topics.Sender(SERVICE, call.account))
    if reason == "topic-not-exist":
        raise AwsError("SNSTopicArnNotFound", f"SNS topic {arn} does not exist.", 404)
    topic = topics.find(arn)
    if topic is not None and (topic.fifo_topic or topic.name.endswith(".fifo")):
        raise AwsError("SNSInvalidTopic", f"FIFO topics are not supported: {arn}")
    if reason:
        raise AwsError("SNSNoAuthorization", f"RDS does not have permission to publish to the SNS topic {arn}.")


def _check_categories(source_type: str | None, categories: list[str]) -> None:
    """Check the categories. Without a source type those of all types are valid."""
    if source_type:
        check_source_type(source_type)
    known = CATEGORIES[source_type] if source_type else {name for each in CATEGORIES.values() for name in each}
    if unknown := [name for name in categories if name not in known]:
        raise AwsError("SubscriptionCategoryNotFound", f"Event category {unknown[0]} not found.", 404)


def _check_source(world: World, call: Call, source_type: str | None, source: str) -> None:
    """Check that the account has such a source in this Region.

    :raises AwsError: when the account has no such thing in this Region.
    """
    place = world.place(call.account, call.region)
    if source_type in _DATABASES:
        known: Container[str] = place.databases[_DATABASES[source_type]]
    elif source_type in _SNAPSHOTS:
        known = place.snapshots[_SNAPSHOTS[source_type]]
    elif source_type == "db-parameter-group":
        known = {each.name for each in known_groups.all_parameter_groups(place, INSTANCE)}
    else:
        known = ()
    if source not in known:
        raise _no_source(source)


def _no_source(source: str) -> AwsError:
    return AwsError("SourceNotFound", f"Source {source} not found.", 404)


def _answer(world: World, found: Subscription) -> dict[str, Any]:
    return {"EventSubscription": _row(found, world.now())}


def _row(found: Subscription, now: float) -> dict[str, Any]:
    created = datetime.fromtimestamp(found.created, timezone.utc)
    return {
        "CustomerAwsId": found.account,
        "CustSubscriptionId": found.name,
        "EventSubscriptionArn": found.arn,
        "SnsTopicArn": found.topic,
        "Status": found.status(now),
        "SubscriptionCreationTime": created.isoformat(" ", "milliseconds").removesuffix("+00:00"),
        "SourceType": found.source_type,
        "SourceIdsList": found.sources,
        "EventCategoriesList": found.categories,
        "Enabled": found.enabled,
    }
