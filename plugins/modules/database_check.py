#!/usr/bin/python
# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: database_check
short_description: Ask restored databases whether their data are there
version_added: 0.1.0
description:
  - Runs checks over a real connection against databases, in read-only transactions with a statement timeout.
  - The checks are a ladder. V(connection) comes first and is always there, then V(tables), V(structure), V(rows),
    V(freshness), V(checksum), V(canary), V(query) and V(integrity); several of one kind run in the order given. What
    stands on a check that failed is skipped.
  - A failing check is a result, not an error, and so is a database that cannot be reached. The module fails only when
    it is asked for something that cannot be run, before the first connection, or when a Python package is missing.
  - It calls no AWS API. Delegate it to a host from which the databases can be reached.
options:
  databases:
    description:
      - The databases to check. Each is asked in a thread of its own, over one connection.
      - The results are in the same order.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: What to call the database in the results, for example the identifier of the one that was restored.
        type: str
        required: true
      engine:
        description:
          - Its engine, V(postgres), V(aurora-postgresql), V(mariadb), V(mysql) or V(aurora-mysql).
          - Any other one with a O(databases[].driver).
        type: str
        required: true
      host:
        description: Where it answers.
        type: str
        required: true
      port:
        description: The port there.
        type: int
        required: true
      database:
        description: The name of the database on that server.
        type: str
        required: true
      username:
        description: As whom to connect.
        type: str
        required: true
      password:
        description: The password of O(databases[].username), or a token.
        type: str
        required: true
      credentials_kind:
        description:
          - What O(databases[].password) is.
          - V(iam) is a token of IAM database authentication. It goes over TLS only, which is required for it.
        type: str
        choices: [password, iam]
        default: password
      tls:
        description:
          - V(verify) lets the server prove its name by O(databases[].ca_file), V(require) encrypts without a proof,
            V(off) does not encrypt.
          - V(verify) if O(databases[].ca_file) is set. Else what the server offers is used, and nothing is verified.
        type: str
        choices: [verify, require, 'off']
      ca_file:
        description:
          - A file on the host where the module runs with the certificates that vouch for the server.
          - For RDS, U(https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem).
        type: str
      tls_name:
        description: The name that the server must prove, where O(databases[].host) is the near end of a port forward.
        type: str
      driver:
        description:
          - Dialect and driver as SQLAlchemy names them, for other engines, such as V(oracle+oracledb) or
            V(mssql+pymssql).
          - Nothing is known here that bounds such a session. Use a user who may only read.
          - There is no TLS to set, no V(checksum) and no V(integrity) for it.
        type: str
      checks:
        description:
          - What to check beside the connection.
          - A database whose rows no check looks at, by V(rows), V(freshness) or V(canary), is V(unverified) at best.
        type: list
        elements: dict
        default: []
        suboptions:
          check:
            description:
              - V(connection), which is always checked and need not be listed.
              - V(tables), that the O(databases[].checks[].tables) exist.
              - V(structure), that the O(databases[].checks[].table) has the O(databases[].checks[].columns) and the
                O(databases[].checks[].indexes). What else it has is no objection.
              - V(rows), that the O(databases[].checks[].table) has at least O(databases[].checks[].minimum) rows, and
                at most O(databases[].checks[].maximum); or O(databases[].checks[].expected) ones, give or take the
                O(databases[].checks[].tolerance).
              - V(freshness), that its newest row by O(databases[].checks[].column) is at most
                O(databases[].checks[].max_age) older than O(databases[].checks[].at).
              - V(checksum), that all rows of the O(databases[].checks[].table) together have the
                O(databases[].checks[].expected) digest. It reads the whole table.
              - V(canary), that the one row which O(databases[].checks[].where) describes has exactly the
                O(databases[].checks[].expected) value in O(databases[].checks[].column).
              - V(query), that the statement O(databases[].checks[].query) returns exactly the
                O(databases[].checks[].expected) rows.
              - V(integrity), that the engine finds the files of the O(databases[].checks[].tables) sound. PostgreSQL by
                the extension amcheck, where the database has it; MariaDB and MySQL by C(CHECK TABLE).
            type: str
            required: true
          tables:
            description:
              - Names of tables or views, as V(TABLE) or V(SCHEMA.TABLE).
              - They are quoted, so upper case and lower case matter.
            type: list
            elements: str
          table:
            description: The name of a table or view, as in O(databases[].checks[].tables).
            type: str
          columns:
            description:
              - Names of columns, as a list, or their types by their names, as O(record) gives them.
              - Case and spaces of a type do not matter.
            type: raw
          indexes:
            description: Names of indexes, as a list, or what they are by their names, as O(record) gives it.
            type: raw
          minimum:
            description: The least number of rows. V(0) needs a O(databases[].checks[].maximum).
            type: int
          maximum:
            description: The greatest number of rows.
            type: int
          tolerance:
            description: By how many percent the number of rows may differ from O(databases[].checks[].expected).
            type: float
          column:
            description:
              - The column to look at.
              - For V(freshness), one with a date or a time. A time without a zone is taken for UTC.
            type: str
          max_age:
            description: The greatest age of the newest row, in seconds.
            type: int
          at:
            description:
              - The time to which the age relates, for example the recovery point's own, as ISO 8601 with a zone.
              - The database server's current time if not set.
              - A newest row that is more than an hour ahead of it makes the check V(unverified).
            type: str
          where:
            description: The columns, and their values, that together describe one row.
            type: dict
          expected:
            description:
              - For V(canary), the value that must be there. For V(query), the rows in their order, each a list of
                values, or a value alone where there is one column. Neither appears in any result.
              - Text, numbers and times may be given as text.
              - For V(rows), the number of rows. For V(checksum), a digest that O(record) gave.
            type: raw
          query:
            description:
              - One statement that begins with C(SELECT), C(WITH), C(VALUES) or C(TABLE), sent as it stands.
              - Its beginning appears in the results, so that nothing in it should be secret.
            type: str
          optional:
            description:
              - For V(integrity). Whether it is no objection when the engine does not offer the check, or the user may
                not run it. It is V(skipped) then, and V(unverified) otherwise.
            type: bool
  statement_timeout:
    description: How many seconds a statement may take.
    type: int
    default: 30
  connect_timeout:
    description: How many seconds a connection attempt may take.
    type: int
    default: 10
  connect_retry:
    description:
      - For how many seconds to try again, once a second, when a database does not let in.
      - Counted from the start of the module, whatever the reason.
    type: int
    default: 0
  parallel:
    description: How many databases are checked at once.
    type: int
    default: 32
  record:
    description:
      - Return what V(structure), V(rows) and V(checksum) find as checks that expect it, in RV(databases[].recorded).
      - They need not expect anything then. Without an expectation they are V(unverified).
    type: bool
    default: false
requirements:
  - SQLAlchemy >= 2, on the host where the module runs
  - psycopg >= 3 for PostgreSQL, PyMySQL >= 1.2 for MariaDB and MySQL
notes:
  - In check mode nothing is connected to, and all checks are V(unverified).
author:
  - The Lifeboat authors (@lifeboat-rds)
extends_documentation_fragment:
  - lifeboat.rds.attributes
  - lifeboat.rds.attributes.info
seealso:
  - module: lifeboat.rds.drill_report
"""

EXAMPLES = r"""
- name: Check a restored database
  lifeboat.rds.database_check:
    databases:
      - name: orders
        engine: postgres
        host: lifeboat-20261123t1404-orders-5f0c2a.c9akciq32.eu-central-1.rds.amazonaws.com
        port: 5432
        database: shop
        username: postgres
        password: "{{ drill_password }}"
        checks:
          - check: tables
            tables: [orders, order_lines, audit.changes]
          - check: rows
            table: orders
            expected: 120000
            tolerance: 5
          - check: freshness
            table: heartbeat
            column: beat_at
            max_age: 900
            at: "2026-11-23T02:05:00Z"
          - check: canary
            table: canary
            column: value
            where: {id: 1}
            expected: "{{ canary_value }}"
  delegate_to: bastion
  register: checked

- name: Record what the tables of a database are, through a port forward
  lifeboat.rds.database_check:
    databases:
      - name: billing
        engine: mariadb
        host: 127.0.0.1
        port: 13306
        tls_name: billing.c9akciq32.eu-central-1.rds.amazonaws.com
        ca_file: /etc/ssl/rds-global-bundle.pem
        database: billing
        username: auditor
        password: "{{ auditor_password }}"
        checks:
          - {check: structure, table: invoices}
          - {check: checksum, table: tariffs}
    record: true
  register: today
"""

RETURN = r"""
databases:
  description: The databases in the order in which they were given.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: As given.
      type: str
      returned: always
      sample: orders
    verdict:
      description:
        - V(verified) when all checks passed and at least one of them looked at data.
        - V(failed) when a check failed.
        - V(unverified) when something could not be checked.
      type: str
      returned: always
      sample: failed
    reason:
      description: Why it is not V(verified), else empty.
      type: str
      returned: always
      sample: "rows orders: 12 rows are fewer than 1000"
    checks_passed:
      description: How many checks passed, the connection included.
      type: int
      returned: always
      sample: 4
    checks_total:
      description: How many checks there are, the connection included.
      type: int
      returned: always
      sample: 5
    seconds:
      description: How long all of it took.
      type: float
      returned: always
      sample: 0.131
    connected_seconds:
      description: How many seconds after the start of the module it let in.
      type: float
      returned: always, but empty when it never did
      sample: 2.041
    address:
      description: Where it was reached, as given.
      type: str
      returned: always
      sample: 127.0.0.1:13306
    recorded:
      description: What was found, as checks that expect it.
      type: list
      elements: dict
      returned: when O(record) is set
      sample: [{check: rows, table: orders, expected: 120034}]
    newest_row:
      description: The time of the newest row that a V(freshness) check found.
      type: str
      returned: always, but empty without such a check
      sample: "2026-11-23T02:04:51Z"
    checks:
      description: The rungs of the ladder.
      type: list
      elements: dict
      returned: always
      contains:
        check:
          description: The kind of check.
          type: str
          returned: always
          sample: rows
        target:
          description: What it looked at. For V(query), the beginning of the statement.
          type: str
          returned: always
          sample: orders
        status:
          description:
            - V(passed), V(failed), V(skipped) for what had nothing to stand on, or V(unverified) for what could not be
              found out.
          type: str
          returned: always
          sample: failed
        expected:
          description: What was expected, in words. V(withheld) for a canary and a query.
          type: str
          returned: always
          sample: at least 1000
        found:
          description:
            - What was found, in words; never what a canary or a query returned.
            - For V(connection), the server and how the connection was secured.
          type: str
          returned: always, but empty when nothing was found out
          sample: "12"
        reason:
          description: Why it did not pass, else empty.
          type: str
          returned: always
          sample: 12 rows are fewer than 1000
        seconds:
          description: How long it took.
          type: float
          returned: always
          sample: 0.012
        optional:
          description: That it is no objection when it is V(skipped).
          type: bool
          returned: for an O(databases[].checks[].optional) check
          sample: true
checked_on:
  description: The name of the host on which the checks ran.
  returned: always
  type: str
  sample: bastion.example.com
"""

import socket
import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._sql.ladder import Clock, check_all, not_run
from ansible_collections.lifeboat.rds.plugins.module_utils._sql.request import read_request

CHECK: dict[str, Any] = {
    "check": {"type": "str", "required": True},
    "tables": {"type": "list", "elements": "str"},
    "table": {"type": "str"},
    "columns": {"type": "raw"},
    "indexes": {"type": "raw"},
    "minimum": {"type": "int"},
    "maximum": {"type": "int"},
    "tolerance": {"type": "float"},
    "column": {"type": "str"},
    "max_age": {"type": "int"},
    "at": {"type": "str"},
    "where": {"type": "dict"},
    "expected": {"type": "raw", "no_log": True},
    "query": {"type": "str"},
    "optional": {"type": "bool"},
}
DATABASE: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "engine": {"type": "str", "required": True},
    "host": {"type": "str", "required": True},
    "port": {"type": "int", "required": True},
    "database": {"type": "str", "required": True},
    "username": {"type": "str", "required": True},
    "password": {"type": "str", "required": True, "no_log": True},
    "credentials_kind": {"type": "str", "choices": ["password", "iam"], "default": "password"},
    "tls": {"type": "str", "choices": ["verify", "require", "off"]},
    "ca_file": {"type": "str"},
    "tls_name": {"type": "str"},
    "driver": {"type": "str"},
    "checks": {"type": "list", "elements": "dict", "default": [], "options": CHECK},
}
ARGUMENTS: dict[str, Any] = {
    "databases": {"type": "list", "elements": "dict", "required": True, "options": DATABASE},
    "statement_timeout": {"type": "int", "default": 30},
    "connect_timeout": {"type": "int", "default": 10},
    "connect_retry": {"type": "int", "default": 0},
    "parallel": {"type": "int", "default": 32},
    "record": {"type": "bool", "default": False},
}
HIDDEN = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"


def run(params: dict[str, Any], clock: Clock, host: str, *, check_mode: bool) -> dict[str, Any]:
    """Check all databases; in check mode report what would be checked."""
    subjects, limits = read_request(params)
    if check_mode:
        rows = not_run(subjects, "not run in check mode")
    else:
        rows = check_all(subjects, limits, clock, host, record=params["record"])
    return {"changed": False, "databases": rows, "checked_on": host}


def withhold_canaries(module: AnsibleModule) -> None:
    """Hide the expected values of canaries in the invocation, and only there.

    Ansible would hide them in every value that contains them: an expected 5 would hide counts, "verified" the verdict.
    """
    module.no_log_values &= {database["password"] for database in module.params["databases"]}
    for check in [check for database in module.params["databases"] for check in database["checks"]]:
        check["expected"] = HIDDEN if check["expected"] is not None else None


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    try:
        result = run(module.params, time.monotonic, socket.gethostname(), check_mode=module.check_mode)
    except LifeboatError as error:
        withhold_canaries(module)
        module.fail_json(**error.as_result())
    withhold_canaries(module)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
