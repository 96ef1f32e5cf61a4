# SPDX-License-Identifier: GPL-3.0-or-later
"""Every variable of the inventory whose name begins with ``lifeboat_``. What is not in these tables stops a run.

They are an argument specification that all roles share. ``make tables`` writes docs/inventory.md from it. The variables
of one role are in its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..keeping.policy import NUMBERS as RETENTION


class Form(NamedTuple):
    """What a text looks like, and what to do about one that does not."""

    pattern: re.Pattern[str]
    remedy: str


class Variable(NamedTuple):
    """One entry of an argument specification, in the words of Ansible, with what it means."""

    type: str
    meaning: str = ""
    elements: str = ""
    choices: tuple[str, ...] = ()
    # Of a dictionary, or of each in a list: the keys that there are. Empty where they are checked elsewhere.
    options: Mapping[str, Any] = {}
    form: Form | None = None
    secret: bool = False
    # Roles read it before Ansible makes a list or a dictionary of a text.
    as_written: bool = False

    @property
    def spec(self) -> dict[str, Any]:
        """Return it as Ansible reads argument specifications."""
        parts = {"elements": self.elements, "choices": list(self.choices), "no_log": self.secret}
        options = {name: option.spec for name, option in self.options.items()}
        return {"type": self.type, **{key: value for key, value in (parts | {"options": options}).items() if value}}

    @property
    def element(self) -> Variable:
        """Return what each value of a list is."""
        return self._replace(type=self.elements, elements="")


ACCOUNT = Form(re.compile(r"\d{12}"), "Set it to the 12 digits of the account, in quotes")
REGION = Form(re.compile(r"[a-z]+(-[a-z]+)+-\d+"), "Set it to a Region, such as eu-west-1")
OTHER_REGION = REGION._replace(pattern=re.compile(f"|{REGION.pattern.pattern}"))  # an empty text is as good as none
TEXT, NUMBER = Variable("str"), Variable("int")
TEXTS = Variable("list", elements="str")
# The option ``overrides`` of snapshot_restore.
OF_RESTORES: Mapping[str, Variable] = {
    **dict.fromkeys(("databases", "engines", "vpc_security_group_ids"), TEXTS),
    "kinds": TEXTS._replace(choices=("instance", "cluster")),
    **dict.fromkeys(("db_subnet_group_name", "db_instance_class", "db_parameter_group_name"), TEXT),
    **dict.fromkeys(("db_cluster_parameter_group_name", "restore_as", "reason"), TEXT),
    **dict.fromkeys(("expires_after", "backup_retention_period"), NUMBER),
    **dict.fromkeys(("multi_az", "protect"), Variable("bool")),
    **dict.fromkeys(("match_tags", "serverless"), Variable("dict")),
}
# The kinds of work that have a profile of their own.
WORK = (
    *("prepare", "publish", "replicate", "prune", "status", "tell", "drill", "recover", "subscribe"),
    *("failback_publish", "failback_replicate", "failback_prune", "failback_recover"),
)
# What differs from database to database. Its entries are checked elsewhere, see definitions.py.
DEFINITIONS = "lifeboat_databases"
# What an operator sets: in the inventory, or as an extra variable.
VARIABLES: Mapping[str, Variable] = {
    "lifeboat_account_id": Variable("str", "the account of the site, 12 digits in quotes", form=ACCOUNT),
    "lifeboat_region": Variable("str", "the home Region of the site", form=REGION),
    "lifeboat_dr_accounts": Variable(
        "list", "at a source site: the accounts that it publishes for", elements="str", form=ACCOUNT, as_written=True
    ),
    "lifeboat_profiles": Variable(
        "dict", "the AWS profile for each kind of work", options=dict.fromkeys(WORK, TEXT), as_written=True
    ),
    "lifeboat_prefix": Variable("str", "what the names of our snapshots and databases start with"),
    "lifeboat_environment": Variable("str", "the environment that the site belongs to"),
    "lifeboat_enabled_environments": Variable(
        "list", "the environments that are protected", elements="str", as_written=True
    ),
    DEFINITIONS: Variable("dict", "what differs from database to database, by identifier or pattern"),
    "lifeboat_kms_key_id": Variable("str", "the customer managed key of the site's account"),
    "lifeboat_database_keys": Variable(
        "list", "at a source site: keys of databases that prepare opens", elements="str", as_written=True
    ),
    "lifeboat_events_kms_key_id": Variable("str", "the key of topics and queues"),
    "lifeboat_recovery_point_source": Variable(
        "str", "which snapshots are published", choices=("automated", "manual", "awsbackup", "snapshot")
    ),
    "lifeboat_interval": Variable("int", "the seconds between two snapshots that publish takes"),
    "lifeboat_publish_region": Variable(
        "str", "the Region in which a source site publishes, if not its own", form=OTHER_REGION
    ),
    "lifeboat_stand_in": Variable(
        "dict",
        "where instances may stand in for Multi-AZ DB clusters",
        options={
            "subnet_group": TEXT,
            "security_groups": TEXTS,
            "instance_class": TEXT,
            "expire_hours": NUMBER,
        },
    ),
    "lifeboat_max_in_flight": Variable(
        "dict", "how many copies may be in flight at once", options={"instance": NUMBER, "cluster": NUMBER}
    ),
    "lifeboat_store": Variable("str", "where both sides leave their manifests"),
    "lifeboat_poll_interval": Variable("int", "the seconds between two looks at what AWS is working on"),
    "lifeboat_retention": Variable(
        "dict", "what retention keeps at the site", options=dict.fromkeys(RETENTION, NUMBER), as_written=True
    ),
    "lifeboat_retention_below_floor": Variable("bool", "retention may go below the floor of a DR site"),
    "lifeboat_max_age_days": Variable("int", "recovery points that are younger stay"),
    "lifeboat_drill_databases": Variable("list", "the databases to drill; all of them when left out", elements="str"),
    "lifeboat_drill_recovery_point": Variable(
        "dict",
        "which recovery point of each database is drilled",
        options={
            "choose": Variable("str", choices=("newest", "verified", "at", "random")),
            **dict.fromkeys(("at", "from", "to"), TEXT),
        },
    ),
    "lifeboat_drill_subnet_group": Variable("str", "the DB subnet group in which drills restore"),
    "lifeboat_drill_security_groups": Variable("list", "the security groups of what drills restore", elements="str"),
    "lifeboat_drill_expires_after": Variable("int", "the minutes after which the reaper may remove a killed drill"),
    "lifeboat_drill_credentials": Variable("str", "how the checks get in", choices=("random", "managed", "iam")),
    "lifeboat_drill_iam_username": Variable("str", "the user of the database for IAM tokens"),
    "lifeboat_drill_ca_file": Variable("path", "the authorities that the checks trust, on the check host"),
    "lifeboat_check_host": Variable("str", "the inventory host that runs the checks"),
    "lifeboat_controls": Variable(
        "list",
        "the controls of audits that a drill is evidence for",
        elements="dict",
        options=dict.fromkeys(("framework", "control", "title"), TEXT),
    ),
    "lifeboat_evidence": Variable("path", "the directory of the evidence, on the controller"),
    "lifeboat_evidence_store": Variable("str", "an S3 prefix that holds the evidence as well"),
    "lifeboat_signing_key": Variable("path", "the private key that signs the evidence"),
    "lifeboat_public_keys": Variable(
        "list", "with them, a posture counts only evidence that one of them signed", elements="str"
    ),
    "lifeboat_signing_passphrase": Variable("str", "its passphrase", secret=True),
    "lifeboat_recovery_subnet_group": Variable("str", "the DB subnet group in which recoveries restore"),
    "lifeboat_fallback_class": Variable("str", "the class of what is recovered without a recipe that tells one"),
    "lifeboat_recovery_security_groups": Variable(
        "list", "the security groups of what recoveries restore", elements="str"
    ),
    "lifeboat_failback_prefix": Variable("str", "what names on the way back start with"),
    "lifeboat_failback_keys": Variable(
        "list", "at a DR site: keys of recovered databases to open", elements="str", as_written=True
    ),
    "lifeboat_failback_before": Variable("path", "tasks that stop the applications before the way back"),
    "lifeboat_failback_network": Variable("bool", "make a network for what comes back"),
    "lifeboat_failback_subnet_group": Variable("str", "the DB subnet group of what comes back"),
    "lifeboat_failback_security_groups": Variable("list", "the security groups of what comes back", elements="str"),
    "lifeboat_failback_overrides": Variable(
        "list",
        "what differs for some databases that come back",
        elements="dict",
        options=OF_RESTORES,
        as_written=True,
    ),
    "lifeboat_failback_hook": Variable("path", "tasks that run once everything is back"),
    "lifeboat_metric_namespace": Variable("str", "the namespace of our metrics in CloudWatch"),
    "lifeboat_topic_arn": Variable("str", "the topic that hears what a run did"),
    "lifeboat_event_listeners": Variable(
        "list",
        "who hears of the events of RDS",
        elements="dict",
        options={
            **dict.fromkeys(("endpoint", "protocol"), TEXT),
            "raw": Variable("bool"),
            "filter_policy": Variable("dict"),
        },
        as_written=True,
    ),
    "lifeboat_events_queue": Variable("str", "for the rulebooks: the queue of events"),
    "lifeboat_awx_name": Variable("str", "for the rulebooks: what the names in AWX start with"),
    "lifeboat_awx_organization": Variable("str", "for the rulebooks: the organization in AWX"),
    "lifeboat_hosts": Variable("str", "for one run of publish, replicate or status: the sites, as a host pattern"),
    "lifeboat_accept_empty": Variable("bool", "a source site without any database is no error"),
    "lifeboat_accept_no_sites": Variable("bool", "a run that finds no site to work on is no error"),
    "lifeboat_own_names": Variable("list", "names of your own variables that look like ours", elements="str"),
}
# What runs say, to later plays or to a scheduler. In a workflow of AWX they are variables of the next job.
TOLD: Mapping[str, Variable] = {
    "lifeboat_outcomes": Variable("dict", "how each step ended at the site"),
    "lifeboat_verdict": Variable("str", "the verdict of a drill or a recovery"),
    "lifeboat_drill_id": Variable("str", "the id of a drill or a recovery"),
    "lifeboat_evidence_file": Variable("path", "its evidence"),
    "lifeboat_evidence_sha256": Variable("str", "the digest of that"),
    "lifeboat_endpoints": Variable("list", "where recovered databases listen", elements="dict"),
    "lifeboat_posture": Variable("path", "the posture"),
    "lifeboat_posture_verdict": Variable("str", "the verdict of the posture"),
    "lifeboat_unprotected": Variable("int", "how many databases are unprotected"),
    "lifeboat_unknown": Variable("int", "of how many it is not known"),
    "lifeboat_sink_problems": Variable("list", "what could not be told or kept", elements="str"),
}
# The groups of the inventory, and how many letters of the name of one may be wrong before it is another group.
GROUPS: Mapping[str, int] = {"lifeboat_source": 2, "lifeboat_dr": 1}
