# SPDX-License-Identifier: GPL-3.0-or-later
"""Test IAM database authentication (RDS User Guide): who has the role ``rds_iam`` logs in with a token."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import psycopg
import pytest
from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.signers import RequestSigner

from helpers import HOME, PRODUCTION, code_of, document, missing  # fmt: skip
from lifeboat_lab import Lab
from lifeboat_lab.testing import PASSWORD, cluster, connect, delete, fresh, instance, new_instance, until

CLERK = "clerk"


@pytest.fixture(scope="module")
def door(lab: Lab, rds: Any) -> Iterator[dict[str, Any]]:
    """Create an instance with the option, in which ``clerk`` has the role."""
    row = new_instance(rds, "postgres")
    name = row["DBInstanceIdentifier"]
    try:
        rds.modify_db_instance(DBInstanceIdentifier=name, EnableIAMDatabaseAuthentication=True, ApplyImmediately=True)
    except rds.exceptions.ClientError as refused:
        assert "Debian" in str(refused)
        missing("These PostgreSQL programs do not take tokens; Debian's do: it needs the package postgresql")
    until(lambda: instance(rds, name)["DBInstanceStatus"] == "available")
    with connect(row) as connection:
        connection.execute(f"CREATE USER {CLERK} PASSWORD 'clerk-password'")
        connection.execute(f"GRANT rds_iam TO {CLERK}")
    yield instance(rds, name)
    delete(rds, name)


def enter(row: dict[str, Any], password: str, user: str = CLERK, **more: Any) -> str:
    """Log in and return who one is inside."""
    wanted: dict[str, Any] = {
        "host": row["Endpoint"]["Address"],
        "port": row["Endpoint"]["Port"],
        "user": user,
        "password": password,
        "dbname": "things",
        "sslmode": "require",
        "connect_timeout": 5,
    }
    with psycopg.connect(**wanted | more) as connection:
        found = connection.execute("SELECT current_user").fetchone()
    assert found
    return str(found[0])


def token(client: Any, row: dict[str, Any], user: str = CLERK, **other: Any) -> str:
    address = {"DBHostname": row["Endpoint"]["Address"], "Port": row["Endpoint"]["Port"]}
    made: str = client.generate_db_auth_token(DBUsername=user, **address | other)
    return made


def refused(row: dict[str, Any], password: str, **more: Any) -> None:
    with pytest.raises(psycopg.OperationalError, match='authentication failed for user "clerk"'):
        enter(row, password, **more)


def role_with(lab: Lab, *statements: dict[str, Any]) -> ReadOnlyCredentials:
    """Return the credentials of a role's session that may do this."""
    iam, name = lab.client("production", "iam"), fresh("role")
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{PRODUCTION}:root"}, "Action": "sts:AssumeRole"}
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="what-it-may", PolicyDocument=document(*statements))
    given = lab.client("production", "sts").assume_role(RoleArn=arn, RoleSessionName="clerk")["Credentials"]
    return ReadOnlyCredentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])


def may_connect(row: dict[str, Any], user: str = CLERK, effect: str = "Allow") -> dict[str, Any]:
    """Build the guide's statement on arn:aws:rds-db:REGION:ACCOUNT:dbuser:RESOURCE_ID/USER."""
    resource = f"arn:aws:rds-db:{HOME}:{PRODUCTION}:dbuser:{row['DbiResourceId']}/{user}"
    return {"Effect": effect, "Action": "rds-db:connect", "Resource": resource}


def signed(rds: Any, keys: ReadOnlyCredentials, row: dict[str, Any], *, lifetime: int = 900, region: str = HOME) -> str:
    """Sign a token with other credentials than the client's."""
    signer = RequestSigner(
        rds.meta.service_model.service_id, region, "rds-db", "v4", Credentials(*keys), rds.meta.events
    )
    place = f"{row['Endpoint']['Address']}:{row['Endpoint']['Port']}"
    request = {
        "url_path": "/",
        "query_string": "",
        "headers": {},
        "body": {"Action": "connect", "DBUser": CLERK},
        "method": "GET",
        "url": f"https://{place}/",
        "context": {},
    }
    url = signer.generate_presigned_url(request, "connect", expires_in=lifetime, region_name=region)
    return str(url).removeprefix("https://")


def test_the_option_is_shown(rds: Any, door: dict[str, Any]) -> None:
    assert door["IAMDatabaseAuthenticationEnabled"] is True
    assert instance(rds, "orders")["IAMDatabaseAuthenticationEnabled"] is False


def test_a_token_opens_the_door_more_than_once(rds: Any, door: dict[str, Any]) -> None:
    made = token(rds, door)
    assert enter(door, made) == enter(door, made) == CLERK


def test_only_over_tls(rds: Any, door: dict[str, Any]) -> None:
    """Follow the RDS User Guide: the connection has to be encrypted."""
    with pytest.raises(psycopg.OperationalError, match=r"rejects connection .* no encryption"):
        enter(door, token(rds, door), sslmode="disable")


def test_who_has_the_role_does_not_get_in_with_a_password(door: dict[str, Any]) -> None:
    """Follow the RDS User Guide: granting rds_iam lets IAM authentication take precedence over the password."""
    refused(door, "clerk-password")


def test_who_has_not_the_role_does_not_get_in_with_a_token(rds: Any, door: dict[str, Any]) -> None:
    with pytest.raises(psycopg.OperationalError, match='password authentication failed for user "me"'):
        enter(door, token(rds, door, "me"), "me")
    assert enter(door, PASSWORD, "me", sslmode="disable") == "me"


def test_a_token_is_for_one_user_and_one_door(rds: Any, door: dict[str, Any]) -> None:
    refused(door, token(rds, door, "me"))
    refused(door, token(rds, door, Port=door["Endpoint"]["Port"] + 1))
    refused(door, token(rds, door, DBHostname="localhost"))
    refused(door, token(rds, door, Region="us-east-1"))


def test_a_token_cannot_be_altered_or_guessed(rds: Any, door: dict[str, Any]) -> None:
    made = token(rds, door)
    refused(door, made[:-1] + ("0" if made[-1] != "0" else "1"))
    refused(door, made.replace("X-Amz-Expires=900", "X-Amz-Expires=800"))
    for nonsense in ("no-token", "a/?b", f"{door['Endpoint']['Address']}/?Action=connect&DBUser=clerk", "x" * 9000):
        refused(door, nonsense)


def test_a_token_is_valid_for_fifteen_minutes(rds: Any, door: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Follow the RDS User Guide: each token has a lifetime of 15 minutes."""
    now = datetime.now(timezone.utc).replace(tzinfo=None)
    for minutes, is_good in ((14, True), (16, False), (-10, False)):
        moment = now - timedelta(minutes=minutes)
        monkeypatch.setattr("botocore.auth.get_current_datetime", lambda moment=moment, **_: moment)
        made = token(rds, door)
        monkeypatch.undo()
        assert f"X-Amz-Date={moment:%Y%m%dT%H%M}" in made
        if is_good:
            assert enter(door, made) == CLERK
        else:
            refused(door, made)


def test_no_token_is_valid_longer_or_beyond_its_own_word(
    rds: Any, door: dict[str, Any], lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys, now = role_with(lab, may_connect(door)), datetime.now(timezone.utc).replace(tzinfo=None)
    for minutes, seconds in ((16, 3600), (2, 60)):
        moment = now - timedelta(minutes=minutes)
        monkeypatch.setattr("botocore.auth.get_current_datetime", lambda moment=moment, **_: moment)
        made = signed(rds, keys, door, lifetime=seconds)
        monkeypatch.undo()
        refused(door, made)


def test_a_role_that_may_connect_as_this_user_gets_in(lab: Lab, rds: Any, door: dict[str, Any]) -> None:
    assert enter(door, signed(rds, role_with(lab, may_connect(door)), door)) == CLERK


def test_one_that_may_not_does_not(lab: Lab, rds: Any, door: dict[str, Any]) -> None:
    """Refuse another user, another database, the rights of rds itself, and a deny."""
    for statements in (
        [may_connect(door, "me")],
        [may_connect(instance(rds, "orders"))],
        [{"Effect": "Allow", "Action": "rds:*", "Resource": "*"}],
        [{"Effect": "Allow", "Action": "*", "Resource": "*"}, may_connect(door, effect="Deny")],
    ):
        refused(door, signed(rds, role_with(lab, *statements), door))


def test_wildcards_of_the_guide_work(lab: Lab, rds: Any, door: dict[str, Any]) -> None:
    """Follow the RDS User Guide: all database users of all instances of an account."""
    resource = f"arn:aws:rds-db:{HOME}:{PRODUCTION}:dbuser:*/*"
    keys = role_with(lab, {"Effect": "Allow", "Action": ["rds-db:connect"], "Resource": [resource]})
    assert enter(door, signed(rds, keys, door)) == CLERK


def test_another_accounts_administrator_does_not_get_in(dr_here: Any, door: dict[str, Any]) -> None:
    refused(door, token(dr_here, door))


def test_a_wrong_secret_does_not_open(lab: Lab, rds: Any, door: dict[str, Any]) -> None:
    keys = role_with(lab, may_connect(door))
    refused(door, signed(rds, keys._replace(secret_key="x" * 40), door))
    refused(door, signed(rds, keys._replace(access_key="ASIANOBODYHASTHATKEY"), door))


def test_a_sessions_key_needs_the_token_of_the_session(lab: Lab, rds: Any, door: dict[str, Any]) -> None:
    keys = role_with(lab, may_connect(door))
    for other in (None, role_with(lab, may_connect(door)).token):
        refused(door, signed(rds, keys._replace(token=other), door))


def test_without_the_option_a_token_is_refused(lab: Lab, rds: Any, door: dict[str, Any]) -> None:
    name = door["DBInstanceIdentifier"]
    made = token(rds, door)
    for wanted in (False, True):
        rds.modify_db_instance(DBInstanceIdentifier=name, EnableIAMDatabaseAuthentication=wanted, ApplyImmediately=True)
        until(lambda: instance(rds, name)["DBInstanceStatus"] == "available")
        if wanted:
            assert enter(door, made) == CLERK
        else:
            refused(door, made)


def test_a_restored_database_has_an_identity_of_its_own(lab: Lab, rds: Any, door: dict[str, Any]) -> None:
    """Compare resource id and port: neither the token nor the policy of the source counts for it."""
    taken, name = fresh("taken"), fresh("restored")
    rds.create_db_snapshot(DBInstanceIdentifier=door["DBInstanceIdentifier"], DBSnapshotIdentifier=taken)
    rds.get_waiter("db_snapshot_available").wait(DBSnapshotIdentifier=taken, WaiterConfig={"Delay": 1})
    rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier=name, DBSnapshotIdentifier=taken, EnableIAMDatabaseAuthentication=True
    )
    until(lambda: instance(rds, name)["DBInstanceStatus"] == "available")
    row = instance(rds, name)
    keys = role_with(lab, may_connect(door))
    refused(row, token(rds, door))
    refused(row, signed(rds, keys, row))
    assert enter(row, signed(rds, role_with(lab, may_connect(row)), row)) == CLERK
    delete(rds, name)


def test_a_cluster_is_named_by_its_own_resource_id(lab: Lab, rds: Any, door: dict[str, Any]) -> None:
    name = fresh("cluster")
    rds.create_db_cluster(
        DBClusterIdentifier=name,
        Engine="aurora-postgresql",
        MasterUsername="me",
        MasterUserPassword=PASSWORD,
        DatabaseName="things",
        EnableIAMDatabaseAuthentication=True,
    )
    until(lambda: cluster(rds, name)["Status"] == "available")
    member = f"{name}-1"
    rds.create_db_instance(
        DBInstanceIdentifier=member,
        DBClusterIdentifier=name,
        Engine="aurora-postgresql",
        DBInstanceClass="db.r6g.large",
    )
    until(lambda: instance(rds, member)["DBInstanceStatus"] == "available")
    row = instance(rds, member) | {"DbiResourceId": cluster(rds, name)["DbClusterResourceId"], "DBName": "things"}
    assert row["IAMDatabaseAuthenticationEnabled"] is True
    with connect(row) as connection:
        connection.execute(f"CREATE USER {CLERK}; GRANT rds_iam TO {CLERK}")
    assert enter(row, signed(rds, role_with(lab, may_connect(row)), row)) == CLERK
    refused(row, signed(rds, role_with(lab, may_connect(instance(rds, member))), row))
    rds.delete_db_instance(DBInstanceIdentifier=member)
    rds.delete_db_cluster(DBClusterIdentifier=name, SkipFinalSnapshot=True)


@pytest.mark.parametrize("engine", ["mariadb", "mysql"])
def test_where_tokens_are_not_taken_the_option_is_refused(lab: Lab, rds: Any, engine: str) -> None:
    if "MariaDB" not in lab.admin("GET", "status")["engines"]:
        missing("MariaDB is not installed: it needs the packages mariadb-server and mariadb-backup")
    code = code_of(
        rds.create_db_instance, DBInstanceIdentifier=fresh("new"), Engine=engine, DBInstanceClass="db.t3.micro",
        MasterUsername="me", MasterUserPassword=PASSWORD, EnableIAMDatabaseAuthentication=True,
    )  # fmt: skip
    assert code == "InvalidParameterCombination"
