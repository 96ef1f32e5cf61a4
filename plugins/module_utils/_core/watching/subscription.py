# SPDX-License-Identifier: GPL-3.0-or-later
"""RDS event subscriptions: the steps from the existing state to the wanted one, each with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ..model import MANAGED_BY, OUR_TAGS

Action = Literal["create", "modify", "add_source", "remove_source", "delete", "tag", "untag"]
# After these, RDS is busy for a while and refuses other changes.
SETTLING = frozenset({"create", "modify", "add_source", "remove_source", "delete"})
IN_FLIGHT = frozenset({"creating", "modifying", "deleting"})
# The states of a subscription that cannot deliver its events (API Reference, EventSubscription).
TROUBLED = ("no-permission", "topic-not-exist")
ABSENT = "it does not exist"
PARTS = {
    "topic": "the topic",
    "source_type": "the type of source",
    "categories": "the categories",
    "enabled": "whether it is enabled",
}


@dataclass(frozen=True, slots=True)
class Subscription:
    """An event subscription in RDS. Without categories or source IDs it covers all of them."""

    name: str
    arn: str
    topic: str
    status: str
    source_type: str | None = None
    source_ids: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    enabled: bool = True
    tags: Mapping[str, str] | None = None  # None: not read

    @property
    def is_settled(self) -> bool:
        return self.status not in IN_FLIGHT


@dataclass(frozen=True, slots=True)
class WantedSubscription:
    """An event subscription as the user wants it."""

    name: str
    topic: str
    source_type: str | None = None
    source_ids: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    enabled: bool = True
    tags: Mapping[str, str] = field(default_factory=dict)
    purge_tags: bool = False


@dataclass(frozen=True, slots=True)
class SubscriptionStep:
    """One call that changes a subscription, and the reason for it."""

    action: Action
    reason: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def as_document(self) -> dict[str, Any]:
        """Build the part that identifies a step, in JSON types."""
        return {"action": self.action, **self.values}


def plan(wanted: WantedSubscription, found: Subscription | None, valid: frozenset[str]) -> list[SubscriptionStep]:
    """Plan the steps to the wanted state, in order. No steps when it is reached.

    :param valid: all categories of the wanted source type. An absence of categories means all of them.
    """
    if found is None or found.status == "deleting":
        return [creation(wanted, ABSENT)]
    if must_be_remade(wanted, found):
        why = f"RDS cannot widen it from {found.source_type} to all types of source, so it is created again"
        return [SubscriptionStep("delete", why), creation(wanted, ABSENT)]
    change = modification(wanted, found, valid)
    if found.source_type == wanted.source_type:
        sources = [*added_sources(wanted, found.source_ids), *removed_sources(found, wanted.source_ids)]
        return [*tag_steps(wanted, found), *change, *sources]
    # RDS does not change the source type of a subscription that has source IDs of the old type.
    emptied = removed_sources(found, frozenset())
    return [*tag_steps(wanted, found), *emptied, *change, *added_sources(wanted, frozenset())]


def must_be_remade(wanted: WantedSubscription, found: Subscription) -> bool:
    """Tell whether a subscription must be deleted and created again.

    RDS cannot remove a source type, which would widen the subscription to all types.
    """
    return found.source_type is not None and wanted.source_type is None


def plan_removal(found: Subscription | None) -> list[SubscriptionStep]:
    """Plan the removal of a subscription, unless it does not exist or is being deleted."""
    return [] if found is None or found.status == "deleting" else [SubscriptionStep("delete", "it is not wanted")]


def creation(wanted: WantedSubscription, reason: str) -> SubscriptionStep:
    """Plan the creation of a subscription."""
    values = {
        "topic": wanted.topic,
        "source_type": wanted.source_type,
        "source_ids": sorted(wanted.source_ids),
        "categories": sorted(wanted.categories),
        "enabled": wanted.enabled,
        "tags": dict(wanted.tags),
    }
    return SubscriptionStep("create", reason, values)


def modification(wanted: WantedSubscription, found: Subscription, valid: frozenset[str]) -> list[SubscriptionStep]:
    """Plan one call that changes all attributes.

    It sends all of them, since RDS does not document what omitting one does.
    """
    # No categories mean all, and are sent as all of them, because an empty list may mean "no change".
    here = found.source_type == wanted.source_type
    have = {
        "topic": found.topic,
        "source_type": found.source_type,
        "categories": sorted((found.categories or valid) if here else found.categories),
        "enabled": found.enabled,
    }
    want = {
        "topic": wanted.topic,
        "source_type": wanted.source_type,
        "categories": sorted(wanted.categories or valid),
        "enabled": wanted.enabled,
    }
    reasons = [difference(part, have[part], want[part]) for part in PARTS if have[part] != want[part]]
    if found.status in TROUBLED:
        reasons.append(f"RDS reports {found.status}, and checks the topic again when it is set")
    return [SubscriptionStep("modify", "; ".join(reasons), want)] if reasons else []


def difference(part: str, have: Any, want: Any) -> str:
    """Describe one change, for example ``the categories change: added deletion; removed backup``."""
    if part == "categories":
        changes = (("added", set(want) - set(have)), ("removed", set(have) - set(want)))
        told = " and ".join(f"{word} {', '.join(sorted(names))}" for word, names in changes if names)
        return f"{PARTS[part]} change: {told}"
    if part == "enabled":
        return "it is disabled" if want else "it is enabled"
    return f"{PARTS[part]} was {have or 'any'}"


def added_sources(wanted: WantedSubscription, have: frozenset[str]) -> Iterator[SubscriptionStep]:
    """Plan the sources to add. They come before those to remove: without any source, a subscription covers all."""
    for source in sorted(wanted.source_ids - have):
        yield SubscriptionStep("add_source", f"{source} is wanted", {"source": source})


def removed_sources(found: Subscription, keep: frozenset[str]) -> Iterator[SubscriptionStep]:
    """Plan the sources to remove."""
    for source in sorted(found.source_ids - keep):
        yield SubscriptionStep("remove_source", f"{source} is not wanted", {"source": source})


def tag_steps(wanted: WantedSubscription, found: Subscription) -> Iterator[SubscriptionStep]:
    """Plan the tags to set and to remove.

    RDS accepts them at any time, so they come first. Unread tags stay as they are.
    """
    if found.tags is None:
        return
    new = {key: value for key, value in wanted.tags.items() if found.tags.get(key) != value}
    old = sorted(found.tags.keys() - kept_tags(wanted, found.tags).keys())
    if new:
        yield SubscriptionStep("tag", f"set the tags {', '.join(sorted(new))}", {"tags": new})
    if old:
        yield SubscriptionStep("untag", f"removed the tags {', '.join(old)}", {"keys": old})


def kept_tags(wanted: WantedSubscription, have: Mapping[str, str]) -> dict[str, str]:
    """Choose the existing tags to keep. AWS's own cannot be removed, and ours do not belong to the caller."""
    reserved = (OUR_TAGS, "aws:")
    return {
        key: value
        for key, value in have.items()
        if not wanted.purge_tags or key in wanted.tags or key.startswith(reserved)
    }


def is_our_subscription(found: Subscription, prefix: str) -> bool:
    """Tell whether our installation made this subscription, or took it over."""
    return (found.tags or {}).get(MANAGED_BY) == prefix


def as_document(
    one: Subscription | WantedSubscription, valid: Iterable[str], tags: Mapping[str, str]
) -> dict[str, Any]:
    """Describe a subscription for the diff."""
    return {
        "sns_topic_arn": one.topic,
        "source_type": one.source_type,
        "source_ids": sorted(one.source_ids),
        "event_categories": sorted(one.categories or valid),
        "enabled": one.enabled,
        "tags": dict(sorted(tags.items())),
    }


def difference_of(
    wanted: WantedSubscription, found: Subscription | None, valid: frozenset[str]
) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """Describe a subscription before and after all of its steps, for the diff."""
    if found is None or found.status == "deleting":
        return None, as_document(wanted, valid, wanted.tags)
    tags = found.tags or {}
    same_type = found.source_type == wanted.source_type
    before = as_document(found, valid if same_type else (), tags)
    kept = {} if must_be_remade(wanted, found) else kept_tags(wanted, tags)
    after = as_document(wanted, valid, kept | dict(wanted.tags))
    if found.status in TROUBLED:
        before["status"], after["status"] = found.status, "active"
    return before, after
