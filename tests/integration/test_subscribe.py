# SPDX-License-Identifier: GPL-3.0-or-later
"""From nothing to events in a queue and alarms, and back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml

from lifeboat_lab import Lab
from lifeboat_lab.testing import until
from tests.integration.play import DR, EAST, ROLES, ROOT, SOURCE, WEST, Run, forget_calls, play, writes
from tests.prepared import WITH_EVENTS, prepare

pytestmark = pytest.mark.story

Row = dict[str, Any]
HOSTS = {"production": (SOURCE, WEST), "production_dr": (DR, EAST)}
DATABASE = "shop-00000"
TOPIC = f"arn:aws:sns:{WEST}:{SOURCE}:lifeboat-events"
DR_TOPIC = f"arn:aws:sns:{EAST}:{DR}:lifeboat-events"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with Lab(roles=ROLES, metadata_only=True, scale=1200, durations={"create": 0.0, "event": 0.0}) as running:
        running.admin("POST", "seed", {"account": "production", "prefix": "shop", "databases": 1, "snapshots": 0})
        prepare(running, "-e", json.dumps(WITH_EVENTS), evidence=tmp_path_factory.mktemp("prepared"))
        yield running


@pytest.fixture(scope="module")
def run(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Run]:
    """Run a playbook with a key for events, and the data of the test."""
    folder = tmp_path_factory.mktemp("subscribe")

    def run(playbook: str, *arguments: str, **data: Any) -> Run:
        forget_calls(lab)
        done = play(lab, playbook, "-e", json.dumps(WITH_EVENTS | data), *arguments, evidence=folder)
        assert done.code == 0, done.output
        return done

    return run


def changes(done: Run) -> dict[str, int]:
    return {host: done.recap(host)["changed"] for host in HOSTS}


def subscriptions(lab: Lab, host: str) -> dict[str, Row]:
    rows = lab.client(host, "rds", HOSTS[host][1]).describe_event_subscriptions()["EventSubscriptionsList"]
    return {row["CustSubscriptionId"]: row for row in rows}


def queue(lab: Lab, host: str, name: str = "lifeboat-events") -> str:
    return str(lab.client(host, "sqs", HOSTS[host][1]).get_queue_url(QueueName=name)["QueueUrl"])


def received(lab: Lab, host: str, name: str = "lifeboat-events") -> list[Row]:
    """Empty a queue and return what waited in it."""
    sqs, url = lab.client(host, "sqs", HOSTS[host][1]), queue(lab, host, name)
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
    for message in found.get("Messages", []):
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return list(found.get("Messages", []))


def events(**other_categories: list[str]) -> list[Row]:
    """Return the event subscriptions of the role's defaults, some with other categories."""
    text = (ROOT / "roles" / "subscription" / "defaults" / "main.yml").read_text(encoding="utf-8")
    rows = yaml.safe_load(text.replace("{{ subscription_prefix }}", "lifeboat"))["subscription_events"]
    return [
        row | {"event_categories": other_categories.get(row["source_type"].replace("-", "_"), row["event_categories"])}
        for row in rows
    ]


def difference(done: Run) -> list[str]:
    """List the lines of the differences that a run showed, without the names of files."""
    lines = [line.strip() for line in done.output.splitlines() if line.startswith(("+", "-"))]
    return sorted(line for line in lines if not line.startswith(("+++", "---")))


# -- provision -------------------------------------------------------------------------------------------------------


def test_check_mode_tells_exactly_what_is_then_made(lab: Lab, run: Callable[..., Run]) -> None:
    planned = run("subscribe.yml", "--check", "--diff")
    assert writes(lab) == []
    done = run("subscribe.yml", "--diff")
    assert changes(planned) == changes(done)
    assert min(changes(done).values()) > 0
    assert difference(planned) == difference(done)


@pytest.mark.parametrize("host", HOSTS)
def test_there_is_one_subscription_for_each_type_of_source(lab: Lab, host: str) -> None:
    account, region = HOSTS[host]
    rows = subscriptions(lab, host)
    assert {row["SourceType"]: sorted(row["EventCategoriesList"]) for row in rows.values()} == {
        one["source_type"]: sorted(one["event_categories"]) for one in events()
    }
    assert {row["Status"] for row in rows.values()} == {"active"}
    assert {row["SnsTopicArn"] for row in rows.values()} == {f"arn:aws:sns:{region}:{account}:lifeboat-events"}


@pytest.mark.parametrize("host", HOSTS)
def test_the_topic_is_under_the_key_and_open_to_this_account_alone(lab: Lab, host: str) -> None:
    account, region = HOSTS[host]
    arn = f"arn:aws:sns:{region}:{account}:lifeboat-events"
    attributes = lab.client(host, "sns", region).get_topic_attributes(TopicArn=arn)["Attributes"]
    assert attributes["KmsMasterKeyId"] == "alias/lifeboat-events"
    statements = json.loads(attributes["Policy"])["Statement"]
    services = ["events.rds.amazonaws.com"] + (["cloudwatch.amazonaws.com"] if host == "production_dr" else [])
    assert [one["Principal"] for one in statements] == [{"Service": service} for service in services]
    assert {one["Condition"]["StringEquals"]["aws:SourceAccount"] for one in statements} == {account}


def test_alarms_are_at_the_dr_site_alone(lab: Lab) -> None:
    assert lab.client("production", "cloudwatch", WEST).describe_alarms()["MetricAlarms"] == []
    alarms = lab.client("production_dr", "cloudwatch", EAST).describe_alarms()["MetricAlarms"]
    passes = {one["value"] for one in (pair for row in alarms for pair in named(row)) if one["name"] == "Pass"}
    assert passes == {"posture"}
    assert {row["TreatMissingData"] for row in alarms} == {"breaching"}
    assert {row["MetricName"] for row in alarms} == {
        "DrillFailed",
        "LastVerifiedDrillAge",
        "SuccessfulRun",
        "Unprotected",
    }
    assert {tuple(row["AlarmActions"]) for row in alarms} == {(DR_TOPIC,)}


def named(alarm: Row) -> list[Row]:
    return [{"name": one["Name"], "value": one["Value"]} for one in alarm["Dimensions"]]


def test_again_nothing_is_changed_and_little_is_asked(lab: Lab, run: Callable[..., Run]) -> None:
    done = run("subscribe.yml")
    assert set(changes(done).values()) == {0}
    assert writes(lab) == []
    rds = [call["action"] for call in lab.calls(service="rds", account=SOURCE)]
    assert sorted(rds) == ["DescribeEventCategories", "DescribeEventSubscriptions", *["ListTagsForResource"] * 4]


def test_an_environment_that_is_not_enabled_is_left_alone(lab: Lab, run: Callable[..., Run]) -> None:
    done = run("subscribe.yml", lifeboat_environment="development", subscription_state="absent")
    assert lab.calls() == []
    assert "development is not enabled: nothing is subscribed" in done.output


# -- events ----------------------------------------------------------------------------------------------------------


def test_the_event_of_a_snapshot_arrives_raw_and_what_is_not_wanted_does_not(lab: Lab) -> None:
    rds = lab.client("production", "rds", WEST)
    rds.create_db_snapshot(DBInstanceIdentifier=DATABASE, DBSnapshotIdentifier="by-hand")
    (message,) = until(lambda: received(lab, "production"))
    body = json.loads(message["Body"])
    assert body["Event ID"].endswith("#RDS-EVENT-0042")
    assert (body["Source ID"], body["Event Message"]) == ("by-hand", "Manual snapshot created")
    assert message["MessageAttributes"]["EventID"]["StringValue"] == "RDS-EVENT-0042"
    # It was told before that the snapshot is being created, and said hello when it was subscribed.
    told = rds.describe_events(SourceType="db-snapshot")["Events"]
    assert [one["Message"] for one in told] == ["Creating manual snapshot", "Manual snapshot created"]
    assert received(lab, "production") == []


def test_a_change_shows_exactly_its_difference(lab: Lab, run: Callable[..., Run]) -> None:
    wanted = events(db_snapshot=["creation", "deletion"])
    planned = run("subscribe.yml", "--check", "--diff", "--limit", "production", subscription_events=wanted)
    assert writes(lab) == []
    assert [line for line in difference(planned) if "notification" in line] == difference(planned)
    done = run("subscribe.yml", "--diff", "--limit", "production", subscription_events=wanted)
    assert difference(done) == difference(planned)
    assert done.recap("production")["changed"] == 1
    assert writes(lab) == ["ModifyEventSubscription"]
    assert run("subscribe.yml").recap("production")["changed"] == 1  # and back


# -- what is wrong ---------------------------------------------------------------------------------------------------


def test_a_topic_that_is_closed_to_rds_shows_and_is_repaired(lab: Lab, run: Callable[..., Run]) -> None:
    sns = lab.client("production", "sns", WEST)
    policy = sns.get_topic_attributes(TopicArn=TOPIC)["Attributes"]["Policy"]
    closed = policy.replace(SOURCE + '"}', '999999999999"}')
    assert closed != policy
    sns.set_topic_attributes(TopicArn=TOPIC, AttributeName="Policy", AttributeValue=closed)
    answers = ask(lab, run, {"info": ("event_subscription_info", {}), "again": ("event_subscription", four())})
    assert {one["status"] for one in answers["info"]["subscriptions"]} == {"no-permission"}
    assert "Add this statement to the policy of" in answers["again"]["msg"]
    assert f'"aws:SourceAccount": "{SOURCE}"' in answers["again"]["msg"]
    run("subscribe.yml", "--limit", "production")
    assert {row["Status"] for row in subscriptions(lab, "production").values()} == {"active"}


def four() -> Row:
    return {"subscriptions": [one | {"sns_topic_arn": TOPIC} for one in events()]}


def ask(lab: Lab, run: Callable[..., Run], calls: dict[str, tuple[str, Row]], **data: Any) -> dict[str, Row]:
    """Call modules at the source site with the rights of the role. Return the answers, also of failures."""
    folder = lab.home / "asked"
    folder.mkdir(exist_ok=True)
    tasks: list[Row] = []
    for number, (name, (module, options)) in enumerate(calls.items()):
        patience = {"poll_interval": 1} if module == "event_subscription" else {}
        call: Row = {f"lifeboat.rds.{module}": {"account_id": SOURCE, **patience, **options}}
        tasks.append({"name": name, **call, "register": f"answer_{number}", "ignore_errors": True})
    answers = {name: f"{{{{ answer_{number} }}}}" for number, name in enumerate(calls)}
    leave = {"content": "{{ all_answers | to_json }}", "dest": str(folder / "answers.json")}
    tasks.append({"name": "Leave the answers", "ansible.builtin.copy": leave, "vars": {"all_answers": answers}})
    defaults = {"group/lifeboat.rds.all": {"profile": "production_subscribe", "region": WEST}}
    plays = [{"hosts": "production", "gather_facts": False, "module_defaults": defaults, "tasks": tasks}]
    (folder / "ask.yml").write_text(yaml.safe_dump(plays), encoding="utf-8")
    run(str(folder / "ask.yml"), **data)
    found: dict[str, Row] = json.loads((folder / "answers.json").read_text(encoding="utf-8"))
    return found


# -- passes that do not happen ---------------------------------------------------------------------------------------


def test_a_pass_that_does_not_happen_raises_an_alarm_that_listeners_hear(lab: Lab, run: Callable[..., Run]) -> None:
    sqs, cloudwatch = lab.client("production_dr", "sqs", EAST), lab.client("production_dr", "cloudwatch", EAST)
    arn = f"arn:aws:sqs:{EAST}:{DR}:operators"
    statement = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
    statement |= {"Resource": arn, "Condition": {"ArnEquals": {"aws:SourceArn": DR_TOPIC}}}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.create_queue(QueueName="operators", Attributes={"Policy": policy})
    alarm = {"name": "no-posture", "metric": "SuccessfulRun", "dimensions": {"Pass": "posture"}, "hours": 2}
    listener = {"endpoint": arn, "raw": True}
    run("subscribe.yml", "--limit", "production_dr", subscription_alarms=[alarm], lifeboat_event_listeners=[listener])

    def state() -> str:
        return str(cloudwatch.describe_alarms(AlarmNames=["lifeboat-no-posture"])["MetricAlarms"][0]["StateValue"])

    def it_ran() -> bool:
        dimensions = [{"Name": "Installation", "Value": "lifeboat"}, {"Name": "Pass", "Value": "posture"}]
        datum = {"MetricName": "SuccessfulRun", "Value": 1.0, "Dimensions": dimensions}
        cloudwatch.put_metric_data(Namespace="Lifeboat", MetricData=[datum])
        return state() == "OK"

    lab.admin("PATCH", "settings", {"alarm_scale": 1800})  # an hour takes two seconds
    until(it_ran)
    until(lambda: state() == "ALARM")
    lab.admin("PATCH", "settings", {"alarm_scale": 1})
    heard = [json.loads(one["Body"]) for one in until(lambda: received(lab, "production_dr", "operators"))]
    assert "lifeboat-no-posture" in {one["AlarmName"] for one in heard if "AlarmName" in one}
    # No rulebook has to make anything of alarms: the filter keeps them from the queue of events.
    assert received(lab, "production_dr") == []


# -- remove ----------------------------------------------------------------------------------------------------------


def test_all_of_it_goes_as_check_mode_told_and_stays_gone(lab: Lab, run: Callable[..., Run]) -> None:
    planned = run("subscribe.yml", "--check", subscription_state="absent")
    assert writes(lab) == []
    done = run("subscribe.yml", subscription_state="absent")
    assert changes(planned) == changes(done)
    # RDS before its topic, the topic before its queue.
    order = [call["action"] for call in lab.calls(account=SOURCE) if call["action"].startswith("Delete")]
    assert order == [*["DeleteEventSubscription"] * 4, "DeleteTopic", "DeleteQueue", "DeleteQueue"]
    for host, (_account, region) in HOSTS.items():
        assert subscriptions(lab, host) == {}
        assert "lifeboat" not in json.dumps(lab.client(host, "sns", region).list_topics()["Topics"])
        assert "lifeboat" not in json.dumps(lab.client(host, "sqs", region).list_queues().get("QueueUrls", []))
    assert lab.client("production_dr", "cloudwatch", EAST).describe_alarms()["MetricAlarms"] == []
    again = run("subscribe.yml", subscription_state="absent")
    assert set(changes(again).values()) == {0}
    assert writes(lab) == []
