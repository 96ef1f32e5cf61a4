# SPDX-License-Identifier: GPL-3.0-or-later
"""Test what the lab takes for granted in moto and werkzeug, one test a symbol, so that an upgrade fails loudly."""

from __future__ import annotations

import inspect
import json
from importlib.metadata import version

import pytest
from moto.cloudwatch.models import Alarm, CloudWatchBackend, cloudwatch_backends
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.exceptions import JsonRESTError
from moto.ec2.models import ec2_backends
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.server import DomainDispatcherApplication, create_backend_app
from moto.sns.models import SNSBackend, Subscription, sns_backends
from moto.sqs.models import Queue, sqs_backends
from moto.sts.models import sts_backends

ACCOUNT = "444444444444"
DOCUMENT = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})


def test_moto_is_the_version_that_was_read() -> None:
    assert version("moto") == "5.2.5"


def test_the_server_is_a_wsgi_application() -> None:
    application = DomainDispatcherApplication(create_backend_app)
    assert list(inspect.signature(application.__call__).parameters) == ["environ", "start_response"]


def test_the_account_can_be_given_in_a_header() -> None:
    from moto.core.responses import BaseResponse

    source = inspect.getsource(BaseResponse.get_current_account)
    assert source.index("MOTO_ACCOUNT_ID") < source.index("x-moto-account-id") < source.index("get_account_id_from")


def test_names_of_object_metadata_are_kept_as_they_came() -> None:
    from moto.core.request import (
        PRESERVED_HEADER_NAMES_ENVIRON_KEY,
        EnvironHeaders,
        should_preserve_original_header_name,
    )

    assert should_preserve_original_header_name("x-amz-meta-my_key")
    assert not should_preserve_original_header_name("X_Forwarded_For")
    name = "HTTP_X_AMZ_META_MY_KEY"
    environ = {name: "1", PRESERVED_HEADER_NAMES_ENVIRON_KEY: {name: "x-amz-meta-my_key"}}
    assert list(EnvironHeaders(environ)) == [("x-amz-meta-my_key", "1")]


def test_an_unimplemented_action_raises() -> None:
    from moto.core.responses import BaseResponse

    assert "raise NotImplementedError" in inspect.getsource(BaseResponse.call_action)


def test_users_have_keys_and_policies() -> None:
    backend = iam_backends[ACCOUNT]["aws"]
    user = backend.create_user("us-east-1", "someone")
    backend.put_user_policy("someone", "inline", DOCUMENT)
    key = backend.create_access_key("someone")
    assert backend.access_keys[key.access_key_id] is key
    assert (key.user_name, key.status) == ("someone", "Active")
    assert (user.arn, user.policies) == (f"arn:aws:iam::{ACCOUNT}:user/someone", {"inline": DOCUMENT})
    assert backend.get_groups_for_user("someone") == []
    assert backend.users["someone"] is user
    assert user.id
    assert backend.tagger.get_tag_dict_for_resource(user.arn) == {}
    backend.delete_access_key(key.access_key_id, "someone")
    assert key.access_key_id not in backend.access_keys


def test_roles_have_inline_and_attached_policies_and_a_trust_policy() -> None:
    backend = iam_backends[ACCOUNT]["aws"]
    tags = [{"Key": "a", "Value": "b"}]
    role = backend.create_role("actor", DOCUMENT, "/", None, "", tags, "7200")
    backend.put_role_policy("actor", "inline", DOCUMENT)
    attached = backend.create_policy("", "/", DOCUMENT, "attached", [])
    backend.attach_role_policy(attached.arn, "actor")
    assert backend.roles[role.id] is role
    assert (role.tags, role.max_session_duration, backend.managed_policies[attached.arn]) == (tags, "7200", attached)
    assert (role.policies, role.assume_role_policy_document) == ({"inline": DOCUMENT}, DOCUMENT)
    found = next(iter(role.managed_policies.values()))
    assert [each.document for each in found.versions if each.version_id == found.default_version_id] == [DOCUMENT]


def test_a_session_has_keys_that_moto_knows() -> None:
    backend = sts_backends[ACCOUNT]["aws"]
    made = backend.assume_role("us-east-1", "session", f"arn:aws:iam::{ACCOUNT}:role/someone", "", 900, "")
    assert made.arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/someone/session"
    assert made.expiration.tzinfo is None
    assert made.session_token and made.secret_access_key
    key = iam_backends[ACCOUNT]["aws"].access_keys[made.access_key_id]
    assert (key.user_name, key.secret_access_key) == (None, made.secret_access_key)


def test_keys_have_policy_state_manager_and_aliases() -> None:
    backend = kms_backends[ACCOUNT]["us-east-1"]
    key = backend.create_key(None, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "", None)
    backend.create_alias(key.id, "alias/mine")
    assert backend.keys[key.id] is key
    assert list(key.aliases) == ["alias/mine"]
    assert (key.account_id, key.region, key.key_state) == (ACCOUNT, "us-east-1", "Enabled")
    assert json.loads(key.policy)["Statement"]
    assert key.arn == f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{key.id}"
    key.key_manager = "AWS"
    assert key.to_dict()["KeyMetadata"]["KeyManager"] == "AWS"
    assert (key.key_spec, key.key_usage, key.origin) == ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "AWS_KMS")
    assert (bool(key.multi_region), key.grants, key.rotations) == (False, {}, [])
    assert backend.tagger.get_tag_dict_for_resource(key.id) == {}


def test_what_a_key_encrypts_begins_with_its_id() -> None:
    backend = kms_backends[ACCOUNT]["us-east-1"]
    key = backend.create_key(None, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "", None)
    blob, _arn = backend.encrypt(key.id, b"x", {})
    assert (len(key.id), blob[:36].decode()) == (36, key.id)


def test_a_key_of_several_regions_says_which_is_the_first() -> None:
    backend = kms_backends[ACCOUNT]["us-east-1"]
    key = backend.create_key(None, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "", None, True)
    about = key.multi_region_configuration
    assert (about["MultiRegionKeyType"], about["PrimaryKey"]["Arn"], about["ReplicaKeys"]) == ("PRIMARY", key.arn, [])
    assert key.to_dict()["KeyMetadata"]["MultiRegionConfiguration"] is about


def test_kms_refuses_with_a_type_and_a_message() -> None:
    with pytest.raises(JsonRESTError) as caught:
        kms_backends[ACCOUNT]["us-east-1"].create_key(None, "ENCRYPT_DECRYPT", "NONE", "", None)
    assert (caught.value.error_type, "KeySpec" in caught.value.message) == ("ValidationException", True)


def test_queues_topics_and_secrets_have_policies_and_tags() -> None:
    queue = sqs_backends[ACCOUNT]["us-east-1"].create_queue("tagged", {"a": "b"})
    assert sqs_backends[ACCOUNT]["us-east-1"].queues["tagged"] is queue
    assert (queue.tags, queue.policy) == ({"a": "b"}, None)
    topic = sns_backends[ACCOUNT]["us-east-1"].create_topic("tagged", tags={"a": "b"})
    assert topic._tags == {"a": "b"}
    secrets = secretsmanager_backends[ACCOUNT]["us-east-1"]
    tags = [{"Key": "a", "Value": "b"}]
    secrets.create_secret("tagged", "x", None, None, tags, None, None, [], False)
    found = secrets.secrets.get("tagged")
    assert found is not None
    assert found.arn.startswith(f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:tagged-")
    assert (found.tags, secrets.secrets.get(found.arn)) == (tags, found)


def test_a_secret_of_a_service_is_made_changed_and_deleted_by_arn() -> None:
    backend = secretsmanager_backends[ACCOUNT]["us-east-1"]
    made = backend.create_managed_secret(
        service_name="rds", secret_id="rds!db-1", secret_string="first", description="x", tags=[], kms_key_id="key"
    )
    found = backend.secrets.get(made.arn)
    assert found is made
    assert (made.owning_service, made.name, made.kms_key_id) == ("rds", "rds!db-1", "key")
    # Without a token of its own moto takes a change for a second creation.
    backend.update_secret(made.arn, secret_string="second", client_request_token="0" * 32)
    assert backend.get_secret_value(made.arn, "", "")["SecretString"] == "second"
    backend.delete_secret(made.arn, recovery_window_in_days=None, force_delete_without_recovery=True)
    assert backend.secrets.get("rds!db-1") is None


def test_the_key_of_secrets_exists_once_it_is_named() -> None:
    key = kms_backends[ACCOUNT]["us-east-1"].describe_key("alias/aws/secretsmanager")
    assert key.arn.startswith(f"arn:aws:kms:us-east-1:{ACCOUNT}:key/")


def test_a_vpc_says_whether_it_is_the_default_one_and_a_gateway_where_it_is() -> None:
    backend = ec2_backends[ACCOUNT]["us-east-1"]
    default = next(iter(backend.get_default_subnets().values())).vpc_id
    vpc = backend.create_vpc("10.7.0.0/16")
    gateway = backend.create_internet_gateway()
    assert (bool(backend.vpcs[default].is_default), bool(backend.vpcs[vpc.id].is_default)) == (True, False)
    assert (backend.internet_gateways[gateway.id], gateway.vpc) == (gateway, None)
    backend.attach_internet_gateway(gateway.id, vpc.id)
    assert gateway.vpc is vpc


@pytest.mark.parametrize("change", ["disable_key", "schedule_key_deletion"])
def test_keys_change_state(change: str) -> None:
    backend = kms_backends[ACCOUNT]["us-east-1"]
    key = backend.create_key(None, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "", None)
    getattr(backend, change)(key.id, *([7] if "deletion" in change else []))
    assert key.key_state in ("Disabled", "PendingDeletion")
    if "deletion" in change:
        backend.cancel_key_deletion(key.id)
    backend.enable_key(key.id)
    assert key.key_state == "Enabled"


def test_there_are_default_subnets_and_security_groups() -> None:
    backend = ec2_backends[ACCOUNT]["us-east-1"]
    subnets = list(backend.get_default_subnets().values())
    assert subnets[0].id.startswith("subnet-")
    assert subnets[0].availability_zone.startswith("us-east-1")
    group = backend.get_default_security_group(subnets[0].vpc_id)
    assert group is not None
    assert backend.get_security_group_from_id(group.id) is group
    assert group.vpc_id == subnets[0].vpc_id
    assert backend.subnets[subnets[0].availability_zone][subnets[0].id] is subnets[0]


def test_a_topic_has_a_policy_and_maybe_a_key_and_publishes_to_its_subscriptions() -> None:
    backend = sns_backends[ACCOUNT]["us-west-2"]
    topic = backend.create_topic("topic", {"KmsMasterKeyId": "some-key"})
    assert backend.topics[topic.arn] is topic
    assert (topic.name, topic.account_id, topic.sns_backend.region_name) == ("topic", ACCOUNT, "us-west-2")
    assert (topic.kms_master_key_id, topic.fifo_topic) == ("some-key", False)
    assert "AWS:SourceOwner" in topic.policy
    assert list(inspect.signature(topic.publish).parameters)[:3] == ["message", "subject", "message_attributes"]
    assert "self.sns_backend.list_subscriptions_by_topic(" in inspect.getsource(type(topic).publish)
    assert "_get_topic_subscriptions(topic)" in inspect.getsource(SNSBackend.list_subscriptions_by_topic)


def test_a_topic_delivers_to_a_queue_in_the_account_of_the_subscription() -> None:
    assert list(inspect.signature(Subscription.publish).parameters)[:3] == ["self", "message", "message_id"]
    assert "sqs_backends[self.account_id][region]" in inspect.getsource(Subscription.publish)
    backend = sns_backends[ACCOUNT]["us-west-2"]
    topic = backend.create_topic("delivers")
    queue = sqs_backends[ACCOUNT]["us-west-2"].create_queue("queue")
    subscription = backend.subscribe(topic.arn, queue.queue_arn, "sqs")
    assert backend.subscriptions[subscription.arn] is subscription
    assert (subscription.topic, subscription.protocol) == (topic, "sqs")
    assert (subscription.endpoint, subscription.account_id) == (queue.queue_arn, ACCOUNT)
    topic.publish("hello", message_attributes={"EventID": {"Type": "String", "Value": "RDS-EVENT-0041"}})
    (message,) = sqs_backends[ACCOUNT]["us-west-2"].receive_message("queue", 1, 0, 0)
    assert "RDS-EVENT-0041" in message.body


def test_a_queue_has_a_policy_that_other_attributes_take_away() -> None:
    queue = sqs_backends[ACCOUNT]["us-west-2"].create_queue("closed", Policy=DOCUMENT, KmsMasterKeyId="some-key")
    assert (queue.account_id, queue.region, queue.kms_master_key_id) == (ACCOUNT, "us-west-2", "some-key")
    assert sqs_backends[ACCOUNT]["us-west-2"].queues["closed"] is queue
    assert json.loads(queue.policy)["Statement"]
    assert list(inspect.signature(Queue._set_attributes).parameters) == ["self", "attributes", "now"]
    queue._set_attributes({"VisibilityTimeout": "10"})
    assert queue.policy is None
    queue._policy_json = json.loads(DOCUMENT)
    assert queue.policy


def test_alarms_and_metrics_are_kept_and_never_evaluated() -> None:
    backend = cloudwatch_backends[ACCOUNT]["us-west-2"]
    dimensions = [{"Name": "database", "Value": "orders"}]
    alarm = backend.put_metric_alarm(
        name="alarm", namespace="Tests", metric_name="age", comparison_operator="GreaterThanThreshold",
        evaluation_periods=1, period=60, threshold=5.0, statistic="Sum", description="", dimensions=dimensions,
        alarm_actions=["topic"], treat_missing_data="breaching",
    )  # fmt: skip
    assert backend.alarms["alarm"] is alarm
    assert alarm.alarm_arn == f"arn:aws:cloudwatch:us-west-2:{ACCOUNT}:alarm:alarm"
    assert (alarm.alarm_actions, alarm.ok_actions, alarm.insufficient_data_actions) == (["topic"], [], [])
    assert (alarm.state_value, alarm.state_reason, alarm.history) == ("OK", "Unchecked: Initial alarm creation", [])
    assert (alarm.actions_enabled, alarm.datapoints_to_alarm, alarm.unit) == (True, None, None)
    backend.put_metric_data("Tests", [{"MetricName": "age", "Value": 9.0, "Dimensions": dimensions}])
    (datum,) = backend.metric_data
    assert (datum.namespace, datum.name, datum.unit) == ("Tests", "age", None)
    assert [(each.name, each.value) for each in datum.dimensions] == [("database", "orders")]
    assert datum.timestamp.tzinfo is None


def test_alarms_change_their_state_and_are_shown_by_known_methods() -> None:
    assert list(inspect.signature(Alarm.update_state).parameters) == ["self", "reason", "reason_data", "state_value"]
    assert ".update_state(reason, reason_data, state_value)" in inspect.getsource(CloudWatchBackend.set_alarm_state)
    assert "name=name" in inspect.getsource(CloudWatchResponse.put_metric_alarm)
    for method in (CloudWatchResponse.describe_alarms, CloudWatchResponse.describe_alarms_for_metric):
        assert list(inspect.signature(method).parameters) == ["self"]


def test_buckets_are_known_by_their_owners() -> None:
    from moto.s3.models import s3_backends

    s3_backends[ACCOUNT]["aws"].create_bucket("somebodys", "us-west-2")
    assert s3_backends.bucket_accounts["somebodys"] == ("aws", ACCOUNT)


def test_buckets_have_keys_and_a_policy_that_moto_asks_for_by_one_method() -> None:
    from moto.s3 import responses
    from moto.s3.models import FakeBucket, s3_backends

    backend = s3_backends[ACCOUNT]["aws"]
    bucket = backend.create_bucket("with-a-policy", "us-west-2")
    assert bucket.policy is None
    backend.put_bucket_policy("with-a-policy", DOCUMENT.encode())
    backend.put_object("with-a-policy", "a/b", b"x")
    assert (bucket.policy, bucket.account_id) == (DOCUMENT.encode(), ACCOUNT)
    assert backend.buckets["with-a-policy"] is bucket
    assert ("a/b" in bucket.keys, "a/c" in bucket.keys) == (True, False)
    assert callable(FakeBucket.get_permission)
    assert inspect.getsource(responses).count(".get_permission(") == 2
    assert "is_action_permitted" not in inspect.getsource(responses)


def test_the_lock_of_a_bucket_is_read_by_one_method() -> None:
    from moto.s3 import responses
    from moto.s3.models import S3Backend

    assert list(inspect.signature(S3Backend.get_object_lock_configuration).parameters) == ["self", "bucket_name"]
    assert inspect.getsource(responses).count(".get_object_lock_configuration(") == 2


def test_a_service_that_moto_does_not_have_is_none() -> None:
    application = DomainDispatcherApplication(create_backend_app)
    assert application.get_backend_for_host("rds.us-west-2.amazonaws.com") == "rds"
    assert application.get_backend_for_host("oam.us-west-2.amazonaws.com") is None
    assert all(len(pair) == 2 for pair in application.backend_url_patterns)
