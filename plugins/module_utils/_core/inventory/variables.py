# SPDX-License-Identifier: GPL-3.0-or-later
"""Every variable of the inventory whose name begins with ``lifeboat_``. What is not in these tables stops a run.

``make tables`` writes docs/inventory.md from them. The variables of roles are in their argument specifications.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ..keeping.policy import NUMBERS as RETENTION


class Variable(NamedTuple):
    """What it is, in the words of argument specifications, and what it means."""

    type: str
    meaning: str
    # Of a dictionary: the keys that there are. Empty where anything may be a key, or where they are checked elsewhere.
    keys: tuple[str, ...] = ()


# The kinds of work that have a profile of their own.
WORK = (
    *("prepare", "publish", "replicate", "prune", "status", "tell", "drill", "recover", "subscribe"),
    *("failback_publish", "failback_replicate", "failback_recover"),
)
# What an operator sets: in the inventory, or as an extra variable.
VARIABLES: Mapping[str, Variable] = {
    "lifeboat_account_id": Variable("str", "the account of the site, 12 digits in quotes"),
    "lifeboat_region": Variable("str", "the home Region of the site"),
    "lifeboat_dr_accounts": Variable("list of str", "at a source site: the accounts that it publishes for"),
    "lifeboat_profiles": Variable("dict", "the AWS profile for each kind of work", WORK),
    "lifeboat_prefix": Variable("str", "what the names of our snapshots and databases start with"),
    "lifeboat_environment": Variable("str", "the environment that the site belongs to"),
    "lifeboat_enabled_environments": Variable("list of str", "the environments that are protected"),
    "lifeboat_databases": Variable("dict", "what differs from database to database, by identifier or pattern"),
    "lifeboat_kms_key_id": Variable("str", "the customer managed key of the site's account"),
    "lifeboat_database_keys": Variable("list of str", "at a source site: keys of databases that prepare opens"),
    "lifeboat_events_kms_key_id": Variable("str", "the key of topics and queues"),
    "lifeboat_recovery_point_source": Variable("str", "which snapshots are published"),
    "lifeboat_interval": Variable("int", "the seconds between two snapshots that publish takes"),
    "lifeboat_publish_region": Variable("str", "the Region in which a source site publishes, if not its own"),
    "lifeboat_stand_in": Variable(
        "dict",
        "where instances may stand in for Multi-AZ DB clusters",
        ("subnet_group", "security_groups", "instance_class", "expire_hours"),
    ),
    "lifeboat_max_in_flight": Variable("dict", "how many copies may be in flight at once", ("instance", "cluster")),
    "lifeboat_store": Variable("str", "where both sides leave their manifests"),
    "lifeboat_poll_interval": Variable("int", "the seconds between two looks at what AWS is working on"),
    "lifeboat_retention": Variable("dict", "what retention keeps at the site", tuple(RETENTION)),
    "lifeboat_retention_below_floor": Variable("bool", "retention may go below the floor of a DR site"),
    "lifeboat_max_age_days": Variable("int", "recovery points that are younger stay"),
    "lifeboat_drill_databases": Variable("list of str", "the databases to drill; all of them when left out"),
    "lifeboat_drill_recovery_point": Variable(
        "dict", "which recovery point of each database is drilled", ("choose", "at", "from", "to")
    ),
    "lifeboat_drill_subnet_group": Variable("str", "the DB subnet group in which drills restore"),
    "lifeboat_drill_security_groups": Variable("list of str", "the security groups of what drills restore"),
    "lifeboat_drill_expires_after": Variable("int", "the minutes after which the reaper may remove a killed drill"),
    "lifeboat_drill_credentials": Variable("str", "how the checks get in: random, managed or iam"),
    "lifeboat_drill_iam_username": Variable("str", "the user of the database for IAM tokens"),
    "lifeboat_drill_ca_file": Variable("path", "the authorities that the checks trust, on the check host"),
    "lifeboat_check_host": Variable("str", "the inventory host that runs the checks"),
    "lifeboat_controls": Variable("list of dict", "the controls of audits that a drill is evidence for"),
    "lifeboat_evidence": Variable("path", "the directory of the evidence, on the controller"),
    "lifeboat_evidence_store": Variable("str", "an S3 prefix that holds the evidence as well"),
    "lifeboat_signing_key": Variable("path", "the private key that signs the evidence"),
    "lifeboat_signing_passphrase": Variable("str", "its passphrase"),
    "lifeboat_recovery_subnet_group": Variable("str", "the DB subnet group in which recoveries restore"),
    "lifeboat_fallback_class": Variable("str", "the class of what is recovered without a recipe that tells one"),
    "lifeboat_recovery_security_groups": Variable("list of str", "the security groups of what recoveries restore"),
    "lifeboat_failback_prefix": Variable("str", "what names on the way back start with"),
    "lifeboat_failback_keys": Variable("list of str", "at a DR site: keys of recovered databases to open"),
    "lifeboat_failback_before": Variable("path", "tasks that stop the applications before the way back"),
    "lifeboat_failback_network": Variable("bool", "make a network for what comes back"),
    "lifeboat_failback_subnet_group": Variable("str", "the DB subnet group of what comes back"),
    "lifeboat_failback_security_groups": Variable("list of str", "the security groups of what comes back"),
    "lifeboat_failback_overrides": Variable("list of dict", "what differs for some databases that come back"),
    "lifeboat_failback_hook": Variable("path", "tasks that run once everything is back"),
    "lifeboat_metric_namespace": Variable("str", "the namespace of our metrics in CloudWatch"),
    "lifeboat_topic_arn": Variable("str", "the topic that hears what a run did"),
    "lifeboat_event_listeners": Variable("list of dict", "who hears of the events of RDS"),
    "lifeboat_events_queue": Variable("str", "for the rulebooks: the queue of events"),
    "lifeboat_awx_name": Variable("str", "for the rulebooks: what the names in AWX start with"),
    "lifeboat_awx_organization": Variable("str", "for the rulebooks: the organization in AWX"),
    "lifeboat_hosts": Variable("str", "for one run of publish, replicate or status: the sites, as a host pattern"),
    "lifeboat_accept_empty": Variable("bool", "a source site without any database is no error"),
    "lifeboat_accept_no_sites": Variable("bool", "a run that finds no site to work on is no error"),
    "lifeboat_own_names": Variable("list of str", "names of your own variables that look like ours"),
}
# What runs say, to later plays or to a scheduler. In a workflow of AWX they are variables of the next job.
TOLD: Mapping[str, Variable] = {
    "lifeboat_outcomes": Variable("dict", "how each step ended at the site"),
    "lifeboat_verdict": Variable("str", "the verdict of a drill or a recovery"),
    "lifeboat_drill_id": Variable("str", "the id of a drill or a recovery"),
    "lifeboat_evidence_file": Variable("path", "its evidence"),
    "lifeboat_evidence_sha256": Variable("str", "the digest of that"),
    "lifeboat_endpoints": Variable("list of dict", "where recovered databases listen"),
    "lifeboat_posture": Variable("path", "the posture"),
    "lifeboat_posture_verdict": Variable("str", "the verdict of the posture"),
    "lifeboat_unprotected": Variable("int", "how many databases are unprotected"),
    "lifeboat_unknown": Variable("int", "of how many it is not known"),
    "lifeboat_sink_problems": Variable("list of str", "what could not be told or kept"),
}
# The groups of the inventory, and how many letters of the name of one may be wrong before it is another group.
GROUPS: Mapping[str, int] = {"lifeboat_source": 2, "lifeboat_dr": 1}
