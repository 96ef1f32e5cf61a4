# SPDX-License-Identifier: GPL-3.0-or-later
"""Turn refusals of AWS into errors that say what a pass can do about them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

from .._core.errors import LifeboatError

try:
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:  # AnsibleAWSModule reports the missing library
    BotoCoreError = ClientError = Exception  # type: ignore[assignment,misc]

Meaning = Literal["wait", "prune", "permission", "missing", "taken", "quota", "capacity", "refused", "unreachable"]

# One code means both "wait" and "prune": RDS tells them apart in the message only.
COPY_LIMIT = "snapshots across regions"
TRANSIENT = ("Throttling", "RequestLimitExceeded", "InternalFailure", "ServiceUnavailable")
BUSY = ("InvalidDBInstanceState", "InvalidDBClusterStateFault", "InvalidEventSubscriptionState")
CREDENTIALS = (
    "InvalidClientTokenId",
    "UnrecognizedClient",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "InvalidAccessKeyId",
)
NOT_ALLOWED = (
    *("AccessDenied", "AuthorizationError", "UnauthorizedOperation", "KMSKeyNotAccessible", "SNSNoAuthorization"),
    *CREDENTIALS,
)
# What botocore itself refuses to send: no call was made, and another attempt would end in the same way.
BAD_INPUT = (
    *("ParamValidationError", "MissingParametersError", "UnknownParameterError", "ValidationError", "RangeError"),
    "InvalidRegionError",
)
REMEDIES: dict[Meaning, str] = {
    "wait": "Run it again: it goes on where it stopped",
    "prune": "Remove snapshots with snapshot_prune, or ask AWS for a larger quota",
    "permission": "Allow it to this role (playbooks/prepare.yml does), and check the policy of the key",
    "missing": "It may be gone since it was looked up: run it again, or correct its name",
    "taken": "Delete or rename what has that name, or choose another prefix",
    "quota": "Drill fewer databases at a time, delete what is not needed, or ask AWS for a larger quota",
    "capacity": "Set db_instance_class to another class, or use a subnet group in more Availability Zones",
    "refused": "Correct what AWS names there, and run it again",
    "unreachable": "Check the profile, its endpoint, the Region and the network",
}
# More precise remedies, by how the code begins. Codes of KMS do not name their service.
REMEDIES_BY_CODE = {
    "NotFoundException": "Name a key or alias of that account and Region (playbooks/prepare.yml makes one)",
    "KMSKeyNotAccessible": "Enable the key, and allow its use to this role and in its policy",
    "DBSubnetGroupNotFound": "Name a DB subnet group of that Region (playbooks/prepare.yml makes one at a DR site)",
    "OptionGroupNotFound": "Name an option group of that Region, or make it there",
    "InvalidDBSnapshotState": "Run it again when the snapshot is available",
    "InvalidDBClusterSnapshotState": "Run it again when the snapshot is available",
    "SNSInvalidTopic": "Name a standard topic of that Region",
    "SNSTopicArnNotFound": "Make the topic (playbooks/subscribe.yml does), or correct its ARN",
    "SNSNoAuthorization": "Let RDS publish to the topic, in the topic's policy",
    "SourceNotFound": "Correct source_ids, or make what they name first",
    "EventSubscriptionQuotaExceeded": "Remove event subscriptions, or ask AWS to raise L-A59F4C87",
    "SharedSnapshotQuotaExceeded": "Share it with fewer accounts: RDS allows 20",
    **dict.fromkeys(
        BAD_INPUT, "Correct the option that is named there; if AWS has it, install a newer boto3 and botocore"
    ),
    **dict.fromkeys(CREDENTIALS, "Renew the credentials of the profile"),
}


class AwsRefusal(LifeboatError):
    """A call that AWS did not carry out."""

    def __init__(self, what: str, *, why: str, code: str, meaning: Meaning, remedy: str = "") -> None:
        super().__init__(what, why=why, remedy=remedy or remedy_for(code, meaning), code=code)
        self.meaning = meaning
        self.is_out_of_reach = meaning == "unreachable" or code.startswith(CREDENTIALS)

    @property
    def is_about_copy_slots(self) -> bool:
        """Tell whether as many copies are in flight as AWS allows."""
        return self.code == "SnapshotQuotaExceeded" and COPY_LIMIT in self.why

    @property
    def is_guarded(self) -> bool:
        """Tell whether a policy forbids it in so many words, and not just no policy allows it (IAM User Guide)."""
        return self.meaning == "permission" and "explicit deny" in self.why

    @property
    def is_about_the_route(self) -> bool:
        """Tell whether another route may work: the guides differ on copies across account and Region."""
        code = self.code or ""
        return code.startswith(("InvalidParameter", "KMSKeyNotAccessible")) and "option group" not in self.why


def remedy_for(code: str, meaning: Meaning) -> str:
    return next((remedy for start, remedy in REMEDIES_BY_CODE.items() if code.startswith(start)), REMEDIES[meaning])


def meaning_of(code: str, message: str) -> Meaning:
    """Sort the inconsistent codes of RDS (some end in Fault, some do not) by what can be done about them."""
    if code == "SnapshotQuotaExceeded":
        return "wait" if COPY_LIMIT in message else "prune"
    if code.startswith(TRANSIENT) or code in BUSY:
        return "wait"
    if code.startswith(NOT_ALLOWED):
        return "permission"
    if code.startswith("Insufficient"):  # InsufficientDBInstanceCapacity, InsufficientDBClusterCapacityFault, ...
        return "capacity"
    if code.startswith(("InstanceQuotaExceeded", "DBClusterQuotaExceeded", "StorageQuotaExceeded")):
        return "quota"
    if "AlreadyExist" in code:  # SubscriptionAlreadyExist has no s
        return "taken"
    return "missing" if "NotFound" in code else "refused"


@contextmanager
def refusals(what: str) -> Iterator[None]:
    """Turn botocore's exceptions into an AwsRefusal that says what was being done.

    :raises AwsRefusal: when the call inside fails.
    """
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise refusal_of(what, error) from error


@contextmanager
def refusals_or_gone(what: str, is_there: Callable[[], bool]) -> Iterator[None]:
    """Do as ``refusals``, and tell what is gone from what is not allowed.

    A policy with a condition on tags never allows what does not exist, since that has no tags. So AWS denies access to
    what another run has deleted.

    :param is_there: asks AWS whether the thing still exists.
    :raises AwsRefusal: when the call inside fails.
    """
    try:
        with refusals(what):
            yield
    except AwsRefusal as refusal:
        code = str(refusal.code)
        if not code.startswith("AccessDenied") or is_there():
            raise
        raise AwsRefusal(what, why="it does not exist any more", code=code, meaning="missing") from None


def refusal_of(what: str, error: Any) -> AwsRefusal:
    """Return the code of AWS's answer. Without an answer, return the kind of exception."""
    response = getattr(error, "response", None)
    if response is None:
        code = type(error).__name__
        meaning: Meaning = "refused" if code in BAD_INPUT else "unreachable"
        return AwsRefusal(what, why=" ".join(str(error).split()), code=code, meaning=meaning)
    detail = response.get("Error", {})
    code, message = detail.get("Code", "Unknown"), detail.get("Message", str(error))
    return AwsRefusal(what, why=f"{message} ({code})", code=code, meaning=meaning_of(code, message))
