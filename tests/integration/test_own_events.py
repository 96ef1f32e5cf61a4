# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs tell what they did, with the rights that prepare gives them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml

from lifeboat_lab import Lab
from lifeboat_lab.testing import until
from tests.documentation import code_blocks
from tests.integration.play import DR, EAST, ROLES, ROOT, SOURCE, WEST, Run, forget_calls, play
from tests.prepared import WITH_EVENTS, prepare

pytestmark = pytest.mark.story

Row = dict[str, Any]
HOSTS = {"production": (SOURCE, WEST), "production_dr": (DR, EAST)}
PAGE = (ROOT / "docs" / "own-events.md").read_text(encoding="utf-8")
LINE = yaml.safe_load(code_blocks(PAGE, "yaml")[0])
DATA = {
    **WITH_EVENTS,
    **LINE,
    "lifeboat_databases": {},
}


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab(roles=ROLES, metadata_only=True, scale=3600, durations={"event": 0.0}) as running:
        for kind, engine in (("instance", "postgres"), ("cluster", "aurora-postgresql")):
            seed = {"account": "production", "databases": 1, "snapshots": 1, "kind": kind, "prefix": kind}
            offered = running.client("production_dr", "rds", EAST).describe_db_engine_versions(Engine=engine)
            seed |= {"engine": engine, "version": offered["DBEngineVersions"][0]["EngineVersion"]}
            running.admin("POST", "seed", seed)
        yield running


@pytest.fixture(scope="module")
def run(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Run]:
    folder = tmp_path_factory.mktemp("told")

    def run(playbook: str, *arguments: str, **data: Any) -> Run:
        forget_calls(lab)
        return play(lab, playbook, "-e", json.dumps(DATA | data), *arguments, evidence=folder)

    return run


@pytest.fixture(scope="module", autouse=True)
def listeners(lab: Lab, run: Callable[..., Run], tmp_path_factory: pytest.TempPathFactory) -> None:
    """In each account a queue of the operators, which hears what runs tell and nothing else."""
    prepare(lab, "-e", json.dumps(WITH_EVENTS), evidence=tmp_path_factory.mktemp("prepared"))
    heard = {}
    for host, (account, region) in HOSTS.items():
        arn = f"arn:aws:sqs:{region}:{account}:operators"
        topic = f"arn:aws:sns:{region}:{account}:lifeboat-events"
        statement = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
        statement |= {"Resource": arn, "Condition": {"ArnEquals": {"aws:SourceArn": topic}}}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        lab.client(host, "sqs", region).create_queue(QueueName="operators", Attributes={"Policy": policy})
        heard[host] = {"endpoint": arn, "raw": True, "filter_policy": {"EventID": [{"prefix": "LIFEBOAT-EVENT-"}]}}
    done = run("subscribe.yml", lifeboat_event_listeners="{{ [heard[inventory_hostname]] }}", heard=heard)
    assert done.code == 0, done.output


def heard(lab: Lab, host: str) -> list[tuple[str, str, str]]:
    """Empty a queue and return the id, the kind of source and the database of each message."""
    sqs = lab.client(host, "sqs", HOSTS[host][1])
    url, events = sqs.get_queue_url(QueueName="operators")["QueueUrl"], []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            body = json.loads(message["Body"])
            events.append((body["Event ID"].rpartition("-")[2], body["Event Source"], body["Database"]))
    return sorted(events)


def heartbeats(lab: Lab, host: str) -> list[str]:
    metrics = lab.client(host, "cloudwatch", HOSTS[host][1]).list_metrics(Namespace="Lifeboat")["Metrics"]
    found = [{pair["Name"]: pair["Value"] for pair in one["Dimensions"]} for one in metrics]
    return sorted(one["Pass"] for one in found if one["Installation"] == "lifeboat")


def beats(lab: Lab, name: str, host: str = "production_dr") -> float:
    """How often a pass left a heartbeat."""
    cloudwatch = lab.client(host, "cloudwatch", HOSTS[host][1])
    dimensions = [{"Name": "Installation", "Value": "lifeboat"}, {"Name": "Pass", "Value": name}]
    about = {"Namespace": "Lifeboat", "MetricName": "SuccessfulRun", "Dimensions": dimensions}
    stat = {"Id": "beats", "MetricStat": {"Metric": about, "Period": 86400, "Stat": "Sum"}}
    times = {"StartTime": "2000-01-01T00:00:00Z", "EndTime": "2100-01-01T00:00:00Z"}
    return float(sum(cloudwatch.get_metric_data(MetricDataQueries=[stat], **times)["MetricDataResults"][0]["Values"]))


def test_what_is_only_planned_is_not_told(lab: Lab, run: Callable[..., Run]) -> None:
    assert run("protect.yml", "--check").code == 0
    assert [heard(lab, host) + heartbeats(lab, host) for host in HOSTS] == [[], []]


def test_each_side_tells_what_it_did_also_of_clusters(lab: Lab, run: Callable[..., Run]) -> None:
    done = run("protect.yml")
    assert (done.code, "WARNING" in done.output) == (0, False), done.output
    assert heard(lab, "production") == [
        ("0001", "db-cluster-snapshot", "cluster-00000"),
        ("0001", "db-snapshot", "instance-00000"),
    ]
    assert heard(lab, "production_dr") == [
        ("0011", "db-cluster-snapshot", "cluster-00000"),
        ("0011", "db-snapshot", "instance-00000"),
    ]
    assert heartbeats(lab, "production") == ["prune", "publish"]
    assert heartbeats(lab, "production_dr") == ["prune", "replicate"]


def test_telling_takes_one_call_to_the_topic_and_one_to_cloudwatch(lab: Lab, run: Callable[..., Run]) -> None:
    assert run("protect.yml").code == 0
    assert [heard(lab, host) for host in HOSTS] == [[], []]
    told = [call["action"] for call in lab.calls() if call["action"] in ("PublishBatch", "PutMetricData")]
    assert told == ["PutMetricData", "PutMetricData"], "what was so before is no news"


def test_a_copy_that_fails_is_told_and_leaves_no_heartbeat(lab: Lab, run: Callable[..., Run]) -> None:
    lab.admin("POST", "clock", {"advance": 86400})
    lab.admin("POST", "automated-snapshots", {"account": "production"})
    before = beats(lab, "replicate")
    lab.admin("POST", "faults", {"kind": "failed-copy", "account": "production_dr", "action": "CopyDBSnapshot"})
    assert run("protect.yml").code != 0
    assert heard(lab, "production_dr") == [
        ("0011", "db-cluster-snapshot", "cluster-00000"),
        ("0012", "db-snapshot", "instance-00000"),
        ("0061", "db-snapshot", "instance-00000"),
    ], "prune removes what failed"
    assert beats(lab, "replicate") == before


def test_the_verdict_of_a_drill_is_told_and_leftovers_too(lab: Lab, run: Callable[..., Run]) -> None:
    checks = {"instance-00000": {"checks": [{"check": "rows", "table": "orders", "minimum": 1}]}}
    done = run("drill.yml", lifeboat_databases=checks, drill_databases=["instance-00000"])
    assert done.code != 0, "there is no server behind this lab's databases"
    verdicts = [event for event in heard(lab, "production_dr") if event[0].startswith("003")]
    assert [event[1:] for event in verdicts] == [("db-snapshot", "instance-00000")], done.output
    assert beats(lab, "reap") == 1


def test_a_run_that_no_schedule_has_to_bring_about_leaves_no_heartbeat(lab: Lab, run: Callable[..., Run]) -> None:
    def all_beats() -> tuple[float, float]:
        return beats(lab, "publish", "production"), beats(lab, "replicate")

    before = all_beats()
    assert run("publish.yml", publish_databases=["cluster-00000"]).code == 0
    about = f"{SOURCE}/{WEST}/database/cluster-00000"
    done = run("on_event.yml", on_event_happened="snapshot_created", on_event_about=about)
    assert (done.code, "snapshot_created: replicate" in done.output) == (0, True), done.output
    assert all_beats() == before


def test_a_pass_that_is_not_heard_of_any_more_raises_its_alarm(lab: Lab, run: Callable[..., Run]) -> None:
    alarm = {"name": "no-reap", "metric": "SuccessfulRun", "dimensions": {"Pass": "reap"}, "hours": 6}
    assert run("subscribe.yml", "--limit", "production_dr", subscription_alarms=[alarm]).code == 0
    cloudwatch = lab.client("production_dr", "cloudwatch", EAST)

    def state() -> str:
        (row,) = cloudwatch.describe_alarms(AlarmNames=["lifeboat-no-reap"])["MetricAlarms"]
        return str(row["StateValue"])

    assert run("reap.yml").code == 0
    lab.admin("PATCH", "settings", {"alarm_scale": 1800})  # an hour takes two seconds
    until(lambda: state() == "OK")
    until(lambda: state() == "ALARM", timeout=60)
    lab.admin("PATCH", "settings", {"alarm_scale": 1})
    names = {row["AlarmName"] for row in cloudwatch.describe_alarms()["MetricAlarms"]}
    assert names == {"lifeboat-no-reap"}, "the others of ours are not wanted any more"


def test_a_topic_that_is_gone_is_a_warning_and_changes_no_end(lab: Lab, run: Callable[..., Run]) -> None:
    before = beats(lab, "reap")
    lab.client("production_dr", "sns", EAST).delete_topic(TopicArn=f"arn:aws:sns:{EAST}:{DR}:lifeboat-events")
    lab.admin("POST", "clock", {"advance": 86400})
    lab.admin("POST", "automated-snapshots", {"account": "production"})
    done = run("protect.yml")
    assert done.code == 0, done.output
    assert f"WARNING: production_dr: Cannot send to the topic arn:aws:sns:{EAST}:{DR}:lifeboat-events" in done.output
    assert beats(lab, "replicate") > 0
    assert beats(lab, "reap") == before
