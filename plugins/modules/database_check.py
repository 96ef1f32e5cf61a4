#!/usr/bin/python
# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: database_check
short_description: Check the data of restored databases with SQL
version_added: 0.1.0
description:
  - Runs checks in databases over real connections, in read-only transactions with a statement timeout.
  - The checks are a ladder. V(connection) always comes first, then V(tables), V(structure), V(rows), V(freshness),
    V(checksum), V(canary), V(query) and V(integrity). Several checks of one kind run in the given order. A check that
    builds on a failed one is skipped.
  - A failed check is a result and not an error, and so is a database that cannot be reached.
  - A database of which a check cannot be run as it is written, or whose Python package is missing here, is
    V(unverified) with the reason. The others are checked, and then the module fails.
  - It calls no AWS API. Delegate it to a host from which the databases can be reached.
options:
  databases:
    description:
      - The databases to check. Each one has its own thread and one connection.
      - The results are in the same order.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name of the database in the results, for example the identifier of the original database.
        type: str
        required: true
      engine:
        description:
          - The engine, V(postgres), V(aurora-postgresql), V(mariadb), V(mysql) or V(aurora-mysql).
          - Another engine needs O(databases[].driver).
        type: str
        required: true
      host:
        description: The host name or address of the database server.
        type: str
        required: true
      port:
        description: The port of the database server.
        type: int
        required: true
      database:
        description: The name of the database on that server.
        type: str
        required: true
      username:
        description: The user to connect as.
        type: str
        required: true
      password:
        description: The password of O(databases[].username), or a token.
        type: str
        required: true
      credentials_kind:
        description:
          - The kind of O(databases[].password).
          - V(iam) is a token of IAM database authentication. It is sent as it is, so it needs O(databases[].ca_file).
        type: str
        choices: [password, iam]
        default: password
      tls:
        description:
          - V(verify) verifies the name of the server by O(databases[].ca_file), V(require) encrypts without
            verification, and V(off) does not encrypt.
          - The default is V(verify) if O(databases[].ca_file) is set, and V(require) otherwise.
          - Without verification, a server that asks for the password itself does not get it.
        type: str
        choices: [verify, require, 'off']
      ca_file:
        description:
          - The path of the certificates of the authorities that signed the server's certificate, on the host where the
            module runs.
          - For RDS, they are at U(https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem).
        type: str
      tls_name:
        description: The name in the server's certificate, if O(databases[].host) is the near end of a port forward.
        type: str
      driver:
        description:
          - For other engines, the dialect and driver as SQLAlchemy names them, such as V(oracle+oracledb) or
            V(mssql+pymssql).
          - The module cannot make such a session read-only, or limit it. Use a user who may only read.
          - TLS cannot be set for it, and V(checksum) and V(integrity) are not available.
        type: str
      checks:
        description:
          - What to check besides the connection.
          - A database is V(unverified) at best if none of its checks reads rows, such as V(rows), V(freshness) or
            V(canary).
        type: list
        elements: dict
        default: []
        suboptions:
          check:
            description:
              - V(connection), which is always checked and need not be listed.
              - V(tables), that the O(databases[].checks[].tables) exist.
              - V(structure), that the O(databases[].checks[].table) has the O(databases[].checks[].columns) and the
                O(databases[].checks[].indexes). It may have others too.
              - V(rows), that the O(databases[].checks[].table) has at least O(databases[].checks[].minimum) rows, and
                at most O(databases[].checks[].maximum); or O(databases[].checks[].expected) rows, with a difference of
                at most O(databases[].checks[].tolerance).
              - V(freshness), that its newest row by O(databases[].checks[].column) is at most
                O(databases[].checks[].max_age) older than O(databases[].checks[].at).
              - V(checksum), that all rows of the O(databases[].checks[].table) together have the
                O(databases[].checks[].expected) digest. It reads the whole table.
              - V(canary), that the one row which O(databases[].checks[].where) describes has exactly the
                O(databases[].checks[].expected) value in O(databases[].checks[].column).
              - V(query), that the statement O(databases[].checks[].query) returns exactly the
                O(databases[].checks[].expected) rows.
              - V(integrity), that the engine finds no damage in the files of the O(databases[].checks[].tables).
                PostgreSQL uses the extension amcheck, if the database has it; MariaDB and MySQL use C(CHECK TABLE).
            type: str
            required: true
          tables:
            description:
              - Names of tables, as V(TABLE) or V(SCHEMA.TABLE).
              - In PostgreSQL, V(TABLE) is in the schema C(public), whatever the database calls its C(search_path).
              - They are quoted, so they are case-sensitive.
            type: list
            elements: str
          table:
            description: The name of a table, as in O(databases[].checks[].tables).
            type: str
          relation:
            description:
              - What the names in the check are, V(table) or V(view).
              - A check of a V(table) fails if something else is there by its name, such as a view or a foreign table,
                since that can show any rows. A V(query) that names no view needs V(table) as well.
              - With V(view) a view or a materialized view must be there.
              - It does not apply to V(integrity).
            type: str
            choices: [table, view]
          columns:
            description:
              - A list of column names, or a dictionary from names to types, as O(record) returns it.
              - The case of a type and the spaces in it do not matter.
            type: raw
          indexes:
            description: A list of index names, or a dictionary from names to definitions, as O(record) returns it.
            type: raw
          minimum:
            description: The least number of rows. V(0) needs a O(databases[].checks[].maximum).
            type: int
          maximum:
            description: The greatest number of rows.
            type: int
          tolerance:
            description: The percentage by which the number of rows may differ from O(databases[].checks[].expected).
            type: float
          column:
            description:
              - The column to read.
              - For V(freshness), a column with a date or a time. A time without a zone is read as UTC.
            type: str
          max_age:
            description: The greatest age of the newest row, in seconds.
            type: int
          at:
            description:
              - The time from which the age is counted, for example that of the recovery point, as ISO 8601 with a zone.
              - By default it is the current time of the database server.
              - If the newest row is more than an hour later than this time, the check is V(unverified).
            type: str
          where:
            description: The columns, and their values, that together select one row.
            type: dict
          expected:
            description:
              - For V(canary), the value that must be there. For V(query), the rows in their order, each a list of
                values, or only a value if there is one column. Neither appears in any result.
              - Numbers and times may be given as text.
              - For V(rows), the number of rows. For V(checksum), a digest that O(record) returned.
            type: raw
          query:
            description:
              - One statement that begins with C(SELECT), C(WITH), C(VALUES) or C(TABLE). It is sent unchanged.
              - Its beginning appears in the results, so it should not contain a secret.
            type: str
          optional:
            description:
              - For V(integrity), whether the check is V(skipped) if the engine does not offer it, or the user may not
                run it. Otherwise it is V(unverified) then.
            type: bool
  statement_timeout:
    description: The number of seconds that a statement may take.
    type: int
    default: 30
  connect_timeout:
    description: The number of seconds that an attempt to connect may take.
    type: int
    default: 10
  connect_retry:
    description:
      - The number of seconds, from the start of the module, in which it tries to connect again once a second.
      - It does so whatever the reason for which a database refuses the connection.
    type: int
    default: 0
  parallel:
    description: The number of databases that are checked at once.
    type: int
    default: 32
  record:
    description:
      - Whether to return what V(structure), V(rows) and V(checksum) find, as checks that expect it, in
        RV(databases[].recorded).
      - Then they need not expect anything. A check without an expectation is V(unverified).
    type: bool
    default: false
  libraries_for:
    description:
      - Databases of which only the libraries are looked at that a check of them needs on this host, before they exist.
      - What is missing is in RV(unready), and is no failure. In check mode it is looked at as well.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: A name for the result.
        type: str
        required: true
      engine:
        description: The engine, as in O(databases[].engine).
        type: str
        required: true
      driver:
        description: The driver, as in O(databases[].driver).
        type: str
requirements:
  - SQLAlchemy >= 2, on the host where the module runs
  - psycopg >= 3 for PostgreSQL, PyMySQL >= 1.2 for MariaDB and MySQL
notes:
  - In check mode it connects to no database, and all checks are V(unverified).
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

- name: Record the tables of a database, through a port forward
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
unready:
  description: Those of O(libraries_for) that cannot be checked from here.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The name from O(libraries_for[].name).
      type: str
      returned: always
      sample: orders
    reason:
      description: Which library is missing or too old, and the command that installs it.
      type: str
      returned: always
      sample: >-
        Cannot check databases from bastion: the Python package PyMySQL cannot be imported by /usr/bin/python3. Run
        there: /usr/bin/python3 -m pip install 'PyMySQL>=1.2'.
databases:
  description: The databases in the order in which they were given.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The name from O(databases[].name).
      type: str
      returned: always
      sample: orders
    verdict:
      description:
        - V(verified) if all checks passed and at least one of them read data.
        - V(failed) if a check failed.
        - V(unverified) if something could not be checked.
      type: str
      returned: always
      sample: failed
    reason:
      description: Why it is not V(verified), otherwise empty.
      type: str
      returned: always
      sample: "rows orders: 12 rows are fewer than 1000"
    checks_passed:
      description: The number of checks that passed, the connection included.
      type: int
      returned: always
      sample: 4
    checks_total:
      description: The number of checks, the connection included.
      type: int
      returned: always
      sample: 5
    seconds:
      description: The number of seconds that all checks took.
      type: float
      returned: always
      sample: 0.131
    connected_seconds:
      description: The number of seconds from the start of the module until the database accepted the connection.
      type: float
      returned: always, but empty when it never did
      sample: 2.041
    address:
      description: The host and port from the options.
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
          description: What it checked. For V(query), the beginning of the statement.
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
          description: Why it did not pass, otherwise empty.
          type: str
          returned: always
          sample: 12 rows are fewer than 1000
        seconds:
          description: The number of seconds that it took.
          type: float
          returned: always
          sample: 0.012
        optional:
          description: Always V(true). It does not count against the database if it is V(skipped).
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
from ansible_collections.lifeboat.rds.plugins.module_utils._sql.engines import why_unready
from ansible_collections.lifeboat.rds.plugins.module_utils._sql.ladder import (
    ReadClock,
    check_all,
    not_run,
    ready_from,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._sql.request import Refused, read_request

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
    "relation": {"type": "str", "choices": ["table", "view"]},
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
    "libraries_for": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "name": {"type": "str", "required": True},
            "engine": {"type": "str", "required": True},
            "driver": {"type": "str"},
        },
    },
}
HIDDEN = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"


def run(params: dict[str, Any], clock: ReadClock, host: str, *, check_mode: bool) -> dict[str, Any]:
    """Check all databases; in check mode report what would be checked."""
    asked, limits = read_request(params)
    if check_mode:
        rows = not_run(asked, "not run in check mode")
    else:
        asked = ready_from(asked, host)
        rows = check_all(asked, limits, clock, record=params["record"])
    looked = [(one["name"], why_unready(one["engine"], one["driver"], host)) for one in params["libraries_for"]]
    unready = [{"name": name, "reason": why} for name, why in looked if why]
    refused = " ".join(dict.fromkeys(str(one.why) for one in asked if isinstance(one, Refused)))
    result = {"changed": False, "databases": rows, "checked_on": host, "unready": unready}
    return result | ({"failed": True, "msg": refused} if refused else {})


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
