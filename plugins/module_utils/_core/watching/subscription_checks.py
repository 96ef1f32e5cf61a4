# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of wanted event subscriptions before anything is written, and the permissions that RDS needs on a topic."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..arns import account_of, region_of
from ..copying.quota import Quota
from ..errors import LifeboatError, raise_all
from ..model import MANAGED_BY, partition_of
from .subscription import Subscription, WantedSubscription, is_our_subscription

SERVICE = "events.rds.amazonaws.com"
# The name of the quota in DescribeAccountAttributes, and its code in Service Quotas (RDS User Guide, quotas).
QUOTA, QUOTA_CODE = "EventSubscriptions", "L-A59F4C87"
LONGEST_NAME = 254  # API Reference, CreateEventSubscription
TOPIC = re.compile(r"arn:[a-z-]+:sns:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12}):(?P<name>[A-Za-z0-9_.-]+)")
ONE_TYPE = re.compile(r"[a-z-]+")

Catalogue = Mapping[str, frozenset[str]]  # the categories of each source type


def check(wanted: Iterable[WantedSubscription], region: str) -> None:
    """Check the subscriptions as far as it is possible without AWS.

    :raises LifeboatError: with everything that is wrong.
    """
    wanted = list(wanted)
    check_names(one.name for one in wanted)
    raise_all("Cannot subscribe", [problem for one in wanted for problem in problems_of(one, region)])


def check_names(names: Iterable[str]) -> None:
    """Check the names of subscriptions.

    :raises LifeboatError: when one is too short or too long, or is listed twice.
    """
    problems = []
    for name, number in Counter(names).items():
        if not 0 < len(name) <= LONGEST_NAME:
            why = f"a name has 1 to {LONGEST_NAME} characters"
            problems.append(refusal(name, why, "Choose another name"))
        if number > 1:
            why = "it is listed twice"
            problems.append(refusal(name, why, "Describe each subscription once"))
    raise_all("Cannot subscribe", problems)


def problems_of(one: WantedSubscription, region: str) -> Iterator[LifeboatError]:
    """Find what is wrong with one subscription."""
    yield from topic_problems(one, region)
    if one.source_type is not None and not ONE_TYPE.fullmatch(one.source_type):
        why = f"source_type is {one.source_type}, and RDS takes one type of source for each subscription"
        yield refusal(one.name, why, "Describe one subscription for each type, or leave source_type out for all types")
    if one.source_ids and one.source_type is None:
        why = "source_ids are set without source_type"
        yield refusal(one.name, why, "Set source_type to their type, for example db-instance")


def topic_problems(one: WantedSubscription, region: str) -> Iterator[LifeboatError]:
    """Find what is wrong with the topic of a subscription."""
    topic = TOPIC.fullmatch(one.topic)
    if topic is None:
        yield refusal(one.name, f"sns_topic_arn is {one.topic!r}", "Set it to the ARN of an SNS topic")
        return
    if topic["region"] != region:
        why = f"its topic {one.topic} is in {topic['region']}, and RDS publishes in {region} only"
        yield refusal(one.name, why, f"Use a topic in {region}: playbooks/subscribe.yml makes one in each Region")
    if topic["name"].endswith(".fifo"):
        why = f"its topic {one.topic} is a FIFO topic, and RDS does not publish to those"
        yield refusal(one.name, why, "Set sns_topic_arn to a standard topic")


def check_catalogue(wanted: Iterable[WantedSubscription], catalogue: Catalogue) -> None:
    """Check source types and categories against DescribeEventCategories.

    :raises LifeboatError: with every unknown type and category, and the valid ones.
    """
    raise_all("Cannot subscribe", [problem for one in wanted for problem in catalogue_problems(one, catalogue)])


def catalogue_problems(one: WantedSubscription, catalogue: Catalogue) -> Iterator[LifeboatError]:
    """Find the unknown source type and categories of one subscription."""
    if one.source_type is not None and one.source_type not in catalogue:
        why = f"RDS has no source type {one.source_type}"
        yield refusal(one.name, why, f"Valid are {', '.join(sorted(catalogue))}")
        return
    valid = categories_of(one.source_type, catalogue)
    if unknown := sorted(one.categories - valid):
        about = f"of {one.source_type}" if one.source_type else "of any source type"
        why = f"{', '.join(unknown)} {'is not a category' if len(unknown) == 1 else 'are not categories'} {about}"
        yield refusal(one.name, why, f"Valid are {', '.join(sorted(valid))}")


def categories_of(source_type: str | None, catalogue: Catalogue) -> frozenset[str]:
    """Find all categories of a source type, or of all types."""
    return catalogue[source_type] if source_type else frozenset().union(*catalogue.values())


def check_ours(found: Iterable[Subscription], prefix: str) -> None:
    """Check that our installation owns the subscriptions to be changed or removed.

    :raises LifeboatError: when one belongs to somebody else.
    """
    problems = [
        LifeboatError(
            f"Cannot touch the event subscription {one.name}",
            why=f"it exists, and it does not carry our tag {MANAGED_BY}={prefix}",
            remedy="Choose another name, or set adopt to take it over",
        )
        for one in found
        if not is_our_subscription(one, prefix)
    ]
    raise_all("Cannot subscribe", problems)


def check_sources(one: WantedSubscription, added: Iterable[str], known: frozenset[str]) -> None:
    """Check that the source IDs to be added exist.

    :param added: the source IDs to add.
    :param known: the IDs of this type in this account and Region.
    :raises LifeboatError: when some do not exist.
    """
    if unknown := sorted(set(added) - known):
        why = f"there is no {one.source_type} {', '.join(unknown)} in this account and Region"
        raise refusal(one.name, why, "Correct source_ids; they are identifiers, not ARNs or patterns")


def check_room(quota: Quota | None, more: int, region: str) -> None:
    """Check that the quota allows so many more subscriptions.

    :raises LifeboatError: when it does not.
    """
    if quota is not None and more > quota.free:
        raise LifeboatError(
            f"Cannot make {more} event subscriptions in {region}",
            why=f"it has {quota.used} of {quota.maximum}, and {more} more are wanted",
            remedy=f"Remove {more - quota.free}, or ask AWS to raise {QUOTA_CODE} to {quota.used + more}",
        )


def statement_for(topic: str, account: str) -> dict[str, Any]:
    """Build the statement that allows the RDS of an account to publish to a topic (RDS User Guide, permissions)."""
    region = region_of(topic)
    return {
        "Sid": "RdsMayPublish",
        "Effect": "Allow",
        "Principal": {"Service": SERVICE},
        "Action": "sns:Publish",
        "Resource": topic,
        "Condition": {
            "StringEquals": {"aws:SourceAccount": account},
            "ArnLike": {"aws:SourceArn": f"arn:{partition_of(region)}:rds:{region}:{account}:*"},
        },
    }


def why_no_permission(topic: str, account: str) -> str:
    """Explain what permission is missing when RDS may not publish to a topic, and who can add it."""
    owner = account_of(topic)
    who = "" if owner == account else f" (account {owner} must do it, since it owns the topic)"
    return (
        f"Add this statement to the policy of {topic}{who}: {json.dumps(statement_for(topic, account))}."
        f" If the topic has a key, its policy must allow {SERVICE} to use kms:GenerateDataKey* and kms:Decrypt;"
        " the policy of alias/aws/sns cannot be changed."
    )


def refusal(name: str, why: str, remedy: str) -> LifeboatError:
    """Build the error for one subscription."""
    return LifeboatError(f"Cannot subscribe as {name}", why=why, remedy=remedy)
