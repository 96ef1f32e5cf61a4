#!/usr/bin/python
# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: drill_report
short_description: Judge a drill or a recovery and write its evidence
version_added: 0.1.0
description:
  - Judges a drill by what the other modules found out, each database and the drill as a whole.
  - Writes the verdict as one JSON document that is never overwritten, and shows it as a table.
  - Each document contains the digest of the previous one of the same account and Region. So
    M(lifeboat.rds.evidence_verify) notices a document that was changed or deleted later. Drills that end at the same
    time in one O(directory) write their documents one after the other.
  - A result that is missing is V(unverified), never a pass. The module does not fail because of a verdict.
  - It calls no AWS API.
options:
  purpose:
    description:
      - Whether the databases of a V(drill) were restored, to be deleted in the end, or those of a V(recovery), to be
        kept.
      - The evidence calls it C(document).
    type: str
    choices: [drill, recovery]
    default: drill
  name:
    description: A name of the drill for people, which the evidence contains.
    type: str
  drill_id:
    description: The id of the drill. The file of the evidence is V(DRILL_ID-NUMBER.json).
    type: str
    required: true
  directory:
    description: The directory of the evidence. It is created if it does not exist.
    type: path
    required: true
  started:
    description: When the drill began, as ISO 8601 with a zone. The age of recovery points is counted back from it.
    type: str
    required: true
  started_clock:
    description:
      - The clock that O(started) was read from. It is V(controller) if AWS did not answer.
      - The evidence tells for each time which clock it was read from.
    type: str
    choices: [aws, controller]
    default: aws
  rpo_tolerance:
    description:
      - The number of seconds by which the age of the newest row may differ from that of the recovery point without a
        warning.
      - A warning does not change a verdict.
    type: int
    default: 900
  site:
    description: The site where the databases were restored.
    type: dict
    required: true
    suboptions:
      name:
        description: The name of the site in the inventory.
        type: str
      account_id:
        description: The 12-digit ID of the account.
        type: str
        required: true
      region:
        description: The Region.
        type: str
        required: true
  who:
    description: Who ran the drill. The user and the host of the module by default.
    type: dict
    suboptions:
      user:
        description: The user on the host.
        type: str
      host:
        description: The name of the host, as the host itself has it.
        type: str
      awx_user:
        description: The user of AWX or Automation Controller.
        type: str
      awx_job:
        description: The ID of the job in AWX or Automation Controller.
        type: str
      caller_arn:
        description: The ARN of the AWS credentials.
        type: str
  controls:
    description: The controls that this evidence is for.
    type: list
    elements: dict
    default: []
    suboptions:
      framework:
        description: The standard or framework.
        type: str
        required: true
      control:
        description: The name of the control in that framework.
        type: str
        required: true
      title:
        description: What the control is about.
        type: str
  quiet:
    description: Whether to leave out the table on the screen.
    type: bool
    default: false
  databases:
    description:
      - The databases of the drill with everything that is known about each.
      - All of it becomes part of the evidence, except for values that are named like a secret.
      - With an empty list the drill is V(unverified).
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The identifier of the database.
        type: str
        required: true
      kind:
        description: V(instance) or V(cluster).
        type: str
      restored_kind:
        description: The kind of what was restored, if it differs from O(databases[].kind).
        type: str
      unlike:
        description: How its configuration differs, or may differ, from that of the original database.
        type: list
        elements: str
      engine:
        description: The engine.
        type: str
      engine_version:
        description: The version of the engine.
        type: str
      owner:
        description: Who is responsible for the database.
        type: str
      accept_unverified:
        description:
          - Whether it is accepted that no check reads its data. It is still V(unverified), with that reason.
        type: bool
        default: false
      recovery_point:
        description: The name of the recovery point that was restored.
        type: str
      recovery_point_arn:
        description: The ARN of the recovery point.
        type: str
      lineage:
        description: The lineage, which all copies of the recovery point share.
        type: str
      original_time:
        description: When the first of all copies of the recovery point was made, as ISO 8601 with a zone.
        type: str
      objectives:
        description: The objectives. A database that misses one of them is V(failed).
        type: dict
        suboptions:
          rpo:
            description: The greatest age that the recovery point may have when the drill begins, in seconds.
            type: int
          rto:
            description: The number of seconds that all phases may take together, until the last check is done.
            type: int
      restore:
        description:
          - The result of the restore, with V(status), V(reason), V(target) and V(phases), the seconds that V(choose),
            V(restore_call), V(available) and, for DB clusters, V(member) took.
          - V(seconds) is the total, if the phases are not known.
          - The status is V(restored) or V(failed). With any other status the database is V(unverified).
        type: dict
      credentials:
        description:
          - The result of setting a new password, with V(status), V(reason) and V(seconds).
          - The status is V(set). With any other status the database is V(unverified).
        type: dict
      check:
        description: The entry of the database in RV(lifeboat.rds.database_check#module:databases).
        type: dict
      checked_on:
        description: The name of the host on which the checks ran.
        type: str
      reached:
        description: The address that the checks connected to.
        type: dict
        suboptions:
          host:
            description: The host name or address, on the network of the host that ran the checks.
            type: str
          port:
            description: The port.
            type: int
          forwarded:
            description: Whether this is a port forward, and not the database itself.
            type: bool
      teardown:
        description:
          - The result of the teardown, with V(status) and V(reason).
          - The status is V(deleted). With any other status the database is V(failed), because something was left
            behind.
          - In a recovery the status is V(kept). With any other status a restored database is V(failed).
        type: dict
  problems:
    description: Other problems in the drill.
    type: list
    elements: dict
    default: []
    suboptions:
      database:
        description: The name of the database that has the problem. If it is not set, the whole drill has it.
        type: str
      reason:
        description: What went wrong.
        type: str
        required: true
      verdict:
        description: The best verdict that is possible in spite of the problem.
        type: str
        choices: [failed, unverified]
        required: true
author:
  - The Lifeboat authors (@lifeboat-rds)
extends_documentation_fragment:
  - lifeboat.rds.attributes
  - lifeboat.rds.signing
attributes:
  action:
    support: full
    description: Has a corresponding action plugin, so that some parts of the options can be executed on the controller.
    details: It shows the table, unless O(quiet=true).
  async:
    support: none
    description: Supports being used with the C(async) keyword.
  check_mode:
    support: full
    description: Can run in C(check_mode) and return changed status prediction without modifying the target.
    details: It judges everything, writes nothing, and predicts the path of the evidence.
  idempotent:
    support: none
    description:
      - When run twice in a row outside check mode, with the same arguments, the second invocation indicates no change.
    details: Each run writes a document of its own.
seealso:
  - module: lifeboat.rds.database_check
"""

EXAMPLES = r"""
- name: Conclude the drill
  lifeboat.rds.drill_report:
    drill_id: 20261123t1404
    directory: /var/lib/lifeboat/evidence
    started: "2026-11-23T14:04:00Z"
    site:
      name: production_dr
      account_id: "123456789012"
      region: eu-central-1
    controls:
      - {framework: "ISO/IEC 27001:2022", control: A.8.13, title: Information backup}
    signing_key: /etc/lifeboat/signing.pem
    databases:
      - name: orders
        kind: instance
        recovery_point: lifeboat-orders-20261123020500-5f0c2a9b7d31
        recovery_point_arn: arn:aws:rds:eu-central-1:123456789012:snapshot:lifeboat-orders-20261123020500-5f0c2a9b7d31
        lineage: 20261123020500-5f0c2a9b7d31
        original_time: "2026-11-23T02:05:00Z"
        objectives: {rpo: 86400, rto: 3600}
        owner: shop team
        restore:
          status: restored
          target: lifeboat-20261123t1404-orders-5f0c2a
          phases: {choose: 2, restore_call: 3, available: 907}
        credentials: {status: set, seconds: 41}
        check: "{{ checked.databases[0] }}"
        checked_on: "{{ checked.checked_on }}"
        teardown: {status: deleted}
  register: report

- name: Fail unless everything is verified
  ansible.builtin.assert:
    that: report.verdict == 'verified'
"""

RETURN = r"""
verdict:
  description:
    - V(verified) if there is at least one database, all databases are verified, and there are no other problems.
    - V(failed) if something failed, otherwise V(unverified).
  returned: always
  type: str
  sample: failed
databases:
  description: The databases in the order in which they were given.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The value from O(databases).
      type: str
      returned: always
      sample: orders
    verdict:
      description: V(verified), V(failed) or V(unverified).
      type: str
      returned: always
      sample: failed
    reason:
      description: Why it is not V(verified), otherwise empty.
      type: str
      returned: always
      sample: "rows orders: 12 rows are fewer than 1000"
    rpo_seconds:
      description: The age of the recovery point when the drill began.
      type: int
      returned: always, but empty when it is not known
      sample: 43140
    rpo_newest_row_seconds:
      description: The age of the newest row that a check found, when the drill began.
      type: int
      returned: always, but empty without such a row
      sample: 43149
    rto_connect_seconds:
      description: The number of seconds until the first connection was accepted.
      type: float
      returned: always, but empty when a phase of it is not known
      sample: 953.1
    rto_validated_seconds:
      description: The number of seconds until the last check was done.
      type: float
      returned: always, but empty when a phase of it is not known
      sample: 953.4
    rto_phases:
      description:
        - How long each phase took, in seconds, of this database alone. The first five are by the clock of AWS, in whole
          seconds; V(reachable) and V(checked) are measured on the check host.
        - A DB instance has no V(member).
      type: dict
      returned: always
      sample: {choose: 2.0, restore_call: 3.0, available: 907.0, credentials: 41.0, reachable: 0.1, checked: 0.3}
    recovery_point_arn:
      description: The value from O(databases).
      type: str
      returned: always
      sample: "arn:aws:rds:eu-central-1:123456789012:snapshot:lifeboat-orders-20261123020500-5f0c2a9b7d31"
    warnings:
      description: What does not change the verdict, but should be looked into, such as two clocks that differ.
      type: list
      elements: str
      returned: always
      sample: []
    checks_passed:
      description: The number of checks that passed.
      type: int
      returned: always
      sample: 4
    checks_total:
      description: The number of checks.
      type: int
      returned: always
      sample: 5
table:
  description: The verdicts as a table of plain text, followed by other problems and warnings.
  returned: always
  type: list
  elements: str
  sample:
    - "database  verdict   RPO          RTO-connect  RTO-validated  restore      credentials  checks  reason"
    - "orders    verified  11 h 59 min  15 min 53 s  15 min 53 s    15 min 12 s  41 s         5/5"
summary:
  description: The verdict in one line.
  returned: always
  type: str
  sample: "lifeboat drill 20261123t1404: FAILED (3 of 4 verified)"
evidence:
  description: The path of the document, in check mode the one that it would have.
  returned: when it was written, or would be
  type: str
  sample: /var/lib/lifeboat/evidence/20261123t1404-1.json
sha256:
  description:
    - The digest of the document. Keep it somewhere else, to prove later that the document is still there and unchanged.
  returned: when it was written
  type: str
  sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
signed_by:
  description: V(sha256:) and the digest of the public key in DER form, empty if the document is not signed.
  returned: when it was written
  type: str
  sample: "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
"""

import hashlib
import os
import platform
import pwd
from datetime import datetime, timezone
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.evidence.document import (
    document,
    summary,
    table,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._core.evidence.judge import drill_verdict, judge_drill
from ansible_collections.lifeboat.rds.plugins.module_utils._files.evidence import predict, record
from ansible_collections.lifeboat.rds.plugins.module_utils._files.signing import Signer, find_signer
from ansible_collections.lifeboat.rds.plugins.module_utils._module.arguments import SIGNING
from ansible_collections.lifeboat.rds.plugins.module_utils._module.document import finish_document, tool_of
from ansible_collections.lifeboat.rds.plugins.module_utils._module.requests.report import read_report

OBJECTIVES: dict[str, Any] = {"rpo": {"type": "int"}, "rto": {"type": "int"}}
REACHED: dict[str, Any] = {"host": {"type": "str"}, "port": {"type": "int"}, "forwarded": {"type": "bool"}}
DATABASE: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "kind": {"type": "str"},
    "restored_kind": {"type": "str"},
    "unlike": {"type": "list", "elements": "str"},
    "engine": {"type": "str"},
    "engine_version": {"type": "str"},
    "owner": {"type": "str"},
    "accept_unverified": {"type": "bool", "default": False},
    "recovery_point": {"type": "str"},
    "recovery_point_arn": {"type": "str"},
    "lineage": {"type": "str"},
    "original_time": {"type": "str"},
    "objectives": {"type": "dict", "options": OBJECTIVES},
    "restore": {"type": "dict"},
    "credentials": {"type": "dict", "no_log": False},  # the result of setting them, not the credentials
    "check": {"type": "dict"},
    "checked_on": {"type": "str"},
    "reached": {"type": "dict", "options": REACHED},
    "teardown": {"type": "dict"},
}
PROBLEM: dict[str, Any] = {
    "database": {"type": "str"},
    "reason": {"type": "str", "required": True},
    "verdict": {"type": "str", "choices": ["failed", "unverified"], "required": True},
}
SITE: dict[str, Any] = {
    "name": {"type": "str"},
    "account_id": {"type": "str", "required": True},
    "region": {"type": "str", "required": True},
}
WHO: dict[str, Any] = {name: {"type": "str"} for name in ("user", "host", "awx_user", "awx_job", "caller_arn")}
CONTROL: dict[str, Any] = {
    "framework": {"type": "str", "required": True},
    "control": {"type": "str", "required": True},
    "title": {"type": "str"},
}
ARGUMENTS: dict[str, Any] = {
    "purpose": {"type": "str", "choices": ["drill", "recovery"], "default": "drill"},
    "drill_id": {"type": "str", "required": True},
    "name": {"type": "str"},
    "directory": {"type": "path", "required": True},
    "started": {"type": "str", "required": True},
    "started_clock": {"type": "str", "choices": ["aws", "controller"], "default": "aws"},
    "rpo_tolerance": {"type": "int", "default": 900},
    "site": {"type": "dict", "required": True, "options": SITE},
    "who": {"type": "dict", "options": WHO},
    "controls": {"type": "list", "elements": "dict", "default": [], "options": CONTROL},
    "databases": {"type": "list", "elements": "dict", "required": True, "options": DATABASE},
    "problems": {"type": "list", "elements": "dict", "default": [], "options": PROBLEM},
    **SIGNING,
    "quiet": {"type": "bool", "default": False},
}


def run(params: dict[str, Any], tool: dict[str, str], finished: datetime) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the result without the evidence, and the evidence without its place in the history."""
    request = read_report(params)
    drill = request.drill
    judged = judge_drill(drill.databases, drill.problems, drill.started, request.rpo_tolerance, drill.purpose)
    result = {
        "verdict": drill_verdict(judged, drill.problems),
        "databases": [one.as_result() for one in judged],
        "table": table(judged, drill.problems),
        "summary": summary(drill.purpose, drill.drill_id, judged, drill.problems),
    }
    return result, document(drill, judged, finished=finished, tool=tool)


def with_defaults(who: dict[str, Any] | None) -> dict[str, Any]:
    """Return who ran this. The user of this process and this host stand in for what was not given."""
    given = {name: (who or {}).get(name) or None for name in WHO}
    return given | {"user": given["user"] or user_name(), "host": given["host"] or platform.node() or None}


def user_name() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # some containers
        return str(os.geteuid())


def write(directory: str, evidence: dict[str, Any], signer: Signer | None) -> tuple[dict[str, Any], list[str]]:
    """Write the evidence. Return where it is, its digest and signer, and what to warn of in its directory."""
    path, content, unreadable = record(directory, evidence, signer)
    facts = {
        "evidence": path,
        "sha256": hashlib.sha256(content).hexdigest(),
        "signed_by": signer.name if signer else None,
    }
    return facts, [str(error) for error in unreadable]


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    params = {**module.params, "who": with_defaults(module.params["who"])}
    result: dict[str, Any] = {}
    warnings: list[str] = []
    try:
        result, evidence = run(params, tool_of(module), datetime.now(timezone.utc))
        signer, unsigned = find_signer(params["signing_key"], params["signing_passphrase"])
        directory = os.path.abspath(params["directory"])
        if module.check_mode:
            result["evidence"] = predict(directory, params["drill_id"])
        else:
            written, warnings = write(directory, evidence, signer)
            result |= written
    except LifeboatError as error:
        module.fail_json(**error.as_result(), **result)
    for warning in warnings:
        module.warn(warning)
    finish_document(module, result["evidence"], result, unsigned)


if __name__ == "__main__":
    main()
