# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks as a playbook runs them, against the lab's databases, and the page that describes them."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pymysql
import pytest
import yaml

from lifeboat_lab import Lab
from lifeboat_lab.home import Home
from lifeboat_lab.testing import PASSWORD, connect, delete, instance, mysql_ask, new_instance, until
from tests.documentation import code_blocks
from tests.integration.play import ROOT, Run, play
from tests.machine import missing

Row = dict[str, Any]

TEXT = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
BLOCKS = code_blocks(TEXT, "yaml")
CHECKS = [block for block in BLOCKS if block.startswith(("- {check:", "- check:"))]
TASKS = [block for block in BLOCKS if block.startswith("- name:")]
MARIADB_SHOP = (
    "CREATE TABLE orders (id int PRIMARY KEY, label text NOT NULL, amount decimal(10, 2) NOT NULL, at datetime)",
    "INSERT INTO orders SELECT seq, CONCAT('order ', seq), seq / 100, NOW() FROM seq_1_to_3000",
    "CREATE TABLE canary (id int PRIMARY KEY, word text NOT NULL)",
    "INSERT INTO canary VALUES (1, 'bright-harbour-7431')",
    "CREATE TABLE heartbeat (at datetime NOT NULL)",
    "INSERT INTO heartbeat VALUES (NOW())",
)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab(shop=True, scale=20000) as running:
        yield running


@pytest.fixture(scope="module")
def rds(lab: Lab) -> Any:
    return lab.client("production", "rds")


@pytest.fixture(scope="module")
def orders(lab: Lab, rds: Any) -> Row:
    """Return the shop's orders, as database_check takes them."""
    known = json.loads((lab.home / "shop.json").read_text(encoding="utf-8"))["production"]
    place = instance(rds, "orders")["Endpoint"]
    return {
        "name": "orders",
        "engine": "postgres",
        "host": place["Address"],
        "port": place["Port"],
        "database": "orders",
        "username": known["user"],
        "password": known["password"],
    }


@pytest.fixture(scope="module")
def billing(lab: Lab, rds: Any) -> Iterator[Row]:
    """Make the same tables in MariaDB."""
    if "MariaDB" not in lab.admin("GET", "status")["engines"]:
        missing("MariaDB is not installed: it needs the packages mariadb-server and mariadb-backup")
    row = new_instance(rds, "mariadb")
    for statement in MARIADB_SHOP:
        mysql_ask(row, statement)
    yield {
        "name": "billing",
        "engine": "mariadb",
        "host": row["Endpoint"]["Address"],
        "port": row["Endpoint"]["Port"],
        "database": "things",
        "username": "me",
        "password": PASSWORD,
    }
    delete(rds, row["DBInstanceIdentifier"])


def run_tasks(lab: Lab, folder: Path, tasks: list[Row], *arguments: str, cold: bool = False, **variables: Any) -> Run:
    """Run a playbook of these tasks. Secrets are in a file, as with Vault."""
    (folder / "play.yml").write_text(
        yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]), encoding="utf-8"
    )
    (folder / "vars.yml").write_text(json.dumps(variables), encoding="utf-8")
    return play(lab, str(folder / "play.yml"), "-e", f"@{folder / 'vars.yml'}", *arguments, evidence=folder, cold=cold)


def check(
    lab: Lab, folder: Path, databases: list[Row], *arguments: str, cold: bool = False, **options: Any
) -> tuple[Run, list[Row]]:
    """Run database_check and return what Ansible printed and what the module returned."""
    tasks: list[Row] = [
        {"lifeboat.rds.database_check": {"databases": "{{ databases }}", **options}, "register": "checked"},
        {"ansible.builtin.copy": {"content": "{{ checked | to_json }}", "dest": str(folder / "result.json")}},
    ]
    done = run_tasks(lab, folder, tasks, *arguments, cold=cold, databases=databases)
    assert done.code == 0, done.output
    return done, json.loads((folder / "result.json").read_text(encoding="utf-8"))["databases"]


def test_the_page_has_an_example_of_every_check() -> None:
    kinds = {one["check"] for block in CHECKS for one in yaml.safe_load(block)}
    assert kinds == {*re.findall(r"^### (\w+)$", TEXT, re.MULTILINE)} - {"connection"}
    assert (len(TASKS), len(CHECKS) + len(TASKS)) == (3, len(BLOCKS))


@pytest.mark.parametrize(("engine", "other"), [("postgres", "# MariaDB"), ("mariadb", "# PostgreSQL")])
def test_the_pages_checks_pass(
    lab: Lab, request: pytest.FixtureRequest, tmp_path: Path, engine: str, other: str
) -> None:
    place = request.getfixturevalue("orders" if engine == "postgres" else "billing")
    blocks = [block for block in CHECKS if other not in block]
    checks = [one for block in blocks for one in yaml.safe_load(block)]
    _done, (result,) = check(lab, tmp_path, [place | {"checks": checks, "ca_file": str(Home(lab.home).ca)}])
    assert result["verdict"] == "verified", result
    assert {row["check"]: row["status"] for row in result["checks"]}["integrity"] == (
        "skipped" if engine == "postgres" else "passed"
    )
    assert result["checks"][0]["found"].endswith(" over TLS, verified as 127.0.0.1")


@pytest.mark.parametrize("block", TASKS, ids=lambda block: block.splitlines()[0])
def test_the_pages_tasks_run(lab: Lab, orders: Row, tmp_path: Path, block: str) -> None:
    (task,) = yaml.safe_load(block)
    (database,) = task["lifeboat.rds.database_check"]["databases"]
    # The near end of a forward is this machine, and the server's name is one that its certificate has.
    name = "localhost" if "tls_name" in database else orders["host"]
    variables = {"orders_host": name, "orders_port": orders["port"], "orders_password": orders["password"]}
    tasks = [
        task | {"register": "checked"},
        {"ansible.builtin.copy": {"content": "{{ checked | to_json }}", "dest": str(tmp_path / "result.json")}},
    ]
    done = run_tasks(lab, tmp_path, tasks, **variables, orders_ca_file=str(Home(lab.home).ca))
    assert done.code == 0, done.output
    (result,) = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))["databases"]
    if "record" not in task["lifeboat.rds.database_check"]:
        assert result["verdict"] == "verified", result
    else:
        assert result["verdict"] == "unverified"
        _done, (again,) = check(lab, tmp_path, [orders | {"checks": result["recorded"]}])
        assert (again["verdict"], again["checks_passed"]) == ("verified", 4)


def test_a_token_opens_the_door_over_tls_that_is_verified(lab: Lab, rds: Any, tmp_path: Path) -> None:
    row = new_instance(rds, "postgres")
    name = row["DBInstanceIdentifier"]
    try:
        rds.modify_db_instance(DBInstanceIdentifier=name, EnableIAMDatabaseAuthentication=True, ApplyImmediately=True)
    except rds.exceptions.ClientError:
        missing("These PostgreSQL programs do not take tokens; Debian's do: it needs the package postgresql")
    until(lambda: instance(rds, name)["DBInstanceStatus"] == "available")
    with connect(row) as connection:
        connection.execute("CREATE USER clerk; GRANT rds_iam TO clerk")
        connection.execute("CREATE TABLE t (id int); INSERT INTO t VALUES (1); GRANT SELECT ON t TO clerk")
    place = {"host": row["Endpoint"]["Address"], "port": row["Endpoint"]["Port"]}
    token = rds.generate_db_auth_token(DBUsername="clerk", DBHostname=place["host"], Port=place["port"])
    entry = {
        "name": "good",
        "engine": "postgres",
        **place,
        "database": "things",
        "username": "clerk",
        "password": token,
        "credentials_kind": "iam",
        "ca_file": str(Home(lab.home).ca),
        "checks": [{"check": "rows", "table": "t", "minimum": 1}],
    }
    altered = entry | {"name": "bad", "password": token[:-4] + "0000"}
    done, results = check(lab, tmp_path, [entry, altered], "-vvv")
    assert [one["verdict"] for one in results] == ["verified", "unverified"], results
    assert "authentication failed" in results[1]["reason"]
    assert "X-Amz-Signature" not in done.output + json.dumps(results)
    delete(rds, name)


def test_no_secret_is_in_the_output_or_in_the_list_of_processes(
    lab: Lab, orders: Row, billing: Row, tmp_path: Path
) -> None:
    slow = {"postgres": "SELECT count(*) FROM pg_sleep(1.5)", "mariadb": "SELECT SLEEP(1.5) + 1"}
    wrong = "wrong-passw0rd-of-the-clerk"
    secret_rows = [["a-secret-r0w"]]
    databases = [
        place
        | {
            "checks": [
                {"check": "query", "query": slow[place["engine"]], "expected": [1]},
                {"check": "query", "query": "SELECT word FROM canary", "expected": secret_rows},
                {"check": "canary", "table": "canary", "column": "word", "where": {"id": 1}, "expected": "a-c4nary"},
            ]
        }
        for place in (orders, billing)
    ]
    databases += [place | {"password": wrong, "checks": []} for place in (orders, billing)]
    over, seen = threading.Event(), set()

    def look() -> None:
        while not over.is_set():
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    seen.add(path.read_bytes())
                except OSError:
                    continue
            over.wait(0.02)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        done, results = check(lab, tmp_path, databases, "-vvvv", cold=True)
    finally:
        over.set()
        watcher.join()
    assert [one["verdict"] for one in results] == ["failed", "failed", "unverified", "unverified"]
    assert any(b"AnsiballZ_database_check" in line for line in seen), "the module was seen at work"
    processes = b"\0".join(seen).decode(errors="replace")
    for secret in (orders["password"], PASSWORD, wrong, "a-secret-r0w", "a-c4nary", "bright-harbour-7431"):
        for where, text in (("output", done.output), ("results", json.dumps(results)), ("processes", processes)):
            assert secret not in text, where


HOSTILE = "\x1b[2J\x07\r\n\t'\"`\u202e</script>{{ lookup('env', 'PATH') }}{% raw %}" + "x" * 1_000_000


def test_hostile_rows_reach_no_terminal(lab: Lab, orders: Row, billing: Row, tmp_path: Path) -> None:
    """Quotes, control characters, markup, templates, a megabyte: compared, and never printed or evaluated."""
    make = "CREATE TABLE hostile (id int, word {})"
    put = "INSERT INTO hostile VALUES (1, %s)"
    with psycopg.connect(**login(orders), dbname="orders") as postgres:
        postgres.execute(make.format("text").encode())
        postgres.execute(put.encode(), [HOSTILE])
    line = pymysql.connect(**login(billing), database="things", autocommit=True)
    with closing(line), line.cursor() as cursor:
        cursor.execute(make.format("longtext"))
        cursor.execute(put, [HOSTILE])
    broken = {"postgres": "CAST(word AS int)", "mariadb": "EXTRACTVALUE('<a/>', word)"}
    word = {"check": "canary", "table": "hostile", "column": "word", "where": {"id": 1}, "expected": "tame"}
    databases = [
        place
        | {
            "checks": [
                {"check": "structure", "table": "hostile", "columns": ["id"]},
                {"check": "rows", "table": "hostile", "expected": 1},
                {"check": "freshness", "table": "hostile", "column": "word", "max_age": 60},
                word,
                word | {"column": "id", "where": {"word": "tame"}},
                {"check": "query", "query": "SELECT word FROM hostile", "expected": ["tame"]},
                {"check": "query", "query": f"SELECT {broken[place['engine']]} FROM hostile", "expected": ["tame"]},
            ]
        }
        for place in (orders, billing)
    ]
    done, results = check(lab, tmp_path, databases, "-vvv", record=True)
    assert [row["status"] for one in results for row in one["checks"]] == [
        *("passed", "passed", "passed", "unverified", "failed", "failed", "failed", "unverified"),
        *("passed", "passed", "passed", "unverified", "failed", "failed", "failed", "unverified"),
    ], results
    for text in (done.output, json.dumps(results, ensure_ascii=False)):
        assert not {"\x1b", "\x07", "\r", "\u202e"} & set(text)
        assert "x" * 1000 not in text
    assert all(row["reason"].isprintable() for one in results for row in one["checks"])


def login(place: Row) -> Row:
    return {"host": place["host"], "port": place["port"], "user": place["username"], "password": place["password"]}
