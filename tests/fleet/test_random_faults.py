# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever happens in whatever order, no safety rule is broken; and once it stops, everything lands.

Single passes of either side, with or without the other's manifest, old ones too, and killed at any call, meet copies
that fail, lost replies, throttling, errors, wrong dates, keys that are disabled, quotas that change, snapshots that
somebody else deletes or shares, and databases that go. The lab's clock runs days ahead of the controller's. A world has
databases of up to three classes, and AWS's rules of today or those of before 2025-09.

LIFEBOAT_EXAMPLES says how many worlds are tried. A failure prints its steps, and Hypothesis repeats it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from ansible_collections.lifeboat.rds.plugins.modules import snapshot_copy, snapshot_prune, snapshot_replicate
from tests.fleet.deaths import THOROUGH
from tests.fleet.fleet import A_COPY, DR, HOUR, PREFIX, SIDES, SOURCE, STRANGER, Fleet, Side, manifests, writing
from tests.fleet.plan import listed, logged
from tests.fleet.routes import OLD_RULES, ROUTES, Route
from tests.fleet.rules import (
    RETAIN,
    STAGE,
    STAND_IN,
    VERIFIED,
    Shot,
    Watch,
    database_of,
    newest,
    not_idle,
    original_of,
    originals,
    own,
    routes_of,
    shots,
    time_in_name,
)

# AWS's rules are the world's, not those of a class.
CLASSES = [route for route in ROUTES if not route.lab]
RULES = {
    "one step": ({}, "auto"),
    "one step is refused": (OLD_RULES, "auto"),
    "two steps": (OLD_RULES, "never"),
}
EXAMPLES = int(os.environ.get("LIFEBOAT_EXAMPLES", "12"))
SHARDS = max(1, EXAMPLES // 100)  # tests of their own, so that pytest -n takes several at a time
STEPS = 20
CALM = 5  # runs, of which the last has nothing to do any more
DAY = 86400

KEYS = ("publish", "dr", "data")
MODULES = {"copy": (snapshot_copy, SOURCE), "replicate": (snapshot_replicate, DR)}
FAULTS = st.sampled_from(
    [
        {"kind": "failed-copy"},
        {"kind": "failed-snapshot"},
        {"kind": "restore-ends", "status": "incompatible-restore"},
        {"kind": "reset-before"},
        {"kind": "reset-after", "action": ["Copy*", "Modify*", "Add*", "Delete*"]},
        {"kind": "reset-after", "action": ["Copy*", "Modify*", "Add*", "Delete*"], "count": None},
        {"kind": "throttle", "count": 3},
        {"kind": "throttle", "count": None, "probability": 0.5},
        {"kind": "server-error", "count": 3},
        {"kind": "server-error", "status": 503, "count": None, "probability": 0.3},
        {"kind": "access-denied", "action": ["Copy*", "Modify*", "Add*", "Delete*"]},
        {"kind": "access-denied", "service": "kms"},
        {"kind": "wrong-date", "seconds": 400 * DAY, "count": None},
        {"kind": "wrong-date", "seconds": -400 * DAY, "count": None},
    ]
)
QUOTAS = ("manual_snapshots", "manual_cluster_snapshots", "snapshot_copies", "cluster_snapshot_copies")
LOOKS_LIKE_OURS = f"{PREFIX}-orders-20991231000000-0123456789ab"
# What others do meets the same faults, keys and quotas; what of it succeeds is all the same.
no_matter = suppress(ClientError, BotoCoreError)
DEATHS = st.one_of(st.just(0), st.just(0), st.integers(1, 12))
# Which of those that there are. How many that is depends on the time of day: what is taken is named after the minute,
# and Hypothesis calls flaky what draws from another list in its second run.
ANY = st.integers(0, 999)


class Trouble(RuleBasedStateMachine):
    """One world of two sites, and everything that happens to it."""

    fleet: Fleet

    @initialize(
        classes=st.lists(st.sampled_from(CLASSES), min_size=1, max_size=3, unique_by=lambda route: route.name),
        rules=st.sampled_from(list(RULES)),
        databases=st.integers(1, 2),
        limit=st.integers(1, 3),
        days=st.sampled_from([None, 0, 2]),
        protected=st.booleans(),
    )
    def begin(
        self, classes: list[Route], rules: str, databases: int, limit: int, days: int | None, protected: bool
    ) -> None:
        fleet, (settings_of_lab, single_step) = self.fleet, RULES[rules]
        fleet.reset()
        fleet.lab.admin("PATCH", "settings", settings_of_lab)
        fleet.tell(*classes, max_in_flight={"instance": limit, "cluster": limit})
        fleet.replicate["single_step"], fleet.prune = single_step, {"max_age_days": days}
        for number, route in enumerate(classes):
            fleet.sow(route, databases, age=HOUR * (number + 1))
        self.classes, self.rules = classes, rules
        self.watch = Watch(fleet.keys["dr"])
        self.published: list[dict[str, Any]] = []
        self.landed: list[dict[str, Any]] = []
        self.resume: dict[str, list[dict[str, Any]]] = {}
        self.faulty, self.calls = False, []
        self.made: list[dict[str, Any]] = []  # all calls since somebody emptied it
        self.found = self.watch.look(fleet.status())
        fleet.around = self.watched
        if protected:
            fleet.protect()

    @contextmanager
    def watched(self, module: ModuleType) -> Iterator[None]:
        """Run a pass. Whatever its end, its calls must break no rule."""
        before = self.watch.look(self.fleet.status())
        self.fleet.new_calls()
        try:
            yield
        finally:
            self.calls = self.fleet.new_calls()
            self.made += self.calls
            assert list(self.watch.broken_by_calls(module.__name__.rsplit(".", 1)[-1], before, self.calls)) == []

    # -- what we do ----------------------------------------------------------------------------------------------

    @rule(
        which=st.sampled_from(list(MODULES)),
        goes_on=st.booleans(),
        old=st.integers(0, 3),
        dies=DEATHS,
        after=st.booleans(),
    )
    def a_pass(self, which: str, goes_on: bool, old: int, dies: int, after: bool) -> None:
        """Run a full pass, or one that goes on with what the last one left in flight."""
        module, side = MODULES[which]
        given: dict[str, Any] = {"resume": self.resume.get(which) if goes_on else None}
        if which == "replicate" and old < len(self.published):
            given["published"] = [self.published[old]]
        result = self.do(module, side, dies, after=after, **given)
        self.resume[which] = result.get("resume", [])
        (self.published if which == "copy" else self.landed)[:0] = manifests(result)

    @rule(side=st.sampled_from(SIDES), old=st.integers(0, 3), dies=DEATHS, after=st.booleans())
    def prune(self, side: Side, old: int, dies: int, after: bool) -> None:
        self.do(snapshot_prune, side, dies, after=after, landed=self.landed[old : old + 1])

    def do(self, module: Any, side: Side, dies: int, *, after: bool, **given: Any) -> dict[str, Any]:
        """One pass; if nothing disturbs it, it does what check mode says."""
        fleet, result, plan = self.fleet, {}, None
        # Whether AWS refuses a step is no part of the state.
        surprising = module is snapshot_replicate and self.rules == "one step is refused"
        minute = self.minute()
        if not (self.faulty or dies or surprising):
            plan = fleet.one_pass(module, side, check_mode=True, **given)
            assert not writing(self.calls), "check mode wrote"
        with fleet.dies(dies, after=after):
            result = fleet.one_pass(module, side, **given)
        # A pass that fails may have refused what check mode lists: test_check_mode.py has the case that is known. A
        # snapshot that is taken is named after the minute.
        if plan is not None and not result.get("failed") and minute == self.minute():
            assert listed(plan) == logged(self.calls), "check mode listed something else"
        return result

    def minute(self) -> str:
        return str(self.fleet.lab.admin("GET", "clock")["now"])[:16]

    @rule()
    def a_whole_run(self) -> None:
        self.fleet.protect()

    @rule(which=st.sampled_from([*MODULES, "both"]))
    def a_night(self, which: str) -> None:
        """After which a side runs alone, or everything does."""
        self.fleet.pass_time(DAY)
        with no_matter:
            self.fleet.back_up()
        if which == "both":
            self.fleet.protect()
        else:
            self.fleet.run(*MODULES[which])

    # -- what happens --------------------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([60, A_COPY, A_COPY, DAY]))
    def time_passes(self, seconds: int) -> None:
        self.fleet.pass_time(seconds)

    @rule(fault=FAULTS, side=st.sampled_from(SIDES), skip=st.integers(0, 6), seed=st.integers(0, 99))
    def something_breaks(self, fault: dict[str, Any], side: Side, skip: int, seed: int) -> None:
        # What is taken now is named after AWS's date: where that lies, so does the name, for good.
        if fault["kind"] == "wrong-date" and any(route.publish.get("source") == "snapshot" for route in self.classes):
            return
        luck = {"seed": seed} if "probability" in fault else {}
        self.fleet.lab.admin("POST", "faults", {**fault, **luck, "account": side.profile, "skip": skip})
        self.faulty = True

    @rule()
    def it_is_mended(self) -> None:
        lab = self.fleet.lab
        lab.admin("DELETE", "faults")
        lab.admin("PATCH", "settings", {"quotas": dict.fromkeys(QUOTAS, 1000)})
        for key in KEYS:
            self.kms(key).enable_key(KeyId=self.fleet.keys[key])
        self.faulty = False

    @rule(quota=st.sampled_from(QUOTAS), most=st.integers(0, 4), key=st.sampled_from([None, *KEYS]))
    def less_is_possible(self, quota: str, most: int, key: str | None) -> None:
        """Lower a quota or disable a key."""
        if key is None:
            self.fleet.lab.admin("PATCH", "settings", {"quotas": {quota: most}})
            # How many copies AWS lets be in flight is told nowhere, so that check mode cannot know it.
            self.faulty = self.faulty or quota.endswith("_copies")
            return
        with no_matter:
            self.kms(key).disable_key(KeyId=self.fleet.keys[key])

    def kms(self, key: str) -> Any:
        return self.fleet.others(DR if key == "dr" else SOURCE, "kms")

    @rule(which=ANY, tag=st.sampled_from([None, RETAIN, VERIFIED]))
    def somebody_deletes_or_tags_a_snapshot(self, which: int, tag: str | None) -> None:
        if (one := any_of(self.manual(), which)) is None:
            return
        with no_matter:
            if tag is None:
                self.fleet.delete_recovery_point(side_of(one), one.name)
                return
            tags = [{"Key": tag, "Value": "yes"}]
            self.fleet.others(side_of(one)).add_tags_to_resource(ResourceName=one.arn, Tags=tags)

    def manual(self) -> list[Shot]:
        """In an order that a second try finds again, whatever the time of day was."""
        found = [one for one in self.found.values() if one.type == "manual" and one.account != STRANGER.account]
        return sorted(found, key=lambda one: (one.account, one.is_cluster, len(one.name), one.original))

    def offered(self) -> list[Shot]:
        return [one for one in self.manual() if DR.account in one.shared_with]

    @rule()
    def a_stranger_shares(self) -> None:
        """Share a snapshot of a stranger's own database, named as if we had made it."""
        fleet, theirs = self.fleet, self.fleet.others(STRANGER)
        seed = {"account": STRANGER.profile, "prefix": "strange", "snapshots": 1, "type": "manual"}
        if not any(one.account == STRANGER.account for one in self.found.values()):
            fleet.lab.admin("POST", "seed", seed)
        found = [one for one in shots(fleet.status()).values() if one.account == STRANGER.account]
        self.share_a_copy(theirs, next(one for one in found if "strange" in one.name), LOOKS_LIKE_OURS)

    @rule(which=ANY, ours=st.booleans())
    def a_colleague_shares(self, which: int, ours: bool) -> None:
        """At the source, without our tag, and with a name that may look like ours but tells of another database."""
        automated = [one for one in self.found.values() if one.type == "automated" and not one.is_cluster]
        if one := any_of(sorted(automated, key=lambda one: (len(one.name), one.original)), which):
            self.share_a_copy(self.fleet.others(SOURCE), one, LOOKS_LIKE_OURS if ours else "by-hand")

    def share_a_copy(self, client: Any, source: Shot, name: str) -> None:
        with no_matter:
            client.copy_db_snapshot(SourceDBSnapshotIdentifier=source.arn, TargetDBSnapshotIdentifier=name)
            self.fleet.pass_time(A_COPY)
            client.modify_db_snapshot_attribute(
                DBSnapshotIdentifier=name, AttributeName="restore", ValuesToAdd=[DR.account]
            )

    @rule(which=ANY)
    def somebody_takes_a_name_of_ours(self, which: int) -> None:
        """Copy by hand, as an operator of the DR account, to the name that our copy is to have."""
        if (one := any_of(self.offered(), which)) is None:
            return
        client = self.fleet.others(DR)
        words = {"KmsKeyId": self.fleet.keys["dr"]} if one.key or not one.is_cluster else {}
        kind, copy = ("DBSnapshot", client.copy_db_snapshot)
        if one.is_cluster:
            kind, copy = ("DBClusterSnapshot", client.copy_db_cluster_snapshot)
        names = {f"Source{kind}Identifier": one.arn, f"Target{kind}Identifier": one.name}
        with no_matter:
            copy(**names, **words, SourceRegion=one.region)

    @rule(which=ANY, backups_stay=st.booleans())
    def a_database_is_deleted(self, which: int, backups_stay: bool) -> None:
        """Not the last one of which there is a backup."""
        if len({one.resource_id for one in self.found.values() if one.type == "automated"}) < 2:
            return
        rows = [row for row in self.fleet.status()["databases"] if row["arn"].split(":")[4] == SOURCE.account]
        arn = any_of(sorted(row["arn"] for row in rows if row["status"] == "available"), which)
        if arn is None:
            return
        with no_matter:
            self.delete(arn, backups_stay=backups_stay)
            self.fleet.pass_time(300)

    def delete(self, arn: str, *, backups_stay: bool) -> None:
        kind, name = arn.split(":")[5:]
        client = self.fleet.others(SOURCE)
        how = {"SkipFinalSnapshot": True, "DeleteAutomatedBackups": not backups_stay}
        if kind == "db":
            client.delete_db_instance(DBInstanceIdentifier=name, **how)
        else:
            client.delete_db_cluster(DBClusterIdentifier=name, **how)

    # -- what holds ----------------------------------------------------------------------------------------------

    @invariant()
    def no_rule_is_broken(self) -> None:
        self.found = self.watch.look(self.fleet.status())
        assert list(self.watch.broken_by_state(self.found)) == []

    def teardown(self) -> None:
        if not hasattr(self, "watch"):
            return
        self.mend()
        if sys.exc_info()[0] is None:
            self.everything_lands()

    def mend(self) -> None:
        """Nothing is broken any more, and a night has passed."""
        fleet = self.fleet
        self.it_is_mended()
        for one in self.manual():
            if one.account == DR.account and not one.is_ours:
                fleet.delete_recovery_point(DR, one.name)
        client = fleet.others(SOURCE)
        for row in fleet.status()["databases"]:
            if row["status"] == "inaccessible-encryption-credentials-recoverable":
                kind, name = row["arn"].split(":")[5:]
                if kind == "db":
                    client.start_db_instance(DBInstanceIdentifier=name)
                else:
                    client.start_db_cluster(DBClusterIdentifier=name)
            elif row["status"] == "inaccessible-encryption-credentials":  # its key was disabled for a week: for good
                self.delete(row["arn"], backups_stay=True)
        fleet.pass_time(DAY)
        fleet.back_up()

    def everything_lands(self) -> None:
        """In a few runs, the last of which has nothing to do."""
        for _turn in range(CALM):
            self.made = []
            still_active = list(not_idle(self.fleet.protect(), self.made))
            if not still_active:
                break
        assert still_active == [], "\n".join(still_active)
        self.found = self.watch.look(self.fleet.status())
        assert list(self.watch.broken_by_state(self.found)) == []
        assert list(self.not_landed()) == []

    def not_landed(self) -> list[str]:
        """Report existing databases whose newest recovery point has not landed, and what was not tidied up."""
        rows = self.fleet.status()["databases"]
        names = [row["arn"].split(":", 6) for row in rows if row["status"] != "deleting"]
        there = {words[6] for words in names if words[4] == SOURCE.account}
        found, classes = self.found.values(), routes_of(self.classes, self.found)
        wanted, wrong = newest(originals(classes, self.found)), []
        for one in newest(one for one in found if one.type == "automated" and database_of(one) in classes).values():
            if one.name[4:-17] not in there:
                continue
            if not any(self.has_landed(other, wanted[database_of(one)]) for other in own(found, DR.account)):
                wrong.append(f"{one.name} has not landed")
        # Older ones that never landed stay shared: test_what_is_left.py.
        published = newest(own(found, SOURCE.account)).values()
        wrong += [f"{one.arn} is shared" for one in published if one.shared_with]
        wrong += [f"{words} is left" for words in names if words[4] == DR.account or STAND_IN in words[6]]
        return wrong + [f"{one.arn} is left" for one in found if STAGE in one.tags]

    def has_landed(self, one: Shot, wanted: Shot) -> bool:
        """Whether this is that recovery point at the DR site; what is taken now is only as new."""
        if database_of(one) != database_of(wanted) or not self.watch.is_landed(one):
            return False
        route = routes_of(self.classes, self.found)[database_of(wanted)]
        if route.is_taken and not route.has_stand_in:
            return original_of(one) >= original_of(wanted)
        return time_in_name(one) == original_of(wanted)


def any_of(found: Sequence[Any], which: int) -> Any:
    return found[which % len(found)] if found else None


def side_of(one: Shot) -> Side:
    return next(side for side in SIDES if side.account == one.account)


@pytest.mark.parametrize("shard", range(SHARDS))
def test_no_rule_is_broken_whatever_happens_and_everything_lands_in_the_end(fleet: Fleet, shard: int) -> None:
    class Here(Trouble):
        pass

    Here.fleet = fleet
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=EXAMPLES // SHARDS,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[phase for phase in Phase if THOROUGH or phase not in (Phase.shrink, Phase.explain)],
            print_blob=True,
        ),
    )
