# SPDX-License-Identifier: GPL-3.0-or-later
"""An event launches the job template that playbooks/awx.yml makes, through a real ansible-rulebook."""

from __future__ import annotations

import json

from lifeboat_lab import Lab
from lifeboat_lab.testing import until
from tests.awx.conftest import Configure, environment
from tests.awx.standin import Awx
from tests.awx.variables import DEFAULTS, SMALL
from tests.integration.rulebook import running

THERE = "arn:aws:rds:us-west-2:111111111111:snapshot"
EVENT = SMALL | {"awx_jobs": {"event": DEFAULTS["awx_jobs"]["event"]}}


def test_events_that_come_together_launch_one_job_with_their_databases(
    awx: Awx, url: str, configure: Configure
) -> None:
    done = configure(EVENT)
    assert done.code == 0, done.output
    with Lab(metadata_only=True) as lab:
        sqs = lab.client("production", "sqs", "us-west-2")
        queue = sqs.create_queue(QueueName="lifeboat-events")["QueueUrl"]
        for name in ("orders", "billing", "orders"):
            arn = f"{THERE}:rds:{name}-2026-11-26-03-05"
            sqs.send_message(QueueUrl=queue, MessageBody=json.dumps({"Event ID": "#RDS-EVENT-0091", "Source ARN": arn}))
        with running("lifeboat.rds.rds_events_awx", environment(url) | lab.env(), profile="production") as rulebook:
            until(lambda: awx.items["jobs"] or rulebook.process.poll() is not None, 90)
            assert rulebook.process.poll() is None, rulebook.output
    (job,) = awx.items["jobs"].values()
    assert job["job_template"] == awx.named("job_templates", "Lifeboat event")["id"]
    assert job["extra_vars"].pop("on_event_happened") == "snapshot_created"
    assert sorted(job["extra_vars"].pop("on_event_about").split()) == [
        f"111111111111/us-west-2/database/{name}" for name in ("billing", "orders")
    ]
    assert job["extra_vars"] == {}
    assert job["limit"] == "all"
