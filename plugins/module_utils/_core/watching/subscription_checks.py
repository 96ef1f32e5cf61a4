# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with wanted event subscriptions before anything is written, and what RDS needs of a topic."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..copying.quota import Quota
from ..errors import LifeboatError, raise_all
from ..model import MANAGED_BY, partition_of
from .subscription import Subscription, WantedSubscription, is_our_subscription

SERVICE = "events.rds.amazonaws.com"
# As DescribeAccountAttributes names it, and its code in Service Quotas (RDS User Guide, quotas).
QUOTA, QUOTA_CODE = "EventSubscriptions", "L-A59F4C87"
LONGEST_NAME = 254  # API Reference, CreateEventSubscription
TOPIC = re.compile(r"arn:[a-z-]+:sns:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12}):(?P<name>[A-Za-z0-9_.-]+)")
ONE_TYPE = re.compile(r"[a-z-]+")

Catalogue = Mapping[str, frozenset[str]]  # the categories of each type of source


def check(wanted: Iterable[WantedSubscription], region: str) -> None:
    """What needs no AWS to tell.

    :raises LifeboatError: naming everything that is wrong.
    """
    wanted = list(wanted)
    check_names(one.name for one in wanted)
    raise_all("Cannot subscribe", [problem for one in wanted for problem in problems_of(one, region)])


def check_names(names: Iterable[str]) -> None:
    """:raises LifeboatError: when one is not a name, or is there twice."""
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
    yield from topic_problems(one, region)
    if one.source_type is not None and not ONE_TYPE.fullmatch(one.source_type):
        why = f"source_type is {one.source_type}, and RDS takes one type of source for each subscription"
        yield refusal(one.name, why, "Make one subscription for each type of source, or leave it out for all types")
    if one.source_ids and one.source_type is None:
        why = "source_ids are set without source_type"
        yield refusal(one.name, why, "Set source_type to what they are, for example db-instance")


def topic_problems(one: WantedSubscription, region: str) -> Iterator[LifeboatError]:
    topic = TOPIC.fullmatch(one.topic)
    if topic is None:
        yield refusal(one.name, f"sns_topic_arn is {one.topic!r}", "Set it to the ARN of an SNS topic")
        return
    if topic["region"] != region:
        why = f"its topic {one.topic} is in {topic['region']}, and RDS publishes in {region} only"
        yield refusal(one.name, why, f"Name a topic in {region}: playbooks/subscribe.yml makes one in each Region")
    if topic["name"].endswith(".fifo"):
        why = f"its topic {one.topic} is a FIFO topic, and RDS does not publish to those"
        yield refusal(one.name, why, "Name a standard topic")


def check_catalogue(wanted: Iterable[WantedSubscription], catalogue: Catalogue) -> None:
    """What DescribeEventCategories tells.

    :raises LifeboatError: naming every unknown type and category, and those that there are.
    """
    raise_all("Cannot subscribe", [problem for one in wanted for problem in catalogue_problems(one, catalogue)])


def catalogue_problems(one: WantedSubscription, catalogue: Catalogue) -> Iterator[LifeboatError]:
    if one.source_type is not None and one.source_type not in catalogue:
        why = f"there is no type of source {one.source_type}"
        yield refusal(one.name, why, f"Valid are {', '.join(sorted(catalogue))}")
        return
    valid = categories_of(one.source_type, catalogue)
    if unknown := sorted(one.categories - valid):
        about = f"of {one.source_type}" if one.source_type else "of any type of source"
        why = f"{', '.join(unknown)} {'is no category' if len(unknown) == 1 else 'are no categories'} {about}"
        yield refusal(one.name, why, f"Valid are {', '.join(sorted(valid))}")


def categories_of(source_type: str | None, catalogue: Catalogue) -> frozenset[str]:
    """Every category of a type of source, or of all of them."""
    return catalogue[source_type] if source_type else frozenset().union(*catalogue.values())


def check_ours(found: Iterable[Subscription], prefix: str) -> None:
    """:raises LifeboatError: when one that is to be changed or removed is somebody else's."""
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
    """:raises LifeboatError: when identifiers that would be added are not those of anything here."""
    if unknown := sorted(set(added) - known):
        kind = f"{one.source_type} of this account and Region"
        why = f"{', '.join(unknown)} {'is no' if len(unknown) == 1 else 'are no'} {kind}"
        raise refusal(one.name, why, "Correct source_ids; they are identifiers, not ARNs or patterns")


def check_room(quota: Quota | None, more: int, region: str) -> None:
    """:raises LifeboatError: when there is no room for so many more subscriptions."""
    if quota is not None and more > quota.free:
        raise LifeboatError(
            f"Cannot make {more} event subscriptions in {region}",
            why=f"it has {quota.used} of {quota.maximum}, and {more} more are wanted",
            remedy=f"Remove {more - quota.free}, or ask AWS to raise {QUOTA_CODE} to {quota.used + more}",
        )


def statement_for(topic: str, account: str) -> dict[str, Any]:
    """The statement of a topic's policy that lets the RDS of an account publish (RDS User Guide, permissions)."""
    region = topic.split(":")[3]
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
    """What is missing where RDS may not publish, and who can mend it."""
    owner = topic.split(":")[4]
    who = "" if owner == account else f" (account {owner} has to, since the topic is its own)"
    return (
        f"Add this statement to the policy of {topic}{who}: {json.dumps(statement_for(topic, account))}."
        f" If the topic has a key, that key's policy must let {SERVICE} use kms:GenerateDataKey* and kms:Decrypt;"
        " alias/aws/sns cannot be opened to it."
    )


def refusal(name: str, why: str, remedy: str) -> LifeboatError:
    return LifeboatError(f"Cannot subscribe as {name}", why=why, remedy=remedy)
