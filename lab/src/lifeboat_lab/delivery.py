# SPDX-License-Identifier: GPL-3.0-or-later
"""Deliver RDS's events to the topics of event subscriptions (aws_rds.md 5.2, 5.3)."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from functools import partial

from lifeboat_lab import topics
from lifeboat_lab.rds import subscriptions
from lifeboat_lab.rds.events import Event, Source, Subscription
from lifeboat_lab.rds.world import World

Work = Callable[[], None]
DOCUMENT = "http://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html"
CONSOLE = "https://console.aws.amazon.com/rds/home"
_ANCHORS = {"db-instance": "dbinstance", "db-cluster": "dbclusters", "db-snapshot": "snapshot",
            "db-cluster-snapshot": "snapshot"}  # fmt: skip
# How long a reordered event waits for the next one, in usual delays.
PATIENCE = 20


def body(event: Event, tags: Mapping[str, str]) -> str:
    """Build the message: a JSON object whose time has no zone and whose event id is the end of an address."""
    moment = datetime.fromtimestamp(event.moment, timezone.utc).isoformat(" ", "milliseconds")
    told = {
        "Event Source": event.source_type,
        "Event Time": moment.removesuffix("+00:00"),
        "Identifier Link": f"{CONSOLE}?region={event.region}#{_ANCHORS[event.source_type]}:id={event.source}",
        "Source ID": event.source,
        "Source ARN": event.arn,
        "Event ID": f"{DOCUMENT}#{event.id}",
        "Event Message": event.message,
        "Tags": dict(tags),
    }
    return json.dumps(told, separators=(",", ":"))


class Delivery:
    """Send each event to each subscription, with the faults that were asked for."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._lock = threading.Lock()
        # Events that wait for the next one, by subscription.
        self._held: dict[Subscription, list[Work]] = {}
        world.events.listeners.append(self.take)

    def take(self, event: Event, source: Source) -> None:
        """Start an event on its way to whoever wants it. Called where it happens, maybe under the world's lock."""
        now = self.world.now()
        for found in list(self.world.events.subscriptions(event.account, event.region).values()):
            if found.enabled and found.status(now) not in ("creating", "deleting") and found.wants(event):
                deliver = partial(self._deliver, found, event, source)
                self._send(found, event, deliver, now + self.world.settings.seconds("event"))

    def _send(self, found: Subscription, event: Event, deliver: Work, moment: float) -> None:
        """Send one event. A fault may name the source, the id of the event, or the subscription."""
        names = (event.source, event.arn, event.id, found.name, found.arn)
        strikes = partial(self.world.faults.strikes, account=event.account, region=event.region, resource=names)
        if strikes("event-lost"):
            return
        if late := strikes("event-late"):
            moment += late.seconds
        times = 2 if strikes("event-doubled") else 1
        swapped = strikes("event-reordered") is not None
        for _time in range(times):
            self.world.clock.at(moment, partial(self._arrive, found, deliver, swapped=swapped))

    def _arrive(self, found: Subscription, deliver: Work, *, swapped: bool) -> None:
        if swapped:
            with self._lock:
                self._held.setdefault(found, []).append(deliver)
            patience = max(1.0, PATIENCE * self.world.settings.seconds("event"))
            self.world.clock.at(self.world.now() + patience, partial(self._release, found))
            return
        deliver()
        self._release(found)

    def _release(self, found: Subscription) -> None:
        with self._lock:
            held = self._held.pop(found, [])
        for deliver in held:
            deliver()

    def _deliver(self, found: Subscription, event: Event, source: Source) -> None:
        """Publish, with the tags that the source has now (RDS User Guide, event notification tags)."""
        if found.gone is not None:
            return
        sender = topics.Sender(subscriptions.SERVICE, event.account, event.arn)
        attributes = {"EventID": event.id, "Resource": event.arn}
        text = body(event, source.tags)
        if not topics.publish(self.world.keys, found.topic, sender, subscriptions.SUBJECT, text, attributes):
            subscriptions.look_for_trouble(self.world, found)
