# SPDX-License-Identifier: GPL-3.0-or-later
"""One pass over event subscriptions: take the next step with each that RDS is done with.

Every pass compares everything, since one page lists all. So a later pass sees that a subscription has become right.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from .._aws.errors import AwsRefusal
from .._aws.site import Site
from .._core.model import iso
from .._core.result import Report
from .._core.watching.subscription import (
    SETTLING,
    TROUBLED,
    Subscription,
    SubscriptionStep,
    WantedSubscription,
    as_document,
    difference_of,
    plan,
    plan_removal,
)
from .._core.watching.subscription_checks import (
    QUOTA,
    categories_of,
    check,
    check_catalogue,
    check_names,
    check_ours,
    check_room,
    check_sources,
    why_no_permission,
)
from .reconcile import seconds_since
from .requests.common import Documents
from .requests.subscribe import SubscribeRequest

AGAIN = ("wait", "unreachable")
KNOWN_BY = {"db-instance": "instance", "db-cluster": "cluster"}
SNAPSHOTS = {"db-snapshot": "instance", "db-cluster-snapshot": "cluster"}


@dataclass(frozen=True, slots=True)
class Item:
    """One subscription in one pass. Without ``wanted`` it is to be deleted."""

    name: str
    wanted: WantedSubscription | None
    found: Subscription | None
    # For later passes: when it began, the last step, and all categories of the type of source.
    began: str | None = None
    last: dict[str, Any] | None = None
    valid: frozenset[str] = frozenset()

    @property
    def steps(self) -> list[SubscriptionStep]:
        return plan(self.wanted, self.found, self.valid) if self.wanted else plan_removal(self.found)

    def as_document(self) -> dict[str, Any]:
        return {"name": self.name, "began": self.began, "last": self.last, "valid": sorted(self.valid)}


def subscribe(request: SubscribeRequest, site: Site, *, check_mode: bool) -> dict[str, Any]:
    """Bring every subscription one step further."""
    report = Report(check_mode=check_mode)
    items = look(request, site) if request.resume is None else look_again(request.resume, request, site)
    for item in items:
        if request.resume is None:
            show_difference(item, report)
        if check_mode:
            foretell(item, report)
        else:
            advance(item, site, report)
    return report.as_result()


def look(request: SubscribeRequest, site: Site) -> list[Item]:
    """Compare and check everything before anything is written.

    :raises LifeboatError: when something is wrong with what is wanted.
    """
    wanted = request.wanted
    check_names(request.names)
    check(wanted.values(), site.region)
    site.check_account(request.account_id)
    found = with_tags([one for one in site.event_subscriptions() if one.name in request.names], site)
    if not request.adopt:
        check_ours([one for one in found.values() if one.status != "deleting"], request.prefix)
    catalogue = site.event_categories() if wanted else {}
    check_catalogue(wanted.values(), catalogue)
    valid = {name: categories_of(one.source_type, catalogue) for name, one in wanted.items()}
    items = [
        Item(name, wanted.get(name), found.get(name), valid=valid.get(name, frozenset())) for name in request.names
    ]
    check_what_is_added(items, site)
    return items


def with_tags(found: Iterable[Subscription], site: Site) -> dict[str, Subscription]:
    """Read the tags of subscriptions, with a call each, unless they are being deleted. Return them by name."""
    return {one.name: one if one.status == "deleting" else replace(one, tags=site.tags(one.arn)) for one in found}


def look_again(resume: Documents, request: SubscribeRequest, site: Site) -> list[Item]:
    """Read the subscriptions that an earlier pass left."""
    wanted = request.wanted
    found = {one.name: one for one in site.event_subscriptions()}
    return [
        Item(
            one["name"], wanted.get(one["name"]), found.get(one["name"]), one["began"], one["last"],
            frozenset(one["valid"]),
        )
        for one in resume
    ]  # fmt: skip


def check_what_is_added(items: Iterable[Item], site: Site) -> None:
    """Check that the quota has room, and that the sources to watch exist.

    :raises LifeboatError: when the quota has no room, or a source does not exist.
    """
    items = list(items)
    more = sum(item.found is None for item in items if item.wanted)
    if more:
        check_room(site.account_quotas().get(QUOTA), more, site.region)
    for item in items:
        added = [source for step in item.steps for source in sources_of(step)]
        if item.wanted and added and (known := sources_here(item.wanted.source_type, added, site)) is not None:
            check_sources(item.wanted, added, known)


def sources_of(step: SubscriptionStep) -> list[str]:
    if step.action == "create":
        return list(step.values["source_ids"])
    return [step.values["source"]] if step.action == "add_source" else []


def sources_here(source_type: str | None, names: list[str], site: Site) -> frozenset[str] | None:
    """Return which of these sources exist, or None for a type that only RDS itself can look up."""
    if kind := KNOWN_BY.get(source_type or ""):
        return frozenset(one.id.identifier for one in site.databases_named({kind: names}))
    if kind := SNAPSHOTS.get(source_type or ""):
        return frozenset(one.name for one in site.recovery_points_named({kind: names}))
    return site.parameter_groups(names) if source_type == "db-parameter-group" else None


def show_difference(item: Item, report: Report) -> None:
    """Add the whole difference to the result, in the first pass only: later ones see parts of it."""
    if not item.steps:
        return
    if item.wanted:
        report.change(item.name, *difference_of(item.wanted, item.found, item.valid))
    elif item.found:
        report.change(item.name, as_document(item.found, (), item.found.tags or {}), None)


def foretell(item: Item, report: Report) -> None:
    """Report what a run would do, as one step."""
    status = "active" if item.wanted else "deleted" if item.steps else "absent"
    reason = "; ".join(dict.fromkeys(step.reason for step in item.steps)) or "it is as it should be"
    report.step(status, reason=reason, changed=bool(item.steps), **about(item))


def advance(item: Item, site: Site, report: Report) -> None:
    """Take the steps that RDS accepts now and wait for them, or report that there are none."""
    if item.found is not None and not item.found.is_settled:
        report.step(item.found.status, reason=f"it is {item.found.status}", **about(item))
        wait_for(item, item.found.status, site, report)
    elif not item.steps:
        status = item.found.status if item.found else "deleted" if item.last else "absent"
        reason = "it is as it should be"
        report.step(status, reason=reason, seconds=seconds_since(item.began, site.now), **about(item))
    elif item.steps[0].as_document() == item.last:
        report.step("failed", reason=why_it_stays(item, site), **about(item))
    else:
        take_steps(item, site, report)


def take_steps(item: Item, site: Site, report: Report) -> None:
    """Take one step after the other, up to the first one after which RDS needs time."""
    reasons: list[str] = []
    for step in item.steps:
        try:
            take(step, item, site)
        except AwsRefusal as refusal:
            give_up_or_wait(item, refusal, site, report, reasons)
            return
        reasons.append(step.reason)
        if step.action in SETTLING:
            item = replace(item, last=step.as_document())
            break
    if item.last is None:
        report.step("active", reason="; ".join(reasons), changed=True, **about(item))
        return
    status = {"create": "creating", "delete": "deleting"}.get(item.last["action"], "modifying")
    report.step(status, reason="; ".join(reasons), changed=True, **about(item))
    wait_for(item, status, site, report)


def take(step: SubscriptionStep, item: Item, site: Site) -> None:
    """Carry out one step. A subscription to delete may be gone already."""
    if item.found and step.action == "tag":
        site.tag(item.found.arn, step.values["tags"])
    elif item.found and step.action == "untag":
        site.untag(item.found.arn, step.values["keys"])
    else:
        try:
            site.change_subscription(item.name, step)
        except AwsRefusal as refusal:
            if (step.action, refusal.meaning) != ("delete", "missing"):
                raise


def give_up_or_wait(item: Item, refusal: AwsRefusal, site: Site, report: Report, done: list[str]) -> None:
    """:param done: why this pass took the steps before the refused one."""
    if refusal.meaning in AGAIN:
        report.step("queued", reason="; ".join([*done, refusal.why]), changed=bool(done), **about(item))
        wait_for(item, "queued", site, report)
        return
    reason = str(refusal)
    if item.wanted and refusal.code == "SNSNoAuthorization":
        reason += " " + why_no_permission(item.wanted.topic, site.account)
    report.step("failed", reason=reason, changed=bool(done), **about(item))


def why_it_stays(item: Item, site: Site) -> str:
    """Explain why a subscription is still wrong although RDS took the step that should have set it right."""
    if item.wanted and item.found and item.found.status in TROUBLED:
        what = f"RDS cannot publish for the event subscription {item.name}: it says {item.found.status}."
        if item.found.status == "no-permission":
            return f"{what} {why_no_permission(item.wanted.topic, site.account)}"
        return f"{what} Create the topic {item.wanted.topic}, or set sns_topic_arn to another one."
    step = item.steps[0]
    return (
        f"The event subscription {item.name} is not right: RDS took the change, and still: {step.reason}."
        " Look at it in the console, and run it again."
    )


def wait_for(item: Item, status: str, site: Site, report: Report) -> None:
    began = item.began or iso(site.now)
    report.wait_for(replace(item, began=began).as_document(), status=status, since=began, **about(item))


def about(item: Item) -> dict[str, Any]:
    return {"kind": "event_subscription", "name": item.name}
