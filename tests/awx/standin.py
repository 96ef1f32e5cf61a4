# SPDX-License-Identifier: GPL-3.0-or-later
"""A small stand-in of AWX's API: what awx.awx makes, in memory, by the rules of AWX's serializers
and models (schema.json says of which version).

In one thing it is stricter: AWX ignores a field that it does not know, here it is an error.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.awx import rules
from tests.awx.rules import SCHEMA, Refused

RESOURCES: dict[str, dict[str, Any]] = SCHEMA["resources"]
API = "/api/v2/"
# What AWX runs, and therefore schedules and puts into workflows; they share their numbers.
RUNS = ("projects", "inventory_sources", "job_templates", "workflow_job_templates", "workflow_approval_templates")
# What comes of running them, and its type.
RUNNING = {"project_updates": "project_update", "jobs": "job"}
USER, PASSWORD, TOKEN = "admin", "only-here", "a-token-of-the-stand-in"
CREATED = "2026-11-26T03:05:00.000000Z"
Item = dict[str, Any]
Answer = tuple[int, Any]


class Awx:
    """What an AWX knows. `playbooks` are the files of every project."""

    def __init__(self, playbooks: list[str], *, page_size: int = SCHEMA["page_size"]) -> None:
        self.playbooks = playbooks
        self.page_size = page_size
        self.items: dict[str, dict[int, Item]] = {name: {} for name in [*RESOURCES, *RUNNING]}
        self.links: dict[tuple[str, int, str], list[int]] = {}
        self.writes: list[str] = []
        self.lock = Lock()
        self._next = 0
        registry = {"fields": [{"id": one, "type": "string", "secret": one == "password"} for one in rules.REGISTRY]}
        for name, kind, inputs in (("Container Registry", "registry", registry), ("Source Control", "scm", {})):
            self.add("credential_types", {"name": name, "kind": kind, "inputs": inputs, "managed": True})

    def add(self, resource: str, fields: Mapping[str, Any]) -> Item:
        """Keep what needs no more looking at."""
        self._next += 1
        known = RESOURCES.get(resource, {"fields": {}})["fields"]
        made = {name: rules.copy_of(field.get("default")) for name, field in known.items()}
        self.items[resource][self._next] = made | dict(fields) | {"id": self._next}
        return self.items[resource][self._next]

    def named(self, resource: str, name: str) -> Item:
        """Find the item of this name."""
        (found,) = [one for one in self.items[resource].values() if name in (one.get("name"), one.get("identifier"))]
        return found

    def linked(self, resource: str, name: str, link: str) -> list[str]:
        """List the names of the items that are associated with an item."""
        other = RESOURCES[resource]["associations"][link]
        rows = [self.items[other][one] for one in self.linked_ids(resource, self.named(resource, name)["id"], link)]
        return [row.get("name") or row["identifier"] for row in rows]

    def linked_ids(self, resource: str, number: int, link: str) -> list[int]:
        return self.links.setdefault((resource, number, link), [])

    def home(self, resource: str, number: int) -> str:
        """Return the resource under which a run of any kind is stored."""
        kinds = RUNS if resource == "unified_job_templates" else (resource,)
        for kind in kinds:
            if number in self.items.get(kind, {}):
                return kind
        raise Refused(404, {"detail": "Not found."})

    def get(self, resource: str, number: int) -> Item:
        return self.items[self.home(resource, number)][number]

    # --- Requests -----------------------------------------------------------------------------------------------

    def answer(self, method: str, path: str, query: list[tuple[str, str]], body: Any) -> Answer:
        """One request, after it was let in."""
        parts = path.removeprefix(API).strip("/").split("/")
        with self.lock:
            if method != "GET":
                self.writes.append(f"{method} {'/'.join(parts)}")
            try:
                return self.routed(method, parts, query, body)
            except Refused as refused:
                return refused.status, refused.body

    def routed(self, method: str, parts: list[str], query: list[tuple[str, str]], body: Any) -> Answer:
        known = {"version": SCHEMA["version"]}
        match method, parts:
            case "GET", ["ping"] | ["config"]:
                return 200, known
            case "GET", ["me"]:
                return 200, self.page([{"id": 1, "type": "user", "username": USER}], query, "me")
            case "POST", ["tokens"]:
                return 201, {"id": 1, "token": TOKEN}
            case "DELETE", ["tokens", _]:
                return 204, None
            case "GET", ["unified_job_templates"]:
                rows = [self.shown(kind, one) for kind in RUNS for one in self.items[kind].values()]
                return 200, self.page([{"organization": None} | row for row in rows], query, parts[0])
            case _, [resource, *_] if resource in self.items:
                return self.of_resource(method, parts, query, body)
        raise Refused(404, {"detail": "Not found."})

    def of_resource(self, method: str, parts: list[str], query: list[tuple[str, str]], body: Any) -> Answer:
        known = RESOURCES.get(parts[0], {"associations": (), "related": ()})
        match method, parts:
            case "GET", [resource]:
                rows = [self.shown(resource, one) for one in self.items[resource].values()]
                return 200, self.page(rows, query, resource)
            case "POST", [resource] if resource in RESOURCES:
                return 201, self.shown(resource, self.create(resource, body))
            case "POST", ["workflow_job_template_nodes", number, "create_approval_template"]:
                return 201, self.shown("workflow_approval_templates", self.approval(int(number), body))
            case "POST", ["job_templates", number, "launch"]:
                return 201, self.shown("jobs", self.launched(self.get("job_templates", int(number)), body or {}))
            case _, [resource, number, "survey_spec"] if "survey_spec" in known["related"]:
                return self.survey(method, self.get(resource, int(number)), body)
            case _, [resource, number, link] if link in known["associations"]:
                return self.associated(method, resource, int(number), link, query, body)
            case _, [resource, number] if number.isdigit():
                return self.one(method, resource, int(number), body)
        raise Refused(404, {"detail": "Not found."})

    def one(self, method: str, resource: str, number: int, body: Any) -> Answer:
        item = self.get(resource, number)
        match method:
            case "GET":
                return 200, self.shown(resource, item)
            case "PATCH":
                self.store(resource, item, self.looked_at(resource, body, item))
                return 200, self.shown(resource, item)
            case "DELETE":
                self.forget(resource, number)
                return 204, None
        raise Refused(405, {"detail": f'Method "{method}" not allowed.'})

    def create(self, resource: str, body: Any) -> Item:
        fields = self.looked_at(resource, body, None)
        item = self.add(resource, {})
        self.store(resource, item, fields)
        if resource == "projects":
            update = self.add("project_updates", {"status": "successful", "project": item["id"]})
            item["current_update"] = update["id"]
        return item

    def approval(self, number: int, body: Any) -> Item:
        node = self.get("workflow_job_template_nodes", number)
        fields = self.looked_at("workflow_approval_templates", body, None)
        item = self.add("workflow_approval_templates", {})
        self.store("workflow_approval_templates", item, fields)
        node["unified_job_template"] = item["id"]
        return item

    def launched(self, template: Item, body: Item) -> Item:
        """Add a job that ends at once. Tests look only at what it was asked for."""
        asked = rules.read_launch(template, body)
        return self.add("jobs", asked | {"job_template": template["id"], "status": "successful", "created": CREATED})

    def looked_at(self, resource: str, body: Any, item: Item | None) -> Item:
        """Check a request by every rule of AWX and return the new values of the fields."""
        fields = rules.read_fields(RESOURCES[resource]["fields"], body, item)
        for name, value in fields.items():
            other = RESOURCES[resource]["fields"][name].get("of")
            if other and value is not None:
                self.exists(other, name, value)
        whole = (item or self.defaults(resource)) | fields
        rules.refuse_doubles(self.items[resource], RESOURCES[resource]["unique"], whole)
        rules.BY_RESOURCE.get(resource, rules.anything)(self, whole, fields, item)
        return fields

    def defaults(self, resource: str) -> Item:
        return {name: field.get("default") for name, field in RESOURCES[resource]["fields"].items()}

    def exists(self, resource: str, field: str, number: int) -> None:
        try:
            self.home(resource, number)
        except Refused:
            why = f'Invalid pk "{number}" - object does not exist.'
            raise Refused(400, {field: [why]}) from None

    def store(self, resource: str, item: Item, fields: Item) -> None:
        if resource == "credentials" and "inputs" in fields:
            fields["inputs"] = rules.kept_secrets(item.get("inputs") or {}, fields["inputs"])
        item |= fields
        if resource == "job_templates":
            item["organization"] = self.get("projects", item["project"])["organization"]

    def forget(self, resource: str, number: int) -> None:
        del self.items[resource][number]
        gone = [key for key, one in self.items["schedules"].items() if one["unified_job_template"] == number]
        for key in gone if resource in RUNS else ():
            del self.items["schedules"][key]
        for key, node in list(self.items["workflow_job_template_nodes"].items()):
            if resource == "workflow_job_templates" and node["workflow_job_template"] == number:
                self.forget("workflow_job_template_nodes", key)
                self.items["workflow_approval_templates"].pop(node["unified_job_template"], None)
            elif resource in RUNS and node["unified_job_template"] == number:
                node["unified_job_template"] = None

    def survey(self, method: str, item: Item, body: Any) -> Answer:
        match method:
            case "GET":
                return 200, item.get("survey_spec", {})
            case "POST":
                item["survey_spec"] = rules.read_survey(body, SCHEMA["survey_types"])
                return 200, None
        item["survey_spec"] = {}
        return 200, None

    def associated(
        self, method: str, resource: str, number: int, link: str, query: list[tuple[str, str]], body: Any
    ) -> Answer:
        self.get(resource, number)
        ids, other = self.linked_ids(resource, number, link), RESOURCES[resource]["associations"][link]
        if method == "GET":
            rows = [self.shown(other, self.get(other, one)) for one in ids]
            return 200, self.page(rows, query, f"{resource}/{number}/{link}")
        one = body.get("id")
        if not isinstance(one, int):
            raise Refused(400, {"msg": '"id" field must be an integer.'})
        self.exists(other, "id", one)
        if body.get("disassociate"):
            ids.remove(one)
        elif one not in ids:
            rules.refuse_link(self, resource, number, link, one)
            ids.append(one)
        return 204, None

    # --- Answers ------------------------------------------------------------------------------------------------

    def shown(self, resource: str, item: Item) -> Item:
        """Show an item as AWX does."""
        kind, url = RESOURCES.get(resource, {"type": RUNNING.get(resource)}), f"{API}{resource}/{item['id']}/"
        links = [
            *kind.get("associations", {}),
            *kind.get("related", []),
            *(["launch"] if resource == "job_templates" else []),
        ]
        related = {link: f"{url}{link}/" for link in links}
        if resource == "workflow_job_template_nodes" and item["unified_job_template"]:
            run = item["unified_job_template"]
            related["unified_job_template"] = f"{API}{self.home('unified_job_templates', run)}/{run}/"
        summary: Item = {"current_update": {"id": item["current_update"]}} if item.get("current_update") else {}
        if item.get("organization") and resource in RUNS:
            summary["organization"] = {"name": self.get("organizations", item["organization"])["name"]}
        hidden = {"current_update", "survey_spec"}
        fields = {name: value for name, value in item.items() if name not in hidden}
        if resource == "credentials":
            fields["inputs"] = rules.masked(fields["inputs"], rules.secrets_of(self, item))
        if resource == "notification_templates":
            passwords = rules.passwords_of(SCHEMA["notifications"][item["notification_type"]])
            fields["notification_configuration"] = rules.masked(fields["notification_configuration"], passwords)
        return fields | {"type": kind["type"], "url": url, "related": related, "summary_fields": summary}

    def page(self, rows: list[Item], query: list[tuple[str, str]], path: str) -> Item:
        asked = dict(query)
        number = int(asked.pop("page", 1))
        size = int(asked.pop("page_size", self.page_size))
        found = [row for row in rows if rules.matches(row, asked)]
        more = len(found) > number * size
        following = f"{API}{path}/?{urlencode({**asked, 'page': number + 1, 'page_size': size})}" if more else None
        shown = found[(number - 1) * size : number * size]
        return {"count": len(found), "next": following, "previous": None, "results": shown}


def is_let_in(header: str, path: str) -> bool:
    if path in (f"{API}ping/",):
        return True
    basic = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    return header in (f"Bearer {TOKEN}", f"Basic {basic}")


@contextmanager
def serving(awx: Awx) -> Iterator[str]:
    """Serve an AWX over HTTP and yield the address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one packet an answer: the end of a second one would wait for an acknowledgement

        def handle_any(self) -> None:
            url, size = urlsplit(self.path), int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(size) or b"null")
            if is_let_in(self.headers.get("Authorization", ""), url.path):
                status, answer = awx.answer(self.command, url.path, parse_qsl(url.query, keep_blank_values=True), body)
            else:
                status, answer = 401, {"detail": "Authentication credentials were not provided."}
            content = b"" if answer is None else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("X-API-Product-Name", SCHEMA["name"])
            self.send_header("X-API-Product-Version", SCHEMA["version"])
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            self.wfile.flush()

        do_GET = do_POST = do_PATCH = do_DELETE = handle_any

        def log_message(self, format: str, *args: Any) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
